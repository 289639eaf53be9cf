-- mark --
-- What this store is, who asks: the login, whether it is an operator or owns the store; and the time. Absent columns or tables
-- tell that it is not ours.
SELECT namespace, demo, schema_version, session_user::text,
       coalesce(pg_has_role(session_user, (SELECT c.relowner FROM pg_catalog.pg_class AS c WHERE c.oid = 'caretrail.log'::regclass), 'MEMBER')
                OR pg_has_role(session_user, to_regrole('caretrail_operator')::oid, 'MEMBER'), false),
       clock_timestamp()
  FROM caretrail.store

-- stamps --
-- The time now, and what the store and its two logs were stamped with last. A demo store has the caller's clock.
SELECT CASE WHEN demo THEN NULL ELSE clock_timestamp() END, created_at,
       (SELECT recorded_at FROM caretrail.log ORDER BY position DESC LIMIT 1),
       (SELECT recorded_at FROM caretrail.access ORDER BY position DESC LIMIT 1)
  FROM caretrail.store

-- clock --
-- The time now by the clock that stamps.
SELECT pg_catalog.clock_timestamp()

-- await_appends --
-- Wait for the appends in progress.
SELECT caretrail.await_appends()::text

-- is_read_only --
-- Whether nobody can write: a standby, or a setting of the server or of the database. Each session may choose the setting
-- for itself, and each login for its own: those keep nobody else from writing. Names in full, whatever the search path.
SELECT pg_catalog.pg_is_in_recovery()
       OR EXISTS (SELECT FROM pg_catalog.pg_settings
                   WHERE name OPERATOR(pg_catalog.=) 'default_transaction_read_only' AND setting OPERATOR(pg_catalog.=) 'on'
                     AND source OPERATOR(pg_catalog.=) ANY (ARRAY['configuration file', 'command line', 'global', 'database']))

-- append --
-- Everything in one round trip; the function's comment says what it refuses. The last columns are the settings its commit
-- is kept by, as they are: to compare them here would be a tenth of the call. In the driver's own notation: %b is binary.
SELECT position, stream, version, name, payload, recorded_at, recorded_by, asserted_by, source, command_id, salt,
       pg_catalog.current_setting('synchronous_commit'), pg_catalog.current_setting('synchronous_standby_names'),
       pg_catalog.current_setting('max_wal_senders'), pg_catalog.current_setting('client_min_messages'), pg_catalog.clock_timestamp()
  FROM caretrail.append(%(streams)b, %(versions)b, %(names)b, %(payloads)b, %(sources)b, %(commands)b, %(salts)b,
                        caller => %(caller)b)

-- still_waiting --
-- Whether standbys are still named, and the server's settings have not been read anew since a moment: who empties the
-- names of the standbys lets go of every commit that waits, without a warning.
SELECT pg_catalog.current_setting('synchronous_standby_names') OPERATOR(pg_catalog.<>) ''
       AND pg_catalog.pg_conf_load_time() OPERATOR(pg_catalog.<) %(at)b

-- confirm_kept --
-- A commit that waits for the standby, and changes nothing: its message in the log of the server is for nobody. What was
-- committed before is then as far kept as this. None on a standby, which commits nothing.
SELECT CASE WHEN pg_catalog.pg_is_in_recovery() THEN NULL
            ELSE pg_catalog.pg_logical_emit_message(true, 'caretrail', '') END::text,
       pg_catalog.set_config('synchronous_commit', CASE pg_catalog.current_setting('synchronous_commit')
                             WHEN 'off' THEN 'local' ELSE pg_catalog.current_setting('synchronous_commit') END, true),
       pg_catalog.current_setting('synchronous_standby_names'),
       pg_catalog.current_setting('max_wal_senders'), pg_catalog.current_setting('client_min_messages'), pg_catalog.clock_timestamp()

-- append_one --
-- The same for one event, the common call: the driver takes longer to make seven arrays than the server does.
SELECT position, stream, version, name, payload, recorded_at, recorded_by, asserted_by, source, command_id, salt,
       pg_catalog.current_setting('synchronous_commit'), pg_catalog.current_setting('synchronous_standby_names'),
       pg_catalog.current_setting('max_wal_senders'), pg_catalog.current_setting('client_min_messages'), pg_catalog.clock_timestamp()
  FROM caretrail.append(ARRAY[%(stream)b], ARRAY[%(version)b], ARRAY[%(name)b::text], ARRAY[%(payload)b],
                        ARRAY[%(source)b::text], ARRAY[%(command)b::text], ARRAY[%(salt)b], caller => %(caller)b)

-- append_with_stays --
-- The same, when stays change too.
SELECT position, stream, version, name, payload, recorded_at, recorded_by, asserted_by, source, command_id, salt,
       pg_catalog.current_setting('synchronous_commit'), pg_catalog.current_setting('synchronous_standby_names'),
       pg_catalog.current_setting('max_wal_senders'), pg_catalog.current_setting('client_min_messages'), pg_catalog.clock_timestamp()
  FROM caretrail.append(%(streams)b, %(versions)b, %(names)b, %(payloads)b, %(sources)b, %(commands)b, %(salts)b,
                        %(stays_of)b, %(stay_streams)b, %(clients)b, %(programs)b, %(first_days)b, %(last_days)b,
                        %(caller)b)

-- read_columns --
-- The log as its leaves are made of it. An epoch is numeric, so the microseconds are exact.
SELECT position, uuid_send(stream), version, name, payload, (extract(epoch FROM recorded_at) * 1000000)::bigint,
       recorded_by, asserted_by, source, command_id, salt
  FROM caretrail.log
 WHERE position > :after
 ORDER BY position
 LIMIT :limit

-- record_access --
-- The same for accesses; the function chooses more.
SELECT position, stream, version, name, payload, recorded_at, recorded_by, asserted_by, source, command_id, salt,
       pg_catalog.current_setting('synchronous_commit'), pg_catalog.current_setting('synchronous_standby_names'),
       pg_catalog.current_setting('max_wal_senders'), pg_catalog.current_setting('client_min_messages'), pg_catalog.clock_timestamp()
  FROM caretrail.record_access(%(payloads)b, %(commands)b, %(salts)b, %(caller)b)

-- drop_archived --
-- The function says what it drops.
SELECT caretrail.drop_archived(%(after)b, %(upto)b)

-- read_accesses --
-- Accesses in a stretch of their log; those of all events are of every episode.
SELECT position, stream, version, name, payload, recorded_at, recorded_by, asserted_by, source, command_id, salt
  FROM caretrail.access
 WHERE position > :after AND position <= :upto
   AND (:holding::bytea IS NULL OR position(:holding::bytea IN payload) > 0
        OR position('"whole_log":true'::bytea IN payload) > 0)
 ORDER BY position
 LIMIT :limit

-- read_log_of_names --
-- A stretch of the log, some stored names only.
SELECT position, stream, version, name, payload, recorded_at, recorded_by, asserted_by, source, command_id, salt
  FROM caretrail.log
 WHERE position > :after AND position <= :upto AND name = ANY (:names)
 ORDER BY position
 LIMIT :limit

-- position_at --
-- Times rise with positions, and positions above the floor have no gap, so a bisection finds the place without an index on time.
WITH RECURSIVE search (low, high) AS (
    SELECT :floor::bigint, coalesce(max(position), 0) FROM caretrail.log
    UNION ALL
    SELECT CASE WHEN l.recorded_at <= :moment THEN l.position ELSE s.low END,
           CASE WHEN l.recorded_at <= :moment THEN s.high ELSE l.position - 1 END
      FROM search AS s
      JOIN LATERAL (SELECT position, recorded_at FROM caretrail.log WHERE position = (s.low + s.high + 1) / 2
                    OFFSET 0) AS l ON true
     WHERE s.low < s.high
)
SELECT max(low) FROM search

-- select_streams --
-- Many streams, each from above a version; OFFSET 0 keeps the planner from joining the whole log.
SELECT l.position, l.stream, l.version, l.name, l.payload, l.recorded_at, l.recorded_by, l.asserted_by, l.source, l.command_id, l.salt
  FROM unnest(:streams::uuid[], :versions::bigint[]) AS k (stream, version)
  JOIN LATERAL (SELECT * FROM caretrail.log AS c WHERE c.stream = k.stream AND c.version > k.version
                ORDER BY c.version OFFSET 0) AS l ON true

-- at --
-- The events at some positions.
SELECT position, stream, version, name, payload, recorded_at, recorded_by, asserted_by, source, command_id, salt
  FROM caretrail.log
 WHERE position = ANY(:positions::bigint[])

-- select_all_but --
-- Many streams, each without the events of some stored names, but with its newest.
SELECT l.position, l.stream, l.version, l.name, l.payload, l.recorded_at, l.recorded_by, l.asserted_by, l.source, l.command_id, l.salt
  FROM unnest(:streams::uuid[]) AS k (stream)
  JOIN LATERAL (SELECT * FROM caretrail.log AS c
                 WHERE c.stream = k.stream
                   AND (c.name <> ALL (:names::text[])
                        OR c.version = (SELECT max(m.version) FROM caretrail.log AS m WHERE m.stream = k.stream))
                 ORDER BY c.version OFFSET 0) AS l ON true

-- find_commands --
-- What is recorded under these pairs of source and command_id.
SELECT l.position, l.stream, l.version, l.name, l.payload, l.recorded_at, l.recorded_by, l.asserted_by, l.source, l.command_id, l.salt
  FROM unnest(:sources::text[], :commands::text[]) AS k (source, command_id)
  JOIN LATERAL (SELECT * FROM caretrail.log AS c WHERE c.source = k.source AND c.command_id = k.command_id
                OFFSET 0) AS l ON true

-- read_for_decision --
-- The event of one command, and one stream from above a version: the two conditions are a probe of an index each.
SELECT position, stream, version, name, payload, recorded_at, recorded_by, asserted_by, source, command_id, salt
  FROM caretrail.log
 WHERE (source = :source AND command_id = :command) OR (stream = :stream AND version > :version)
 ORDER BY position

-- read_outline_for_decision --
-- The same with one stream without the events of some stored names, but with its newest.
SELECT position, stream, version, name, payload, recorded_at, recorded_by, asserted_by, source, command_id, salt
  FROM caretrail.log
 WHERE (source = :source AND command_id = :command)
    OR (stream = :stream
        AND (name <> ALL (:names::text[])
             OR version = (SELECT max(m.version) FROM caretrail.log AS m WHERE m.stream = :stream)))
 ORDER BY position

-- streams_mentioning --
-- Streams with an event that holds some bytes.
SELECT DISTINCT stream FROM caretrail.log
 WHERE position(:needle::bytea IN payload) > 0

-- mentions --
-- Whether an event holds some bytes.
SELECT 1 FROM caretrail.log
 WHERE position <= :upto AND position(:needle::bytea IN payload) > 0
 LIMIT 1
