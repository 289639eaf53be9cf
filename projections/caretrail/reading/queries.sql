-- placed --
-- What is in force between :low and :last.
SELECT {placed} FROM caretrail.finding_{build} WHERE end_on > :low AND first_on <= :last

-- placed_of_program --
SELECT {placed} FROM caretrail.finding_{build} WHERE program = :name AND end_on > :low AND first_on <= :last

-- placed_of_client --
SELECT {placed} FROM caretrail.finding_{build} WHERE client = :name AND end_on > :low AND first_on <= :last

-- placed_of_case_owner --
SELECT {placed} FROM caretrail.finding_{build} WHERE clinician = :name AND end_on > :low AND first_on <= :last

-- placed_of_owner --
SELECT {placed} FROM caretrail.finding_{build} WHERE owner = :name AND end_on > :low AND first_on <= :last

-- census --
-- Open episodes between two days.
SELECT {span} FROM caretrail.span_{build}
 WHERE until_on > :low AND start_on <= :last AND status IN ('open', 'held', 'quarantined')

-- census_of_program --
SELECT {span} FROM caretrail.span_{build}
 WHERE program = :name AND until_on > :low AND start_on <= :last AND status IN ('open', 'held', 'quarantined')

-- census_of_client --
SELECT {span} FROM caretrail.span_{build}
 WHERE stream IN (SELECT stream FROM caretrail.episode_{build} WHERE client = :name)
   AND until_on > :low AND start_on <= :last AND status IN ('open', 'held', 'quarantined')

-- census_of_case_owner --
SELECT {span} FROM caretrail.span_{build}
 WHERE clinician = :name AND until_on > :low AND start_on <= :last AND status IN ('open', 'held', 'quarantined')

-- version_of --
-- How many events of an episode its rows hold.
SELECT version FROM caretrail.episode_{build} WHERE stream = :stream

-- begun_and_not_ended --
-- Episodes with an event up to :last that had not ended before :low.
SELECT stream FROM caretrail.episode_{build} WHERE first_day <= :last AND live_end > :low

-- names_of_client --
-- Episodes of one client.
SELECT stream, episode FROM caretrail.episode_{build} WHERE client = :client

-- names_beginning --
-- Episodes whose case number begins so; "~" follows all that a case number may have.
SELECT stream, episode FROM caretrail.episode_{build} WHERE episode >= :prefix AND episode < :prefix || '~'

-- has_program --
SELECT 1 FROM caretrail.span_{build} WHERE program = :name LIMIT 1

-- has_clinician --
SELECT 1 FROM caretrail.span_{build} WHERE clinician = :name LIMIT 1

-- has_author --
SELECT 1 FROM caretrail.span_{build} WHERE clinician = :name LIMIT 1

-- has_client --
SELECT 1 FROM caretrail.episode_{build} WHERE client = :name LIMIT 1

-- streams_of_client --
SELECT stream FROM caretrail.episode_{build} WHERE client = :name

-- streams_of_case_owner --
SELECT DISTINCT stream FROM caretrail.span_{build} WHERE clinician = :name

-- streams_of_owner --
SELECT DISTINCT stream FROM caretrail.finding_{build} WHERE owner = :name

-- streams_of_program --
SELECT DISTINCT stream FROM caretrail.span_{build} WHERE program = :name

-- streams_quarantined --
SELECT stream FROM caretrail.episode_{build} WHERE quarantined

-- of_other_kinds_sqlite --
-- The streams that have an event of another kind than some, above a position.
SELECT DISTINCT stream FROM caretrail.log
 WHERE position > :known AND substr(name, 1, instr(name, '/') - 1) NOT IN (SELECT value FROM json_each(:kinds))

-- of_other_kinds_postgresql --
-- The streams that have an event of another kind than some, above a position.
SELECT DISTINCT stream FROM caretrail.log WHERE position > :known AND split_part(name, '/', 1) <> ALL(:kinds)

-- naming_sqlite --
-- The streams among some that have an event, up to a position, that holds a name. They are given as the bytes of all of
-- them, sixteen of each. The events are read in the order of their positions, so that each page is read once.
WITH RECURSIVE asked (place, stream) AS (
    SELECT 1, substr(:streams, 1, 16)
     UNION ALL
    SELECT place + 16, substr(:streams, place + 16, 16) FROM asked WHERE place + 16 <= length(:streams)
)
SELECT DISTINCT stream FROM caretrail.log
 WHERE position IN (SELECT l.position FROM asked CROSS JOIN caretrail.log AS l
                     WHERE l.stream = asked.stream AND l.position <= :upto)
   AND instr(payload, :needle) > 0

-- naming_postgresql --
-- The streams among some that have an event, up to a position, that holds a name.
SELECT DISTINCT stream FROM caretrail.log
 WHERE stream = ANY(:streams) AND position <= :upto AND position(:needle::bytea IN payload) > 0

-- hidden_sqlite --
-- The event at a position, if the index of streams does not lead to it.
SELECT l.position FROM caretrail.log AS l
 WHERE l.position = :position
   AND coalesce((SELECT i.position FROM caretrail.log AS i WHERE i.stream = l.stream AND i.version = l.version), 0)
       <> l.position

-- hidden_postgresql --
-- The events at some positions that the index of streams does not lead to.
SELECT l.position FROM caretrail.log AS l
 WHERE l.position = ANY(:positions)
   AND coalesce((SELECT i.position FROM caretrail.log AS i WHERE i.stream = l.stream AND i.version = l.version), 0)
       <> l.position

-- first_payloads_sqlite --
-- The first events of some streams, given as the bytes of all of them.
WITH RECURSIVE asked (place, stream) AS (
    SELECT 1, substr(:streams, 1, 16)
     UNION ALL
    SELECT place + 16, substr(:streams, place + 16, 16) FROM asked WHERE place + 16 <= length(:streams)
)
SELECT l.stream, l.payload FROM asked CROSS JOIN caretrail.log AS l WHERE l.stream = asked.stream AND l.version = 1

-- first_payloads_postgresql --
-- The first events of some streams.
SELECT stream, payload FROM caretrail.log WHERE stream = ANY(:streams) AND version = 1
