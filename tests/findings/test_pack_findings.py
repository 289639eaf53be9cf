"""What a pack cannot judge (PACK), editions of the criteria, both diagnoses (B4), discharge in the first plan (D2)."""

from __future__ import annotations

import json
from datetime import date

import pytest

from caretrail.events import Assessed, event_from, parse_event
from caretrail.findings import Finding
from caretrail.findings.chart.chart import chart_of
from caretrail.policy import policy_of
from tests.findings.text_history import LEE, ORTIZ, PACK, Told, line_to_event

BEGIN = "2026-01-02 assessed\n2026-01-05 admitted\n"
"""Events 1 and 2."""

FOURTH = '2026-01-05 admitted | {"edition": "asam-4"}\n'


def pack_findings(told: Told) -> list[Finding]:
    return [item for item in told.findings if item.rule == "PACK"]


def ends(last: str) -> Told:
    return Told(BEGIN, PACK.model_copy(update={"effective_to": date.fromisoformat(last)}))


def test_what_is_treatment_is_said_by_the_version_in_force_on_the_day() -> None:
    """Given a later version that treats in groups alone, then an individual session counts before it and not after."""
    update = {"name": "later", "supersedes": PACK.name, "effective_from": date(2026, 1, 10)}
    policy = policy_of([PACK, PACK.model_copy(update=update | {"treatment_services": frozenset({"group"})})])
    told = Told(BEGIN + "".join(f"2026-01-{day} session individual 09:00 60\n" for day in ("09", "12")))
    assert [session.day.day for session in chart_of(told.history, policy).attended] == [9]


# --- PACK ---------------------------------------------------------------------------------------------------------


def test_by_the_edition_of_the_pack_there_is_nothing_to_warn_of() -> None:
    assert pack_findings(Told(BEGIN)) == []


def test_a_stay_by_the_fourth_edition_is_unknown_beside_what_the_rules_say() -> None:
    """Given an admission to level 2.1 by the fourth edition, then that is said of the whole stay, deadlines run."""
    told = Told("2026-01-02 assessed\n" + FOURTH + "2026-03-01 discharged completed")
    (found,) = pack_findings(told)
    assert (found.verdict, found.cause, found.evidence) == ("unknown", "edition_mismatch", (2,))
    assert (str(found.start), str(found.until), found.owner) == ("2026-01-05", "2026-03-02", ORTIZ)
    assert (found.subject, found.pack) == ("stay of 2026-01-05", "ne-medicaid-2.1-adult")
    assert found.message == "level 2.1 by asam-4, judged by the asam-3 rules of ne-medicaid-2.1-adult"
    assert told.verdict("R1", "2026-02-05") == "overdue"


def test_only_the_stay_by_another_edition_is_warned_of() -> None:
    told = Told(
        BEGIN + "2026-01-20 transferred 2.1 to 2.5\n"
        '2026-02-10 transferred 2.5 to 2.1 | {"edition": "asam-4"}\n2026-02-20 discharged completed'
    )
    (found,) = pack_findings(told)
    assert (found.subject, str(found.start), str(found.until)) == ("stay of 2026-02-10", "2026-02-10", "2026-02-21")
    assert found.evidence == (4,)


def test_a_policy_that_runs_out_during_a_stay_judges_on_and_says_so_from_the_day_after() -> None:
    told = ends("2026-01-31")
    (found,) = pack_findings(told)
    assert (found.subject, found.verdict, found.cause) == ("version", "unknown", "pack_dates")
    assert (str(found.start), found.until, found.evidence, found.owner) == ("2026-02-01", None, (2,), ORTIZ)
    assert "in force until 2026-01-31" in found.message
    assert told.verdict("R1", "2026-02-05") == "overdue"


@pytest.mark.parametrize(("last", "warned"), [("2026-01-19", True), ("2026-01-20", False), ("2026-01-21", False)])
def test_a_policy_in_force_on_the_last_day_of_a_stay_is_in_force_for_all_of_it(last: str, warned: bool) -> None:
    expiring = PACK.model_copy(update={"effective_to": date.fromisoformat(last)})
    told = Told(BEGIN + "2026-01-20 discharged completed", expiring)
    assert [(str(item.start), str(item.until)) for item in pack_findings(told)] == (
        [("2026-01-20", "2026-01-21")] if warned else []
    )


def test_a_policy_that_ran_out_before_the_admission_judges_nothing() -> None:
    told = ends("2026-01-04")
    (found,) = told.findings
    assert (found.verdict, found.cause, found.evidence) == ("unknown", "pack_dates", (2,))
    assert found.message == "policy pack ne-medicaid-2.1-adult is not in force on 2026-01-05"
    assert told.eligible("2026-01-10").verdict == "unknown"


def test_a_missing_pack_and_another_population_name_the_admission_and_judge_nothing() -> None:
    (missing,) = Told(BEGIN, None).findings
    assert (missing.verdict, missing.cause, missing.evidence) == ("unknown", "pack_missing", (2,))
    assert "ne-medicaid-2.1-adult is not installed" in missing.message
    text = '2026-01-05 admitted | {"population": "adolescent"}\n2026-02-01 discharged completed'
    told = Told(text)
    (other,) = told.findings
    assert (other.verdict, other.cause, other.evidence) == ("unknown", "pack_population", (1,))
    assert (str(other.start), str(other.until)) == ("2026-01-05", "2026-02-02")
    assert [told.eligible(day).verdict for day in ("2026-02-01", "2026-02-02")] == ["unknown", "not_applicable"]


def test_a_corrected_population_is_judged_from_the_admission_on() -> None:
    told = Told('2026-01-05 admitted | {"population": "adolescent"}\n2026-01-09 corrected #1 | {"population": "adult"}')
    assert pack_findings(told) == []
    assert told.runs("B3") == ["met 2026-01-05 -"]


# --- editions -----------------------------------------------------------------------------------------------------

TOKENS = {
    "1.1": "0", "1.2": "ANY", "1.3": "EVAL", "2.1": "2", "2.2": "3A-BIO", "3.1": "3B-COE", "3.2": "4A-PSY",
    "4.1": "E", "4.2": "B", "5.1": "A", "5.2": "C", "5.3": "D", "6": None,
}  # fmt: skip
"""Ratings of the fourth edition, by subdimension; the sixth dimension has none."""


def fourth() -> str:
    dimensions = {key: {"rating": token, "meets_level": True} for key, token in TOKENS.items()}
    return f"2026-01-02 assessed | {json.dumps({'edition': 'asam-4', 'dimensions': dimensions})}\n"


def test_e49_ratings_of_the_fourth_edition_are_kept_token_by_token() -> None:
    made = event_from(line_to_event(fourth().strip()))
    again = parse_event(made.model_dump_json(by_alias=True, exclude_none=True))
    assert again == made
    assert isinstance(again, Assessed)
    assert {key: dimension.rating for key, dimension in again.dimensions.items()} == TOKENS


def test_e49_an_assessment_by_the_fourth_edition_is_not_read_as_one_by_the_third() -> None:
    """Given every subdimension meeting its level, then it is still unknown: nothing is mapped."""
    told = Told(fourth() + "2026-01-05 admitted")
    found = told.one("B2", "2026-01-05")
    assert (found.verdict, found.cause, found.evidence) == ("unknown", "edition_mismatch", (1, 2))
    assert found.message == "dimensions by asam-4, criteria by asam-3"
    assert told.eligible("2026-01-10").verdict == "unknown"
    assert told.verdict("B1", "2026-01-05") == "met"


def test_e49_an_addendum_by_another_edition_completes_nothing() -> None:
    """Given an assessment by the fourth edition, when one by the third follows, then that one is judged alone."""
    cured = Told(fourth() + "2026-01-05 admitted\n2026-01-12 assessed reassessment")
    assert cured.runs("B2") == ["unknown 2026-01-05 2026-01-12", "met 2026-01-12 -"]
    one = '{"dimensions": {"4": {"meets_level": true}}}'
    alone = Told(fourth() + f"2026-01-05 admitted\n2026-01-12 assessed addendum | {one}")
    assert alone.verdict("B2", "2026-01-12") == "unknown"
    assert alone.one("B2", "2026-01-12").cause == "admission_criteria_unknown"


# --- B4 -----------------------------------------------------------------------------------------------------------

ENHANCED = '2026-01-05 admitted | {"dual_diagnosis_enhanced": true}\n'


@pytest.mark.parametrize(
    ("assessment", "verdict", "cause"),
    [
        ("F10.20 F32.1", "met", ""),
        ("F11.20 F43.10", "met", ""),
        ("F10.20", "violation", "dual_diagnosis_missing"),
        ("F32.1", "violation", "dual_diagnosis_missing"),
        ("F10.20 F11.20", "violation", "dual_diagnosis_missing"),
        ("F10.20 Z59.0", "violation", "dual_diagnosis_missing"),
        ('| {"diagnoses": []}', "unknown", "diagnosis_missing"),
        ('F10.20 F32.1 | {"dsm": "DSM-5"}', "met", ""),
        ('F10.20 F32.1 | {"dsm": null}', "unknown", "dsm_missing"),
        ('F10.20 F32.1 | {"dsm": "DSM-IV-TR"}', "violation", "dual_diagnosis_missing"),
        ('F10.20 | {"dsm": null}', "violation", "dual_diagnosis_missing"),
    ],
)
def test_dual_diagnosis_enhanced_services_ask_for_both_diagnoses_by_a_current_dsm(
    assessment: str, verdict: str, cause: str
) -> None:
    found = Told(f"2026-01-02 assessed by {LEE} {assessment}\n" + ENHANCED).one("B4", "2026-01-05")
    assert (found.verdict, found.cause, found.evidence) == (verdict, cause, (1, 2))


def test_what_is_lacking_is_named() -> None:
    def message(codes: str) -> str:
        return Told(f"2026-01-02 assessed {codes}\n" + ENHANCED).one("B4", "2026-01-05").message

    assert message("F10.20") == "dual diagnosis enhanced, without a mental diagnosis by a current DSM"
    assert (
        message("Z59.0")
        == "dual diagnosis enhanced, without a substance-related and a mental diagnosis by a current DSM"
    )


def test_the_two_diagnoses_may_come_from_two_assessments() -> None:
    told = Told("2026-01-02 assessed F10.20\n" + ENHANCED + f"2026-01-12 assessed addendum by {LEE} F32.1")
    assert told.runs("B4") == ["violation 2026-01-05 2026-01-12", "met 2026-01-12 -"]
    assert told.one("B4", "2026-01-12").evidence == (1, 2, 3)
    assert told.one("B4", "2026-01-12").message == "F10.20 and F32.1"


def test_without_an_assessment_the_diagnoses_are_unknown() -> None:
    assert Told(ENHANCED).one("B4", "2026-01-05").cause == "assessment_missing"


@pytest.mark.parametrize("stated", ["false", "null"])
def test_other_services_need_no_mental_diagnosis(stated: str) -> None:
    told = Told(f'2026-01-02 assessed F10.20\n2026-01-05 admitted | {{"dual_diagnosis_enhanced": {stated}}}')
    assert told.runs("B4") == ["not_applicable 2026-01-05 -"]
    assert told.one("B4", "2026-01-05").message.endswith("as far as stated") is (stated == "null")


def test_the_diagnoses_are_asked_for_in_each_stay_and_not_elsewhere() -> None:
    told = Told(
        "2026-01-02 assessed F10.20\n" + ENHANCED + "2026-01-20 transferred 2.1 to 1\n"
        f"2026-02-02 assessed reassessment by {LEE} F10.20 F32.1\n2026-02-10 transferred 1 to 2.1\n2026-02-12 held\n"
        "2026-02-20 discharged terminated"
    )
    assert told.runs("B4") == [
        "violation 2026-01-05 2026-01-21",
        "not_applicable 2026-01-21 2026-02-10",
        "met 2026-02-10 2026-02-21",
        "not_applicable 2026-02-21 -",
    ]


# --- D2 -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("discharge", "verdict", "cause"),
    [("true", "met", ""), ("false", "info", "plan_incomplete"), ("null", "info", "plan_incomplete")],
)
def test_the_first_plan_includes_discharge(discharge: str, verdict: str, cause: str) -> None:
    sections = f'{{"sections": {{"discharge": {discharge}, "relapse_prevention": false, "supports": false}}}}'
    told = Told(BEGIN + f"2026-01-07 plan 1 signed by {ORTIZ} | {sections}")
    assert told.runs("D2")[0] == "not_applicable 2026-01-05 2026-01-07"
    found = told.one("D2", "2026-01-07")
    assert (found.verdict, found.cause, found.evidence) == (verdict, cause, (3,))
    assert "relapse" not in found.message


def test_a_later_plan_without_discharge_is_no_matter_of_the_first() -> None:
    """Given a first plan with discharge and a second without, then P2 says so and D2 does not."""
    told = Told(
        BEGIN + f"2026-01-07 plan 1 signed by {ORTIZ}\n"
        f'2026-01-20 plan 2 signed by {ORTIZ} | {{"sections": {{"discharge": false}}}}'
    )
    assert (told.verdict("D2", "2026-01-20"), told.verdict("P2", "2026-01-20")) == ("met", "violation")


def test_a_correction_of_the_first_plan_is_judged_instead_and_its_void_leaves_the_next_as_the_first() -> None:
    text = BEGIN + f'2026-01-07 plan 1 signed by {ORTIZ} | {{"sections": {{"discharge": false}}}}\n'
    text += f"2026-01-20 plan 2 signed by {ORTIZ}\n"
    good = '{"sections": {"discharge": true}}'
    assert Told(text + f"2026-01-25 corrected #3 | {good}").verdict("D2", "2026-01-07") == "met"
    voided = Told(text + "2026-01-25 voided #3")
    assert voided.runs("D2") == ["not_applicable 2026-01-05 2026-01-20", "met 2026-01-20 -"]


def test_the_first_plan_stays_the_first_on_return_and_is_not_asked_for_elsewhere() -> None:
    told = Told(
        BEGIN + f"2026-01-07 plan 1 signed by {ORTIZ}\n2026-01-20 transferred 2.1 to 1\n"
        f'2026-02-10 transferred 1 to 2.1\n2026-02-12 plan 2 signed by {ORTIZ} | {{"sections": {{"discharge": false}}}}'
    )
    assert told.runs("D2")[1:] == [
        "met 2026-01-07 2026-01-21",
        "not_applicable 2026-01-21 2026-02-10",
        "met 2026-02-10 -",
    ]
