-- drop_archived --
-- Archived accesses in a stretch of their log: neither a disclosure nor the newest of its account; the guard refuses more.
DELETE FROM caretrail.access
 WHERE position > :after AND position <= :upto AND instr(payload, CAST('"disclosure"' AS BLOB)) = 0
   AND EXISTS (SELECT 1 FROM caretrail.access AS n
                WHERE n.stream = access.stream AND n.version > access.version AND n.position <= :cut)

-- read_accesses --
-- Accesses in a stretch of their log; those of all events are of every episode.
SELECT position, stream, version, name, payload, recorded_at, recorded_by, asserted_by, source, command_id, salt
  FROM caretrail.access
 WHERE position > :after AND position <= :upto
   AND (:holding IS NULL OR instr(payload, :holding) > 0 OR instr(payload, CAST('"whole_log":true' AS BLOB)) > 0)
 ORDER BY position
 LIMIT :limit

-- read_log_of_names --
-- A stretch of the log, some stored names only.
SELECT position, stream, version, name, payload, recorded_at, recorded_by, asserted_by, source, command_id, salt
  FROM caretrail.log
 WHERE position > :after AND position <= :upto AND name IN (SELECT value FROM json_each(:names))
 ORDER BY position
 LIMIT :limit

-- position_at --
-- Times rise with positions, and positions above the floor have no gap, so a bisection finds the place without an index on time.
WITH RECURSIVE search (low, high) AS (
    SELECT :floor, coalesce(max(position), 0) FROM caretrail.log
    UNION ALL
    SELECT CASE WHEN l.recorded_at <= :moment THEN l.position ELSE s.low END,
           CASE WHEN l.recorded_at <= :moment THEN s.high ELSE l.position - 1 END
      FROM search AS s CROSS JOIN caretrail.log AS l
     WHERE s.low < s.high AND l.position = (s.low + s.high + 1) / 2
)
SELECT max(low) FROM search

-- find_commands --
-- What is recorded under these pairs of source and command_id; CROSS JOIN keeps the short list outside.
SELECT l.position, l.stream, l.version, l.name, l.payload, l.recorded_at, l.recorded_by, l.asserted_by, l.source, l.command_id, l.salt
  FROM json_each(:commands) AS c CROSS JOIN caretrail.log AS l
 WHERE l.source = json_extract(c.value, '$[0]') AND l.command_id = json_extract(c.value, '$[1]')

-- stamps --
-- What the store and its two logs were stamped with last; the time now is not the file's to tell.
SELECT NULL, created_at,
       (SELECT recorded_at FROM caretrail.log ORDER BY position DESC LIMIT 1),
       (SELECT recorded_at FROM caretrail.access ORDER BY position DESC LIMIT 1)
  FROM caretrail.store

-- newest --
-- Where the log ends: the next event takes its position and time from here.
SELECT position, recorded_at FROM caretrail.log ORDER BY position DESC LIMIT 1

-- version --
-- The current version of a stream.
SELECT coalesce(max(version), 0) FROM caretrail.log WHERE stream = ?

-- insert --
-- One event at the end of the log.
INSERT INTO caretrail.log (position, stream, version, name, payload, recorded_at, recorded_by, asserted_by, source, command_id, salt)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- delete_stays --
-- The stays of a stream are replaced as a whole.
DELETE FROM stay WHERE stream = ?

-- insert_stay --
-- One stay of a stream.
INSERT INTO stay (stream, client, program, first_day, last_day) VALUES (?, ?, ?, ?, ?)

-- overlapping_stay --
-- Another stream's stay that shares more than one day's edge; 'open' sorts after every date.
SELECT o.stream
  FROM stay AS n CROSS JOIN stay AS o
 WHERE n.stream = ?
   AND o.client = n.client AND o.program = n.program AND o.stream <> n.stream
   AND n.first_day < coalesce(o.last_day, 'open') AND o.first_day < coalesce(n.last_day, 'open')
 ORDER BY o.first_day
 LIMIT 1

-- stream_after --
-- One stream from above a version.
SELECT position, stream, version, name, payload, recorded_at, recorded_by, asserted_by, source, command_id, salt
  FROM caretrail.log
 WHERE stream = :stream AND version > :version
 ORDER BY version

-- at --
-- The event at a position.
SELECT position, stream, version, name, payload, recorded_at, recorded_by, asserted_by, source, command_id, salt
  FROM caretrail.log
 WHERE position = :position

-- stream_but --
-- One stream without the events of some stored names, but with its newest.
SELECT position, stream, version, name, payload, recorded_at, recorded_by, asserted_by, source, command_id, salt
  FROM caretrail.log
 WHERE stream = :stream
   AND (name NOT IN (SELECT value FROM json_each(:names))
        OR version = (SELECT max(version) FROM caretrail.log WHERE stream = :stream))
 ORDER BY version

-- streams_mentioning --
-- Streams with an event that holds some bytes.
SELECT DISTINCT stream FROM caretrail.log
 WHERE instr(payload, :needle) > 0

-- mentions --
-- Whether an event holds some bytes.
SELECT 1 FROM caretrail.log
 WHERE position <= :upto AND instr(payload, :needle) > 0
 LIMIT 1
