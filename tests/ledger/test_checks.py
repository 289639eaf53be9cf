"""What answers rest on beside the rows: each thing broken by itself on a real store, and named by `audit verify`."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from caretrail.commands.application import Commands
from caretrail.evidence.checks.all_checks import evidence_checks, operation_checks
from caretrail.evidence.checks.check import Check
from caretrail.evidence.verification import verify
from caretrail.log import open_recorder
from caretrail.log.copying import copy_store
from caretrail.log.stores import init_roles, init_store
from caretrail.readmodel.schema import roles_sql
from caretrail.service import create_store
from tests.ledger.golden_shape import FILE, golden
from tests.support.builds import live_table
from tests.support.example import copy_of_example
from tests.support.stores import as_login, run_sql

NAMES = ("schema", "rights", "indexes", "mark", "stays")


@pytest.fixture
def store_kind() -> str:
    """The example and its rows."""
    return "example"


def checks(url: str) -> dict[str, Check]:
    with open_recorder(url) as recorder:
        found = evidence_checks(recorder) + operation_checks(recorder, full=True)
    return {check.name: check for check in found}


def states(url: str) -> dict[str, str]:
    return {name: check.state for name, check in checks(url).items()}


def wrong(url: str) -> dict[str, tuple[str, ...]]:
    return {name: check.found for name, check in checks(url).items() if check.state == "wrong"}


def unguarded(url: str, *statements: str) -> None:
    """Run statements with the guard of the mark away, and put it back as it was."""
    if url.startswith("sqlite:"):
        [(guard,)] = run_sql(url, "SELECT sql FROM sqlite_master WHERE name = 'store_refuses_update'")
        run_sql(url, "DROP TRIGGER store_refuses_update", *statements, str(guard))
    else:
        off, on = (f"ALTER TABLE caretrail.store {word} TRIGGER refuse_change" for word in ("DISABLE", "ENABLE ALWAYS"))
        run_sql(url, off, *statements, on)


# --- intact stores: the control ---------------------------------------------------------------------------------


def test_an_intact_store_holds(store_url: str) -> None:
    assert set(states(store_url).values()) == {"ok"}
    with open_recorder(store_url) as recorder:
        found = verify(recorder)
    assert found.ok
    assert tuple(check.name for check in found.checks) == NAMES


def test_the_shipped_shape_is_that_of_a_fresh_store(empty_postgres_url: str) -> None:
    """If it is not: python -m tests.ledger.golden_shape --write."""
    create_store(empty_postgres_url)
    init_roles(empty_postgres_url, roles_sql())
    assert golden(empty_postgres_url) == FILE.read_text()


def test_a_copy_to_the_other_kind_of_store_holds(store_url: str, empty_postgres_url: str, tmp_path: Path) -> None:
    place = empty_postgres_url if store_url.startswith("sqlite") else f"sqlite://{tmp_path}/copied/care.db"
    init_store(place)
    with open_recorder(store_url) as source, open_recorder(place) as target:
        copy_store(source, target, lambda _done, _all: None)
    assert wrong(place) == {}


def test_every_role_that_reads_can_make_the_checks(postgres_url: str, login_names: Mapping[str, str]) -> None:
    init_roles(postgres_url, roles_sql())
    for role in ("reader", "auditor", "projector", "writer", "operator"):
        with open_recorder(as_login(postgres_url, login_names[role])) as recorder:
            assert [check for check in evidence_checks(recorder) if check.state != "ok"] == [], role


def test_what_a_login_may_not_read_is_not_called_right(postgres_url: str, login_names: Mapping[str, str]) -> None:
    init_roles(postgres_url, roles_sql())
    run_sql(postgres_url, "REVOKE SELECT ON caretrail.stay FROM caretrail_auditor")
    found = states(as_login(postgres_url, login_names["auditor"]))
    assert (found["stays"], found["indexes"], found["rights"]) == ("unchecked", "unchecked", "wrong")


# --- the schema -------------------------------------------------------------------------------------------------

SQLITE_SCHEMA = {
    "a dropped guard": ("DROP TRIGGER log_refuses_update", "the trigger log_refuses_update of log is missing"),
    "a guard that guards nothing": (
        "DROP TRIGGER log_refuses_delete; CREATE TRIGGER log_refuses_delete BEFORE DELETE ON log WHEN false "
        "BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END",
        "the trigger log_refuses_delete of log is not as it is made",
    ),
    "a trigger that forges": (
        "CREATE TRIGGER forge AFTER INSERT ON {episode} BEGIN DELETE FROM {finding}; END",
        "the trigger forge of {episode} is there, and nothing of Caretrail makes it",
    ),
    "a dropped index": ("DROP INDEX stay_of_client", "the index stay_of_client of stay is missing"),
    "a view": (
        "CREATE VIEW seen AS SELECT * FROM log",
        "the view seen of seen is there, and nothing of Caretrail makes it",
    ),
}
POSTGRESQL_SCHEMA = {
    "a dropped guard": ("DROP TRIGGER refuse_change ON caretrail.log", "the trigger refuse_change of log is missing"),
    "a disabled guard": (
        "ALTER TABLE caretrail.log DISABLE TRIGGER refuse_row_change",
        "the trigger refuse_row_change of log is not as it is made: it is disabled",
    ),
    "a guard that replicas pass": (
        "ALTER TABLE caretrail.log ENABLE TRIGGER refuse_row_change",
        "the trigger refuse_row_change of log is not as it is made: it does not always fire",
    ),
    "a replaced function": (
        "CREATE OR REPLACE FUNCTION caretrail.refuse_change() RETURNS trigger LANGUAGE plpgsql "
        "SET search_path = pg_catalog, pg_temp AS 'BEGIN RETURN NEW; END'",
        "the function refuse_change() is not as it is made",
    ),
    "a function without its settings": (
        "ALTER FUNCTION caretrail.await_appends RESET search_path",
        "the function await_appends() is not as it is made",
    ),
    "a trigger that forges": (
        "CREATE FUNCTION public.forge() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';; "
        "CREATE TRIGGER forge BEFORE INSERT ON caretrail.{finding} FOR EACH ROW EXECUTE FUNCTION public.forge()",
        "the trigger forge of {finding} is there, and nothing of Caretrail makes it",
    ),
    "a rule": (
        "CREATE RULE swallow AS ON INSERT TO caretrail.access DO INSTEAD NOTHING",
        "the rule swallow of access is there, and nothing of Caretrail makes it",
    ),
    "a policy": (
        "CREATE POLICY hide ON caretrail.log USING (position <> 7)",
        "the policy hide of log is there, and nothing of Caretrail makes it",
    ),
    "row security": (
        "ALTER TABLE caretrail.stay ENABLE ROW LEVEL SECURITY",
        "the table stay is not as it is made: it has row security",
    ),
    "a dropped index": ("DROP INDEX caretrail.stay_of_client", "the index stay_of_client of stay is missing"),
    "an invalid index": (
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'caretrail.log_stream_version_key'::regclass",
        "the index log_stream_version_key of log is not as it is made: it is invalid",
    ),
    "a dropped constraint": (
        "ALTER TABLE caretrail.log DROP CONSTRAINT log_position_check",
        "the constraint log_position_check of log is missing",
    ),
}


@pytest.mark.parametrize(("statement", "told"), SQLITE_SCHEMA.values(), ids=SQLITE_SCHEMA)
def test_a_changed_schema_of_sqlite_is_named(sqlite_url: str, statement: str, told: str) -> None:
    tables = {name: live_table(sqlite_url, name).removeprefix("caretrail.") for name in ("episode", "finding")}
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite://"))) as file:
        file.executescript(statement.format(**tables))
    found = wrong(sqlite_url)
    assert found["schema"] == (told.format(**tables),)
    assert not verified(sqlite_url)


@pytest.mark.parametrize(("statement", "told"), POSTGRESQL_SCHEMA.values(), ids=POSTGRESQL_SCHEMA)
def test_a_changed_schema_of_postgresql_is_named(postgres_url: str, statement: str, told: str) -> None:
    tables = {"finding": live_table(postgres_url, "finding").removeprefix("caretrail.")}
    run_sql(postgres_url, *statement.format(**tables).split(";; "))
    assert told.format(**tables) in wrong(postgres_url)["schema"]
    assert not verified(postgres_url)


def verified(url: str) -> bool:
    with open_recorder(url) as recorder:
        return verify(recorder).ok


# --- rights -----------------------------------------------------------------------------------------------------

RIGHTS = {
    "to everybody": ("GRANT INSERT ON caretrail.log TO PUBLIC", "PUBLIC has INSERT on the table log"),
    "of a column": (
        "GRANT UPDATE (payload) ON caretrail.log TO caretrail_auditor",
        "caretrail_auditor has UPDATE on the column log.payload",
    ),
    "to the owner": ("GRANT DELETE ON caretrail.log TO caretrail_owner", "caretrail_owner has DELETE on the table log"),
    "of a function": (
        "GRANT EXECUTE ON FUNCTION caretrail.append TO caretrail_reader",
        "caretrail_reader has EXECUTE on the function append(",
    ),
    "to grant on": (
        "GRANT SELECT ON caretrail.log TO caretrail_reader WITH GRANT OPTION",
        "caretrail_reader has SELECT WITH GRANT OPTION on the table log",
    ),
    "another owner": ("ALTER TABLE caretrail.stay OWNER TO postgres", "postgres owns the table stay"),
}


@pytest.mark.parametrize(("statement", "told"), RIGHTS.values(), ids=RIGHTS)
def test_a_right_beyond_the_roles_is_named(postgres_url: str, statement: str, told: str) -> None:
    init_roles(postgres_url, roles_sql())
    assert wrong(postgres_url) == {}
    run_sql(postgres_url, statement)
    assert any(line.startswith(told) for line in wrong(postgres_url)["rights"])
    assert not verified(postgres_url)
    init_roles(postgres_url, roles_sql())  # where the list of rights is the whole truth again
    assert wrong(postgres_url) == {}


def test_without_roles_nobody_but_the_owner_has_a_right(postgres_url: str) -> None:
    run_sql(postgres_url, "GRANT EXECUTE ON FUNCTION caretrail.append TO PUBLIC")
    [line] = wrong(postgres_url)["rights"]
    assert line.startswith("PUBLIC has EXECUTE on the function append(")


def test_an_owner_whose_schema_another_made_raises_no_alarm(
    empty_postgres_url: str, login_names: Mapping[str, str]
) -> None:
    """Given an administrator who made the schema, and let a login without other rights make a store in it."""
    login = login_names["stranger"]
    run_sql(empty_postgres_url, "CREATE SCHEMA caretrail", f"GRANT CREATE, USAGE ON SCHEMA caretrail TO {login}")
    [(name,)] = run_sql(empty_postgres_url, "SELECT current_database()")
    run_sql(empty_postgres_url, f"GRANT CREATE ON DATABASE {name} TO {login}")
    create_store(as_login(empty_postgres_url, login))
    found = checks(as_login(empty_postgres_url, login))
    assert {name: check.found for name, check in found.items() if check.state != "ok"} == {}


# --- indexes ----------------------------------------------------------------------------------------------------


def missing_from_an_index_of_sqlite(url: str) -> None:
    with closing(sqlite3.connect(url.removeprefix("sqlite://"), isolation_level=None)) as file:
        [(sql,)] = file.execute("SELECT sql FROM sqlite_master WHERE name = 'stay_of_stream'").fetchall()
        file.execute("PRAGMA writable_schema=1")
        partial = "CREATE INDEX stay_of_stream ON stay (stream) WHERE client <> 'cl-7f3a'"
        file.execute("DROP INDEX stay_of_stream")
        file.execute(partial)
        file.execute("UPDATE sqlite_master SET sql = ? WHERE name = 'stay_of_stream'", (sql,))


def test_an_index_of_sqlite_that_misses_an_entry_is_named(sqlite_url: str) -> None:
    missing_from_an_index_of_sqlite(sqlite_url)
    found = wrong(sqlite_url)
    assert any("the index stay_of_stream does not lead to every row" in line for line in found["indexes"])
    assert "schema" not in found
    assert not verified(sqlite_url)


INDEXES = {
    "log_pkey": ("log", "position"),
    "log_stream_version_key": ("log", "stream and version"),
    "log_source_command_id_key": ("log", "source and command_id"),
    "access_stream_version_key": ("access", "stream and version"),
    "stay_of_stream": ("stay", "stream"),
    "stay_of_client": ("stay", "client and program"),
}


@pytest.mark.parametrize(("index", "where"), INDEXES.items(), ids=INDEXES)
def test_an_index_of_postgresql_that_misses_an_entry_is_named(
    postgres_url: str, index: str, where: tuple[str, str]
) -> None:
    table, columns = where
    row = {
        "log": "SELECT position + 1, stream, version + 1, name, payload, recorded_at + interval '1 s', recorded_by, "
        "asserted_by, source, 'other', salt FROM caretrail.log ORDER BY position DESC LIMIT 1",
        "access": "SELECT 1, stream, 1, name, payload, recorded_at, recorded_by, asserted_by, source, command_id, salt "
        "FROM caretrail.log LIMIT 1",
        "stay": "SELECT stream, 'other', program, first_day, last_day FROM caretrail.stay LIMIT 1",
    }[table]
    ready = f"UPDATE pg_index SET indisready = {{}} WHERE indexrelid = 'caretrail.{index}'::regclass"
    run_sql(postgres_url, ready.format("false"))
    run_sql(postgres_url, f"INSERT INTO caretrail.{table} {row}")
    run_sql(postgres_url, ready.format("true"))
    found = wrong(postgres_url)
    assert found["indexes"] == (f"the index by {columns} of the table {table} does not lead to every row",)
    assert "schema" not in found


# --- stays ------------------------------------------------------------------------------------------------------

STAYS = {
    "deleted": "DELETE FROM caretrail.stay",
    "altered": "UPDATE caretrail.stay SET client = 'other'",
    "ended": "UPDATE caretrail.stay SET last_day = '2030-01-01'",
    "of nobody": "INSERT INTO caretrail.stay SELECT {new}, 'x', 'p', '2026-01-01', NULL",
    "twice": "INSERT INTO caretrail.stay SELECT * FROM caretrail.stay",
}


@pytest.mark.parametrize("statement", STAYS.values(), ids=STAYS)
def test_stays_that_the_events_do_not_say_are_named(store_url: str, statement: str) -> None:
    new = "randomblob(16)" if store_url.startswith("sqlite") else "gen_random_uuid()"
    run_sql(store_url, statement.format(new=new))
    assert [*wrong(store_url)][:1] == ["stays"]
    assert wrong(store_url)["stays"][0].startswith("the stays of 1 episodes are not those")
    assert not verified(store_url)


# --- the mark ---------------------------------------------------------------------------------------------------

MARKS = {
    "demo": (
        "UPDATE caretrail.store SET demo = NOT demo",
        "the store was made as the store of a clinic, and is marked as a demo",
    ),
    "made": (
        "UPDATE caretrail.store SET created_at = created_at - {second}",
        "the time of its making is not the one it was made with",
    ),
}


@pytest.mark.parametrize(("statement", "told"), MARKS.values(), ids=MARKS)
def test_a_changed_mark_is_named(store_url: str, statement: str, told: str) -> None:
    second = "1000000" if store_url.startswith("sqlite") else "interval '1 s'"
    unguarded(store_url, statement.format(second=second))
    assert wrong(store_url)["mark"] == (told,)
    assert "schema" not in wrong(store_url)
    assert not verified(store_url)


# --- what only `doctor` checks ----------------------------------------------------------------------------------

READ_MODELS = {
    "deleted rows": "DELETE FROM {finding}",
    "a position far ahead": "UPDATE caretrail.build SET position = 1000000 WHERE state = 'live'",
}


@pytest.mark.parametrize("statement", READ_MODELS.values(), ids=READ_MODELS)
@pytest.mark.parametrize("full", [True, False])
def test_read_models_that_lie_are_named(store_url: str, statement: str, *, full: bool) -> None:
    run_sql(store_url, statement.format(finding=live_table(store_url, "finding")))
    with open_recorder(store_url) as recorder:
        found = {check.name: check.state for check in operation_checks(recorder, full=full)}
    assert found == {"read models": "wrong", "clock": "ok"}


def test_every_finding_of_a_check_says_what_to_do(store_url: str) -> None:
    run_sql(store_url, "DELETE FROM caretrail.stay")
    for check in checks(store_url).values():
        assert bool(check.hint) == (check.state != "ok")
        assert check.about


def test_checks_hold_while_others_append(store_url: str) -> None:
    """Given a thread that admits clients one after another, then no check takes one in progress for a difference."""
    ended = threading.Event()

    def admit() -> None:
        with open_recorder(store_url) as recorder, Commands(recorder, recorder.about_now) as commands:
            number = 0
            while not ended.is_set():
                number += 1
                commands.append(copy_of_example(f"N-{number}", events=9), imported=True)

    other = threading.Thread(target=admit)
    other.start()
    try:
        for _ in range(5):
            found = checks(store_url)
            assert {name: found[name].found for name in NAMES if found[name].found} == {}
    finally:
        ended.set()
        other.join()
    with open_recorder(store_url) as recorder:
        assert recorder.database.query("SELECT count(*) FROM caretrail.stay")[0][0] > 1, "there was something to meet"
