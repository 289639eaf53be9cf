"""Clocks that a test moves: of the machine, which stores in files ask, and of a server, which its functions ask.

The clock of the test's server cannot be set. Its functions are given one that is read from a table: the rest of them is
what runs in a clinic.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from caretrail.log.sql import load_sql, read_package_file
from tests.support.stores import machine_clock, run_sql

MOVED = "(pg_catalog.clock_timestamp() + (SELECT shift FROM public.shifted))"


class Shifted:
    """How far the clock of a store is from the real one, and the caller's from that of the store."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.shift = timedelta()
        self.caller_apart = timedelta()

    def store(self) -> datetime:
        """The time by the clock of the store."""
        return datetime.now(UTC) + self.shift

    def caller(self) -> datetime:
        """The time by the clock of the caller."""
        return self.store() + self.caller_apart

    def forward(self, **duration: float) -> None:
        """Move the clock of the store, and the caller's with it."""
        self.shift += timedelta(**duration)
        if self.url.startswith("postgresql"):
            run_sql(self.url, f"UPDATE public.shifted SET shift = '{self.shift.total_seconds()} seconds'")

    def change_append(self, old: str, new: str) -> None:
        """For a control: a piece of the functions replaced, and the clock still moved."""
        script = moved_functions()
        assert old in script
        run_sql(self.url, script.replace(old, new))


def moved_functions() -> str:
    """The functions that append, with a clock that the test moves."""
    script = read_package_file("caretrail.log.postgresql", "append.sql")
    assert script.count("clock_timestamp()") >= 4
    return script.replace("clock_timestamp()", MOVED)


@contextmanager
def shifted(url: str) -> Generator[Shifted]:
    """Let a test move the clock of a store; on PostgreSQL also the one that its questions about the clock read."""
    clocks = Shifted(url)
    if url.startswith("postgresql"):
        run_sql(
            url,
            "CREATE TABLE public.shifted AS SELECT interval '0' AS shift",
            "GRANT SELECT ON public.shifted TO PUBLIC",
            moved_functions(),
        )
        with _moved_questions():
            yield clocks
    else:
        with machine_clock(clocks.store):
            yield clocks


@contextmanager
def _moved_questions() -> Generator[None]:
    """Read the moved clock in our own statements, too."""
    statements = load_sql("caretrail.log.postgresql", "queries.sql")
    before = dict(statements)
    for name in ("stamps", "clock", "mark"):
        statements[name] = (
            before[name]
            .replace("pg_catalog.clock_timestamp()", "clock_timestamp()")
            .replace("clock_timestamp()", MOVED)
        )
    try:
        yield
    finally:
        statements.update(before)
