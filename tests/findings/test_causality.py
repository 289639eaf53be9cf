"""The causality law: what is said of a day rests on what had happened by that day, and on nothing else."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, given, settings

from caretrail.episode.history import Effective
from caretrail.findings import Eligibility, Finding
from tests.findings.generated import histories
from tests.findings.text_history import JUDGED, PACK
from tests.support.judged import eligibility, findings


def read(found: list[Finding], day: date) -> list[tuple[Any, ...]]:
    """The bound values of a day: all but `until`, and where a piece begins."""
    return sorted(
        (
            (
                item.rule, item.subject, item.verdict, str(item.due_on), item.message, item.arithmetic,
                item.evidence, item.cause, str(item.owner), item.quiet,
            )
            for item in found
            if item.holds(day)
        ),
    )  # fmt: skip


def read_stay(answers: list[Eligibility], day: date) -> list[tuple[Any, ...]]:
    return [
        (item.verdict, item.basis, item.holds_through, item.reasons, item.evidence)
        for item in answers
        if item.start <= day and (item.until is None or day < item.until)
    ]


def up_to(history: list[Effective], day: date) -> list[Effective]:
    return [item for item in history if item.event.occurred_on <= day]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(histories())
def test_an_interval_says_of_each_day_what_a_reading_of_the_events_up_to_that_day_says(
    history: list[Effective],
) -> None:
    found, answers = findings(history, PACK), eligibility(history, PACK)
    if not history:
        return
    first, last = history[0].day, max(item.day for item in history)
    day = first - timedelta(days=1)
    # a reading of the events up to a day holds until the next event: the days between share it
    known: list[Effective] = []
    then, then_stays = findings(known, PACK), eligibility(known, PACK)
    while day <= last + timedelta(days=75):
        truncated = up_to(history, day)
        if len(truncated) != len(known):
            known = truncated
            then, then_stays = findings(known, PACK), eligibility(known, PACK)
        assert read(found, day) == read(then, day), day
        assert read_stay(answers, day) == read_stay(then_stays, day), day
        day += timedelta(days=1)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(histories())
def test_every_rule_says_something_on_every_day_from_the_admission_on(history: list[Effective]) -> None:
    admission = next((item for item in history if item.event.type == "admitted"), None)
    if admission is None:
        return
    found = findings(history, PACK)
    last = max(item.day for item in history) + timedelta(days=60)
    day = admission.day
    while day <= last:
        said = {item.rule for item in found if item.holds(day)}
        assert said == set(JUDGED), (day, set(JUDGED) - said)
        day += timedelta(days=1)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(histories())
def test_met_never_stands_beside_a_problem_of_the_same_rule(history: list[Effective]) -> None:
    found = findings(history, PACK)
    for item in found:
        if item.verdict == "met" and not item.rule.endswith(("P3", "D1")):
            for other in found:
                if other.rule == item.rule and other.verdict in ("violation", "overdue", "due_soon", "unknown", "info"):
                    apart = (item.until is not None and item.until <= other.start) or (
                        other.until is not None and other.until <= item.start
                    )
                    assert apart, (item, other)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(histories())
def test_eligibility_has_no_gaps_and_no_empty_stretch(history: list[Effective]) -> None:
    answers = eligibility(history, PACK)
    for one, other in pairwise(answers):
        assert one.until == other.start
    spans = [(item.start, item.until) for item in findings(history, PACK)]
    for start, until in [*spans, *((item.start, item.until) for item in answers)]:
        assert until is None or start < until
