-- The two logs and what guards them, on PostgreSQL 15 to 18. Run once, in one transaction, by the role that shall own it.
-- An event enters through the functions of `append.sql` only; `roles.sql` says who may do what, once
-- there are roles.

CREATE SCHEMA IF NOT EXISTS caretrail;

-- Its one row is the lock that puts all appends in one order. It is never updated: each update would leave a dead
-- version behind, and while any session holds an old snapshot every append would have to walk past all of them.
CREATE TABLE caretrail.store (
    one            boolean PRIMARY KEY DEFAULT true CHECK (one),
    namespace      uuid NOT NULL,
    schema_version integer NOT NULL,
    demo           boolean NOT NULL,
    created_at     timestamptz(6) NOT NULL DEFAULT clock_timestamp()
);

-- A domain, because a failed CHECK of a table writes the whole row into the server's log.
CREATE DOMAIN caretrail.salt AS bytea CHECK (octet_length(VALUE) = 16);

-- Collation "C": an upgrade of the system's collations must not be able to break a unique index.
CREATE TABLE caretrail.log (
    position       bigint PRIMARY KEY CHECK (position > 0),
    stream         uuid NOT NULL,
    version        bigint NOT NULL CHECK (version > 0),
    name           text COLLATE "C" NOT NULL CHECK (name <> ''),
    payload        bytea NOT NULL,
    recorded_at    timestamptz(6) NOT NULL,
    recorded_by    text COLLATE "C" NOT NULL,
    asserted_by    text COLLATE "C" NOT NULL,              -- an author that a gateway vouches for; '' where the login is one
    source         text COLLATE "C" NOT NULL,
    command_id     text COLLATE "C" NOT NULL CHECK (command_id <> ''),
    salt           caretrail.salt NOT NULL,
    UNIQUE (stream, version),
    UNIQUE (source, command_id)
);

-- The second log: who viewed what, with the columns of the first and positions of its own. Its head is another row, so
-- that viewing and appending never wait for each other.
CREATE TABLE caretrail.access (LIKE caretrail.log INCLUDING ALL);
CREATE TABLE caretrail.access_head (one boolean PRIMARY KEY DEFAULT true CHECK (one));
INSERT INTO caretrail.access_head DEFAULT VALUES;

CREATE TABLE caretrail.stay (
    stream         uuid NOT NULL,
    client         text COLLATE "C" NOT NULL,
    program        text COLLATE "C" NOT NULL,
    first_day      date NOT NULL,
    last_day       date
);
CREATE INDEX stay_of_stream ON caretrail.stay (stream);
CREATE INDEX stay_of_client ON caretrail.stay (client, program);

-- The ledger of each log (1 events, 2 accesses): complete tiles of 256 hashes (level 0: of leaves), with the root over
-- them; and up to which position they are made. Worked out from the log, so anyone who projects may make them again.
CREATE TABLE caretrail.tile (
    log            smallint NOT NULL,
    level          smallint NOT NULL,
    number         bigint NOT NULL,
    hashes         bytea NOT NULL,
    root           bytea NOT NULL,
    PRIMARY KEY (log, level, number)
);
CREATE TABLE caretrail.tiled (
    log            smallint PRIMARY KEY,
    position       bigint NOT NULL
);

-- What is recorded stays, for the owner and for superusers too. ALWAYS: also under session_replication_role = replica.
CREATE FUNCTION caretrail.refuse_change() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$$ BEGIN RAISE EXCEPTION 'the log is append-only' USING ERRCODE = 'CT005'; END $$;

-- Of the accesses, what is in an archive may go, as far as the log of events records one: but no disclosure, and not the
-- newest of an account among them, from which its versions go on.
CREATE FUNCTION caretrail.refuse_change_of_access() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$$
DECLARE
    cut bigint;
BEGIN
    IF TG_OP = 'DELETE' THEN
        SELECT max(substr(l.command_id, 19)::bigint) INTO cut FROM caretrail.log AS l
         WHERE l.source = 'caretrail.store' AND starts_with(l.name, 'accesses_archived/')
           AND l.command_id >= 'accesses_archived ' AND l.command_id < 'accesses_archived!';
        IF OLD.position <= cut AND position('"disclosure"'::bytea IN OLD.payload) = 0
            AND EXISTS (SELECT FROM caretrail.access AS a
                         WHERE a.stream = OLD.stream AND a.version > OLD.version AND a.position <= cut)
        THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION 'the log is append-only' USING ERRCODE = 'CT005';
END $$;

CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON caretrail.log
    FOR EACH STATEMENT EXECUTE FUNCTION caretrail.refuse_change();
CREATE TRIGGER refuse_row_change BEFORE UPDATE OR DELETE ON caretrail.log
    FOR EACH ROW EXECUTE FUNCTION caretrail.refuse_change();
CREATE TRIGGER refuse_change BEFORE UPDATE OR TRUNCATE ON caretrail.access
    FOR EACH STATEMENT EXECUTE FUNCTION caretrail.refuse_change();
CREATE TRIGGER refuse_row_change BEFORE UPDATE OR DELETE ON caretrail.access
    FOR EACH ROW EXECUTE FUNCTION caretrail.refuse_change_of_access();
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON caretrail.store
    FOR EACH STATEMENT EXECUTE FUNCTION caretrail.refuse_change();
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON caretrail.access_head
    FOR EACH STATEMENT EXECUTE FUNCTION caretrail.refuse_change();
ALTER TABLE caretrail.log ENABLE ALWAYS TRIGGER refuse_change;
ALTER TABLE caretrail.log ENABLE ALWAYS TRIGGER refuse_row_change;
ALTER TABLE caretrail.access ENABLE ALWAYS TRIGGER refuse_change;
ALTER TABLE caretrail.access ENABLE ALWAYS TRIGGER refuse_row_change;
ALTER TABLE caretrail.store ENABLE ALWAYS TRIGGER refuse_change;
ALTER TABLE caretrail.access_head ENABLE ALWAYS TRIGGER refuse_change;

REVOKE ALL ON FUNCTION caretrail.refuse_change, caretrail.refuse_change_of_access FROM PUBLIC;
