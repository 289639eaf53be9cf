-- findings --
-- What is in force between :low and :last. The span is that of the first day in force; where zones are on different
-- days there may be two, and the caller picks. Filters that are null let everything pass.
SELECT f.live_until, s.start_on, s.until_on, f.stream, e.episode, e.client, e.zone, s.program, s.level, s.clinician,
       f.rule, f.subject, f.verdict, f.start_on, f.until_on, f.due_on, f.owner, f.cause, f.quiet, f.work,
       f.message, f.arithmetic, f.evidence, f.citation, f.pack
  FROM caretrail.flag AS f
  JOIN caretrail.episode_view AS e ON e.generation = f.generation AND e.stream = f.stream
  LEFT JOIN caretrail.span AS s ON s.generation = f.generation AND s.stream = f.stream
       AND s.start_on <= CASE WHEN f.start_on > :high THEN f.start_on ELSE :high END
       AND s.until_on > CASE WHEN f.start_on > :low THEN f.start_on ELSE :low END
 WHERE f.generation = :generation AND f.live_until > :low AND f.start_on <= :last
   AND (CAST(:program AS text) IS NULL OR s.program = CAST(:program AS text))
   AND (CAST(:clinician AS text) IS NULL OR s.clinician = CAST(:clinician AS text) OR f.owner = CAST(:clinician AS text))
   AND (CAST(:client AS text) IS NULL OR e.client = CAST(:client AS text))
   AND (CAST(:verdict AS text) IS NULL OR f.verdict = CAST(:verdict AS text))

-- findings_closed --
-- The same, also in episodes that ended before.
SELECT f.live_until, s.start_on, s.until_on, f.stream, e.episode, e.client, e.zone, s.program, s.level, s.clinician,
       f.rule, f.subject, f.verdict, f.start_on, f.until_on, f.due_on, f.owner, f.cause, f.quiet, f.work,
       f.message, f.arithmetic, f.evidence, f.citation, f.pack
  FROM caretrail.flag AS f
  JOIN caretrail.episode_view AS e ON e.generation = f.generation AND e.stream = f.stream
  LEFT JOIN caretrail.span AS s ON s.generation = f.generation AND s.stream = f.stream
       AND s.start_on <= CASE WHEN f.start_on > :high THEN f.start_on ELSE :high END
       AND s.until_on > CASE WHEN f.start_on > :low THEN f.start_on ELSE :low END
 WHERE f.generation = :generation AND f.until_on > :low AND f.start_on <= :last
   AND (CAST(:program AS text) IS NULL OR s.program = CAST(:program AS text))
   AND (CAST(:clinician AS text) IS NULL OR s.clinician = CAST(:clinician AS text) OR f.owner = CAST(:clinician AS text))
   AND (CAST(:client AS text) IS NULL OR e.client = CAST(:client AS text))
   AND (CAST(:verdict AS text) IS NULL OR f.verdict = CAST(:verdict AS text))

-- work --
-- What asks for something between :low and :last.
SELECT first_on, end_on, stream, episode, client, zone, program, level, clinician,
       rule, subject, verdict, start_on, until_on, due_on, owner, cause, quiet, work, message, arithmetic, evidence, citation,
       pack
  FROM caretrail.work
 WHERE generation = :generation AND end_on > :low AND first_on <= :last
   AND (CAST(:program AS text) IS NULL OR program = CAST(:program AS text))
   AND (CAST(:clinician AS text) IS NULL OR clinician = CAST(:clinician AS text) OR owner = CAST(:clinician AS text))
   AND (CAST(:client AS text) IS NULL OR client = CAST(:client AS text))
   AND (CAST(:verdict AS text) IS NULL OR verdict = CAST(:verdict AS text))

-- census --
-- Open episodes between two days.
SELECT s.stream, e.episode, e.client, e.zone, s.program, s.level, s.clinician, s.start_on, s.until_on, s.status, e.admitted_on
  FROM caretrail.span AS s
  JOIN caretrail.episode_view AS e ON e.generation = s.generation AND e.stream = s.stream
 WHERE s.generation = :generation AND s.status IN ('open', 'held', 'quarantined') AND s.until_on > :low AND s.start_on <= :last
   AND (CAST(:program AS text) IS NULL OR s.program = CAST(:program AS text))

-- begun_and_not_ended --
-- Episodes with a fact up to :last that had not ended before :low.
SELECT stream FROM caretrail.episode_view
 WHERE generation = :generation AND first_day <= :last AND (ended_on IS NULL OR ended_on >= :low)

-- names_of_client --
-- Episodes of one client.
SELECT stream, episode FROM caretrail.episode_view WHERE generation = :generation AND client = :client

-- names_beginning --
-- Episodes whose case number begins so.
SELECT stream, episode FROM caretrail.episode_view
 WHERE generation = :generation AND substr(episode, 1, length(CAST(:prefix AS text))) = CAST(:prefix AS text)

-- zones --
-- Every time zone an episode is in.
SELECT DISTINCT zone FROM caretrail.episode_view WHERE generation = :generation AND zone IS NOT NULL
