"""Virginia: each rule of the pack from both sides of its boundary."""

from __future__ import annotations

import json
from typing import Any

import pytest

from caretrail.policy import Pack, load_pack
from caretrail.policy.rules.base import Rule
from caretrail.tokens import AttestationKind
from tests.findings.text_history import Told
from tests.support.packs import attested

VIRGINIA = load_pack("va-medicaid-2.1-adult")
TEAM = [
    {"id": "c-ortiz", "role": "clinician", "credential": "LPC"},
    {"id": "c-noor", "role": "clinician", "credential": "CSAC"},
]
SCHEDULE = {"minutes_per_week": 540, "days_per_week": 6}
ADMITTED = f"2026-01-05 admitted | {json.dumps({'policy': VIRGINIA.name, 'team': TEAM, 'schedule': SCHEDULE})}"
SECTIONS = dict.fromkeys(
    ("goals", "objectives", "strategies", "services", "safety", "crisis", "target_dates", "responsible_staff"), True
)
BOTH = "signed by cl-7f3a, c-ortiz"


def plan(day: str, version: int = 1, scope: str | None = "comprehensive", by: str = BOTH, **fields: Any) -> str:
    stated = {"sections": SECTIONS, "scope": scope, **fields}
    return f"2026-{day} plan {version} {by} | {json.dumps(stated)}"


def told(*lines: str, pack: Pack = VIRGINIA) -> Told:
    return Told("\n".join([ADMITTED, *lines]), pack)


def verdicts(of: Told, rule: str, *days: str) -> list[str]:
    return [of.verdict(rule, f"2026-{day}") for day in days]


# --- the pack -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", VIRGINIA.rules.values(), ids=VIRGINIA.rules)
def test_each_rule_of_virginia_cites_a_section_and_its_address(rule: Rule) -> None:
    assert rule.citation.startswith("Virginia Administrative Code, 12VAC")
    assert (rule.url or "").startswith("http")


def test_virginia_names_what_it_leaves_out() -> None:
    assert any("continued stay is not judged" in left for left in VIRGINIA.leaves_out)
    assert "continued_stay" not in {rule.check for rule in VIRGINIA.rules.values()}


# --- assessment ---------------------------------------------------------------------------------------------------


def test_virginia_an_assessment_comes_before_treatment() -> None:
    session = "2026-01-06 session group 09:00 180"
    assert verdicts(told("2026-01-06 assessed by c-ortiz LPC", session), "VA21-A1", "01-06") == ["met"]
    assert verdicts(told(session, "2026-01-07 assessed by c-ortiz LPC"), "VA21-A1", "01-06") != ["met"]


@pytest.mark.parametrize(("credential", "verdict"), [("LPC", "met"), ("CSAC", "met"), ("RN", "violation")])
def test_virginia_a_professional_or_a_counselor_under_supervision_assesses(credential: str, verdict: str) -> None:
    assert verdicts(told(f"2026-01-05 assessed by c-who {credential}"), "VA21-A2", "01-05") == [verdict]


def test_virginia_a_counselors_assessment_is_signed_within_three_business_days() -> None:
    assessed = "2026-01-08 assessed by c-noor CSAC"  # a Thursday
    assert verdicts(told(assessed), "VA21-A3", "01-12", "01-13", "01-14") == ["due_soon", "due_today", "overdue"]
    for day, verdict in (("01-13", "met"), ("01-14", "breached")):
        assert verdicts(told(assessed, f"2026-{day} signed #2 by c-ortiz"), "VA21-A3", day) == [verdict]
    assert verdicts(told(assessed, "2026-01-09 signed #2 by c-noor"), "VA21-A3", "01-14") == ["overdue"]
    assert verdicts(told("2026-01-08 assessed by c-ortiz LPC"), "VA21-A3", "01-14") == ["not_applicable"]


# --- plan ---------------------------------------------------------------------------------------------------------


def test_virginia_owes_an_initial_plan_the_day_after_the_admission() -> None:
    assert verdicts(told(), "VA21-P1", "01-05", "01-06", "01-07") == ["not_applicable", "due_today", "overdue"]
    assert verdicts(told(plan("01-06", scope="initial")), "VA21-P1", "01-06") == ["met"]
    assert verdicts(told(plan("01-07", scope="initial")), "VA21-P1", "01-07") == ["breached"]
    assert verdicts(told(plan("01-06", scope=None)), "VA21-P1", "01-06") == ["met"]
    assert verdicts(told(plan("01-06")), "VA21-P1", "01-06") == ["met"], "the whole plan is more than the initial one"


def test_virginia_a_counselor_may_sign_a_plan_and_not_the_assessment_alone() -> None:
    by_counselor = plan("01-06", scope="initial", by="signed by cl-7f3a, c-noor")
    assert verdicts(told(by_counselor), "VA21-P1", "01-06") == ["met"], "no text asks for more than who is responsible"
    doubtful = "2026-01-08 assessed by c-noor CSAC\n2026-01-09 signed #2 by md-x"
    assert verdicts(told(doubtful), "VA21-A3", "01-09", "01-14") == ["unknown", "unknown"]


def test_virginia_owes_a_comprehensive_plan_in_thirty_days_beside_the_initial_one() -> None:
    initial = plan("01-05", scope="initial")
    assert verdicts(told(initial), "VA21-P2", "01-27", "01-28", "02-04", "02-05") == [
        "not_applicable", "due_soon", "due_today", "overdue",
    ]  # fmt: skip
    for day, verdict in (("02-04", "met"), ("02-05", "breached")):
        assert verdicts(told(initial, plan(day, 2)), "VA21-P2", day) == [verdict]


def test_virginia_a_plan_that_does_not_say_its_scope_leaves_open_whether_it_is_comprehensive() -> None:
    assert verdicts(told(plan("01-20", scope=None)), "VA21-P2", "01-20", "02-05") == ["unknown", "unknown"]
    later = told(plan("01-20", scope=None), plan("02-10", 2))
    assert verdicts(later, "VA21-P2", "02-05", "02-10") == ["unknown", "breached"]


def test_virginia_a_plan_is_implemented_once_it_takes_effect() -> None:
    late = plan("02-04", effective_on="2026-02-05")
    assert verdicts(told(late), "VA21-P2", "02-04", "02-05") == ["due_today", "breached"]
    signed = VIRGINIA.changed("VA21-P2", there_when="signed")
    assert verdicts(told(late, pack=signed), "VA21-P2", "02-04") == ["met"]


def test_virginia_the_client_and_the_case_owner_sign_the_plan() -> None:
    assert verdicts(told(plan("01-20")), "VA21-P3", "01-20") == ["met"]
    owed = told(plan("01-20", by="signed by cl-7f3a, c-noor"))
    assert [item.ruling.signer for item in owed.on("VA21-P3", "2026-01-20")] == ["c-ortiz"]
    owed = told(plan("01-20", by="signed by c-ortiz"))
    assert [item.ruling.signer for item in owed.on("VA21-P3", "2026-01-20")] == ["cl-7f3a"]


def test_virginia_a_guardian_signs_for_the_client_and_nothing_stands_in_lieu() -> None:
    guardian = plan("01-20", by="signed by g-ma, c-ortiz").replace("{", '{"x": 0, ', 0)
    assert verdicts(told(guardian), "VA21-P3", "01-20") == ["met"]
    declined = plan("01-20", by="signed by c-ortiz; declined cl-7f3a before c-noor")
    assert verdicts(told(declined), "VA21-P3", "01-20") == ["violation"]


def test_virginia_a_comprehensive_plan_holds_what_the_text_lists() -> None:
    assert verdicts(told(plan("01-20")), "VA21-P4", "01-20") == ["met"]
    assert verdicts(told(plan("01-20", sections={**SECTIONS, "safety": False})), "VA21-P4", "01-20") == ["violation"]
    assert verdicts(told(plan("01-20", sections={**SECTIONS, "safety": None})), "VA21-P4", "01-20") == ["unknown"]


def test_virginia_a_crisis_plan_is_asked_for_if_applicable() -> None:
    assert verdicts(told(plan("01-20", sections={**SECTIONS, "crisis": False})), "VA21-P4", "01-20") == ["met"]
    assert verdicts(told(plan("01-20", sections={**SECTIONS, "crisis": None})), "VA21-P4", "01-20") == ["unknown"]


def test_virginia_goals_with_days_are_goals_with_target_dates() -> None:
    unsaid = {**SECTIONS, "goals": None, "target_dates": None}
    dated = [{"id": "g1", "target_on": "2026-03-01"}]
    assert verdicts(told(plan("01-20", sections=unsaid, goals=dated)), "VA21-P4", "01-20") == ["met"]
    assert verdicts(told(plan("01-20", sections=unsaid, goals=[{"id": "g1"}])), "VA21-P4", "01-20") == ["violation"]


def test_virginia_an_initial_plan_holds_only_what_is_immediate() -> None:
    bare = plan("01-05", scope="initial", sections={"safety": False})
    assert verdicts(told(bare), "VA21-P4", "01-10") == ["not_applicable"]


# --- review -------------------------------------------------------------------------------------------------------


PLANNED = plan("01-20")


def due(of: Told, day: str) -> str:
    return str(of.one("VA21-R1", f"2026-{day}").due_on)


def test_virginia_reviews_every_three_months_from_the_day_of_the_comprehensive_plan() -> None:
    of = told(plan("01-05", scope="initial"), plan("01-20", 2))
    assert due(of, "02-01") == "2026-04-20"
    assert verdicts(of, "VA21-R1", "04-05", "04-06", "04-20", "04-21") == ["met", "due_soon", "due_today", "overdue"]


def test_virginia_an_early_review_does_not_move_the_quarters() -> None:
    assert due(told(PLANNED, f"2026-03-10 review of 1 {BOTH}"), "03-11") == "2026-07-20"
    rolling = VIRGINIA.changed("VA21-R1", series="rolling")
    assert due(told(PLANNED, f"2026-03-10 review of 1 {BOTH}", pack=rolling), "03-11") == "2026-06-10"


def test_virginia_a_review_is_done_once_it_is_held_and_documented_within_fifteen_days_of_its_due_day() -> None:
    held = "2026-04-20 review of 1 signed by c-ortiz@"
    for signed, verdict in (("2026-05-05", "met"), ("2026-05-06", "breached")):
        of = told(PLANNED, f"{held}{signed}")
        assert verdicts(of, "VA21-R1", "04-21") == ["met"]
        assert verdicts(of, "VA21-R4", signed.removeprefix("2026-")) == [verdict]
    of = told(PLANNED, f"{held}2026-06-01")
    assert verdicts(of, "VA21-R4", "04-29", "04-30", "05-05", "05-06") == [
        "not_applicable", "due_soon", "due_today", "overdue",
    ]  # fmt: skip


def test_virginia_a_gap_of_more_than_three_months_is_on_record() -> None:
    for day, gap in (("04-20", False), ("04-21", True)):
        of = told(PLANNED, f"2026-{day} review of 1 {BOTH}")
        assert bool([item for item in of.all("VA21-R3") if item.cause == "review_gap"]) is gap


def test_virginia_a_revised_assessment_asks_for_a_review() -> None:
    revised = "2026-02-02 assessed reassessment by c-ortiz LPC"
    assert verdicts(told(PLANNED, revised), "VA21-R2", "02-06", "02-09", "02-10") == [
        "due_soon", "due_today", "overdue",
    ]  # fmt: skip
    reviewed = told(PLANNED, revised, f"2026-02-09 review of 1 {BOTH}")
    assert verdicts(reviewed, "VA21-R2", "02-09", "02-20") == ["met", "met"]


# --- treatment ----------------------------------------------------------------------------------------------------


def week(*minutes: int) -> list[str]:
    """Sessions from Sunday the 11th on."""
    return [f"2026-01-{11 + number} session group 09:00 {length}" for number, length in enumerate(minutes)]


@pytest.mark.parametrize(("minutes", "verdict"), [
    ((180, 180, 180), "met"), ((180, 180, 179), "violation"),
    ((240, 240, 240, 240, 180), "met"), ((240, 240, 240, 240, 181), "violation"),
])  # fmt: skip
def test_virginia_offers_nine_to_nineteen_hours_a_week(minutes: tuple[int, ...], verdict: str) -> None:
    canceled = "2026-01-16 missed group 18:00 60 cause program"  # so that nothing of the schedule is left open
    assert verdicts(told(*week(*minutes), canceled), "VA21-I1", "01-18") == [verdict]


def test_virginia_offers_three_hours_on_each_service_day() -> None:
    assert verdicts(told(*week(180)), "VA21-I2", "01-12") == ["met"]
    assert verdicts(told(*week(179)), "VA21-I2", "01-12") == ["violation"]


# --- the rest -----------------------------------------------------------------------------------------------------


def test_virginia_asks_for_an_authorization_that_covers_the_day() -> None:
    given = "2026-01-05 authorized 2026-01-05 to 2026-02-05 30 day"
    assert verdicts(told(given), "VA21-U1", "01-10", "01-28", "01-29", "02-05", "02-06") == [
        "met", "met", "due_soon", "due_today", "violation",
    ]  # fmt: skip
    renewed = told(
        given, given.replace("2026-01-05 to 2026-02-05", "2026-02-06 to 2026-03-06").replace("01-05", "02-01")
    )
    assert verdicts(renewed, "VA21-U1", "02-06") == ["met"]


def test_virginia_an_authorization_that_is_not_on_record_or_not_decided_is_unknown_and_one_denied_is_not() -> None:
    asked = "2026-01-06 authorized 2026-01-05 to 2026-02-05 30 day"
    assert verdicts(told(), "VA21-U1", "01-05") == ["unknown"]
    assert verdicts(told(f'{asked} | {{"status": "requested"}}'), "VA21-U1", "01-06") == ["unknown"]
    assert verdicts(told(f'{asked} | {{"status": "denied"}}'), "VA21-U1", "01-06") == ["violation"]


def test_virginia_an_authorization_used_up_is_told_and_one_exceeded_is_a_violation() -> None:
    given = "2026-01-05 authorized 2026-01-05 to 2026-02-05 2 day"
    sessions = [f"2026-01-{day:02} session group 09:00 180" for day in (6, 7, 8)]
    assert verdicts(told(given, *sessions), "VA21-U1", "01-06", "01-07", "01-08") == ["met", "info", "violation"]


def test_virginia_a_discharge_summary_is_signed_within_thirty_days() -> None:
    left = "2026-02-02 discharged completed"
    assert verdicts(told(left), "VA21-D1", "03-04", "03-05") == ["due_today not_applicable", "not_applicable overdue"]
    for day, verdict in (("03-04", "met not_applicable"), ("03-05", "breached not_applicable")):
        assert verdicts(told(left, f"2026-{day} signed #2 by c-ortiz"), "VA21-D1", day) == [verdict]
    assert verdicts(told(left, "2026-02-03 signed #2 by cl-7f3a"), "VA21-D1", "03-05") == ["not_applicable overdue"]


def test_virginia_treatment_is_by_credentialed_staff() -> None:
    for credential, verdict in (("LCSW", "met"), ("CSAC", "met"), ("RN", "violation")):
        of = told(f"2026-01-06 session group 09:00 180 by c-who {credential}")
        assert verdicts(of, "VA21-S1", "01-06") == [verdict]


def test_virginia_a_program_attests_its_license_its_emergency_line_and_its_consultation() -> None:
    kinds: dict[str, AttestationKind] = {
        "VA21-S2": "access_24_7",
        "VA21-S3": "license",
        "VA21-S4": "medical_consultation",
    }
    for rule, kind in kinds.items():
        assert attested(VIRGINIA, kind) == {**dict.fromkeys(kinds, "unknown"), rule: "met"}
