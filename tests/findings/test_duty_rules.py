"""Duties with a term beside plan and regular review, from both sides of each boundary."""

from __future__ import annotations

from typing import Any

import pytest

from caretrail.policy import Pack
from tests.findings.text_history import PACK, Told
from tests.support.packs import small_pack

SIGNED = "signed by cl-7f3a, c-ortiz, c-lee"
ADMITTED = "2026-01-05 admitted"


def days(told: Told, rule: str, *asked: str) -> list[str]:
    """The verdicts of a rule on days of January 2026 (or, with a month, of that month)."""
    return [told.verdict(rule, f"2026-{day if '-' in day else f'01-{day}'}") for day in asked]


# --- an assessment within a term ----------------------------------------------------------------------------------


def assessment_due(**fields: Any) -> Pack:
    return small_pack({"check": "assessment_due", **fields})


WEEK = {"count": 7, "unit": "calendar_day", "soon": 2}
FIFTH_DAY = {"count": 5, "unit": "treatment_day", "soon": 1}
SESSIONS = "\n".join(f"2026-01-{day:02} session group 09:00 180" for day in (5, 6, 7, 8, 9, 12))


def test_an_assessment_is_announced_due_and_overdue_by_its_term() -> None:
    told = Told(ADMITTED, assessment_due(within=WEEK))
    assert days(told, "XX-1", "05", "09", "10", "11", "12", "13") == [
        "not_applicable", "not_applicable", "due_soon", "due_soon", "due_today", "overdue",
    ]  # fmt: skip
    assert str(told.one("XX-1", "2026-01-13").due_on) == "2026-01-12"


@pytest.mark.parametrize(("made_on", "verdict"), [("12", "met"), ("13", "breached")])
def test_an_assessment_on_the_last_day_is_in_time_and_one_day_later_is_breached(made_on: str, verdict: str) -> None:
    told = Told(f"{ADMITTED}\n2026-01-{made_on} assessed", assessment_due(within=WEEK))
    assert days(told, "XX-1", made_on, "31") == [verdict, verdict]


def test_an_assessment_by_the_fifth_treatment_day_may_leave_out_the_first() -> None:
    told = Told(f"{ADMITTED}\n{SESSIONS}", assessment_due(within=FIFTH_DAY))
    assert days(told, "XX-1", "07", "08", "09", "10") == ["not_applicable", "due_soon", "due_today", "overdue"]
    assert told.one("XX-1", "2026-01-08").due_on is None, "nobody knows yet on which day the fifth will be"
    told = Told(f"{ADMITTED}\n{SESSIONS}", assessment_due(within=FIFTH_DAY, first_day="excluded"))
    assert days(told, "XX-1", "08", "09", "12", "13") == ["not_applicable", "due_soon", "due_today", "overdue"]


def test_an_assessment_missing_at_the_end_of_the_stay_is_not_met_if_it_was_overdue() -> None:
    for last, verdict in (("12", "not_applicable"), ("13", "not_met")):
        told = Told(f"{ADMITTED}\n2026-01-{last} discharged completed", assessment_due(within=WEEK))
        assert verdict in days(told, "XX-1", "20")[0].split()


def test_a_prior_assessment_of_which_too_little_is_stated_leaves_open_whether_one_is_owed() -> None:
    prior = f'2026-01-02 assessed prior_accepted | {{"relevant": null}}\n{ADMITTED}'
    told = Told(prior, assessment_due(within=WEEK))
    assert days(told, "XX-1", "05", "13") == ["unknown", "unknown"]
    told = Told(f"{prior}\n2026-01-20 assessed", assessment_due(within=WEEK))
    assert days(told, "XX-1", "13", "20") == ["unknown", "breached"]


def test_a_plan_rests_on_an_assessment_made_before_it_or_on_its_day() -> None:
    pack, plan = assessment_due(before_plan=True), f"2026-01-07 plan 1 {SIGNED}"
    assert days(Told(f"{ADMITTED}\n{plan}", pack), "XX-1", "06", "07", "08") == [
        "not_applicable", "due_today", "overdue",
    ]  # fmt: skip
    at_once = plan.replace("01-07", ADMITTED.split()[0][5:])
    assert days(Told(f"{ADMITTED}\n{at_once}", pack), "XX-1", "07") == ["overdue"], "a plan of the first day"
    assert days(Told(f"{ADMITTED}\n2026-01-07 assessed\n{plan}", pack), "XX-1", "07") == ["met"]
    assert days(Told(f"{ADMITTED}\n{plan}\n2026-01-09 assessed", pack), "XX-1", "08", "09") == ["overdue", "breached"]


# --- an assessment signed -----------------------------------------------------------------------------------------


GUIDANCE = {"credentials": ["LPC", "LCSW"], "others": ["CSAC"], "doubtful": ["PhD"]}
CO_SIGNED = small_pack(
    {"check": "assessment_signed", "made_by": ["CSAC"], "within": {"count": 3, "unit": "working_day"}},
    guidance=GUIDANCE,
)
BY_CSAC = f"{ADMITTED}\n2026-01-08 assessed by c-noor CSAC"


def credentialed(who: str, on: str, credential: str) -> str:
    return (
        f'{{"signatures": [{{"signer": "{who}", "role": "clinician", "credential": "{credential}", '
        f'"signed_on": "{on}", "method": "electronic", "meaning": "approval"}}]}}'
    )


def test_a_listed_assessor_needs_another_signature_within_three_working_days() -> None:
    told = Told(BY_CSAC, CO_SIGNED)
    # Thursday, then Friday, Monday, Tuesday
    assert days(told, "XX-1", "08", "12", "13", "14") == ["not_applicable", "not_applicable", "due_today", "overdue"]
    for on, verdict in (("13", "met"), ("14", "breached")):
        signed = f"{BY_CSAC}\n2026-01-{on} signed #2 by c-lee | {credentialed('c-lee', f'2026-01-{on}', 'LCSW')}"
        assert days(Told(signed, CO_SIGNED), "XX-1", on, "20") == [verdict, verdict]


def test_who_may_assess_alone_needs_no_other_signature() -> None:
    told = Told(f"{ADMITTED}\n2026-01-08 assessed by c-ortiz LPC", CO_SIGNED)
    assert days(told, "XX-1", "08", "20") == ["not_applicable", "not_applicable"]


def test_a_signature_of_another_who_may_not_either_is_none() -> None:
    signed = f"{BY_CSAC}\n2026-01-09 signed #2 by c-lee | {credentialed('c-lee', '2026-01-09', 'CSAC')}"
    assert days(Told(signed, CO_SIGNED), "XX-1", "14") == ["overdue"]


def test_a_signature_that_may_or_may_not_be_of_a_professional_is_unknown_until_a_sure_one() -> None:
    doubtful = f"{BY_CSAC}\n2026-01-09 signed #2 by c-lee | {credentialed('c-lee', '2026-01-09', 'PhD')}"
    assert days(Told(doubtful, CO_SIGNED), "XX-1", "08", "09", "14") == ["not_applicable", "unknown", "unknown"]
    for on, verdict in (("13", "met"), ("14", "breached")):
        sure = f"{doubtful}\n2026-01-{on} signed #2 by c-diaz | {credentialed('c-diaz', f'2026-01-{on}', 'LPC')}"
        assert days(Told(sure, CO_SIGNED), "XX-1", "12", on) == ["unknown", verdict]


def test_an_assessor_whose_credential_is_not_stated_leaves_open_whether_a_signature_is_owed() -> None:
    told = Told(f"{ADMITTED}\n2026-01-08 assessed by c-who ?", CO_SIGNED)
    assert days(told, "XX-1", "08", "20") == ["not_applicable unknown", "not_applicable unknown"]


def test_without_a_list_every_assessment_is_signed() -> None:
    pack = small_pack({"check": "assessment_signed", "within": {"count": 3, "unit": "working_day"}})
    assert days(Told(f"{ADMITTED}\n2026-01-08 assessed", pack), "XX-1", "13", "14") == ["due_today", "overdue"]


# --- a review upon a revised assessment ---------------------------------------------------------------------------


AFTER = small_pack({"check": "review_after", "within": {"count": 7, "unit": "calendar_day", "soon": 3}})
REVISED = f"{ADMITTED}\n2026-01-07 plan 1 {SIGNED}\n2026-01-12 assessed reassessment"


def test_a_revised_assessment_asks_for_a_review_within_the_term() -> None:
    told = Told(REVISED, AFTER)
    assert days(told, "XX-1", "12", "16", "19", "20") == ["not_applicable", "due_soon", "due_today", "overdue"]
    for on, verdict in (("12", "met"), ("19", "met"), ("20", "breached")):
        assert days(Told(f"{REVISED}\n2026-01-{on} review of 1 {SIGNED}", AFTER), "XX-1", on) == [verdict]


def test_a_review_before_the_revised_assessment_does_not_answer_it() -> None:
    told = Told(REVISED.replace("2026-01-12", f"2026-01-11 review of 1 {SIGNED}\n2026-01-12"), AFTER)
    assert days(told, "XX-1", "20") == ["overdue"]


def test_the_first_assessment_asks_for_no_review() -> None:
    told = Told(f"2026-01-05 assessed reassessment\n{ADMITTED}\n2026-01-06 assessed addendum", AFTER)
    assert days(told, "XX-1", "06", "31") == ["not_applicable", "not_applicable"]


def test_a_review_still_missing_when_the_stay_ends_is_not_met_if_it_was_overdue() -> None:
    for last, verdicts in (("19", "not_applicable"), ("20", "not_applicable not_met")):
        told = Told(f"{REVISED}\n2026-01-{last} discharged completed", AFTER)
        assert days(told, "XX-1", "31") == [verdicts]


# --- a review before a planned discharge --------------------------------------------------------------------------


BEFORE = small_pack({"check": "review_before_discharge", "within": {"count": 14, "unit": "calendar_day"}})
REVIEWED = f"{ADMITTED}\n2026-01-07 plan 1 {SIGNED}\n2026-01-20 review of 1 {SIGNED}"


@pytest.mark.parametrize(("day", "verdicts"), [("02-03", "met"), ("02-04", "not_met")])
def test_a_planned_discharge_has_a_review_within_the_term_before(day: str, verdicts: str) -> None:
    told = Told(f"{REVIEWED}\n2026-{day} discharged completed", BEFORE)
    assert days(told, "XX-1", day) == [verdicts]


def test_a_discharge_that_was_not_planned_asks_for_no_review_before() -> None:
    told = Told(f"{REVIEWED}\n2026-03-04 discharged left_against_advice", BEFORE)
    assert days(told, "XX-1", "03-04", "03-10") == ["not_applicable", "not_applicable"]


def test_a_review_held_in_time_and_signed_after_the_discharge_ends_the_finding() -> None:
    late = f"{ADMITTED}\n2026-01-07 plan 1 {SIGNED}\n2026-01-20 review of 1 signed by c-ortiz@2026-02-05"
    told = Told(f"{late}\n2026-02-02 discharged completed", BEFORE)
    assert days(told, "XX-1", "02-04", "02-05") == ["not_applicable not_met", "not_applicable"]


# --- a summary of the end -----------------------------------------------------------------------------------------


FIVE_DAYS = {"count": 5, "unit": "working_day", "soon": 1}
SUMMARY = small_pack({"check": "summary_due", "ends": ["discharge", "transfer"], "within": FIVE_DAYS})
LEFT = f"{ADMITTED}\n2026-02-06 discharged completed"


def test_a_summary_is_due_five_working_days_after_the_discharge() -> None:
    told = Told(LEFT, SUMMARY)
    # Friday the 6th: the fifth working day after it is Friday the 13th
    assert days(told, "XX-1", "02-05", "02-06", "02-12", "02-13", "02-14", "03-31") == [
        "not_applicable", "not_applicable not_applicable", "due_soon not_applicable", "due_today not_applicable",
        "not_applicable overdue", "not_applicable overdue",
    ]  # fmt: skip


@pytest.mark.parametrize(("on", "verdict"), [("02-06", "met"), ("02-13", "met"), ("02-14", "breached")])
def test_a_summary_signed_on_the_last_day_is_in_time(on: str, verdict: str) -> None:
    told = Told(f"{LEFT}\n2026-{on} signed #2 by c-ortiz", SUMMARY)
    assert days(told, "XX-1", "02-20") == [f"{verdict} not_applicable" if verdict < "n" else verdict]


def test_a_summary_that_only_the_client_signed_is_owed() -> None:
    told = Told(f"{LEFT}\n2026-02-09 signed #2 by cl-7f3a", SUMMARY)
    assert days(told, "XX-1", "02-14") == ["not_applicable overdue"]


def test_a_summary_of_which_it_cannot_be_told_who_signed_it_is_unknown() -> None:
    pack = small_pack({"check": "summary_due", "within": FIVE_DAYS}, guidance=GUIDANCE)
    signed = f"{LEFT}\n2026-02-09 signed #2 by c-lee | {credentialed('c-lee', '2026-02-09', 'PhD')}"
    assert days(Told(signed, pack), "XX-1", "02-09", "03-09") == ["not_applicable unknown", "not_applicable unknown"]


def test_a_transfer_asks_for_a_summary_where_the_text_says_so() -> None:
    away = f"{ADMITTED}\n2026-02-06 transferred 2.1 to 1\n2026-03-02 transferred 1 to 2.1"
    told = Told(away, SUMMARY)
    assert days(told, "XX-1", "02-14") == ["not_applicable overdue"]
    assert days(told, "XX-1", "03-10") == ["not_applicable overdue"], "a return does not make up for it"
    only = small_pack({"check": "summary_due", "within": {"count": 5, "unit": "working_day"}})
    assert days(Told(away, only), "XX-1", "02-14") == ["not_applicable"]
    signed = Told(f"{away}\n2026-03-03 signed #2 by c-ortiz", SUMMARY)
    assert days(signed, "XX-1", "03-10") == ["breached not_applicable"]


# --- doubt, where a review counts once it is held -----------------------------------------------------------------


def test_a_review_that_counts_when_held_is_in_doubt_until_it_is_known_who_took_part() -> None:
    pack = PACK.changed("NE21-R1", counts_when="held")
    text = f"2026-01-05 admitted\n2026-01-07 plan 1 {SIGNED}\n"
    unstated = text + '2026-01-20 review of 1 signed by cl-7f3a@2026-01-25 | {"participants": []}'
    told = Told(unstated, pack)
    assert [str(told.one("R1", f"2026-01-{day}").due_on) for day in ("19", "20", "25")] == [
        "2026-02-06", "2026-02-19", "2026-02-19",
    ]  # fmt: skip
    assert "2026-02-06 if event 3 does not count" in told.one("R1", "2026-01-20").message
    assert told.one("R1", "2026-01-25").message == "next review due 2026-02-19"
