-- registry --
-- Every row below is computed from the log and can be rebuilt.
-- A build is a set of tables, named by the version of their rows and a letter: each version has two, one that is read
-- and one to make the rows again beside it. The program reads and follows the builds of its own version only.
CREATE TABLE IF NOT EXISTS caretrail.build (
    build       text PRIMARY KEY,           -- as in the names of its tables
    version     integer NOT NULL,
    state       text NOT NULL,              -- live: read and kept up to date; filling: a rebuild is under way; spare
    epoch       bigint NOT NULL,            -- raised each time the build is filled anew: who filled before is fenced off
    position    bigint NOT NULL,            -- the log up to here is in the rows
    packs       text NOT NULL,              -- digest of all packs that were installed then
    swept_at    text NOT NULL DEFAULT ''    -- UTC: since then every episode was compared with the log once
);

-- Which daemon keeps the rows of a version up to date. The fence rises with each leader: one that was paused, and is no
-- longer the leader when it wakes, is refused. Times are seconds since 1970 by the clock of the database.
CREATE TABLE IF NOT EXISTS caretrail.lease (
    version     integer PRIMARY KEY,
    holder      text NOT NULL,              -- empty if nobody leads
    fence       bigint NOT NULL,
    expires_at  double precision NOT NULL
);

-- tables --
-- Days are half-open intervals; 9999-12-31 stands for "no end".
-- One row an episode: everything that is kept of it in `whole`, and beside it what episodes are looked up by.
CREATE TABLE IF NOT EXISTS caretrail.episode_{build} (
    stream      uuid PRIMARY KEY,
    episode     {id} NOT NULL,
    client      {id},
    zone        {id},
    policy      {id},
    packs       text NOT NULL,              -- digest of the packs that judged
    first_day   date NOT NULL,
    live_end    date NOT NULL,              -- the day after the episode ended
    version     bigint NOT NULL,
    quarantined boolean NOT NULL,           -- an event cannot be read
    whole       bytea NOT NULL              -- compressed JSON
);
CREATE INDEX IF NOT EXISTS episode_{build}_episode ON caretrail.episode_{build} (episode);
CREATE INDEX IF NOT EXISTS episode_{build}_packs ON caretrail.episode_{build} (policy, packs);
CREATE INDEX IF NOT EXISTS episode_{build}_client ON caretrail.episode_{build} (client);
CREATE INDEX IF NOT EXISTS episode_{build}_zone ON caretrail.episode_{build} (zone);
CREATE INDEX IF NOT EXISTS episode_{build}_days ON caretrail.episode_{build} (live_end, first_day);
CREATE INDEX IF NOT EXISTS episode_{build}_quarantined ON caretrail.episode_{build} (stream) WHERE quarantined;

-- Who had an episode on which days: enough for a census without a join.
CREATE TABLE IF NOT EXISTS caretrail.span_{build} (
    stream      uuid NOT NULL,
    start_on    date NOT NULL,
    until_on    date NOT NULL,
    program     {id},
    level       {id},
    clinician   {id},
    status      text NOT NULL,
    episode     {id} NOT NULL,
    client      {id},
    zone        {id},
    admitted_on date,
    PRIMARY KEY (stream, start_on)
);
CREATE INDEX IF NOT EXISTS span_{build}_days ON caretrail.span_{build} (until_on, start_on);
CREATE INDEX IF NOT EXISTS span_{build}_program ON caretrail.span_{build} (program, until_on);
CREATE INDEX IF NOT EXISTS span_{build}_clinician ON caretrail.span_{build} (clinician, until_on);

-- Placed findings: every finding of an episode but met, breached and not applicable, cut where the episode changes
-- hands and where it ends, so that a row of a list is found by one index and no join.
CREATE TABLE IF NOT EXISTS caretrail.finding_{build} (
    stream      uuid NOT NULL,
    number      bigint NOT NULL,            -- a digest of the row: what did not change is not written again
    {placed}
    PRIMARY KEY (stream, number)
);
CREATE INDEX IF NOT EXISTS finding_{build}_days ON caretrail.finding_{build} (end_on, first_on);
CREATE INDEX IF NOT EXISTS finding_{build}_program ON caretrail.finding_{build} (program, end_on);
CREATE INDEX IF NOT EXISTS finding_{build}_clinician ON caretrail.finding_{build} (clinician, end_on);
CREATE INDEX IF NOT EXISTS finding_{build}_owner ON caretrail.finding_{build} (owner, end_on);
CREATE INDEX IF NOT EXISTS finding_{build}_client ON caretrail.finding_{build} (client, end_on);

-- Findings of programs and on group sessions, met and not applicable too, on the days on which a policy judges an
-- episode there. `stream` is that of the program's own events, or stands for the group session.
CREATE TABLE IF NOT EXISTS caretrail.program_finding_{build} (
    stream      uuid NOT NULL,
    number      bigint NOT NULL,
    {placed}
    PRIMARY KEY (stream, number)
);
CREATE INDEX IF NOT EXISTS program_finding_{build}_days ON caretrail.program_finding_{build} (end_on, first_on);

-- Days on which a policy judges an episode in a program: what a program must attest follows from all of them.
CREATE TABLE IF NOT EXISTS caretrail.under_policy_{build} (
    stream      uuid NOT NULL,
    start_on    date NOT NULL,
    end_on      date NOT NULL,
    program     {id} NOT NULL,
    policy      {id} NOT NULL,              -- its oldest version
    zone        {id},
    PRIMARY KEY (stream, program, start_on)
);
CREATE INDEX IF NOT EXISTS under_policy_{build}_program
    ON caretrail.under_policy_{build} (program, policy, start_on, end_on, zone);

-- Group sessions attended under a policy: the charts of one of them are counted together.
CREATE TABLE IF NOT EXISTS caretrail.group_record_{build} (
    stream        uuid NOT NULL,
    held_on       date NOT NULL,
    program       {id} NOT NULL,
    policy        {id} NOT NULL,            -- its oldest version
    group_session {id} NOT NULL,
    group_size    integer,
    version       bigint NOT NULL,          -- of the event
    zone          {id},
    PRIMARY KEY (stream, held_on, version)
);
CREATE INDEX IF NOT EXISTS group_record_{build}_session
    ON caretrail.group_record_{build} (program, policy, group_session, held_on);

-- Where the rules of each pack are to be found in their document: a finding names its pack and its rule.
CREATE TABLE IF NOT EXISTS caretrail.pack_{build} (
    name        text PRIMARY KEY,
    citations   text NOT NULL               -- by rule, JSON
);

-- The parts of a rebuild that are done, each entered by the transaction that wrote its rows, with what it read and wrote.
CREATE TABLE IF NOT EXISTS caretrail.part_{build} (
    part        integer PRIMARY KEY,
    events      bigint NOT NULL,
    episodes    bigint NOT NULL DEFAULT 0,
    findings    bigint NOT NULL DEFAULT 0,
    numbers     bigint NOT NULL DEFAULT 0   -- the sum of the low half of the numbers of the findings
);

-- The epoch of the rows. TRUNCATE empties tables also for those who began to read before it: a reader who finds this
-- row at the end knows that no table was emptied meanwhile.
CREATE TABLE IF NOT EXISTS caretrail.mark_{build} (
    epoch       bigint PRIMARY KEY
);

-- exists_sqlite --
-- Whether there are builds, of any version.
SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'build'

-- exists_postgresql --
-- Whether there are builds, of any version.
SELECT 1 WHERE to_regclass('caretrail.build') IS NOT NULL

-- builds --
-- The builds there are, of all versions.
SELECT build, version, state, epoch, position, packs FROM caretrail.build ORDER BY version, build

-- enter_build --
INSERT INTO caretrail.build (build, version, state, epoch, position, packs)
VALUES (:build, :version, :state, :epoch, 0, '') ON CONFLICT (build) DO NOTHING

-- enter_lease --
INSERT INTO caretrail.lease (version, holder, fence, expires_at) VALUES (:version, '', 0, 0)
    ON CONFLICT (version) DO NOTHING

-- forget_lease --
DELETE FROM caretrail.lease WHERE version = :version

-- forget_build --
DELETE FROM caretrail.build WHERE build = :build

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
                    WHERE oid = to_regclass('caretrail.build') AND NOT pg_has_role(relowner, 'USAGE'))

-- grant_postgresql --
-- A projector fills the tables, readers and auditors read them; nothing to do in a store without roles.
DO $$
BEGIN
    IF has_schema_privilege(to_regrole('caretrail_projector'), 'caretrail', 'USAGE') THEN
        GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON {tables} TO caretrail_projector;
        GRANT SELECT ON {tables} TO caretrail_reader, caretrail_auditor;
    END IF;
END $$
