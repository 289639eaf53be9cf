"""A clock stepped at random, and transactions held open: no stamp that the log contradicts, and no two answers."""

from __future__ import annotations

import pytest

from tests.faults import wrong_clocks


@pytest.fixture
def store_kind() -> str:
    return "clinic"


@pytest.mark.slow
def test_no_clock_stamps_what_the_log_contradicts_and_no_question_has_two_answers(store_url: str) -> None:
    counts = wrong_clocks.run(store_url, seed=1, cycles=60)
    assert counts.holds, counts
    for name in ("clock ok", "clock behind", "clock ahead", "clock confirmed_behind", "refused", "confirmed"):
        assert counts.done[name] > 0, counts
    assert counts.done["asked while an append was held"] > 0


def test_without_the_rules_it_would_be_seen(store_url: str) -> None:
    """The control."""
    counts = wrong_clocks.run(store_url, seed=1, cycles=30, rules=False)
    assert counts.wrong["stamped by a clock that the log contradicts"] > 0


def test_without_waiting_for_appends_two_answers_would_be_seen(store_url: str) -> None:
    """The control."""
    assert wrong_clocks.run(store_url, seed=1, cycles=30, waits=False).wrong["two answers"] > 0
