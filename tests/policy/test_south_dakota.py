"""South Dakota: each rule of the pack from both sides of its boundary."""

from __future__ import annotations

import json
from typing import Any

import pytest

from caretrail.policy import Pack, load_pack
from caretrail.policy.rules.base import Rule
from tests.findings.text_history import GOOD, Told
from tests.support.packs import attested

DAKOTA = load_pack("sd-iop-2.1-adult")
TEAM = [
    {"id": "c-ortiz", "role": "clinician", "credential": "LAC"},
    {"id": "c-noor", "role": "clinician", "credential": "ACT"},
]
ADMITTED = f"2026-01-05 admitted | {json.dumps({'policy': DAKOTA.name, 'team': TEAM, 'schedule': None})}"
ASSESSED = "2026-01-05 assessed by c-ortiz LAC"
HOLDS = ("problems", "diagnosis", "goals", "objectives", "target_dates", "responsible_staff", "client_involvement")
SECTIONS = dict.fromkeys(HOLDS, True)


def plan(day: str, by: str = "signed by cl-7f3a, c-ortiz", **fields: Any) -> str:
    return f"2026-{day} plan 1 {by} | {json.dumps({'sections': SECTIONS, **fields})}"


def told(*lines: str, pack: Pack = DAKOTA) -> Told:
    return Told("\n".join([ADMITTED, *lines]), pack)


def verdicts(of: Told, rule: str, *days: str) -> list[str]:
    return [of.verdict(rule, f"2026-{day}") for day in days]


@pytest.mark.parametrize("rule", DAKOTA.rules.values(), ids=DAKOTA.rules)
def test_each_rule_of_south_dakota_cites_a_section_and_its_address(rule: Rule) -> None:
    assert rule.citation.startswith("Administrative Rules of South Dakota, article 67:61, 67:61:")
    assert (rule.url or "").startswith("https://")


def test_south_dakota_names_what_it_leaves_out() -> None:
    assert any("67:61:14:03" in left for left in DAKOTA.leaves_out)
    assert "weekly_hours" not in {rule.check for rule in DAKOTA.rules.values()}


# --- assessment and admission -------------------------------------------------------------------------------------


def test_south_dakota_the_plan_rests_on_an_assessment() -> None:
    assert verdicts(told(plan("01-07")), "SD21-A1", "01-06", "01-07", "01-08") == [
        "not_applicable", "due_today", "overdue",
    ]  # fmt: skip
    assert verdicts(told(ASSESSED, plan("01-07")), "SD21-A1", "01-07") == ["met"]
    assert verdicts(told(plan("01-07"), "2026-01-08 assessed"), "SD21-A1", "01-08") == ["breached"]


@pytest.mark.parametrize(("changes", "verdict"), [
    ({}, "met"),
    ({"1": {"problem": True, "meets_level": False}}, "violation"),
    ({"1": {"problem": True, "meets_level": True}}, "met"),
    ({"4": {"meets_level": False}, "5": {"meets_level": False}}, "met"),
    ({"4": {"meets_level": False}, "5": {"meets_level": False}, "6": {"meets_level": False}}, "violation"),
])  # fmt: skip
def test_south_dakota_the_first_three_dimensions_fit_and_one_of_the_others_needs_the_level(
    changes: dict[str, Any], verdict: str
) -> None:
    dimensions = {**GOOD, **{key: {**GOOD[key], **value} for key, value in changes.items()}}
    assessed = f"{ASSESSED} | {json.dumps({'dimensions': dimensions})}"
    assert verdicts(told(assessed), "SD21-B2", "01-05") == [verdict]


# --- plan ---------------------------------------------------------------------------------------------------------


def test_south_dakota_owes_a_plan_in_ten_days() -> None:
    assert verdicts(told(), "SD21-P1", "01-11", "01-12", "01-15", "01-16") == [
        "not_applicable", "due_soon", "due_today", "overdue",
    ]  # fmt: skip
    for day, verdict in (("01-15", "met"), ("01-16", "breached")):
        assert verdicts(told(plan(day)), "SD21-P1", day) == [verdict]


def test_south_dakota_a_trainee_may_make_the_plan_and_a_nurse_may_not() -> None:
    assert verdicts(told(plan("01-07", "signed by cl-7f3a, c-noor")), "SD21-P3", "01-07") == ["met"]
    assert verdicts(told(plan("01-07", "signed by cl-7f3a, c-ortiz")), "SD21-P3", "01-07") == ["met"]
    nurse = ADMITTED.replace('"LAC"', '"RN"')
    of = Told("\n".join([nurse, plan("01-07", "signed by cl-7f3a, c-ortiz")]), DAKOTA)
    assert verdicts(of, "SD21-P3", "01-07") == ["violation"]
    assert verdicts(of, "SD21-P1", "01-16") == ["overdue"], "nobody who may make a plan made this one"


@pytest.mark.parametrize("part", HOLDS)
def test_south_dakota_a_plan_holds_each_part_the_text_lists(part: str) -> None:
    assert verdicts(told(plan("01-07")), "SD21-P2", "01-07") == ["met"]
    lacking = told(plan("01-07", sections={**SECTIONS, part: False}))
    assert verdicts(lacking, "SD21-P2", "01-07") == ["violation"]
    assert part in lacking.one("SD21-P2", "2026-01-07").message
    assert verdicts(told(plan("01-07", sections={**SECTIONS, part: None})), "SD21-P2", "01-07") == ["unknown"]


# --- treatment ----------------------------------------------------------------------------------------------------


def test_south_dakota_asks_for_a_note_in_each_week_with_services() -> None:
    session = "2026-01-12 session group 09:00 180"
    for noted, verdict in (("true", "met"), ("false", "violation")):
        assert verdicts(told(f'{session} | {{"noted": {noted}}}'), "SD21-I1", "01-18") == [verdict]
    assert verdicts(told(session), "SD21-I1", "01-18") == ["unknown"]


def test_south_dakota_a_kind_of_counseling_that_was_not_given_is_information() -> None:
    given = [f"2026-01-07 session {service} 09:00 60" for service in ("individual", "group")]
    assert verdicts(told(*given), "SD21-I5", "02-01", "02-02") == ["not_applicable", "info"]
    assert verdicts(told(*given, "2026-02-02 session family 09:00 60"), "SD21-I5", "02-02") == ["met"]


# --- continued stay -----------------------------------------------------------------------------------------------


def determined(day: str, **criteria: bool | None) -> str:
    stated = dict.fromkeys(
        ("progressing", "goals_remain", "level_needed", "has_capacity", "actively_working", "new_problems",
         "treatable_here", "least_intensive"), False,
    ) | criteria  # fmt: skip
    return f"2026-{day} determined continue signed by c-ortiz | {json.dumps(stated)}"


@pytest.mark.parametrize(("criteria", "verdict"), [
    ({"progressing": True, "goals_remain": True}, "met"),
    ({"progressing": True}, "violation"),
    ({"has_capacity": True, "actively_working": True}, "met"),
    ({"has_capacity": True}, "violation"),
    ({"progressing": True, "has_capacity": True, "actively_working": True}, "violation"),
    ({"new_problems": True, "treatable_here": True, "level_needed": True, "least_intensive": True}, "met"),
    ({"new_problems": True, "treatable_here": True, "least_intensive": True}, "violation"),
])  # fmt: skip
def test_south_dakota_one_criterion_in_whole_supports_the_stay(criteria: dict[str, bool], verdict: str) -> None:
    assert verdicts(told(ASSESSED, determined("01-12", **criteria)), "SD21-C1", "01-12") == [verdict]


def test_south_dakota_a_new_problem_may_be_read_without_the_need_of_this_level() -> None:
    pack = DAKOTA.changed("SD21-C1", read_as="new_problem_treatable")
    new = determined("01-12", new_problems=True, treatable_here=True, least_intensive=True)
    assert verdicts(told(ASSESSED, new, pack=pack), "SD21-C1", "01-12") == ["met"]


def test_south_dakota_the_reasons_are_documented_every_fourteen_days() -> None:
    first = determined("01-12", progressing=True, goals_remain=True)
    of = told(ASSESSED, first)
    assert str(of.one("SD21-C1", "2026-01-12").due_on) == "2026-01-26"
    assert verdicts(of, "SD21-C1", "01-22", "01-23", "01-26", "01-27") == ["met", "due_soon", "due_today", "overdue"]
    again = determined("01-26", progressing=True, goals_remain=True)
    assert verdicts(told(ASSESSED, first, again), "SD21-C1", "01-27") == ["met"]


# --- ending -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["discharged left_against_advice", "transferred 2.1 to 1"])
def test_south_dakota_a_summary_is_signed_within_five_working_days_whatever_the_reason(end: str) -> None:
    left = f"2026-02-06 {end}"  # a Friday
    assert verdicts(told(left), "SD21-D1", "02-13", "02-14") == ["due_today not_applicable", "not_applicable overdue"]
    for day, verdict in (("02-13", "met not_applicable"), ("02-14", "breached not_applicable")):
        assert verdicts(told(left, f"2026-{day} signed #2 by c-noor"), "SD21-D1", day) == [verdict]
    assert verdicts(told(left, "2026-02-09 signed #2 by cl-7f3a"), "SD21-D1", "02-14") == ["not_applicable overdue"]


# --- the program --------------------------------------------------------------------------------------------------


def test_south_dakota_a_program_attests_crisis_intervention() -> None:
    assert attested(DAKOTA, "crisis_intervention") == {"SD21-S1": "met"}
    assert attested(DAKOTA, "license") == {"SD21-S1": "unknown"}
