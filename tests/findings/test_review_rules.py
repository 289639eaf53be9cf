"""The review clock: when the next review is due (R1)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from caretrail.episode.entry import Entry
from caretrail.episode.history import effective_history
from caretrail.events import event_from
from tests.findings.text_history import LEE, ORTIZ, PACK, Told, entries, line_to_event
from tests.support.judged import findings

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
    assert told.runs("R1")[-5:] == [
        "overdue 2026-02-07 2026-02-16",
        "breached 2026-02-16 2026-03-11",
        "due_soon 2026-03-11 2026-03-18",
        "due_today 2026-03-18 2026-03-19",
        "overdue 2026-03-19 -",
    ]
    late = told.one("R1", "2026-02-16")
    assert late.message == "a review due 2026-02-06 came 10 days late, 2026-02-16; next review due 2026-03-18"
    assert str(late.due_on) == "2026-02-06"


def test_what_was_breached_is_never_met_again_in_the_stay() -> None:
    reviews = "".join(f"2026-{day} review of 1 {BY}\n" for day in ("02-16", "03-10", "04-05"))
    told = Told(PLAN + reviews + "2026-04-20 discharged completed")
    assert "met" not in {item.verdict for item in told.all("R1") if item.start > date(2026, 2, 7)}
    assert told.verdict("R1", "2026-04-20") == "breached"
    assert told.verdict("R1", "2026-04-21") == "not_applicable"


def test_a_late_review_of_one_stay_says_nothing_of_the_next() -> None:
    moves = "2026-02-20 transferred 2.1 to 1\n2026-03-01 transferred 1 to 2.1"
    assert Told(PLAN + f"2026-02-16 review of 1 {BY}\n{moves}").verdict("R1", "2026-03-01") == "met"


def test_a_review_entered_after_it_was_due_says_so_until_the_next_one_counts() -> None:
    """A back-dated review is on time by its date, and everybody can see that it was entered late."""
    told = Told(PLAN + f"2026-02-05 review of 1 {BY}")
    entered = [*entries(PLAN), *told_late(f"2026-02-05 review of 1 {BY}", date(2026, 2, 20))]
    late = findings(effective_history(entered), PACK)
    (said,) = [item for item in late if item.rule == "NE21-R1" and item.holds(date(2026, 2, 20))]
    assert said.verdict == told.verdict("R1", "2026-02-20") == "met"
    assert said.message == ("next review due 2026-03-07; the review of 2026-02-05 was entered 14 days after it was due")
    (valid,) = [item for item in late if item.rule == "NE21-R2" and item.holds(date(2026, 2, 20))]
    assert valid.message.endswith("was entered 14 days after it was due")


def test_a_review_is_entered_only_once_the_signature_by_which_it_counts_is() -> None:
    """Given a review entered in time, when its signature of the due day is entered later, then that is said."""
    signed = PLAN + f"2026-02-05 review of 1 signed by cl-7f3a\n2026-02-06 signed #6 by {ORTIZ}"
    said = Told(signed, recorded={6: "2026-02-05", 7: "2026-02-16"}).one("R1", "2026-02-20")
    assert said.message == "next review due 2026-03-07; the review of 2026-02-05 was entered 10 days after it was due"
    in_time = Told(signed, recorded={6: "2026-02-05", 7: "2026-02-06"}).one("R1", "2026-02-20")
    assert in_time.message == "next review due 2026-03-07"


def told_late(line: str, on: date) -> list[Entry]:
    """The line as the next entry of the plan's chart, recorded at noon of a later day."""
    number = len(entries(PLAN)) + 1
    return [
        Entry(
            number,
            number,
            event_from(line_to_event(line)),
            datetime(on.year, on.month, on.day, 18, tzinfo=UTC),
            "intake",
        )
    ]


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


def test_the_clock_runs_from_the_day_the_first_plan_counts_or_by_another_reading_from_its_effect() -> None:
    early = "2026-01-05 admitted\n2026-01-15 plan 1 effective "
    by_effect = PACK.changed("NE21-R1", first_from="plan_effective")
    for effective, expected in (
        ("2026-01-10", "2026-02-09"),
        ("2026-01-20", "2026-02-14"),
        ("2025-12-20", "2026-02-04"),
    ):
        assert due(Told(f"{early}{effective} {BY}"), "2026-01-15") == "2026-02-14"
        assert due(Told(f"{early}{effective} {BY}", by_effect), "2026-01-15") == expected
    unsigned = f"{early}2026-01-15 signed by cl-7f3a\n2026-01-20 signed #2 by {ORTIZ}"
    assert [due(Told(unsigned), day) for day in ("2026-01-19", "2026-01-20")] == ["2026-02-04", "2026-02-19"]


@pytest.mark.parametrize(("day", "expected"), [("2026-02-04", "2026-03-06"), ("2026-02-05", "2026-02-04")])
def test_events_later_than_thirty_days_after_admission_do_not_move_the_base(day: str, expected: str) -> None:
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
    assert told.verdict("R1", "2026-02-10") == "breached"
    assert "next review due 2026-03-07" in told.one("R1", "2026-02-10").message
    assert told.one("R1", "2026-02-10").evidence == (6, 7)


def test_a_signature_of_somebody_not_on_the_team_does_not_count() -> None:
    assert due(Told(PLAN + "2026-02-05 review of 1 signed by c-diaz, cl-7f3a"), "2026-02-05") == "2026-02-06"


def test_a_review_without_the_client_does_not_count() -> None:
    told = Told(PLAN + f"2026-02-05 review of 1 without-client signed by {ORTIZ}")
    assert due(told, "2026-02-05") == "2026-02-06"
    assert told.one("R2", "2026-02-05").cause == "participation"
    guardian = Told(PLAN + f'2026-02-05 review of 1 {BY} | {{"participants": ["guardian"]}}')
    assert due(guardian, "2026-02-05") == "2026-03-07"


def test_a_review_of_a_plan_not_signed_by_then_counts_once_the_plan_does() -> None:
    text = BEGIN + "2026-01-07 plan 1 signed by cl-7f3a\n"
    told = Told(text + f"2026-02-05 review of 1 {BY}\n2026-02-06 signed #5 by {ORTIZ}")
    assert [due(told, day) for day in ("2026-02-05", "2026-02-06")] == ["2026-02-06", "2026-03-07"]
    assert "plan_version" in [item.cause for item in told.on("R2", "2026-02-05")]
    assert "plan_version" not in [item.cause for item in told.on("R2", "2026-02-06")]
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
    assert told.verdict("R1", last) == "not_applicable"
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


def test_a_signature_brought_before_its_document_acts_from_the_day_of_the_document() -> None:
    signed = PLAN + f"2026-02-03 review of 1 signed by cl-7f3a\n2026-02-04 signed #6 by {ORTIZ}\n"
    told = Told(signed + '2026-02-10 corrected #6 | {"occurred_on": "2026-02-05"}')
    assert due(told, "2026-02-04") == "2026-02-06"
    assert due(told, "2026-02-05") == "2026-03-07"


def test_a_next_review_set_for_the_last_day_of_the_term_changes_nothing_and_is_not_named() -> None:
    text = "2026-01-02 assessed\n2026-01-05 admitted\n2026-01-07 plan 1 signed by c-ortiz, cl-7f3a\n"
    for next_by, added in (("2026-03-07", ""), ("2026-03-06", "; next review set for 2026-03-06")):
        told = Told(f"{text}2026-02-05 review of 1 next {next_by} signed by c-ortiz")
        assert told.one("R1", "2026-02-10").arithmetic == f"base 2026-02-05 last review + 30 days = 2026-03-07{added}"
