-- select_events --
-- One stream in the order of its versions.
SELECT position, stream, version, name, payload, recorded_at, recorded_by, asserted_by, source, command_id, salt
  FROM caretrail.log
 WHERE stream = :stream AND version > :after AND version <= :upto
 ORDER BY version
 LIMIT :limit

-- select_events_desc --
-- One stream, newest first.
SELECT position, stream, version, name, payload, recorded_at, recorded_by, asserted_by, source, command_id, salt
  FROM caretrail.log
 WHERE stream = :stream AND version > :after AND version <= :upto
 ORDER BY version DESC
 LIMIT :limit

-- read_log --
-- The log from above a position. No upper bound: PostgreSQL, before it has statistics, takes two bounds for a narrow
-- stretch and sorts all the rest of the log for each batch.
SELECT position, stream, version, name, payload, recorded_at, recorded_by, asserted_by, source, command_id, salt
  FROM caretrail.log
 WHERE position > :after
 ORDER BY position
 LIMIT :limit

-- touched --
-- Streams of a stretch of the log by their first event there, without reading a payload. A limit and no upper bound, as
-- above.
SELECT stream, min(version)
  FROM (SELECT position, stream, version FROM caretrail.log WHERE position > :after ORDER BY position LIMIT :limit) AS s
 GROUP BY stream
 ORDER BY min(position)

-- max_position --
-- The newest position, 0 when there is none.
SELECT coalesce(max(position), 0) FROM caretrail.log

-- created_at --
-- When the store was made.
SELECT created_at FROM caretrail.store

-- last_recorded_at --
-- The time of the newest event.
SELECT recorded_at FROM caretrail.log ORDER BY position DESC LIMIT 1

-- has_program --
-- One stay in a program, if there is any.
SELECT 1 FROM caretrail.stay WHERE program = :program LIMIT 1

-- programs --
-- Every program with a stay.
SELECT DISTINCT program FROM caretrail.stay

-- outline_of_stream --
-- One stream in the order of its versions, without the payloads.
SELECT position, version, name, command_id, recorded_at
  FROM caretrail.log
 WHERE stream = :stream
 ORDER BY version

-- archived_upto --
-- Up to which access the newest archive goes, 0 where there is none; the guards of the accesses ask the same.
SELECT coalesce(max(CAST(substr(command_id, 19) AS bigint)), 0) FROM caretrail.log
 WHERE source = 'caretrail.store' AND name LIKE 'accesses_archived/%'
   AND command_id >= 'accesses_archived ' AND command_id < 'accesses_archived!'

-- kept_at --
-- The newest access that an archive left in the store and that was recorded by a moment.
SELECT coalesce(max(position), 0) FROM caretrail.access WHERE position <= :floor AND recorded_at <= :moment

-- older_accesses --
-- Accesses in a stretch of their log of which a newer one of the same account is there up to a cut, oldest first.
SELECT payload FROM caretrail.access AS a
 WHERE position > :after AND position <= :upto
   AND EXISTS (SELECT 1 FROM caretrail.access AS n
                WHERE n.stream = a.stream AND n.version > a.version AND n.position <= :cut)
 ORDER BY position
