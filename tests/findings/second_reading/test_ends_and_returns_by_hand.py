"""The end of a stay, returns and what is taken back, as examples."""

from __future__ import annotations

from tests.findings.second_reading.reading import (
    Said,
)

# --- the end of a stay ----------------------------------------------------------------------------------------------
from tests.findings.second_reading.stay_asked import (
    BACK,
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
