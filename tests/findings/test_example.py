"""The example episode shows what its table promises, row by row, and its answers do not depend on who loads it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from caretrail.episode.entry import Entry
from caretrail.episode.history import effective_history
from caretrail.events import parse_event
from caretrail.findings import Finding
from tests.findings.text_history import PACK
from tests.support.example import EXAMPLE
from tests.support.judged import eligibility_on, findings, held_on


def entries_up_to(version: int = 65) -> list[Entry]:
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()[:version]
    begin = datetime(2026, 1, 2, tzinfo=UTC)
    return [
        Entry(number, number, parse_event(line), begin + timedelta(hours=number), "loader")
        for number, line in enumerate(lines, start=1)
    ]


HISTORY = effective_history(entries_up_to())
FOUND = findings(HISTORY, PACK)


def intervals(rule: str, found: list[Finding] = FOUND, *, subject: str | None = None) -> list[str]:
    chosen = [item for item in found if item.rule == f"NE21-{rule}" and (subject is None or item.subject == subject)]
    return [
        f"{item.verdict} {item.start} {item.until or '-'}"
        for item in sorted(chosen, key=lambda i: (i.start, i.subject))
    ]


def test_the_example_has_sixty_five_events() -> None:
    assert len(entries_up_to()) == 65


def test_plan_by_the_second_session_is_due_soon_for_two_days_then_met() -> None:
    assert intervals("P1") == [
        "due_soon 2026-01-05 2026-01-07",
        "met 2026-01-07 2026-04-06",
        "not_applicable 2026-04-06 2026-04-07",
        "not_applicable 2026-04-07 -",
    ]


def test_c_lee_is_missing_on_the_plan_and_the_client_on_the_first_review() -> None:
    assert intervals("P3") == [
        "not_applicable 2026-01-05 2026-01-07",
        "violation 2026-01-07 2026-01-12",
        "met 2026-01-12 2026-02-05",
        "violation 2026-02-05 2026-02-09",
        "met 2026-02-09 2026-03-11",
        "met 2026-03-11 2026-04-07",
        "not_applicable 2026-04-07 -",
    ]
    plan, review = (item for item in FOUND if item.rule == "NE21-P3" and item.verdict == "violation")
    assert (plan.subject, plan.owner) == ("plan 1: c-lee", "c-lee")
    assert (review.subject, review.owner) == ("review of 2026-02-05: cl-7f3a", "c-ortiz")


def test_the_review_clock_runs_as_the_table_says() -> None:
    assert intervals("R1") == [
        "met 2026-01-05 2026-01-07",
        "met 2026-01-07 2026-01-30",
        "due_soon 2026-01-30 2026-02-05",
        "met 2026-02-05 2026-02-28",
        "due_soon 2026-02-28 2026-03-07",
        "due_today 2026-03-07 2026-03-08",
        "overdue 2026-03-08 2026-03-11",
        "breached 2026-03-11 2026-04-03",
        "due_soon 2026-04-03 2026-04-06",
        "breached 2026-04-06 2026-04-07",
        "not_applicable 2026-04-07 -",
    ]


@pytest.mark.parametrize(
    ("day", "due", "base"),
    [
        ("2026-01-10", "2026-02-06", "base 2026-01-07"),
        ("2026-02-05", "2026-03-07", "base 2026-02-05"),
        ("2026-04-03", "2026-04-10", "base 2026-03-11"),
    ],
)
def test_the_review_is_due_thirty_days_after_its_base(day: str, due: str, base: str) -> None:
    (item,) = [found for found in held_on(FOUND, date.fromisoformat(day)) if found.rule == "NE21-R1"]
    assert str(item.due_on) == due
    assert item.arithmetic.startswith(base)


def test_the_review_was_at_most_three_days_overdue_across_the_change_of_clocks() -> None:
    (overdue,) = [item for item in FOUND if item.verdict == "overdue" and item.rule == "NE21-R1"]
    assert [overdue.days_overdue(date(2026, 3, day)) for day in (8, 9, 10)] == [1, 2, 3]


def test_there_is_one_gap_of_thirty_four_days() -> None:
    (gap,) = [item for item in FOUND if item.cause == "review_gap"]
    assert gap.message == "34 days between the reviews of 2026-02-05 and 2026-03-11, 4 more than 30"
    assert gap.evidence == (25, 46)


@pytest.mark.parametrize(
    ("week", "verdict", "numbers"),
    [
        ("2026-01-11", "info", "offered 600, attended 360 minutes"),
        ("2026-03-22", "violation", "offered 360, attended 360 minutes"),
    ],
)
def test_short_weeks_are_told_with_their_minutes(week: str, verdict: str, numbers: str) -> None:
    of_week = [found for found in FOUND if found.rule == "NE21-I1" and found.subject == f"week of {week}"]
    assert [item.verdict for item in of_week] == [verdict, *(["breached"] if verdict == "violation" else [])]
    assert all(numbers in item.message for item in of_week)


def test_the_week_on_hold_is_not_judged() -> None:
    said = [item for item in held_on(FOUND, date(2026, 2, 22)) if item.rule == "NE21-I1"]
    assert [item.verdict for item in said] == ["not_applicable"]
    assert "week of 2026-02-15" in said[0].message


@pytest.mark.parametrize("version", [52, 53, 54, 55, 65])
def test_the_group_is_too_large_only_between_its_entry_and_its_correction(version: int) -> None:
    found = findings(effective_history(entries_up_to(version)), PACK)
    too_large = [item for item in found if item.cause == "group_too_large"]
    assert bool(too_large) == (53 <= version < 55)


def test_the_voided_family_session_counts_nowhere() -> None:
    assert not any(56 in item.evidence for item in FOUND)
    before = findings(effective_history(entries_up_to(57)), PACK)
    week = [item.message for item in before if item.subject == "week of 2026-03-22" and item.rule == "NE21-I1"]
    assert week
    assert "offered 420" in week[0]


def test_the_referral_to_a_limhp_is_met() -> None:
    assert intervals("A5")[0] == "met 2026-01-05 2026-04-07"


@pytest.mark.parametrize(
    ("day", "verdict", "basis"),
    [
        ("2026-01-20", "eligible", "admission"),
        ("2026-02-10", "eligible", "determination"),
        ("2026-03-07", "eligible", "determination"),
        ("2026-03-08", "unknown", "determination"),
        ("2026-03-10", "unknown", "determination"),
        ("2026-03-11", "eligible", "determination"),
        ("2026-04-06", "eligible", "determination"),
        ("2026-04-07", "not_applicable", "none"),
        ("2026-06-01", "not_applicable", "none"),
    ],
)
def test_continued_stay_is_answered_for_each_day(day: str, verdict: str, basis: str) -> None:
    answer = eligibility_on(HISTORY, PACK, date.fromisoformat(day))
    assert (answer.verdict, answer.basis) == (verdict, basis)


def test_the_first_determination_held_through_the_seventh_of_march() -> None:
    answer = eligibility_on(HISTORY, PACK, date(2026, 3, 9))
    assert answer.holds_through == date(2026, 3, 7)
    assert answer.reasons == (
        "the determination of 2026-02-05 held through 2026-03-07, and no later determination counts",
    )
    after = eligibility_on(HISTORY, PACK, date(2026, 4, 7))
    assert after.reasons == ("level 1: no policy pack",)


def test_both_endings_are_supported() -> None:
    assert intervals("D1", subject="end of stay 2026-04-06") == ["met 2026-04-06 -"]
    assert intervals("D1", subject="discharge 2026-05-04") == ["met 2026-05-04 -"]


def test_no_free_text_gets_into_a_finding() -> None:
    private = ("left early", "coping skills", "housing", "anxiety", "no_show", "Landlord", "paper sheet", "alumni")
    for item in FOUND:
        text = f"{item.message} {item.arithmetic} {item.subject} {item.cause}"
        assert not any(word in text for word in private), item


def test_every_finding_says_something_in_one_short_line() -> None:
    for item in FOUND:
        assert 0 < len(item.message) < 140
        assert "\n" not in item.message
