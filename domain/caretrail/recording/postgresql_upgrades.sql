-- to_2 --
-- Accesses; the functions of postgresql_append.sql follow.
CREATE INDEX log_access ON caretrail.log (position) WHERE name >= 'accessed/' AND name < 'accessed0';

-- to_2_roles --
-- A store with roles keeps them: the new function goes to who has the old one, and readers, who had `append` for want of
-- it, lose that.
DO $$
BEGIN
    IF (SELECT proowner FROM pg_proc WHERE pronamespace = 'caretrail'::regnamespace AND proname = 'append')
       IS DISTINCT FROM to_regrole('caretrail_append')
    THEN
        RETURN;
    END IF;
    GRANT CREATE ON SCHEMA caretrail TO caretrail_append;
    ALTER FUNCTION caretrail.record_access OWNER TO caretrail_append;
    REVOKE CREATE ON SCHEMA caretrail FROM caretrail_append;
    REVOKE ALL ON FUNCTION caretrail.append FROM caretrail_reader, caretrail_auditor;
    GRANT EXECUTE ON FUNCTION caretrail.record_access
        TO caretrail_owner, caretrail_writer, caretrail_projector, caretrail_reader, caretrail_auditor;
END $$
