"""Authorization by the payer (U1, ours): shown where one is recorded, as information, whatever becomes of it."""

from __future__ import annotations

import pytest

from tests.findings.text_history import PACK, Told

BEGIN = "2026-01-02 assessed\n2026-01-05 admitted\n"
"""Events 1 and 2."""


def paid(text: str) -> Told:
    return Told(BEGIN + text)


def sessions(*days: int, minutes: int = 170) -> str:
    return "".join(f"2026-01-{day:02} session group 09:00 {minutes}\n" for day in days)


def test_without_an_authorization_nothing_is_said() -> None:
    told = paid(sessions(6, 7, 9))
    assert told.runs("U1") == ["not_applicable 2026-01-05 -"]
    assert PACK.rules["NE21-U1"].citation.startswith("ours, in no text")


def test_an_authorization_is_met_then_announced_a_week_before_its_end_then_over() -> None:
    told = paid("2026-01-05 authorized 2026-01-05 to 2026-02-05 30 session")
    assert told.runs("U1") == ["met 2026-01-05 2026-01-29", "info 2026-01-29 2026-02-06", "info 2026-02-06 -"]
    soon = told.one("U1", "2026-01-29")
    assert (soon.cause, str(soon.due_on), soon.evidence) == ("authorization_ends", "2026-02-05", (3,))
    ended = told.one("U1", "2026-02-06")
    assert (ended.cause, ended.evidence) == ("authorization_none", (3,))
    assert ended.message.endswith("in force, the last ended 2026-02-05")


def test_it_never_says_anything_louder_than_information() -> None:
    told = paid(
        "2026-01-06 authorized 2026-01-06 to 2026-01-20 1 session\n" + sessions(6, 7, 9)
        + '2026-01-25 authorized 2026-01-25 to 2026-02-25 9 session | {"status": "denied"}\n'
    )  # fmt: skip
    assert {item.verdict for item in told.all("U1")} <= {"met", "info", "not_applicable"}


# --- the life cycle: requested, approved, partial, denied, ended --------------------------------------------------


def stated(day: str, status: str, until: str = "2026-03-05", number: str = "a-1", units: int = 9) -> str:
    fields = f'{{"status": "{status}", "number": "{number}", "service_code": "H0015"}}'
    return f"{day} authorized 2026-01-05 to {until} {units} session | {fields}\n"


def test_a_request_grants_nothing_until_it_is_decided() -> None:
    told = paid(stated("2026-01-05", "requested") + stated("2026-01-09", "approved"))
    assert told.runs("U1")[:2] == ["info 2026-01-05 2026-01-09", "met 2026-01-09 2026-02-26"]
    assert told.one("U1", "2026-01-06").message == "level 2.1: authorization requested 2026-01-05, not decided"
    assert told.one("U1", "2026-01-09").message == "authorized through 2026-03-05, service H0015"


def test_a_request_denied_is_told_and_one_granted_in_part_says_so() -> None:
    denied = paid(stated("2026-01-05", "requested") + stated("2026-01-09", "denied"))
    assert denied.one("U1", "2026-01-09").cause == "authorization_denied"
    part = paid(stated("2026-01-05", "requested") + stated("2026-01-09", "partial", units=4) + sessions(10))
    found = part.one("U1", "2026-01-10")
    assert found.message.startswith("authorized in part through 2026-03-05")
    assert found.arithmetic.endswith("4 session units: 1 used, 3 left")


def test_an_authorization_ended_early_covers_nothing_after_that_day() -> None:
    told = paid(stated("2026-01-05", "approved") + stated("2026-01-20", "ended", until="2026-01-22"))
    assert [told.one("U1", f"2026-01-{day}").cause for day in (19, 20, 22, 23)] == [
        "", "authorization_ends", "authorization_ends", "authorization_none",
    ]  # fmt: skip


def test_the_request_of_more_leaves_what_was_granted_in_force() -> None:
    told = paid(stated("2026-01-05", "approved") + stated("2026-01-20", "requested"))
    assert told.verdict("U1", "2026-01-21") == "met"


# --- overlapping authorizations count a session once --------------------------------------------------------------


def test_two_authorizations_that_overlap_do_not_both_count_a_session() -> None:
    both = stated("2026-01-05", "approved", until="2026-02-05", number="a-1", units=2)
    both += stated("2026-01-05", "approved", until="2026-03-05", number="a-2", units=5)
    told = paid(both + sessions(6, 7, 9, 12))
    assert told.one("U1", "2026-01-07").arithmetic.endswith("2026-03-05, 5 session units: 0 used, 5 left")
    assert told.one("U1", "2026-01-12").arithmetic.endswith("2026-03-05, 5 session units: 2 used, 3 left")


def test_minutes_that_one_authorization_of_hours_cannot_hold_use_the_next() -> None:
    hours = '2026-01-05 authorized 2026-01-05 to {until} {units} hour | {{"number": "{number}"}}\n'
    both = hours.format(until="2026-02-05", units=1, number="a-1")
    both += hours.format(until="2026-03-05", units=9, number="a-2")
    told = paid(both + sessions(6))
    assert told.one("U1", "2026-01-06").arithmetic.endswith("540 minutes: 110 used, 430 left")


def test_minutes_that_none_of_several_can_hold_are_more_than_the_last_to_end_granted() -> None:
    """Given one used up before the other began, then what the other cannot hold is used of the last to end."""
    hours = '2026-01-05 authorized {since} to {until} 2 hour | {{"number": "{number}"}}\n'
    both = hours.format(since="2026-01-05", until="2026-03-05", number="a-1")
    both += hours.format(since="2026-01-20", until="2026-02-05", number="a-2")
    told = paid(both + sessions(6, minutes=120) + sessions(21, minutes=180))
    assert told.one("U1", "2026-01-20").message == "authorized through 2026-02-05"
    found = told.one("U1", "2026-01-21")
    assert found.cause == "authorization_exceeded"
    assert found.arithmetic.endswith("2 hour units = 120 minutes: 180 used, 0 left")


# --- units and days left ------------------------------------------------------------------------------------------


def test_the_next_authorization_takes_over_without_an_announcement() -> None:
    first = "2026-01-05 authorized 2026-01-05 to 2026-02-05 30 session\n"
    told = paid(first + "2026-01-20 authorized 2026-02-06 to 2026-03-05 30 session")
    assert told.verdict("U1", "2026-02-05") == "met"
    assert told.one("U1", "2026-02-06").evidence == (4,)
    late = paid(first + "2026-01-20 authorized 2026-02-09 to 2026-03-05 30 session")
    assert [late.verdict("U1", f"2026-02-0{day}") for day in (5, 6, 8, 9)] == [
        "info", "info", "info", "met",
    ]  # fmt: skip


def test_an_authorization_counts_from_the_day_it_is_recorded_for() -> None:
    """Given an authorization that came on the 12th for the time since the 5th, nobody had it before the 12th."""
    told = paid(sessions(6, 8) + "2026-01-12 authorized 2026-01-05 to 2026-03-05 30 session")
    assert told.runs("U1")[:2] == ["not_applicable 2026-01-05 2026-01-12", "met 2026-01-12 2026-02-26"]
    assert "2 used, 28 left" in told.one("U1", "2026-01-12").arithmetic


def test_the_last_unit_is_covered_and_the_session_after_it_is_not() -> None:
    """Given three sessions authorized, then the third uses the last one, and a fourth is more than was granted."""
    authorized = "2026-01-05 authorized 2026-01-05 to 2026-03-05 3 session\n"
    three = paid(authorized + sessions(6, 7, 9))
    assert [three.verdict("U1", f"2026-01-{day:02}") for day in (7, 9, 12)] == ["met", "info", "info"]
    used_up = three.one("U1", "2026-01-12")
    assert (used_up.cause, used_up.evidence) == ("authorization_used_up", (3,))
    assert used_up.message == "authorization of 2026-01-05 used up: 3 session units"
    assert used_up.arithmetic.endswith("3 used, 0 left")
    four = paid(authorized + sessions(6, 7, 9, 12))
    assert (four.verdict("U1", "2026-01-11"), four.verdict("U1", "2026-01-12")) == ("info", "info")
    assert four.one("U1", "2026-01-12").message == "authorization of 2026-01-05 exceeded: 3 session units"
    more = paid(
        authorized
        + sessions(6, 7, 9, 12)
        + '2026-01-13 authorized 2026-01-13 to 2026-03-05 9 session | {"number": "a-2"}'
    )
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
    monday = PACK.model_copy(update={"week_start": "monday"})
    text = BEGIN + "2026-01-05 authorized 2026-01-05 to 2026-03-05 9 week\n" + sessions(10, 11)
    assert "1 used" in Told(text, monday).one("U1", "2026-01-11").arithmetic


def test_an_authorization_for_another_level_covers_nothing_here() -> None:
    other = paid('2026-01-05 authorized 2026-01-05 to 2026-03-05 30 session | {"level": "1"}')
    assert other.verdict("U1", "2026-01-05") == "not_applicable"


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
        "info 2026-02-26 2026-03-06",
        "info 2026-03-06 -",
    ]
    assert told.one("U1", "2026-01-20").arithmetic.endswith("1 used, 1 left")


def test_after_the_discharge_nothing_is_asked_and_a_hold_changes_nothing() -> None:
    told = paid(
        "2026-01-05 authorized 2026-01-05 to 2026-01-31 30 day\n2026-01-20 held\n2026-02-10 discharged terminated"
    )
    assert told.one("U1", "2026-01-31").cause == "authorization_ends"
    assert told.runs("U1")[-2:] == ["info 2026-02-01 2026-02-11", "not_applicable 2026-02-11 -"]


def test_a_stay_that_holds_as_long_as_authorized_ends_where_the_authorization_ended() -> None:
    """Given the reading by which the payer's authorization supports the stay, when it is ended early, so is that."""
    by_payer = PACK.changed("NE21-C1", holds="authorization", term=None, term_ours=False)
    granted = stated("2026-01-05", "approved")
    ended = stated("2026-01-20", "ended", until="2026-01-25")
    more = stated("2026-01-21", "requested")
    through = [
        str(Told(BEGIN + text, by_payer).eligible("2026-01-22").holds_through)
        for text in (granted, granted + ended, granted + more)
    ]
    assert through == ["2026-03-05", "2026-01-25", "2026-03-05"]
