"""Answers lost after the COMMIT: the recorder finds out what became of its call."""

from __future__ import annotations

from caretrail.log.records import Log
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


def test_a_lost_answer_about_an_access_is_neither_an_error_nor_a_second_access(postgres_url: str) -> None:
    """Given the log of accesses, whose positions are its own: those of events stay where they are."""
    counts = cut_replies.run(postgres_url, seed=1, cycles=40, log=Log.ACCESSES)
    assert counts.holds, counts
    assert counts.done["answers cut after COMMIT"] >= 40


def test_without_the_lookup_of_accesses_it_is_an_error(postgres_url: str) -> None:
    """The control."""
    cut_replies.take_lookup_away(postgres_url, Log.ACCESSES)
    counts = cut_replies.run(postgres_url, seed=1, cycles=8, log=Log.ACCESSES)
    assert counts.wrong["false errors"] == 8
