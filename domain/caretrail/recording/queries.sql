-- select_events --
-- One stream in the order of its versions.
SELECT position, stream, version, name, payload, recorded_at, recorded_by, source, command_id, salt
  FROM caretrail.log
 WHERE stream = :stream AND version > :after AND version <= :upto
 ORDER BY version
 LIMIT :limit

-- select_events_desc --
-- One stream, newest first.
SELECT position, stream, version, name, payload, recorded_at, recorded_by, source, command_id, salt
  FROM caretrail.log
 WHERE stream = :stream AND version > :after AND version <= :upto
 ORDER BY version DESC
 LIMIT :limit

-- read_log --
-- A stretch of the log.
SELECT position, stream, version, name, payload, recorded_at, recorded_by, source, command_id, salt
  FROM caretrail.log
 WHERE position > :after AND position <= :upto
 ORDER BY position
 LIMIT :limit

-- max_position --
-- The newest position, 0 when there is none.
SELECT coalesce(max(position), 0) FROM caretrail.log

-- last_recorded_at --
-- The time of the newest event.
SELECT recorded_at FROM caretrail.log ORDER BY position DESC LIMIT 1
