-- tile_roots --
-- The roots of a run of tiles.
SELECT number, root FROM caretrail.tile
 WHERE build = :build AND level = :level AND number >= :start AND number < :end ORDER BY number

-- tiles --
-- A run of tiles.
SELECT number, hashes, root FROM caretrail.tile
 WHERE build = :build AND level = :level AND number >= :start AND number < :end ORDER BY number
