-- The two logs and what guards them, on SQLite. The settings of each connection are in setup.py.

CREATE TABLE store (
    one            INTEGER PRIMARY KEY CHECK (one = 1),
    namespace      BLOB NOT NULL CHECK (length(namespace) = 16),
    demo           INTEGER NOT NULL CHECK (demo IN (0, 1)),
    created_at     INTEGER NOT NULL                     -- microseconds since 1970 UTC, like every time here
) STRICT;

CREATE TABLE log (
    position       INTEGER PRIMARY KEY CHECK (position > 0),
    stream         BLOB NOT NULL CHECK (length(stream) = 16),
    version        INTEGER NOT NULL CHECK (version > 0),
    name           TEXT NOT NULL CHECK (name <> ''),
    payload        BLOB NOT NULL,
    recorded_at    INTEGER NOT NULL,
    recorded_by    TEXT NOT NULL,
    asserted_by    TEXT NOT NULL,                        -- an author that a gateway vouches for; '' where the login is one
    source         TEXT NOT NULL,
    command_id     TEXT NOT NULL CHECK (command_id <> ''),
    salt           BLOB NOT NULL CHECK (length(salt) = 16),
    UNIQUE (stream, version),
    UNIQUE (source, command_id)
) STRICT;

-- The second log: who viewed what, with the columns of the first, and positions of its own.
CREATE TABLE access (
    position       INTEGER PRIMARY KEY CHECK (position > 0),
    stream         BLOB NOT NULL CHECK (length(stream) = 16),
    version        INTEGER NOT NULL CHECK (version > 0),
    name           TEXT NOT NULL CHECK (name <> ''),
    payload        BLOB NOT NULL,
    recorded_at    INTEGER NOT NULL,
    recorded_by    TEXT NOT NULL,
    asserted_by    TEXT NOT NULL,                        -- an author that a gateway vouches for; '' where the login is one
    source         TEXT NOT NULL,
    command_id     TEXT NOT NULL CHECK (command_id <> ''),
    salt           BLOB NOT NULL CHECK (length(salt) = 16),
    UNIQUE (stream, version),
    UNIQUE (source, command_id)
) STRICT;

CREATE TABLE stay (
    stream         BLOB NOT NULL,
    client         TEXT NOT NULL,
    program        TEXT NOT NULL,
    first_day      TEXT NOT NULL,                       -- ISO dates: their text sorts as they do
    last_day       TEXT
) STRICT;
CREATE INDEX stay_of_stream ON stay (stream);
CREATE INDEX stay_of_client ON stay (client, program);

-- The ledger of each log (1 events, 2 accesses): complete tiles of 256 hashes (level 0: of leaves), with the root over
-- them; and up to which position they are made. Worked out from the log, so anyone who projects may make them again.
CREATE TABLE tile (
    log            INTEGER NOT NULL,
    level          INTEGER NOT NULL,
    number         INTEGER NOT NULL,
    hashes         BLOB NOT NULL,
    root           BLOB NOT NULL,
    PRIMARY KEY (log, level, number)
) STRICT;
CREATE TABLE tiled (
    log            INTEGER PRIMARY KEY,
    position       INTEGER NOT NULL
) STRICT;

-- REPLACE deletes what is in its way without a delete trigger unless the connection asks for recursive triggers, and
-- a raw insert could choose a place of its own. So an insert must be the next position and the next version of its
-- stream, of a command not yet recorded: then there is nothing REPLACE could delete.
CREATE TRIGGER log_only_grows BEFORE INSERT ON log
WHEN NEW.position IS NOT (SELECT coalesce(max(position), 0) + 1 FROM log)
  OR NEW.version IS NOT (SELECT coalesce(max(version), 0) + 1 FROM log WHERE stream = NEW.stream)
  OR EXISTS (SELECT 1 FROM log WHERE source = NEW.source AND command_id = NEW.command_id)
BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;

CREATE TRIGGER log_refuses_update BEFORE UPDATE ON log
BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;

CREATE TRIGGER log_refuses_delete BEFORE DELETE ON log
BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;

CREATE TRIGGER access_only_grows BEFORE INSERT ON access
WHEN NEW.position IS NOT (SELECT coalesce(max(position), 0) + 1 FROM access)
  OR NEW.version IS NOT (SELECT coalesce(max(version), 0) + 1 FROM access WHERE stream = NEW.stream)
  OR EXISTS (SELECT 1 FROM access WHERE source = NEW.source AND command_id = NEW.command_id)
BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;

CREATE TRIGGER access_refuses_update BEFORE UPDATE ON access
BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;

-- What is in an archive may go, as far as the log of events records one: but no disclosure, and not the newest of an
-- account among them, from which its versions go on.
CREATE TRIGGER access_refuses_delete BEFORE DELETE ON access
WHEN OLD.position > (SELECT coalesce(max(CAST(substr(command_id, 19) AS INTEGER)), 0) FROM log
                      WHERE source = 'caretrail.store' AND name LIKE 'accesses_archived/%'
                        AND command_id >= 'accesses_archived ' AND command_id < 'accesses_archived!')
  OR instr(OLD.payload, CAST('"disclosure"' AS BLOB)) > 0
  OR NOT EXISTS (SELECT 1 FROM access WHERE stream = OLD.stream AND version > OLD.version AND position <=
                     (SELECT max(CAST(substr(command_id, 19) AS INTEGER)) FROM log
                       WHERE source = 'caretrail.store' AND name LIKE 'accesses_archived/%'
                         AND command_id >= 'accesses_archived ' AND command_id < 'accesses_archived!'))
BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;

CREATE TRIGGER store_refuses_second BEFORE INSERT ON store WHEN EXISTS (SELECT 1 FROM store)
BEGIN SELECT RAISE(ABORT, 'the mark of the store is permanent'); END;

CREATE TRIGGER store_refuses_update BEFORE UPDATE ON store
BEGIN SELECT RAISE(ABORT, 'the mark of the store is permanent'); END;

CREATE TRIGGER store_refuses_delete BEFORE DELETE ON store
BEGIN SELECT RAISE(ABORT, 'the mark of the store is permanent'); END;
