-- create --
-- Every row below is computed from the log and can be rebuilt.
-- A build is one complete set of rows: a rebuild writes the next one beside the live one, then readers move over.
-- Days are half-open intervals; 9999-12-31 stands for "no end".
CREATE TABLE IF NOT EXISTS caretrail.read_model (
    name        text PRIMARY KEY,           -- live, or rebuild while one is under way
    version     integer NOT NULL,           -- of the rows and tables, as in the code that made them
    build       integer NOT NULL,
    position    bigint NOT NULL,            -- the log up to here is in the rows
    packs       text NOT NULL DEFAULT ''    -- digest of all packs that were installed then
);

CREATE TABLE IF NOT EXISTS caretrail.episode_view (
    build       integer NOT NULL,
    stream      uuid NOT NULL,
    episode     text NOT NULL,
    client      text,
    zone        text,
    policy      text,
    first_day   date NOT NULL,
    admitted_on date,
    ended_on    date,
    version     bigint NOT NULL,
    position    bigint NOT NULL,
    packs       text NOT NULL,              -- digest of the packs that judged
    calm        text NOT NULL,              -- findings met or not applicable, as JSON: read only when asked for
    PRIMARY KEY (build, stream)
);
CREATE INDEX IF NOT EXISTS episode_view_episode ON caretrail.episode_view (build, episode);
CREATE INDEX IF NOT EXISTS episode_view_packs ON caretrail.episode_view (build, policy, packs);
CREATE INDEX IF NOT EXISTS episode_view_client ON caretrail.episode_view (build, client);
CREATE INDEX IF NOT EXISTS episode_view_zone ON caretrail.episode_view (build, zone);

CREATE TABLE IF NOT EXISTS caretrail.span (
    build       integer NOT NULL,
    stream      uuid NOT NULL,
    start_on    date NOT NULL,
    until_on    date NOT NULL,
    program     text,
    level       text,
    clinician   text,
    status      text NOT NULL,
    PRIMARY KEY (build, stream, start_on)
);
CREATE INDEX IF NOT EXISTS span_open ON caretrail.span (build, until_on) WHERE status IN ('open', 'held', 'quarantined');

-- Every finding but met and not_applicable. `live_until` is `until_on`, or the day after the episode ended if that is
-- earlier: what is in force in open episodes is found without touching the many that are closed.
CREATE TABLE IF NOT EXISTS caretrail.finding (
    build       integer NOT NULL,
    stream      uuid NOT NULL,
    number      integer NOT NULL,
    live_until  date NOT NULL,
    in_group    text,                       -- of the worklist; null for what is not in it
    {finding}
    PRIMARY KEY (build, stream, number)
);
CREATE INDEX IF NOT EXISTS finding_live ON caretrail.finding (build, live_until);

-- Placed findings. Of episodes: those in the worklist, cut where the episode changes hands, so that
-- a row of the worklist is found by one index and no join. Of programs (no episode): all, met or not applicable too,
-- cut to the days on which a policy judges an episode there.
CREATE TABLE IF NOT EXISTS caretrail.placed (
    build       integer NOT NULL,
    number      integer NOT NULL,
    stream      uuid NOT NULL,              -- of the events the evidence names: the episode's, or the program's own
    episode     text,
    client      text,
    zone        text,
    program     text,
    level       text,
    clinician   text,
    first_on    date NOT NULL,
    end_on      date NOT NULL,
    in_group    text,
    {finding}
    PRIMARY KEY (build, stream, number)
);
CREATE INDEX IF NOT EXISTS placed_in_force ON caretrail.placed (build, end_on, first_on);
CREATE INDEX IF NOT EXISTS placed_of_programs ON caretrail.placed (build, end_on, first_on) WHERE episode IS NULL;

-- Where the rules of each pack are to be found in their document: a finding names its pack and its rule.
CREATE TABLE IF NOT EXISTS caretrail.pack (
    build       integer NOT NULL,
    name        text NOT NULL,
    citations   text NOT NULL,              -- by rule, JSON
    PRIMARY KEY (build, name)
);

CREATE TABLE IF NOT EXISTS caretrail.eligibility_span (
    build         integer NOT NULL,
    stream        uuid NOT NULL,
    start_on      date NOT NULL,
    until_on      date NOT NULL,
    verdict       text NOT NULL,
    basis         text NOT NULL,
    holds_through date,
    reasons       text NOT NULL,            -- JSON
    evidence      text NOT NULL,            -- JSON
    PRIMARY KEY (build, stream, start_on)
);

-- Episodes that cannot be read: the event in the way, and why.
CREATE TABLE IF NOT EXISTS caretrail.quarantine (
    build       integer NOT NULL,
    stream      uuid NOT NULL,
    episode     text,
    position    bigint NOT NULL,
    version     bigint NOT NULL,
    reason_code text NOT NULL,
    since       text NOT NULL,              -- when the store recorded the event in the way
    PRIMARY KEY (build, stream)
);

-- Days on which a policy judges an episode in a program: what a program must attest follows from all of them.
CREATE TABLE IF NOT EXISTS caretrail.under_policy (
    build       integer NOT NULL,
    stream      uuid NOT NULL,
    start_on    date NOT NULL,
    end_on      date NOT NULL,
    program     text NOT NULL,
    policy      text NOT NULL,              -- its oldest version
    zone        text,
    PRIMARY KEY (build, stream, program, start_on)
);
CREATE INDEX IF NOT EXISTS under_policy_program ON caretrail.under_policy (build, program, policy, start_on, end_on, zone);

-- Group sessions attended under a policy: the charts of one of them are counted together.
CREATE TABLE IF NOT EXISTS caretrail.group_record (
    build         integer NOT NULL,
    stream        uuid NOT NULL,
    held_on       date NOT NULL,
    program       text NOT NULL,
    policy        text NOT NULL,            -- its oldest version
    group_session text NOT NULL,
    group_size    integer,
    version       bigint NOT NULL,          -- of the event
    zone          text,
    PRIMARY KEY (build, stream, held_on, version)
);
CREATE INDEX IF NOT EXISTS group_record_session ON caretrail.group_record (build, program, policy, group_session, held_on);

-- exists_sqlite --
-- Whether there are tables, of any version.
SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'read_model'

-- exists_postgresql --
-- Whether there are tables, of any version.
SELECT 1 WHERE to_regclass('caretrail.read_model') IS NOT NULL

-- version --
-- The version of the tables that are there.
SELECT version FROM caretrail.read_model WHERE name = 'live'

-- start --
-- No rows yet: the beginning of the log.
INSERT INTO caretrail.read_model (name, version, build, position) VALUES ('live', :version, 1, 0) ON CONFLICT (name) DO NOTHING

-- lock_postgresql --
-- Until the transaction ends no one else makes tables.
SELECT pg_advisory_xact_lock(hashtext('caretrail init'))

-- act_postgresql --
-- Until the transaction ends, what is made belongs to the owner of the schema, also when a member of that role is at
-- work. From version 16 on a member may be one that cannot act as the role.
SELECT set_config('role', rolname, true)
  FROM pg_namespace JOIN pg_roles AS r ON r.oid = nspowner
 WHERE nspname = 'caretrail'
   AND pg_has_role(r.oid, CASE WHEN current_setting('server_version_num')::int < 160000 THEN 'MEMBER' ELSE 'SET' END)

-- maker_postgresql --
-- Whether this role may drop the tables and make them.
SELECT 1
 WHERE has_schema_privilege('caretrail', 'CREATE')
   AND NOT EXISTS (SELECT FROM pg_class
                    WHERE oid = to_regclass('caretrail.read_model') AND NOT pg_has_role(relowner, 'USAGE'))

-- grant_postgresql --
-- A projector fills the tables, readers and auditors read them; nothing to do in a store without roles.
DO $$
BEGIN
    IF has_schema_privilege(to_regrole('caretrail_projector'), 'caretrail', 'USAGE') THEN
        GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON {tables} TO caretrail_projector;
        GRANT SELECT ON {tables} TO caretrail_reader, caretrail_auditor;
    END IF;
END $$
