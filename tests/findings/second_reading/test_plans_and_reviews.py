"""The rules of plans and reviews say of every day what a plain reading of the events up to that day says."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, example, given, settings

from caretrail.episode.history import Effective
from tests.findings.second_reading.comparison import disagreements
from tests.findings.second_reading.generated_papers import paper_histories
from tests.findings.text_history import history_of

HISTORIES = int(os.environ.get("CARETRAIL_HISTORIES", "2000"))
compared = settings(
    max_examples=HISTORIES,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TWO_DOUBTS = """
    2026-01-05 admitted
    2026-01-16 plan 1 signed by c-ortiz, c-lee, cl-7f3a@2026-01-08
    2026-02-03 plan 2 signed by c-ortiz:PhD, c-lee:PhD, cl-7f3a
"""
"""A signature given long before its document, and a newer version nobody can tell the standing of."""


def agree(history: list[Effective], *rules: str) -> None:
    for day, rule, said, expected in disagreements(history, rules):
        pytest.fail(f"{rule} on {day}:\n the program says {said},\n the plain reading says {expected}")


@compared
@given(paper_histories())
def test_the_review_clock_and_its_gaps_say_what_a_plain_reading_of_the_events_up_to_each_day_says(
    history: list[Effective],
) -> None:
    agree(history, "R1", "R3")


@pytest.mark.xfail(strict=True, reason="open: see the expected failures of test_plans_by_hand and test_reviews_by_hand")
@compared
@example(history_of(TWO_DOUBTS))
@given(paper_histories())
def test_plans_signatures_and_reviews_say_what_a_plain_reading_of_the_events_up_to_each_day_says(
    history: list[Effective],
) -> None:
    agree(history, "P1", "P3", "R2")
