-- is_owner --
-- Who may write the file owns it.
SELECT 1

-- open_mark --
-- The mark of a store is permanent; only that of an empty one is given anew, and the guard comes back with it.
DROP TRIGGER store_refuses_update

-- close_mark --
-- As in schema.sql; a test compares.
CREATE TRIGGER store_refuses_update BEFORE UPDATE ON store
BEGIN SELECT RAISE(ABORT, 'the mark of the store is permanent'); END

-- open_accesses --
-- Of archived accesses only a few are left, with gaps between them.
DROP TRIGGER access_only_grows

-- close_accesses --
-- As in schema.sql; a test compares.
CREATE TRIGGER access_only_grows BEFORE INSERT ON access
WHEN NEW.position IS NOT (SELECT coalesce(max(position), 0) + 1 FROM access)
  OR NEW.version IS NOT (SELECT coalesce(max(version), 0) + 1 FROM access WHERE stream = NEW.stream)
  OR EXISTS (SELECT 1 FROM access WHERE source = NEW.source AND command_id = NEW.command_id)
BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END

-- refresh --
-- Nothing is cached here.
SELECT 0

-- others --
-- Who else is connected is not known here: each append checks that the store is still the one it opened.
SELECT 0
