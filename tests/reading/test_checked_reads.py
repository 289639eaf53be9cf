"""Every read of an episode is checked: what an index, a policy or a changed row hides stops the answer."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from caretrail.commands.application import Commands
from caretrail.errors import HiddenEvents
from caretrail.ledger.tiles import make_tiles_again
from caretrail.log import open_recorder
from caretrail.log.leaf import LogColumns
from caretrail.log.records import episode_stream
from tests.ledger.superuser import COLUMNS, rewrite, rows_of
from tests.support.care import NOW
from tests.support.example import EXAMPLE
from tests.support.program import Caretrail
from tests.support.stores import run_sql

NAME, OTHER = "LNK-2026-0001", "LNK-2026-0002"
DAY = ("--as-of", "2026-03-09")
ABOUT_ONE = (("show", NAME, *DAY), ("timeline", NAME), ("why", NAME, "R1", *DAY), ("show", NAME, "--known-at", "@131"))
SHOWN = 40
"""A version within the example: it has 65 events."""


CLIENT = json.loads(EXAMPLE.read_text().splitlines()[0])["client"]


def line_of(text: str, episode: str, client: str) -> str:
    """A line of the example as one of another episode and client."""
    event = json.loads(text) | {"episode": episode}
    event["command_id"] = f"{episode}/{event['command_id']}"
    return json.dumps(event).replace(CLIENT, client)


def two_episodes() -> str:
    """The example, and the same under another number for another client."""
    lines = EXAMPLE.read_text().splitlines()
    return "\n".join([*lines, *(line_of(one, OTHER, "cl-8") for one in lines)])


@pytest.fixture
def caretrail(store_url: str, tmp_path: Path) -> Caretrail:
    """A store of two episodes, with the read models beside the log."""
    program = Caretrail(store_url, tmp_path)
    assert program("append", input=two_episodes()).status == 0
    assert program("projection", "catch-up").status == 0
    return program


def stream_of(url: str, name: str) -> bytes:
    with open_recorder(url) as recorder:
        return episode_stream(recorder.namespace, name).bytes


def not_calm(program: Caretrail) -> None:
    """No command about the episode shows anything of it, and each says why."""
    for command in ABOUT_ONE:
        ended = program(*command)
        assert (ended.status, ended.out) == (4, ""), (command, ended.out, ended.err)
        assert "audit verify" in ended.err


def calm(program: Caretrail) -> None:
    """The control: each command answers."""
    for command in ABOUT_ONE:
        assert program(*command).status == 0, command


# --- what is hidden ---------------------------------------------------------------------------------------------------


def without_version(stream: bytes, version: int) -> Callable[[list[LogColumns]], list[LogColumns]]:
    return lambda rows: [row for row in rows if (row[1], row[2]) != (stream, version)]


@pytest.mark.slow
@pytest.mark.parametrize("version", [1, SHOWN, 65])
def test_an_event_that_is_gone_stops_the_answer(caretrail: Caretrail, store_url: str, version: int) -> None:
    """Given one event removed, the first, one between or the newest, which only the rows still know."""
    calm(caretrail)
    rewrite(store_url, without_version(stream_of(store_url, NAME), version)(rows_of(store_url)))
    not_calm(caretrail)


def hide_from_index(url: str, stream: bytes, version: int) -> None:
    """Take one row out of the indexes of a file, and leave it in the table."""
    path = url.removeprefix("sqlite://")
    names = ", ".join(COLUMNS.split(", "))
    marks = ", ".join("?" * 11)
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        guards = file.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'log'"
        ).fetchall()
        for name, _ in guards:
            file.execute(f"DROP TRIGGER {name}")
        row = file.execute(f"SELECT {names} FROM log WHERE stream = ? AND version = ?", (stream, version)).fetchone()
        file.execute("DELETE FROM log WHERE position = ?", (row[0],))
        table = file.execute("SELECT sql FROM sqlite_master WHERE name = 'log'").fetchone()[0]
        indexes = file.execute("SELECT * FROM sqlite_master WHERE type = 'index' AND tbl_name = 'log'").fetchall()
        plain = table.replace(",\n    UNIQUE (stream, version),\n    UNIQUE (source, command_id)", "")
        assert plain != table
        file.execute("PRAGMA writable_schema=1")
        file.execute("UPDATE sqlite_master SET sql = ? WHERE name = 'log'", (plain,))
        file.execute("DELETE FROM sqlite_master WHERE type = 'index' AND tbl_name = 'log'")
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        file.execute(f"INSERT INTO log ({names}) VALUES ({marks})", row)
        file.execute("PRAGMA writable_schema=1")
        file.execute("UPDATE sqlite_master SET sql = ? WHERE name = 'log'", (table,))
        file.executemany("INSERT INTO sqlite_master VALUES (?, ?, ?, ?, ?)", indexes)
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        for _, sql in guards:
            file.execute(sql)
        found = file.execute("SELECT count(*) FROM log WHERE stream = ? AND version = ?", (stream, version)).fetchone()
        there = file.execute("SELECT version FROM log WHERE position = ?", (row[0],)).fetchone()
        assert (found, there) == ((0,), (version,)), "in the table, but not in the index"


@pytest.mark.slow
@pytest.mark.parametrize("version", [1, SHOWN, 65])
def test_an_entry_missing_from_the_index_stops_the_answer(sqlite_url: str, tmp_path: Path, version: int) -> None:
    program = Caretrail(sqlite_url, tmp_path)
    assert program("append", input=two_episodes()).status == 0
    assert program("projection", "catch-up").status == 0
    calm(program)
    hide_from_index(sqlite_url, stream_of(sqlite_url, NAME), version)
    not_calm(program)


def test_rows_made_from_what_an_index_hides_are_no_quiet_rows(sqlite_url: str, tmp_path: Path) -> None:
    """Given an entry missing before the rows are made one by one: the list says that nothing is judged.

    A list also draws episodes from the log at random. Where its draw meets the hidden entry, it is refused; that is no
    quiet row, either, and the next draw may miss.
    """
    program = Caretrail(sqlite_url, tmp_path)
    assert program("append", input=two_episodes()).status == 0
    hide_from_index(sqlite_url, stream_of(sqlite_url, NAME), SHOWN)
    while (ended := program("worklist", *DAY, "--json")).status != 0:
        assert (ended.status, ended.out) == (4, "")
    hidden = [row for row in ended.json["rows"] if row["episode"] == NAME]
    assert [(row["verdict"], row["cause"]) for row in hidden] == [("unknown", "quarantined")]
    assert any(row["episode"] == OTHER and row["cause"] != "quarantined" for row in ended.json["rows"])
    not_calm(program)


POLICY = ["ALTER TABLE caretrail.log ENABLE ROW LEVEL SECURITY", "CREATE POLICY hiding ON caretrail.log USING {which}"]


@pytest.mark.parametrize("which", ["(version <> 40)", "(version < 60)", "(false)", "(position <= 65)"])
def test_a_policy_that_hides_rows_stops_every_answer(
    postgres_url: str, logins: dict[str, str], tmp_path: Path, which: str
) -> None:
    """Given a policy that hides an event, the newest ones, all of them, or an episode: no list answers, either."""
    assert Caretrail(logins["writer"], tmp_path)("append", input=two_episodes()).status == 0
    assert Caretrail(logins["projector"], tmp_path)("projection", "catch-up").status == 0
    reader = Caretrail(logins["reader"], tmp_path)
    calm(reader)
    run_sql(postgres_url, *(one.format(which=which) for one in POLICY))
    for command in (*ABOUT_ONE, ("worklist", *DAY), ("census", *DAY), ("log",)):
        ended = reader(*command)
        assert (ended.status, ended.out) == (4, ""), command
        assert "row-security policy" in ended.err
    assert Caretrail(logins["writer"], tmp_path)("append", input=EXAMPLE.read_text()).status == 4
    run_sql(postgres_url, "DROP POLICY hiding ON caretrail.log", "ALTER TABLE caretrail.log DISABLE ROW LEVEL SECURITY")
    calm(reader)


# --- what is somebody else's ------------------------------------------------------------------------------------------


def swapped(rows: Sequence[LogColumns], first: bytes, second: bytes, versions: range) -> list[LogColumns]:
    """The rows with the streams of these versions exchanged."""
    other = {first: second, second: first}
    return [(row[0], other[row[1]], *row[2:]) if row[1] in other and row[2] in versions else row for row in rows]


@pytest.mark.parametrize("versions", [range(1, 66), range(SHOWN, SHOWN + 1), range(65, 66)])
@pytest.mark.parametrize("rows_made_anew", [False, True])
def test_swapped_streams_show_no_chart_of_another_client(
    caretrail: Caretrail, store_url: str, versions: range, rows_made_anew: bool
) -> None:
    """Given all events of two episodes exchanged, or one of each, the newest too, with rows made before or after."""
    first, second = (stream_of(store_url, name) for name in (NAME, OTHER))
    rewrite(store_url, swapped(rows_of(store_url), first, second, versions))
    if rows_made_anew:
        caretrail("projection", "rebuild")
        rows = caretrail("worklist", *DAY, "--json").json["rows"]
        assert {row["cause"] for row in rows if row["episode"] in (NAME, OTHER)} == {"quarantined"}
    not_calm(caretrail)


@pytest.mark.slow
def test_an_event_that_the_tiles_do_not_know_stops_the_answer(
    caretrail: Caretrail, store_url: str, tmp_path: Path
) -> None:
    """Given a tile over an episode, and another author in each of its events, so that any one that is drawn tells.

    The control: once the tiles are made of the altered rows, nothing in the database can tell.
    """
    lines = EXAMPLE.read_text().splitlines()
    more = "\n".join(line_of(one, f"LNK-{copy}", f"cl-{copy}") for copy in "abc" for one in lines)
    assert caretrail("append", input=more).status == 0
    assert caretrail("projection", "catch-up").status == 0
    calm(caretrail)
    stream = stream_of(store_url, NAME)
    forged = [(*row[:6], "somebody", *row[7:]) if row[1] == stream else row for row in rows_of(store_url)]
    rewrite(store_url, forged)
    not_calm(caretrail)
    with open_recorder(store_url) as recorder:
        make_tiles_again(recorder)
    calm(caretrail)


def test_verify_names_the_first_row_in_a_stream_of_others(caretrail: Caretrail, store_url: str) -> None:
    """Without checkpoints, receipts or tiles: only the name in the payload tells."""
    assert caretrail("audit", "verify").status == 0, "the control"
    first, second = (stream_of(store_url, name) for name in (NAME, OTHER))
    rewrite(store_url, swapped(rows_of(store_url), first, second, range(SHOWN, SHOWN + 1)))
    ended = caretrail("audit", "verify")
    assert ended.status != 0
    assert "position 41: it stands in the stream of another episode" in ended.out + ended.err


# --- decisions --------------------------------------------------------------------------------------------------------


def test_nothing_is_decided_on_an_episode_with_a_gap(caretrail: Caretrail, store_url: str) -> None:
    """A decision on the whole episode; a plain event reads its outline only, which has gaps by its nature."""
    rewrite(store_url, without_version(stream_of(store_url, NAME), SHOWN)(rows_of(store_url)))
    void = {
        "type": "voided", "episode": NAME, "occurred_on": "2026-04-01", "target": 30, "reason": "wrong_client",
        "actor": {"id": "c-ortiz", "role": "clinician"}, "command_id": "void-it",
    }  # fmt: skip
    ended = caretrail("append", input=json.dumps(void))
    assert ended.status == 1
    assert "cannot be read" in ended.err
    with open_recorder(store_url) as recorder, pytest.raises(HiddenEvents, match=f"event {SHOWN} of the episode"):
        Commands(recorder, lambda: NOW).episode(NAME)
