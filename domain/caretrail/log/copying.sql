-- set_mark --
-- The target becomes the same store: its streams are names in the namespace of the source.
UPDATE caretrail.store SET namespace = :namespace, demo = :demo, created_at = :created_at

-- stays_of --
-- The stays of one stream, for an episode whose events cannot be read.
SELECT client, program, first_day, last_day FROM caretrail.stay WHERE stream = :stream

-- kept_tiles --
-- The tiles of accesses that end by a position.
SELECT log, level, number, hashes, root FROM caretrail.tile
 WHERE log = 2 AND level BETWEEN 0 AND 6 AND number >= 0
   AND number < CAST(:kept AS bigint) >> (8 * (CASE WHEN level BETWEEN 0 AND 6 THEN CAST(level AS integer) ELSE 0 END + 1))
 ORDER BY level, number

-- tiled --
-- Up to where they are made.
INSERT INTO caretrail.tiled (log, position) VALUES (2, :kept)
