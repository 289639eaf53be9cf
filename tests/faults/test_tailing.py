"""A reader that follows by position: nothing becomes visible behind it."""

from __future__ import annotations

import pytest

from tests.faults import tailing
from tests.support.stores import UNORDERED, run_sql

pytestmark = pytest.mark.slow


def test_a_reader_that_follows_eight_writers_gets_every_event_once(store_url: str) -> None:
    counts = tailing.run(store_url, seed=1, events=1000)
    assert counts.holds, counts


def test_without_the_lock_the_same_reader_skips(postgres_url: str) -> None:
    """The control; each call has one event, since writers refuse to be told of positions with gaps."""
    run_sql(postgres_url, UNORDERED)
    counts = tailing.run(postgres_url, seed=1, events=1000, largest=1)
    assert counts.wrong["skipped"] > 5, counts
    assert counts.done["events"] >= 1000, counts
