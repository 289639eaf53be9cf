"""How long appends wait while VACUUM or ANALYZE of the log runs: stock and ours."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager

import psycopg

from tests.bench import appends
from tests.bench.filling import fill
from tests.bench.place import Place, say

EVENTS = 100_000
EPISODES = 20
Going = Callable[[], bool]
"""Whether to go on."""

WORK = {"VACUUM": "VACUUM (FREEZE, DISABLE_PAGE_SKIPPING) {}", "ANALYZE": "ANALYZE {}"}
SLOWED = ("vacuum_cost_delay = 20", "vacuum_cost_limit = {limit}", "default_statistics_target = 1000")
"""`default_statistics_target` makes ANALYZE read the whole table instead of a sample."""
LIMITS = {"VACUUM": 400, "ANALYZE": 60}
"""Cost units between two pauses of 20 ms: the smaller, the longer. VACUUM writes each page, ANALYZE only reads it."""

STOCK = """
INSERT INTO stock_events (originator_id, originator_version, topic, state)
SELECT gen_random_uuid(), 1, 'tests.bench.appends:Treatment.SessionAttended', repeat('x', 400)::bytea
  FROM generate_series(1, %s)
"""


def report(place: Place) -> list[str]:
    """Measure and word the section."""
    say(f"filling two logs of {EVENTS:,} events")
    ours, theirs = place.new_database(), place.new_database()
    names = fill(ours, EVENTS)[:EPISODES]
    rows: list[str] = []
    with (
        appends.stock(place.stock_postgres(theirs), EPISODES) as stock_step,
        appends.client(ours, names) as our_step,
    ):
        with psycopg.connect(theirs, autocommit=True) as connection:
            connection.execute(STOCK, (EVENTS,))
            connection.execute("VACUUM (ANALYZE) stock_events")
            connection.execute("CHECKPOINT")
        logs = {
            "stock": (theirs, "stock_events", stock_step),
            "ours": (ours, "caretrail.log", our_step),
        }
        for name, (url, table, step) in logs.items():
            rows.append(_row(name, "nothing", place.seconds, _latencies(step, _until(place.seconds))))
            for work, statement in WORK.items():
                say(f"appends during {work}, {name}")
                with _running(url, statement.format(table), LIMITS[work]) as running:
                    waits = _latencies(step, running)
                rows.append(_row(name, work, running.took, waits))
    return [
        "",
        "## Appends while the log is vacuumed",
        "",
        f"PostgreSQL, one client, one-event durable appends, logs of {EVENTS:,} events. VACUUM (FREEZE,",
        "DISABLE_PAGE_SKIPPING) and ANALYZE (statistics target 1000) touch every page; vacuum_cost_delay = 20 ms slows",
        f"them, as on a busy server, with vacuum_cost_limit {LIMITS['VACUUM']} and {LIMITS['ANALYZE']}. Counted is",
        "every append that began while it ran. Stock asks for LOCK TABLE … IN EXCLUSIVE MODE, which waits for its end.",
        "",
        "| | meanwhile | it took, s | appends | median, ms | p99, ms | longest, ms |",
        "|---|---|---:|---:|---:|---:|---:|",
        *rows,
    ]


class _Running:
    """A statement under way on a connection of its own; `took` is in seconds, once it has ended."""

    def __init__(self, url: str, statement: str, limit: int) -> None:
        self._connection = psycopg.connect(url, autocommit=True)
        for setting in SLOWED:
            self._connection.execute(f"SET {setting.format(limit=limit)}".encode())
        self._statement = statement
        self._thread = threading.Thread(target=self._run)
        self.took = 0.0

    def start(self) -> None:
        """Begin, and come back once the server is at it."""
        with psycopg.connect(self._connection.info.dsn, autocommit=True) as watcher:
            self._thread.start()
            pid = self._connection.info.backend_pid
            while (
                self()
                and not watcher.execute(
                    "SELECT 1 FROM pg_locks WHERE pid = %s AND mode = 'ShareUpdateExclusiveLock' AND granted", (pid,)
                ).fetchone()
            ):
                time.sleep(0.001)

    def __call__(self) -> bool:
        """Whether it is still at it."""
        return self._thread.is_alive()

    def end(self) -> None:
        """Wait for its end."""
        self._thread.join()
        self._connection.close()

    def _run(self) -> None:
        began = time.perf_counter()
        self._connection.execute(self._statement.encode())
        self.took = time.perf_counter() - began


@contextmanager
def _running(url: str, statement: str, limit: int) -> Generator[_Running]:
    running = _Running(url, statement, limit)
    running.start()
    try:
        yield running
    finally:
        running.end()


def _until(seconds: float) -> Going:
    end = time.perf_counter() + seconds
    return lambda: time.perf_counter() < end


def _latencies(step: appends.Step, going: Going) -> list[float]:
    """Seconds of each append that began while it went on, sorted."""
    waits: list[float] = []
    while going():
        began = time.perf_counter()
        step(len(waits))
        waits.append(time.perf_counter() - began)
    return sorted(waits)


def _row(name: str, work: str, took: float, waits: Sequence[float]) -> str:
    median, p99 = waits[len(waits) // 2], waits[min(len(waits) - 1, len(waits) * 99 // 100)]
    shown = " | ".join(f"{wait * 1000:,.1f}" for wait in (median, p99, waits[-1]))
    return f"| {name} | {work} | {took:.1f} | {len(waits):,} | {shown} |"
