"""What the embedded store promises of its file: made once, private, and readable where nothing may be written."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest

from caretrail.errors import StoreDamaged, StoreForeign, StoreNewer, StoreNotInitialized, StoreUnreachable
from caretrail.log import init_store, open_recorder
from tests.support.stores import pending, run_sql, taking_no_writes


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# --- the file ---------------------------------------------------------------------------------------------------


@pytest.fixture
def lax_umask() -> Generator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("lax_umask")
def test_files_and_folders_we_make_are_private(tmp_path: Path) -> None:
    """Although everybody else's here are open to all."""
    path = tmp_path / "a" / "b" / "store.db"
    (tmp_path / "other.db").touch()
    assert mode(tmp_path / "other.db") == 0o666
    assert init_store(str(path))
    with open_recorder(str(path)) as recorder:
        recorder.append([pending(uuid4())])
        files = sorted(path.parent.iterdir())
        assert {file.name: mode(file) for file in files} == {
            "store.db": 0o600, "store.db-shm": 0o600, "store.db-wal": 0o600,
        }  # fmt: skip
    assert mode(tmp_path / "a") == mode(tmp_path / "a" / "b") == 0o700


@pytest.mark.parametrize(("before", "after"), [(0o666, 0o600), (0o604, 0o600), (0o660, 0o660), (0o600, 0o600)])
def test_an_empty_file_that_was_open_to_all_becomes_private(tmp_path: Path, before: int, after: int) -> None:
    """Given a file that somebody touched: what it lets a group do may be meant, what it lets everybody do is not."""
    path = tmp_path / "store.db"
    path.touch()
    path.chmod(before)
    assert init_store(str(path))
    assert mode(path) == after


def test_a_store_that_was_there_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    assert init_store(str(path))
    path.chmod(0o644)
    assert not init_store(str(path))
    assert mode(path) == 0o644


def test_a_folder_that_was_there_keeps_its_permissions(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o755)
    init_store(str(folder / "store.db"))
    assert mode(folder) == 0o755


def test_init_makes_a_store_once(tmp_path: Path) -> None:
    url = str(tmp_path / "store.db")
    assert init_store(url, demo=True)
    with open_recorder(url) as recorder:
        namespace, demo = recorder.namespace, recorder.is_demo
        recorder.append([pending(uuid4())])
    assert demo
    assert not init_store(url)
    with open_recorder(url) as recorder:
        assert (recorder.namespace, recorder.is_demo, recorder.max_position()) == (namespace, True, 1)


FIRST_OPEN = """
import sys; from uuid import uuid4; from caretrail.log import *
made = init_store(sys.argv[1])
with open_recorder(sys.argv[1]) as r:
    for _ in range(5): r.append([PendingEvent(uuid4(), 1, 'n/1', b'{}', '', str(uuid4()), new_salt())])
print(made)
"""
IMPATIENT = """
from caretrail.log.sqlite import setup as sqlite_setup
sqlite_setup.BUSY_SECONDS = 0
sqlite_setup._SETTINGS["busy_timeout"] = 0
"""


def _at_once(path: str, program: str) -> list[str]:
    """What eight processes print that make and open a store at once; nothing for one that failed."""
    command = [sys.executable, "-c", program, path]
    processes = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) for _ in range(8)
    ]
    return sorted(process.communicate(timeout=30)[0].strip() for process in processes)


@pytest.mark.slow
def test_many_processes_may_make_and_open_a_store_at_once(tmp_path: Path) -> None:
    path = tmp_path / "new" / "store.db"
    for turn in range(2):
        assert _at_once(f"{path}{turn}", FIRST_OPEN) == ["False"] * 7 + ["True"]
        with open_recorder(f"{path}{turn}") as recorder:
            assert [event.position for event in recorder.read_log()] == list(range(1, 41))


@pytest.mark.slow
def test_without_waiting_for_each_other_some_of_them_fail(tmp_path: Path) -> None:
    """The control, for the first open and for every lock met later."""
    assert any("" in _at_once(str(tmp_path / f"{turn}.db"), IMPATIENT + FIRST_OPEN) for turn in range(10))


def test_there_is_no_store_until_init_made_one(tmp_path: Path) -> None:
    for url in (str(tmp_path / "none.db"), str(tmp_path / "no" / "folder.db")):
        with pytest.raises(StoreNotInitialized) as missing:
            open_recorder(url)
        assert missing.value.hint == "run 'caretrail init'"
    assert list(tmp_path.iterdir()) == [], "looking makes nothing"


def test_a_file_left_empty_by_an_interrupted_init_can_be_finished(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.touch()
    with pytest.raises(StoreNotInitialized):
        open_recorder(str(path))
    assert init_store(str(path))


@pytest.mark.parametrize("kind", ["text", "other database", "other application"])
def test_what_is_not_ours_is_left_as_it_is(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "other.db"
    if kind == "text":
        path.write_text("this is not a database at all, but it is longer than a header of one" * 20)
    else:
        with closing(sqlite3.connect(path)) as other:
            other.execute("CREATE TABLE t (x)" if kind == "other database" else "PRAGMA application_id=7")
            other.commit()
    before = path.read_bytes()
    for attempt in (open_recorder, init_store):
        with pytest.raises(StoreForeign):
            attempt(str(path))
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["other.db"]


def test_a_newer_store_is_not_opened(sqlite_url: str) -> None:
    run_sql(sqlite_url, "PRAGMA user_version=99")
    for attempt in (open_recorder, init_store):
        with pytest.raises(StoreNewer, match="schema 99"):
            attempt(sqlite_url)


def test_a_damaged_file_is_named_as_such(sqlite_url: str, path: Path) -> None:
    with open_recorder(sqlite_url) as recorder:
        for _ in range(20):
            recorder.append([pending(uuid4(), payload=b'{"x":"%s"}' % (b"x" * 3000))])
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(StoreDamaged), open_recorder(sqlite_url) as recorder:
        recorder.read_log()


def test_a_store_without_its_mark_is_damaged(sqlite_url: str) -> None:
    run_sql(sqlite_url, "DROP TRIGGER store_refuses_delete", "DELETE FROM store")
    with pytest.raises(StoreDamaged):
        open_recorder(sqlite_url)


def without_constraints(url: str, table: str) -> None:
    """Let a table take any value, as a damaged page may hold any."""
    schema = "replace(replace(replace(sql, 'NOT NULL', ''), 'CHECK (length', 'CHECK (1 OR length'), 'STRICT', '')"
    guards = run_sql(url, f"SELECT name FROM sqlite_master WHERE tbl_name = '{table}' AND type = 'trigger'")
    run_sql(
        url,
        *(f"DROP TRIGGER {name}" for (name,) in guards),
        "PRAGMA writable_schema=1",
        f"UPDATE sqlite_master SET sql = {schema} WHERE type = 'table' AND name = '{table}'",
    )


def test_a_mark_that_is_no_longer_one_is_damage_too(sqlite_url: str) -> None:
    without_constraints(sqlite_url, "store")
    run_sql(sqlite_url, "UPDATE store SET namespace = NULL")
    with pytest.raises(StoreDamaged, match="mark"):
        open_recorder(sqlite_url)


@pytest.mark.parametrize("values", ["stream = NULL", "stream = x'00'", "recorded_at = NULL", f"recorded_at = {2**62}"])
def test_a_row_that_is_no_longer_one_is_damage_too(sqlite_url: str, values: str) -> None:
    with open_recorder(sqlite_url) as recorder:
        recorder.append([pending(uuid4())])
    without_constraints(sqlite_url, "log")
    run_sql(sqlite_url, f"UPDATE log SET {values}")
    with open_recorder(sqlite_url) as recorder, pytest.raises(StoreDamaged, match="damaged"):
        recorder.read_log()


# --- reading where nothing may be written -------------------------------------------------------------------------


def test_a_read_only_store_can_be_read_and_names_why_it_takes_nothing(sqlite_url: str) -> None:
    with open_recorder(sqlite_url) as recorder:
        recorder.append([pending(uuid4())])
    with taking_no_writes(sqlite_url), open_recorder(sqlite_url) as recorder:
        assert recorder.max_position() == 1
        assert len(recorder.select_streams({recorder.read_log()[0].originator_id: 0})) == 1
        with pytest.raises(StoreUnreachable, match="read-only"):
            recorder.append([pending(uuid4())])
        assert recorder.max_position() == 1


def test_a_place_where_nothing_can_be_made_is_refused_with_its_cause(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnreachable, match="cannot be reached or made"):
        init_store(str(tmp_path / "file" / "store.db"))
