"""A clock that is stepped forward and back while several append: order and time stay one order.

The store is a demo, which is stamped by the clock of each writer; any other refuses most of these steps (see
`tests/log/test_clock.py`), and orders what it takes in the same way.
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
from tests.support.stores import all_at_once, change_append, log_of, pending

WRITERS = 4
CALLS = 15
STEPS = [timedelta(days=days) for days in (-400, -1, 0, 0, 1, 30)]
NEWEST_FIRST = "greatest(here, newest.recorded_at + interval '1 microsecond',"


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
    if store_url.startswith("postgresql"):
        change_append(store_url, NEWEST_FIRST, "greatest(here,")
    log, known = _append_while_the_clock_is_stepped(store_url)
    assert not all(one.recorded_at < other.recorded_at for one, other in pairwise(log))
    assert known != [event.position for event in log]


def _first(now: int, _newest: int) -> int:
    return now


def _append_while_the_clock_is_stepped(url: str) -> tuple[list[RecordedEvent], list[int]]:
    """The log, and for the time of each of its events the position known then."""
    with ExitStack() as stack:
        recorders = [stack.enter_context(open_recorder(url, clock=_stepping(number))) for number in range(WRITERS)]

        def write(writer: int) -> None:
            for _ in range(CALLS):
                recorders[writer].append([pending(uuid4()), pending(uuid4())])

        all_at_once(write, WRITERS)
        log = log_of(recorders[0])
        return log, [recorders[0].position_at(event.recorded_at) for event in log]


def _stepping(writer: int) -> Callable[[], datetime]:
    random = Random(writer)
    return lambda: datetime.now(UTC) + random.choice(STEPS)
