-- whole_sqlite --
-- SQLite's own comparison of every index with its table, and of every page.
PRAGMA integrity_check(1000)

-- settings_postgresql --
-- Until the transaction ends, what is looked up is looked up by an index, and a whole table is read without one.
SELECT set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),
       set_config('enable_mergejoin', 'off', true), set_config('jit', 'off', true)

-- log_postgresql --
-- Rows of a log that its three indexes do not lead to, or lead to twice. No index has all these columns: the outer read
-- is one of the table.
SELECT count(*) FILTER (WHERE (SELECT count(*) FROM caretrail.log AS i WHERE i.position = l.position) <> 1),
       count(*) FILTER (WHERE (SELECT count(*) FROM caretrail.log AS i
                                WHERE i.stream = l.stream AND i.version = l.version) <> 1),
       count(*) FILTER (WHERE (SELECT count(*) FROM caretrail.log AS i
                                WHERE i.source = l.source AND i.command_id = l.command_id) <> 1)
  FROM (SELECT position, stream, version, source, command_id FROM caretrail.log OFFSET 0) AS l

-- stay_postgresql --
-- Streams and clients with stays to which the indexes do not lead.
WITH s AS MATERIALIZED (SELECT stream, client, program, first_day, last_day FROM caretrail.stay)
SELECT (SELECT count(*) FROM (SELECT stream, count(*) AS rows FROM s GROUP BY stream) AS g
         WHERE g.rows <> (SELECT count(*) FROM caretrail.stay AS i WHERE i.stream = g.stream)),
       (SELECT count(*) FROM (SELECT client, program, count(*) AS rows FROM s GROUP BY client, program) AS g
         WHERE g.rows <> (SELECT count(*) FROM caretrail.stay AS i WHERE i.client = g.client AND i.program = g.program))
