-- Who may do what on PostgreSQL; run by `caretrail init --roles`, all in one transaction, and safe to run again.
-- Roles belong to the whole server, so they are made only if missing; ownership and grants belong to this database.
--
--   caretrail_owner      owns the schema and its tables, and changes them in an upgrade; nobody logs in as it
--   caretrail_append     what `append`, `record_access`, `await_appends` and `drop_archived` run as: it may insert, and
--                        delete accesses that the guard of their table lets go; nobody is a member
--   caretrail_writer     reads the log, and appends by the function
--   caretrail_projector  reads the log, and writes the rows of the read models and the tiles, but makes no objects: the owner of a
--                        table or view could run code as every role that reads it
--   caretrail_reader     reads the log and the read models
--   caretrail_auditor    the same
--   caretrail_operator   a writer who may also import into an episode that has events recorded as they happened, void by
--                        position, and drop archived accesses
--
-- All of them may call `record_access`, as every access is recorded; it records only accesses of the caller.

-- standing --
-- Whether the session may make roles, and is a superuser.
SELECT rolcreaterole OR rolsuper, rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user

-- missing --
-- Those of these roles that the server does not have.
SELECT name FROM unnest(:names::text[]) WITH ORDINALITY AS r (name, place)
 WHERE to_regrole(name) IS NULL ORDER BY place

-- outside --
-- Those of these roles that the session cannot act as. From version 16 on, who made a role is a member that may not.
SELECT name FROM unnest(:names::text[]) AS r (name)
 WHERE NOT pg_has_role(name, CASE WHEN current_setting('server_version_num')::int < 160000 THEN 'MEMBER' ELSE 'SET' END)

-- own --
-- An owner that is no superuser: what the functions of the owner can do is then bounded by grants.
DO $$
DECLARE
    change text;
BEGIN
    IF (SELECT nspowner FROM pg_namespace WHERE nspname = 'caretrail') <> 'caretrail_owner'::regrole THEN
        ALTER SCHEMA caretrail OWNER TO caretrail_owner;
    END IF;
    GRANT CREATE ON SCHEMA caretrail TO caretrail_append;   -- to be given a function, a role must be able to make one
    FOR change IN
        SELECT format('ALTER TABLE %s OWNER TO caretrail_owner', oid::regclass) FROM pg_class
         WHERE relnamespace = 'caretrail'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')
           AND relowner <> 'caretrail_owner'::regrole
        UNION ALL
        SELECT format('ALTER DOMAIN %s OWNER TO caretrail_owner', oid::regtype) FROM pg_type
         WHERE typnamespace = 'caretrail'::regnamespace AND typtype = 'd' AND typowner <> 'caretrail_owner'::regrole
        UNION ALL
        SELECT format('ALTER ROUTINE %s OWNER TO %s', p.oid::regprocedure, wanted.role) FROM pg_proc AS p
         CROSS JOIN LATERAL (SELECT (CASE WHEN p.proname IN ('append', 'record_access', 'await_appends', 'drop_archived') THEN 'caretrail_append' ELSE 'caretrail_owner' END)::regrole)
               AS wanted (role)
         WHERE p.pronamespace = 'caretrail'::regnamespace AND p.proowner <> wanted.role
    LOOP
        EXECUTE change;
    END LOOP;
    REVOKE CREATE ON SCHEMA caretrail FROM caretrail_append;
END $$

-- grant --
-- What was granted otherwise before is taken back first, so that this list is the whole truth for these roles.
REVOKE ALL ON SCHEMA caretrail FROM PUBLIC, caretrail_append, caretrail_writer, caretrail_operator, caretrail_projector, caretrail_reader,
    caretrail_auditor;
REVOKE ALL ON ALL TABLES IN SCHEMA caretrail FROM PUBLIC, caretrail_append, caretrail_writer, caretrail_operator, caretrail_projector,
    caretrail_reader, caretrail_auditor;
REVOKE ALL ON ALL ROUTINES IN SCHEMA caretrail FROM PUBLIC, caretrail_writer, caretrail_operator, caretrail_projector, caretrail_reader,
    caretrail_auditor;
-- Not even the owner enters or changes a row in passing: it would have to grant itself the right first.
REVOKE INSERT, UPDATE, DELETE, TRUNCATE
    ON caretrail.log, caretrail.access, caretrail.access_head, caretrail.store, caretrail.stay FROM caretrail_owner;

GRANT USAGE ON SCHEMA caretrail
    TO caretrail_append, caretrail_writer, caretrail_operator, caretrail_projector, caretrail_reader, caretrail_auditor;
GRANT SELECT ON caretrail.store, caretrail.log, caretrail.access
    TO caretrail_append, caretrail_writer, caretrail_operator, caretrail_projector, caretrail_reader, caretrail_auditor;
-- Which programs there are, to warn of a misspelt one; and to hold the stays against the log they follow from.
GRANT SELECT ON caretrail.stay
    TO caretrail_writer, caretrail_operator, caretrail_projector, caretrail_reader, caretrail_auditor;
GRANT INSERT ON caretrail.log, caretrail.access TO caretrail_append;
GRANT DELETE ON caretrail.access TO caretrail_append;   -- of what is archived; the triggers refuse more
GRANT SELECT, INSERT, UPDATE, DELETE ON caretrail.tile, caretrail.tiled TO caretrail_projector;
GRANT SELECT ON caretrail.tile, caretrail.tiled TO caretrail_writer, caretrail_operator, caretrail_reader, caretrail_auditor;
-- What locking a head asks for; the triggers refuse more.
GRANT UPDATE (one) ON caretrail.store TO caretrail_append;
GRANT SELECT, UPDATE (one) ON caretrail.access_head TO caretrail_append;
GRANT SELECT, INSERT, DELETE ON caretrail.stay TO caretrail_append;
GRANT EXECUTE ON FUNCTION caretrail.append TO caretrail_writer, caretrail_operator;
GRANT EXECUTE ON FUNCTION caretrail.drop_archived TO caretrail_owner, caretrail_operator;
GRANT EXECUTE ON FUNCTION caretrail.record_access, caretrail.await_appends
    TO caretrail_owner, caretrail_writer, caretrail_operator, caretrail_projector, caretrail_reader, caretrail_auditor;

-- A function made later is for its owner until it is granted; only without a schema can PUBLIC be taken back.
ALTER DEFAULT PRIVILEGES FOR ROLE caretrail_owner REVOKE EXECUTE ON ROUTINES FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE caretrail_append REVOKE EXECUTE ON ROUTINES FROM PUBLIC
