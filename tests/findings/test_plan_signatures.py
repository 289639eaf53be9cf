"""Who signs a plan, and its updates (P3): when it is missing, late, early (K3), and when that is history."""

from __future__ import annotations

import json

import pytest

from tests.findings.text_history import LEE, ORTIZ, Told
from tests.support import build

BEGIN = "2026-01-02 assessed\n2026-01-05 admitted\n"
TWO = BEGIN + "2026-01-05 session group 09:00 180\n2026-01-07 session group 09:00 180\n"


def missing(told: Told, day: str) -> list[str]:
    return sorted(item.subject for item in told.on("P3", day) if item.verdict == "violation")


def test_each_missing_signer_has_a_finding_of_their_own() -> None:
    told = Told(BEGIN + f"2026-01-07 plan 1 signed by {ORTIZ}")
    assert missing(told, "2026-01-07") == ["plan 1: c-lee", "plan 1: cl-7f3a"]
    assert told.one("P3", "2026-01-07", "plan 1: c-lee").owner == LEE
    assert told.one("P3", "2026-01-07", "plan 1: cl-7f3a").owner == ORTIZ


def test_a_signature_counts_from_the_later_of_its_day_and_the_day_it_was_brought() -> None:
    plan = BEGIN + f"2026-01-07 plan 1 signed by {ORTIZ}, cl-7f3a\n"
    assert Told(plan + f"2026-01-12 signed #3 by {LEE}@2026-01-08").runs("P3", "plan 1: c-lee") == [
        "violation 2026-01-07 2026-01-12"
    ]
    assert Told(plan + f"2026-01-08 signed #3 by {LEE}@2026-01-12").runs("P3", "plan 1: c-lee") == [
        "violation 2026-01-07 2026-01-12"
    ]


def test_e38_a_guardian_signs_for_the_client() -> None:
    told = Told(BEGIN + f"2026-01-07 plan 1 signed by {ORTIZ}, {LEE}, g-mother")
    assert missing(told, "2026-01-07") == []
    assert told.verdict("P3", "2026-01-07") == "met"


def test_e12_a_refusal_before_a_witness_stands_in_lieu_and_is_shown_as_such() -> None:
    told = Told(BEGIN + f"2026-01-07 plan 1 signed by {ORTIZ}, {LEE}; declined cl-7f3a before c-diaz")
    found = told.one("P3", "2026-01-07")
    assert found.verdict == "met"
    assert "in lieu for cl-7f3a" in found.message


def test_a_signature_put_off_is_missing_and_its_words_are_not_repeated() -> None:
    told = Told(BEGIN + f"2026-01-07 plan 1 signed by {ORTIZ}, {LEE}; deferred cl-7f3a")
    found = told.one("P3", "2026-01-07")
    assert found.verdict == "violation"
    assert "(deferred)" in found.message
    assert "next time" not in found.message


def test_e11_who_joins_later_signs_the_next_one_only() -> None:
    told = Told(
        BEGIN
        + f"2026-01-07 plan 1 signed by {ORTIZ}, {LEE}, cl-7f3a\n2026-01-20 team + c-noor\n"
        + f"2026-02-05 review of 1 signed by {ORTIZ}, {LEE}, cl-7f3a"
    )
    assert missing(told, "2026-01-21") == []
    assert missing(told, "2026-02-05") == ["review of 2026-02-05: c-noor"]


def test_who_has_left_need_not_sign() -> None:
    told = Told(BEGIN + f"2026-01-06 team - {LEE}\n2026-01-07 plan 1 signed by {ORTIZ}, cl-7f3a")
    assert missing(told, "2026-01-07") == []


def test_the_sender_may_add_signers() -> None:
    told = Told(
        BEGIN + f'2026-01-07 plan 1 signed by {ORTIZ}, {LEE}, cl-7f3a | {{"required_signers": ["c-doctor", "c-lee"]}}'
    )
    assert missing(told, "2026-01-07") == ["plan 1: c-doctor"]


def test_a_review_that_updates_nothing_needs_no_new_signatures() -> None:
    told = Told(
        BEGIN
        + f"2026-01-07 plan 1 signed by {ORTIZ}, {LEE}, cl-7f3a\n"
        + f'2026-02-05 review of 1 signed by {ORTIZ} | {{"updated": false, "no_change_reason": "on course"}}'
    )
    assert missing(told, "2026-02-05") == []


def test_a_team_not_recorded_is_unknown() -> None:
    told = Told(
        '2026-01-05 admitted | {"team": [], "clinician": null}\n' + f"2026-01-07 plan 1 signed by {ORTIZ}, cl-7f3a"
    )
    assert told.verdict("P3", "2026-01-07") == "unknown"
    assert told.one("P3", "2026-01-07").cause == "team_missing"


def test_e22_a_signature_after_the_discharge_still_closes_what_was_owed() -> None:
    told = Told(
        BEGIN
        + f"2026-01-07 plan 1 signed by {ORTIZ}, cl-7f3a\n2026-01-20 discharged terminated\n"
        + f"2026-01-25 signed #3 by {LEE}"
    )
    assert told.runs("P3", "plan 1: c-lee") == ["violation 2026-01-07 2026-01-25"]


# --- P3: history and not work, and K3 -------------------------------------------------------------------------------


def test_a_missing_signature_is_history_once_a_newer_version_counts() -> None:
    told = Told(
        TWO + f"2026-01-07 plan 1 signed by {ORTIZ}, cl-7f3a\n2026-02-02 plan 2 signed by {ORTIZ}, {LEE}, cl-7f3a"
    )
    assert told.runs("P3", f"plan 1: {LEE}") == ["violation 2026-01-07 2026-02-02", "breached 2026-02-02 -"]


def test_a_missing_signature_is_history_once_the_signer_has_left() -> None:
    told = Told(TWO + f"2026-01-07 plan 1 signed by {ORTIZ}, cl-7f3a\n2026-01-20 team - {LEE}")
    assert told.runs("P3", f"plan 1: {LEE}") == ["violation 2026-01-07 2026-01-20", "breached 2026-01-20 -"]


def test_an_update_is_signed_on_the_review_or_on_the_plan_that_came_of_it() -> None:
    signed = f"2026-01-07 plan 1 signed by {ORTIZ}, {LEE}, cl-7f3a\n2026-02-05 review of 1 signed by {ORTIZ}\n"
    alone = Told(TWO + signed)
    assert {item.subject.partition(": ")[2] for item in alone.on("P3", "2026-02-10")} == {LEE, "cl-7f3a"}
    together = Told(TWO + signed + f"2026-02-05 plan 2 signed by {ORTIZ}, {LEE}, cl-7f3a")
    assert together.verdict("P3", "2026-02-10") == "met"
    later = Told(TWO + signed + f"2026-02-08 plan 2 signed by {ORTIZ}, {LEE}, cl-7f3a")
    assert [later.verdict("P3", day) for day in ("2026-02-07", "2026-02-08")] == ["violation violation", "met"]
    of_plan = Told(TWO + signed + f"2026-02-05 plan 2 signed by {LEE}, cl-7f3a")
    assert [item.subject for item in of_plan.on("P3", "2026-02-10")] == [f"plan 2: {ORTIZ}"]


def test_an_update_that_nobody_signs_is_history_once_the_next_review_counts() -> None:
    signed = f"2026-01-07 plan 1 signed by {ORTIZ}, {LEE}, cl-7f3a\n2026-02-05 review of 1 signed by {ORTIZ}, cl-7f3a\n"
    told = Told(TWO + signed + f"2026-03-05 review of 1 signed by {ORTIZ}, {LEE}, cl-7f3a")
    assert told.runs("P3", f"review of 2026-02-05: {LEE}") == [
        "violation 2026-02-05 2026-03-05",
        "breached 2026-03-05 -",
    ]


@pytest.mark.parametrize(("signed", "early"), [("2026-01-03", False), ("2026-01-02", True)])
def test_a_signature_more_than_seven_days_before_its_document_may_be_of_another(signed: str, early: bool) -> None:
    told = Told(BEGIN + f"2026-01-10 plan 1 signed by {ORTIZ}, {LEE}, cl-7f3a@{signed}")
    assert told.verdict("K3", "2026-01-10") == ("unknown" if early else "met")
    assert told.verdict("P3", "2026-01-10") == ("unknown" if early else "met")


def test_an_early_signature_of_clinical_guidance_leaves_the_plan_in_doubt() -> None:
    told = Told(TWO + f"2026-01-10 plan 1 signed by {ORTIZ}@2026-01-02, {LEE}@2026-01-02, cl-7f3a")
    assert told.one("P1", "2026-01-12").cause == "document_in_doubt"
    assert {item.cause for item in told.on("K3", "2026-01-12")} == {"signature_early"}


def test_an_early_signature_is_mended_by_a_correction_of_its_day() -> None:
    text = BEGIN + f"2026-01-10 plan 1 signed by {ORTIZ}, {LEE}, cl-7f3a@2026-01-02\n"
    stated = {"signatures": [build.signature(who, "2026-01-10") for who in (ORTIZ, LEE, "cl-7f3a")]}
    told = Told(text + f"2026-01-12 corrected #3 | {json.dumps(stated)}")
    assert told.verdict("K3", "2026-01-12") == told.verdict("P3", "2026-01-12") == "met"


def test_what_was_breached_before_the_new_version_came_stays_breached() -> None:
    signed = f"2026-01-07 plan 1 signed by {ORTIZ}, {LEE}, cl-7f3a\n2026-01-20 review of 1 signed by {ORTIZ}, cl-7f3a\n"
    told = Told(TWO + signed + f"2026-01-21 team - {LEE}\n2026-01-22 plan 2 signed by {ORTIZ}, cl-7f3a")
    assert told.runs("P3", f"review of 2026-01-20: {LEE}") == [
        "violation 2026-01-20 2026-01-21",
        "breached 2026-01-21 -",
    ]


@pytest.mark.parametrize(("also", "breached"), [("", True), (f", {LEE}", False)])
def test_who_leaves_on_the_day_of_the_new_version_without_a_signature_on_either_has_not_signed_the_update(
    also: str, breached: bool
) -> None:
    signed = f"2026-01-07 plan 1 signed by {ORTIZ}, {LEE}, cl-7f3a\n2026-01-20 review of 1 signed by {ORTIZ}, cl-7f3a\n"
    told = Told(TWO + signed + f"2026-01-22 team - {LEE}\n2026-01-22 plan 2 signed by {ORTIZ}, cl-7f3a{also}")
    assert told.runs("P3", f"review of 2026-01-20: {LEE}") == [
        "violation 2026-01-20 2026-01-22", *(["breached 2026-01-22 -"] if breached else []),
    ]  # fmt: skip
    assert told.runs("P3", f"plan 2: {LEE}") == []


def test_of_an_early_signature_on_a_superseded_plan_nobody_can_tell_whether_it_was_missing() -> None:
    told = Told(
        BEGIN
        + f"2026-01-20 plan 1 signed by {ORTIZ}, {LEE}@2026-01-12, cl-7f3a\n"
        + f"2026-02-02 plan 2 signed by {ORTIZ}, {LEE}, cl-7f3a"
    )
    found = told.one("P3", "2026-02-02", f"plan 1: {LEE}")
    assert (found.verdict, found.quiet) == ("unknown", True)


def test_where_two_doubts_meet_the_worse_outcome_is_that_of_both() -> None:
    """Given an early signature on plan 1 and a plan 2 in doubt, then plan 1 may still be in force and unsigned."""
    doubtful = {"signer": "c-x", "role": "clinician", "credential": "PhD", "signed_on": "2026-02-03"}
    doubtful |= {"method": "paper", "meaning": "authorship"}
    signatures = [doubtful, build.signature("cl-7f3a", "2026-02-03")]
    told = Told(
        BEGIN
        + f"2026-01-16 plan 1 signed by {ORTIZ}, {LEE}, cl-7f3a@2026-01-08\n"
        + f"2026-02-03 plan 2 | {json.dumps({'signatures': signatures})}"
    )
    found = told.one("P3", "2026-02-04", "plan 1: cl-7f3a")
    assert found.ruling.doubt is not None
    assert (found.verdict, found.quiet, found.ruling.doubt.if_not.verdict) == ("unknown", False, "violation")
