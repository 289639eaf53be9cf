"""Explanations: what they quiet, from when and until when, and what they never quiet."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.findings.test_intensity_and_ending import BEGIN, CANCELED, FULL, week
from tests.findings.text_history import PACK, Told
from tests.support.judged import findings


def test_an_explanation_quiets_from_its_day_and_deletes_nothing() -> None:
    told = Told(BEGIN + week("2026-01-05", 180) + CANCELED + "2026-01-13 explained NE21-I1 on 2026-01-11 clinician_ill")
    found = [item for item in told.all("I1", "week of 2026-01-04") if item.verdict == "violation"]
    assert [(str(item.start), str(item.until), item.quiet) for item in found] == [
        ("2026-01-11", "2026-01-13", False),
        ("2026-01-13", "2026-01-18", True),
    ]


def test_a_rule_may_be_named_without_its_prefix_and_other_rules_stay_loud() -> None:
    told = Told(BEGIN + week("2026-01-05", 180) + "2026-01-11 explained I1 on 2026-01-11")
    assert all(item.quiet for item in told.all("I1", "week of 2026-01-04"))
    assert not any(item.quiet for item in told.all("I2"))


@pytest.mark.parametrize("given", ["2026-02-03", "2026-02-04", "2026-02-10"])
def test_an_explanation_never_quiets_a_deadline(given: str) -> None:
    """Given a review due 02-04, when somebody explains it, due soon, due or overdue, then it stays on the list."""
    told = Told(f"2026-01-02 assessed\n2026-01-05 admitted\n{given} explained R1 on {given}")
    assert told.verdict("R1", "2026-04-01") == "overdue"
    assert not any(item.quiet for item in told.all("R1"))
    marked = {item.verdict for item in told.all("R1") if item.explained}
    assert marked == {{"2026-02-03": "due_soon", "2026-02-04": "due_today", "2026-02-10": "overdue"}[given]}


def test_an_explanation_ends_when_things_get_worse() -> None:
    told = Told("2026-01-02 assessed\n2026-01-05 admitted\n2026-02-03 explained R1 on 2026-02-03")
    assert [(item.verdict, item.explained) for item in told.all("R1") if item.start >= date(2026, 2, 3)] == [
        ("due_soon", True), ("due_today", False), ("overdue", False),
    ]  # fmt: skip


def test_an_explanation_that_names_its_end_is_over_after_it_and_by_the_next_review() -> None:
    unsigned = "2026-01-02 assessed\n2026-01-05 admitted\n2026-01-07 plan 1 signed by c-ortiz, cl-7f3a\n"
    for until, last in (("2026-01-20", "2026-01-20"), ("2026-12-31", "2026-02-06")):
        told = Told(f'{unsigned}2026-01-10 explained P3 on 2026-01-10 | {{"until": "{until}"}}')
        quiet = [item for item in told.all("P3") if item.quiet]
        assert [str(item.until - timedelta(days=1)) for item in quiet if item.until] == [last]
        loud = [item for item in told.all("P3", "plan 1: c-lee") if not item.quiet]
        assert [str(item.start) for item in loud] == ["2026-01-07", str(date.fromisoformat(last) + timedelta(days=1))]


@pytest.mark.parametrize(
    ("on", "quiet"),
    [("2026-01-03", False), ("2026-01-04", True), ("2026-01-10", True), ("2026-01-11", True), ("2026-01-12", False)],
)
def test_a_week_is_explained_by_any_day_of_it_or_the_day_after(on: str, quiet: bool) -> None:
    told = Told(BEGIN + week("2026-01-05", 180) + f"2026-01-13 explained I1 on {on}")
    found = [item for item in told.all("I1", "week of 2026-01-04") if item.holds(date(2026, 1, 14))]
    assert [item.quiet for item in found] == [quiet]


def test_an_explanation_of_one_week_leaves_the_next_one_loud() -> None:
    told = Told(BEGIN + week("2026-01-05", 180) + week("2026-01-12", 180) + "2026-01-19 explained I1 on 2026-01-11")
    assert not any(item.quiet for item in told.all("I1", "week of 2026-01-11"))


def test_what_is_met_is_never_quiet() -> None:
    told = Told(FULL + "2026-01-12 explained I1 on 2026-01-12")
    assert not any(item.quiet for item in told.findings)


def test_an_explanation_of_a_week_leaves_a_schedule_that_can_never_suffice_as_loud_as_it_was() -> None:
    told = Told(
        BEGIN.replace("admitted", 'admitted | {"schedule": {"minutes_per_week": 360, "days_per_week": 2}}')
        + week("2026-01-05", 180)
        + "2026-01-13 explained I1 on 2026-01-07"
    )
    assert [item.quiet for item in told.on("I1", "2026-01-14", "week of 2026-01-04")] == [True]
    assert [item.quiet for item in told.on("I1", "2026-01-14", "schedule of 2026-01-04")] == [False]


def test_an_explanation_of_a_run_of_empty_weeks_ends_before_the_week_after_next_is_told() -> None:
    told = Told(BEGIN + week("2026-01-05", 180, 180, 180) + "2026-02-04 explained I1 on 2026-02-04")
    run = [item for item in told.all("I1") if item.subject.endswith("and since")]
    quiet = [(str(item.start), str(item.until)) for item in run if item.quiet]
    assert quiet == [("2026-02-04", "2026-02-15")], "the week of 02-01 is told until the next is judged"


SHORT = BEGIN.replace("admitted", 'admitted | {"schedule": {"minutes_per_week": 360, "days_per_week": 3}}')


@pytest.mark.parametrize(
    ("text", "up"),
    [
        (BEGIN + week("2026-01-05", 180, 180, 180), "week of 2026-01-11 and since"),
        (SHORT + week("2026-01-05", 180, 180, 180), "schedule of 2026-01-04"),
    ],
)
@pytest.mark.parametrize("held", ["", week("2026-02-01", 180)])
def test_a_word_on_a_week_that_is_not_over_means_the_same_whatever_comes_of_the_week(
    text: str, up: str, held: str
) -> None:
    """Given a word in the week of 02-01, then what was up that day is marked, or not, whatever follows that week."""
    told = Told(text + "2026-02-04 explained I1 on 2026-02-04\n" + held)
    known = findings([item for item in told.history if item.day <= date(2026, 2, 4)], PACK)
    for day in (date(2026, 2, 4), date(2026, 2, 7)):
        [now] = [item for item in told.all("I1", up) if item.holds(day)]
        [then] = [item for item in known if (item.rule, item.subject) == ("NE21-I1", up) and item.holds(day)]
        assert (now.quiet, then.quiet) == ((True, True) if up.endswith("since") else (False, False))
    assert all(item.quiet for item in told.on("I1", "2026-02-09", "week of 2026-02-01"))


def test_a_schedule_that_can_never_suffice_is_explained_by_a_word_that_says_until_when() -> None:
    word = SHORT + '2026-01-05 explained I1 on 2026-01-05 | {"until": "2026-01-20"}'
    told = Told(word)
    assert [(str(item.start), item.quiet) for item in told.all("I1", "schedule of 2026-01-04")] == [
        ("2026-01-04", False), ("2026-01-05", True), ("2026-01-21", False),
    ]  # fmt: skip
