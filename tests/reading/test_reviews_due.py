"""Reviews that were due: the numbers follow from the findings, and agree with walking the review clock day by day."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import event as note

from caretrail.episode.history import Effective
from caretrail.events import Event, PlanReviewed
from caretrail.findings.case import Case
from caretrail.findings.chart.chart import chart_of
from caretrail.findings.chart.review_clock import ClockStep
from caretrail.policy import Policy
from caretrail.reading.questions.reviews import due_reviews, running_due_day
from tests.findings.generated import histories
from tests.findings.text_history import PACK, history_of
from tests.support.build import admitted, assessed, event, plan
from tests.support.care import NOW, Care
from tests.support.example import NAME, copy_of_example, day, example
from tests.support.reading import short_reader
from tests.support.reviews import counting_review, rows_of

POLICY = Policy((PACK,))
Told = tuple[date, str, date | None, int]
"""Due on, what became of it, done on, days late."""


def told(history: list[Effective], on: date) -> list[Told]:
    reviews = frozenset(item.version for item in history if isinstance(item.event, PlanReviewed))
    found = due_reviews(
        rows_of(history, POLICY), POLICY, reviews, on, partial(running_due_day, chart_of(history, POLICY))
    )
    return [(one.due_on, one.outcome, one.done_on, one.days_late) for one in found]


# --- a second implementation: no findings, the clock itself, day by day ---------------------------------------------


@dataclass
class Duty:
    step: ClockStep
    due: date
    missed: bool = False
    until: date = date.min


def walked(history: list[Effective], on: date) -> list[Told]:
    """Ask the clock of each day in care when the next review is due, and since which review."""
    chart = chart_of(history, POLICY)
    clock = Case(chart, PACK).clock
    found: list[Told] = []
    duty: Duty | None = None
    each = history[0].day
    while each <= on:
        stay = chart.stay_on(each)
        ending = stay is not None and stay.last == each  # a review may be done on the last day, but none falls due
        step = clock.step_on(each) if stay is not None and (duty is not None or not ending) else None
        due = clock.due_of(step, each).on if step else None
        if step is not None and due is not None:
            if duty is not None and _held(step) != _held(duty.step):
                if not duty.missed:
                    duty.due = clock.due_of(duty.step, each).on or duty.due
                if due != duty.due:
                    late = max(0, (each - duty.due).days)
                    found.append((duty.due, "late" if late else "on_time", each, late))
                    duty = None
            if duty is None and ending:
                each += timedelta(days=1)
                continue
            if duty is None:
                duty = Duty(step, due)
            if not duty.missed and (not ending or each > due):
                duty.due, duty.missed = due, each > due
            duty.until = each
            if not ending:  # what moves the due day on the last day of a stay moves none: none is due any more
                duty.step = step
        each += timedelta(days=1)
    if duty is not None and duty.missed:
        found.append((duty.due, "not_done", None, (duty.until - duty.due).days))
    return found


def _held(step: ClockStep) -> date | None:
    return step.review.day if step.review else None


@pytest.mark.slow
@settings(phases=(Phase.generate,), max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(histories().filter(bool))
def test_what_the_findings_tell_is_what_the_clock_says_day_by_day(history: list[Effective]) -> None:
    """Of a stay of one day the two name other due days, with the same outcome: nothing is due on its only day."""
    chart = chart_of(history, POLICY)
    assume(not chart.doubtful and all(stay.first != stay.last for stay in chart.stays))
    for on in (history[-1].day, history[-1].day + timedelta(days=45)):
        found = told(history, on)
        for outcome in {item[1] for item in found}:
            note(outcome)
        assert found == walked(history, on)


# --- by example -----------------------------------------------------------------------------------------------------


def test_a_review_that_counts_on_the_last_day_of_a_stay_and_moves_nothing_is_none_of_its_own() -> None:
    """Given a review held on the day of admission, which counts with the plan on the day of the transfer out,
    then one review is due on day 30, and it is not done.
    """
    history = history_of(
        """
        2026-01-05 admitted
        2026-01-05 review of 1 signed by c-ortiz, cl-7f3a
        2026-01-16 plan 1 signed by c-ortiz, c-lee, cl-7f3a
        2026-01-16 transferred 2.1 to 2.5
        2026-01-30 transferred 2.5 to 2.1
        """
    )
    found = told(history, day("03-03"))
    assert found == walked(history, day("03-03")) == [(day("02-04"), "not_done", None, 27)]


def test_a_review_that_counts_on_the_last_day_of_the_only_stay_and_moves_nothing_is_none_of_its_own() -> None:
    """Given a review held on the day of admission, when it counts with the plan on the day of the discharge."""
    history = history_of(
        """
        2026-01-05 admitted
        2026-01-05 review of 1 signed by c-ortiz, cl-7f3a
        2026-01-07 plan 1 signed by c-ortiz, cl-7f3a
        2026-01-07 discharged completed
        """
    )
    assert told(history, day("03-03")) == walked(history, day("03-03")) == []


def test_a_review_on_the_last_day_of_the_only_stay_that_moves_the_due_day_was_on_time() -> None:
    """Given a plan of 7 January, when its review is held on the day of the discharge, then it was one due review."""
    history = history_of(
        """
        2026-01-05 admitted
        2026-01-07 plan 1 signed by c-ortiz, cl-7f3a
        2026-01-28 review of 1 signed by c-ortiz, cl-7f3a
        2026-01-28 discharged completed
        """
    )
    expected = [(day("02-06"), "on_time", day("01-28"), 0)]
    assert told(history, day("03-03")) == walked(history, day("03-03")) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-28 review of 1 signed by c-ortiz", [("02-06", "on_time", "01-28", 0)]),
        ("2026-02-06 review of 1 signed by c-ortiz", [("02-06", "on_time", "02-06", 0)]),
        ("2026-02-07 review of 1 signed by c-ortiz", [("02-06", "late", "02-07", 1)]),
        ("2026-02-05 review of 1 signed by c-ortiz@2026-02-09", [("02-06", "late", "02-09", 3)]),
        ("2026-02-05 review of 1 without-client signed by c-ortiz", [("02-06", "not_done", None, 14)]),
        ('2026-02-05 review of 1 signed by c-ortiz | {"participants": []}', [("02-06", "cannot_be_told", None, 0)]),
        ("2026-02-03 discharged completed", []),
        ("2026-02-10 discharged completed", [("02-06", "not_done", None, 4)]),
        ("2026-02-08 transferred 2.1 to 1", [("02-06", "not_done", None, 2)]),
    ],
)
def test_what_became_of_a_review_due_on_6_february(text: str, expected: list[tuple[str, str, str | None, int]]) -> None:
    """Given a plan of 7 January, when something else is recorded, then as of 20 February."""
    history = history_of(f"2026-01-05 admitted\n2026-01-07 plan 1 signed by c-ortiz, cl-7f3a\n{text}")
    wanted = [(day(due), outcome, day(done) if done else None, days) for due, outcome, done, days in expected]
    assert told(history, day("02-20")) == wanted


def test_an_early_review_after_a_late_one_was_on_time() -> None:
    """Given a review one day late, when the next is held before it is due soon, then its own due day is counted."""
    history = history_of(
        "2026-01-05 admitted\n2026-01-07 plan 1 signed by c-ortiz, cl-7f3a\n"
        "2026-02-07 review of 1 signed by c-ortiz\n2026-02-20 review of 1 signed by c-ortiz"
    )
    assert told(history, day("03-20")) == walked(history, day("03-20")) == [
        (day("02-06"), "late", day("02-07"), 1), (day("03-09"), "on_time", day("02-20"), 0),
    ]  # fmt: skip


def test_a_review_in_doubt_is_neither_on_time_nor_not_done_until_a_sure_one_follows() -> None:
    """Given a review of which nobody says who took part, when a sure one follows after the due day,
    then it cannot be told, with the due day it had without the one in doubt, and the sure one has its own.
    """
    history = history_of(
        "2026-01-05 admitted\n2026-01-07 plan 1 signed by c-ortiz, cl-7f3a\n"
        '2026-02-05 review of 1 signed by c-ortiz | {"participants": []}\n2026-02-20 review of 1 signed by c-ortiz'
    )
    assert told(history, day("04-01")) == [
        (day("02-06"), "cannot_be_told", None, 0), (day("03-22"), "not_done", None, 10),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "second",
    [
        "2026-01-25 review of 1 next 2026-02-10 signed by c-ortiz",
        "2026-01-20 review of 1 next 2026-02-05 signed by c-lee@2026-01-22",
    ],
)
def test_a_second_review_that_moves_nothing_is_no_other_one_done(second: str) -> None:
    """Given a review that sets the next for 10 February, when another sets the same day, or one of the same day sets
    an earlier one once it counts, then one review was due besides the first of all.
    """
    history = history_of(
        "2026-01-05 admitted\n2026-01-07 plan 1 signed by c-ortiz, cl-7f3a\n"
        f"2026-01-20 review of 1 next 2026-02-10 signed by c-ortiz\n{second}"
    )
    due = day("02-10") if "01-25" in second else day("02-05")
    assert told(history, day("02-20")) == walked(history, day("02-20")) == [
        (day("02-06"), "on_time", day("01-20"), 0), (due, "not_done", None, (day("02-20") - due).days),
    ]  # fmt: skip


def test_a_review_held_while_away_is_not_counted_again_on_each_return() -> None:
    """Given a review held while the client was away, when the client returns twice, then one review is due."""
    history = history_of(
        "2026-01-13 admitted\n2026-01-13 plan 1 signed by c-ortiz, cl-7f3a\n2026-01-13 transferred 2.1 to 1\n"
        "2026-03-08 review of 1 signed by c-ortiz\n2026-04-08 transferred 1 to 2.1\n"
        "2026-04-08 transferred 2.1 to 1\n2026-04-14 transferred 1 to 2.1"
    )
    assert told(history, day("04-20")) == walked(history, day("04-20")) == [(day("04-14"), "not_done", None, 6)]


def test_a_late_review_on_the_last_day_of_a_stay_makes_no_other_one_due_before_the_return() -> None:
    """Given a review 25 days late on the last day, when another follows while away, then what it sets is due next."""
    history = history_of(
        "2026-01-05 admitted\n2026-01-07 plan 1 signed by c-ortiz, cl-7f3a\n"
        "2026-03-03 review of 1 signed by c-ortiz\n2026-03-03 transferred 2.1 to 1\n"
        "2026-03-07 review of 1 next 2026-03-20 signed by c-ortiz\n2026-03-16 transferred 1 to 2.1"
    )
    assert told(history, day("03-31")) == walked(history, day("03-31")) == [
        (day("02-06"), "late", day("03-03"), 25), (day("03-20"), "not_done", None, 11),
    ]  # fmt: skip


def test_what_is_due_today_may_still_be_on_time() -> None:
    history = history_of("2026-01-05 admitted\n2026-01-07 plan 1 signed by c-ortiz, cl-7f3a")
    assert told(history, day("02-06")) == []
    assert told(history, day("02-07")) == [(day("02-06"), "not_done", None, 1)]


def stays() -> list[Event]:
    """Two episodes: one reviewed late after it changed hands, one never reviewed, in another program."""
    lee = {"id": "c-lee", "role": "clinician", "credential": "LADC"}
    return [
        assessed("01-02"), admitted("01-05"), plan("01-07"),
        event("team_changed", "02-01", joins=[lee], clinician="c-lee"), counting_review("02-10", who="c-lee"),
        assessed("01-02", "E-2", program="op"), admitted("01-05", "E-2", program="op"), plan("01-07", "E-2"),
    ]  # fmt: skip


def test_it_is_whose_case_it_was_on_the_due_day(care: Care) -> None:
    care.record(stays())
    found = care.reader.reviews(day("02-20"))
    assert [(r.program, r.clinician, r.due, r.on_time, r.late, r.not_done, r.days_late) for r in found.rows] == [
        ("iop", "c-lee", 1, 0, 1, 0, (4,)), ("op", "c-ortiz", 1, 0, 0, 1, ()),
    ]  # fmt: skip
    [late], [missed] = (rate.reviews for rate in found.rows)
    assert (late.episode, late.done_by, late.evidence) == ("E-1", (5,), (3,))
    assert late.arithmetic == "base 2026-01-07 plan 1 + 30 days = 2026-02-06"
    assert (missed.episode, missed.done_on, missed.days_late) == ("E-2", None, 14)


def test_filters_and_period_go_by_the_due_day(care: Care) -> None:
    care.record([*stays(), *example()])

    def due(**asked: Any) -> list[str]:
        rates = care.reader.reviews(day("03-20"), **asked).rows
        return sorted(f"{one.episode} {one.due_on:%m-%d}" for rate in rates for one in rate.reviews)

    assert due() == ["E-1 02-06", "E-1 03-12", "E-2 02-06", f"{NAME} 02-06", f"{NAME} 03-07"]
    assert due(start=day("02-07"), end=day("03-11")) == [f"{NAME} 03-07"]
    assert due(end=day("02-05")) == []
    assert due(program="op") == ["E-2 02-06"]
    assert due(clinician="c-lee") == ["E-1 02-06", "E-1 03-12"]


def test_an_explained_review_is_late_all_the_same(care: Care) -> None:
    care.record([*stays(), event("explained", "02-12", "E-2", rule="R1", on="2026-02-10", code="client_ill")])
    reviews = {one.episode: one for rate in care.reader.reviews(day("02-20")).rows for one in rate.reviews}
    assert (reviews["E-2"].outcome, reviews["E-2"].explained, reviews["E-1"].explained) == ("not_done", True, False)


def test_what_is_not_counted_is_said(care: Care) -> None:
    care.record([admitted("01-05", policy="xx-nowhere"), *example()])
    found = care.reader.reviews(day("06-01"))
    assert (found.unjudged, found.unread, len(found.rows)) == (1, 0, 1)
    assert care.reader.reviews(day("06-01"), end=day("01-04")).unjudged == 0


def test_rows_behind_the_log_and_the_log_itself_say_the_same(care: Care) -> None:
    care.record([*stays(), *copy_of_example("B-2", 9)])
    known = care.reader.reviews(day("05-01"), known_at=care.recorder.max_position())
    assert care.reader.reviews(day("05-01")) == known
    care.record([*copy_of_example("B-3", 3)])
    behind = care.onlooker.reviews(day("05-01"))
    assert Counter(one.episode for rate in behind.rows for one in rate.reviews)["B-3"] == 2
    assert behind == care.reader.reviews(day("05-01"), known_at=care.recorder.max_position())


def test_an_answer_names_the_episodes_behind_its_numbers(care: Care) -> None:
    care.record([*stays(), *example()])
    seen: list[list[str]] = []
    short_reader(care.recorder, NOW, seen.append).reviews(day("02-20"), program="op")
    assert seen == [["E-2"]]
