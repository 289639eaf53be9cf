-- follows_postgresql --
-- Whether this server follows another and may be behind it.
SELECT pg_is_in_recovery()

-- same_command --
-- Whether a pair of source and command_id is there twice; the constraints that refuse it may have been dropped.
SELECT 1 FROM caretrail.log WHERE position <= :end GROUP BY source, command_id HAVING count(*) > 1 LIMIT 1

-- without_position --
-- Rows that no reader of the log can meet.
SELECT count(*) FROM caretrail.log WHERE position IS NULL
