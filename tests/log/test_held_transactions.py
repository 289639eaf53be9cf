"""No role holds the clinic up, and a transaction held open cannot make one question have two answers.

Each role does the worst that its rights allow, by SQL of its own and not by our programs; meanwhile the clinic appends
and views.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from caretrail.errors import InvalidEvent
from caretrail.log import EventRecorder, new_salt, open_recorder
from caretrail.log.clock import ClocksDiffer
from caretrail.log.records import LARGEST_CALL, MOST_EVENTS, PendingAccess
from tests.support.stores import change_append, pending, run_sql

ROLES = ("writer", "operator", "projector", "reader", "auditor")
SECONDS = 9.0
"""The longest that the clinic may have to wait, on a busy machine."""

APPENDS = (
    "SELECT FROM caretrail.append(ARRAY[gen_random_uuid()], '{1}', '{held/1}', ARRAY['{}'::bytea], '{x}',"
    " ARRAY[gen_random_uuid()::text], ARRAY['0123456789abcdef'::bytea])"
)
VIEWS = (
    "SELECT FROM caretrail.record_access(ARRAY['{}'::bytea], ARRAY[gen_random_uuid()::text],"
    " ARRAY['0123456789abcdef'::bytea])"
)
WAITS = "SELECT caretrail.await_appends()"
LOCKS = "LOCK TABLE caretrail.log, caretrail.access, caretrail.store IN ACCESS SHARE MODE"
SNAPSHOT = "SELECT count(*) FROM caretrail.log, caretrail.access"


@pytest.fixture
def store_kind(request: pytest.FixtureRequest) -> str:
    return "clinic with roles" if "logins" in request.fixturenames else "clinic"


@contextmanager
def held(url: str, *statements: str) -> Generator[psycopg.Connection[Any]]:
    """A session of our own with a transaction that it leaves open after these statements."""
    with closing(psycopg.connect(url, autocommit=False)) as connection:
        for statement in statements:
            connection.execute(statement.encode())
        yield connection


def clinic_goes_on(url: str) -> float:
    """Append and view as a login of the clinic; the seconds it took."""
    began = time.monotonic()
    with open_recorder(url) as recorder:
        until = began + SECONDS
        for work in (write, view):
            while True:
                try:
                    work(recorder)
                    break
                except Exception:
                    if time.monotonic() > until:
                        raise
    return time.monotonic() - began


def write(recorder: EventRecorder) -> int:
    return recorder.append([pending(uuid4())])[0].position


def view(recorder: EventRecorder) -> int:
    return recorder.record_access([PendingAccess(b"{}", str(uuid4()), new_salt())])[0].position


# --- each role at its worst -------------------------------------------------------------------------------------

WORST = [
    *((role, statement) for role in ROLES for statement in (VIEWS, WAITS, LOCKS, SNAPSHOT)),
    *((role, APPENDS) for role in ("writer", "operator")),
]


@pytest.mark.parametrize(("role", "statement"), WORST)
def test_a_role_that_leaves_its_transaction_open_holds_nobody_up(
    logins: dict[str, str], role: str, statement: str
) -> None:
    with held(logins[role], statement):
        assert clinic_goes_on(logins["writer"]) < SECONDS


@pytest.mark.parametrize(("role", "statement"), [("writer", APPENDS), ("reader", VIEWS), ("auditor", WAITS)])
def test_a_role_that_goes_on_working_in_its_transaction_holds_nobody_up(
    logins: dict[str, str], role: str, statement: str
) -> None:
    with held(logins[role], statement) as connection:

        def go_on() -> None:
            with suppress(psycopg.Error):
                connection.execute("SELECT pg_sleep(60)")

        busy = threading.Thread(target=go_on, daemon=True)
        busy.start()
        assert clinic_goes_on(logins["writer"]) < SECONDS
        connection.cancel()
        busy.join(SECONDS)


def test_a_backup_in_progress_holds_nobody_up(logins: dict[str, str], postgres_url: str) -> None:
    """Given a login that reads everything, as `pg_dump` does, in one long snapshot, then the clinic goes on."""
    tables = run_sql(postgres_url, "SELECT c.oid::regclass::text FROM pg_class AS c WHERE relkind = 'r'"
                                   " AND relnamespace = 'caretrail'::regnamespace")  # fmt: skip
    names = ", ".join(str(name) for (name,) in tables)
    with held(
        postgres_url,
        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY",
        f"LOCK TABLE {names} IN ACCESS SHARE MODE",
    ):
        assert clinic_goes_on(logins["writer"]) < 3


def test_without_the_time_limits_one_idle_reader_stops_the_clinic(logins: dict[str, str], postgres_url: str) -> None:
    """The control."""
    change_append(postgres_url, "set_config('idle_in_transaction_session_timeout', '2s', true)", "1", "record_access")
    with (
        held(logins["reader"], VIEWS),
        open_recorder(logins["writer"]) as recorder,
        pytest.raises(Exception, match="locked"),
    ):
        view(recorder)


# --- known at ---------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_what_was_known_at_a_time_waits_for_the_appends_before_it(store_url: str) -> None:
    """Given an append that is not yet there, when it is asked what is known now, then the answer waits for it."""
    with open_recorder(store_url) as recorder:
        write(recorder)
        with _appending(store_url) as finish:
            moment = datetime.now(UTC)
            ending = threading.Timer(0.5, finish)
            ending.start()
            assert recorder.is_settled(moment)
            assert recorder.position_at(moment) == 2
            ending.join()
        write(recorder)
        assert recorder.position_at(moment) == 2


@pytest.mark.slow
def test_who_never_ends_is_ended_or_the_answer_is_unsettled(store_url: str) -> None:
    """Given a transaction held open, then either what it appended never comes, or the answer says that it may."""
    with open_recorder(store_url) as recorder:
        write(recorder)
        with _appending(store_url):
            moment = datetime.now(UTC)
            settled = recorder.is_settled(moment)
            before = recorder.position_at(moment)
        write(recorder)
        assert not settled or recorder.position_at(moment) == before


def test_an_answer_that_did_not_wait_would_be_another_later(store_url: str) -> None:
    """The control: the same question without waiting."""
    with open_recorder(store_url) as recorder:
        write(recorder)
        with _appending(store_url) as finish:
            moment = datetime.now(UTC)
            before = recorder.position_at(moment)
            finish()
        assert (before, recorder.position_at(moment)) == (1, 2)


def test_a_time_to_come_is_not_settled_and_one_before_the_newest_event_is(store_url: str) -> None:
    with open_recorder(store_url) as recorder:
        first = recorder.append([pending(uuid4())])[0].recorded_at
        assert not recorder.is_settled(datetime.now(UTC) + timedelta(hours=1))
        with _appending(store_url):
            assert recorder.is_settled(first - timedelta(seconds=1)), "without waiting"


@contextmanager
def _appending(url: str) -> Generator[Callable[[], None]]:
    """Another program that has appended an event, and has not ended its transaction; yields what ends it."""
    if url.startswith("postgresql"):
        with held(url, APPENDS) as connection:
            yield connection.commit
        return
    lock = threading.Lock()
    with closing(sqlite3.connect(url.removeprefix("sqlite://"), isolation_level=None, check_same_thread=False)) as file:
        file.execute("BEGIN IMMEDIATE")
        file.execute(
            "INSERT INTO log SELECT max(position) + 1, randomblob(16), 1, 'held/1', CAST('{}' AS BLOB), ?, 'x', '',"
            " 'x', 'x', randomblob(16) FROM log",
            (int(datetime.now(UTC).timestamp() * 1_000_000),),
        )

        def finish() -> None:
            with lock:
                file.execute("COMMIT")

        yield finish


# --- bounded calls ----------------------------------------------------------------------------------------------


@pytest.fixture
def recorder(store_url: str) -> Iterator[EventRecorder]:
    with open_recorder(store_url) as opened:
        yield opened


def test_a_call_is_bounded_in_events_and_in_bytes(recorder: EventRecorder) -> None:
    big = b'{"a":"' + b"x" * (LARGEST_CALL // 2) + b'"}'
    for events in ([pending(uuid4()) for _ in range(MOST_EVENTS + 1)], [pending(uuid4(), payload=big) for _ in "ab"]):
        with pytest.raises(InvalidEvent, match="too large"):
            recorder.append(events)
    assert recorder.max_position() == 0


@pytest.mark.parametrize("role", ROLES)
def test_the_server_bounds_a_call_whatever_program_sends_it(logins: dict[str, str], role: str) -> None:
    """Given SQL of a login's own, then one call cannot make a log grow by more than is bounded."""
    much = "convert_to(json_build_object('a', repeat('x', 250000))::text, 'UTF8')"
    views = (
        f"SELECT FROM caretrail.record_access(ARRAY(SELECT {much} FROM generate_series(1, 100)),"
        " ARRAY(SELECT gen_random_uuid()::text FROM generate_series(1, 100)),"
        " ARRAY(SELECT '0123456789abcdef'::bytea FROM generate_series(1, 100)))"
    )
    with closing(psycopg.connect(logins[role], autocommit=True)) as connection:
        with pytest.raises(psycopg.Error) as refused:
            connection.execute(views.encode())
        assert refused.value.sqlstate == "CT016"
        if role in ("writer", "operator"):
            many = "generate_series(1, 10001)"
            with pytest.raises(psycopg.Error) as refused:
                connection.execute(
                    f"SELECT FROM caretrail.append(ARRAY(SELECT gen_random_uuid() FROM {many}),"
                    f" ARRAY(SELECT 1::bigint FROM {many}), ARRAY(SELECT 'held/1' FROM {many}),"
                    f" ARRAY(SELECT '{{}}'::bytea FROM {many}),"
                    f" ARRAY(SELECT 'x' FROM {many}), ARRAY(SELECT gen_random_uuid()::text FROM {many}),"
                    f" ARRAY(SELECT '0123456789abcdef'::bytea FROM {many}))".encode()
                )
            assert refused.value.sqlstate == "CT016"


def test_the_clock_of_the_caller_is_held_against_the_servers_for_every_role(logins: dict[str, str]) -> None:
    with (
        open_recorder(logins["writer"], clock=lambda: datetime.now(UTC) + timedelta(hours=1)) as recorder,
        pytest.raises(ClocksDiffer),
    ):
        write(recorder)
