-- How events enter the log on PostgreSQL: run when a store is made.

-- Append events and replace stays, all or nothing, and return what is stored. No value of an event or stay may enter a
-- message: the numbers a caller needs come in a fixed form with these states.
--   CT001 stream=… expected=… actual=…   decided on another version
--   CT002 position=…                     the command is recorded with other content
--   CT003 stream=…                       another stream has a stay in these days
--   CT004                                the arguments are malformed
--   CT006                                the transaction is not READ COMMITTED, so it could not see the newest event
--   CT007                                an access, which only `record_access` records, into the other log
--   CT008                                an import into an episode with events recorded as they happened
--   CT010                                a payload that is no JSON object in UTF-8: nobody could read it back
--   CT011                                a void by position, of another than an operator
--   CT009                                what the table holds now is not what was put there: a trigger or rule of others
--   CT016                                more than 10,000 events, or more than 16 MB, in one call
--   CT015                                a confirmation of the clock, of another than an operator
--   CT017                                an archive of accesses, of another than an operator
--   CT012 now=… caller=…                 the clocks of server and caller differ by more than ten minutes
--   CT013 now=… newest=…                 the clock is more than ten minutes behind the newest record of either log
--   CT014 now=… made=… event=…           the clock is more than 31 days ahead of the newest event, or of the store's making
-- Times are microseconds since 1970 UTC. Only a demo store is stamped by the clock of the caller, and not held against the log.
-- The planner settings hold for what runs inside: every search is a handful of index probes, and a plan cached while
-- the table was small must not become a scan when it is large.
CREATE OR REPLACE FUNCTION caretrail.append(
    streams uuid[], versions bigint[], names text[], payloads bytea[], sources text[], commands text[], salts bytea[],
    stays_of uuid[] DEFAULT '{}', stay_streams uuid[] DEFAULT '{}', clients text[] DEFAULT '{}',
    programs text[] DEFAULT '{}', first_days date[] DEFAULT '{}', last_days date[] DEFAULT '{}',
    caller timestamptz DEFAULT NULL
) RETURNS SETOF caretrail.log
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET lock_timeout = '5s'
    SET plan_cache_mode = force_generic_plan
    SET enable_seqscan = off
    SET enable_hashjoin = off
    SET enable_mergejoin = off
AS $$
DECLARE
    total      CONSTANT integer := cardinality(streams);
    latest     bigint;
    newest     record;
    mark       record;
    here       timestamptz;
    stamped    timestamptz;
    start      timestamptz;
    clash      record;
    known      bigint := 0;
    first      bigint;
    other      bigint;
    kept       bigint;
    is_json    boolean;
    operates   boolean;
BEGIN
    -- Who calls this inside a transaction of its own holds the head until that ends: it must neither idle nor go on for long.
    PERFORM set_config('idle_in_transaction_session_timeout', '2s', true), set_config('statement_timeout', '8s', true);
    IF current_setting('server_version_num')::integer >= 170000 THEN
        PERFORM set_config('transaction_timeout', '8s', true);
    END IF;
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'append needs READ COMMITTED' USING ERRCODE = 'CT006';
    END IF;
    IF NOT coalesce(total > 0
        AND total = ALL (ARRAY[cardinality(versions), cardinality(names), cardinality(payloads), cardinality(sources),
                               cardinality(commands), cardinality(salts)])
        AND array_position(streams, NULL) IS NULL AND array_position(versions, NULL) IS NULL
        AND array_position(names, NULL) IS NULL AND array_position(payloads, NULL) IS NULL
        AND array_position(sources, NULL) IS NULL AND array_position(commands, NULL) IS NULL
        AND array_position(salts, NULL) IS NULL AND array_position(names, '') IS NULL
        AND array_position(commands, '') IS NULL
        AND stays_of <@ streams AND stay_streams <@ stays_of, false)   -- nobody moves the stays of another episode in passing
    THEN
        RAISE EXCEPTION 'append was called with malformed arguments' USING ERRCODE = 'CT004';
    END IF;
    IF total > 10000 OR (SELECT sum(octet_length(p.payload)) FROM unnest(payloads) AS p (payload)) > 16777216 THEN
        RAISE EXCEPTION 'one call is too large' USING ERRCODE = 'CT016';
    END IF;
    IF 'caretrail.access' = ANY (sources)
        OR EXISTS (SELECT FROM unnest(names) AS n (name) WHERE starts_with(n.name, 'accessed/'))
    THEN
        RAISE EXCEPTION 'an access is recorded by record_access' USING ERRCODE = 'CT007';
    END IF;

    IF EXISTS (SELECT FROM unnest(names) AS n (name) WHERE n.name LIKE '%;imported' OR starts_with(n.name, 'position_voided/')
                                                                   OR starts_with(n.name, 'clock_confirmed/')
                                                                  OR starts_with(n.name, 'accesses_archived/')) THEN
        operates := pg_has_role(session_user, (SELECT c.relowner FROM pg_class AS c WHERE c.oid = 'caretrail.log'::regclass), 'MEMBER')
                    OR coalesce(pg_has_role(session_user, to_regrole('caretrail_operator')::oid, 'MEMBER'), false);
        IF NOT operates AND EXISTS (SELECT FROM unnest(names) AS n (name) WHERE starts_with(n.name, 'position_voided/')) THEN
            RAISE EXCEPTION 'only an operator voids by position' USING ERRCODE = 'CT011';
        END IF;
        IF NOT operates AND EXISTS (SELECT FROM unnest(names) AS n (name) WHERE starts_with(n.name, 'clock_confirmed/')) THEN
            RAISE EXCEPTION 'only an operator confirms the clock' USING ERRCODE = 'CT015';
        END IF;
        IF NOT operates AND EXISTS (SELECT FROM unnest(names) AS n (name) WHERE starts_with(n.name, 'accesses_archived/')) THEN
            RAISE EXCEPTION 'only an operator archives accesses' USING ERRCODE = 'CT017';
        END IF;
    END IF;
    BEGIN   -- the error of the server would repeat a part of the payload, in its log, too
        SELECT bool_and(json_typeof(convert_from(p.payload, 'UTF8')::json) = 'object') INTO is_json
          FROM unnest(payloads) AS p (payload);
    EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
        is_json := false;
    END;
    IF NOT is_json THEN
        RAISE EXCEPTION 'a payload is no JSON object' USING ERRCODE = 'CT010';
    END IF;

    IF current_setting('synchronous_commit') = 'off' THEN   -- what has a receipt is on the disk, whatever a session is set to
        PERFORM set_config('synchronous_commit', 'local', true);
    END IF;
    SELECT s.demo, s.created_at INTO mark FROM caretrail.store AS s FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the mark of the store is missing' USING ERRCODE = 'data_corrupted';
    END IF;

    -- A recorded command: the retry of a call that was recorded gets its first result.
    IF EXISTS (SELECT FROM caretrail.log AS l WHERE l.source = ANY (sources) AND l.command_id = ANY (commands)) THEN
        SELECT count(l.position), min(l.position),
               min(l.position) FILTER (WHERE (l.stream, l.name, l.payload) IS DISTINCT FROM (e.stream, e.name, e.payload))
          INTO known, first, other
          FROM unnest(streams, names, payloads, sources, commands) AS e (stream, name, payload, source, command)
          LEFT JOIN LATERAL (SELECT * FROM caretrail.log AS c WHERE c.source = e.source AND c.command_id = e.command
                             OFFSET 0) AS l ON true;
        IF other IS NOT NULL THEN
            RAISE EXCEPTION 'position=%', other USING ERRCODE = 'CT002';
        END IF;
        IF known = total THEN
            RETURN QUERY
                SELECT l.* FROM unnest(sources, commands) WITH ORDINALITY AS e (source, command, place)
                  JOIN LATERAL (SELECT * FROM caretrail.log AS c WHERE c.source = e.source AND c.command_id = e.command
                                OFFSET 0) AS l ON true
                 ORDER BY e.place;
            RETURN;
        END IF;
    END IF;

    -- Each event must be the next of its stream. One event alone, the common call, goes without the windows.
    IF total = 1 THEN
        SELECT l.version INTO latest
          FROM caretrail.log AS l WHERE l.stream = streams[1] ORDER BY l.version DESC LIMIT 1;
        IF versions[1] <> coalesce(latest, 0) + 1 THEN
            RAISE EXCEPTION 'stream=% expected=% actual=%', streams[1], versions[1] - 1, coalesce(latest, 0)
                USING ERRCODE = 'CT001';
        END IF;
    ELSE
        SELECT e.stream, e.version - 1 AS expected, coalesce(l.version, 0) + e.nth - 1 AS actual
          INTO clash
          FROM (SELECT u.stream, u.version, u.place, row_number() OVER (PARTITION BY u.stream ORDER BY u.place) AS nth
                  FROM unnest(streams, versions) WITH ORDINALITY AS u (stream, version, place)) AS e
          LEFT JOIN LATERAL (SELECT c.version FROM caretrail.log AS c WHERE c.stream = e.stream
                              ORDER BY c.version DESC LIMIT 1) AS l ON true
         WHERE e.version IS DISTINCT FROM coalesce(l.version, 0) + e.nth
         ORDER BY e.place LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'stream=% expected=% actual=%', clash.stream, clash.expected, clash.actual
                USING ERRCODE = 'CT001';
        END IF;
    END IF;
    IF known > 0 THEN   -- part of the call is recorded, and the caller, which read it, did not search for it
        RAISE EXCEPTION 'position=%', first USING ERRCODE = 'CT002';
    END IF;

    -- A historical load is never late, so it comes before what is recorded as it happens; an operator may mend one.
    IF EXISTS (SELECT FROM unnest(names) AS n (name) WHERE n.name LIKE '%;imported') THEN
        IF NOT operates THEN
            IF EXISTS (SELECT FROM (SELECT e.stream, max(e.place) FILTER (WHERE e.name LIKE '%;imported') AS imported,
                                           min(e.place) FILTER (WHERE e.name NOT LIKE '%;imported') AS live
                                      FROM unnest(streams, names) WITH ORDINALITY AS e (stream, name, place)
                                     GROUP BY e.stream) AS s
                        WHERE s.imported IS NOT NULL
                          AND (s.live < s.imported
                               OR EXISTS (SELECT FROM caretrail.log AS l
                                           WHERE l.stream = s.stream AND l.name NOT LIKE '%;imported')))
            THEN
                RAISE EXCEPTION 'an import into an episode with events recorded as they happened' USING ERRCODE = 'CT008';
            END IF;
        END IF;
    END IF;

    IF cardinality(stays_of) > 0 THEN
        DELETE FROM caretrail.stay WHERE stream = ANY (stays_of);
        INSERT INTO caretrail.stay (stream, client, program, first_day, last_day)
            SELECT * FROM unnest(stay_streams, clients, programs, first_days, last_days);
        SELECT o.stream INTO clash
          FROM caretrail.stay AS n
          JOIN LATERAL (SELECT * FROM caretrail.stay AS s WHERE s.client = n.client AND s.program = n.program
                        OFFSET 0) AS o ON true
         WHERE n.stream = ANY (stays_of) AND o.stream <> n.stream
           AND n.first_day < coalesce(o.last_day, 'infinity') AND o.first_day < coalesce(n.last_day, 'infinity')
         ORDER BY o.first_day LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'stream=%', clash.stream USING ERRCODE = 'CT003';
        END IF;
    END IF;

    -- Position and time come from the newest event alone: no gap, and time strictly rises with position.
    SELECT l.position, l.recorded_at INTO newest FROM caretrail.log AS l ORDER BY l.position DESC LIMIT 1;
    here := CASE WHEN mark.demo THEN coalesce(caller, clock_timestamp()) ELSE clock_timestamp() END;
    IF NOT mark.demo THEN
        IF abs(extract(epoch FROM here - caller)) > 600 THEN
            RAISE EXCEPTION 'now=% caller=%', (extract(epoch FROM here) * 1000000)::bigint, (extract(epoch FROM caller) * 1000000)::bigint
                USING ERRCODE = 'CT012';
        END IF;
        SELECT greatest(coalesce(newest.recorded_at, mark.created_at), a.recorded_at) INTO stamped
          FROM (SELECT max(c.recorded_at) AS recorded_at
                  FROM (SELECT recorded_at FROM caretrail.access ORDER BY position DESC LIMIT 1) AS c) AS a;
        IF total > 1 OR NOT starts_with(names[1], 'clock_confirmed/') THEN
            IF here < stamped - interval '10 minutes' THEN
                -- an operator has confirmed it, unless the clock has gone further back since, or a later time was stamped
                IF NOT EXISTS (
                    SELECT FROM caretrail.log AS l
                     WHERE l.source = 'caretrail.store' AND l.command_id >= 'clock behind ' AND l.command_id < 'clock behind!'
                       AND CASE WHEN starts_with(l.name, 'clock_confirmed/') AND l.command_id ~ '^clock behind -?[0-9]{1,17} -?[0-9]{1,17}$'
                                THEN split_part(l.command_id, ' ', 3)::bigint - 600000000 <= extract(epoch FROM here) * 1000000
                                     AND split_part(l.command_id, ' ', 4)::bigint + 600000000 >= extract(epoch FROM stamped) * 1000000
                                ELSE false END)
                THEN
                    RAISE EXCEPTION 'now=% newest=%', (extract(epoch FROM here) * 1000000)::bigint,
                        (extract(epoch FROM stamped) * 1000000)::bigint USING ERRCODE = 'CT013';
                END IF;
            ELSIF here > coalesce(newest.recorded_at, mark.created_at) + interval '31 days' THEN
                RAISE EXCEPTION 'now=% made=% event=%', (extract(epoch FROM here) * 1000000)::bigint,
                    (extract(epoch FROM mark.created_at) * 1000000)::bigint,
                    (extract(epoch FROM newest.recorded_at) * 1000000)::bigint USING ERRCODE = 'CT014';
            END IF;
        END IF;
    END IF;
    -- Up to ten minutes behind, also not before what was viewed: what was known then has been told.
    start := greatest(here, newest.recorded_at + interval '1 microsecond',
                      CASE WHEN stamped <= here + interval '10 minutes' THEN stamped + interval '1 microsecond' END);
    -- They are read back from the table, not returned from the insert: only so a trigger of others shows.
    IF total = 1 THEN
        INSERT INTO caretrail.log
        VALUES (coalesce(newest.position, 0) + 1, streams[1], versions[1], names[1], payloads[1], start, session_user, '',
                sources[1], commands[1], salts[1]);
        RETURN QUERY
            SELECT l.* FROM caretrail.log AS l
             WHERE l.position = coalesce(newest.position, 0) + 1 AND l.recorded_at = start AND l.recorded_by = session_user::text
               AND l.asserted_by = '' AND l.stream = streams[1] AND l.version = versions[1] AND l.name = names[1]
               AND l.payload = payloads[1] AND l.source = sources[1] AND l.command_id = commands[1] AND l.salt = salts[1];
    ELSE
        INSERT INTO caretrail.log
        SELECT coalesce(newest.position, 0) + e.place, e.stream, e.version, e.name, e.payload,
               start + (e.place - 1) * interval '1 microsecond', session_user, '', e.source, e.command, e.salt
          FROM unnest(streams, versions, names, payloads, sources, commands, salts)
               WITH ORDINALITY AS e (stream, version, name, payload, source, command, salt, place);
        RETURN QUERY
            SELECT l.*
              FROM unnest(streams, versions, names, payloads, sources, commands, salts)
                   WITH ORDINALITY AS e (stream, version, name, payload, source, command, salt, place)
              JOIN LATERAL (SELECT * FROM caretrail.log AS c WHERE c.position = coalesce(newest.position, 0) + e.place
                            OFFSET 0) AS l
                ON (l.stream, l.version, l.name, l.payload, l.recorded_at, l.recorded_by, l.asserted_by, l.source,
                    l.command_id, l.salt)
                 = (e.stream, e.version, e.name, e.payload, start + (e.place - 1) * interval '1 microsecond',
                    session_user::text, '', e.source, e.command, e.salt)
             ORDER BY e.place;
    END IF;
    GET DIAGNOSTICS kept = ROW_COUNT;
    IF kept <> total THEN
        RAISE EXCEPTION 'what was put into the log is not there' USING ERRCODE = 'CT009';
    END IF;
    PERFORM pg_notify('caretrail_log', (coalesce(newest.position, 0) + total)::text);
END $$;

-- Record accesses: the one thing every role may add. Whose they are is chosen here: the stream of the account, computed
-- from the login as `access_stream` of Python does, its next version, name and source. So there is no conflict, and no
-- login can access a record in another's name. Recorded before under their commands, they return their first result.
-- Their log has its own head and nobody follows it: this waits for no append, holds none up, and notifies nobody.
CREATE OR REPLACE FUNCTION caretrail.record_access(
    payloads bytea[], commands text[], salts bytea[], caller timestamptz DEFAULT NULL
)
    RETURNS SETOF caretrail.access
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET lock_timeout = '5s'
    SET plan_cache_mode = force_generic_plan
    SET enable_seqscan = off
    SET enable_hashjoin = off
    SET enable_mergejoin = off
AS $$
DECLARE
    total      CONSTANT integer := cardinality(payloads);
    space      uuid;
    demo       boolean;
    own        uuid;
    latest     bigint;
    newest     record;
    start      timestamptz;
    known      bigint;
    first      bigint;
    other      bigint;
    kept       bigint;
BEGIN
    -- Who calls this inside a transaction of its own holds the head until that ends: it must neither idle nor go on for long.
    PERFORM set_config('idle_in_transaction_session_timeout', '2s', true), set_config('statement_timeout', '8s', true);
    IF current_setting('server_version_num')::integer >= 170000 THEN
        PERFORM set_config('transaction_timeout', '8s', true);
    END IF;
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'record_access needs READ COMMITTED' USING ERRCODE = 'CT006';
    END IF;
    IF NOT coalesce(total BETWEEN 1 AND 1000 AND total = ALL (ARRAY[cardinality(commands), cardinality(salts)])
        AND array_position(payloads, NULL) IS NULL AND array_position(commands, NULL) IS NULL
        AND array_position(salts, NULL) IS NULL
        AND NOT EXISTS (SELECT FROM unnest(payloads) AS p (payload) WHERE octet_length(p.payload) > 262144)
        AND NOT EXISTS (SELECT FROM unnest(commands) AS c (command) WHERE octet_length(c.command) NOT BETWEEN 1 AND 1000)
        AND total = (SELECT count(DISTINCT c.command) FROM unnest(commands) AS c (command)), false)
    THEN
        RAISE EXCEPTION 'record_access was called with malformed arguments' USING ERRCODE = 'CT004';
    END IF;

    IF current_setting('synchronous_commit') = 'off' THEN   -- an access is on the disk, whatever a session is set to
        PERFORM set_config('synchronous_commit', 'local', true);
    END IF;
    IF (SELECT sum(octet_length(p.payload)) FROM unnest(payloads) AS p (payload)) > 16777216 THEN
        RAISE EXCEPTION 'one call is too large' USING ERRCODE = 'CT016';
    END IF;

    PERFORM FROM caretrail.access_head FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the head of the accesses is missing' USING ERRCODE = 'data_corrupted';
    END IF;
    SELECT s.namespace, s.demo INTO space, demo FROM caretrail.store AS s;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the mark of the store is missing' USING ERRCODE = 'data_corrupted';
    END IF;
    own := encode(substr(sha256(convert_to('caretrail access', 'UTF8') || uuid_send(space)
                                || convert_to(session_user::text, 'UTF8')), 1, 16), 'hex')::uuid;

    IF EXISTS (SELECT FROM caretrail.access AS l WHERE l.source = 'caretrail.access' AND l.command_id = ANY (commands)) THEN
        SELECT count(l.position), min(l.position),
               min(l.position) FILTER (WHERE (l.stream, l.name, l.payload) IS DISTINCT FROM (own, 'accessed/1', e.payload))
          INTO known, first, other
          FROM unnest(payloads, commands) AS e (payload, command)
          LEFT JOIN LATERAL (SELECT * FROM caretrail.access AS c WHERE c.source = 'caretrail.access'
                             AND c.command_id = e.command OFFSET 0) AS l ON true
         WHERE l.position IS NOT NULL;
        IF other IS NOT NULL OR known < total THEN
            RAISE EXCEPTION 'position=%', coalesce(other, first) USING ERRCODE = 'CT002';
        END IF;
        RETURN QUERY
            SELECT l.* FROM unnest(commands) WITH ORDINALITY AS e (command, place)
              JOIN LATERAL (SELECT * FROM caretrail.access AS c WHERE c.source = 'caretrail.access'
                            AND c.command_id = e.command OFFSET 0) AS l ON true
             ORDER BY e.place;
        RETURN;
    END IF;

    SELECT l.version INTO latest FROM caretrail.access AS l WHERE l.stream = own ORDER BY l.version DESC LIMIT 1;
    SELECT l.position, l.recorded_at INTO newest FROM caretrail.access AS l ORDER BY l.position DESC LIMIT 1;
    start := greatest(CASE WHEN demo THEN coalesce(caller, clock_timestamp()) ELSE clock_timestamp() END,
                      newest.recorded_at + interval '1 microsecond');
    INSERT INTO caretrail.access
    SELECT coalesce(newest.position, 0) + e.place, own, coalesce(latest, 0) + e.place, 'accessed/1', e.payload,
           start + (e.place - 1) * interval '1 microsecond', session_user, '', 'caretrail.access', e.command, e.salt
      FROM unnest(payloads, commands, salts) WITH ORDINALITY AS e (payload, command, salt, place);
    -- Read back, as in `append`: an access that is not there as it was sent must not let anything be shown.
    RETURN QUERY
        SELECT l.*
          FROM unnest(payloads, commands, salts) WITH ORDINALITY AS e (payload, command, salt, place)
          JOIN LATERAL (SELECT * FROM caretrail.access AS c WHERE c.position = coalesce(newest.position, 0) + e.place
                        OFFSET 0) AS l
            ON (l.stream, l.version, l.name, l.payload, l.recorded_at, l.recorded_by, l.asserted_by, l.source,
                l.command_id, l.salt)
             = (own, coalesce(latest, 0) + e.place, 'accessed/1', e.payload,
                start + (e.place - 1) * interval '1 microsecond', session_user::text, '', 'caretrail.access', e.command,
                e.salt)
         ORDER BY e.place;
    GET DIAGNOSTICS kept = ROW_COUNT;
    IF kept <> total THEN
        RAISE EXCEPTION 'what was put into the accesses is not there' USING ERRCODE = 'CT009';
    END IF;
END $$;

-- Wait for the appends in progress: whatever is recorded from here on has a later time. It keeps nothing, so it waits for no
-- disk and no standby.
CREATE OR REPLACE FUNCTION caretrail.await_appends() RETURNS void
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET lock_timeout = '5s'
AS $$
BEGIN
    -- Who calls this inside a transaction of its own holds the head until that ends: it must neither idle nor go on for long.
    PERFORM set_config('idle_in_transaction_session_timeout', '2s', true), set_config('statement_timeout', '8s', true);
    IF current_setting('server_version_num')::integer >= 170000 THEN
        PERFORM set_config('transaction_timeout', '8s', true);
    END IF;
    PERFORM set_config('synchronous_commit', 'off', true);
    PERFORM FROM caretrail.store FOR UPDATE;
END $$;

-- Drop archived accesses from above one position up to another, and return how many. What may go is not decided here: the
-- guard of the table asks the log of events, and refuses the rest. Disclosures, and the newest of each account, stay.
CREATE OR REPLACE FUNCTION caretrail.drop_archived(low bigint, high bigint)
    RETURNS bigint
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET lock_timeout = '5s'
AS $$
DECLARE
    cut     bigint;
    dropped bigint;
BEGIN
    SELECT max(substr(l.command_id, 19)::bigint) INTO cut FROM caretrail.log AS l
     WHERE l.source = 'caretrail.store' AND starts_with(l.name, 'accesses_archived/')
       AND l.command_id >= 'accesses_archived ' AND l.command_id < 'accesses_archived!';
    DELETE FROM caretrail.access AS a
     WHERE a.position > low AND a.position <= high AND position('"disclosure"'::bytea IN a.payload) = 0
       AND EXISTS (SELECT FROM caretrail.access AS n
                    WHERE n.stream = a.stream AND n.version > a.version AND n.position <= cut);
    GET DIAGNOSTICS dropped = ROW_COUNT;
    RETURN dropped;
END $$;

REVOKE ALL ON FUNCTION caretrail.append, caretrail.record_access, caretrail.await_appends, caretrail.drop_archived FROM PUBLIC;
