-- state --
-- How far rows have been made, of which build, by which packs.
SELECT build, position, packs FROM caretrail.read_model WHERE name = :name AND version = :version

-- advance --
-- Advance from the position we started at; changes no row if another projector advanced it.
UPDATE caretrail.read_model SET position = :upto
 WHERE name = :name AND build = :build AND position = :after

-- fence --
-- Hold a rebuild's row; touches none if another rebuild took over.
UPDATE caretrail.read_model SET position = position WHERE name = 'rebuild' AND build = :build

-- begin_rebuild --
-- Take over as the one rebuild.
INSERT INTO caretrail.read_model (name, version, build, position, packs) VALUES ('rebuild', :version, :build, :position, :packs)
    ON CONFLICT (name) DO UPDATE SET version = excluded.version, build = excluded.build, position = excluded.position, packs = excluded.packs

-- newest_build --
-- The highest build anybody has begun.
SELECT max(build) FROM caretrail.read_model

-- hold_live --
-- Keep projectors out until the transaction ends.
UPDATE caretrail.read_model SET position = position WHERE name = 'live'

-- go_live --
-- Readers move to another build.
UPDATE caretrail.read_model SET build = :build, position = :position, version = :version, packs = :packs WHERE name = 'live'

-- end_rebuild --
-- The rebuild is over.
DELETE FROM caretrail.read_model WHERE name = 'rebuild' AND build = :build

-- judged_by --
-- Which packs judged the episodes of each policy.
SELECT DISTINCT policy, packs FROM caretrail.episode_view WHERE build = :build AND policy IS NOT NULL

-- streams_of_policy --
-- Streams of the episodes a policy judges, a page at a time.
SELECT stream FROM caretrail.episode_view
 WHERE build = :build AND policy = :policy AND stream > :after ORDER BY stream LIMIT :limit

-- keep_packs --
-- The rows were judged by the packs installed.
UPDATE caretrail.read_model SET packs = :packs WHERE name = :name AND build = :build AND position = :position

-- streams --
-- Streams of the log in the order of their ids, a page at a time; nothing is made from accesses.
SELECT stream FROM caretrail.log
 WHERE version = 1 AND stream > :after AND (name < 'accessed/' OR name >= 'accessed0')
 ORDER BY stream LIMIT :limit

-- quarantined --
-- Episodes that cannot be read.
SELECT {quarantine} FROM caretrail.quarantine
 WHERE build = :build ORDER BY position

-- episode_page --
-- Streams that have rows, a page at a time.
SELECT stream FROM caretrail.episode_view WHERE build = :build AND stream > :after ORDER BY stream LIMIT :limit

-- read_range --
-- The rows of a range of streams in one table.
SELECT {columns} FROM caretrail.{table} WHERE build = :build AND stream >= :first AND stream <= :last ORDER BY {order}

-- days_under_policy --
-- Days on which each policy judges an episode of each program, by the day they begin.
SELECT start_on, max(end_on), program, policy, min(zone)
  FROM caretrail.under_policy WHERE build = :build GROUP BY program, policy, start_on

-- streams_under_policy --
-- The same, with the episode.
SELECT stream, start_on, end_on, program, policy, zone FROM caretrail.under_policy WHERE build = :build

-- stream_under_policy --
-- The same, of one episode.
SELECT stream, start_on, end_on, program, policy, zone FROM caretrail.under_policy WHERE build = :build AND stream = :stream

-- in_treatment --
-- Days of each episode at a level of a program.
SELECT s.stream, s.level, s.start_on, s.until_on AS end_on, s.program, e.zone
  FROM caretrail.span AS s
  JOIN caretrail.episode_view AS e ON e.build = s.build AND e.stream = s.stream
 WHERE s.build = :build AND s.status IN ('open', 'held') AND s.program IS NOT NULL

-- delete_rows --
-- The rows of one stream in one table.
DELETE FROM caretrail.{table} WHERE build = :build AND stream = :stream

-- sweep --
-- Rows of builds that are neither read nor written, in one table.
DELETE FROM caretrail.{table} WHERE build <> :live AND build <> :next

-- read_program_findings --
-- Findings of programs that are in force between two days.
SELECT {placed} FROM caretrail.placed
 WHERE build = :build AND episode IS NULL AND end_on > :low AND first_on <= :last ORDER BY number

-- delete_program_findings --
-- Findings on what programs attest; those on a group session have a subject.
DELETE FROM caretrail.placed WHERE build = :build AND episode IS NULL AND subject = ''

-- delete_groups --
-- Findings on all group sessions.
DELETE FROM caretrail.placed WHERE build = :build AND episode IS NULL AND subject <> ''

-- delete_group --
-- The finding on one group session.
DELETE FROM caretrail.placed WHERE build = :build AND stream = :stream

-- groups_of_stream --
-- Group sessions that an episode has on record.
SELECT DISTINCT program, policy, group_session, held_on FROM caretrail.group_record
 WHERE build = :build AND stream = :stream

-- groups_that_differ --
-- Group sessions with more charts than clients, or with two sizes.
SELECT program, policy, group_session, held_on FROM caretrail.group_record WHERE build = :build
 GROUP BY program, policy, group_session, held_on
HAVING count(DISTINCT stream) > min(group_size) OR min(group_size) < max(group_size)

-- records_of_group --
-- What each chart has on record of one group session.
SELECT stream, held_on, program, policy, group_session, group_size, version, zone FROM caretrail.group_record
 WHERE build = :build AND program = :program AND policy = :policy
   AND group_session = :group_session AND held_on = :held_on

-- read_packs --
SELECT name, citations FROM caretrail.pack WHERE build = :build

-- write_pack --
INSERT INTO caretrail.pack (build, name, citations) VALUES (:build, :name, :citations)
    ON CONFLICT (build, name) DO UPDATE SET citations = excluded.citations
