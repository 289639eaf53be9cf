"""Who may do what on PostgreSQL: tried on the server as each role, with a control that shows what the grants stop."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest

from caretrail.errors import RolesRefused, StayOverlap, StoreNotInitialised, StoreUnreachable
from caretrail.projection.tables import roles_sql
from caretrail.recording import Stay, init_store, open_recorder
from caretrail.recording.opening import check_roles, init_roles
from caretrail.recording.postgresql_roles import GRANTED, OWNERS
from caretrail.service import create_store
from stores import all_at_once, as_login, database_url, pending, run_sql

JAN = date(2025, 1, 1)
WORKING = ("writer", "reader", "auditor", "projector")

ROW = "gen_random_uuid(), 1, 'n/1', '', '2001-01-01 00:00+00', 'somebody else', 's', 'x', '0123456789abcdef'"
COPIED = (
    "9\t00000000-0000-4000-8000-000000000009\t1\tn/1\t\\\\x00\t2001-01-01 00:00+00\tsomebody else\ts\tc\t\\\\x"
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
ENTERS = ("insert", "insert in a gap", "copy")

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
    "change the mark of the store": "UPDATE caretrail.store SET demo = true",
    "enter a stay": "INSERT INTO caretrail.stay VALUES (gen_random_uuid(), 'c', 'p', '2025-01-01', NULL)",
    "forget the stays": "DELETE FROM caretrail.stay",
}


@pytest.fixture
def held(postgres_url: str, logins: dict[str, str]) -> Iterator[dict[str, str]]:
    """The logins of a store that holds two facts; afterwards it must hold just these, guarded as before."""
    with open_recorder(postgres_url) as recorder:
        recorder.append([pending(uuid4()), pending(uuid4())])
    before = standing(postgres_url)
    yield logins
    assert standing(postgres_url) == before


def standing(url: str) -> list[tuple[object, ...]]:
    """Everything that must not change: the rows, the guards, who may do what."""
    return [
        *run_sql(url, "TABLE caretrail.log"),
        *run_sql(url, "SELECT tgname, tgenabled FROM pg_trigger WHERE tgrelid = 'caretrail.log'::regclass ORDER BY 1"),
        *run_sql(url, "SELECT relowner, relacl::text, relhasrules FROM pg_class WHERE oid = 'caretrail.log'::regclass"),
        *run_sql(url, "SELECT count(*) FROM pg_proc WHERE pronamespace = 'caretrail'::regnamespace"),
    ]


def attempt(connection: psycopg.Connection, statement: str) -> None:
    with connection.cursor() as cursor:
        if not statement.endswith("FROM STDIN"):
            cursor.execute(statement.encode())
            return
        with cursor.copy(statement.encode()) as copy:
            copy.write(COPIED + "\n")


def content(connection: psycopg.Connection) -> object:
    [(found,)] = connection.execute(
        "SELECT coalesce(string_agg(l::text, ';' ORDER BY position), '') FROM caretrail.log l"
    )
    return found


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
        for name, statement in DATA.items():
            if name in ENTERS:
                continue
            for before in ("", "SET session_replication_role = replica; "):
                with pytest.raises(psycopg.Error, match="append-only"):
                    run_sql(postgres_url, before + statement)
        with pytest.raises(psycopg.Error, match="append-only"):
            run_sql(postgres_url, "TRUNCATE caretrail.store")
        assert recorder.read_log() == recorded


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
        assert connection.execute("SELECT 1 FROM caretrail.log WHERE recorded_by = 'somebody else'").rowcount == 1
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


# --- nobody chooses position, time or author ------------------------------------------------------------------------

APPEND = (
    "SELECT recorded_by, recorded_at, position FROM caretrail.append("
    "ARRAY[gen_random_uuid()], '{1}', '{n/1}', '{x}', '{s}', ARRAY[gen_random_uuid()::text], ARRAY[%s::bytea])"
)


def author_of_an_append(connection: psycopg.Connection) -> object:
    row = connection.execute(APPEND, (b"0" * 16,)).fetchone()
    assert row is not None
    return row[0]


def test_append_takes_no_position_time_or_author(postgres_url: str) -> None:
    rows = run_sql(postgres_url, "SELECT unnest(proargnames) FROM pg_proc WHERE oid = 'caretrail.append'::regproc")
    assert [name for (name,) in rows] == [
        "streams", "versions", "names", "payloads", "sources", "commands", "salts",
        "stays_of", "stay_streams", "clients", "programs", "first_days", "last_days",
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["writer", "reader", "auditor"])
def test_a_role_appends_by_the_function(logins: dict[str, str], kind: str) -> None:
    stream = uuid4()
    with open_recorder(logins[kind]) as recorder:
        [event] = recorder.append([pending(stream)], {stream: [Stay("cl-1", "iop", JAN, None)]})
        assert event.recorded_by == urlsplit(logins[kind]).username
        with pytest.raises(StayOverlap):
            recorder.append([pending(uuid4())], {uuid4(): [Stay("cl-1", "iop", JAN, None)]})
        assert recorder.read_log() == [event]


@pytest.mark.parametrize("kind", ["owner", "projector", "stranger"])
def test_nobody_else_appends(logins: dict[str, str], kind: str) -> None:
    with psycopg.connect(logins[kind]) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        author_of_an_append(connection)


def test_what_a_role_may_not_do_is_said_in_words(logins: dict[str, str]) -> None:
    with open_recorder(logins["writer"]) as recorder:
        with pytest.raises(StoreUnreachable, match="may not do that") as refused:
            recorder.database.execute("DELETE FROM caretrail.log")
        assert "init --roles" in refused.value.hint


@pytest.mark.parametrize("kind", ["writer", "reader", "auditor"])
def test_an_author_cannot_be_chosen(postgres_url: str, logins: dict[str, str], kind: str) -> None:
    """The author is who logged in: SET ROLE, an option of the connection or a name in it change nothing."""
    login = urlsplit(logins[kind]).username
    other = urlsplit(logins["writer" if kind == "reader" else "reader"]).username
    run_sql(postgres_url, f"GRANT {other} TO {login}")
    with psycopg.connect(logins[kind], options=f"-c role={other}", application_name="somebody") as connection:
        assert connection.execute("SELECT current_user::text").fetchone() == (other,)
        assert author_of_an_append(connection) == login
    with psycopg.connect(postgres_url) as connection:
        connection.execute(f"SET ROLE {login}".encode())
        assert author_of_an_append(connection) == urlsplit(postgres_url).username


APPENDING = ("writer", "reader", "auditor", "superuser")


@pytest.mark.parametrize("pinned", [True, False])
@pytest.mark.parametrize("kind", APPENDING)
def test_a_search_path_cannot_bring_in_another_clock(
    postgres_url: str, logins: dict[str, str], kind: str, pinned: bool
) -> None:
    """The control: were the path of the function not fixed, the caller's own clock would be asked."""
    url = logins.get(kind, postgres_url)
    database = urlsplit(postgres_url).path.lstrip("/")
    run_sql(postgres_url, f"GRANT CREATE ON DATABASE {database} TO {urlsplit(url).username}")
    if not pinned:
        run_sql(postgres_url, "ALTER FUNCTION caretrail.append RESET search_path")
    with psycopg.connect(url) as connection:
        connection.execute("CREATE SCHEMA evil")
        connection.execute("GRANT USAGE ON SCHEMA evil TO PUBLIC")
        connection.execute(
            "CREATE FUNCTION evil.clock_timestamp() RETURNS timestamptz LANGUAGE sql"
            " RETURN '2099-01-01 00:00+00'::timestamptz"
        )
        connection.execute("SET search_path = evil, pg_catalog")
        row = connection.execute(APPEND, (b"0" * 16,)).fetchone()
    assert row is not None
    assert (row[1].year == datetime.now(UTC).year) == pinned


@pytest.mark.parametrize("kind", APPENDING)
def test_a_temporary_table_does_not_stand_in_for_the_log(postgres_url: str, logins: dict[str, str], kind: str) -> None:
    with psycopg.connect(logins.get(kind, postgres_url)) as connection:
        _shadow(connection)
        author_of_an_append(connection)
        assert _rows(connection) == (0, 1)


def test_a_function_that_names_its_table_carelessly_would_be_deceived(
    postgres_url: str, logins: dict[str, str]
) -> None:
    """The control: without schema and path, it writes where the caller says."""
    run_sql(
        postgres_url,
        "CREATE FUNCTION caretrail.careless() RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS"
        f" $$ BEGIN INSERT INTO log VALUES (9, {ROW}); END $$",
        "GRANT EXECUTE ON FUNCTION caretrail.careless TO caretrail_writer",
    )
    with psycopg.connect(logins["writer"]) as connection:
        _shadow(connection)
        connection.execute("SELECT caretrail.careless()")
        assert _rows(connection) == (1, 0)


def _shadow(connection: psycopg.Connection) -> None:
    for table in ("log", "store", "stay"):
        connection.execute(f"CREATE TEMP TABLE {table} (LIKE caretrail.log)".encode())
        connection.execute(f"GRANT ALL ON {table} TO PUBLIC".encode())
    connection.execute("SET search_path = pg_temp, caretrail, pg_catalog")


def _rows(connection: psycopg.Connection) -> tuple[object, ...] | None:
    """How many rows the temporary table caught, and how many the log has."""
    counts = "SELECT (SELECT count(*) FROM pg_temp.log), (SELECT count(*) FROM caretrail.log)"
    return connection.execute(counts).fetchone()


def test_our_own_sessions_ask_the_system_first(postgres_url: str) -> None:
    """Whoever owns the database may set a path for everybody, with operators of his own in front."""
    database = urlsplit(postgres_url).path.lstrip("/")
    run_sql(postgres_url, "CREATE SCHEMA evil", f"ALTER DATABASE {database} SET search_path = evil, pg_catalog")
    with open_recorder(postgres_url) as recorder:
        assert recorder.database.query("SHOW search_path") == [("pg_catalog,pg_temp",)]
    assert run_sql(postgres_url, "SHOW search_path") == [("evil, pg_catalog",)]


# --- who reads what -------------------------------------------------------------------------------------------------


def test_a_stranger_may_do_nothing(logins: dict[str, str]) -> None:
    with pytest.raises(StoreUnreachable, match="may not do that"):
        open_recorder(logins["stranger"])
    for statement in ("SELECT caretrail.append('{}', '{}', '{}', '{}', '{}', '{}', '{}')", "TABLE caretrail.log"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            run_sql(logins["stranger"], statement)


def test_the_read_models_are_the_projectors_to_fill_and_the_readers_to_read(logins: dict[str, str]) -> None:
    read, write = "SELECT FROM caretrail.flag", "DELETE FROM caretrail.flag"
    may = {(kind, statement): _goes(logins[kind], statement) for kind in logins for statement in (read, write)}
    assert {kind for (kind, statement), goes in may.items() if goes and statement == read} == {
        "owner", "projector", "reader", "auditor",
    }  # fmt: skip
    assert {kind for (kind, statement), goes in may.items() if goes and statement == write} == {"owner", "projector"}


def _goes(url: str, statement: str) -> bool:
    try:
        run_sql(url, statement)
    except psycopg.errors.InsufficientPrivilege:
        return False
    return True


def test_a_projector_appends_nothing(logins: dict[str, str]) -> None:
    with open_recorder(logins["projector"]) as recorder:
        assert recorder.read_log() == []
        with pytest.raises(StoreUnreachable, match="may not"):
            recorder.append([pending(uuid4())])


# --- making them ----------------------------------------------------------------------------------------------------


def owners(url: str) -> dict[str, str]:
    rows = run_sql(
        url,
        "SELECT relname, relowner::regrole::text FROM pg_class WHERE relnamespace = 'caretrail'::regnamespace"
        " AND relkind = 'r' UNION ALL SELECT proname, proowner::regrole::text FROM pg_proc"
        " WHERE pronamespace = 'caretrail'::regnamespace UNION ALL SELECT nspname, nspowner::regrole::text"
        " FROM pg_namespace WHERE nspname = 'caretrail' UNION ALL SELECT typname, typowner::regrole::text FROM pg_type"
        " WHERE typname = 'salt'",
    )
    return {str(name): str(owner) for name, owner in rows}


def test_nobody_who_logs_in_owns_anything(postgres_url: str, logins: dict[str, str]) -> None:
    """So `append` runs with no more than its grants, not as whoever happened to make the store."""
    found = owners(postgres_url)
    assert found.pop("append") == "caretrail_append"
    assert {"log", "store", "stay", "flag", "refuse_change", "caretrail", "salt"} <= found.keys()
    assert set(found.values()) == {"caretrail_owner"}
    powers = (
        "SELECT rolname FROM pg_roles WHERE rolname LIKE 'caretrail\\_%' AND (rolsuper OR rolcanlogin OR rolcreaterole)"
    )
    assert run_sql(postgres_url, powers) == []


def test_a_function_made_later_is_not_for_everybody(postgres_url: str, logins: dict[str, str]) -> None:
    make = "CREATE FUNCTION {}.later() RETURNS int LANGUAGE sql RETURN 1"
    run_sql(postgres_url, "SET ROLE caretrail_owner", make.format("caretrail"))
    run_sql(postgres_url, make.format("public"))
    assert not _goes(logins["writer"], "SELECT caretrail.later()")
    assert _goes(logins["writer"], "SELECT public.later()"), "the control: PostgreSQL's own default"


def test_roles_are_made_once_however_many_make_them(postgres_url: str, empty_postgres_url: str) -> None:
    _forget_roles(postgres_url)
    urls = [postgres_url, empty_postgres_url] * 4
    init_store(empty_postgres_url)
    made = all_at_once(lambda number: init_roles(urls[number], ""))
    assert sorted(name for names in made for name in names) == sorted((*OWNERS, *GRANTED))
    assert [init_roles(url, "") for url in urls[:2]] == [[], []]


def _forget_roles(url: str) -> None:
    try:
        run_sql(url, *(f"DROP ROLE IF EXISTS {name}" for name in (*GRANTED, *OWNERS)))
    except psycopg.errors.DependentObjectsStillExist:
        pytest.skip("another database of this server uses the roles")


def test_a_store_that_is_there_keeps_its_facts_and_loses_old_grants(postgres_url: str, logins: dict[str, str]) -> None:
    """Before, a projector could make objects beside the log."""
    with open_recorder(postgres_url) as recorder:
        events = recorder.append([pending(uuid4())])
    run_sql(
        postgres_url,
        "GRANT CREATE ON SCHEMA caretrail TO caretrail_projector",
        "GRANT UPDATE ON caretrail.log TO caretrail_writer",
        "GRANT EXECUTE ON FUNCTION caretrail.append TO PUBLIC",
    )
    assert init_roles(postgres_url, roles_sql()) == []
    assert not _goes(logins["projector"], "CREATE TABLE caretrail.mine (n int)")
    assert not _goes(logins["writer"], "UPDATE caretrail.log SET payload = ''")
    assert not _goes(logins["projector"], "SELECT caretrail.append('{}', '{}', '{}', '{}', '{}', '{}', '{}')")
    with open_recorder(logins["reader"]) as recorder:
        assert recorder.read_log() == events


def test_an_administrator_need_not_be_a_superuser(postgres_server: str) -> None:
    """Who may make roles and owns the database hands all of it over, and keeps no way to act as the owner."""
    name, database = f"admin_{uuid4().hex[:8]}", f"caretrail_{uuid4().hex[:8]}"
    _forget_roles(postgres_server)
    run_sql(postgres_server, f"CREATE ROLE {name} LOGIN CREATEROLE", f"CREATE DATABASE {database} OWNER {name}")
    url = as_login(database_url(postgres_server, database), name)
    try:
        create_store(url)
        assert sorted(init_roles(url, roles_sql())) == sorted((*OWNERS, *GRANTED))
        assert init_roles(url, roles_sql()) == []
        assert set(owners(url).values()) == set(OWNERS)
        assert not _goes(url, "TABLE caretrail.log")
        assert not _goes(url, "SET ROLE caretrail_owner")
        run_sql(url, "GRANT caretrail_owner TO CURRENT_USER")  # as for an upgrade
        assert not create_store(url)
        run_sql(url, "REVOKE caretrail_owner FROM CURRENT_USER", f"GRANT caretrail_writer TO {name}")
        with open_recorder(url) as recorder:
            assert recorder.append([pending(uuid4())])[0].recorded_by == name
    finally:
        run_sql(postgres_server, f"DROP DATABASE {database}", *(f"DROP ROLE {role}" for role in (*GRANTED, *OWNERS)))
        run_sql(postgres_server, f"DROP ROLE {name}")


def test_a_login_that_may_not_make_roles_is_told_who_may(postgres_url: str, logins: dict[str, str]) -> None:
    with pytest.raises(RolesRefused, match="may not make roles") as refused:
        check_roles(logins["owner"])
    assert "superuser" in refused.value.hint
    with pytest.raises(RolesRefused):
        init_roles(logins["owner"], "")


def test_there_are_no_roles_without_a_store(empty_postgres_url: str) -> None:
    check_roles(empty_postgres_url)
    with pytest.raises(StoreNotInitialised):
        init_roles(empty_postgres_url, "")


def test_a_file_has_no_roles(sqlite_url: str) -> None:
    with pytest.raises(RolesRefused) as refused:
        init_roles(sqlite_url, "")
    assert "permissions of the file" in refused.value.hint
