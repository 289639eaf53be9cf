-- tiled_position --
-- Up to which position of a log its tiles are made.
SELECT position FROM caretrail.tiled WHERE log = :log

-- advance --
-- Move that position from where we found it; changes no row if another writer moved it.
INSERT INTO caretrail.tiled (log, position) VALUES (:log, :upto)
    ON CONFLICT (log) DO UPDATE SET position = excluded.position WHERE tiled.position = :after

-- forget_position --
-- Begin again.
DELETE FROM caretrail.tiled WHERE log = :log

-- forget_tiles --
-- All tiles of a log that reach beyond a position, up to which they cannot be made again.
DELETE FROM caretrail.tile WHERE log = :log AND (level < 0 OR level > 6 OR number < 0
   OR number >= CAST(:kept AS bigint) >> (8 * (CASE WHEN level BETWEEN 0 AND 6 THEN CAST(level AS integer) ELSE 0 END + 1)))

-- forget_tile --
-- One tile.
DELETE FROM caretrail.tile WHERE log = :log AND level = :level AND number = :number

-- tile_roots --
-- The roots of a run of tiles.
SELECT number, root FROM caretrail.tile
 WHERE log = :log AND level = :level AND number >= :start AND number < :end ORDER BY number

-- tiles --
-- A run of tiles.
SELECT number, hashes, root FROM caretrail.tile
 WHERE log = :log AND level = :level AND number >= :start AND number < :end ORDER BY number
