"""Plan rules: by the second session (P1), sections (P2)."""

from __future__ import annotations

import json
from datetime import date

import pytest

from caretrail.findings import Doubt, Outcome
from tests.findings.text_history import LEE, ORTIZ, PACK, Told

BEGIN = "2026-01-02 assessed\n2026-01-05 admitted\n"
TWO = BEGIN + "2026-01-05 session group 09:00 180\n2026-01-07 session group 09:00 180\n"


# --- P1 -----------------------------------------------------------------------------------------------------------


def test_e8_a_plan_is_due_on_the_day_of_the_second_attended_session() -> None:
    told = Told(
        BEGIN
        + "2026-01-06 session group 09:00 180\n2026-01-08 missed group 09:00 180\n2026-01-09 session group 09:00 180"
    )
    assert told.runs("P1") == [
        "not_applicable 2026-01-05 2026-01-06",
        "due_soon 2026-01-06 2026-01-09",
        "due_today 2026-01-09 2026-01-10",
        "overdue 2026-01-10 -",
    ]
    assert str(told.one("P1", "2026-01-12").due_on) == "2026-01-09"
    assert told.one("P1", "2026-01-12").days_overdue(told.one("P1", "2026-01-12").start) == 1


def test_a_plan_on_the_day_of_the_second_session_is_in_time() -> None:
    told = Told(TWO + f"2026-01-07 plan 1 signed by {ORTIZ}")
    assert told.runs("P1") == ["due_soon 2026-01-05 2026-01-07", "met 2026-01-07 -"]


def test_a_late_plan_is_breached_with_the_days_it_was_late() -> None:
    told = Told(TWO + f"2026-01-10 plan 1 signed by {ORTIZ}")
    assert told.runs("P1") == [
        "due_soon 2026-01-05 2026-01-07",
        "due_today 2026-01-07 2026-01-08",
        "overdue 2026-01-08 2026-01-10",
        "breached 2026-01-10 -",
    ]
    assert told.one("P1", "2026-02-01").message == "plan 1 signed 2026-01-10, 3 days late: it was due 2026-01-07"
    assert str(told.one("P1", "2026-02-01").due_on) == "2026-01-07"


def test_a_late_plan_is_breached_through_the_last_day_of_the_stay() -> None:
    told = Told(TWO + f"2026-01-10 plan 1 signed by {ORTIZ}\n2026-02-02 discharged completed")
    assert told.runs("P1")[-2:] == ["breached 2026-01-10 2026-02-03", "not_applicable 2026-02-03 -"]


def test_a_plan_in_time_no_longer_applies_on_the_last_day_of_the_stay() -> None:
    told = Told(TWO + f"2026-01-07 plan 1 signed by {ORTIZ}\n2026-02-02 discharged completed")
    assert told.runs("P1")[-3:] == [
        "met 2026-01-07 2026-02-02",
        "not_applicable 2026-02-02 2026-02-03",
        "not_applicable 2026-02-03 -",
    ]


def test_a_plan_is_developed_once_signed_even_if_it_takes_effect_later() -> None:
    """Line 47, "developed within two sessions"; that it is in effect, too, is another reading."""
    text = TWO + f"2026-01-07 plan 1 effective 2026-01-15 signed by {ORTIZ}"
    assert Told(text).verdict("P1", "2026-01-14") == "met"
    told = Told(text, PACK.changed("NE21-P1", there_when="in_effect"))
    assert told.runs("P1")[-2:] == ["overdue 2026-01-08 2026-01-15", "breached 2026-01-15 -"]


def signed_as(credential: str, role: str = "clinician") -> str:
    """A plan of 01-07, signed that day by somebody who is not on the roster."""
    signature = {"signer": "c-diaz", "role": role, "signed_on": "2026-01-07", "method": "electronic"}
    signature |= {"meaning": "authorship", "credential": credential} if credential else {"meaning": "authorship"}
    return f"{TWO}2026-01-07 plan 1 | {json.dumps({'signatures': [signature]})}\n"


def test_a_plan_is_there_only_once_signed_under_clinical_guidance() -> None:
    text = TWO + "2026-01-07 plan 1 signed by cl-7f3a\n"
    assert Told(text).verdict("P1", "2026-01-20") == "overdue"
    told = Told(text + f"2026-01-12 signed #5 by {ORTIZ}@2026-01-10")
    assert told.runs("P1")[-2:] == ["overdue 2026-01-08 2026-01-12", "breached 2026-01-12 -"]


@pytest.mark.parametrize(
    ("credential", "role", "verdict"),
    [
        ("LADC", "clinician", "met"), ("ladc", "clinician", "met"), ("LADC", "staff", "met"),
        ("LADC", "other", "met"), ("CPSS", "clinician", "overdue"), ("RN", "supervisor", "overdue"),
        ("", "staff", "overdue"), ("", "clinician", "unknown"), ("PhD", "clinician", "unknown"),
        ("LADC", "family", "overdue"),
    ],
)  # fmt: skip
def test_the_credential_says_who_signs_under_clinical_guidance_and_not_the_role(
    credential: str, role: str, verdict: str
) -> None:
    assert Told(signed_as(credential, role)).verdict("P1", "2026-01-20") == verdict


def test_of_a_doubtful_plan_both_outcomes_are_told() -> None:
    found = Told(signed_as("PhD")).one("P1", "2026-01-20")
    assert found.ruling.doubt == Doubt((5,), Outcome("met", None), Outcome("overdue", date(2026, 1, 7)))
    assert found.message == (
        "if event 5 counts: plan 1 signed 2026-01-07; if not: plan overdue since the second session of "
        "2026-01-07 (event 5: PhD of c-diaz may or may not be a license of the list)"
    )


def test_a_doubt_between_kept_and_late_asks_for_nothing() -> None:
    told = Told(signed_as("PhD") + f"2026-01-12 signed #5 by {ORTIZ}")
    before, after = told.one("P1", "2026-01-11"), told.one("P1", "2026-01-12")
    assert [(one.verdict, one.quiet) for one in (before, after)] == [("unknown", False), ("unknown", True)]


def test_a_covering_clinician_counts_unless_the_pack_asks_for_the_team() -> None:
    text = signed_as("LADC")
    assert Told(text).verdict("P1", "2026-01-20") == "met"
    assert Told(text, PACK.model_copy(update={"guidance_by": "team"})).verdict("P1", "2026-01-20") == "overdue"


def test_with_no_roster_recorded_membership_is_not_asked() -> None:
    text = signed_as("LADC").replace("admitted\n", 'admitted | {"team": [], "clinician": null}\n')
    assert Told(text, PACK.model_copy(update={"guidance_by": "team"})).verdict("P1", "2026-01-20") == "met"


def test_the_roster_speaks_where_the_signature_states_no_credential() -> None:
    roster = json.dumps({"team": [{"id": "c-diaz", "role": "staff", "credential": "LADC"}]})
    text = signed_as("", "staff").replace("admitted\n", f"admitted | {roster}\n")
    assert Told(text).verdict("P1", "2026-01-20") == "met"
    assert Told(text.replace('"LADC"', '"CPSS"')).verdict("P1", "2026-01-20") == "overdue"


def test_a_signature_dated_after_its_event_acts_from_its_own_day() -> None:
    told = Told(TWO + f"2026-01-07 plan 1 signed by {ORTIZ}@2026-01-09")
    assert told.runs("P1")[-2:] == ["overdue 2026-01-08 2026-01-09", "breached 2026-01-09 -"]


def test_e9_two_sessions_on_one_day_are_two() -> None:
    told = Told(BEGIN + "2026-01-06 session group 09:00 180\n2026-01-06 session individual 13:00 60")
    assert told.runs("P1")[1:] == ["due_today 2026-01-06 2026-01-07", "overdue 2026-01-07 -"]


def test_the_other_reading_is_shown_in_the_arithmetic() -> None:
    told = Told(TWO + "2026-01-14 session individual 13:00 60")
    assert "individual sessions only: no session yet" in told.one("P1", "2026-01-13").arithmetic
    assert "individual sessions only: first session 2026-01-14" in told.one("P1", "2026-01-14").arithmetic


def test_e23_a_plan_overdue_when_the_stay_ends_is_not_met_for_good() -> None:
    told = Told(TWO + "2026-01-20 discharged left_against_advice")
    assert told.runs("P1")[-3:] == [
        "overdue 2026-01-08 2026-01-20",
        "not_met 2026-01-20 -",
        "not_applicable 2026-01-21 -",
    ]
    (kept,) = [item for item in told.all("P1") if item.verdict == "not_met"]
    assert kept.days_overdue(kept.start.replace(year=2027)) == 13


def test_a_stay_that_ends_after_one_session_owed_no_plan() -> None:
    told = Told(BEGIN + "2026-01-05 session group 09:00 180\n2026-01-06 discharged left_against_advice")
    assert told.verdict("P1", "2026-01-05") == "due_soon"
    assert told.verdict("P1", "2026-01-06") == "not_applicable"
    assert not [item for item in told.all("P1") if item.verdict == "not_met"]


AWAY = (
    TWO + f"2026-01-07 plan 1 signed by {ORTIZ}, {LEE}, cl-7f3a\n2026-01-20 transferred 2.1 to 1\n"
    "2026-02-10 transferred 1 to 2.1\n"
)


def test_e25_a_return_asks_for_a_plan_made_or_updated_since() -> None:
    back = AWAY + "2026-02-10 session group 09:00 180\n2026-02-12 session group 09:00 180\n"
    told = Told(back)
    assert told.verdict("P1", "2026-01-25") == "not_applicable"
    assert told.verdict("P1", "2026-02-10") == "due_soon"
    assert told.verdict("P1", "2026-02-13") == "overdue"
    again = Told(back + f"2026-02-12 plan 2 signed by {ORTIZ}")
    assert again.verdict("P1", "2026-02-12") == "met"
    updated = Told(back + f"2026-02-11 review of 1 signed by {ORTIZ}")
    assert updated.verdict("P1", "2026-02-11") == "met"


# --- P2 -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("value", "verdict"), [("true", "met"), ("false", "violation"), ("null", "unknown")])
@pytest.mark.parametrize("section", ["discharge", "relapse_prevention", "supports"])
def test_a_plan_has_its_three_sections(section: str, value: str, verdict: str) -> None:
    sections = {"discharge": "true", "relapse_prevention": "true", "supports": "true"} | {section: value}
    override = ", ".join(f'"{name}": {word}' for name, word in sections.items())
    told = Told(BEGIN + f'2026-01-06 plan 1 signed by {ORTIZ} | {{"sections": {{{override}}}}}')
    found = told.one("P2", "2026-01-06")
    assert found.verdict == verdict
    assert verdict == "met" or section in found.message


def test_the_next_version_of_the_plan_cures_its_sections() -> None:
    told = Told(
        BEGIN
        + f'2026-01-06 plan 1 signed by {ORTIZ} | {{"sections": {{"discharge": false}}}}\n'
        + f"2026-01-16 plan 2 signed by {ORTIZ}"
    )
    assert told.runs("P2") == [
        "not_applicable 2026-01-05 2026-01-06",
        "violation 2026-01-06 2026-01-16",
        "met 2026-01-16 -",
    ]
