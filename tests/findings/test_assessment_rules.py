"""Assessment and admission: before treatment (A1), prior assessments (A3), referral (A5), criteria (B1, B2, B3)."""

from __future__ import annotations

import json

import pytest

from tests.findings.text_history import GOOD, PACK, Told

ADMITTED = "2026-01-05 admitted"


def chart(*lines: str) -> Told:
    return Told("\n".join(lines))


# --- A1 -----------------------------------------------------------------------------------------------------------


def test_an_assessment_before_the_first_session_is_met() -> None:
    told = chart("2026-01-02 assessed", ADMITTED, "2026-01-05 session group 09:00 180")
    assert told.verdict("A1", "2026-01-05") == "met"


def test_the_cause_of_a_missing_assessment_is_another_than_that_of_a_late_one() -> None:
    told = chart(ADMITTED, "2026-01-07 session group 09:00 180", "2026-01-09 assessed")
    assert told.one("A1", "2026-01-08").cause == "assessment_missing"
    assert told.one("A1", "2026-01-15").cause == "assessment_after_treatment"


def test_e17_an_assessment_on_the_day_of_the_first_session_is_in_time_unless_the_hours_contradict() -> None:
    session = "2026-01-05 session group 09:00 180"
    assert chart("2026-01-05 assessed", ADMITTED, session).verdict("A1", "2026-01-05") == "met"
    assert chart("2026-01-05 assessed at 08:00", ADMITTED, session).verdict("A1", "2026-01-05") == "met"
    late = chart("2026-01-05 assessed at 13:00", ADMITTED, session)
    assert late.one("A1", "2026-01-05").cause == "assessment_after_treatment"
    strict = Told("\n".join(("2026-01-05 assessed", ADMITTED, session)), PACK.changed("NE21-A1", same_day="strict"))
    assert strict.one("A1", "2026-01-05").cause == "assessment_after_treatment"


def test_treatment_that_began_before_the_admission_is_judged_from_then() -> None:
    told = chart("2026-01-02 session group 09:00 180", ADMITTED, "2026-01-08 assessed")
    assert told.runs("A1")[:2] == ["due_today 2026-01-02 2026-01-03", "overdue 2026-01-03 2026-01-08"]
    assert chart("2026-01-02 session group 09:00 180").verdict("A1", "2026-01-03") == "overdue"


def test_before_the_admission_nothing_else_is_said() -> None:
    told = chart("2026-01-01 assessed", "2026-01-02 session group 09:00 180", ADMITTED)
    assert [item.rule for item in told.findings if str(item.start) < "2026-01-05"] == ["NE21-A1", "NE21-A6"]
    assert told.stays()[0].start.isoformat() == "2026-01-05"
    assert told.eligible("2026-01-04").verdict == "not_applicable"


def test_an_assessment_never_made_is_not_met_when_the_stay_ends() -> None:
    told = chart(ADMITTED, "2026-01-07 session group 09:00 180", "2026-01-20 discharged left_against_advice")
    assert told.runs("A1") == [
        "not_applicable 2026-01-05 2026-01-07",
        "due_today 2026-01-07 2026-01-08",
        "overdue 2026-01-08 2026-01-20",
        "not_met 2026-01-20 -",
        "not_applicable 2026-01-21 -",
    ]


def test_e16_a_late_entry_of_an_assessment_counts_by_its_clinical_day() -> None:
    told = chart(ADMITTED, "2026-01-07 session group 09:00 180", "2026-01-02 assessed")
    assert told.verdict("A1", "2026-01-08") == "met"


def test_an_addendum_to_nothing_is_no_assessment() -> None:
    told = chart("2026-01-02 assessed addendum", ADMITTED, "2026-01-05 session group 09:00 180")
    assert told.verdict("A1", "2026-01-06") == "overdue"


def test_another_service_is_no_treatment() -> None:
    told = chart(ADMITTED, "2026-01-07 session other 09:00 60")
    assert told.verdict("A1", "2026-01-08") == "not_applicable"


# --- A3 -----------------------------------------------------------------------------------------------------------


def test_a_complete_prior_assessment_serves_as_the_admission_assessment() -> None:
    told = chart("2026-01-02 assessed prior_accepted", ADMITTED, "2026-01-05 session group 09:00 180")
    assert told.verdict("A3", "2026-01-05") == "met"
    assert told.verdict("A1", "2026-01-05") == "met"


@pytest.mark.parametrize("part", ["relevant", "current_diagnosis", "level_recommendation", "discharge_plan"])
def test_e15_a_prior_assessment_that_lacks_a_part_needs_an_addendum(part: str) -> None:
    told = chart(
        f'2026-01-02 assessed prior_accepted | {{"{part}": false}}',
        ADMITTED,
        "2026-01-05 session group 09:00 180",
        f'2026-01-09 assessed addendum | {{"{part}": true}}',
    )
    assert told.runs("A3") == ["violation 2026-01-05 2026-01-09", "met 2026-01-09 -"]
    assert part in told.one("A3", "2026-01-08").message
    assert told.runs("A1") == [
        "due_today 2026-01-05 2026-01-06",
        "overdue 2026-01-06 2026-01-09",
        "violation 2026-01-09 2026-01-16",
        "breached 2026-01-16 -",
    ]


@pytest.mark.parametrize("part", ["relevant", "current_diagnosis", "level_recommendation", "discharge_plan"])
def test_e50_a_part_not_stated_is_unknown_and_named(part: str) -> None:
    told = chart(
        f'2026-01-02 assessed prior_accepted | {{"{part}": null, "diagnoses": []}}',
        ADMITTED,
        "2026-01-05 session group 09:00 180",
    )
    assert told.verdict("A3", "2026-01-05") == "unknown"
    assert part in told.one("A3", "2026-01-05").message
    assert told.verdict("A1", "2026-01-05") == "unknown"


def test_without_a_prior_assessment_the_rule_does_not_apply() -> None:
    assert chart("2026-01-02 assessed", ADMITTED).verdict("A3", "2026-01-05") == "not_applicable"


# --- A5 -----------------------------------------------------------------------------------------------------------


def test_an_ladc_who_suspects_and_does_not_refer_is_a_violation_until_a_referral() -> None:
    told = chart("2026-01-02 assessed suspected", ADMITTED, "2026-01-12 assessed reassessment suspected referred c-lee")
    assert told.runs("A5") == ["violation 2026-01-05 2026-01-12", "met 2026-01-12 -"]


def test_a_referral_acts_from_its_own_day() -> None:
    referral = '{"referral": {"to": "c-lee", "credential": "LIMHP", "on": "2026-01-20"}}'
    told = chart(f"2026-01-02 assessed suspected | {referral}", ADMITTED)
    assert told.runs("A5") == ["violation 2026-01-05 2026-01-20", "met 2026-01-20 -"]


def test_a_referral_to_another_ladc_is_none() -> None:
    referral = '{"referral": {"to": "c-noor", "credential": "PLADC", "on": "2026-01-02"}}'
    assert chart(f"2026-01-02 assessed suspected | {referral}", ADMITTED).verdict("A5", "2026-01-05") == "violation"
    unknown = '{"referral": {"to": "c-noor", "on": "2026-01-02"}}'
    assert chart(f"2026-01-02 assessed suspected | {unknown}", ADMITTED).verdict("A5", "2026-01-05") == "unknown"


def test_who_may_diagnose_need_not_refer() -> None:
    assert chart("2026-01-02 assessed by c-lee suspected", ADMITTED).verdict("A5", "2026-01-05") == "not_applicable"


def test_e14_a_mental_health_diagnosis_by_a_pladc_is_out_of_scope() -> None:
    assessed = "2026-01-02 assessed by c-noor F10.20 F32.1"
    told = chart(assessed, ADMITTED)
    point = told.one("A5", "2026-03-05")
    assert (point.verdict, point.cause) == ("violation", "scope")
    assert "F32.1" in point.message
    assert chart(assessed, ADMITTED, "2026-01-12 referred mental_health to c-lee").verdict("A5", "2026-01-12") == "met"
    again = chart(assessed, ADMITTED, "2026-01-12 assessed addendum by c-lee F32.1")
    assert again.verdict("A5", "2026-01-12") == "not_applicable"


def test_suspicion_not_stated_is_unknown() -> None:
    told = chart('2026-01-02 assessed | {"mental_health_suspected": null}', ADMITTED)
    assert told.one("A5", "2026-01-05").cause == "suspicion_not_stated"
    told = chart('2026-01-02 assessed suspected | {"performed_by": [{"id": "c-ortiz"}]}', ADMITTED)
    assert told.one("A5", "2026-01-05").cause == "credential_missing"


# --- B1, B2, B3 ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("override", "verdict", "cause"),
    [
        ("{}", "met", ""),
        ('{"diagnoses": ["F11.21"], "dsm": "DSM-5"}', "met", ""),
        ('{"dsm": null}', "unknown", "dsm_missing"),
        ('{"dsm": "DSM-IV-TR"}', "violation", "dsm_not_current"),
        ('{"diagnoses": ["F20.9"]}', "violation", "diagnosis_missing"),
        ('{"diagnoses": ["Z59.0"]}', "violation", "diagnosis_missing"),
        ('{"diagnoses": []}', "unknown", "diagnosis_missing"),
    ],
)
def test_the_diagnosis_is_substance_related_by_a_current_dsm(override: str, verdict: str, cause: str) -> None:
    found = chart(f"2026-01-02 assessed by c-lee | {override}", ADMITTED).one("B1", "2026-01-05")
    assert (found.verdict, found.cause) == (verdict, cause)


def test_without_any_assessment_the_admission_is_unknown_not_met() -> None:
    told = chart(ADMITTED)
    for rule in ("A5", "B1", "B2"):
        assert told.verdict(rule, "2026-01-05") == "unknown", rule
    assert told.eligible("2026-01-05").verdict == "unknown"


def dimensions(**changes: dict[str, object]) -> str:
    changed = {key: {**GOOD[key], **changes.get(f"d{key}", {})} for key in GOOD}
    return json.dumps({"dimensions": changed})


NO, YES, NULL = False, True, None


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, "met"),
        ({"d2": {"problem": YES, "meets_level": NO}}, "violation"),
        ({"d2": {"problem": YES, "meets_level": NULL}}, "unknown"),
        ({"d2": {"problem": NULL, "meets_level": YES}}, "met"),
        ({"d2": {"problem": NULL, "meets_level": NO}}, "unknown"),
        ({"d3": {"problem": NO, "meets_level": NO}}, "met"),
        ({"d4": {"meets_level": NULL}}, "met"),
        ({"d4": {"meets_level": NO}, "d5": {"meets_level": NO}, "d6": {"meets_level": NULL}}, "unknown"),
        ({"d4": {"meets_level": NO}, "d5": {"meets_level": NO}, "d6": {"meets_level": NO}}, "violation"),
        (
            {"d2": {"problem": YES, "meets_level": NO}, "d4": {"meets_level": NULL}, "d5": {}, "d6": {}},
            "violation",
        ),
    ],
)
def test_direct_admission_asks_for_two_three_and_one_of_four_to_six(
    changes: dict[str, dict[str, object]], verdict: str
) -> None:
    assert chart(f"2026-01-02 assessed | {dimensions(**changes)}", ADMITTED).verdict("B2", "2026-01-05") == verdict


def test_all_six_can_be_asked_for_by_the_pack() -> None:
    told = Told("2026-01-02 assessed\n2026-01-05 admitted", PACK.changed("NE21-B2", dimensions="all_six"))
    assert told.verdict("B2", "2026-01-05") == "violation"


@pytest.mark.parametrize(
    ("transfer", "verdict"),
    [
        ('"step_down", "transfer_in": {"from_level": "3.5", "objectives_met": true}', "met"),
        ('"step_down", "transfer_in": {"from_level": "3.5", "objectives_met": false}', "violation"),
        ('"step_down", "transfer_in": {"from_level": "3.5"}', "unknown"),
        ('"step_down"', "unknown"),
        ('"step_up", "transfer_in": {"level1_insufficient": true}', "met"),
        ('"step_up", "transfer_in": {"level1_preparatory": true}', "met"),
        ('"step_up", "transfer_in": {"level1_insufficient": false, "level1_preparatory": false}', "violation"),
        ('"step_up", "transfer_in": {"level1_insufficient": false}', "unknown"),
        ('"step_up", "transfer_in": {"from_level": "1"}', "unknown"),
        ('"step_up", "transfer_in": {"from_level": "1.7"}', "met"),
    ],
)
def test_the_route_decides_what_admission_asks_for(transfer: str, verdict: str) -> None:
    told = chart("2026-01-02 assessed", f'{ADMITTED} | {{"route": {transfer}}}')
    assert told.verdict("B2", "2026-01-05") == verdict


def test_e49_dimensions_of_the_fourth_edition_are_not_mapped_silently() -> None:
    told = chart('2026-01-02 assessed | {"edition": "asam-4"}', ADMITTED)
    assert told.one("B2", "2026-01-05").cause == "edition_mismatch"


def test_an_addendum_completes_the_dimensions() -> None:
    told = chart(
        f"2026-01-02 assessed | {dimensions(d2={'problem': NULL, 'meets_level': NULL})}",
        ADMITTED,
        '2026-01-12 assessed addendum | {"dimensions": {"2": {"problem": false}}}',
    )
    assert told.runs("B2") == ["unknown 2026-01-05 2026-01-12", "met 2026-01-12 -"]


@pytest.mark.parametrize(("stated", "verdict"), [("true", "met"), ("false", "violation"), ("null", "unknown")])
def test_progress_is_expected_or_not_or_not_stated(stated: str, verdict: str) -> None:
    told = chart("2026-01-02 assessed", f'{ADMITTED} | {{"expects_progress": {stated}}}')
    assert told.verdict("B3", "2026-01-05") == verdict


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        ("B1", "diagnoses"),
        ("B1", "dsm"),
        ("B2", "dimensions"),
        ("A5", "mental_health_suspected"),
    ],
)
def test_e50_a_field_left_out_of_the_assessment_is_never_met(rule: str, field: str) -> None:
    assert chart("2026-01-02 assessed", ADMITTED).verdict(rule, "2026-01-05") == "met"
    empty = {"diagnoses": "[]", "dimensions": "{}"}.get(field, "null")
    told = chart(f'2026-01-02 assessed | {{"{field}": {empty}}}', ADMITTED)
    assert told.verdict(rule, "2026-01-05") == "unknown"
