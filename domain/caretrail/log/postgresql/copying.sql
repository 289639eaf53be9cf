-- is_owner --
-- Whether we are, or act for, the role that made the store: no other may insert.
SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = 'caretrail.store'::regclass

-- open_mark --
-- Nobody can append, or open the store, before the copy is complete. The mark of a store is permanent; only that of an
-- empty one is given anew, and the guard comes back with it. The guards of the log stay on.
LOCK TABLE caretrail.store IN ACCESS EXCLUSIVE MODE;
ALTER TABLE caretrail.store DISABLE TRIGGER refuse_change;

-- close_mark --
-- The guard is back; and the planner knows the tables before the first question.
ALTER TABLE caretrail.store ENABLE ALWAYS TRIGGER refuse_change;
ANALYZE caretrail.log, caretrail.access, caretrail.stay;

-- open_accesses --
-- Only the functions of the log put rows in order; the table itself takes gaps.
SELECT

-- close_accesses --
-- So nothing changed.
SELECT

-- refresh --
-- Within a transaction the server shows the sessions of its first such query.
SELECT pg_stat_clear_snapshot()::text

-- others --
-- Who opened the store before the lock has read the old mark.
SELECT count(*) FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = 'caretrail'
