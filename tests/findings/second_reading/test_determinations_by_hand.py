"""The admission and determinations as examples: terms, days to leave, which one is in force, and what comes late."""

from __future__ import annotations

from datetime import date

import pytest

from tests.findings.second_reading.reading import (
    Said,
    admission_supports,
)

# --- the admission --------------------------------------------------------------------------------------------------
from tests.findings.second_reading.stay_asked import (
    GONE,
    LEAVE,
    ON_TIME,
    STAY,
    day,
    eligible,
    never,
    not_eligible,
    said,
    unknown,
)


def test_before_the_admission_nothing_is_said() -> None:
    assert said(f"2026-01-02 assessed\n{STAY}", "01-04") == GONE
    assert said(f"2026-01-02 assessed\n{STAY}", "01-05") == eligible("02-04")


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        ("01-27", eligible("02-04")),
        ("01-28", eligible("02-04", "due_soon")),
        ("02-03", eligible("02-04", "due_soon")),
        ("02-04", eligible("02-04", "due_today")),
        ("02-05", unknown("02-04", "overdue")),
        ("03-31", unknown("02-04", "overdue")),
    ],
)
def test_an_admission_makes_eligible_for_thirty_days(on: str, expected: Said) -> None:
    assert said(STAY, on) == expected


def test_reviews_held_do_not_move_the_term_of_the_admission() -> None:
    reviewed = f"{STAY}\n2026-01-19 review of 1 signed by c-ortiz"
    assert said(reviewed, "01-20") == eligible("02-04")
    assert said(reviewed, "02-04") == eligible("02-04", "due_today")
    assert said(reviewed, "02-05") == unknown("02-04", "overdue")


def test_without_grounds_the_admission_is_unknown_until_day_thirty_then_overdue() -> None:
    assert said(STAY, "01-05", never) == unknown("02-04")
    assert said(STAY, "01-28", never) == unknown("02-04")
    assert said(STAY, "02-04", never) == unknown("02-04")
    assert said(STAY, "02-05", never) == unknown("02-04", "overdue")


def test_grounds_that_come_later_make_eligible_from_then() -> None:
    def from_the_ninth(on: date) -> bool:
        return on >= day("01-09")

    assert said(STAY, "01-08", from_the_ninth) == unknown("02-04")
    assert said(STAY, "01-09", from_the_ninth) == eligible("02-04")


GOOD = {"A2": ("met",), "B1": ("met",), "B2": ("met",), "B3": ("met",)}


def test_an_admission_supports_once_all_it_rests_on_is_there() -> None:
    assert admission_supports(GOOD, complete_assessment=True)
    assert admission_supports(GOOD | {"A2": ("not_applicable",)}, complete_assessment=True)
    # an assessment that came late (A1) is an assessment
    assert admission_supports(GOOD | {"A1": ("violation",)}, complete_assessment=True)


@pytest.mark.parametrize("rule", ["A2", "B1", "B2", "B3"])
@pytest.mark.parametrize("verdict", ["violation", "unknown"])
def test_an_admission_does_not_support_while_one_of_them_is_missing(rule: str, verdict: str) -> None:
    assert not admission_supports(GOOD | {rule: (verdict,)}, complete_assessment=True)


def test_an_admission_does_not_support_without_a_complete_assessment() -> None:
    assert not admission_supports(GOOD, complete_assessment=False)


# --- determinations -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        ("02-02", eligible("02-04", "due_soon")),
        ("02-03", eligible("03-05")),
        ("02-25", eligible("03-05")),
        ("02-26", eligible("03-05", "due_soon")),
        ("03-05", eligible("03-05", "due_today")),
        ("03-06", unknown("03-05", "overdue")),
    ],
)
def test_a_determination_holds_for_thirty_days_of_its_own(on: str, expected: Said) -> None:
    assert said(ON_TIME, on) == expected


def test_a_determination_one_day_before_an_on_time_review_outlives_the_review() -> None:
    reviewed = f"{ON_TIME}\n2026-02-04 review of 1 signed by c-ortiz"
    assert said(reviewed, "02-05") == eligible("03-05")
    assert said(reviewed, "03-06") == unknown("03-05", "overdue")


def test_an_early_determination_begins_its_term_on_its_own_day() -> None:
    early = f"{STAY}\n2026-01-12 determined continue C1 signed by c-ortiz"
    assert said(early, "02-11") == eligible("02-11", "due_today")
    assert said(early, "02-12") == unknown("02-11", "overdue")


def test_a_determination_needs_no_grounds_of_the_admission() -> None:
    assert said(ON_TIME, "02-02", never) == unknown("02-04")
    assert said(ON_TIME, "02-03", never) == eligible("03-05")


def test_what_the_criteria_do_not_support_is_a_violation_from_its_day_until_a_later_one() -> None:
    against = f"{STAY}\n2026-01-20 determined continue signed by c-ortiz"
    assert said(against, "01-19") == eligible("02-04")
    assert said(against, "01-20") == not_eligible("02-19")
    assert said(against, "02-19") == not_eligible("02-19")
    # past its term, too
    assert said(against, "02-20") == not_eligible("02-19")
    cured = f"{against}\n2026-01-30 determined continue C2 signed by c-ortiz"
    assert said(cured, "01-29") == not_eligible("02-19")
    # no due day had passed, so nothing was breached
    assert said(cured, "01-30") == eligible("03-01")
    late = f"{against}\n2026-02-20 determined continue C2 signed by c-ortiz"
    assert said(late, "02-20") == eligible("02-19", "breached")


def test_a_determination_not_judged_is_unknown_until_it_is_due() -> None:
    open_ = f'{STAY}\n2026-02-03 determined continue C1 signed by c-ortiz | {{"progressing": null}}'
    assert said(open_, "02-03") == unknown("03-05")
    assert said(open_, "03-05") == unknown("03-05")
    assert said(open_, "03-06") == unknown("03-05", "overdue")


# --- leave_by -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        ("02-03", eligible("02-13")),
        ("02-05", eligible("02-13")),
        ("02-06", eligible("02-13", "due_soon")),
        ("02-13", eligible("02-13", "due_today")),
        ("02-14", not_eligible("02-13")),
        ("04-30", not_eligible("02-13")),
    ],
)
def test_a_client_who_is_to_leave_is_not_eligible_from_the_day_after(on: str, expected: Said) -> None:
    assert said(LEAVE, on) == expected


def test_a_client_who_is_to_leave_today_is_due_today() -> None:
    today = f"{STAY}\n2026-02-03 determined leave 2026-02-03 C1 signed by c-ortiz"
    assert said(today, "02-03") == eligible("02-03", "due_today")
    assert said(today, "02-04") == not_eligible("02-03")


def test_a_day_to_leave_after_the_term_does_not_lengthen_it() -> None:
    far = f"{STAY}\n2026-02-03 determined leave 2026-03-20 C1 signed by c-ortiz"
    assert said(far, "03-05") == eligible("03-05", "due_today")
    assert said(far, "03-06") == unknown("03-05", "overdue")
    assert said(far, "03-20") == unknown("03-05", "overdue")
    assert said(far, "03-21") == not_eligible("03-05")


def test_treated_on_after_the_day_to_leave_a_later_determination_makes_eligible_and_the_day_stays_missed() -> None:
    stayed = f"{LEAVE}\n2026-02-20 determined continue C1 signed by c-ortiz"
    assert said(stayed, "02-19") == not_eligible("02-13")
    assert said(stayed, "02-20") == eligible("02-13", "breached")
    assert said(stayed, "03-14") == eligible("02-13", "breached")
    assert said(stayed, "03-15") == eligible("03-22", "due_soon")


def test_a_determination_that_takes_the_leave_back_in_time_leaves_nothing_behind() -> None:
    back = f"{LEAVE}\n2026-02-13 determined continue C1 signed by c-ortiz"
    assert said(back, "02-13") == eligible("03-15")
    assert said(back, "02-14") == eligible("03-15")


# --- which one is in force ------------------------------------------------------------------------------------------


def test_of_two_on_one_day_the_later_by_position_is_in_force() -> None:
    yes, no = "2026-02-03 determined continue C1 signed by c-ortiz", "2026-02-03 determined continue signed by c-lee"
    assert said(f"{STAY}\n{yes}\n{no}", "02-03") == not_eligible("03-05")
    assert said(f"{STAY}\n{no}\n{yes}", "02-03") == eligible("03-05")


def test_one_dated_before_the_one_in_force_changes_nothing_however_late_it_was_recorded() -> None:
    dated_back = f"{ON_TIME}\n2026-02-02 determined continue signed by c-lee"
    assert said(dated_back, "02-02") == not_eligible("03-04")
    assert said(dated_back, "02-03") == eligible("03-05")


def test_a_later_one_that_does_not_count_yet_leaves_the_earlier_in_force() -> None:
    unsigned = f"{ON_TIME}\n2026-02-10 determined continue ; deferred c-ortiz\n2026-02-12 signed #3 by c-ortiz"
    assert said(unsigned, "02-11") == eligible("03-05")
    assert said(unsigned, "02-12") == not_eligible("03-12")


# --- from when it counts --------------------------------------------------------------------------------------------


def test_a_determination_counts_from_its_signature_and_its_term_from_its_day() -> None:
    signed = f"{STAY}\n2026-02-03 determined continue C1 ; deferred c-ortiz\n2026-02-07 signed #2 by c-ortiz"
    assert said(signed, "02-04") == eligible("02-04", "due_today")
    assert said(signed, "02-05") == unknown("02-04", "overdue")
    assert said(signed, "02-06") == unknown("02-04", "overdue")
    assert said(signed, "02-07") == eligible("02-04", "breached")
    assert said(signed, "02-26") == eligible("03-05", "due_soon")
    assert said(signed, "03-06") == unknown("03-05", "overdue")


def test_a_signature_on_the_due_day_is_in_time() -> None:
    signed = f"{STAY}\n2026-02-03 determined continue C1 ; deferred c-ortiz\n2026-02-04 signed #2 by c-ortiz"
    assert said(signed, "02-03") == eligible("02-04", "due_soon")
    assert said(signed, "02-04") == eligible("03-05")
    assert said(signed, "02-05") == eligible("03-05")


def test_signed_after_its_term_it_counts_and_is_over() -> None:
    signed = f"{STAY}\n2026-02-03 determined continue C1 ; deferred c-ortiz\n2026-03-20 signed #2 by c-ortiz"
    assert said(signed, "03-19") == unknown("02-04", "overdue")
    assert said(signed, "03-20") == unknown("03-05", "overdue")


@pytest.mark.parametrize("signer", ["cl-7f3a", "g-ma"])
def test_the_signature_of_a_client_or_guardian_is_no_clinical_guidance(signer: str) -> None:
    assert said(f"{STAY}\n2026-02-03 determined continue C1 signed by {signer}", "02-05") == unknown("02-04", "overdue")


def test_a_signature_exists_once_it_was_given_and_its_document_and_what_brought_it_are_there() -> None:
    later = f"{STAY}\n2026-02-03 determined continue C1 signed by c-ortiz@2026-02-07"
    assert said(later, "02-06") == unknown("02-04", "overdue")
    assert said(later, "02-07") == eligible("02-04", "breached")
    earlier = f"{STAY}\n2026-02-03 determined continue C1 signed by c-ortiz@2026-01-30"
    assert said(earlier, "02-02") == eligible("02-04", "due_soon")
    assert said(earlier, "02-03") == eligible("03-05")
    brought = f"{STAY}\n2026-01-20 determined continue C1 ; deferred c-lee\n2026-01-25 signed #2 by c-lee@2026-01-20"
    assert said(brought, "01-24") == eligible("02-04")
    assert said(brought, "01-25") == eligible("02-19")


# --- late -----------------------------------------------------------------------------------------------------------


def test_a_late_determination_is_never_called_met_and_the_next_cycle_is_heard() -> None:
    late = f"{STAY}\n2026-02-10 determined continue C1 signed by c-ortiz"
    assert said(late, "02-09") == unknown("02-04", "overdue")
    assert said(late, "02-10") == eligible("02-04", "breached")
    assert said(late, "03-04") == eligible("02-04", "breached")
    assert said(late, "03-05") == eligible("03-12", "due_soon")
    assert said(late, "03-12") == eligible("03-12", "due_today")
    assert said(late, "03-13") == unknown("03-12", "overdue")


def test_what_was_breached_stays_so_after_a_next_determination_in_time() -> None:
    twice = (
        f"{STAY}\n2026-02-10 determined continue C1 signed by c-ortiz\n"
        "2026-03-10 determined continue C1 signed by c-ortiz"
    )
    assert said(twice, "03-09") == eligible("03-12", "due_soon")
    assert said(twice, "03-10") == eligible("02-04", "breached")
    again = f"{twice}\n2026-04-20 determined continue C1 signed by c-ortiz"
    assert said(again, "04-19") == unknown("04-09", "overdue")
    # the day missed last is named
    assert said(again, "04-20") == eligible("04-09", "breached")


def test_a_late_determination_against_the_stay_is_a_violation() -> None:
    late = f"{STAY}\n2026-02-10 determined continue signed by c-ortiz"
    assert said(late, "02-10") == not_eligible("03-12")


def test_a_late_determination_with_nothing_judged_is_unknown() -> None:
    late = f'{STAY}\n2026-02-10 determined continue C1 signed by c-ortiz | {{"progressing": null}}'
    assert said(late, "02-10") == unknown("03-12")
