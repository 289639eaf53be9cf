"""Events and accesses: two logs by one mechanism, and neither waits for the other."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Generator
from contextlib import closing, contextmanager
from uuid import uuid4

import psycopg
import pytest

from caretrail.errors import StoreUnreachable
from caretrail.log import EventRecorder, new_salt, open_recorder
from caretrail.log.records import Log, PendingAccess
from caretrail.log.sqlite.turns import Turns
from tests.support.stores import log_of, pending, run_sql


def access() -> PendingAccess:
    return PendingAccess(b"{}", uuid4().hex, new_salt())


def test_each_log_has_its_own_positions_and_times(recorder: EventRecorder) -> None:
    for _ in range(3):
        recorder.append([pending(uuid4()), pending(uuid4())])
        recorder.record_access([access()])
    assert (recorder.max_position(), recorder.max_position(Log.ACCESSES)) == (6, 3)
    for log, count in ((Log.EVENTS, 6), (Log.ACCESSES, 3)):
        rows = log_of(recorder, log)
        assert [row.position for row in rows] == list(range(1, count + 1))
        times = [row.recorded_at for row in rows]
        assert times == sorted(set(times))
        assert [recorder.position_at(moment, log) for moment in times] == [row.position for row in rows]


def test_a_command_of_one_log_is_not_one_of_the_other(recorder: EventRecorder) -> None:
    seen = access()
    [recorded] = recorder.record_access([seen])
    assert recorder.find_commands([recorded.key]) == {}
    assert recorder.find_commands([recorded.key], Log.ACCESSES) == {recorded.key: recorded}
    assert recorder.select_events(recorded.originator_id) == []


# --- PostgreSQL -----------------------------------------------------------------------------------------------------

HEADS = {Log.EVENTS: "caretrail.store", Log.ACCESSES: "caretrail.access_head"}


@contextmanager
def held(url: str, log: Log) -> Generator[None]:
    """Hold the head of a log, as a writer in the middle of its transaction does."""
    with psycopg.connect(url) as connection:
        connection.execute(f"SELECT FROM {HEADS[log]} FOR UPDATE".encode())
        yield


def test_neither_log_waits_for_the_head_of_the_other(postgres_url: str) -> None:
    with open_recorder(postgres_url) as recorder:
        with held(postgres_url, Log.EVENTS):
            recorder.record_access([access()])
            with pytest.raises(StoreUnreachable, match="locked"):  # the control
                recorder.append([pending(uuid4())])
        with held(postgres_url, Log.ACCESSES):
            recorder.append([pending(uuid4())])
            with pytest.raises(StoreUnreachable, match="locked"):
                recorder.record_access([access()])
        assert (recorder.max_position(), recorder.max_position(Log.ACCESSES)) == (1, 1)


def test_nobody_is_notified_of_an_access(postgres_url: str) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as listener, open_recorder(postgres_url) as recorder:
        listener.execute("LISTEN caretrail_log")
        recorder.record_access([access()])
        assert [*listener.notifies(timeout=0.2)] == []
        recorder.append([pending(uuid4())])
        assert [told.payload for told in listener.notifies(timeout=10, stop_after=1)] == ["1"], "the control"


# --- SQLite ---------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_an_access_goes_before_all_appends_that_wait(sqlite_url: str) -> None:
    """Given a commit under way and eight threads that wait to append, then the access is next after the commit."""
    with open_recorder(sqlite_url) as recorder:
        with recorder.database.transaction():
            threads = [threading.Thread(target=recorder.append, args=([pending(uuid4())],)) for _ in range(8)]
            for thread in threads:
                thread.start()
            viewer = threading.Thread(target=recorder.record_access, args=([access()],))
            time.sleep(0.2)
            viewer.start()
            time.sleep(0.2)
        for thread in (viewer, *threads):
            thread.join()
        [seen] = log_of(recorder, Log.ACCESSES)
        appended = [event.recorded_at for event in log_of(recorder)]
        assert len(appended) == 8
        assert all(seen.recorded_at < moment for moment in appended)


@pytest.mark.slow
def test_an_access_goes_before_the_next_append_of_another_process(sqlite_url: str) -> None:
    """Given a file that is locked for long, then the access is there within the time of a poll."""
    path = sqlite_url.removeprefix("sqlite://")
    with open_recorder(sqlite_url) as recorder, closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        done: list[float] = []

        def view() -> None:
            recorder.record_access([access()])
            done.append(time.monotonic())

        viewer = threading.Thread(target=view)
        viewer.start()
        time.sleep(0.5)  # SQLite itself would by now look ten times a second
        other.execute("ROLLBACK")
        released = time.monotonic()
        viewer.join()
        assert log_of(recorder, Log.ACCESSES)
        assert done[0] - released < 5


def test_a_turn_that_is_given_up_holds_nobody_back() -> None:
    turns = Turns()
    assert turns.acquire(0)
    assert not turns.acquire(0.01, urgent=True)
    assert not turns.acquire(0.01)
    turns.release()
    assert turns.acquire(0.01)
    turns.release()
    assert turns.acquire(0, urgent=True)


def test_the_guards_of_sqlite_stand_before_both_logs(sqlite_url: str) -> None:
    with open_recorder(sqlite_url) as recorder:
        recorder.append([pending(uuid4())])
        recorder.record_access([access()])
    columns = "stream, version, name, payload, recorded_at, recorded_by, asserted_by, source, command_id, salt"
    for table in ("log", "access"):
        before = run_sql(sqlite_url, f"SELECT * FROM {table}")
        for statement in (
            f"UPDATE {table} SET payload = x''",
            f"DELETE FROM {table}",
            f"REPLACE INTO {table} SELECT * FROM {table}",
            f"INSERT INTO {table} SELECT 9, {columns} FROM {table}",
            f"INSERT INTO {table} SELECT 2, {columns} FROM {table}",
        ):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                run_sql(sqlite_url, statement)
        assert run_sql(sqlite_url, f"SELECT * FROM {table}") == before
