-- Who may do what: run by the owner's administrator after `caretrail init`, then GRANT caretrail_writer TO <login>.
-- Roles belong to the whole cluster, so they are made only if missing; the grants belong to this database.

DO $$
DECLARE
    missing text;
BEGIN
    FOREACH missing IN ARRAY ARRAY['caretrail_writer', 'caretrail_projector', 'caretrail_reader', 'caretrail_auditor']
    LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = missing) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', missing);
        END IF;
    END LOOP;
END $$;

GRANT USAGE ON SCHEMA caretrail TO caretrail_writer, caretrail_projector, caretrail_reader, caretrail_auditor;
GRANT SELECT ON caretrail.store, caretrail.log TO caretrail_writer, caretrail_projector, caretrail_reader, caretrail_auditor;
GRANT SELECT ON caretrail.stay TO caretrail_writer;
-- A reader appends too: every read of an episode is itself recorded before anything is shown.
GRANT EXECUTE ON FUNCTION caretrail.append TO caretrail_writer, caretrail_reader, caretrail_auditor;
GRANT CREATE ON SCHEMA caretrail TO caretrail_projector;
