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

-- refresh --
-- Nothing is cached here.
SELECT 0

-- others --
-- Who else is connected is not known here: each append checks that the store is still the one it opened.
SELECT 0
