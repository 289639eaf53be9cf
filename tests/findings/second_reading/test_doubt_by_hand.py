"""Continued stay in doubt, as examples: by credential, roster, sessions and early signatures."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.findings.second_reading.reading import (
    Said,
    contradicted_by_sessions,
    second_reading,
)
from tests.findings.second_reading.stay_asked import (
    BACK,
    GONE,
    ON_TIME,
    STAY,
    always,
    day,
    eligible,
    said,
    unknown,
)
from tests.findings.text_history import history_of

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
