-- state --
-- How far the rows of a version have been made, in the build that is read or in the one that is filled.
SELECT build, epoch, position, packs, swept_at FROM caretrail.build WHERE version = :version AND state = :state

-- advance --
-- Advance from the position we started at; changes no row if another projector advanced it.
UPDATE caretrail.build SET position = :upto WHERE build = :build AND epoch = :epoch AND position = :after

-- swept --
-- Every episode was compared with the log.
UPDATE caretrail.build SET swept_at = :now WHERE build = :build AND epoch = :epoch

-- keep_packs --
-- The rows were judged by the packs installed.
UPDATE caretrail.build SET packs = :packs WHERE build = :build AND epoch = :epoch AND position = :position

-- begin_rebuild --
-- Take over as the one rebuild: whoever filled the build before finds another epoch.
UPDATE caretrail.build
   SET state = 'filling', epoch = (SELECT max(epoch) + 1 FROM caretrail.build), position = :position, packs = :packs,
       swept_at = ''
 WHERE version = :version AND state <> 'live'

-- fence --
-- The row of a rebuild; none if another rebuild took over.
SELECT 1 FROM caretrail.build WHERE build = :build AND epoch = :epoch AND state = 'filling'

-- enter_part --
-- A part of a rebuild, done when the transaction is kept; touches no row if it is done already.
INSERT INTO caretrail.part_{build} (part, events) VALUES (:part, :events) ON CONFLICT (part) DO NOTHING

-- tally_part --
UPDATE caretrail.part_{build} SET episodes = :episodes, findings = :findings, numbers = :numbers WHERE part = :part

-- parts --
SELECT part FROM caretrail.part_{build}

-- written --
-- What the parts say they read and wrote.
SELECT coalesce(CAST(sum(events) AS bigint), 0), coalesce(CAST(sum(episodes) AS bigint), 0),
       coalesce(CAST(sum(findings) AS bigint), 0), coalesce(CAST(sum(numbers) AS bigint), 0)
  FROM caretrail.part_{build}

-- held --
-- What the tables hold of it.
SELECT (SELECT count(*) FROM caretrail.episode_{build}), count(*), coalesce(CAST(sum(number & :bits) AS bigint), 0)
  FROM caretrail.finding_{build}

-- versions_of_rows --
-- The version of the row of each episode.
SELECT stream, version FROM caretrail.episode_{build} ORDER BY stream

-- versions_of_log --
-- The newest version of each stream up to a position, and how many events it has.
SELECT stream, max(version), count(*) FROM caretrail.log
 WHERE position <= :upto
 GROUP BY stream ORDER BY stream

-- hold_live --
-- Keep projectors out until the transaction ends.
UPDATE caretrail.build SET position = position WHERE version = :version AND state = 'live'

-- retire --
-- The rows that were read so far are no longer.
UPDATE caretrail.build SET state = 'spare', epoch = epoch + 1 WHERE version = :version AND state = 'live'

-- go_live --
-- Readers move to the rows that were filled.
UPDATE caretrail.build SET state = 'live' WHERE build = :build AND epoch = :epoch AND state = 'filling'

-- spares --
-- The build of a version that nobody reads or fills.
SELECT build FROM caretrail.build WHERE version = :version AND state = 'spare'

-- take_lease --
-- Lead, if nobody does, or the leader has not been heard of for too long; a leader that failed need not await itself.
-- A lease that would last longer than any may was taken before the clock of the database was set back.
UPDATE caretrail.lease SET holder = :holder, fence = fence + 1, expires_at = {now} + :seconds
 WHERE version = :version AND (expires_at <= {now} OR expires_at > {now} + :longest OR holder = :holder)

-- renew_lease --
-- Touches no row if another leads.
UPDATE caretrail.lease SET expires_at = {now} + :seconds WHERE version = :version AND fence = :fence AND holder = :holder

-- release_lease --
UPDATE caretrail.lease SET holder = '', expires_at = 0 WHERE version = :version AND fence = :fence AND holder = :holder

-- lease --
-- Who leads, and for how many seconds nobody else may.
SELECT holder, fence, expires_at - {now} FROM caretrail.lease WHERE version = :version AND expires_at > {now} AND expires_at <= {now} + :longest

-- fence_of --
SELECT fence FROM caretrail.lease WHERE version = :version

-- judged_by --
-- Which packs judged the episodes of each policy.
SELECT DISTINCT policy, packs FROM caretrail.episode_{build} WHERE policy IS NOT NULL

-- streams_of_policy --
-- Streams of the episodes a policy judges, a page at a time.
SELECT stream FROM caretrail.episode_{build} WHERE policy = :policy AND stream > :after ORDER BY stream LIMIT :limit

-- streams --
-- Streams of the log in the order of their ids, a page at a time.
SELECT stream FROM caretrail.log
 WHERE version = 1 AND stream > :after
 ORDER BY stream LIMIT :limit

-- hidden --
-- Events in a stretch of the log that the index of streams does not lead to.
SELECT l.position FROM caretrail.log AS l
 WHERE l.position > :above AND l.position <= :upto
   AND coalesce((SELECT i.position FROM caretrail.log AS i WHERE i.stream = l.stream AND i.version = l.version), 0)
       <> l.position

-- stays --
-- The stays that are stored of the streams in a range.
SELECT stream, client, program, first_day, last_day FROM caretrail.stay WHERE stream >= :first AND stream <= :last_stream

-- drop_stays --
-- Before those that the events say are put in their place.
DELETE FROM caretrail.stay WHERE stream = :stream

-- add_stay --
INSERT INTO caretrail.stay (stream, client, program, first_day, last_day)
VALUES (:stream, :client, :program, :first_day, :last_day)

-- lock_stays_postgresql --
-- Until the transaction ends no append changes a stay; those in progress are waited for.
LOCK TABLE caretrail.stay IN SHARE ROW EXCLUSIVE MODE

-- quarantined --
-- Episodes that cannot be read.
SELECT stream, whole FROM caretrail.episode_{build} WHERE quarantined

-- whole_page --
-- Everything that is kept of episodes, a page at a time.
SELECT stream, whole FROM caretrail.episode_{build} WHERE stream > :after ORDER BY stream LIMIT :limit

-- whole --
-- Everything that is kept of one episode.
SELECT stream, whole FROM caretrail.episode_{build} WHERE stream = :stream

-- write_episode --
-- Everything that is kept of one episode, new or changed.
INSERT INTO caretrail.episode_{build}
       (stream, episode, client, zone, policy, packs, first_day, live_end, version, quarantined, whole)
VALUES (:stream, :episode, :client, :zone, :policy, :packs, :first_day, :live_end, :version, :quarantined, :whole)
    ON CONFLICT (stream) DO UPDATE
   SET episode = excluded.episode, client = excluded.client, zone = excluded.zone, policy = excluded.policy,
       packs = excluded.packs, first_day = excluded.first_day, live_end = excluded.live_end, version = excluded.version,
       quarantined = excluded.quarantined, whole = excluded.whole

-- rows_between --
-- The rows of a range of streams in one table.
SELECT {columns} FROM caretrail.{table}_{build} WHERE stream >= :first AND stream <= :last_stream

-- rows_of --
-- The rows of one stream in one table.
SELECT {columns} FROM caretrail.{table}_{build} WHERE stream = :stream

-- rows_of_some --
-- The rows of some streams in one table.
SELECT {columns} FROM caretrail.{table}_{build} WHERE stream = ANY(:streams)

-- delete_row --
-- One row of a table, by its key.
DELETE FROM caretrail.{table}_{build} WHERE {key}

-- empty --
-- All rows of a table.
DELETE FROM caretrail.{table}_{build}

-- empty_postgresql --
TRUNCATE {tables}

-- mark --
INSERT INTO caretrail.mark_{build} (epoch) VALUES (:epoch)

-- marked --
-- Whether the rows are still those of an epoch.
SELECT 1 FROM caretrail.mark_{build} WHERE epoch = :epoch

-- drop --
DROP TABLE IF EXISTS caretrail.{table}_{build}

-- days_under_policy --
-- Days on which each policy judges an episode of a program, by the day they begin.
SELECT start_on, max(end_on), program, policy, min(zone)
  FROM caretrail.under_policy_{build} WHERE program = :program GROUP BY program, policy, start_on

-- names --
-- Every name in a column: one step along its index for each name, however many rows there are.
WITH RECURSIVE found (name) AS (
    SELECT min({column}) FROM caretrail.{table}_{build}
     UNION ALL
    SELECT (SELECT min(t.{column}) FROM caretrail.{table}_{build} AS t WHERE t.{column} > found.name)
      FROM found WHERE name IS NOT NULL
)
SELECT name FROM found WHERE name IS NOT NULL

-- streams_under_policy --
-- The days of each episode of a program.
SELECT stream, start_on, end_on, program, policy, zone FROM caretrail.under_policy_{build} WHERE program = :program

-- in_treatment --
-- Days of each episode at a level of a program.
SELECT stream, level, start_on, until_on AS end_on, program, zone FROM caretrail.span_{build}
 WHERE status IN ('open', 'held') AND program IS NOT NULL

-- program_findings --
-- Findings of programs and group sessions that are in force between two days.
SELECT {placed} FROM caretrail.program_finding_{build} WHERE end_on > :low AND first_on <= :last

-- program_findings_of --
-- The findings of one program, or on one group session.
SELECT {placed} FROM caretrail.program_finding_{build} WHERE stream = :stream ORDER BY number

-- delete_program_findings --
DELETE FROM caretrail.program_finding_{build} WHERE stream = :stream

-- groups_of_stream --
-- Group sessions that an episode has on record.
SELECT DISTINCT program, policy, group_session, held_on FROM caretrail.group_record_{build} WHERE stream = :stream

-- groups_that_differ --
-- Group sessions with more charts than clients, or with two sizes.
SELECT program, policy, group_session, held_on FROM caretrail.group_record_{build}
 GROUP BY program, policy, group_session, held_on
HAVING count(DISTINCT stream) > min(group_size) OR min(group_size) < max(group_size)

-- records_of_group --
-- What each chart has on record of one group session.
SELECT stream, held_on, program, policy, group_session, group_size, version, zone
  FROM caretrail.group_record_{build}
 WHERE program = :program AND policy = :policy AND group_session = :group_session AND held_on = :held_on

-- read_packs --
SELECT name, citations FROM caretrail.pack_{build}

-- write_pack --
INSERT INTO caretrail.pack_{build} (name, citations) VALUES (:name, :citations)
    ON CONFLICT (name) DO UPDATE SET citations = excluded.citations
