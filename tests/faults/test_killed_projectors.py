"""Killed projectors: rows and position move together, and a rebuild can be cut off anywhere."""

from __future__ import annotations

import pytest

from tests.faults import killed_projectors
from tests.faults.projectors import Work

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("work", ["catch up", "rebuild"])
def test_killed_projectors_leave_the_rows_of_a_clean_rebuild(store_url: str, work: Work) -> None:
    counts = killed_projectors.run(store_url, seed=1, cycles=8, work=work, episodes=2)
    assert counts.holds, counts
    assert counts.done["killed at work"] >= 3, counts


def test_without_transactions_the_same_kills_leave_other_rows(store_url: str) -> None:
    """The control: a kill must fall between two statements, so it gets several chances."""
    runs = (
        killed_projectors.run(store_url, seed, cycles=5, work="catch up", torn=True, episodes=1)
        for seed in range(1, 17)
    )
    assert not all(counts.holds for counts in runs)
