"""Continued stay and eligibility, told twice: the words of the paragraph as examples, each with what it must say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from itertools import product

import pytest

from tests.findings.second_reading.reading import (
    CRITERIA,
    Answer,
    Said,
    admission_supports,
    agreed_by_all_completions,
    contradicted_by_sessions,
    second_reading,
    supports_staying,
)
from tests.findings.text_history import history_of

STAY = "2026-01-05 admitted"
"""Day 30 of the admission is 2026-02-04."""
ON_TIME = f"{STAY}\n2026-02-03 determined continue C1 signed by c-ortiz"
"""Day 30 of the determination is 2026-03-05."""


def always(_: date) -> bool:
    return True


def never(_: date) -> bool:
    return False


def day(text: str) -> date:
    return date.fromisoformat(f"2026-{text}")


def said(text: str, on: str, grounds: Callable[[date], bool] = always, doubted: tuple[int, ...] = ()) -> Said:
    return second_reading(history_of(text), day(on), grounds, doubted)[day(on)]


def judged(**given: Answer) -> dict[str, Answer]:
    """Criteria of a determination; what is not given was not judged."""
    return dict.fromkeys(CRITERIA) | given


def none_but(**given: Answer) -> dict[str, Answer]:
    """Criteria of a determination; what is not given is false."""
    return dict.fromkeys(CRITERIA, False) | given


def eligible(due_on: str, verdict: str = "met") -> Said:
    return Said("eligible", verdict, day(due_on))


def unknown(due_on: str, verdict: str = "unknown") -> Said:
    return Said("unknown", verdict, day(due_on))


def not_eligible(due_on: str) -> Said:
    return Said("not_eligible", "violation", day(due_on))


GONE = Said("not_applicable", "not_applicable")


# --- the sentences of the source ------------------------------------------------------------------------------------


def test_the_sentences_ask_eight_criteria() -> None:
    assert CRITERIA == (
        "progressing", "goals_remain", "level_needed", "has_capacity", "actively_working",
        "new_problems", "treatable_here", "least_intensive",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("criteria", "answer"),
    [
        (none_but(progressing=True, goals_remain=True, level_needed=True), True),
        (none_but(progressing=True, goals_remain=False, level_needed=True), False),
        (none_but(progressing=True, goals_remain=True, level_needed=False), False),
        (none_but(progressing=False, goals_remain=True, level_needed=True), False),
        (none_but(has_capacity=True, actively_working=True), True),
        (none_but(has_capacity=True, actively_working=False), False),
        (none_but(has_capacity=False, actively_working=True), False),
        # "not yet making progress, but": a client who makes progress and has reached the goals need not stay
        (none_but(progressing=True, has_capacity=True, actively_working=True), False),
        (none_but(new_problems=True, treatable_here=True, least_intensive=True), True),
        (none_but(new_problems=False, treatable_here=True, least_intensive=True), False),
        (none_but(new_problems=True, treatable_here=False, least_intensive=True), False),
        (none_but(new_problems=True, treatable_here=True, least_intensive=False), False),
        # "and/or": one sentence is enough, whatever the others say
        (judged(new_problems=True, treatable_here=True, least_intensive=True), True),
        (judged(progressing=True, goals_remain=True, level_needed=True), True),
    ],
)
def test_each_clause_of_the_sentences_is_asked_from_both_sides(criteria: dict[str, Answer], answer: Answer) -> None:
    assert supports_staying(criteria) is answer


@pytest.mark.parametrize(
    ("criteria", "answer"),
    [
        (judged(), None),
        (
            none_but(progressing=True, goals_remain=None, level_needed=None, has_capacity=True, actively_working=True),
            None,
        ),
        (none_but(progressing=None, has_capacity=True), False),
        (none_but(progressing=None, has_capacity=True, actively_working=True), None),
        (none_but(progressing=None, goals_remain=True, level_needed=True), None),
        (none_but(new_problems=None, treatable_here=True, least_intensive=True), None),
        (none_but(new_problems=None, treatable_here=False, least_intensive=None), False),
    ],
)
def test_what_is_not_judged_leaves_open_only_what_hangs_on_it(criteria: dict[str, Answer], answer: Answer) -> None:
    assert supports_staying(criteria) is answer


WORKING = {"has_capacity": True, "actively_working": True, "new_problems": False}


@pytest.mark.parametrize(
    ("criteria", "answer"),
    [
        (judged(progressing=True, goals_remain=False, level_needed=False, **WORKING), False),
        (judged(progressing=False, goals_remain=True, level_needed=False, **WORKING), True),
        (judged(progressing=True, **WORKING), None),
        (none_but(goals_remain=True, level_needed=True, new_problems=True, treatable_here=True), False),
    ],
)
def test_what_a_reviewer_said_of_determinations_before_any_rule_ran(
    criteria: dict[str, Answer], answer: Answer
) -> None:
    assert supports_staying(criteria) is answer


def test_either_the_first_or_the_second_sentence_whichever_way_progress_goes_is_not_known_to_support() -> None:
    whichever = judged(goals_remain=True, level_needed=True, **WORKING)
    assert supports_staying(whichever) is None
    assert agreed_by_all_completions(whichever) is True


def test_the_two_ways_to_read_what_is_not_judged_differ_only_where_progress_decides_between_two_sentences() -> None:
    apart = 0
    for values in product((True, False, None), repeat=len(CRITERIA)):
        criteria = dict(zip(CRITERIA, values, strict=True))
        ours, other = supports_staying(criteria), agreed_by_all_completions(criteria)
        if ours is not other:
            apart += 1
            assert (ours, other) == (None, True)
            assert criteria["progressing"] is None
            assert all(criteria[name] for name in CRITERIA[1:5])
    assert apart == 3**3 - 1


def test_of_all_that_can_be_judged_eleven_in_thirty_two_support_the_stay() -> None:
    decided = [
        supports_staying(dict(zip(CRITERIA, values, strict=True)))
        for values in product((True, False), repeat=len(CRITERIA))
    ]
    # three in four fail the first two sentences, of which progress chooses one; seven in eight fail the third
    assert decided.count(True) == 256 - 256 * 3 * 7 // (4 * 8)
    assert decided.count(False) == 256 * 3 * 7 // (4 * 8)


# --- the admission --------------------------------------------------------------------------------------------------


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

LEAVE = f"{STAY}\n2026-02-03 determined leave 2026-02-13 C1 signed by c-ortiz"


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


# --- the end of a stay ----------------------------------------------------------------------------------------------


def test_the_last_day_asks_for_nothing_that_is_not_late_and_is_still_answered() -> None:
    assert said(f"{STAY}\n2026-02-04 discharged completed", "02-03") == eligible("02-04", "due_soon")
    assert said(f"{STAY}\n2026-02-04 discharged completed", "02-04") == Said("eligible", "not_applicable")
    assert said(f"{STAY}\n2026-02-04 discharged completed", "02-05") == GONE


def test_what_is_late_on_the_last_day_was_not_met_for_good() -> None:
    late = f"{STAY}\n2026-02-05 discharged completed"
    assert said(late, "02-04") == eligible("02-04", "due_today")
    assert said(late, "02-05") == unknown("02-04", "not_met")
    assert said(late, "05-31") == Said("not_applicable", "not_met", day("02-04"))


def test_a_signature_after_the_end_changes_nothing_of_it() -> None:
    late = (
        f"{STAY}\n2026-02-03 determined continue C1 ; deferred c-ortiz\n"
        "2026-02-05 discharged completed\n2026-02-06 signed #2 by c-ortiz"
    )
    assert said(late, "02-05") == unknown("02-04", "not_met")
    assert said(late, "02-06") == Said("not_applicable", "not_met", day("02-04"))


def test_a_breach_stands_through_the_last_day_and_not_after_it() -> None:
    ended = f"{STAY}\n2026-02-10 determined continue C1 signed by c-ortiz\n2026-02-20 discharged completed"
    assert said(ended, "02-20") == eligible("02-04", "breached")
    assert said(ended, "02-21") == GONE


def test_what_is_late_on_the_last_day_wins_over_a_breach() -> None:
    ended = f"{STAY}\n2026-02-10 determined continue C1 signed by c-ortiz\n2026-03-20 discharged completed"
    assert said(ended, "03-20") == unknown("03-12", "not_met")
    assert said(ended, "03-21") == Said("not_applicable", "not_met", day("03-12"))


def test_to_leave_on_the_day_said_is_all_that_was_asked() -> None:
    assert said(f"{LEAVE}\n2026-02-13 discharged completed", "02-13") == Said("eligible", "not_applicable")
    assert said(f"{LEAVE}\n2026-02-14 discharged completed", "02-14") == Said("not_eligible", "not_met", day("02-13"))


def test_the_open_violation_ends_on_the_last_day() -> None:
    against = f"{STAY}\n2026-01-20 determined continue signed by c-ortiz\n2026-01-22 discharged completed"
    assert said(against, "01-21") == not_eligible("02-19")
    assert said(against, "01-22") == Said("not_eligible", "not_applicable")
    assert said(against, "01-23") == GONE


# --- away and back --------------------------------------------------------------------------------------------------

BACK = f"{ON_TIME}\n2026-02-10 transferred 2.1 to 3.5\n2026-02-20 transferred 3.5 to 2.1"
"""Day 30 of the return is 2026-03-22."""


def test_while_away_nothing_is_asked() -> None:
    assert said(BACK, "02-10") == Said("eligible", "not_applicable")
    assert said(BACK, "02-11") == GONE
    assert said(BACK, "02-19") == GONE


def test_a_return_is_like_an_admission_from_its_day() -> None:
    assert said(BACK, "02-20") == eligible("03-22")
    assert said(BACK, "03-14") == eligible("03-22")
    assert said(BACK, "03-15") == eligible("03-22", "due_soon")
    assert said(BACK, "03-22") == eligible("03-22", "due_today")
    assert said(BACK, "03-23") == unknown("03-22", "overdue")


def test_what_was_determined_before_a_return_does_not_hold_after_it() -> None:
    # it would hold through 2026-03-05
    assert said(BACK, "02-20", never) == unknown("03-22")
    away = f"{BACK}\n2026-02-19 determined continue C1 signed by c-ortiz"
    assert said(away, "02-20", never) == unknown("03-22")
    on_return = f"{BACK}\n2026-02-20 determined continue C1 signed by c-ortiz"
    assert said(on_return, "02-20", never) == eligible("03-22")


def test_a_breach_of_before_does_not_follow_over_a_return() -> None:
    late = (
        f"{STAY}\n2026-02-10 determined continue C1 signed by c-ortiz\n"
        "2026-02-12 transferred 2.1 to 3.5\n2026-02-20 transferred 3.5 to 2.1"
    )
    assert said(late, "02-12") == eligible("02-04", "breached")
    assert said(late, "02-13") == GONE
    assert said(late, "02-20") == eligible("03-22")


def test_what_was_not_met_stays_told_over_a_return() -> None:
    late = f"{STAY}\n2026-02-10 transferred 2.1 to 3.5\n2026-02-20 transferred 3.5 to 2.1"
    assert said(late, "02-10") == unknown("02-04", "not_met")
    assert said(late, "02-11") == Said("not_applicable", "not_met", day("02-04"))
    assert said(late, "02-20") == Said("eligible", "met", day("03-22"), earlier=(day("02-04"),))


def test_a_client_admitted_to_another_level_is_judged_from_the_transfer_in() -> None:
    came = "2026-01-05 admitted level 1\n2026-01-15 transferred 1 to 2.1"
    assert said(came, "01-14") == GONE
    assert said(came, "01-15") == eligible("02-14")
    assert said(came, "02-15") == unknown("02-14", "overdue")


def test_away_and_back_on_one_day_is_a_return_of_that_day() -> None:
    same = f"{ON_TIME}\n2026-02-10 transferred 2.1 to 3.5\n2026-02-10 transferred 3.5 to 2.1"
    assert said(same, "02-10") == eligible("03-12")


def test_an_adolescent_is_not_judged() -> None:
    assert said(f'{STAY} | {{"population": "adolescent"}}', "01-10") == GONE


# --- what is taken back ---------------------------------------------------------------------------------------------


def test_a_determination_struck_was_never_there() -> None:
    assert said(f"{ON_TIME}\n2026-02-10 voided #2", "02-05") == unknown("02-04", "overdue")
    assert said(f"{ON_TIME}\n2026-02-10 voided #2\n2026-02-11 voided #3", "02-05") == eligible("03-05")


def test_a_determination_corrected_is_read_as_corrected() -> None:
    moved = f'{ON_TIME}\n2026-02-10 corrected #2 | {{"occurred_on": "2026-02-05"}}'
    assert said(moved, "02-04") == eligible("02-04", "due_today")
    assert said(moved, "02-05") == eligible("02-04", "breached")
    against = f'{ON_TIME}\n2026-02-10 corrected #2 | {{"level_needed": false}}'
    assert said(against, "02-03") == not_eligible("03-05")


def test_a_discharge_struck_leaves_the_stay_open() -> None:
    assert said(f"{STAY}\n2026-01-20 discharged completed\n2026-01-25 voided #2", "01-28") == eligible(
        "02-04", "due_soon"
    )


# --- doubt ----------------------------------------------------------------------------------------------------------


def signed_by(credential: str | None, role: str = "clinician", text: str = "2026-02-03 determined continue C1") -> str:
    stated = "" if credential is None else f', "credential": "{credential}"'
    return (
        f'{STAY}\n{text} | {{"signatures": [{{"signer": "c-new", "role": "{role}", "signed_on": "2026-02-03", '
        f'"method": "electronic", "meaning": "review"{stated}}}]}}'
    )


def test_guidance_goes_by_credential() -> None:
    assert said(signed_by("LADC"), "02-05") == eligible("03-05")
    assert said(signed_by("LADC", "staff"), "02-05") == eligible("03-05")
    assert said(signed_by("CPSS"), "02-05") == unknown("02-04", "overdue")
    assert said(signed_by(None, "staff"), "02-05") == unknown("02-04", "overdue")
    assert said(signed_by("LADC", "support"), "02-05") == unknown("02-04", "overdue")


@pytest.mark.parametrize("credential", [None, "PhD", "MD"])
def test_a_doubtful_determination_is_said_as_unknown_where_the_doubt_decides(credential: str | None) -> None:
    text = signed_by(credential)
    assert said(text, "02-02") == eligible("02-04", "due_soon")
    # due_soon without it, met with it; eligible either way
    assert said(text, "02-03") == eligible("02-04", "unknown")
    assert said(text, "02-05") == unknown("02-04")
    # nothing depends on it any more: the later day is said
    assert said(text, "03-06") == unknown("03-05", "overdue")


TEAM = '2026-01-20 team + c-new | {"joins": [{"id": "c-new", "role": "clinician", "credential": "LMHP"}]}'


def test_a_credential_left_out_is_read_from_the_roster_of_the_day_of_signing() -> None:
    assert said(f"{signed_by(None)}\n{TEAM}", "02-05") == eligible("03-05")
    assert said(f"{signed_by(None)}\n{TEAM.replace('01-20', '02-03')}", "02-05") == eligible("03-05")
    assert said(f"{signed_by(None)}\n{TEAM.replace('01-20', '02-04')}", "02-05") == unknown("02-04")
    # what the signature states wins
    assert said(f"{signed_by('CPSS')}\n{TEAM}", "02-05") == unknown("02-04", "overdue")


def test_who_takes_over_the_case_is_on_the_team_again() -> None:
    left = f"{STAY}\n2026-01-10 team - c-lee"
    signed = "2026-01-20 determined continue C1 signed by c-lee"
    assert said(f"{left}\n{signed}", "02-05") == unknown("02-04")
    assert said(f"{left}\n2026-01-12 team carries c-lee\n{signed}", "02-05") == eligible("02-19")


def test_before_the_admission_its_roster_speaks() -> None:
    signed = f"{STAY}\n2026-01-06 determined continue C1 signed by c-ortiz@2026-01-04"
    assert said(signed, "01-06") == eligible("02-05")
    joined = f"{STAY}\n2026-01-06 determined continue C1 signed by c-noor@2026-01-04\n2026-01-06 team + c-noor"
    assert said(joined, "02-05") == unknown("02-04")


def test_who_has_left_the_roster_is_not_known_by_it_from_the_next_day() -> None:
    left = f"{signed_by(None)}\n{TEAM}"
    assert said(f"{left}\n2026-02-03 team - c-new", "02-05") == eligible("03-05")
    assert said(f"{left}\n2026-02-02 team - c-new", "02-05") == unknown("02-04")
    # signed while on the team, however late the signature was brought
    brought = f"{STAY}\n2026-02-03 determined continue C1 ; deferred c-ortiz\n2026-02-07 team - c-ortiz"
    assert said(f"{brought}\n2026-02-10 signed #2 by c-ortiz@2026-02-03", "02-10") == eligible("02-04", "breached")
    assert said(f"{brought}\n2026-02-10 signed #2 by c-ortiz", "02-10") == unknown("02-04")


def test_a_sure_signature_ends_the_doubt_and_leaves_both_readings_of_the_days_before() -> None:
    text = f"{signed_by(None)}\n2026-02-06 signed #2 by c-ortiz"
    assert said(text, "02-05") == unknown("02-04")
    # in time, or breached: it is open which
    assert said(text, "02-06") == eligible("02-04", "unknown")
    assert said(text, "02-26") == eligible("03-05", "due_soon")


def test_what_the_record_contradicts_is_doubtful() -> None:
    assert said(ON_TIME, "02-05", doubted=(2,)) == unknown("02-04")


@pytest.mark.parametrize(("on", "doubted"), [("01-05", {3}), ("01-06", set[int]()), ("02-04", set[int]())])
def test_progress_without_a_session_in_the_thirty_days_that_end_with_it_is_contradicted(
    on: str, doubted: set[int]
) -> None:
    attended = f"{STAY}\n2026-{on} session group 09:00 180\n2026-02-04 determined continue C1 signed by c-ortiz"
    assert contradicted_by_sessions(history_of(attended)) == doubted


@pytest.mark.parametrize(
    ("on", "doubted"), [("01-18", set[int]()), ("01-19", {5}), ("01-25", {5}), ("01-26", set[int]())]
)
def test_what_was_attended_on_hold_is_no_sure_session(on: str, doubted: set[int]) -> None:
    held = f"{STAY}\n2026-{on} session group 09:00 180\n2026-01-19 held\n2026-01-26 resumed"
    assert (
        contradicted_by_sessions(history_of(f"{held}\n2026-02-04 determined continue C1 signed by c-ortiz")) == doubted
    )


def test_who_neither_progresses_nor_works_contradicts_nothing() -> None:
    assert contradicted_by_sessions(history_of(f"{STAY}\n2026-02-04 determined continue C3 signed by c-ortiz")) == set()
    assert contradicted_by_sessions(history_of(f"{STAY}\n2026-02-04 determined continue C2 signed by c-ortiz")) == {2}


def test_a_signature_more_than_seven_days_before_its_document_is_doubtful() -> None:
    early = f"{STAY}\n2026-01-25 determined continue C1 signed by c-ortiz@2026-01-1"
    assert said(f"{early}8", "02-05") == eligible("02-24")
    assert said(f"{early}7", "02-05") == unknown("02-04")


def test_what_is_in_doubt_is_due_when_the_worse_outcome_is() -> None:
    # to leave by 2026-01-20 if it counts, which is a violation; due on 2026-02-04 if not, which is soon
    leave = signed_by(None, text="2026-01-12 determined leave 2026-01-20 C1").replace("02-03", "01-12")
    assert said(leave, "01-28") == unknown("01-20")
    # overdue is worse
    assert said(leave, "02-05") == unknown("02-04")


def test_a_doubt_about_the_end_accuses_nobody() -> None:
    ended = f"{signed_by(None)}\n2026-02-05 discharged completed"
    assert said(ended, "02-05") == Said("unknown", "not_applicable")
    assert said(ended, "02-06") == GONE


def test_a_determination_against_the_stay_that_is_in_doubt() -> None:
    # a violation if it counts, due today if not: the violation is worse
    assert said(signed_by(None, text="2026-02-03 determined continue"), "02-04") == unknown("03-05")


# --- the law --------------------------------------------------------------------------------------------------------


def test_no_day_is_told_by_what_happens_after_it() -> None:
    whole = history_of(f"{BACK}\n2026-04-01 determined continue C1 signed by c-lee\n2026-04-20 discharged completed")
    of_all = second_reading(whole, day("05-10"), always)
    for on, told in of_all.items():
        known = [item for item in whole if item.day <= on]
        assert second_reading(known, on, always)[on] == told, on
    assert len(of_all) == (day("05-10") - day("01-05") + timedelta(days=1)).days
