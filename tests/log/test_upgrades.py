"""Upgrades of a store, with two later schemas pretended: refused before, in whole steps, and without a way back."""

from __future__ import annotations

import itertools
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from caretrail.commands.application import Commands
from caretrail.errors import StoreError, StoreNewer
from caretrail.events import parse_event
from caretrail.log import database, init_store, open_recorder
from caretrail.log.postgresql import setup as postgresql_setup
from caretrail.log.sqlite import setup as sqlite_setup
from caretrail.log.stores import upgrade_store
from tests.support.example import EXAMPLE
from tests.support.program import Caretrail
from tests.support.stores import Clock, log_of, run_sql

EVENTS = EXAMPLE.read_text().splitlines()
CLOCK = Clock(datetime(2026, 6, 2, 12, tzinfo=UTC))
STEPS = {1: "CREATE TABLE caretrail.pretended (a integer)", 2: "INSERT INTO caretrail.pretended VALUES (7)"}


@pytest.fixture
def store(store_url: str) -> str:
    """A store of schema 1 with some events."""
    with open_recorder(store_url, clock=CLOCK) as recorder:
        Commands(recorder, CLOCK).append([parse_event(line) for line in EVENTS[:12]])
    return store_url


def pretend(monkeypatch: pytest.MonkeyPatch, schema: int, steps: Mapping[int, str]) -> None:
    """Pretend that this program knows another schema, and these steps from older ones."""
    for module in (database, sqlite_setup, postgresql_setup):
        monkeypatch.setattr(module, "SCHEMA", schema)
    monkeypatch.setattr(sqlite_setup, "UPGRADES", {old: step.replace("caretrail.", "") for old, step in steps.items()})
    monkeypatch.setattr(postgresql_setup, "UPGRADES", steps)


def schema_of(url: str) -> object:
    statement = "PRAGMA user_version" if url.startswith("sqlite") else "SELECT schema_version FROM caretrail.store"
    return run_sql(url, statement)[0][0]


def test_the_schema_begins_at_1_and_there_is_nothing_to_upgrade(store: str) -> None:
    assert schema_of(store) == 1
    assert upgrade_store(store) == 1
    assert {**sqlite_setup.UPGRADES, **postgresql_setup.UPGRADES} == {}


def test_an_older_store_is_refused_until_init_has_upgraded_it(
    store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_recorder(store) as recorder:
        before = log_of(recorder)
    pretend(monkeypatch, 3, STEPS)
    caretrail = Caretrail(store, tmp_path)
    ended = caretrail("log")
    assert (ended.status, ended.out) == (4, "")
    refused = (
        "was made by an older Caretrail (schema 1, this one needs 3)\nHint: back up the store and stop all writers"
    )
    assert refused in ended.err
    assert caretrail("init").out.startswith("Upgraded the store to schema 3: ")
    assert caretrail("init").out.startswith("The store exists, nothing was changed: ")
    assert run_sql(store, "SELECT a FROM caretrail.pretended") == [(7,)]
    with pytest.raises(Exception, match=r"append-only|permanent"):
        run_sql(store, "UPDATE caretrail.store SET demo = demo")
    with open_recorder(store, clock=CLOCK) as recorder:
        assert log_of(recorder) == before
        commands = Commands(recorder, CLOCK)
        again = commands.append([parse_event(line) for line in EVENTS[:12]])
        assert [receipt.position for receipt in again] == list(range(1, 13))
        [receipt] = commands.append([parse_event(EVENTS[12])])
        assert (receipt.position, receipt.version) == (13, 13)


def test_an_upgrade_that_breaks_off_goes_on_where_it_was(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, 3, STEPS | {2: "no SQL"})
    with pytest.raises(StoreError, match="the database refused"):
        upgrade_store(store)
    assert schema_of(store) == 2  # the step that was complete stays, the broken one left nothing
    pretend(monkeypatch, 3, STEPS)
    assert upgrade_store(store) == 3
    assert schema_of(store) == 3


def test_there_is_no_way_back(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, 3, STEPS)
    upgrade_store(store)
    pretend(monkeypatch, 1, {})
    with pytest.raises(StoreNewer, match="schema 3, this one knows 1"):
        open_recorder(store)
    assert upgrade_store(store) == 3


# --- an upgrade that is killed -----------------------------------------------------------------------------------

ROWS = 150_000
STATES = {(1, None, None), (2, ROWS, None), (3, ROWS, ROWS)}
"""This program's schema, then two pretended ones, each with a table."""
MANY = {
    "sqlite": "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
    f" LIMIT {ROWS}) INSERT INTO {{0}} SELECT i FROM n",
    "postgresql": f"INSERT INTO {{0}} SELECT generate_series(1, {ROWS})",
}
UPGRADING = """
import sys
from caretrail.log.postgresql import setup as postgresql_setup
from caretrail.log.sqlite import setup as sqlite_setup
from caretrail.log.stores import upgrade_store
for setup in (sqlite_setup, postgresql_setup):
    setup.SCHEMA = 3
    setup.UPGRADES.update({1: sys.argv[2], 2: sys.argv[3]})
print("begins", flush=True)
upgrade_store(sys.argv[1])
"""


TORN = """
import sqlite3
class Torn(sqlite3.Connection):
    def execute(self, sql, *parameters):
        return super().execute("SELECT 1" if sql in ("BEGIN IMMEDIATE", "COMMIT") else sql, *parameters)
connect = sqlite3.connect
sqlite3.connect = lambda *args, **kwargs: connect(*args, factory=Torn, **kwargs)
"""


@pytest.mark.slow
def test_an_upgrade_that_is_killed_goes_on_where_it_was(store: str) -> None:
    """Killed again and again, each time a little later: every step is there whole or not at all."""
    states = _kill_until_it_ends(store, UPGRADING)
    assert states <= STATES
    assert states >= {(1, None, None), (3, ROWS, ROWS)}


@pytest.mark.slow
def test_an_upgrade_without_transactions_would_be_found_out(sqlite_url: str) -> None:
    """The control."""
    init_store(sqlite_url)
    states = _kill_until_it_ends(sqlite_url, TORN + UPGRADING)
    assert not states <= STATES


def _kill_until_it_ends(url: str, program: str) -> set[tuple[object, ...]]:
    """Upgrade and kill until a run ends by itself; the states seen: the schema, and the rows of each step's table."""
    kind = url.partition(":")[0]
    steps = [f"CREATE TABLE caretrail.{name} (i bigint); {MANY[kind].format(f'caretrail.{name}')}" for name in "ab"]
    if kind == "sqlite":
        steps = [step.replace("caretrail.", "") for step in steps]
    states: set[tuple[object, ...]] = set()
    for attempt in itertools.count():
        command = [sys.executable, "-c", program, url, *steps]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            assert process.stdout is not None
            process.stdout.readline()
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.015 * attempt)
            process.kill()
        states.add((schema_of(url), *(_rows(url, name) for name in "ab")))
        if process.returncode >= 0:
            break
    return states


def _rows(url: str, table: str) -> object:
    """How many rows the table of a step has; None where there is no such table."""
    try:
        return run_sql(url, f"SELECT count(*) FROM caretrail.{table}")[0][0]
    except (sqlite3.OperationalError, psycopg.errors.UndefinedTable):
        return None
