"""Who may do what on PostgreSQL: tried on the server as each role, with a control that shows what the grants stop."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest

from caretrail.log import new_salt, open_recorder
from caretrail.log.records import Log, PendingAccess
from tests.support.stores import pending, run_sql

JAN = date(2025, 1, 1)
WORKING = ("writer", "reader", "auditor", "projector", "operator")

ROW = "gen_random_uuid(), 1, 'n/1', '', '2001-01-01 00:00+00', 'somebody else', '', 's', 'x', '0123456789abcdef'"
COPIED = (
    "9\t00000000-0000-4000-8000-000000000009\t1\tn/1\t\\\\x00\t2001-01-01 00:00+00\tsomebody else\t\ts\tc\t\\\\x"
    + "30" * 16
)

#: What changes the log or enters it with a position, a time and an author of one's own choice.
DATA = {
    "insert": f"INSERT INTO caretrail.log VALUES (9, {ROW})",
    "insert in a gap": f"INSERT INTO caretrail.log VALUES (1000000, {ROW})",
    "copy": "COPY caretrail.log FROM STDIN",
    "update": "UPDATE caretrail.log SET payload = ''",
    "update one column": "UPDATE caretrail.log SET recorded_by = 'somebody else' WHERE position = 1",
    "delete": "DELETE FROM caretrail.log",
    "truncate": "TRUNCATE caretrail.log",
    "truncate, cascading": "TRUNCATE caretrail.log, caretrail.stay CASCADE",
    "upsert": "INSERT INTO caretrail.log TABLE caretrail.log ON CONFLICT (position) DO UPDATE SET name = 'm/1'",
    "merge": "MERGE INTO caretrail.log l USING caretrail.store s ON true WHEN MATCHED THEN UPDATE SET name = 'm/1'",
    "merge, deleting": "MERGE INTO caretrail.log l USING caretrail.store s ON true WHEN MATCHED THEN DELETE",
    "update in a query": "WITH u AS (UPDATE caretrail.log SET name = 'm/1' RETURNING 1) SELECT * FROM u",
}
DATA.update({f"{name}, accesses": sql.replace("caretrail.log", "caretrail.access") for name, sql in DATA.items()})
ENTERS = tuple(name for name in DATA if name.startswith(("insert", "copy")))

APPEND = (
    "SELECT recorded_by, recorded_at, position FROM caretrail.append("
    "ARRAY[gen_random_uuid()], '{1}', '{n/1}', '{\"{}\"}', '{s}', ARRAY[gen_random_uuid()::text], ARRAY[%s::bytea])"
)
ACCESS = (
    "SELECT recorded_by, recorded_at, position FROM caretrail.record_access("
    "'{x}', ARRAY[gen_random_uuid()::text], ARRAY[%s::bytea])"
)

#: What takes a protection away, or goes around it; the owner of a table may do it.
DEFINITION = {
    "rewrite a column": "ALTER TABLE caretrail.log ALTER COLUMN payload TYPE bytea USING ''::bytea",
    "disable the triggers": "ALTER TABLE caretrail.log DISABLE TRIGGER USER",
    "drop a trigger": "DROP TRIGGER refuse_change ON caretrail.log",
    "a trigger that changes what is inserted": "CREATE TRIGGER t BEFORE INSERT ON caretrail.log"
    " FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "a rule": "CREATE RULE r AS ON INSERT TO caretrail.log DO INSTEAD NOTHING",
    "a child that is read along": "CREATE TEMP TABLE child () INHERITS (caretrail.log)",
    "inherit": "CREATE TEMP TABLE other (LIKE caretrail.log INCLUDING ALL); ALTER TABLE other INHERIT caretrail.log",
    "attach as a partition": "CREATE TABLE caretrail.whole (LIKE caretrail.log) PARTITION BY LIST (position);"
    " ALTER TABLE caretrail.whole ATTACH PARTITION caretrail.log DEFAULT",
    "a policy that hides rows": "ALTER TABLE caretrail.log ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
    "rename the table": "ALTER TABLE caretrail.log RENAME TO old",
    "drop the table": "DROP TABLE caretrail.log CASCADE",
    "drop the schema": "DROP SCHEMA caretrail CASCADE",
    "replace the function of the triggers": "CREATE OR REPLACE FUNCTION caretrail.refuse_change() RETURNS trigger"
    " LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "drop append": "DROP FUNCTION caretrail.append",
    "another append beside the real one": "CREATE FUNCTION caretrail.append(uuid[]) RETURNS int LANGUAGE sql RETURN 1",
    "a table of one's own beside the log": "CREATE TABLE caretrail.mine (n int)",
    "let others write": "GRANT ALL ON caretrail.log TO PUBLIC",
}
#: GRANT by somebody who has nothing to give warns, and gives nothing.
ONLY_WARNS = ("let others write",)

#: What even the owner is refused.
POWER = {
    "switch the triggers off for a session": "SET session_replication_role = replica",
    "be what append runs as": "SET ROLE caretrail_append",
    "be another author": "SET SESSION AUTHORIZATION postgres",
    "replace append": "ALTER FUNCTION caretrail.append RESET search_path",
    "rename the schema": "ALTER SCHEMA caretrail RENAME TO other",
    "read files of the server": "COPY caretrail.log FROM '/dev/null'",
    "become a superuser": "ALTER ROLE CURRENT_USER SUPERUSER",
    "hold the lock of all appends": "SELECT 1 FROM caretrail.store FOR UPDATE",
    "hold the lock of all accesses": "SELECT 1 FROM caretrail.access_head FOR UPDATE",
    "change the mark of the store": "UPDATE caretrail.store SET demo = true",
    "enter a stay": "INSERT INTO caretrail.stay VALUES (gen_random_uuid(), 'c', 'p', '2025-01-01', NULL)",
    "forget the stays": "DELETE FROM caretrail.stay",
}


@pytest.fixture
def held(postgres_url: str, logins: dict[str, str]) -> Iterator[dict[str, str]]:
    """The logins of a store of two events and two accesses; afterward it must hold just these, guarded as before."""
    with open_recorder(postgres_url) as recorder:
        recorder.append([pending(uuid4()), pending(uuid4())])
        recorder.record_access([PendingAccess(b"{}", name, new_salt()) for name in "ab"])
    before = standing(postgres_url)
    yield logins
    assert standing(postgres_url) == before


def standing(url: str) -> list[tuple[object, ...]]:
    """Everything that must not change: the rows, the guards, who may do what."""
    found = run_sql(url, "SELECT count(*) FROM pg_proc WHERE pronamespace = 'caretrail'::regnamespace")
    for table in ("caretrail.log", "caretrail.access"):
        found += [
            *run_sql(url, f"TABLE {table}"),
            *run_sql(url, f"SELECT tgname, tgenabled FROM pg_trigger WHERE tgrelid = '{table}'::regclass ORDER BY 1"),
            *run_sql(url, f"SELECT relowner, relacl::text, relhasrules FROM pg_class WHERE oid = '{table}'::regclass"),
        ]
    return found


def attempt(connection: psycopg.Connection, statement: str) -> None:
    with connection.cursor() as cursor:
        if not statement.endswith("FROM STDIN"):
            cursor.execute(statement.encode())
            return
        with cursor.copy(statement.encode()) as copy:
            copy.write(COPIED + "\n")


def content(connection: psycopg.Connection) -> object:
    return [connection.execute(f"TABLE {table}".encode()).fetchall() for table in ("caretrail.log", "caretrail.access")]


def author_of_an_append(connection: psycopg.Connection, function: str = "append") -> object:
    row = connection.execute((APPEND if function == "append" else ACCESS).encode(), (b"0" * 16,)).fetchone()
    assert row is not None
    return row[0]


# --- what is refused ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", WORKING)
def test_no_role_changes_the_log_or_what_guards_it(held: dict[str, str], kind: str) -> None:
    for name, statement in (DATA | DEFINITION | POWER | {"be the owner": "SET ROLE caretrail_owner"}).items():
        with psycopg.connect(held[kind]) as connection:
            if name in ONLY_WARNS:
                attempt(connection, statement)
                continue
            with pytest.raises(psycopg.Error) as refused:
                attempt(connection, statement)
            assert refused.value.sqlstate == "42501", (name, refused.value)


def test_the_owner_changes_nothing_in_passing(held: dict[str, str]) -> None:
    for name, statement in (DATA | POWER).items():
        with psycopg.connect(held["owner"]) as connection:
            with pytest.raises(psycopg.Error) as refused:
                attempt(connection, statement)
            assert refused.value.sqlstate in ("42501", "CT005"), (name, refused.value)


@pytest.mark.parametrize("name", DATA)
def test_grants_and_triggers_each_stop_it_alone(postgres_url: str, held: dict[str, str], name: str) -> None:
    """The control: granted everything, a role is stopped by the triggers; without these too, it goes through."""
    login = urlsplit(held["writer"]).username
    with psycopg.connect(postgres_url) as connection:
        before = content(connection)
        connection.execute(f"GRANT ALL ON ALL TABLES IN SCHEMA caretrail TO {login}".encode())
        for guarded in (True, False):
            with connection.transaction(force_rollback=True):
                if not guarded:
                    connection.execute("ALTER TABLE caretrail.log DISABLE TRIGGER USER")
                    connection.execute("ALTER TABLE caretrail.access DISABLE TRIGGER USER")
                connection.execute(f"SET LOCAL ROLE {login}".encode())
                if guarded and name not in ENTERS:
                    with pytest.raises(psycopg.Error, match="append-only"), connection.transaction():
                        attempt(connection, DATA[name])
                else:
                    attempt(connection, DATA[name])
                    assert content(connection) != before
        connection.rollback()


def test_not_even_a_superuser_changes_the_log_in_passing(postgres_url: str) -> None:
    with open_recorder(postgres_url) as recorder:
        recorded = recorder.append([pending(uuid4()), pending(uuid4())])
        accesses = recorder.record_access([PendingAccess(b"{}", "a", new_salt())])
        for name, statement in DATA.items():
            if name in ENTERS:
                continue
            for before in ("", "SET session_replication_role = replica; "):
                with pytest.raises(psycopg.Error, match="append-only"):
                    run_sql(postgres_url, before + statement)
        for table in ("store", "access_head"):
            with pytest.raises(psycopg.Error, match="append-only"):
                run_sql(postgres_url, f"TRUNCATE caretrail.{table}")
        assert (recorder.read_log(), recorder.read_log(log=Log.ACCESSES)) == (recorded, accesses)


def test_a_trigger_that_is_not_always_on_would_not_be_enough(postgres_url: str) -> None:
    """The control for ENABLE ALWAYS."""
    with open_recorder(postgres_url) as recorder:
        recorder.append([pending(uuid4())])
        run_sql(
            postgres_url,
            "ALTER TABLE caretrail.log ENABLE TRIGGER refuse_change, ENABLE TRIGGER refuse_row_change",
            "SET session_replication_role = replica; DELETE FROM caretrail.log",
        )
        assert recorder.read_log() == []


# --- what is not: an honest record, see docs/how-to/operating.md ----------------------------------------------------


@pytest.mark.parametrize("kind", ["owner", "superuser"])
@pytest.mark.parametrize("name", DEFINITION)
def test_the_owner_can_take_the_guards_away(postgres_url: str, held: dict[str, str], name: str, kind: str) -> None:
    """PostgreSQL lets the owner of a table define it: nobody should be that owner, and only a copy elsewhere tells."""
    with psycopg.connect(held.get(kind, postgres_url)) as connection:
        attempt(connection, DEFINITION[name])
        connection.rollback()


@pytest.mark.parametrize("name", ENTERS)
def test_a_superuser_can_enter_what_it_likes(postgres_url: str, held: dict[str, str], name: str) -> None:
    with psycopg.connect(postgres_url) as connection:
        attempt(connection, DATA[name])
        both = "SELECT 1 FROM (TABLE caretrail.log UNION ALL TABLE caretrail.access) AS r"
        assert connection.execute(f"{both} WHERE recorded_by = 'somebody else'".encode()).rowcount == 1
        connection.rollback()


def test_the_owner_can_rewrite_every_row_without_a_trigger(held: dict[str, str]) -> None:
    with psycopg.connect(held["owner"]) as connection:
        attempt(connection, DEFINITION["rewrite a column"])
        assert connection.execute("SELECT DISTINCT payload FROM caretrail.log").fetchall() == [(b"",)]
        connection.rollback()


def test_the_owner_can_give_itself_what_it_lacks(held: dict[str, str]) -> None:
    with psycopg.connect(held["owner"]) as connection:
        connection.execute("GRANT INSERT ON caretrail.log TO caretrail_owner")
        attempt(connection, DATA["insert"])
        assert connection.execute("SELECT recorded_by FROM caretrail.log WHERE position = 9").fetchone() == (
            "somebody else",
        )
        connection.rollback()


def test_a_superuser_can_be_any_author(postgres_url: str, held: dict[str, str]) -> None:
    login = urlsplit(held["writer"]).username
    with psycopg.connect(postgres_url) as connection:
        connection.execute(f"SET SESSION AUTHORIZATION {login}".encode())
        assert author_of_an_append(connection) == login
        connection.rollback()
