"""Continued stay (C1) and eligibility at the end of a stay, away and back; and that nothing is calm while it is due."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from caretrail.findings.finding import QUIET_VERDICTS
from tests.findings.test_eligibility import LATE, LEAVE, ON_TIME, TREATED, on
from tests.findings.text_history import ORTIZ, PACK, Told, days_between

# --- the end ------------------------------------------------------------------------------------------------------


def test_on_the_last_day_nothing_is_asked_that_is_not_late_and_eligibility_is_answered() -> None:
    ended = TREATED + "2026-02-04 discharged completed\n"
    assert on(ended, "2026-02-03", "2026-02-04", "2026-02-05") == [
        "eligible due_soon", "eligible not_applicable", "not_applicable not_applicable",
    ]  # fmt: skip


def test_what_was_overdue_on_the_last_day_was_not_met_for_good() -> None:
    ended = TREATED + "2026-02-05 discharged completed\n"
    assert on(ended, "2026-02-04", "2026-02-05") == ["eligible due_today", "unknown not_met"]
    told = Told(ended)
    assert [item.verdict for item in told.on("C1", "2026-06-01") if item.subject] == ["not_met"]
    assert [str(item.due_on) for item in told.on("C1", "2026-06-01") if item.subject] == ["2026-02-04"]


def test_a_client_who_stayed_past_the_day_to_leave_was_not_met() -> None:
    assert on(LEAVE + "2026-02-13 discharged completed\n", "2026-02-13") == ["eligible not_applicable"]
    assert on(LEAVE + "2026-02-14 discharged completed\n", "2026-02-14") == ["not_eligible not_met"]


def test_the_violation_ends_when_the_client_leaves() -> None:
    text = TREATED + f"2026-01-20 determined continue signed by {ORTIZ}\n2026-01-22 discharged completed\n"
    assert on(text, "2026-01-21", "2026-01-22", "2026-01-23") == [
        "not_eligible violation", "not_eligible not_applicable", "not_applicable not_applicable",
    ]  # fmt: skip


# --- away and back ------------------------------------------------------------------------------------------------

STEP_DOWN = ' | {"outcome": {"goals_met": true}, "transfer_in": {"objectives_met": true}}'
UNJUDGED = ' | {"outcome": null, "transfer_in": null}'
BACK = ON_TIME + f"2026-02-10 transferred 2.1 to 3.5\n2026-02-20 transferred 3.5 to 2.1{STEP_DOWN}\n"
"""Day 30 of the return is 2026-03-22."""


def test_a_return_is_like_an_admission_from_its_day() -> None:
    days = ("2026-02-10", "2026-02-11", "2026-02-20", "2026-03-14", "2026-03-15", "2026-03-22", "2026-03-23")
    assert on(BACK, *days) == [
        "eligible not_applicable", "not_applicable not_applicable", "eligible met", "eligible met",
        "eligible due_soon", "eligible due_today", "unknown overdue",
    ]  # fmt: skip
    assert Told(BACK).eligible("2026-02-21").basis == "admission"


def test_what_was_determined_before_a_return_does_not_hold_after_it() -> None:
    """Given a return by a route that nobody judged, then a determination of before, or while away, does not help."""
    unjudged = BACK.replace(STEP_DOWN, UNJUDGED)
    assert on(unjudged, "2026-02-20") == ["unknown unknown"]
    away = unjudged + f"2026-02-19 determined continue C1 signed by {ORTIZ}\n"
    assert on(away, "2026-02-20") == ["unknown unknown"]
    here = unjudged + f"2026-02-20 determined continue C1 signed by {ORTIZ}\n"
    assert on(here, "2026-02-20") == ["eligible met"]


def test_a_determination_of_the_day_of_leaving_and_returning_counts_in_both_stays() -> None:
    moved = "2026-02-05 transferred 2.1 to 3.5\n"
    text = TREATED + f"2026-02-05 determined continue C1 signed by {ORTIZ}\n" + moved
    assert on(text, "2026-02-05", "2026-02-06") == ["eligible breached", "not_applicable not_applicable"]
    back = text + f"2026-02-05 transferred 3.5 to 2.1{STEP_DOWN}\n"
    assert on(back, "2026-02-05", "2026-02-06") == ["eligible met", "eligible met"]


def test_a_breach_does_not_follow_over_a_return() -> None:
    text = LATE + f"2026-02-12 transferred 2.1 to 3.5\n2026-02-20 transferred 3.5 to 2.1{STEP_DOWN}\n"
    assert on(text, "2026-02-12", "2026-02-20") == ["eligible breached", "eligible met"]


# --- nothing is calm while something is due ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", [TREATED, ON_TIME, LATE, LEAVE, BACK], ids=["stay", "in time", "late", "leave", "back"]
)
def test_no_day_past_a_due_day_is_green_and_no_green_day_is_without_a_due_day(text: str) -> None:
    told = Told(text)
    for day in days_between(date(2026, 1, 5), date(2026, 6, 30)):
        answer = told.eligible(day.isoformat())
        [found] = [item for item in told.on("C1", day.isoformat()) if item.verdict != "not_met"]
        if answer.verdict == "eligible":
            assert answer.holds_through is not None
            assert day <= answer.holds_through
            close = answer.holds_through - day <= timedelta(days=7)
            assert (found.verdict in QUIET_VERDICTS) is not close or found.verdict == "not_applicable", day
        elif answer.verdict in ("unknown", "not_eligible"):
            assert found.verdict in ("unknown", "overdue", "violation"), day


def test_a_pack_without_the_rule_says_not_applicable() -> None:
    told = Told(ON_TIME, PACK.changed("NE21-C1", on=False))
    assert told.eligible("2026-02-10").verdict == "not_applicable"
    assert told.eligible("2026-02-10").reasons == (f"{PACK.name} has no rule for continued stay",)
    assert told.all("C1") == []
