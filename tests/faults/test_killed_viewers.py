"""Killed viewers: nothing was shown without its record, and positions of events are nobody else's."""

from __future__ import annotations

import pytest

from tests.faults import killed_viewers

pytestmark = pytest.mark.slow


def test_killed_viewers_have_shown_nothing_without_its_record(store_url: str) -> None:
    counts = killed_viewers.run(store_url, seed=1, cycles=6)
    assert counts.holds, counts
    assert counts.done["kills"] == 12
    assert counts.done["answers shown"] >= 6


def test_an_answer_shown_before_its_record_in_the_log_of_events_would_be_found_out(store_url: str) -> None:
    """The control."""
    counts = killed_viewers.run(store_url, seed=1, cycles=6, kinds=killed_viewers.HASTY)
    assert counts.wrong[killed_viewers.SHOWN], counts
    assert counts.wrong[killed_viewers.MOVED], counts
