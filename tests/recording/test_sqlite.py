"""What the embedded store promises of its file, its settings, its clock, and several processes at once."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from uuid import uuid4

import pytest

from caretrail.errors import StoreDamaged, StoreError, StoreForeign, StoreNewer, StoreNotInitialised, StoreUnreachable
from caretrail.recording import EventRecorder, init_store, open_recorder, sqlite_setup
from caretrail.recording.sqlite_database import SqliteDatabase
from caretrail.recording.sqlite_setup import connect
from stores import Clock, pending, run_sql


@pytest.fixture
def path(sqlite_url: str) -> Path:
    return Path(sqlite_url.removeprefix("sqlite://"))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@contextmanager
def as_nobody() -> Generator[None]:
    """Give up root's right to write everywhere, if we have it."""
    if os.geteuid() != 0:
        yield
        return
    os.setegid(65534)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


# --- the file ---------------------------------------------------------------------------------------------------


def test_files_and_folders_we_make_are_private(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "store.db"
    assert init_store(str(path))
    with open_recorder(str(path)) as recorder:
        recorder.append([pending(uuid4())])
        files = sorted(path.parent.iterdir())
        assert {file.name: mode(file) for file in files} == {
            "store.db": 0o600, "store.db-shm": 0o600, "store.db-wal": 0o600,
        }  # fmt: skip
    assert mode(tmp_path / "a") == mode(tmp_path / "a" / "b") == 0o700


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


def test_many_processes_may_make_and_open_a_store_at_once(tmp_path: Path) -> None:
    script = (
        "import sys; from uuid import uuid4; from caretrail.recording import *\n"
        "made = init_store(sys.argv[1])\n"
        "with open_recorder(sys.argv[1]) as r:\n"
        "    for _ in range(5): r.append([PendingEvent(uuid4(), 1, 'n/1', b'', '', str(uuid4()), new_salt())])\n"
        "print(made)"
    )
    path = tmp_path / "new" / "store.db"
    for turn in range(2):
        processes = [
            subprocess.Popen([sys.executable, "-c", script, f"{path}{turn}"], stdout=subprocess.PIPE, text=True)
            for _ in range(8)
        ]
        said = [process.communicate(timeout=30)[0].strip() for process in processes]
        assert sorted(said) == ["False"] * 7 + ["True"]
        with open_recorder(f"{path}{turn}") as recorder:
            assert [event.position for event in recorder.read_log()] == list(range(1, 41))


def test_there_is_no_store_until_init_made_one(tmp_path: Path) -> None:
    for url in (str(tmp_path / "none.db"), str(tmp_path / "no" / "folder.db")):
        with pytest.raises(StoreNotInitialised) as missing:
            open_recorder(url)
        assert missing.value.hint == "run 'caretrail init'"
    assert list(tmp_path.iterdir()) == [], "looking makes nothing"


def test_a_file_left_empty_by_an_interrupted_init_can_be_finished(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.touch()
    with pytest.raises(StoreNotInitialised):
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


def test_a_damaged_file_says_so(sqlite_url: str, path: Path) -> None:
    with open_recorder(sqlite_url) as recorder:
        for _ in range(20):
            recorder.append([pending(uuid4(), payload=b"x" * 3000)])
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


def test_a_read_only_store_can_be_read_and_says_why_it_takes_nothing(sqlite_url: str, path: Path) -> None:
    with open_recorder(sqlite_url) as recorder:
        recorder.append([pending(uuid4())])
    for folder in path.parents:
        if folder.owner() == path.owner() and str(folder).startswith("/tmp/pytest"):  # noqa: S108
            folder.chmod(0o755)
    path.chmod(0o444)
    path.parent.chmod(0o555)
    try:
        with as_nobody(), open_recorder(sqlite_url) as recorder:
            assert recorder.max_position() == 1
            assert len(recorder.select_streams({recorder.read_log()[0].originator_id: 0})) == 1
            with pytest.raises(StoreUnreachable, match="read-only"):
                recorder.append([pending(uuid4())])
            assert recorder.max_position() == 1
    finally:
        path.parent.chmod(0o755)


def test_a_place_where_nothing_can_be_made_says_why(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnreachable, match="cannot be reached or made"):
        init_store(str(tmp_path / "file" / "store.db"))


# --- the settings -----------------------------------------------------------------------------------------------


def test_every_connection_has_the_settings_that_durability_rests_on(path: Path) -> None:
    with closing(connect(str(path), "s")) as connection:
        found = {
            name: connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in (
                "journal_mode", "synchronous", "foreign_keys", "trusted_schema", "cell_size_check",
                "recursive_triggers", "busy_timeout", "secure_delete",
            )
        }  # fmt: skip
    assert found == {
        "journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "trusted_schema": 0, "cell_size_check": 1,
        "recursive_triggers": 1, "busy_timeout": 5000, "secure_delete": 1,
    }  # fmt: skip


def test_a_setting_that_does_not_take_is_an_error(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_setup, "_SETTINGS", {"no_such_setting": 1})
    with pytest.raises(StoreError, match="no_such_setting"):
        connect(str(path), "s")


def test_an_sqlite_that_is_too_old_says_so(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_setup, "OLDEST_SQLITE", (99, 0))
    with pytest.raises(StoreError, match="too old"):
        connect(str(path), "s")


def test_a_store_that_left_wal_mode_is_brought_back(sqlite_url: str) -> None:
    run_sql(sqlite_url, "PRAGMA journal_mode=DELETE")
    with open_recorder(sqlite_url) as recorder:
        recorder.append([pending(uuid4())])
    assert run_sql(sqlite_url, "PRAGMA journal_mode") == [("wal",)]


# --- no way to change or to choose ---------------------------------------------------------------------------------

INSERT = (
    "INSERT {} INTO log SELECT {}, {}, 'n/1', x'00', 0, 'me', source, {}, randomblob(16) FROM log WHERE position = 2"
)


@pytest.mark.parametrize(
    "values",
    [
        ("2", "stream, version", "command_id"),  # the row itself
        ("4", "stream, version", "'new'"),  # the next position, but another row's version
        ("4", "randomblob(16), 1", "command_id"),  # …or another row's command
        ("9", "randomblob(16), 1", "'new'"),  # leaving a gap
        ("0", "randomblob(16), 1", "'new'"),
        ("-1", "randomblob(16), 1", "'new'"),
        ("NULL", "randomblob(16), 1", "'new'"),
        ("4", "randomblob(16), 2", "'new'"),  # a stream that begins with its second event
        ("4", "stream, version + 2", "'new'"),
    ],
)
@pytest.mark.parametrize("how", ["", "OR REPLACE", "OR IGNORE"])
def test_an_insert_of_ones_own_cannot_replace_or_skip(sqlite_url: str, values: tuple[str, str, str], how: str) -> None:
    with open_recorder(sqlite_url) as recorder:
        recorded = recorder.append([pending(uuid4()) for _ in range(3)])
        with pytest.raises(sqlite3.Error, match="append-only"):
            run_sql(sqlite_url, INSERT.format(how, *values))
        assert recorder.read_log() == recorded


def test_without_the_guard_replace_overwrites(sqlite_url: str) -> None:
    """The control for the test above."""
    with open_recorder(sqlite_url) as recorder:
        recorded = recorder.append([pending(uuid4()) for _ in range(3)])
        run_sql(sqlite_url, "DROP TRIGGER log_only_grows",
                INSERT.format("OR REPLACE", "2", "stream, version", "command_id"))  # fmt: skip
        assert recorder.read_log() != recorded


def test_an_upsert_is_refused(sqlite_url: str) -> None:
    with open_recorder(sqlite_url) as recorder:
        recorder.append([pending(uuid4())])
        with pytest.raises(sqlite3.Error, match="append-only"):
            run_sql(sqlite_url, "INSERT INTO log SELECT * FROM log WHERE true ON CONFLICT DO UPDATE SET payload = x''")


# --- the clock --------------------------------------------------------------------------------------------------


def test_time_comes_from_the_clock_and_never_goes_back(sqlite_url: str, clock: Clock) -> None:
    with open_recorder(sqlite_url, clock=clock) as recorder:
        begin = clock.now
        assert recorder.append([pending(uuid4())])[0].recorded_at == begin
        assert recorder.append([pending(uuid4())])[0].recorded_at == begin + timedelta(microseconds=1)
        clock.advance(days=-365)
        assert recorder.append([pending(uuid4())])[0].recorded_at == begin + timedelta(microseconds=2)
        clock.advance(days=366)
        assert recorder.append([pending(uuid4())])[0].recorded_at == begin + timedelta(days=1)
        assert all(a.recorded_at < b.recorded_at for a, b in pairwise(recorder.read_log()))


def test_without_a_clock_time_is_now(sqlite_url: str) -> None:
    with open_recorder(sqlite_url) as recorder:
        [event] = recorder.append([pending(uuid4())])
        assert abs(datetime.now(UTC) - event.recorded_at) < timedelta(seconds=5)


def test_the_author_is_the_user_of_the_system_whatever_the_environment_says(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pwd

    for name in ("USER", "LOGNAME", "USERNAME"):
        monkeypatch.setenv(name, "somebody-else")
    with open_recorder(sqlite_url) as recorder:
        assert recorder.append([pending(uuid4())])[0].recorded_by == pwd.getpwuid(os.getuid()).pw_name


# --- interruptions ------------------------------------------------------------------------------------------------


def test_an_interrupt_in_the_middle_keeps_nothing_and_the_recorder_goes_on(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_recorder(sqlite_url) as recorder:

        def interrupted(*_: object) -> None:
            os.kill(os.getpid(), signal.SIGINT)

        with monkeypatch.context() as patch:
            patch.setattr(type(recorder), "_replace_stays", interrupted)
            with pytest.raises(KeyboardInterrupt):
                recorder.append([pending(uuid4())])
        assert recorder.max_position() == 0
        assert recorder.append([pending(uuid4())])[0].position == 1


def test_a_killed_writer_leaves_whole_calls_only(sqlite_url: str) -> None:
    """Acknowledged calls are there, and no part of one that was not."""
    script = (
        "import sys; from uuid import uuid4; from caretrail.recording import *\n"
        "r = open_recorder(sys.argv[1])\n"
        "while True:\n"
        "    s = uuid4(); r.append([PendingEvent(s, v, 'n/1', b'', '', str(uuid4()), new_salt()) for v in (1, 2, 3)])\n"
        "    print(s, flush=True)"
    )
    acknowledged: list[str] = []
    for _ in range(5):
        process = subprocess.Popen([sys.executable, "-c", script, sqlite_url], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        acknowledged += [process.stdout.readline().strip() for _ in range(20)]
        process.kill()
        acknowledged += process.communicate()[0].splitlines()
    with open_recorder(sqlite_url) as recorder:
        log = recorder.read_log(limit=100_000)
    assert [event.position for event in log] == list(range(1, len(log) + 1))
    assert all(log[i].originator_id == log[i + 2].originator_id for i in range(0, len(log), 3))
    stored = {str(event.originator_id) for event in log}
    assert set(acknowledged) <= stored
    assert len(stored) <= len(set(acknowledged)) + 5


def test_a_full_disk_keeps_nothing_of_the_call_and_the_store_goes_on(sqlite_url: str) -> None:
    with open_recorder(sqlite_url) as recorder:
        recorder.append([pending(uuid4())])
        database = recorder.database
        assert isinstance(database, SqliteDatabase)
        with database.reader() as connection:  # the pool hands the same connection to the append
            pages = connection.execute("PRAGMA page_count").fetchone()[0]
            connection.execute(f"PRAGMA max_page_count={pages + 2}")
        with pytest.raises(StoreUnreachable, match="full"):
            recorder.append([pending(uuid4(), payload=b"x" * 1_000_000)])
        with database.reader() as connection:
            connection.execute("PRAGMA max_page_count=1000000")
        assert recorder.append([pending(uuid4(), payload=b"x" * 1_000_000)])[0].position == 2


def test_a_child_process_leaves_its_parents_connections_alone(recorder_url: str) -> None:
    with open_recorder(recorder_url) as recorder:
        recorder.append([pending(uuid4())])
        child = os.fork()
        if child == 0:  # pragma: no cover  # in the child
            failed = 1
            try:
                recorder.append([pending(uuid4())])
                failed = 0
            finally:
                os._exit(failed)
        assert os.waitpid(child, 0)[1] == 0
        assert recorder.append([pending(uuid4())])[0].position == 3


@pytest.fixture
def recorder_url(store_url: str) -> str:
    return store_url


def test_a_copy_made_with_vacuum_into_is_the_same_log(sqlite_url: str, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    with open_recorder(sqlite_url) as recorder:
        recorded = recorder.append([pending(uuid4()) for _ in range(3)])
        run_sql(sqlite_url, f"VACUUM INTO '{copy}'")
        with open_recorder(str(copy)) as restored:
            assert (restored.namespace, restored.read_log()) == (recorder.namespace, recorded)


def test_a_moved_store_is_the_same_store(sqlite_url: str, path: Path, tmp_path: Path) -> None:
    with open_recorder(sqlite_url) as recorder:
        recorded = recorder.append([pending(uuid4())])
    shutil.move(path, tmp_path / "moved %41 #?.db")
    with open_recorder(f"sqlite://{tmp_path}/moved %41 #?.db") as moved:
        assert moved.read_log() == recorded


def test_a_closed_recorder_says_so(recorder: EventRecorder) -> None:
    recorder.close()
    with pytest.raises(StoreUnreachable, match="closed"):
        recorder.read_log()


def test_closing_while_another_thread_works_closes_its_connection_when_it_comes_back(recorder: EventRecorder) -> None:
    recorder.append([pending(uuid4()) for _ in range(10)])
    begun, closed = threading.Event(), threading.Event()

    def work() -> None:
        rows = recorder.database.stream("SELECT position FROM caretrail.log ORDER BY position", size=2)
        next(rows)
        begun.set()
        closed.wait(5)
        found.extend(rows)

    found: list[object] = []
    thread = threading.Thread(target=work)
    thread.start()
    begun.wait(5)
    recorder.close()
    closed.set()
    thread.join()
    assert len(found) == 9
