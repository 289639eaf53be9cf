"""What the embedded store promises of its settings, its clock, and several processes at once."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from uuid import uuid4

import pytest

from caretrail.errors import StoreError, StoreUnreachable
from caretrail.log import EventRecorder, new_salt, open_recorder
from caretrail.log.recorder import TABLES
from caretrail.log.records import PendingAccess
from caretrail.log.sqlite import setup as sqlite_setup
from caretrail.log.sqlite.database import SqliteDatabase
from caretrail.log.sqlite.setup import connect
from tests.support.stores import Clock, log_of, pending, run_sql

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


def test_a_sqlite_that_is_too_old_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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
    "INSERT {} INTO {table} SELECT {}, {}, 'n/1', x'00', 0, 'me', '', source, {}, randomblob(16) FROM {table}"
    " WHERE position = 2"
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
        ("4", "stream, version + 3", "'new'"),
    ],
)
@pytest.mark.parametrize("how", ["", "OR REPLACE", "OR IGNORE"])
def test_an_insert_of_ones_own_cannot_replace_or_skip(sqlite_url: str, values: tuple[str, str, str], how: str) -> None:
    with open_recorder(sqlite_url) as recorder:
        recorder.append([pending(uuid4()) for _ in range(3)])
        recorder.record_access([PendingAccess(b"{}", str(number), new_salt()) for number in range(3)])
        for log, table in TABLES.items():
            recorded = log_of(recorder, log)
            with pytest.raises(sqlite3.Error, match="append-only"):
                run_sql(sqlite_url, INSERT.format(how, *values, table=table.removeprefix("caretrail.")))
            assert log_of(recorder, log) == recorded


def test_without_the_guard_replace_overwrites(sqlite_url: str) -> None:
    """The control for the test above."""
    with open_recorder(sqlite_url) as recorder:
        recorded = recorder.append([pending(uuid4()) for _ in range(3)])
        run_sql(sqlite_url, "DROP TRIGGER log_only_grows",
                INSERT.format("OR REPLACE", "2", "stream, version", "command_id", table="log"))  # fmt: skip
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


def test_the_author_is_the_user_of_the_system_whatever_the_environment_claims(
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
    """A shell that runs us in the background has us ignore Ctrl-C: here it is heard again."""
    with open_recorder(sqlite_url) as recorder:

        def interrupted(*_: object) -> None:
            signal.raise_signal(signal.SIGINT)

        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            with monkeypatch.context() as patch:
                patch.setattr(type(recorder), "_replace_stays", interrupted)
                with pytest.raises(KeyboardInterrupt):
                    recorder.append([pending(uuid4())])
        finally:
            signal.signal(signal.SIGINT, before)
        assert recorder.max_position() == 0
        assert recorder.append([pending(uuid4())])[0].position == 1


@pytest.mark.slow
def test_a_killed_writer_leaves_whole_calls_only(sqlite_url: str) -> None:
    """Acknowledged calls are there, and no part of one that was not."""
    script = (
        "import sys; from uuid import uuid4; from caretrail.log import *\n"
        "r = open_recorder(sys.argv[1])\n"
        "while True:\n"
        "    s = uuid4()\n"
        "    r.append([PendingEvent(s, v, 'n/1', b'{}', '', str(uuid4()), new_salt()) for v in (1, 2, 3)])\n"
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
            recorder.append([pending(uuid4(), payload=b'{"x":"%s"}' % (b"x" * 1_000_000))])
        with database.reader() as connection:
            connection.execute("PRAGMA max_page_count=1000000")
        assert recorder.append([pending(uuid4(), payload=b'{"x":"%s"}' % (b"x" * 1_000_000))])[0].position == 2


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


def test_a_closed_recorder_is_an_error(recorder: EventRecorder) -> None:
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
