"""An assessment before treatment (A1, lines 28-29) and a prior one with its addenda (A3, lines 31-39), as a reviewer
reads them: what was late stays on record, an addendum cures what it supplies, and old ones are mentioned.
"""

from __future__ import annotations

import pytest

from tests.findings.text_history import PACK, Told

ADMITTED = "2026-01-05 admitted"
FIRST = "2026-01-07 session group 09:00 180"


def told(*lines: str) -> Told:
    return Told("\n".join(lines))


# --- A1, lines 28-29: prior to the beginning of treatment -----------------------------------------------------------


def test_treatment_without_an_assessment_is_due_that_day_then_overdue_until_assessed() -> None:
    without = told(ADMITTED, FIRST)
    assert without.runs("A1") == [
        "not_applicable 2026-01-05 2026-01-07",
        "due_today 2026-01-07 2026-01-08",
        "overdue 2026-01-08 -",
    ]
    assert without.one("A1", "2026-03-01").due_on == without.one("A1", "2026-01-07").start


def test_an_assessment_made_late_is_told_through_its_notice_then_breached_and_never_met() -> None:
    late = told(ADMITTED, FIRST, "2026-01-09 assessed", "2026-02-20 discharged completed")
    assert late.runs("A1")[2:] == [
        "overdue 2026-01-08 2026-01-09",
        "violation 2026-01-09 2026-01-16",
        "breached 2026-01-16 2026-02-21",
        "not_applicable 2026-02-21 -",
    ]
    assert "met" not in {item.verdict for item in late.all("A1")}


def test_a_late_assessment_entered_later_is_told_from_the_day_it_became_known() -> None:
    known = Told(f"{ADMITTED}\n{FIRST}\n2026-01-09 assessed", recorded={3: "2026-01-20"})
    assert known.runs("A1")[-2:] == ["violation 2026-01-09 2026-01-27", "breached 2026-01-27 -"]


def test_a_correction_of_the_day_takes_the_breach_away() -> None:
    mended = told(ADMITTED, FIRST, "2026-01-09 assessed", '2026-01-10 corrected #3 | {"occurred_on": "2026-01-04"}')
    assert mended.runs("A1") == ["met 2026-01-05 -"]


def test_an_explanation_does_not_quiet_treatment_without_an_assessment() -> None:
    told_why = told(ADMITTED, FIRST, "2026-01-10 explained A1 on 2026-01-09")
    assert not any(item.quiet for item in told_why.all("A1"))


def test_by_the_strict_reading_the_assessment_was_due_the_day_before_the_first_session() -> None:
    strict = Told(f"{ADMITTED}\n{FIRST}", PACK.changed("NE21-A1", same_day="strict"))
    found = strict.one("A1", "2026-01-07")
    assert (found.verdict, str(found.due_on)) == ("overdue", "2026-01-06")


def test_a_stay_that_ended_on_the_day_of_the_first_session_without_an_assessment_is_not_met() -> None:
    ended = told(ADMITTED, FIRST, "2026-01-07 discharged left_against_advice")
    assert ended.verdict("A1", "2026-01-07") == "not_met"


# --- A1, line 28: how old an assessment is (ours) -------------------------------------------------------------------


def test_an_assessment_more_than_a_year_old_at_the_admission_is_mentioned_with_its_age() -> None:
    old = told("2025-01-04 assessed", ADMITTED, FIRST)
    found = old.one("A1", "2026-01-05")
    assert (found.verdict, found.cause, found.evidence) == ("info", "assessment_old", (1, 2))
    assert found.message == "assessment of 2025-01-04 was 366 days old on 2026-01-05, more than 365 (ours)"
    assert told("2025-01-05 assessed", ADMITTED, FIRST).verdict("A1", "2026-01-05") == "met"


def test_a_new_assessment_ends_the_remark_on_the_old_one() -> None:
    renewed = told("2024-01-04 assessed", ADMITTED, FIRST, "2026-02-01 assessed reassessment")
    assert renewed.runs("A1") == ["info 2026-01-05 2026-02-01", "met 2026-02-01 -"]
    assert (
        told("2024-01-04 assessed", "2026-01-04 assessed reassessment", ADMITTED).verdict("A1", "2026-01-05") == "met"
    )


def test_the_age_of_an_assessment_can_be_switched_off() -> None:
    off = Told(f"2020-01-04 assessed\n{ADMITTED}", PACK.changed("NE21-A1", old_after_days=None))
    assert off.verdict("A1", "2026-01-05") == "met"


def test_a_remark_on_age_never_hides_that_an_assessment_came_late() -> None:
    late = told("2026-01-02 session group 09:00 180", "2026-01-04 assessed", ADMITTED)
    assert late.verdict("A1", "2026-01-05") == "violation"
    old_prior = told(
        '2026-01-02 assessed prior_accepted | {"on": "2018-01-02", "discharge_plan": false}', ADMITTED, FIRST
    )
    assert old_prior.verdict("A3", "2026-01-07") == "violation"


# --- A3, lines 31-39: what an addendum supplies ---------------------------------------------------------------------


LACKS = '2026-01-02 assessed prior_accepted | {"discharge_plan": false, "level_recommendation": false}'


def test_an_addendum_cures_only_what_it_supplies() -> None:
    one = told(LACKS, ADMITTED, '2026-01-06 assessed addendum | {"discharge_plan": true}', FIRST)
    assert one.verdict("A3", "2026-01-06") == "violation"
    assert one.one("A3", "2026-01-06").message == (
        "prior assessment accepted 2026-01-02 lacks level_recommendation: addendum needed"
    )
    assert one.verdict("A1", "2026-01-07") == "due_today"


def test_several_addenda_can_supply_what_is_missing() -> None:
    both = told(
        LACKS,
        ADMITTED,
        '2026-01-06 assessed addendum | {"discharge_plan": true}',
        '2026-01-07 assessed addendum | {"recommended_level": "2.1"}',
        "2026-01-08 session group 09:00 180",
    )
    assert [both.verdict("A3", f"2026-01-0{day}") for day in (5, 6, 7)] == ["violation", "violation", "met"]
    assert both.one("A3", "2026-01-07").evidence == (1, 3, 4)
    assert both.verdict("A1", "2026-01-08") == "met"


def test_an_addendum_that_gives_everything_else_makes_up_for_a_prior_assessment_found_not_relevant() -> None:
    prior = '2026-01-02 assessed prior_accepted | {"relevant": false}'
    part = '2026-01-03 assessed addendum | {"discharge_plan": true}'
    whole = '2026-01-03 assessed addendum | {"discharge_plan": true, "level_recommendation": true}'
    assert told(prior, part, ADMITTED).verdict("A3", "2026-01-05") == "violation"
    assert told(prior, whole, ADMITTED).verdict("A3", "2026-01-05") == "met"
    stated = '2026-01-03 assessed addendum | {"relevant": true}'
    assert told(prior, stated, ADMITTED).verdict("A3", "2026-01-05") == "met"


def test_an_assessment_made_here_takes_the_place_of_a_prior_one() -> None:
    made = told(LACKS, ADMITTED, "2026-01-06 assessed", FIRST)
    assert made.runs("A3") == ["violation 2026-01-05 2026-01-06", "met 2026-01-06 -"]


def test_a_prior_assessment_more_than_a_year_old_is_mentioned_with_its_age() -> None:
    old = told('2026-01-02 assessed prior_accepted | {"on": "2018-01-02"}', ADMITTED, FIRST)
    found = old.one("A3", "2026-01-05")
    assert (found.verdict, found.cause) == ("info", "assessment_old")
    assert "2925 days old" in found.message
    assert old.verdict("A1", "2026-01-05") == "met"
    recent = told('2026-01-02 assessed prior_accepted | {"on": "2025-06-02"}', ADMITTED, FIRST)
    assert recent.verdict("A3", "2026-01-05") == "met"


@pytest.mark.parametrize("day", ["2026-01-05", "2026-01-20"])
def test_an_old_assessment_does_not_take_the_admission_as_a_basis_away(day: str) -> None:
    old = told("2024-01-04 assessed screen negative", ADMITTED, FIRST)
    assert old.eligible(day).verdict == "eligible"


def test_of_a_session_on_hold_it_cannot_be_told_whether_treatment_began_too_early() -> None:
    """Given a first session on a day on hold and a later assessment, then A1 says both outcomes and accuses nobody."""
    told = Told("2026-01-05 admitted\n2026-01-06 held\n2026-01-07 session group 09:00 180\n2026-01-09 assessed")
    found = told.one("A1", "2026-01-10")
    assert found.ruling.doubt is not None
    assert (found.verdict, found.ruling.doubt.if_counts.verdict) == ("unknown", "violation")
