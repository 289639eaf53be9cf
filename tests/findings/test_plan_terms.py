"""Terms and signers of plans that Nebraska does not have, and ranges with one side: each from both sides."""

from __future__ import annotations

from typing import Any

import pytest

from caretrail.errors import PackInvalid
from caretrail.policy import Pack, load_pack
from tests.findings.text_history import Told
from tests.support.packs import small_pack

ADMITTED = '2026-01-05 admitted | {"schedule": null}'
VISITS = {"count": 5, "unit": "visit"}
DAYS_21 = {"count": 21, "unit": "calendar_day", "soon": 5}
SIGNED = "signed by cl-7f3a, c-ortiz"


def said(told: Told, *days: str) -> list[str]:
    return [told.verdict("XX-1", f"2026-{day}") for day in days]


def sessions(*days: str) -> str:
    return "\n".join(f"2026-{day} session group 09:00 180" for day in days)


# --- when a plan is due -------------------------------------------------------------------------------------------


def plan_due(**fields: Any) -> Pack:
    return small_pack({"check": "plan_due", **fields})


def test_a_plan_by_five_visits_or_21_days_is_due_on_the_later_of_both() -> None:
    pack = plan_due(within=VISITS, or_later=DAYS_21)
    early = f"{ADMITTED}\n{sessions('01-06', '01-07', '01-08', '01-09', '01-12')}"
    assert said(Told(early, pack), "01-13", "01-20", "01-21", "01-26", "01-27") == [
        "not_applicable", "not_applicable", "due_soon", "due_today", "overdue",
    ]  # fmt: skip
    late = f"{ADMITTED}\n{sessions('01-06', '01-13', '01-20', '01-27', '02-03')}"
    assert said(Told(late, pack), "01-27", "02-03", "02-04") == ["not_applicable", "due_today", "overdue"]


def test_a_plan_by_five_visits_and_no_later_than_21_days_is_due_on_the_earlier() -> None:
    pack = plan_due(within=VISITS, cap=DAYS_21)
    late = f"{ADMITTED}\n{sessions('01-06', '01-13', '01-20', '01-27', '02-03')}"
    assert said(Told(late, pack), "01-26", "01-27") == ["due_today", "overdue"]


def test_without_enough_visits_nobody_knows_yet_which_day_is_the_later() -> None:
    told = Told(f"{ADMITTED}\n{sessions('01-06')}", plan_due(within=VISITS, or_later=DAYS_21))
    assert said(told, "01-26", "03-01") == ["not_applicable", "not_applicable"]
    assert told.one("XX-1", "2026-03-01").due_on is None


def test_a_term_from_the_first_session_does_not_run_before_it() -> None:
    pack = plan_due(within={"count": 10, "unit": "calendar_day"}, trigger="first_session")
    assert said(Told(ADMITTED, pack), "03-01") == ["not_applicable"]
    told = Told(f"{ADMITTED}\n{sessions('01-12')}", pack)
    assert said(told, "01-11", "01-22", "01-23") == ["not_applicable", "due_today", "overdue"]


def test_a_term_from_the_assessment_runs_from_the_admission_if_that_is_later() -> None:
    pack = plan_due(within={"count": 7, "unit": "working_day"}, trigger="assessment")
    assert said(Told(ADMITTED, pack), "03-01") == ["not_applicable"]
    told = Told(f"{ADMITTED}\n2026-01-09 assessed", pack)
    assert said(told, "01-08", "01-20", "01-21") == ["not_applicable", "due_today", "overdue"]
    assert said(Told(f"2025-12-01 assessed\n{ADMITTED}", pack), "01-14", "01-15") == ["due_today", "overdue"]


def test_a_comprehensive_plan_is_there_once_a_plan_says_that_it_is_one() -> None:
    pack = plan_due(within={"count": 30, "unit": "calendar_day"}, scope="comprehensive")
    for scope, verdict in (('"comprehensive"', "met"), ('"initial"', "not_applicable"), ("null", "unknown")):
        told = Told(f'{ADMITTED}\n2026-01-07 plan 1 {SIGNED} | {{"scope": {scope}}}', pack)
        assert said(told, "01-07") == [verdict]
    initial = Told(f'{ADMITTED}\n2026-01-07 plan 1 {SIGNED} | {{"scope": "initial"}}', pack)
    assert said(initial, "02-04", "02-05") == ["due_today", "overdue"]


# --- who signs it -------------------------------------------------------------------------------------------------


def signed_by(*signers: object) -> Pack:
    return small_pack({"check": "plan_signatures", "signers": list(signers), "documents": "plans"})


def test_one_of_several_signers_is_enough_and_none_is_told_with_all_of_them() -> None:
    pack = signed_by(["credential:LADC", "credential:LIMHP"])
    for who in ("c-ortiz", "c-lee"):
        assert said(Told(f"{ADMITTED}\n2026-01-07 plan 1 signed by {who}", pack), "01-07") == ["met"]
    told = Told(f"{ADMITTED}\n2026-01-07 plan 1 signed by cl-7f3a", pack)
    assert told.one("XX-1", "2026-01-07").message == "plan 1: no LADC or LIMHP has signed"


@pytest.mark.parametrize(("credential", "verdict"), [("LPC", "met"), ("l.p.c.", "met"), ("LCSW", "violation")])
def test_where_one_license_must_sign_another_that_gives_guidance_does_not_do(credential: str, verdict: str) -> None:
    """Given guidance by several licenses, then the one the rule names is read in its spellings, and alone."""
    rule = {"check": "plan_signatures", "signers": ["credential:LPC"], "documents": "plans"}
    pack = small_pack(rule, guidance={"credentials": ["LPC", "LCSW"]})
    who = f'"signer": "c-x", "role": "clinician", "credential": "{credential}"'
    signed = f'{{{who}, "signed_on": "2026-01-07", "method": "paper", "meaning": "review"}}'
    told = Told(f'{ADMITTED}\n2026-01-07 plan 1 signed by c-x | {{"signatures": [{signed}]}}', pack)
    assert said(told, "01-07") == [verdict]


def test_the_client_or_a_role_may_be_the_several() -> None:
    pack = signed_by(["client", "role:supervisor"])
    told = Told(f"{ADMITTED}\n2026-01-07 plan 1 signed by c-ortiz", pack)
    assert told.one("XX-1", "2026-01-07").message == "plan 1: none of cl-7f3a, supervisor has signed"
    assert said(Told(f"{ADMITTED}\n2026-01-07 plan 1 signed by cl-7f3a", pack), "01-07") == ["met"]


def test_everyone_who_made_the_plan_signs_it_where_participants_must() -> None:
    made = '2026-01-07 plan 1 signed by c-ortiz | {"performed_by": [{"id": "c-ortiz"}, {"id": "c-noor"}]}'
    told = Told(f"{ADMITTED}\n{made}", signed_by("participants"))
    assert [item.ruling.signer for item in told.on("XX-1", "2026-01-07")] == ["c-noor"]
    assert said(Told(f"{ADMITTED}\n{made}\n2026-01-08 signed #2 by c-noor", signed_by("participants")), "01-08") == [
        "met"
    ]


def test_the_case_owner_of_the_day_signs_and_without_one_it_is_unknown() -> None:
    handed = f"{ADMITTED}\n2026-01-06 team carries c-lee\n2026-01-07 plan 1 signed by c-ortiz"
    assert [item.ruling.signer for item in Told(handed, signed_by("case_owner")).on("XX-1", "2026-01-07")] == ["c-lee"]
    nobody = '2026-01-05 admitted | {"clinician": null}\n2026-01-07 plan 1 signed by c-ortiz'
    assert said(Told(nobody, signed_by("case_owner")), "01-07") == ["unknown"]


@pytest.mark.parametrize(("in_lieu", "runs"), [
    (["declined"], ["violation 2026-01-20 2026-01-22"]),
    ([], ["violation 2026-01-20 2026-01-22", "breached 2026-01-22 -"]),
])  # fmt: skip
def test_who_leaves_and_refuses_the_plan_that_came_of_an_update_owes_it_where_no_refusal_is_taken(
    in_lieu: list[str], runs: list[str]
) -> None:
    """Given c-lee, who did not sign an update, when they leave on the day of its plan and refuse that before a witness,
    then a pack that takes no refusal keeps the missing signature as history.
    """
    pack = small_pack(
        {"check": "plan_signatures", "signers": ["team"], "documents": "plans_and_updates", "in_lieu": in_lieu},
        guidance={"credentials": ["LADC", "LIMHP"]},
    )
    told = Told(
        f"{ADMITTED}\n2026-01-07 plan 1 {SIGNED}, c-lee\n2026-01-20 review of 1 {SIGNED}\n2026-01-22 team - c-lee\n"
        f"2026-01-22 plan 2 {SIGNED}; declined c-lee before c-diaz",
        pack,
    )
    assert told.runs("XX-1", "review of 2026-01-20: c-lee") == runs


# --- one side of a range ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("fields", "size", "verdict"), [
    ({"most": 12}, 12, "met"), ({"most": 12}, 13, "violation"), ({"most": 12}, 1, "met"),
    ({"least": 3}, 3, "met"), ({"least": 3}, 2, "violation"), ({"least": 3}, 400, "met"),
])  # fmt: skip
def test_a_group_may_have_a_most_alone_or_a_least_alone(fields: dict[str, int], size: int, verdict: str) -> None:
    pack = small_pack({"check": "group_size", **fields})
    told = Told(f"{ADMITTED}\n2026-01-07 session group 09:00 180 size {size}", pack)
    assert said(told, "01-07") == [verdict]
    if verdict == "violation":
        side = "at most 12" if "most" in fields else "at least 3"
        assert told.one("XX-1", "2026-01-07").message == f"group of 2026-01-07 09:00: {size} clients, {side} allowed"


@pytest.mark.parametrize(("fields", "days", "verdict"), [
    ({"most": 3, "above": "violation"}, 3, "met"), ({"most": 3, "above": "violation"}, 4, "violation"),
    ({"least": 3}, 3, "met"), ({"least": 3}, 7, "met"),
])  # fmt: skip
def test_days_a_week_may_have_a_most_alone_or_a_least_alone(fields: dict[str, Any], days: int, verdict: str) -> None:
    week = sessions(*(f"01-{11 + number}" for number in range(days)))
    assert said(Told(f"{ADMITTED}\n{week}", small_pack({"check": "weekly_days", **fields})), "01-18") == [verdict]


@pytest.mark.parametrize("check", ["group_size", "weekly_days", "service_day"])
def test_a_range_without_any_side_is_refused(check: str) -> None:
    with pytest.raises(PackInvalid, match="say least, most, or both"):
        small_pack({"check": check})


# --- the pack -----------------------------------------------------------------------------------------------------


def test_a_pack_for_any_population_judges_adolescents_and_adults_alike() -> None:
    rule = {"check": "length_of_stay"}
    for population in ("adult", "adolescent"):
        admitted = f'2026-01-05 admitted | {{"population": "{population}"}}'
        assert said(Told(admitted, small_pack(rule, population="any")), "01-05") == ["met"]
    young = '2026-01-05 admitted | {"population": "adolescent"}'
    assert Told(young, small_pack(rule)).verdict("PACK", "2026-01-05") == "unknown"


def test_a_rule_is_cited_by_its_own_document_where_it_has_one() -> None:
    other = {"check": "length_of_stay", "section": "9", "document": "Licensing Code 56"}
    pack = small_pack({"check": "no_contact", "after": {"count": 14, "unit": "calendar_day"}}, other)
    assert [rule.citation for rule in pack.rules.values()] == ["Code 12-34, 1", "Licensing Code 56, 9"]
    assert load_pack("sd-iop-2.1-adult").rules["SD21-P1"].citation.endswith("article 67:61, 67:61:07:06")
