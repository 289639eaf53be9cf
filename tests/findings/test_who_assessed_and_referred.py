"""Who assessed (A2, lines 28-29 and 103-106), whom they referred to (A5, lines 42-45), and assessments that contradict
the admission or themselves (K7, K8: ours).
"""

from __future__ import annotations

import pytest

from tests.findings.text_history import PACK, Told

ADMITTED = "2026-01-05 admitted"
SUSPECTED = "2026-01-02 assessed suspected"


def told(*lines: str) -> Told:
    return Told("\n".join(lines))


# --- A2, lines 28-29 and 103-106: a licensed clinician ------------------------------------------------------------


@pytest.mark.parametrize("spelling", ["APRN-NP", "LIMHP LADC", "ladc", "LMHP-CPC", "L.A.D.C.", "Licensed psychologist"])
def test_spellings_of_a_listed_license_may_assess(spelling: str) -> None:
    by = f'{{"performed_by": [{{"id": "c-new", "credential": "{spelling}"}}]}}'
    assert told(f"2026-01-02 assessed | {by}", ADMITTED).verdict("A2", "2026-01-05") == "met"


@pytest.mark.parametrize("degree", ["PhD", "Psy.D.", "M.D.", "DO", "LPC", "LADC intern"])
def test_a_degree_or_an_unknown_credential_proves_no_license_and_is_no_violation(degree: str) -> None:
    by = f'{{"performed_by": [{{"id": "c-new", "credential": "{degree}"}}]}}'
    found = told(f"2026-01-02 assessed | {by}", ADMITTED).one("A2", "2026-01-05")
    assert (found.verdict, found.cause) == ("unknown", "credential_doubtful")
    assert degree in found.message


def test_a_doubtful_assessor_is_not_overruled_by_one_who_is_not_listed() -> None:
    doubtful = '2026-01-02 assessed | {"performed_by": [{"id": "c-new", "credential": "PhD"}]}'
    later = told(doubtful, ADMITTED, "2026-02-01 assessed reassessment by c-aide BA")
    assert later.runs("A2") == ["unknown 2026-01-05 -"]


def test_a_signature_on_the_assessment_states_the_credential_of_its_assessor() -> None:
    assessed = '2026-01-02 assessed | {"performed_by": [{"id": "c-new"}]}'
    signed = (
        '2026-01-20 signed #1 by c-new | {"signatures": [{"signer": "c-new", "role": "clinician", "credential": "LADC",'
        ' "signed_on": "2026-01-18", "method": "paper", "meaning": "authorship"}]}'
    )
    later = told(assessed, ADMITTED, signed)
    assert later.runs("A2") == ["unknown 2026-01-05 2026-01-20", "met 2026-01-20 -"]
    assert later.one("A2", "2026-01-20").evidence == (1, 3)


def test_a_list_of_the_rule_s_own_takes_the_place_of_the_pack_s() -> None:
    own = PACK.changed("NE21-A2", credentials=["LPC"])
    by = '{"performed_by": [{"id": "c-new", "credential": "L.P.C."}]}'
    assert Told(f"2026-01-02 assessed | {by}\n{ADMITTED}", own).verdict("A2", "2026-01-05") == "met"
    assert Told(f"2026-01-02 assessed by c-lee LIMHP\n{ADMITTED}", own).verdict("A2", "2026-01-05") == "violation"


# --- A5, lines 42-45: a referral is to be made --------------------------------------------------------------------


def test_a_referral_recorded_as_an_event_of_its_own_meets_the_duty_from_its_day() -> None:
    referred = told(SUSPECTED, ADMITTED, "2026-01-12 referred mental_health to c-lee")
    assert referred.runs("A5") == ["violation 2026-01-05 2026-01-12", "met 2026-01-12 -"]
    assert referred.one("A5", "2026-01-12").evidence == (1, 3)
    assert told(SUSPECTED, ADMITTED, "2026-01-12 referred medical to c-lee").verdict("A5", "2026-01-12") == "violation"


@pytest.mark.parametrize(("credential", "verdict"), [("LADC", "violation"), ("CPSS", "violation"), ("PhD", "unknown")])
def test_a_referral_counts_by_the_credential_of_the_receiver(credential: str, verdict: str) -> None:
    referred = told(SUSPECTED, ADMITTED, f'2026-01-12 referred mental_health to x-1 | {{"credential": "{credential}"}}')
    assert referred.verdict("A5", "2026-01-12") == verdict


@pytest.mark.parametrize(("receiver", "verdict"), [("c-lee", "met"), ("c-ortiz", "violation"), ("c-noor", "unknown")])
def test_the_credential_of_a_receiver_that_a_referral_does_not_state_is_that_of_the_roster(
    receiver: str, verdict: str
) -> None:
    """Given a LIMHP and a LADC on the roster, and somebody who is not, then only the LIMHP is known to diagnose."""
    referred = told(SUSPECTED, ADMITTED, f'2026-01-12 referred mental_health to {receiver} | {{"credential": null}}')
    assert referred.verdict("A5", "2026-01-12") == verdict


def test_a_mental_health_contact_after_the_suspicion_may_be_the_referral() -> None:
    text = (SUSPECTED, ADMITTED, "2026-01-12 coordinated mental_health")
    assert told(*text).runs("A5") == ["violation 2026-01-05 2026-01-12", "unknown 2026-01-12 -"]
    assert told(SUSPECTED, ADMITTED, "2026-01-12 coordinated medical").verdict("A5", "2026-01-12") == "violation"
    is_one = PACK.changed("NE21-A5", coordination="is_one")
    assert Told("\n".join(text), is_one).verdict("A5", "2026-01-12") == "met"
    is_none = PACK.changed("NE21-A5", coordination="is_none")
    assert Told("\n".join(text), is_none).verdict("A5", "2026-01-12") == "violation"


def test_a_referral_made_before_the_suspicion_is_not_known_to_be_the_one() -> None:
    before = told("2026-01-01 referred mental_health to c-lee", SUSPECTED, ADMITTED)
    assert before.one("A5", "2026-01-05").cause == "referral_unclear"


def test_an_assessor_who_is_not_licensed_may_not_diagnose_either() -> None:
    """Given a peer specialist who suspects, then a referral is missing, as of a LADC."""
    peer = told("2026-01-02 assessed by c-peer CPSS suspected", ADMITTED)
    assert peer.verdict("A5", "2026-01-05") == "violation"
    doctor = told('2026-01-02 assessed suspected | {"performed_by": [{"id": "c-x", "credential": "PhD"}]}', ADMITTED)
    assert doctor.one("A5", "2026-01-05").cause == "credential_missing"


# --- K8: a positive screen, and nothing suspected (ours) ----------------------------------------------------------


def test_a_positive_screen_with_nothing_suspected_contradicts_itself_until_an_addendum_mends_it() -> None:
    assessed = "2026-01-02 assessed screen positive"
    mended = told(assessed, ADMITTED, '2026-01-09 assessed addendum suspected | {"performed_by": null}')
    assert mended.runs("K8") == ["unknown 2026-01-05 2026-01-09", "met 2026-01-09 -"]
    assert mended.one("A5", "2026-01-05").cause == "screen_contradicts"
    assert told(assessed, ADMITTED, "2026-01-09 referred psychiatric to c-lee").verdict("A5", "2026-01-09") == "met"
    off = Told(f"{assessed}\n{ADMITTED}", PACK.changed("NE21-K8", on=False))
    assert off.verdict("A5", "2026-01-05") == "met"


def test_a_new_assessment_begins_a_new_picture_of_screen_and_suspicion() -> None:
    """Given a positive screen with a suspicion, when a reassessment suspects nothing, then neither contradicts."""
    again = told("2026-01-02 assessed screen positive suspected", ADMITTED, "2026-02-02 assessed reassessment by c-lee")
    assert again.runs("K8") == ["met 2026-01-05 2026-02-02", "not_applicable 2026-02-02 -"]


@pytest.mark.parametrize("screen", ["screen negative", "screen not_done", ""])
def test_any_other_screen_goes_with_nothing_suspected(screen: str) -> None:
    assert told(f"2026-01-02 assessed {screen}", ADMITTED).verdict("K8", "2026-01-05") in ("met", "not_applicable")
    assert told(f"2026-01-02 assessed {screen}", ADMITTED).verdict("A5", "2026-01-05") == "met"


# --- K7: the level recommended, and the level admitted to (ours) --------------------------------------------------


RESIDENTIAL = '2026-01-02 assessed | {"recommended_level": "3.5", "clinician_level": "3.5"}'


def test_another_level_recommended_leaves_the_admission_in_doubt() -> None:
    other = told(RESIDENTIAL, ADMITTED)
    for rule in ("K7", "B2"):
        assert (other.verdict(rule, "2026-01-05"), other.one(rule, "2026-01-05").cause) == ("unknown", "level_differs")
    assert other.one("K7", "2026-01-05").message == (
        "assessment of 2026-01-02 recommends level 3.5, admitted to 2.1 on 2026-01-05"
    )
    assert other.eligible("2026-01-05").verdict == "unknown"


def test_a_later_assessment_that_recommends_this_level_mends_it_for_good() -> None:
    later = (RESIDENTIAL, ADMITTED, '2026-01-09 assessed addendum | {"clinician_level": "2.1"}')
    assert told(*later).runs("K7") == ["unknown 2026-01-05 2026-01-09", "met 2026-01-09 -"]
    assert told(*later).runs("B2") == ["unknown 2026-01-05 2026-01-09", "met 2026-01-09 -"]
    down = told(*later, '2026-03-09 assessed reassessment | {"clinician_level": "1"}')
    assert down.runs("K7")[-1] == "met 2026-01-09 -"


def test_where_dimensions_do_not_support_the_admission_the_violation_stands() -> None:
    lacking = '{"recommended_level": "3.5", "dimensions": {"2": {"problem": true, "meets_level": false}}}'
    assert told(f"2026-01-02 assessed | {lacking}", ADMITTED).verdict("B2", "2026-01-05") == "violation"


def test_the_clinician_s_level_counts_before_the_one_that_the_criteria_give() -> None:
    text = f'2026-01-02 assessed | {{"recommended_level": "3.5", "clinician_level": "2.1"}}\n{ADMITTED}'
    assert Told(text).verdict("K7", "2026-01-05") == "met"
    both = PACK.changed("NE21-K7", decides="both_levels")
    assert Told(text, both).verdict("K7", "2026-01-05") == "unknown"
    assert Told(text, both).verdict("B2", "2026-01-05") == "unknown"


def test_without_a_recommendation_nothing_is_said() -> None:
    assert told("2026-01-02 assessed", ADMITTED).verdict("K7", "2026-01-05") == "not_applicable"
    assert told("2026-01-02 assessed", ADMITTED).verdict("B2", "2026-01-05") == "met"


def test_a_client_from_another_level_is_judged_by_what_was_assessed_there() -> None:
    """Given residential care that was recommended and given, when the client steps down, then 3.5 is history."""
    first = ('2026-01-02 assessed | {"clinician_level": "3.5"}', "2026-01-05 admitted level 3.5")
    down = '2026-02-05 transferred 3.5 to 2.1 | {"transfer_in": {"objectives_met": true}}'
    assert told(*first, down).verdict("K7", "2026-02-05") == "not_applicable"
    assert told(*first, down).verdict("B2", "2026-02-05") == "met"
    again = '2026-02-01 assessed reassessment | {"clinician_level": "2.5"}'
    assert told(*first, again, down).verdict("K7", "2026-02-05") == "unknown"


def test_a_recommendation_by_another_edition_is_not_compared() -> None:
    other = '2026-01-02 assessed | {"edition": "asam-4", "clinician_level": "3.5", "dimensions": {}}'
    assert told(other, ADMITTED).verdict("K7", "2026-01-05") == "not_applicable"


# --- B2, lines 137-153: routes and editions -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("transfer_in", "verdict"),
    [
        ('{"objectives_met": true}', "met"),
        ('{"objectives_met": false}', "violation"),
        ('{"dimension": "4"}', "unknown"),
        ("null", "unknown"),
    ],
)
def test_a_transfer_from_a_more_intensive_level_states_that_objectives_were_met_there(
    transfer_in: str, verdict: str
) -> None:
    came = f'2026-02-05 transferred 3.5 to 2.1 | {{"transfer_in": {transfer_in}}}'
    assert told("2026-01-02 assessed", "2026-01-05 admitted level 3.5", came).verdict("B2", "2026-02-05") == verdict


def test_a_transfer_from_level_one_states_why_it_was_not_enough() -> None:
    begin = ("2026-01-02 assessed", "2026-01-05 admitted level 1")
    why = '2026-02-05 transferred 1 to 2.1 | {"transfer_in": {"level1_insufficient": true}}'
    assert told(*begin, why).verdict("B2", "2026-02-05") == "met"
    assert told(*begin, "2026-02-05 transferred 1 to 2.1").verdict("B2", "2026-02-05") == "unknown"


def test_a_sub_dimension_of_the_fourth_edition_speaks_for_its_dimension() -> None:
    fourth = PACK.model_copy(update={"edition": "asam-4"})
    dimensions = (
        '{"edition": "asam-4", "dimensions": {"2.1": {"problem": false}, "2.2": {"problem": false}, '
        '"3.1": {"problem": true, "meets_level": false}, "3.2": {"problem": true, "meets_level": true}, '
        '"4.1": {"meets_level": true}}}'
    )
    admitted = f'{ADMITTED} | {{"edition": "asam-4"}}'
    assert Told(f"2026-01-02 assessed | {dimensions}\n{admitted}", fourth).verdict("B2", "2026-01-05") == "met"
    open_ = dimensions.replace('"2.2": {"problem": false}, ', '"2.2": {"problem": null}, ')
    assert Told(f"2026-01-02 assessed | {open_}\n{admitted}", fourth).verdict("B2", "2026-01-05") == "unknown"


def test_the_dimensions_asked_for_stand_in_the_pack() -> None:
    narrower = PACK.changed("NE21-B2", fits=["2"], one_of=["6"])
    lacking = (
        '{"dimensions": {"2": {"problem": false}, "3": {"problem": true, "meets_level": false}, '
        '"6": {"meets_level": true}}}'
    )
    text = f"2026-01-02 assessed | {lacking}\n{ADMITTED}"
    assert (Told(text).verdict("B2", "2026-01-05"), Told(text, narrower).verdict("B2", "2026-01-05")) == (
        "violation", "met",
    )  # fmt: skip
