-- state --
-- Where a projection stands.
SELECT generation, position FROM caretrail.projection WHERE name = :name AND format = :format

-- advance --
-- Move on from where we started; touches no row if somebody else moved it.
UPDATE caretrail.projection SET position = :upto
 WHERE name = :name AND generation = :generation AND position = :after

-- fence --
-- Hold a rebuild's row; touches none if another rebuild took over.
UPDATE caretrail.projection SET position = position WHERE name = 'rebuild' AND generation = :generation

-- begin_rebuild --
-- Take over as the one rebuild.
INSERT INTO caretrail.projection (name, format, generation, position) VALUES ('rebuild', :format, :generation, :position)
    ON CONFLICT (name) DO UPDATE SET format = excluded.format, generation = excluded.generation, position = excluded.position

-- newest_generation --
-- The highest generation anybody has begun.
SELECT max(generation) FROM caretrail.projection

-- hold_live --
-- Keep projectors out until the transaction ends.
UPDATE caretrail.projection SET position = position WHERE name = 'live'

-- go_live --
-- Readers move to another generation.
UPDATE caretrail.projection SET generation = :generation, position = :position, format = :format WHERE name = 'live'

-- end_rebuild --
-- The rebuild is over.
DELETE FROM caretrail.projection WHERE name = 'rebuild' AND generation = :generation

-- streams --
-- Streams of the log in the order of their ids, a page at a time; nothing is made from accesses.
SELECT stream FROM caretrail.log
 WHERE version = 1 AND stream > :after AND (name < 'accessed/' OR name >= 'accessed0')
 ORDER BY stream LIMIT :limit

-- count_quarantined --
-- Whether anything is quarantined.
SELECT count(*) FROM caretrail.quarantine WHERE generation = :generation

-- quarantined --
-- Episodes that cannot be read.
SELECT stream, episode, position, version, reason_code, since FROM caretrail.quarantine
 WHERE generation = :generation ORDER BY position

-- episode_page --
-- Streams that have rows, a page at a time.
SELECT stream FROM caretrail.episode_view WHERE generation = :generation AND stream > :after ORDER BY stream LIMIT :limit

-- read_episodes --
-- The rows of a range of streams.
SELECT stream, episode, client, zone, policy, first_day, admitted_on, ended_on, version, position, settled
  FROM caretrail.episode_view WHERE generation = :generation AND stream >= :first AND stream <= :last

-- read_spans --
SELECT stream, start_on, until_on, program, level, clinician, status
  FROM caretrail.span WHERE generation = :generation AND stream >= :first AND stream <= :last
 ORDER BY stream, start_on

-- read_flags --
SELECT stream, rule, subject, verdict, start_on, until_on, due_on, owner, cause, quiet, work, message, arithmetic, evidence, citation, pack
  FROM caretrail.flag WHERE generation = :generation AND stream >= :first AND stream <= :last
 ORDER BY stream, number

-- read_eligibility --
SELECT stream, start_on, until_on, verdict, basis, holds_through, reasons, evidence
  FROM caretrail.eligibility_span WHERE generation = :generation AND stream >= :first AND stream <= :last
 ORDER BY stream, start_on

-- read_quarantine --
SELECT stream, episode, position, version, reason_code, since
  FROM caretrail.quarantine WHERE generation = :generation AND stream >= :first AND stream <= :last

-- delete_episode_view --
DELETE FROM caretrail.episode_view WHERE generation = :generation AND stream = :stream

-- delete_span --
DELETE FROM caretrail.span WHERE generation = :generation AND stream = :stream

-- read_work --
SELECT first_on, end_on, stream, episode, client, zone, program, level, clinician,
       rule, subject, verdict, start_on, until_on, due_on, owner, cause, quiet, work, message, arithmetic, evidence, citation, pack
  FROM caretrail.work WHERE generation = :generation AND stream >= :first AND stream <= :last
 ORDER BY stream, number

-- delete_work --
DELETE FROM caretrail.work WHERE generation = :generation AND stream = :stream

-- sweep_work --
DELETE FROM caretrail.work WHERE generation <> :live AND generation <> :next

-- delete_flag --
DELETE FROM caretrail.flag WHERE generation = :generation AND stream = :stream

-- delete_eligibility_span --
DELETE FROM caretrail.eligibility_span WHERE generation = :generation AND stream = :stream

-- delete_quarantine --
DELETE FROM caretrail.quarantine WHERE generation = :generation AND stream = :stream

-- sweep_episode_view --
DELETE FROM caretrail.episode_view WHERE generation <> :live AND generation <> :next

-- sweep_span --
DELETE FROM caretrail.span WHERE generation <> :live AND generation <> :next

-- sweep_flag --
DELETE FROM caretrail.flag WHERE generation <> :live AND generation <> :next

-- sweep_eligibility_span --
DELETE FROM caretrail.eligibility_span WHERE generation <> :live AND generation <> :next

-- sweep_quarantine --
DELETE FROM caretrail.quarantine WHERE generation <> :live AND generation <> :next

-- read_governed --
SELECT stream, start_on, until_on, program, policy
  FROM caretrail.governed WHERE generation = :generation AND stream >= :first AND stream <= :last

-- delete_governed --
DELETE FROM caretrail.governed WHERE generation = :generation AND stream = :stream

-- sweep_governed --
DELETE FROM caretrail.governed WHERE generation <> :live AND generation <> :next

-- tile --
-- One complete tile.
SELECT hashes FROM caretrail.tile WHERE generation = :generation AND level = :level AND number = :number

-- tile_roots --
-- The roots of a run of tiles.
SELECT number, root FROM caretrail.tile
 WHERE generation = :generation AND level = :level AND number >= :start AND number < :end ORDER BY number

-- tiles --
-- A run of tiles.
SELECT number, hashes, root FROM caretrail.tile
 WHERE generation = :generation AND level = :level AND number >= :start AND number < :end ORDER BY number

-- sweep_tile --
DELETE FROM caretrail.tile WHERE generation <> :live AND generation <> :next

-- governed_days --
-- Days on which each policy judges an episode of each program, by the day they begin.
SELECT program, policy, start_on, max(until_on), min(zone)
  FROM caretrail.governed WHERE generation = :generation GROUP BY program, policy, start_on

-- governed_streams --
-- The same, with the episode.
SELECT stream, program, policy, start_on, until_on, zone FROM caretrail.governed WHERE generation = :generation

-- governed_stream --
-- The same, of one episode.
SELECT stream, program, policy, start_on, until_on, zone FROM caretrail.governed WHERE generation = :generation AND stream = :stream

-- in_treatment --
-- Days of each episode at a level of a program.
SELECT s.stream, s.program, s.level, s.start_on, s.until_on, e.zone
  FROM caretrail.span AS s
  JOIN caretrail.episode_view AS e ON e.generation = s.generation AND e.stream = s.stream
 WHERE s.generation = :generation AND s.status IN ('open', 'held') AND s.program IS NOT NULL

-- read_program_flags --
-- Findings of programs that are in force between two days.
SELECT first_on, end_on, stream, program, zone, rule, subject, verdict, start_on, until_on, due_on, owner, cause, quiet, work,
       message, arithmetic, evidence, citation, pack
  FROM caretrail.program_flag WHERE generation = :generation AND end_on > :low AND first_on <= :last ORDER BY number

-- delete_program_flag --
DELETE FROM caretrail.program_flag WHERE generation = :generation

-- sweep_program_flag --
DELETE FROM caretrail.program_flag WHERE generation <> :live AND generation <> :next
