"""Helpers for tests of stores: a clock that stands still, events to record, and a way in beside the recorder."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID, uuid4

import psycopg

from caretrail.log import EventRecorder, PendingEvent, RecordedEvent, new_salt
from caretrail.log import clock as log_clock
from caretrail.log.records import Log
from caretrail.log.sql import read_package_file

T = TypeVar("T")

#: A server to use instead of the one from the wheel: a url whose role may create databases.
EXTERNAL = "CARETRAIL_TEST_POSTGRES"

UNORDERED = """
CREATE SEQUENCE caretrail.broken OWNED BY caretrail.log.position;
CREATE OR REPLACE FUNCTION caretrail.append(
    streams uuid[], versions bigint[], names text[], payloads bytea[], sources text[], commands text[], salts bytea[],
    stays_of uuid[] DEFAULT '{}', stay_streams uuid[] DEFAULT '{}', clients text[] DEFAULT '{}',
    programs text[] DEFAULT '{}', first_days date[] DEFAULT '{}', last_days date[] DEFAULT '{}',
    caller timestamptz DEFAULT NULL
) RETURNS SETOF caretrail.log LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY INSERT INTO caretrail.log
        SELECT nextval('caretrail.broken'), s, v, n, p, clock_timestamp(), session_user, '', o, c, t
          FROM unnest(streams, versions, names, payloads, sources, commands, salts) AS e (s, v, n, p, o, c, t)
        RETURNING *;
    PERFORM pg_sleep(random() / 100);
END $$
"""
"""For a control: the function of PostgreSQL with positions from a sequence and without the lock."""


def change_append(url: str, old: str, new: str, function: str = "append") -> None:
    """For a control: a function of PostgreSQL, `append` or `record_access`, with one piece of it replaced."""
    script = read_package_file("caretrail.log.postgresql", "append.sql")
    start = script.index(f"CREATE OR REPLACE FUNCTION caretrail.{function}(")
    text = script[start:].partition("END $$;")[0] + "END $$;"
    assert old in text
    run_sql(url, text.replace(old, new))


@contextmanager
def machine_clock(clock: Callable[[], datetime] | None) -> Generator[None]:
    """Let stores in files ask another clock than this machine's; None for its own."""
    before = log_clock.utc_now
    log_clock.utc_now = clock or before
    try:
        yield
    finally:
        log_clock.utc_now = before


def believed(*_: object) -> None:
    """For tests and controls: a store that holds no clock against its log."""


class Clock:
    """A clock that stands still until a test moves it."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **duration: float) -> None:
        self.now += timedelta(**duration)


def pending(
    stream: UUID,
    version: int = 1,
    *,
    name: str = "plan_reviewed/1",
    payload: bytes = b'{"type":"plan_reviewed"}',
    source: str = "ehr-7",
    command_id: str | None = None,
) -> PendingEvent:
    """Make an event to record; without a command_id it gets one of its own, as the application gives it."""
    return PendingEvent(stream, version, name, payload, source, command_id or str(uuid4()), new_salt())


def content(events: Sequence[PendingEvent]) -> list[tuple[object, ...]]:
    """What a caller gave of each event."""
    return [(e.originator_id, e.originator_version, e.topic, e.state, e.source, e.command_id, e.salt) for e in events]


def log_of(recorder: EventRecorder, log: Log = Log.EVENTS) -> list[RecordedEvent]:
    """A whole log."""
    return recorder.read_log(limit=100_000, log=log)


def run_sql(url: str, *statements: str) -> list[tuple[object, ...]]:
    """Run statements on the database itself, beside the recorder, and return the rows of the last."""
    if url.startswith("sqlite:"):
        with closing(sqlite3.connect(url.removeprefix("sqlite://"), isolation_level=None)) as file:
            found: list[tuple[object, ...]] = []
            for statement in statements:
                found = file.execute(statement.replace("caretrail.", "")).fetchall()
            return found
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.cursor()
        for statement in statements:
            cursor.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def database_url(server: str, name: str) -> str:
    """Name another database of the same server."""
    return urlunsplit(urlsplit(server)._replace(path=f"/{name}"))


def as_login(url: str, name: str) -> str:
    """Name the same database, seen by another login."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{name}@{parts.netloc.rpartition('@')[2]}"))


@contextmanager
def lock_held(url: str) -> Generator[None]:
    """Hold the locks of both logs, as a stuck process or an administrator may."""
    if url.startswith("sqlite:"):
        with closing(sqlite3.connect(url.removeprefix("sqlite://"), isolation_level=None)) as file:
            file.execute("BEGIN IMMEDIATE")
            yield
            file.execute("ROLLBACK")
    else:
        with psycopg.connect(url) as connection:
            connection.execute("SELECT 1 FROM caretrail.store, caretrail.access_head FOR UPDATE")
            yield
            connection.rollback()


def all_at_once(work: Callable[[int], T], workers: int = 8) -> list[T]:
    """Run the same work in several threads at the same time; what one raises is raised here."""
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(work, range(workers)))


# --- stores that take no writes ---------------------------------------------------------------------------------


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


@contextmanager
def taking_no_accesses(url: str) -> Generator[None]:
    """Let the store take everything but accesses."""
    if url.startswith("sqlite:"):
        run_sql(
            url,
            "CREATE TRIGGER no_access BEFORE INSERT ON access BEGIN SELECT RAISE(ABORT, 'no'); END",
        )
    else:
        run_sql(url, "ALTER FUNCTION caretrail.record_access RENAME TO gone")
    yield


@contextmanager
def taking_no_writes(url: str) -> Generator[None]:
    """Let a store take no writes, as on a standby or read-only media: PostgreSQL by a setting, a file by its mode."""
    if url.startswith("postgresql:"):
        name = urlsplit(url).path.lstrip("/")
        run_sql(url, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        try:
            yield
        finally:
            run_sql(f"{url}&{WRITING}", f"ALTER DATABASE {name} RESET default_transaction_read_only")
        return
    path = Path(url.removeprefix("sqlite://"))
    for folder in path.parents:
        if folder.owner() == path.owner() and str(folder).startswith("/tmp/pytest"):  # noqa: S108
            folder.chmod(0o755)
    path.chmod(0o444)
    path.parent.chmod(0o555)
    try:
        with as_nobody():
            yield
    finally:
        path.parent.chmod(0o755)
        path.chmod(0o600)


WRITING = "options=-c%20default_transaction_read_only%3Doff"
"""What to add to the url of a server so that it takes writes all the same."""
