"""Continued stay (C1) and eligibility, day by day: terms, days to leave, returns, what comes late, and the end."""

from __future__ import annotations

from datetime import date

import pytest

from caretrail.episode.history import effective_history
from caretrail.findings.finding import QUIET_VERDICTS
from tests.findings.text_history import ALL_CRITERIA, ORTIZ, PACK, Told, entries, line_to_event
from tests.support.judged import eligibility_on, findings

STAY = "2026-01-02 assessed\n2026-01-05 admitted\n"
"""Day 30 of the admission is 2026-02-04."""
SESSIONS = "".join(f"2026-01-{day:02} session group 09:00 180\n" for day in range(5, 29, 2))
TREATED = STAY + SESSIONS
ON_TIME = TREATED + f"2026-02-03 determined continue C1 signed by {ORTIZ}\n"
"""Day 30 of the determination is 2026-03-05."""
LATE = TREATED + f"2026-02-10 determined continue C1 signed by {ORTIZ}\n"
"""Day 30 of it is 2026-03-12."""


def line_of(text: str) -> int:
    """The number of the last line."""
    return len(text.strip().splitlines())


def on(text: str, *days: str) -> list[str]:
    """Eligibility and C1 on each day, as `eligible met`."""
    told = Told(text)
    return [f"{told.eligible(day).verdict} {told.verdict('C1', day)}" for day in days]


def due(text: str, day: str) -> str:
    return str(Told(text).one("C1", day).due_on)


# --- the admission ------------------------------------------------------------------------------------------------


def test_the_admission_supports_the_stay_for_thirty_days() -> None:
    """Given an admission that is supported, when nothing is determined, then the end of its term is announced, comes
    and passes.
    """
    days = ("2026-01-05", "2026-01-27", "2026-01-28", "2026-02-03", "2026-02-04", "2026-02-05", "2026-05-05")
    assert on(TREATED, *days) == [
        "eligible met", "eligible met", "eligible due_soon", "eligible due_soon", "eligible due_today",
        "unknown overdue", "unknown overdue",
    ]  # fmt: skip
    answer = Told(TREATED).eligible("2026-01-20")
    assert (answer.basis, str(answer.holds_through), answer.reasons) == (
        "admission", "2026-02-04", ("admission criteria met",),
    )  # fmt: skip
    assert Told(TREATED).one("C1", "2026-02-09").days_overdue(date(2026, 2, 9)) == 5


def test_reviews_held_do_not_move_the_term_of_the_admission() -> None:
    planned = TREATED + f"2026-01-07 plan 1 signed by {ORTIZ}\n"
    reviewed = planned + f"2026-01-19 review of 1 signed by {ORTIZ}\n"
    for text in (planned, reviewed):
        assert on(text, "2026-01-20", "2026-02-04", "2026-02-05") == [
            "eligible met", "eligible due_today", "unknown overdue",
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("assessed", 'assessed | {"diagnoses": []}', "NE21-B1"),
        ("assessed", 'assessed | {"dsm": null}', "NE21-B1"),
        ("assessed", 'assessed | {"dimensions": {}}', "NE21-B2"),
        ("assessed", "assessed by c-peer CPSS", "NE21-A2"),
        ("admitted", 'admitted | {"expects_progress": null}', "NE21-B3"),
        ("admitted", 'admitted | {"expects_progress": false}', "NE21-B3"),
        ("2026-01-02 assessed", "2026-01-02 assessed addendum", "NE21-A1"),
        ("assessed", 'assessed prior_accepted | {"relevant": null}', "NE21-A1"),
    ],
)
def test_an_admission_that_is_not_supported_is_unknown_until_day_thirty_then_overdue(
    old: str, new: str, rule: str
) -> None:
    text = TREATED.replace(old, new, 1)
    days = ("2026-01-05", "2026-01-30", "2026-02-04", "2026-02-05")
    assert on(text, *days) == ["unknown unknown", "unknown unknown", "unknown unknown", "unknown overdue"]
    assert any(rule in reason for reason in Told(text).eligible("2026-01-20").reasons)
    assert rule in Told(text).one("C1", "2026-01-20").message


def test_without_any_assessment_the_admission_is_not_supported() -> None:
    text = TREATED.partition("\n")[2]
    assert on(text, "2026-01-20") == ["unknown unknown"]
    assert "no complete assessment" in Told(text).eligible("2026-01-20").reasons[0]


def test_an_assessment_that_came_late_supports_the_admission_once_it_is_there() -> None:
    """Given treatment before the assessment, when it is made, then the admission is supported, whatever A1 says."""
    text = "2026-01-05 admitted\n" + SESSIONS + "2026-01-15 assessed\n"
    assert on(text, "2026-01-14", "2026-01-15", "2026-01-30", "2026-02-05") == [
        "unknown unknown", "eligible met", "eligible due_soon", "unknown overdue",
    ]  # fmt: skip
    assert Told(text).verdict("A1", "2026-01-15") == "violation"


def test_a_complete_prior_assessment_supports_the_admission() -> None:
    assert on(TREATED.replace("assessed", "assessed prior_accepted", 1), "2026-01-20") == ["eligible met"]


# --- determinations -----------------------------------------------------------------------------------------------


def test_a_determination_holds_for_a_term_of_its_own() -> None:
    days = ("2026-02-02", "2026-02-03", "2026-02-25", "2026-02-26", "2026-03-05", "2026-03-06")
    assert on(ON_TIME, *days) == [
        "eligible due_soon", "eligible met", "eligible met", "eligible due_soon", "eligible due_today",
        "unknown overdue",
    ]  # fmt: skip
    found = Told(ON_TIME).one("C1", "2026-02-10")
    assert found.arithmetic == "the determination of 2026-02-03: 2026-02-03 + 30 days (ours) = 2026-03-05"
    assert found.evidence == (line_of(ON_TIME),)


def test_a_determination_one_day_before_an_on_time_review_outlives_the_review() -> None:
    text = TREATED + (
        f"2026-01-05 plan 1 signed by {ORTIZ}\n2026-02-03 determined continue C1 signed by {ORTIZ}\n"
        f"2026-02-04 review of 1 signed by {ORTIZ}\n"
    )
    assert on(text, "2026-02-05", "2026-03-05", "2026-03-06") == [
        "eligible met", "eligible due_today", "unknown overdue",
    ]  # fmt: skip


def test_a_determination_made_while_a_review_is_overdue_holds() -> None:
    text = TREATED + (f"2026-01-05 plan 1 signed by {ORTIZ}\n2026-02-04 determined continue C1 signed by {ORTIZ}\n")
    assert Told(text).verdict("R1", "2026-02-10") == "overdue"
    assert on(text, "2026-02-10") == ["eligible met"]


def test_a_determination_counts_from_its_signature_and_its_term_from_its_day() -> None:
    text = TREATED + "2026-02-03 determined continue C1\n"
    signed = text + f"2026-02-07 signed #{line_of(text)} by {ORTIZ}\n"
    days = ("2026-02-04", "2026-02-05", "2026-02-07", "2026-02-26", "2026-03-06")
    assert on(text, *days) == ["eligible due_today", *["unknown overdue"] * 4]
    assert on(signed, *days) == [
        "eligible due_today", "unknown overdue", "eligible breached", "eligible due_soon", "unknown overdue",
    ]  # fmt: skip
    assert Told(signed).eligible("2026-02-10").evidence == (line_of(text), line_of(signed))


def test_signed_on_the_due_day_it_is_in_time_and_a_day_later_it_is_not() -> None:
    text = TREATED + "2026-02-03 determined continue C1\n"
    for day, verdict in (("04", "met"), ("05", "breached")):
        signed = text + f"2026-02-{day} signed #{line_of(text)} by {ORTIZ}\n"
        assert Told(signed).verdict("C1", f"2026-02-{day}") == verdict


def test_signed_after_its_term_it_counts_and_is_over() -> None:
    text = TREATED + "2026-02-03 determined continue C1\n"
    signed = text + f"2026-03-20 signed #{line_of(text)} by {ORTIZ}\n"
    assert on(signed, "2026-03-19", "2026-03-20") == ["unknown overdue", "unknown overdue"]
    assert [due(signed, day) for day in ("2026-03-19", "2026-03-20")] == ["2026-02-04", "2026-03-05"]


def test_the_signature_of_a_client_is_no_clinical_guidance() -> None:
    assert on(TREATED + "2026-02-03 determined continue C1 signed by cl-7f3a", "2026-02-05") == ["unknown overdue"]


def test_the_latest_determination_answers_by_day_then_by_position() -> None:
    yes, no = f"determined continue C1 signed by {ORTIZ}\n", f"determined continue signed by {ORTIZ}\n"
    assert on(TREATED + f"2026-02-03 {yes}2026-02-03 {no}", "2026-02-03") == ["not_eligible violation"]
    assert on(TREATED + f"2026-02-03 {no}2026-02-03 {yes}", "2026-02-03") == ["eligible met"]
    # one dated before the one in force changes nothing, however late it was recorded
    assert on(TREATED + f"2026-02-03 {yes}2026-02-02 {no}", "2026-02-02", "2026-02-03") == [
        "not_eligible violation", "eligible met",
    ]  # fmt: skip


def test_a_later_one_that_nobody_signed_leaves_the_earlier_in_force() -> None:
    text = ON_TIME + "2026-02-10 determined continue\n"
    signed = text + f"2026-02-12 signed #{line_of(text)} by {ORTIZ}\n"
    assert on(signed, "2026-02-11", "2026-02-12") == ["eligible met", "not_eligible violation"]


# --- what a determination states ----------------------------------------------------------------------------------


def values(**given: object) -> str:
    stated = dict.fromkeys(ALL_CRITERIA, "false") | {name: str(value).lower() for name, value in given.items()}
    text = ", ".join(f'"{name}": {"null" if value == "none" else value}' for name, value in stated.items())
    return f"2026-02-03 determined continue signed by {ORTIZ} | {{{text}}}"


C1 = {"progressing": True, "goals_remain": True, "level_needed": True}
C2 = {"has_capacity": True, "actively_working": True}
C3 = {"new_problems": True, "treatable_here": True, "least_intensive": True}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (C1, "eligible met"),
        (C2, "eligible met"),
        (C3, "eligible met"),
        (C2 | {"progressing": True}, "not_eligible violation"),
        ({}, "not_eligible violation"),
        ({"least_intensive": True}, "not_eligible violation"),
        (C1 | {"level_needed": None}, "unknown unknown"),
        (C2 | {"progressing": None}, "unknown unknown"),
        (C3 | {"new_problems": None}, "unknown unknown"),
        (C1 | C2 | {"progressing": None}, "unknown unknown"),
        (C1 | {"goals_remain": False, "level_needed": None}, "not_eligible violation"),
        (C1 | {"has_capacity": None, "new_problems": None}, "eligible met"),
    ],
)
def test_eligibility_is_what_the_criteria_support_and_what_could_change_it_is_unknown(
    given: dict[str, object], said: str
) -> None:
    text = TREATED + values(**given)
    assert on(text, "2026-02-10") == [said]
    if said == "unknown unknown":
        null = next(name for name, value in given.items() if value is None)
        assert null in Told(text).eligible("2026-02-10").reasons[0]


def test_a_client_who_is_not_eligible_is_treated_in_violation_until_a_later_determination() -> None:
    against = TREATED + f"2026-01-20 determined continue signed by {ORTIZ}\n"
    # past its term (2026-02-19) as well: it does not turn into a mere doubt
    assert on(against, "2026-01-19", "2026-01-20", "2026-02-19", "2026-02-20", "2026-05-01") == [
        "eligible met", *["not_eligible violation"] * 4,
    ]  # fmt: skip
    cured = against + f"2026-01-30 determined continue C2 signed by {ORTIZ}\n"
    assert on(cured, "2026-01-29", "2026-01-30") == ["not_eligible violation", "eligible met"]


def test_a_determination_not_judged_is_unknown_until_its_term_ends_then_overdue() -> None:
    text = TREATED + values(**(C1 | {"level_needed": None}))
    assert on(text, "2026-03-05", "2026-03-06") == ["unknown unknown", "unknown overdue"]


def test_reasons_are_our_words_never_the_rationale() -> None:
    text = ON_TIME.replace(
        f"C1 signed by {ORTIZ}", f'C1 signed by {ORTIZ} | {{"rationale": "coping skills not stable"}}'
    )
    assert line_to_event(text.strip().splitlines()[-1])["rationale"]
    assert Told(text).eligible("2026-02-10").reasons == ("making progress, goals remain, this level needed",)


# --- the day to leave ---------------------------------------------------------------------------------------------

LEAVE = TREATED + f"2026-02-03 determined leave 2026-02-13 C1 signed by {ORTIZ}\n"


def test_a_client_who_is_to_leave_is_not_eligible_from_the_day_after() -> None:
    days = ("2026-02-05", "2026-02-06", "2026-02-13", "2026-02-14", "2026-04-30")
    assert on(LEAVE, *days) == [
        "eligible met", "eligible due_soon", "eligible due_today", "not_eligible violation", "not_eligible violation",
    ]  # fmt: skip
    told = Told(LEAVE)
    assert str(told.eligible("2026-02-05").holds_through) == "2026-02-13"
    assert [told.one("C1", day).cause for day in ("2026-02-13", "2026-02-14")] == [
        "determination_due", "leave_by_passed",
    ]  # fmt: skip
    past = told.eligible("2026-02-14")
    assert (past.holds_through, past.reasons) == (
        None, ("past 2026-02-13, the day to leave by the determination of 2026-02-03",),
    )  # fmt: skip
    assert told.one("C1", "2026-02-06").message == "to leave by 2026-02-13, by the determination of 2026-02-03"


def test_a_day_to_leave_after_the_term_does_not_lengthen_it() -> None:
    far = TREATED + f"2026-02-03 determined leave 2026-03-20 C1 signed by {ORTIZ}\n"
    assert on(far, "2026-03-05", "2026-03-06", "2026-03-20", "2026-03-21") == [
        "eligible due_today", "unknown overdue", "unknown overdue", "not_eligible violation",
    ]  # fmt: skip


def test_to_leave_and_continued_in_time_leaves_nothing_behind_and_a_week_late_it_does() -> None:
    back = LEAVE + f"2026-02-13 determined continue C1 signed by {ORTIZ}\n"
    assert on(back, "2026-02-13", "2026-02-14") == ["eligible met", "eligible met"]
    late = LEAVE + f"2026-02-20 determined continue C1 signed by {ORTIZ}\n"
    assert on(late, "2026-02-19", "2026-02-20", "2026-03-15") == [
        "not_eligible violation", "eligible breached", "eligible due_soon",
    ]  # fmt: skip
    assert Told(late).one("C1", "2026-02-20").message == (
        "to leave by 2026-02-13, and a determination to stay counted 2026-02-20, 7 days late"
    )


# --- entered late -------------------------------------------------------------------------------------------------


def test_a_determination_entered_after_it_was_due_says_so_while_it_is_in_force() -> None:
    """Given a determination in time by its date, entered ten days after it was due, then everybody can see that."""
    history = effective_history(entries(ON_TIME, {line_of(ON_TIME): "2026-02-14"}))
    words = "the determination of 2026-02-03 was entered 10 days after it was due"
    said = [item for item in findings(history, PACK) if item.rule == "NE21-C1" and item.start >= date(2026, 2, 3)]
    assert [item.verdict for item in said] == ["met", "due_soon", "due_today", "overdue"]
    assert all(item.message.endswith(f"; {words}") for item in said)
    assert eligibility_on(history, PACK, date(2026, 2, 20)).reasons[-1] == words
    in_time = effective_history(entries(ON_TIME, {line_of(ON_TIME): "2026-02-04"}))
    assert "entered" not in str(findings(in_time, PACK))


# --- what came late -----------------------------------------------------------------------------------------------


def test_a_late_determination_is_breached_never_met_and_says_that_the_term_is_ours() -> None:
    days = ("2026-02-09", "2026-02-10", "2026-03-04", "2026-03-05", "2026-03-12", "2026-03-13")
    assert on(LATE, *days) == [
        "unknown overdue", "eligible breached", "eligible breached", "eligible due_soon", "eligible due_today",
        "unknown overdue",
    ]  # fmt: skip
    found = Told(LATE).one("C1", "2026-02-10")
    assert found.message == "determination due 2026-02-04 counted 2026-02-10, 6 days late; the term is ours"
    assert (found.cause, str(found.due_on), found.evidence) == ("own_term_missed", "2026-02-04", (2, line_of(LATE)))
    assert found.verdict in QUIET_VERDICTS


def test_a_term_of_the_text_is_missed_by_another_cause_than_one_of_ours() -> None:
    told = Told(LATE, PACK.changed("NE21-C1", term_ours=False))
    found = told.one("C1", "2026-02-10")
    assert (found.verdict, found.cause) == ("breached", "determination_late")
    assert "ours" not in found.message + found.arithmetic


def test_a_breach_stands_through_the_last_day_behind_what_is_due_next() -> None:
    next_one = LATE + f"2026-03-02 session group 09:00 180\n2026-03-10 determined continue C1 signed by {ORTIZ}\n"
    ended = next_one + "2026-03-20 discharged completed\n"
    assert on(ended, "2026-03-09", "2026-03-10", "2026-03-20", "2026-03-21") == [
        "eligible due_soon", "eligible breached", "eligible breached", "not_applicable not_applicable",
    ]  # fmt: skip
