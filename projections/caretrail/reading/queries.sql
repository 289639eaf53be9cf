-- findings --
-- What is in force between :low and :last. The span is that of the first day in force; where zones are on different
-- days there may be two, and the caller picks. Filters that are null let everything pass.
SELECT f.live_until, s.start_on, s.until_on, f.stream, e.episode, e.client, e.zone, s.program, s.level, s.clinician,
       {finding of f}
  FROM caretrail.finding AS f
  JOIN caretrail.episode_view AS e ON e.build = f.build AND e.stream = f.stream
  LEFT JOIN caretrail.span AS s ON s.build = f.build AND s.stream = f.stream
       AND s.start_on <= CASE WHEN f.start_on > :high THEN f.start_on ELSE :high END
       AND s.until_on > CASE WHEN f.start_on > :low THEN f.start_on ELSE :low END
 WHERE f.build = :build AND f.live_until > :low AND f.start_on <= :last
   AND (CAST(:program AS text) IS NULL OR s.program = CAST(:program AS text))
   AND (CAST(:clinician AS text) IS NULL OR s.clinician = CAST(:clinician AS text) OR f.owner = CAST(:clinician AS text))
   AND (CAST(:client AS text) IS NULL OR e.client = CAST(:client AS text))
   AND (CAST(:verdict AS text) IS NULL OR f.verdict = CAST(:verdict AS text))

-- findings_closed --
-- The same, also in episodes that ended before.
SELECT f.live_until, s.start_on, s.until_on, f.stream, e.episode, e.client, e.zone, s.program, s.level, s.clinician,
       {finding of f}
  FROM caretrail.finding AS f
  JOIN caretrail.episode_view AS e ON e.build = f.build AND e.stream = f.stream
  LEFT JOIN caretrail.span AS s ON s.build = f.build AND s.stream = f.stream
       AND s.start_on <= CASE WHEN f.start_on > :high THEN f.start_on ELSE :high END
       AND s.until_on > CASE WHEN f.start_on > :low THEN f.start_on ELSE :low END
 WHERE f.build = :build AND f.until_on > :low AND f.start_on <= :last
   AND (CAST(:program AS text) IS NULL OR s.program = CAST(:program AS text))
   AND (CAST(:clinician AS text) IS NULL OR s.clinician = CAST(:clinician AS text) OR f.owner = CAST(:clinician AS text))
   AND (CAST(:client AS text) IS NULL OR e.client = CAST(:client AS text))
   AND (CAST(:verdict AS text) IS NULL OR f.verdict = CAST(:verdict AS text))

-- work --
-- What asks for something between :low and :last, of episodes.
SELECT {placed} FROM caretrail.placed
 WHERE build = :build AND end_on > :low AND first_on <= :last AND in_group IS NOT NULL AND episode IS NOT NULL
   AND (CAST(:program AS text) IS NULL OR program = CAST(:program AS text))
   AND (CAST(:clinician AS text) IS NULL OR clinician = CAST(:clinician AS text) OR owner = CAST(:clinician AS text))
   AND (CAST(:client AS text) IS NULL OR client = CAST(:client AS text))
   AND (CAST(:verdict AS text) IS NULL OR verdict = CAST(:verdict AS text))

-- census --
-- Open episodes between two days.
SELECT s.stream, e.episode, e.client, e.zone, s.program, s.level, s.clinician, s.start_on, s.until_on, s.status, e.admitted_on
  FROM caretrail.span AS s
  JOIN caretrail.episode_view AS e ON e.build = s.build AND e.stream = s.stream
 WHERE s.build = :build AND s.status IN ('open', 'held', 'quarantined') AND s.until_on > :low AND s.start_on <= :last
   AND (CAST(:program AS text) IS NULL OR s.program = CAST(:program AS text))

-- begun_and_not_ended --
-- Episodes with an event up to :last that had not ended before :low.
SELECT stream FROM caretrail.episode_view
 WHERE build = :build AND first_day <= :last AND (ended_on IS NULL OR ended_on >= :low)

-- names_of_client --
-- Episodes of one client.
SELECT stream, episode FROM caretrail.episode_view WHERE build = :build AND client = :client

-- names_beginning --
-- Episodes whose case number begins so.
SELECT stream, episode FROM caretrail.episode_view
 WHERE build = :build AND substr(episode, 1, length(CAST(:prefix AS text))) = CAST(:prefix AS text)

-- zones --
-- Every time zone an episode is in: one step along the index for each zone, however many episodes there are.
WITH RECURSIVE found (zone) AS (
    SELECT min(zone) FROM caretrail.episode_view WHERE build = :build
     UNION ALL
    SELECT (SELECT min(e.zone) FROM caretrail.episode_view AS e WHERE e.build = :build AND e.zone > found.zone)
      FROM found WHERE zone IS NOT NULL
)
SELECT zone FROM found WHERE zone IS NOT NULL

-- first_after --
-- The first event behind a position.
SELECT position FROM caretrail.log
 WHERE position > :position AND (name < 'accessed/' OR name >= 'accessed0') ORDER BY position LIMIT 1

-- has_program --
SELECT 1 FROM caretrail.span WHERE build = :build AND program = :name LIMIT 1

-- has_clinician --
SELECT 1 FROM caretrail.span WHERE build = :build AND clinician = :name LIMIT 1

-- has_author --
SELECT 1 FROM caretrail.span WHERE build = :build AND clinician = :name LIMIT 1

-- has_client --
SELECT 1 FROM caretrail.episode_view WHERE build = :build AND client = :name LIMIT 1

-- has_rule --
-- A rule by its name in full, or without the prefix of its pack.
SELECT 1 FROM caretrail.finding
 WHERE build = :build AND (upper(rule) = upper(:name) OR upper(rule) LIKE '%-' || upper(:name)) LIMIT 1

-- programs --
SELECT DISTINCT program FROM caretrail.span WHERE build = :build AND program IS NOT NULL

-- people --
-- Everybody who carries a case, or owes something.
SELECT clinician FROM caretrail.span WHERE build = :build AND clinician IS NOT NULL
 UNION SELECT owner FROM caretrail.finding WHERE build = :build AND owner IS NOT NULL
