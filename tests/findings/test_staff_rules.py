"""Staff: who assesses is licensed (A2), who treats is credentialed (S1), provisional work is co-signed (X1, off)."""

from __future__ import annotations

from datetime import date

import pytest

from caretrail.policy import Pack
from tests.findings.text_history import LEE, ORTIZ, PACK, Told

ADMITTED = "2026-01-05 admitted\n"
BEGIN = "2026-01-02 assessed\n" + ADMITTED
"""Events 1 and 2."""

LISTED = [
    "psychiatrist", "MD", "DO", "PA", "PA-C", "APRN", "psychologist", "PhD", "PsyD", "LP", "PLP", "LIMHP", "LIMPH",
    "LMHP", "PLMHP", "LADC", "PLADC",
]  # fmt: skip
"""Lines 103 to 106, by the letters people sign with."""

DEGREES = {"MD", "DO", "PhD", "PsyD"}
"""They alone prove no license."""

NOT_LISTED = ["RN", "LPC", "BA", "CPSS", "intern", "ladc"]
KNOWN_AND_NOT_LISTED = ["RN", "BA", "CPSS", "peer support specialist"]


def held_by(*people: tuple[str, str | None]) -> str:
    stated = (f'{{"id": "{who}"' + (f', "credential": "{letters}"' if letters else "") + "}" for who, letters in people)
    return f'{{"performed_by": [{", ".join(stated)}]}}'


# --- A2 -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("credential", [one for one in LISTED if one not in DEGREES])
def test_each_profession_of_the_text_may_assess(credential: str) -> None:
    told = Told(f"2026-01-02 assessed | {held_by(('c-new', credential))}\n" + ADMITTED)
    assert told.runs("A2") == ["met 2026-01-05 -"]
    assert told.one("A2", "2026-01-05").evidence == (1,)
    assert told.one("A2", "2026-01-05").message.startswith(f"assessed 2026-01-02 by c-new, {credential}")


@pytest.mark.parametrize("credential", KNOWN_AND_NOT_LISTED)
def test_an_assessment_by_anybody_else_is_a_violation_until_a_licensed_clinician_assesses(credential: str) -> None:
    """Given an assessor who is not on the list, when a licensed one assesses again, then it is cured from that day."""
    text = f"2026-01-02 assessed | {held_by(('c-new', credential))}\n" + ADMITTED
    told = Told(text + "2026-01-12 assessed reassessment by c-lee LIMHP")
    assert told.runs("A2") == ["violation 2026-01-05 2026-01-12", "met 2026-01-12 -"]
    found = told.one("A2", "2026-01-11")
    assert (found.cause, found.evidence, found.owner) == ("assessor_credential", (1,), ORTIZ)
    assert credential in found.message


def test_an_assessor_whose_credential_is_not_stated_is_unknown() -> None:
    told = Told("2026-01-02 assessed by c-new ?\n" + ADMITTED)
    assert told.runs("A2") == ["unknown 2026-01-05 -"]
    assert (told.one("A2", "2026-02-05").cause, told.one("A2", "2026-02-05").evidence) == ("credential_missing", (1,))


def test_without_an_assessment_or_an_assessor_nobody_knows_whether_they_were_licensed() -> None:
    assert Told(ADMITTED).one("A2", "2026-01-05").cause == "assessment_missing"
    nobody = Told('2026-01-02 assessed | {"performed_by": []}\n' + ADMITTED)
    assert nobody.one("A2", "2026-01-05").cause == "credential_missing"
    intake = '2026-01-02 assessed | {"performed_by": null, "actor": {"id": "desk", "role": "intake"}}\n'
    assert Told(intake + ADMITTED).one("A2", "2026-01-05").verdict == "unknown"


def test_a_credential_left_out_is_read_from_the_list_of_the_team_as_of_that_day() -> None:
    """Given c-lee on the team from the admission, when she assesses without stating it, then her credential counts
    on that day; an assessment before the admission is older than the list.
    """
    after = Told(ADMITTED + "2026-01-05 assessed by c-lee ?")
    assert after.one("A2", "2026-01-05").message == "assessed 2026-01-05 by c-lee, LIMHP"
    before = Told("2026-01-02 assessed by c-lee ?\n" + ADMITTED)
    assert before.verdict("A2", "2026-01-05") == "unknown"


def test_one_licensed_clinician_among_those_who_assessed_will_do() -> None:
    together = Told(f"2026-01-02 assessed | {held_by(('c-aide', 'BA'), ('c-lee', 'LIMHP'))}\n" + ADMITTED)
    assert together.verdict("A2", "2026-01-05") == "met"
    doubt = Told(f"2026-01-02 assessed | {held_by(('c-aide', 'BA'), ('c-new', None))}\n" + ADMITTED)
    assert doubt.verdict("A2", "2026-01-05") == "unknown"


@pytest.mark.parametrize("credential", ["PLP", "PLMHP", "PLADC"])
def test_a_provisional_license_is_accepted_and_named_unless_the_pack_blocks_it(credential: str) -> None:
    text = f"2026-01-02 assessed by c-new {credential}\n" + ADMITTED
    accepted = Told(text).one("A2", "2026-01-05")
    assert (accepted.verdict, accepted.message.rpartition(", ")[2]) == ("met", "provisional")
    blocked = Told(text, PACK.changed("NE21-A2", provisional_is="blocked")).one("A2", "2026-01-05")
    assert (blocked.verdict, blocked.cause) == ("violation", "assessor_credential")


def test_who_made_a_prior_assessment_is_no_question_here_but_who_made_its_addendum_is() -> None:
    prior = "2026-01-02 assessed prior_accepted\n" + ADMITTED
    assert Told(prior).runs("A2") == ["not_applicable 2026-01-05 -"]
    assert Told(prior + "2026-01-09 assessed addendum by c-lee").runs("A2")[-1] == "met 2026-01-09 -"
    assert Told(prior + "2026-01-09 assessed addendum by c-aide BA").runs("A2")[-1] == "violation 2026-01-09 -"


def test_a_later_assessment_by_somebody_else_takes_nothing_back() -> None:
    told = Told(BEGIN + "2026-02-02 assessed reassessment by c-aide BA")
    assert told.runs("A2") == ["met 2026-01-05 -"]


def test_a_correction_of_the_assessor_is_judged_instead() -> None:
    told = Told(f"2026-01-02 assessed by c-aide BA\n{ADMITTED}2026-01-20 corrected #1 | {held_by(('c-aide', 'PLMHP'))}")
    assert told.runs("A2") == ["met 2026-01-05 -"]


def test_the_assessor_is_asked_for_in_each_stay_and_not_elsewhere() -> None:
    """Given an unlicensed assessor, when the client goes to level 1, is assessed there and returns, then the first
    stay keeps its violation and the second is met from its first day.
    """
    told = Told(
        "2026-01-02 assessed by c-aide BA\n" + ADMITTED + "2026-01-20 transferred 2.1 to 1\n"
        "2026-02-02 assessed reassessment by c-lee\n2026-02-10 transferred 1 to 2.1\n2026-02-20 discharged completed"
    )
    assert told.runs("A2") == [
        "violation 2026-01-05 2026-01-21",
        "not_applicable 2026-01-21 2026-02-10",
        "met 2026-02-10 2026-02-21",
        "not_applicable 2026-02-21 -",
    ]


# --- S1 -----------------------------------------------------------------------------------------------------------


DOUBTFUL = ["MD", "DO", "PhD", "PsyD", "M.D.", "Psy.D.", "EdD", "LPC", "intern", "LADC intern"]
"""Degrees that alone prove no license, and what is not recognized."""

WRITTEN_OTHERWISE = ["ladc", "L.A.D.C.", "APRN-NP", "LIMHP LADC", "LMHP-CPC", "LMHP, PhD", "LIMPH"]


@pytest.mark.parametrize("credential", sorted({*LISTED} - {*DOUBTFUL}) + WRITTEN_OTHERWISE)
def test_each_profession_of_the_text_may_treat(credential: str) -> None:
    told = Told(BEGIN + f"2026-01-06 session group 09:00 180 | {held_by(('c-new', credential))}")
    assert told.runs("S1") == ["not_applicable 2026-01-05 2026-01-06", "met 2026-01-06 -"]
    assert told.one("S1", "2026-01-06").evidence == (3,)


@pytest.mark.parametrize("credential", DOUBTFUL)
def test_of_a_degree_alone_it_cannot_be_told_whether_it_may_treat(credential: str) -> None:
    """Given two sessions by somebody with a degree, then one finding stands until it is stated, or the stay ends."""
    session = "session group 09:00 180 | " + held_by(("c-new", credential))
    told = Told(BEGIN + f"2026-01-06 {session}\n2026-01-08 {session}\n2026-01-20 discharged completed")
    assert told.runs("S1")[1:] == ["unknown 2026-01-06 2026-01-21", "not_applicable 2026-01-21 -"]
    found = told.one("S1", "2026-01-06")
    assert (found.subject, found.cause, found.evidence) == ("credential of c-new", "credential_doubtful", (3,))


@pytest.mark.parametrize("credential", ["RN", "BA", "CPSS", "peer support specialist", "C.P.S.S."])
def test_a_session_held_by_anybody_else_is_a_point(credential: str) -> None:
    told = Told(BEGIN + f"2026-01-06 session group 09:00 180 | {held_by(('c-new', credential))}")
    assert told.runs("S1")[1:] == ["violation 2026-01-06 2026-01-13", "breached 2026-01-13 -"]
    found = told.one("S1", "2026-01-06")
    assert (found.subject, found.cause, found.evidence) == ("session of 2026-01-06: c-new", "staff_credential", (3,))
    assert credential in found.message


def test_a_rule_may_list_fewer_credentials_than_the_pack() -> None:
    fewer = PACK.changed("NE21-S1", credentials=["LADC", "LMHP"])
    by = "2026-01-06 session group 09:00 180 by c-new "
    said = {
        written: Told(BEGIN + by + written, fewer).verdict("S1", "2026-01-06") for written in ("LADC", "LIMHP", "MD")
    }
    assert said == {"LADC": "met", "LIMHP": "violation", "MD": "unknown"}


def test_a_pack_without_a_list_of_credentials_has_one_in_the_rule() -> None:
    without = {**PACK.model_dump(exclude_unset=True, exclude={"guidance", "guidance_by"})}
    with pytest.raises(ValueError, match=r"rules\.NE21-A2\.credentials: Field required"):
        Pack.model_validate(without)
    for rule in ("NE21-A2", "NE21-S1"):
        without["rules"][rule]["credentials"] = ["LADC"]
    pack = Pack.model_validate(without)
    by = "2026-01-06 session group 09:00 180 by c-new "
    assert [Told(BEGIN + by + one, pack).verdict("S1", "2026-01-06") for one in ("LADC", "RN")] == ["met", "unknown"]


def test_everybody_who_held_a_session_is_asked() -> None:
    """Given a group held by an LADC, an aide and somebody without a credential, then the aide is a violation and the
    other unknown: what is known to be wrong is not hidden by what is not known.
    """
    people = held_by(("c-ortiz", "LADC"), ("c-aide", "BA"), ("c-new", None))
    told = Told(BEGIN + f"2026-01-06 session group 09:00 180 | {people}")
    assert told.verdict("S1", "2026-01-06") == "unknown violation"
    assert told.verdict("S1", "2026-01-13") == "breached unknown"


def test_two_sessions_of_one_person_on_one_day_are_one_point() -> None:
    twice = "2026-01-06 session group 09:00 180 by c-aide BA\n2026-01-06 session individual 13:00 60 by c-aide BA\n"
    assert len(Told(BEGIN + twice).on("S1", "2026-01-06")) == 1
    assert len(Told(BEGIN + twice + "2026-01-07 session group 09:00 180 by c-aide BA").on("S1", "2026-01-07")) == 2


def test_a_credential_of_staff_not_stated_is_one_unknown_until_it_is_or_the_stay_ends() -> None:
    text = BEGIN + "2026-01-06 session group 09:00 180 by c-new ?\n2026-01-08 session group 09:00 180 by c-new ?\n"
    told = Told(text)
    assert told.runs("S1")[1:] == ["unknown 2026-01-06 -"]
    assert (told.one("S1", "2026-03-06").cause, told.one("S1", "2026-03-06").evidence) == ("credential_missing", (3,))
    stated = Told(text + f"2026-01-20 corrected #3 | {held_by(('c-new', 'LMHP'))}")
    assert stated.runs("S1")[1:] == ["met 2026-01-06 2026-01-08", "unknown 2026-01-08 -"]
    assert Told(text + "2026-01-20 discharged completed").runs("S1")[1:] == [
        "unknown 2026-01-06 2026-01-21",
        "not_applicable 2026-01-21 -",
    ]


def test_who_held_a_session_is_never_guessed() -> None:
    nobody = '2026-01-06 session group 09:00 180 | {"performed_by": []}'
    assert Told(BEGIN + nobody).one("S1", "2026-01-06").cause == "credential_missing"
    sent = '2026-01-06 session group 09:00 180 | {"actor": {"id": "ehr", "role": "service"}}'
    assert Told(BEGIN + sent).one("S1", "2026-01-06").cause == "credential_missing"


def test_e13_a_credential_is_that_of_the_day_of_the_session() -> None:
    """Given c-noor, who joins as a BA and again as a PLADC, then each session has the credential of its day."""
    degree = '{"joins": [{"id": "c-noor", "role": "clinician", "credential": "BA"}]}'
    told = Told(
        BEGIN + f"2026-01-06 team + c-noor | {degree}\n2026-01-07 session group 09:00 180 by c-noor ?\n"
        "2026-01-20 team + c-noor\n2026-01-21 session group 09:00 180 by c-noor ?"
    )
    assert told.runs("S1")[1:] == ["violation 2026-01-07 2026-01-14", "breached 2026-01-14 -"]
    assert "BA" in told.one("S1", "2026-01-07").message


def test_services_that_are_no_treatment_ask_for_no_credential() -> None:
    """Lines 62 and 63: other services could include self-help and support group orientation."""
    told = Told(BEGIN + "2026-01-06 session other 09:00 60 by c-peer CPSS")
    assert told.runs("S1") == ["not_applicable 2026-01-05 -"]


def test_a_session_missed_was_held_by_nobody() -> None:
    assert (
        Told(BEGIN + "2026-01-06 missed group 09:00 180 by c-aide BA").verdict("S1", "2026-01-06") == "not_applicable"
    )


def test_staff_is_asked_for_in_each_stay_and_not_elsewhere() -> None:
    told = Told(
        BEGIN + "2026-01-06 session group 09:00 180\n2026-01-20 transferred 2.1 to 1\n"
        "2026-01-25 session group 09:00 180 by c-aide BA\n2026-02-10 transferred 1 to 2.1\n2026-02-12 held\n"
        "2026-02-14 session individual 09:00 60 by c-aide BA"
    )
    assert told.runs("S1") == [
        "not_applicable 2026-01-05 2026-01-06",
        "met 2026-01-06 2026-01-21",
        "not_applicable 2026-01-21 2026-02-10",
        "not_applicable 2026-02-10 2026-02-14",
        "violation 2026-02-14 2026-02-21",
        "breached 2026-02-21 -",
    ]


# --- X1, switched on ----------------------------------------------------------------------------------------------

CO_SIGNED = PACK.changed("NE21-X1", on=True, unsourced=None, section="test")
BY_NOOR = "2026-01-05 team + c-noor\n2026-01-07 plan 1 signed by c-noor, cl-7f3a\n"
"""Events 3 and 4: a PLADC signs the plan. Ten days later is 2026-01-17."""


def co_signed(text: str) -> Told:
    return Told(BEGIN + text, CO_SIGNED)


def test_what_a_provisional_clinician_signed_is_due_for_a_supervisor_within_ten_days() -> None:
    told = co_signed(BY_NOOR)
    assert told.runs("X1") == [
        "not_applicable 2026-01-05 2026-01-07",
        "info 2026-01-07 2026-01-18",
        "info 2026-01-18 -",
    ]
    found = told.one("X1", "2026-01-20")
    assert (found.subject, found.cause, found.evidence) == ("plan of 2026-01-07", "co_signature", (4,))
    assert (str(found.due_on), found.arithmetic) == ("2026-01-17", "2026-01-07 + 10 days = 2026-01-17")
    assert found.message == "plan of 2026-01-07: no supervisor's signature by 2026-01-17"


@pytest.mark.parametrize(
    ("day", "before"), [("2026-01-07", "not_applicable"), ("2026-01-17", "info"), ("2026-01-25", "info")]
)
def test_a_supervisors_signature_is_enough_from_its_day(day: str, before: str) -> None:
    told = co_signed(BY_NOOR + f"{day} signed #4 by s-kim")
    assert told.verdict("X1", day) == "met"
    assert told.one("X1", day).evidence == (4, 5)
    assert told.runs("X1")[-2].startswith(before)
    assert told.runs("X1")[-1] == f"met {day} -"


def test_the_working_days_of_a_supervisors_signature_leave_out_those_that_are_closed() -> None:
    """Given three working days from Wednesday the 7th, then they end on Monday the 12th, or if closed the 13th."""
    pack = CO_SIGNED.changed("NE21-X1", within={"count": 3, "unit": "working_day"})
    for closed, due in ((frozenset[date](), "2026-01-12"), (frozenset({date(2026, 1, 12)}), "2026-01-13")):
        told = Told(BEGIN + BY_NOOR, pack.model_copy(update={"closed_days": closed}))
        assert str(told.one("X1", "2026-01-08").due_on) == due


@pytest.mark.parametrize("credential", ["pladc", "P.L.A.D.C.", "provisional licensed alcohol and drug counselor"])
def test_a_provisional_license_is_read_in_the_spellings_of_clinical_guidance(credential: str) -> None:
    signed = (
        '{"signer": "c-new", "role": "clinician", "signed_on": "2026-01-07", "method": "paper", "meaning": "review"'
    )
    plan = f'2026-01-07 plan 1 signed by c-new | {{"signatures": [{signed}, "credential": "{credential}"}}]}}'
    assert co_signed(plan).verdict("X1", "2026-01-18") == "info"


def test_a_colleagues_signature_is_not_a_supervisors_and_nobody_supervises_themselves() -> None:
    assert co_signed(BY_NOOR + f"2026-01-08 signed #4 by {LEE}").verdict("X1", "2026-01-18") == "info"
    own = '{"signer": "s-new", "role": "supervisor", "credential": "PLMHP", "signed_on": "2026-01-07", '
    own = f'{{"signatures": [{own}"method": "paper", "meaning": "review"}}]}}'
    assert co_signed(f"2026-01-07 plan 1 signed by s-new | {own}").verdict("X1", "2026-01-18") == "info"


def test_what_fully_licensed_clinicians_sign_needs_no_supervisor() -> None:
    assert co_signed(f"2026-01-07 plan 1 signed by {ORTIZ}, {LEE}, cl-7f3a").runs("X1") == [
        "not_applicable 2026-01-05 -"
    ]


def test_a_signer_whose_credential_nobody_stated_may_be_provisional() -> None:
    """Given a plan signed by somebody nobody knows, then it is unknown until a supervisor signs or the stay ends."""
    text = "2026-01-07 plan 1 signed by c-new, cl-7f3a\n"
    told = co_signed(text)
    assert told.runs("X1") == ["not_applicable 2026-01-05 -", "unknown 2026-01-07 -"]
    found = told.one("X1", "2026-01-08", "plan of 2026-01-07: credential")
    assert (found.cause, found.evidence) == ("credential_missing", (3,))
    signed = co_signed(text + "2026-01-12 signed #3 by s-kim")
    assert "unknown 2026-01-07 2026-01-12" in signed.runs("X1")
    ended = co_signed(text + "2026-01-20 discharged completed")
    assert "unknown 2026-01-07 2026-01-21" in ended.runs("X1")


def test_reviews_are_co_signed_like_plans_and_the_credential_is_that_of_the_day_of_the_signature() -> None:
    """Given c-noor, a PLADC who becomes a LADC in February, then only the review she signed before is due."""
    ladc = '{"joins": [{"id": "c-noor", "role": "clinician", "credential": "LADC"}]}'
    told = co_signed(
        "2026-01-05 team + c-noor\n"
        f"2026-01-07 plan 1 signed by {ORTIZ}, cl-7f3a\n2026-01-28 review of 1 signed by c-noor\n"
        f"2026-02-10 team + c-noor | {ladc}\n2026-02-20 review of 1 signed by c-noor"
    )
    assert told.runs("X1") == [
        "not_applicable 2026-01-05 2026-01-28",
        "info 2026-01-28 2026-02-08",
        "info 2026-02-08 -",
    ]


def test_a_supervisor_may_still_sign_after_the_discharge() -> None:
    told = co_signed(BY_NOOR + "2026-01-20 discharged completed\n2026-01-25 signed #4 by s-kim")
    assert told.runs("X1")[-2:] == ["info 2026-01-18 2026-01-25", "not_applicable 2026-01-21 -"]


def test_a_document_of_another_level_is_not_asked_for_and_a_hold_moves_nothing() -> None:
    away = "2026-01-06 transferred 2.1 to 1\n"
    assert co_signed(away + "2026-01-07 plan 1 signed by c-noor | {}\n").runs("X1")[-1] == "not_applicable 2026-01-07 -"
    held = co_signed(BY_NOOR + "2026-01-08 held\n2026-01-30 resumed")
    assert held.verdict("X1", "2026-01-18") == "info"


def test_nobody_co_signs_by_the_rules_of_nebraska_as_they_are() -> None:
    assert Told(BEGIN + BY_NOOR).all("X1") == []
