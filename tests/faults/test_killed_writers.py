"""Killed writers: whole calls, nothing acknowledged lost, and a command sent again gets its first receipt."""

from __future__ import annotations

import pytest

from tests.faults import killed_writers
from tests.faults.calls import Task

pytestmark = pytest.mark.slow


def test_killed_writers_lose_nothing_and_leave_no_part_of_a_call(store_url: str) -> None:
    counts = killed_writers.run(store_url, seed=1, cycles=8)
    assert counts.holds, counts
    assert counts.done["kills"] == 16
    assert counts.done["calls sent again"] >= 28


def test_killed_viewers_lose_no_access_that_was_acknowledged(store_url: str) -> None:
    """Given the log of accesses: what was acknowledged before something is shown is on it, once, with its leaf."""
    counts = killed_writers.run(store_url, seed=3, cycles=6, kinds=killed_writers.VIEWERS)
    assert counts.holds, counts
    assert counts.done["calls sent again"] >= 20


def test_without_the_transaction_the_same_kills_lose_and_tear(store_url: str) -> None:
    """The control."""
    counts = killed_writers.run(store_url, seed=1, cycles=8, kinds=killed_writers.TORN)
    assert counts.wrong["lost"]
    assert counts.wrong["partial"]


@pytest.mark.parametrize("seed", [2])
def test_a_seed_means_the_same_calls(sqlite_url: str, seed: int) -> None:
    task = Task(sqlite_url, seed)
    assert [task.size(3, number) for number in range(50)] == [task.size(3, number) for number in range(50)]
    assert {task.size(3, number) for number in range(50)} == {1, 2, 3}
