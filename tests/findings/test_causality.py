"""The causality law: what is said of a day rests on what had happened by that day, and on nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from caretrail.days import ONE_DAY
from caretrail.episode.history import Effective
from caretrail.findings import Eligibility, Finding
from caretrail.findings.judge import Judgment, judge
from caretrail.policy import Pack, Policy
from tests.findings.generated import histories
from tests.findings.text_history import JUDGED, PACK, history_of
from tests.support.judged import findings

Said = tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]
"""What is said of a day: the bound values of findings, and of eligibility."""


def said_on(day: date, judgment: Judgment) -> Said:
    """All that binds on a day: not until when it does, nor where a piece begins."""
    found = [
        (
            item.rule, item.subject, item.verdict, str(item.due_on), item.message, item.arithmetic,
            item.evidence, item.cause, str(item.owner), item.quiet,
        )
        for item in judgment.findings
        if item.holds(day)
    ]  # fmt: skip
    stays = [
        (item.verdict, item.basis, item.holds_through, item.reasons, item.evidence)
        for item in judgment.eligibility
        if item.start <= day and (item.until is None or day < item.until)
    ]
    return sorted(found), stays


def up_to(history: list[Effective], day: date) -> list[Effective]:
    return [item for item in history if item.event.occurred_on <= day]


def turns(said: Iterable[Finding | Eligibility], first: date, last: date) -> list[date]:
    """The first of some days, and each later one on which a piece begins or has ended: the others say what it says."""
    ends = {day for item in said for day in (item.start, item.until) if day is not None and first < day <= last}
    return [first, *sorted(ends)]


def readings(history: list[Effective], policy: Policy | Pack, through: date) -> Iterator[tuple[date, Said, Said]]:
    """What is said of a day, and what a reading of the events up to it says, from the day before the history begins.

    A reading of the events up to a day holds until the next event. Days of which both say what they said of the day
    before are left out.
    """
    whole = judge(history, policy)
    days = sorted({item.day for item in history})
    for first, until in pairwise([days[0] - ONE_DAY, *days, through + ONE_DAY]):
        then = judge(up_to(history, first), policy)
        intervals: list[Finding | Eligibility] = [
            *whole.findings,
            *whole.eligibility,
            *then.findings,
            *then.eligibility,
        ]
        for day in turns(intervals, first, until - ONE_DAY):
            yield day, said_on(day, whole), said_on(day, then)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(histories())
def test_an_interval_says_of_each_day_what_a_reading_of_the_events_up_to_that_day_says(
    history: list[Effective],
) -> None:
    if history:
        for day, said, expected in readings(history, PACK, max(item.day for item in history) + timedelta(days=75)):
            assert said == expected, day


CHART = """
    2026-01-02 assessed
    2026-01-05 admitted
    2026-01-05 session group 09:00 180
    2026-01-07 session group 09:00 180
    2026-01-08 plan 1 signed by c-ortiz, c-lee, cl-7f3a
    2026-02-10 review of 1 signed by c-ortiz, c-lee, cl-7f3a
"""


def test_a_judge_that_says_all_a_day_early_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = judge

    def early(history: list[Effective], policy: Policy | Pack) -> Judgment:
        found, stays = honest(history, policy)
        moved = [item._replace(start=item.start - ONE_DAY, until=item.until and item.until - ONE_DAY) for item in found]
        return Judgment(moved, stays)

    history, through = history_of(CHART), date(2026, 4, 30)
    assert all(said == expected for _, said, expected in readings(history, PACK, through))
    monkeypatch.setitem(globals(), "judge", early)
    assert date(2026, 2, 9) in {day for day, said, expected in readings(history, PACK, through) if said != expected}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(histories())
def test_every_rule_says_something_on_every_day_from_the_admission_on(history: list[Effective]) -> None:
    admission = next((item for item in history if item.event.type == "admitted"), None)
    if admission is None:
        return
    found = findings(history, PACK)
    last = max(item.day for item in history) + timedelta(days=60)
    for day in turns(found, admission.day, last):
        said = {item.rule for item in found if item.holds(day)}
        assert said == set(JUDGED), (day, set(JUDGED) - said)


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
    judged = judge(history, PACK)
    answers = judged.eligibility
    for one, other in pairwise(answers):
        assert one.until == other.start
    spans = [(item.start, item.until) for item in judged.findings]
    for start, until in [*spans, *((item.start, item.until) for item in answers)]:
        assert until is None or start < until
