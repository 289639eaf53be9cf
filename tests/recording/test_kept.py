"""Stores that released versions made are kept as SQL: they open, every leaf is what it was, and they go on."""

from __future__ import annotations

import itertools
import sqlite3
import subprocess
import sys
from contextlib import closing, suppress
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import cast

import psycopg
import pytest

from caretrail.commands.application import Commands
from caretrail.errors import StoreError, StoreNewer
from caretrail.facts import TargetedFact
from caretrail.facts.parsing import parse_fact
from caretrail.recording import init_store, leaf_hash, new_salt, open_recorder, postgresql_setup, sqlite_setup
from caretrail.recording.events import PendingAccess
from caretrail.recording.opening import upgrade_store
from tests.cli.conftest import Caretrail
from tests.support.stores import Clock, run_sql

KEPT = Path(__file__).parent / "kept"
FACTS = (Path(__file__).parent.parent / "data" / "one-episode.jsonl").read_text().splitlines()
LEAVES = {
    "sqlite": "9336ecde85d8633f195badd19fe5aa07585d0e86b726e705899db2148b76b5cf",
    "postgresql": "010c59f3d36fa5c9917248fe15dd39fb6ee3c038035eaf13a897f2eeef04aa00",
}
"""SHA-256 over the leaves in order, as computed when the stores were made."""


@pytest.fixture(params=LEAVES)
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    """A store of schema 1 and the digest over its leaves."""
    kind = cast(str, request.param)
    script = (KEPT / f"schema-1.{kind}.sql").read_text()
    if kind == "sqlite":
        url = f"sqlite://{tmp_path}/kept.db"
        with closing(sqlite3.connect(tmp_path / "kept.db")) as file:
            file.executescript(script)
    else:
        url = cast(str, request.getfixturevalue("empty_postgres_url"))
        run_sql(url, script)
    return url, LEAVES[kind]


def test_a_store_of_schema_1_is_read_and_goes_on(kept: tuple[str, str]) -> None:
    url, leaves = kept
    assert upgrade_store(url) == 2
    clock = Clock(datetime(2026, 6, 2, 12, tzinfo=UTC))
    with open_recorder(url, clock=clock) as recorder:
        events = recorder.read_log()
        assert sha256(b"".join(map(leaf_hash, events))).hexdigest() == leaves
        assert [event.topic for event in events[-2:]] == ["session_missed/1;imported"] * 2
        commands = Commands(recorder, clock)
        facts = list(enumerate(map(parse_fact, FACTS[:12]), start=1))
        same = [(number, fact) for number, fact in facts if not isinstance(fact, TargetedFact)]  # others: old order
        again = commands.append([fact for _, fact in same])
        assert [receipt.position for receipt in again] == [number for number, _ in same]
        [receipt] = commands.append([parse_fact(FACTS[12])])
        assert (receipt.position, receipt.version) == (13, 13)
        assert len(commands.episode("LNK-2026-0001").history) == 13
        [look] = recorder.record_access([PendingAccess(b"{}", "look", new_salt())])
        assert (look.position, look.originator_version, recorder.count_accesses(0, 14)) == (14, 1, 1)


def test_an_upgraded_store_is_made_like_a_new_one(
    kept: tuple[str, str], request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url, _ = kept
    upgrade_store(url)
    new = f"sqlite://{tmp_path}/new.db"
    if not url.startswith("sqlite"):
        new = cast(str, request.getfixturevalue("postgres_url"))
    init_store(new)
    assert made_of(url) == made_of(new)


def made_of(url: str) -> list[tuple[object, ...]]:
    """Every object of a store, as the database words it."""
    if url.startswith("sqlite"):
        return run_sql(url, "SELECT type, name, tbl_name FROM sqlite_master ORDER BY 1, 2")
    return run_sql(
        url,
        "SELECT pg_get_functiondef(oid), CASE proname WHEN 'refuse_change' THEN '' ELSE proacl::text END"  # as kept
        " FROM pg_proc WHERE pronamespace = 'caretrail'::regnamespace"
        " UNION ALL SELECT indexdef, '' FROM pg_indexes WHERE schemaname = 'caretrail' ORDER BY 1",
    )


# --- a later schema, pretended -----------------------------------------------------------------------------------

PRETENDED = {2: "CREATE TABLE caretrail.pretended (a integer)", 3: "INSERT INTO caretrail.pretended VALUES (7)"}


@pytest.fixture
def schema_4(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pretend that this program is two schemas further on."""
    steps = cast("dict[int, str]", request.param)
    for setup in (sqlite_setup, postgresql_setup):
        monkeypatch.setattr(setup, "SCHEMA_VERSION", 4)
        here = {number: step.replace("caretrail.", "") for number, step in steps.items()}
        monkeypatch.setattr(setup, "UPGRADES", setup.UPGRADES | (here if setup is sqlite_setup else steps))


def schema_of(url: str) -> object:
    statement = "PRAGMA user_version" if url.startswith("sqlite") else "SELECT schema_version FROM caretrail.store"
    return run_sql(url, statement)[0][0]


@pytest.mark.usefixtures("schema_4")
@pytest.mark.parametrize("schema_4", [PRETENDED], indirect=True, ids=["right"])
def test_an_older_store_is_refused_until_init_has_upgraded_it(kept: tuple[str, str], tmp_path: Path) -> None:
    url, leaves = kept
    caretrail = Caretrail(url, tmp_path)
    ended = caretrail("log")
    assert (ended.status, ended.out) == (4, "")
    assert (
        "is of an older Caretrail (schema 1, this one needs 4)\nHint: make a backup and stop what writes" in ended.err
    )
    assert caretrail("init").out.startswith("Upgraded the store to schema 4: ")
    assert caretrail("init").out.startswith("There is a store already, left as it is: ")
    assert run_sql(url, "SELECT a FROM caretrail.pretended") == [(7,)]
    with open_recorder(url) as recorder:
        assert sha256(b"".join(map(leaf_hash, recorder.read_log()))).hexdigest() == leaves
    with pytest.raises(Exception, match=r"append-only|permanent"):
        run_sql(url, "UPDATE caretrail.store SET demo = demo")


@pytest.mark.usefixtures("schema_4")
@pytest.mark.parametrize("schema_4", [PRETENDED | {3: "no SQL"}], indirect=True, ids=["broken"])
def test_an_upgrade_that_breaks_off_goes_on_where_it_was(
    kept: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, _ = kept
    with pytest.raises(StoreError, match="the database refused"):
        upgrade_store(url)
    assert schema_of(url) == 3  # the step that was complete stays, the broken one left nothing
    for setup in (sqlite_setup, postgresql_setup):
        monkeypatch.setitem(setup.UPGRADES, 3, "SELECT 1")
    assert upgrade_store(url) == 4
    assert schema_of(url) == 4


@pytest.mark.usefixtures("schema_4")
@pytest.mark.parametrize("schema_4", [PRETENDED], indirect=True, ids=["right"])
def test_there_is_no_way_back(kept: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    url, _ = kept
    upgrade_store(url)
    for setup in (sqlite_setup, postgresql_setup):
        monkeypatch.setattr(setup, "SCHEMA_VERSION", 1)
    with pytest.raises(StoreNewer, match="schema 4, this one knows 1"):
        open_recorder(url)
    assert upgrade_store(url) == 4


# --- an upgrade that is killed -----------------------------------------------------------------------------------

ROWS = 150_000
STATES = {(1, None, None), (2, None, None), (3, ROWS, None), (4, ROWS, ROWS)}
"""A kept store, then this Caretrail's schema, then two pretended ones."""
MANY = {
    "sqlite": "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
    f" LIMIT {ROWS}) INSERT INTO {{0}} SELECT i FROM n",
    "postgresql": f"INSERT INTO {{0}} SELECT generate_series(1, {ROWS})",
}
UPGRADING = """
import sys
from caretrail.recording import postgresql_setup, sqlite_setup
from caretrail.recording.opening import upgrade_store
for setup in (sqlite_setup, postgresql_setup):
    setup.SCHEMA_VERSION = 4
    setup.UPGRADES.update({2: sys.argv[2], 3: sys.argv[3]})
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


def test_an_upgrade_that_is_killed_goes_on_where_it_was(kept: tuple[str, str]) -> None:
    """Killed again and again, each time a little later: every step is there whole or not at all."""
    url, _ = kept
    states = _kill_until_it_ends(url, UPGRADING)
    assert states <= STATES
    assert states >= {(1, None, None), (4, ROWS, ROWS)}


def test_an_upgrade_without_transactions_would_be_found_out(tmp_path: Path) -> None:
    """The control."""
    with closing(sqlite3.connect(tmp_path / "kept.db")) as file:
        file.executescript((KEPT / "schema-1.sqlite.sql").read_text())
    states = _kill_until_it_ends(f"sqlite://{tmp_path}/kept.db", TORN + UPGRADING)
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
