"""Answers lost after the COMMIT: the recorder finds out what became of its call."""

from __future__ import annotations

from tests.faults import cut_replies


def test_a_lost_answer_is_neither_an_error_nor_a_second_event(postgres_url: str) -> None:
    counts = cut_replies.run(postgres_url, seed=1, cycles=40)
    assert counts.holds, counts
    assert counts.done["answers cut after COMMIT"] >= 40


def test_without_the_lookup_of_commands_it_is_an_error(postgres_url: str) -> None:
    """The control."""
    cut_replies.take_lookup_away(postgres_url)
    counts = cut_replies.run(postgres_url, seed=1, cycles=8)
    assert counts.wrong["false errors"] == 8
