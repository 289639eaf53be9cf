"""Prior authorization (U1), which is off in Nebraska's own pack and switched on here."""

from __future__ import annotations

import pytest

from tests.findings.text_history import PACK, Told

ON = PACK.changed("NE21-U1", on=True)
BEGIN = "2026-01-02 assessed\n2026-01-05 admitted\n"
"""Events 1 and 2."""


def paid(text: str) -> Told:
    return Told(BEGIN + text, ON)


def sessions(*days: int, minutes: int = 170) -> str:
    return "".join(f"2026-01-{day:02} session group 09:00 {minutes}\n" for day in days)


def test_it_is_off_in_the_pack_of_nebraska() -> None:
    assert Told(BEGIN).all("U1") == []


def test_without_an_authorization_all_days_of_the_stay_are_one_violation() -> None:
    told = paid(sessions(6, 7, 9))
    assert told.runs("U1") == ["violation 2026-01-05 -"]
    found = told.one("U1", "2026-01-08")
    assert (found.cause, found.evidence) == ("authorization_none", (2,))
    assert found.message == "no authorization for level 2.1 in force"


def test_an_authorization_is_met_then_announced_a_week_before_its_end_then_missing() -> None:
    told = paid("2026-01-05 authorized 2026-01-05 to 2026-02-05 30 session")
    assert told.runs("U1") == [
        "met 2026-01-05 2026-01-29",
        "due_soon 2026-01-29 2026-02-05",
        "due_today 2026-02-05 2026-02-06",
        "violation 2026-02-06 -",
    ]
    soon = told.one("U1", "2026-01-29")
    assert (soon.cause, str(soon.due_on), soon.evidence) == ("authorization_ends", "2026-02-05", (3,))
    ended = told.one("U1", "2026-02-06")
    assert (ended.cause, ended.evidence) == ("authorization_none", (3,))
    assert ended.message.endswith("in force, the last ended 2026-02-05")


def test_the_next_authorization_takes_over_without_an_announcement() -> None:
    first = "2026-01-05 authorized 2026-01-05 to 2026-02-05 30 session\n"
    told = paid(first + "2026-01-20 authorized 2026-02-06 to 2026-03-05 30 session")
    assert told.verdict("U1", "2026-02-05") == "met"
    assert told.one("U1", "2026-02-06").evidence == (4,)
    late = paid(first + "2026-01-20 authorized 2026-02-09 to 2026-03-05 30 session")
    assert [late.verdict("U1", f"2026-02-0{day}") for day in (5, 6, 8, 9)] == [
        "due_today", "violation", "violation", "met",
    ]  # fmt: skip


def test_an_authorization_counts_from_the_day_it_is_recorded_for() -> None:
    """Given an authorization that came on the 12th for the time since the 5th, nobody had it before the 12th."""
    told = paid(sessions(6, 8) + "2026-01-12 authorized 2026-01-05 to 2026-03-05 30 session")
    assert told.runs("U1")[:2] == ["violation 2026-01-05 2026-01-12", "met 2026-01-12 2026-02-26"]
    assert "2 used, 28 left" in told.one("U1", "2026-01-12").arithmetic


def test_the_last_unit_is_covered_and_the_session_after_it_is_not() -> None:
    """Given three sessions authorized, then the third is covered but the next is due for another, and a fourth is a
    violation.
    """
    authorized = "2026-01-05 authorized 2026-01-05 to 2026-03-05 3 session\n"
    three = paid(authorized + sessions(6, 7, 9))
    assert [three.verdict("U1", f"2026-01-{day:02}") for day in (7, 9, 12)] == ["met", "due_soon", "due_soon"]
    used_up = three.one("U1", "2026-01-12")
    assert (used_up.cause, used_up.evidence) == ("authorization_used_up", (3,))
    assert used_up.message == "authorization of 2026-01-05 used up: 3 session units"
    assert used_up.arithmetic.endswith("3 used, 0 left")
    four = paid(authorized + sessions(6, 7, 9, 12))
    assert (four.verdict("U1", "2026-01-11"), four.verdict("U1", "2026-01-12")) == ("due_soon", "violation")
    assert four.one("U1", "2026-01-12").message == "authorization of 2026-01-05 exceeded: 3 session units"
    more = paid(authorized + sessions(6, 7, 9, 12) + "2026-01-13 authorized 2026-01-13 to 2026-03-05 9 session")
    assert more.verdict("U1", "2026-01-13") == "met"


@pytest.mark.parametrize(
    ("unit", "used"),
    [("session", "3 used"), ("visit", "3 used"), ("day", "2 used"), ("week", "2 used"), ("hour", "510 used")],
)
def test_each_unit_is_counted_in_its_own_way(unit: str, used: str) -> None:
    """Given two sessions on Saturday the 10th and one on Sunday the 11th: a new week begins on Sunday."""
    told = paid(
        f"2026-01-05 authorized 2026-01-05 to 2026-03-05 9 {unit}\n"
        + sessions(10, 11)
        + "2026-01-10 session group 13:00 170\n"
    )
    assert used in told.one("U1", "2026-01-11").arithmetic


def test_e32_hours_are_used_in_minutes_without_rounding() -> None:
    """Given nine hours authorized, when three sessions of 2:50 were held, then half an hour is left."""
    told = paid("2026-01-05 authorized 2026-01-05 to 2026-03-05 9 hour\n" + sessions(6, 7, 9))
    assert told.verdict("U1", "2026-01-09") == "met"
    assert told.one("U1", "2026-01-09").arithmetic.endswith("9 hour units = 540 minutes: 510 used, 30 left")


def test_the_week_of_a_unit_is_the_week_of_the_pack() -> None:
    monday = ON.model_copy(update={"week_start": "monday"})
    text = BEGIN + "2026-01-05 authorized 2026-01-05 to 2026-03-05 9 week\n" + sessions(10, 11)
    assert "1 used" in Told(text, monday).one("U1", "2026-01-11").arithmetic


def test_an_authorization_for_another_level_covers_nothing_here() -> None:
    other = paid('2026-01-05 authorized 2026-01-05 to 2026-03-05 30 session | {"level": "1"}')
    assert other.one("U1", "2026-01-05").cause == "authorization_none"


def test_what_was_attended_at_another_level_uses_nothing_here() -> None:
    """Given two units, one used here and two sessions at level 1, then one unit is left on return."""
    told = paid(
        "2026-01-05 authorized 2026-01-05 to 2026-03-05 2 session\n" + sessions(6) + "2026-01-08 transferred 2.1 to 1\n"
        + sessions(10, 12) + "2026-01-20 transferred 1 to 2.1\n"
    )  # fmt: skip
    assert told.runs("U1") == [
        "met 2026-01-05 2026-01-06",
        "met 2026-01-06 2026-01-09",
        "not_applicable 2026-01-09 2026-01-20",
        "met 2026-01-20 2026-02-26",
        "due_soon 2026-02-26 2026-03-05",
        "due_today 2026-03-05 2026-03-06",
        "violation 2026-03-06 -",
    ]
    assert told.one("U1", "2026-01-20").arithmetic.endswith("1 used, 1 left")


def test_after_the_discharge_nothing_is_asked_and_a_hold_changes_nothing() -> None:
    told = paid(
        "2026-01-05 authorized 2026-01-05 to 2026-01-31 30 day\n2026-01-20 held\n2026-02-10 discharged terminated"
    )
    assert told.verdict("U1", "2026-01-31") == "due_today"
    assert told.runs("U1")[-2:] == ["violation 2026-02-01 2026-02-11", "not_applicable 2026-02-11 -"]
