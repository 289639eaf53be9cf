-- set_mark --
-- The target becomes the same store: its streams are names in the namespace of the source.
UPDATE caretrail.store SET namespace = :namespace, demo = :demo, created_at = :created_at

-- stays_of --
-- The stays of one stream, for an episode whose events cannot be read.
SELECT client, program, first_day, last_day FROM caretrail.stay WHERE stream = :stream
