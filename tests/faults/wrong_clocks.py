"""Fault: the clock of a store is stepped at random, and transactions are held open while it is asked what was known."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Generator
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime, timedelta
from random import Random
from typing import Final
from unittest.mock import patch
from uuid import uuid4

import psycopg

from caretrail.commands.confirming import confirm_clock
from caretrail.events import Person
from caretrail.log import EventRecorder, new_salt, open_recorder
from caretrail.log.clock import TOLERANCE, ClockWrong
from caretrail.log.records import PendingAccess
from tests.faults.counts import Counts
from tests.support.clocks import Shifted, shifted
from tests.support.stores import believed, pending

STEPS: Final = [timedelta(days=days) for days in (-400, -40, -1, 1, 20, 40, 1600)] + [
    timedelta(minutes=minutes) for minutes in (-180, -9, -1, 0, 0, 9, 180)
]
WRONG: Final = ("stamped by a clock that the log contradicts", "refused without cause", "times that do not rise",
                "stamps that no clock said", "two answers")  # fmt: skip
OPERATOR: Final = Person(id="it-1", role="operator")
RULES: Final = "IF total > 1 OR NOT starts_with(names[1], 'clock_confirmed/') THEN"
HELD: Final = 0.01
"""Seconds for which an append is held open."""


def run(url: str, seed: int, cycles: int, *, rules: bool = True, waits: bool = True) -> Counts:
    """Step the clock, append, view, confirm, and ask what was known; for controls without the rules, or the waiting."""
    counts, random = Counts.of(*WRONG), Random(seed)
    with ExitStack() as stack:
        clocks = stack.enter_context(shifted(url))
        if not rules:
            stack.enter_context(patch("caretrail.log.sqlite.recorder.require_stamping", believed))
            if url.startswith("postgresql"):
                clocks.change_append(RULES, "IF false THEN")
        recorder = stack.enter_context(open_recorder(url, clock=clocks.caller))
        newest = recorder.created_at()
        for _ in range(cycles):
            clocks.forward(seconds=random.choice(STEPS).total_seconds())
            newest = _append(recorder, clocks, newest, random, counts)
            if random.random() < 0.3:
                recorder.record_access([PendingAccess(b"{}", str(uuid4()), new_salt())])
            if recorder.clock_state()[0] == "ok":
                _ask(recorder, url, clocks, counts, waits=waits)
            counts.done["cycles"] += 1
    return counts


def _append(recorder: EventRecorder, clocks: Shifted, newest: datetime, random: Random, counts: Counts) -> datetime:
    """Append by a clock that has been stepped, and compare what becomes of it with what the log says of the clock."""
    newest = recorder.last_recorded_at() or newest
    state, _ = recorder.clock_state()
    counts.done[f"clock {state}"] += 1
    try:
        [row] = recorder.append([pending(uuid4())])
    except ClockWrong:
        counts.wrong["refused without cause"] += state in ("ok", "confirmed_behind")
        counts.done["refused"] += 1
        if random.random() < 0.5:
            counts.done["confirmed"] += 1
            return confirm_clock(recorder, OPERATOR, behind=state == "behind").recorded_at
        return newest
    counts.wrong["stamped by a clock that the log contradicts"] += state not in ("ok", "confirmed_behind")
    counts.wrong["times that do not rise"] += row.recorded_at <= newest
    by_clock = abs(row.recorded_at - clocks.store()) <= TOLERANCE + timedelta(seconds=5)
    counts.wrong["stamps that no clock said"] += not by_clock and row.recorded_at - newest > timedelta(microseconds=1)
    return row.recorded_at


def _ask(recorder: EventRecorder, url: str, clocks: Shifted, counts: Counts, *, waits: bool) -> None:
    """Ask what is known now while another program has appended and not yet committed; then again, when it has."""
    with _appending(url, clocks) as finish:
        moment = clocks.store()
        ending = threading.Timer(HELD, finish)
        ending.start()
        settled = recorder.is_settled(moment) if waits else True
        known = recorder.position_at(moment)
        ending.join()
    counts.done["asked while an append was held"] += 1
    if settled:
        counts.wrong["two answers"] += recorder.position_at(moment) != known
    else:
        counts.done["told that it is not settled"] += 1


@contextmanager
def _appending(url: str, clocks: Shifted) -> Generator[Callable[[], None]]:
    """A transaction that has appended and is open; yields what ends it."""
    if url.startswith("postgresql"):
        with closing(psycopg.connect(url)) as connection:
            connection.execute(
                b"SELECT FROM caretrail.append(ARRAY[gen_random_uuid()], '{1}', '{held/1}', ARRAY['{}'::bytea], '{x}',"
                b" ARRAY[gen_random_uuid()::text], ARRAY['0123456789abcdef'::bytea])"
            )
            yield connection.commit
        return
    with closing(sqlite3.connect(url.removeprefix("sqlite://"), isolation_level=None, check_same_thread=False)) as file:
        file.execute("BEGIN IMMEDIATE")
        file.execute(
            "INSERT INTO log SELECT coalesce(max(position), 0) + 1, randomblob(16), 1, 'held/1', CAST('{}' AS BLOB),"
            " max(coalesce(max(recorded_at), 0) + 1, ?), 'x', '', 'x', hex(randomblob(8)), randomblob(16) FROM log",
            (int(clocks.store().timestamp() * 1_000_000),),
        )

        def finish() -> None:
            file.execute("COMMIT")

        yield finish
