"""Review rules: the clock (R1), valid reviews (R2), gaps (R3); and continued stay (C1), which leans on the clock."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from findings.text_history import ALL_CRITERIA, LEE, ORTIZ, Told, line_to_fact

BY = f"signed by {ORTIZ}, {LEE}, cl-7f3a"
BEGIN = (
    "2026-01-02 assessed\n2026-01-05 admitted\n2026-01-05 session group 09:00 180\n2026-01-07 session group 09:00 180\n"
)
PLAN = BEGIN + f"2026-01-07 plan 1 {BY}\n"
"""The clock runs from 2026-01-07: the first review is due 2026-02-06."""


def due(told: Told, day: str) -> str:
    return str(told.one("R1", day).due_on)


# --- R1: days -----------------------------------------------------------------------------------------------------


def test_e1_day_thirty_is_on_time_and_day_thirty_one_is_overdue() -> None:
    told = Told(PLAN)
    assert told.runs("R1") == [
        "met 2026-01-05 2026-01-07",
        "met 2026-01-07 2026-01-30",
        "due_soon 2026-01-30 2026-02-06",
        "due_today 2026-02-06 2026-02-07",
        "overdue 2026-02-07 -",
    ]
    overdue = told.one("R1", "2026-02-07")
    assert overdue.days_overdue(date(2026, 2, 7)) == 1
    assert overdue.days_overdue(date(2026, 2, 6)) == 0


def test_a_review_on_day_thirty_is_never_overdue() -> None:
    told = Told(PLAN + f"2026-02-06 review of 1 {BY}")
    assert "overdue" not in " ".join(told.runs("R1")[:4])
    assert due(told, "2026-02-06") == "2026-03-08"


def test_e2_a_day_is_a_day_when_the_clocks_change() -> None:
    told = Told(PLAN + f"2026-02-05 review of 1 {BY}")
    assert told.verdict("R1", "2026-03-07") == "due_today"
    assert told.one("R1", "2026-03-09").days_overdue(date(2026, 3, 9)) == 2


def test_e4_thirty_days_are_thirty_days_in_a_leap_year() -> None:
    told = Told("2028-01-30 admitted\n2028-01-30 plan 1 signed by c-ortiz")
    assert due(told, "2028-01-30") == "2028-02-29"


def test_a_due_date_on_a_weekend_does_not_move() -> None:
    told = Told(PLAN + f"2026-02-05 review of 1 {BY}")
    assert date(2026, 3, 7).weekday() == 5
    assert told.verdict("R1", "2026-03-07") == "due_today"
    assert told.verdict("R1", "2026-03-08") == "overdue"


# --- R1: the base -------------------------------------------------------------------------------------------------


def test_e5_an_early_review_rolls_the_clock() -> None:
    assert due(Told(PLAN + f"2026-01-20 review of 1 {BY}"), "2026-01-20") == "2026-02-19"


def test_e6_a_late_review_rolls_the_clock_and_does_not_wipe_the_past() -> None:
    told = Told(PLAN + f"2026-02-16 review of 1 {BY}")
    assert "overdue 2026-02-07 2026-02-16" in told.runs("R1")
    assert due(told, "2026-02-16") == "2026-03-18"


def test_e7_without_a_plan_or_sessions_the_clock_runs_from_the_admission() -> None:
    told = Told("2026-01-05 admitted")
    assert due(told, "2026-01-20") == "2026-02-04"
    assert told.verdict("R1", "2026-02-05") == "overdue"


def test_without_a_plan_the_clock_runs_from_the_second_session() -> None:
    told = Told(BEGIN)
    assert due(told, "2026-01-06") == "2026-02-04"
    assert due(told, "2026-01-07") == "2026-02-06"
    assert "second session" in told.one("R1", "2026-01-07").arithmetic


def test_a_late_plan_buys_no_time() -> None:
    assert due(Told(BEGIN + f"2026-01-25 plan 1 {BY}"), "2026-01-26") == "2026-02-06"


def test_a_plan_counts_from_the_earlier_of_effect_and_signing_but_never_before_admission() -> None:
    early = "2026-01-05 admitted\n2026-01-15 plan 1 effective "
    assert due(Told(f"{early}2026-01-10 {BY}"), "2026-01-15") == "2026-02-09"
    assert due(Told(f"{early}2026-01-20 {BY}"), "2026-01-15") == "2026-02-14"
    assert due(Told(f"{early}2025-12-20 {BY}"), "2026-01-15") == "2026-02-04"


@pytest.mark.parametrize(("day", "expected"), [("2026-02-04", "2026-03-06"), ("2026-02-05", "2026-02-04")])
def test_facts_later_than_thirty_days_after_admission_do_not_move_the_base(day: str, expected: str) -> None:
    assert due(Told(f"2026-01-05 admitted\n{day} plan 1 {BY}"), day) == expected


def test_a_plan_already_due_from_admission_may_still_move_to_its_own_day() -> None:
    told = Told(f"2026-01-05 admitted\n2026-01-20 plan 1 {BY}")
    assert [due(told, "2026-01-19"), due(told, "2026-01-20")] == ["2026-02-04", "2026-02-19"]


# --- R1: which review counts --------------------------------------------------------------------------------------


def test_e10_a_review_nobody_signed_does_not_count() -> None:
    told = Told(PLAN + "2026-02-05 review of 1 deferred cl-7f3a")
    assert due(told, "2026-02-05") == "2026-02-06"
    assert told.verdict("R1", "2026-02-10") == "overdue"
    assert [item.cause for item in told.on("R2", "2026-02-10")] == ["not_under_clinical_guidance"]


def test_a_review_signed_later_counts_from_then_but_for_the_day_it_was_held() -> None:
    told = Told(PLAN + f"2026-02-05 review of 1 signed by cl-7f3a\n2026-02-10 signed #6 by {ORTIZ}@2026-02-08")
    assert told.verdict("R1", "2026-02-09") == "overdue"
    assert told.verdict("R1", "2026-02-10") == "met"
    assert due(told, "2026-02-10") == "2026-03-07"
    assert told.one("R1", "2026-02-10").evidence == (6, 7)


def test_a_signature_of_somebody_not_on_the_team_does_not_count() -> None:
    assert due(Told(PLAN + "2026-02-05 review of 1 signed by c-diaz, cl-7f3a"), "2026-02-05") == "2026-02-06"


def test_a_review_without_the_client_does_not_count() -> None:
    told = Told(PLAN + f"2026-02-05 review of 1 without-client {BY}")
    assert due(told, "2026-02-05") == "2026-02-06"
    assert told.one("R2", "2026-02-05").cause == "participation"
    guardian = Told(PLAN + f'2026-02-05 review of 1 {BY} | {{"participants": ["guardian"]}}')
    assert due(guardian, "2026-02-05") == "2026-03-07"


def test_a_review_of_a_plan_not_signed_by_then_does_not_count() -> None:
    text = BEGIN + "2026-01-07 plan 1 signed by cl-7f3a\n"
    told = Told(text + f"2026-02-05 review of 1 {BY}\n2026-02-06 signed #5 by {ORTIZ}")
    assert due(told, "2026-02-08") == "2026-02-06"
    assert "plan_version" in [item.cause for item in told.on("R2", "2026-02-05")]
    signed = Told(text + f"2026-02-05 review of 1 {BY}\n2026-02-05 signed #5 by {ORTIZ}")
    assert due(signed, "2026-02-05") == "2026-03-07"


def test_a_signed_plan_need_not_be_in_effect_for_a_review_to_count() -> None:
    told = Told(BEGIN + f"2026-01-07 plan 1 effective 2026-03-01 {BY}\n2026-02-05 review of 1 {BY}")
    assert due(told, "2026-02-05") == "2026-03-07"


def test_a_review_of_a_plan_nobody_recorded_does_not_count() -> None:
    told = Told(PLAN + f"2026-02-05 review of 2 {BY}")
    assert due(told, "2026-02-05") == "2026-02-06"
    assert told.one("R2", "2026-02-05").cause == "plan_version"


def test_the_last_review_held_is_the_base_even_if_an_earlier_one_is_signed_later() -> None:
    told = Told(
        PLAN + f"2026-01-20 review of 1 signed by cl-7f3a\n2026-02-05 review of 1 {BY}\n2026-02-10 signed #6 by {ORTIZ}"
    )
    assert due(told, "2026-02-12") == "2026-03-07"


def test_an_earlier_next_review_wins_and_the_thirty_days_are_shown_too() -> None:
    told = Told(PLAN + f"2026-02-05 review of 1 next 2026-02-19; {BY}")
    found = told.one("R1", "2026-02-05")
    assert str(found.due_on) == "2026-02-19"
    assert "2026-03-07" in found.arithmetic
    later = Told(PLAN + f"2026-02-05 review of 1 next 2026-03-19; {BY}")
    assert due(later, "2026-02-05") == "2026-03-07"


# --- R1: corrections, voids, holds, ends --------------------------------------------------------------------------


def test_e19_a_correction_of_the_day_moves_the_clock() -> None:
    told = Told(PLAN + f'2026-02-05 review of 1 {BY}\n2026-02-06 corrected #6 | {{"occurred_on": "2026-02-03"}}')
    assert due(told, "2026-02-06") == "2026-03-05"


def test_e20_voiding_a_review_takes_it_back_and_voiding_the_void_restores_it() -> None:
    voided = PLAN + f"2026-02-05 review of 1 {BY}\n2026-02-12 voided #6\n"
    assert Told(voided).verdict("R1", "2026-02-10") == "overdue"
    restored = Told(voided + "2026-02-13 voided #7")
    assert due(restored, "2026-02-10") == "2026-03-07"


def test_e44_a_hold_does_not_pause_the_clock() -> None:
    told = Told(PLAN + "2026-01-15 held\n2026-02-20 resumed")
    assert told.verdict("R1", "2026-02-06") == "due_today"
    assert told.verdict("R1", "2026-02-10") == "overdue"


def test_e23_a_review_overdue_when_the_stay_ends_is_not_met_and_grows_no_older() -> None:
    told = Told(PLAN + "2026-02-16 discharged left_against_advice")
    assert told.runs("R1")[-3:] == [
        "overdue 2026-02-07 2026-02-16",
        "not_met 2026-02-16 -",
        "not_applicable 2026-02-17 -",
    ]
    (kept,) = [item for item in told.all("R1") if item.verdict == "not_met"]
    assert kept.days_overdue(date(2027, 1, 1)) == 10


@pytest.mark.parametrize("after", ["explained R1 on 2026-02-16", f"team carries {LEE}"])
def test_what_was_not_met_grows_no_older_when_it_is_explained_or_the_case_changes_hands(after: str) -> None:
    told = Told(PLAN + f"2026-02-16 transferred 2.1 to 1\n2026-03-20 {after}")
    (kept,) = [item for item in told.all("R1") if item.verdict == "not_met"]
    assert (kept.start, kept.until, kept.owner) == (date(2026, 2, 16), None, ORTIZ)
    assert kept.days_overdue(date(2026, 4, 1)) == 10


@pytest.mark.parametrize("last", ["2026-02-06", "2026-02-03", "2026-01-20"])
def test_a_stay_that_ends_before_the_review_is_overdue_owes_nothing(last: str) -> None:
    told = Told(PLAN + f"{last} discharged completed")
    assert told.verdict("R1", last) == "met"
    assert not [item for item in told.all("R1") if item.verdict in ("overdue", "not_met")]


def test_e43_death_stops_the_obligations_at_its_day() -> None:
    told = Told(PLAN + "2026-01-20 discharged died")
    assert told.verdict("R1", "2026-03-01") == "not_applicable"


def test_e24_a_discharge_recorded_in_error_leaves_the_clock_as_if_it_never_was() -> None:
    told = Told(PLAN + "2026-01-20 discharged terminated\n2026-01-22 voided #6")
    assert told.runs("R1") == Told(PLAN).runs("R1")


def test_e22_a_review_entered_after_the_discharge_counts_for_its_own_day() -> None:
    told = Told(PLAN + f"2026-02-20 discharged completed\n2026-02-05 review of 1 {BY}")
    assert due(told, "2026-02-10") == "2026-03-07"
    assert told.verdict("R1", "2026-02-21") == "not_applicable"


@pytest.mark.parametrize(
    ("back", "expected", "verdict"),
    [
        ("2026-01-25", "2026-02-06", "met"),
        ("2026-02-20", "2026-02-20", "due_today"),
        ("2026-02-06", "2026-02-06", "due_today"),
    ],
)
def test_e25_after_a_stay_elsewhere_the_clock_goes_on(back: str, expected: str, verdict: str) -> None:
    told = Told(PLAN + f"2026-01-15 transferred 2.1 to 1\n{back} transferred 1 to 2.1")
    assert told.verdict("R1", "2026-01-20") == "not_applicable"
    assert due(told, back) == expected
    assert told.verdict("R1", back) == verdict
    after = str(date.fromisoformat(expected) + timedelta(days=1))
    assert told.verdict("R1", after) == "overdue"


def test_what_was_overdue_when_the_client_left_is_overdue_on_return() -> None:
    told = Told(PLAN + "2026-02-10 transferred 2.1 to 1\n2026-02-20 transferred 1 to 2.1")
    found = [item for item in told.on("R1", "2026-02-20") if item.verdict == "overdue"]
    assert [str(item.due_on) for item in found] == ["2026-02-06"]


def test_a_client_who_steps_up_starts_the_clock_on_the_day_of_the_transfer() -> None:
    told = Told("2026-01-05 admitted level 1\n2026-03-02 transferred 1 to 2.1")
    assert told.runs("R1")[0] == "not_applicable 2026-01-05 2026-03-02"
    assert due(told, "2026-03-02") == "2026-04-01"


# --- R2 -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("override", "verdict", "cause"),
    [
        ('{"updated": false}', "violation", "no_update"),
        ('{"updated": false, "no_change_reason": "on course"}', "met", ""),
        ('{"participants": ["family"]}', "violation", "participation"),
    ],
)
def test_a_review_is_with_the_client_and_updates_the_plan_or_says_why_not(
    override: str, verdict: str, cause: str
) -> None:
    told = Told(PLAN + f"2026-02-05 review of 1 {BY} | {override}")
    found = told.one("R2", "2026-02-05")
    assert (found.verdict, found.cause) == (verdict, cause)
    assert told.verdict("R2", "2026-02-12") == "met"


@pytest.mark.parametrize(
    ("left_out", "stated", "bad", "cause"),
    [
        ('{"updated": null}', '{"updated": true}', '{"updated": false}', "no_update"),
        ('{"participants": []}', '{"participants": ["client"]}', '{"participants": ["family"]}', "participation"),
    ],
)
def test_what_a_review_leaves_out_is_unknown_until_it_is_stated_or_the_stay_ends(
    left_out: str, stated: str, bad: str, cause: str
) -> None:
    """Given a review that leaves something out, when nobody states it, then it is unknown until the stay ends;
    when a correction states it, then the review is judged by that.
    """
    text = PLAN + f"2026-02-05 review of 1 {BY} | {left_out}\n"
    told = Told(text)
    assert told.verdict("R2", "2026-02-04") == "not_applicable"
    assert told.runs("R2")[-1] == "unknown 2026-02-05 -"
    assert (told.one("R2", "2026-06-05").cause, told.one("R2", "2026-06-05").evidence) == (cause, (6,))
    assert Told(text + "2026-03-01 discharged completed").runs("R2")[-2:] == [
        "unknown 2026-02-05 2026-03-02",
        "not_applicable 2026-03-02 -",
    ]
    assert Told(text + f"2026-02-20 corrected #6 | {stated}").runs("R2")[-1] == "met 2026-02-05 -"
    assert Told(text + f"2026-02-20 corrected #6 | {bad}").runs("R2")[-2:] == [
        "violation 2026-02-05 2026-02-12",
        "met 2026-02-12 -",
    ]


def test_two_reviews_that_leave_something_out_are_two_findings() -> None:
    reviews = "".join(f'2026-{day} review of 1 {BY} | {{"updated": null}}\n' for day in ("02-05", "03-05"))
    told = Told(PLAN + reviews)
    assert [item.subject for item in told.on("R2", "2026-04-01")] == ["review of 2026-02-05", "review of 2026-03-05"]


def test_a_missing_clinician_signature_stays_until_it_comes_or_the_stay_ends() -> None:
    text = PLAN + "2026-02-05 review of 1 signed by cl-7f3a\n"
    cured = Told(text + f"2026-03-01 signed #6 by {ORTIZ}")
    assert "violation 2026-02-05 2026-03-01" in cured.runs("R2")
    ended = Told(text + "2026-03-01 discharged completed")
    assert "violation 2026-02-05 2026-03-02" in ended.runs("R2")


# --- R3 -----------------------------------------------------------------------------------------------------------


def gaps(told: Told) -> list[str]:
    return [f"{item.start} {item.until} {item.message}" for item in told.all("R3") if item.verdict == "info"]


def test_thirty_days_are_no_gap_and_thirty_one_are_one() -> None:
    on_time = PLAN + f"2026-02-06 review of 1 {BY}\n"
    assert gaps(Told(on_time + f"2026-03-08 review of 1 {BY}")) == []
    assert gaps(Told(on_time + f"2026-03-09 review of 1 {BY}")) == [
        "2026-03-09 2026-03-16 31 days between the reviews of 2026-02-06 and 2026-03-09, 1 more than 30"
    ]


def test_the_first_review_and_the_end_of_the_stay_close_gaps_too() -> None:
    told = Told(PLAN + f"2026-02-09 review of 1 {BY}\n2026-03-20 discharged completed")
    assert gaps(told) == [
        "2026-02-09 2026-02-16 33 days from 2026-01-07 to the first review 2026-02-09, 3 more than 30",
        "2026-03-20 2026-03-27 39 days from 2026-02-09 to the end of the stay 2026-03-20, 9 more than 30",
    ]


def test_a_stay_without_any_review_is_one_gap() -> None:
    told = Told(PLAN + "2026-02-20 discharged completed")
    assert gaps(told) == [
        "2026-02-20 2026-02-27 44 days from 2026-01-07 to the end of the stay 2026-02-20, 14 more than 30"
    ]


def test_a_review_signed_late_splits_the_gap_it_lies_in() -> None:
    told = Told(
        PLAN
        + f"2026-02-05 review of 1 {BY}\n2026-02-20 review of 1 signed by cl-7f3a\n"
        + f"2026-03-12 review of 1 {BY}\n2026-03-14 signed #7 by {ORTIZ}"
    )
    assert gaps(told) == [
        "2026-03-12 2026-03-14 35 days between the reviews of 2026-02-05 and 2026-03-12, 5 more than 30"
    ]


# --- C1 -----------------------------------------------------------------------------------------------------------

REVIEWED = PLAN + f"2026-02-05 review of 1 {BY}\n"
CALLED = f"{REVIEWED}2026-02-05 determined continue C1 signed by {ORTIZ}\n"


def test_the_admission_stands_through_the_first_due_date() -> None:
    told = Told(PLAN)
    assert [told.eligible(day).verdict for day in ("2026-02-06", "2026-02-07")] == ["eligible", "unknown"]
    assert told.eligible("2026-02-06").basis == "admission"
    assert str(told.eligible("2026-02-06").holds_through) == "2026-02-06"


def test_the_admission_stands_no_longer_once_a_review_counts() -> None:
    told = Told(PLAN + f"2026-01-20 review of 1 {BY}")
    assert [told.eligible(day).verdict for day in ("2026-01-19", "2026-01-20")] == ["eligible", "unknown"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("assessed", 'assessed | {"diagnoses": []}'),
        ("assessed", 'assessed | {"dsm": null}'),
        ("assessed", 'assessed | {"dimensions": {}}'),
        ("2026-01-02 assessed\n", ""),
        ("admitted", 'admitted | {"expects_progress": null}'),
    ],
)
def test_an_admission_that_is_not_supported_is_unknown(old: str, new: str) -> None:
    assert Told(PLAN).eligible("2026-01-20").verdict == "eligible"
    assert Told(PLAN.replace(old, new)).eligible("2026-01-20").verdict == "unknown"


def test_a_prior_assessment_can_carry_the_admission() -> None:
    assert Told(PLAN.replace("assessed", "assessed prior_accepted")).eligible("2026-01-20").verdict == "eligible"


def test_a_determination_holds_through_the_review_due_date_of_that_day() -> None:
    told = Told(CALLED)
    assert [told.eligible(day).verdict for day in ("2026-03-07", "2026-03-08")] == ["eligible", "unknown"]
    early = Told(PLAN + f"2026-01-20 determined continue C1 signed by {ORTIZ}\n2026-02-05 review of 1 {BY}")
    assert [early.eligible(day).verdict for day in ("2026-02-06", "2026-02-07")] == ["eligible", "unknown"]


def test_a_determination_counts_from_the_signature_of_a_clinician_of_the_team() -> None:
    told = Told(REVIEWED + f"2026-02-05 determined continue C1\n2026-02-10 signed #7 by {ORTIZ}")
    assert [told.eligible(day).verdict for day in ("2026-02-09", "2026-02-10")] == ["unknown", "eligible"]
    other = Told(REVIEWED + "2026-02-05 determined continue C1 signed by c-diaz")
    assert other.eligible("2026-02-10").verdict == "unknown"


def values(**given: object) -> str:
    stated = dict.fromkeys(ALL_CRITERIA, "false") | {name: str(value).lower() for name, value in given.items()}
    text = ", ".join(f'"{name}": {"null" if value == "none" else value}' for name, value in stated.items())
    return f"2026-02-05 determined continue signed by {ORTIZ} | {{{text}}}"


C1 = {"progressing": True, "goals_remain": True, "level_needed": True}
C2 = {"has_capacity": True, "actively_working": True}
C3 = {"new_problems": True, "treatable_here": True, "least_intensive": True}


@pytest.mark.parametrize(
    ("given", "verdict"),
    [
        (C1, "eligible"),
        (C2, "eligible"),
        (C3, "eligible"),
        ({}, "not_eligible"),
        ({"least_intensive": True}, "not_eligible"),
        (C1 | {"level_needed": None}, "unknown"),
        (C2 | {"has_capacity": None}, "unknown"),
        (C3 | {"new_problems": None}, "unknown"),
        (C1 | {"goals_remain": False, "level_needed": None}, "not_eligible"),
        (C1 | {"has_capacity": None, "new_problems": None}, "eligible"),
    ],
)
def test_a_null_that_could_change_the_result_is_unknown(given: dict[str, object], verdict: str) -> None:
    told = Told(REVIEWED + values(**given))
    assert told.eligible("2026-02-10").verdict == verdict
    expected = {"eligible": "met", "not_eligible": "violation", "unknown": "unknown"}[verdict]
    assert told.verdict("C1", "2026-02-10") == expected
    if verdict == "unknown":
        null = next(name for name, value in given.items() if value is None)
        assert null in told.eligible("2026-02-10").reasons[0]


def test_a_decision_to_leave_is_not_eligible_after_its_day() -> None:
    told = Told(REVIEWED + f"2026-02-05 determined leave 2026-02-20 C1 signed by {ORTIZ}")
    days = ("2026-02-20", "2026-02-21", "2026-03-08")
    assert [told.eligible(day).verdict for day in days] == ["eligible", "not_eligible", "unknown"]


def test_the_latest_determination_answers() -> None:
    told = Told(CALLED + f"2026-02-20 determined continue signed by {ORTIZ}")
    assert [told.eligible(day).verdict for day in ("2026-02-19", "2026-02-20")] == ["eligible", "not_eligible"]


def test_eligibility_answers_for_the_last_day_and_not_the_next() -> None:
    told = Told(CALLED + "2026-02-20 discharged completed")
    assert [told.eligible(day).verdict for day in ("2026-02-20", "2026-02-21")] == ["eligible", "not_applicable"]


def test_reasons_are_our_words_never_the_rationale() -> None:
    text = CALLED.replace(
        f"C1 signed by {ORTIZ}", f'C1 signed by {ORTIZ} | {{"rationale": "coping skills not stable"}}'
    )
    assert line_to_fact(text.strip().splitlines()[-1])["rationale"]
    answer = Told(text).eligible("2026-02-10")
    assert answer.reasons == ("making progress, goals remain, this level needed",)
    assert 7 in answer.evidence


def test_a_signature_brought_before_its_document_acts_from_the_day_of_the_document() -> None:
    signed = PLAN + f"2026-02-03 review of 1 signed by cl-7f3a\n2026-02-04 signed #6 by {ORTIZ}\n"
    told = Told(signed + '2026-02-10 corrected #6 | {"occurred_on": "2026-02-05"}')
    assert due(told, "2026-02-04") == "2026-02-06"
    assert due(told, "2026-02-05") == "2026-03-07"


def test_a_determination_made_on_the_due_day_without_a_review_holds_for_that_day_only() -> None:
    told = Told(PLAN + f"2026-02-06 determined continue C1 signed by {ORTIZ}")
    assert [told.eligible(day).verdict for day in ("2026-02-06", "2026-02-07")] == ["eligible", "unknown"]
    assert told.eligible("2026-02-06").basis == "determination"
