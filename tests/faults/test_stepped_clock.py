"""A clock that is stepped forward and back while several append: order and time stay one order.

On SQLite each writer has the clock of its machine; on PostgreSQL there is one, the server's, which the real function
is given to read through a table that the test moves.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from uuid import uuid4

import pytest

from caretrail.log import RecordedEvent, open_recorder
from caretrail.log.sqlite import recorder as sqlite
from tests.support.stores import all_at_once, change_append, log_of, pending, run_sql

WRITERS = 4
CALLS = 15
STEPS = [timedelta(days=days) for days in (-400, -1, 0, 0, 1, 30)]
NEWEST_FIRST = "greatest(clock_timestamp(), newest.recorded_at + interval '1 microsecond')"


def test_time_rises_with_position_however_the_clock_is_stepped(store_url: str) -> None:
    log, known = _append_while_the_clock_is_stepped(store_url)
    assert [event.position for event in log] == list(range(1, 2 * WRITERS * CALLS + 1))
    assert all(one.recorded_at < other.recorded_at for one, other in pairwise(log))
    assert known == [event.position for event in log], "known at the moment of an event is the log up to that event"
    assert max(b.recorded_at - a.recorded_at for a, b in pairwise(log)) > timedelta(hours=12), "it was stepped"
    assert sum(b.recorded_at - a.recorded_at == timedelta(microseconds=1) for a, b in pairwise(log)) > WRITERS * CALLS


def test_a_store_that_believes_the_clock_would_be_found_out(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: the newest event is not looked at."""
    monkeypatch.setattr(sqlite, "max", _first, raising=False)
    log, known = _append_while_the_clock_is_stepped(store_url, "clock_timestamp()")
    assert not all(one.recorded_at < other.recorded_at for one, other in pairwise(log))
    assert known != [event.position for event in log]


def _first(now: int, _newest: int) -> int:
    return now


def _append_while_the_clock_is_stepped(url: str, start: str = NEWEST_FIRST) -> tuple[list[RecordedEvent], list[int]]:
    """The log, and for the time of each of its events the position known then."""
    if url.startswith("postgresql"):
        _let_the_clock_be_stepped(url, start)
    with ExitStack() as stack:
        recorders = [stack.enter_context(open_recorder(url, clock=_stepping(number))) for number in range(WRITERS)]

        def write(writer: int) -> None:
            random = Random(writer)
            for _ in range(CALLS):
                recorders[writer].append([pending(uuid4()), pending(uuid4())])
                if url.startswith("postgresql"):
                    days = random.choice(STEPS).days
                    run_sql(url, f"UPDATE public.step SET days = {days}")

        all_at_once(write, WRITERS)
        log = log_of(recorders[0])
        return log, [recorders[0].position_at(event.recorded_at) for event in log]


def _stepping(writer: int) -> Callable[[], datetime]:
    random = Random(writer)
    return lambda: datetime.now(UTC) + random.choice(STEPS)


def _let_the_clock_be_stepped(url: str, start: str) -> None:
    stepped = "(clock_timestamp() + (SELECT days FROM public.step) * interval '1 day')"
    run_sql(url, "CREATE TABLE public.step AS SELECT 0 AS days")
    change_append(url, NEWEST_FIRST, start.replace("clock_timestamp()", stepped))
