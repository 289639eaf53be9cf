"""Care: screened (A4), treated after admission (A6), one to one (I4), every service (I5), coordinated (M1), no fixed
length of stay (C2), in contact (X2, off).
"""

from __future__ import annotations

from datetime import date

import pytest

from tests.findings.text_history import LEE, ORTIZ, PACK, Told

ADMITTED = "2026-01-05 admitted\n"
BEGIN = "2026-01-02 assessed\n" + ADMITTED
"""Events 1 and 2."""

AWAY = "2026-01-20 transferred 2.1 to 1\n2026-02-10 transferred 1 to 2.1\n"
BY = f"signed by {ORTIZ}, {LEE}, cl-7f3a"


def eligible(stated: str) -> str:
    return f'2026-01-05 admitted | {{"medicaid_eligible": {stated}}}\n'


# --- A4 -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("result", ["positive", "negative"])
@pytest.mark.parametrize("stated", ["true", "null"])
def test_a_screen_with_a_result_is_met(result: str, stated: str) -> None:
    told = Told(f"2026-01-02 assessed screen {result}\n" + eligible(stated))
    assert told.runs("A4") == ["met 2026-01-05 -"]
    assert told.one("A4", "2026-01-05").evidence == (1,)
    assert result in told.one("A4", "2026-01-05").message


def test_a_screen_not_done_is_a_violation_until_a_later_assessment_has_a_result() -> None:
    told = Told(
        f"2026-01-02 assessed screen not_done\n{ADMITTED}2026-01-12 assessed reassessment\n"
        "2026-01-20 assessed addendum screen negative"
    )
    assert told.runs("A4") == ["violation 2026-01-05 2026-01-20", "met 2026-01-20 -"]
    found = told.one("A4", "2026-01-15")
    assert (found.cause, found.evidence, found.owner) == ("screen_missing", (1,), ORTIZ)


@pytest.mark.parametrize(
    ("screen", "stated", "cause"),
    [("", "true", "screen_missing"), ("", "null", "screen_missing"), ("screen not_done", "null", "screen_missing")],
)
def test_a_screen_or_an_eligibility_not_stated_is_unknown_and_named(screen: str, stated: str, cause: str) -> None:
    found = Told(f"2026-01-02 assessed {screen}\n" + eligible(stated)).one("A4", "2026-01-05")
    assert (found.verdict, found.cause) == ("unknown", cause)
    assert ("medicaid_eligible" if screen else "co_occurring_screen") in found.message


def test_without_an_assessment_nobody_knows_of_a_screen() -> None:
    assert Told(ADMITTED).one("A4", "2026-01-05").cause == "assessment_missing"


def test_who_is_not_eligible_for_medicaid_need_not_be_screened() -> None:
    told = Told("2026-01-02 assessed screen not_done\n" + eligible("false"))
    assert told.runs("A4") == ["not_applicable 2026-01-05 -"]
    assert told.one("A4", "2026-01-05").evidence == (2,)


def test_a_client_screened_once_stays_screened_also_on_return() -> None:
    told = Told(
        f"2026-01-02 assessed screen negative\n{ADMITTED}{AWAY}"
        "2026-02-12 assessed reassessment screen not_done\n2026-02-20 discharged completed"
    )
    assert told.runs("A4") == [
        "met 2026-01-05 2026-01-21",
        "not_applicable 2026-01-21 2026-02-10",
        "met 2026-02-10 2026-02-21",
        "not_applicable 2026-02-21 -",
    ]


# --- A6 -----------------------------------------------------------------------------------------------------------


def test_treatment_from_the_day_of_admission_on_is_met() -> None:
    told = Told(BEGIN + "2026-01-05 session group 09:00 180")
    assert told.runs("A6") == ["met 2026-01-05 -"]
    assert told.one("A6", "2026-01-05").message == "no session before the admission"


def test_treatment_before_the_admission_is_information_that_stays() -> None:
    """Given treatment before the admission, which no line forbids, then it is worth knowing and no violation."""
    told = Told("2026-01-02 session group 09:00 180\n2026-01-03 session group 09:00 180\n" + ADMITTED)
    assert told.runs("A6") == ["info 2026-01-02 2026-01-05", "info 2026-01-05 -"]
    assert told.one("A6", "2026-01-04").evidence == (1,)
    found = told.one("A6", "2026-01-05")
    assert (found.cause, found.evidence) == ("treated_before_admission", (1, 2, 3))
    assert found.arithmetic == "first session 2026-01-02, admitted 2026-01-05: 3 days"
    assert PACK.rules["NE21-A6"].citation.startswith("ours, in no text")


def test_treatment_without_any_admission_is_worth_knowing_too() -> None:
    assert Told("2026-01-02 session group 09:00 180").runs("A6") == ["info 2026-01-02 -"]


def test_another_service_or_a_missed_session_before_the_admission_is_no_treatment() -> None:
    early = "2026-01-02 session other 09:00 60\n2026-01-03 missed group 09:00 180\n"
    assert Told(early + ADMITTED).runs("A6") == ["met 2026-01-05 -"]


def test_a_client_admitted_to_another_level_was_not_treated_too_early_for_this_one() -> None:
    """Given treatment before an admission to level 1, then nothing of it stands against level 2.1 from then on."""
    told = Told(
        "2026-01-02 session group 09:00 180\n2026-01-05 admitted level 1\n2026-01-07 session group 09:00 180\n"
        "2026-01-20 transferred 1 to 2.1\n2026-01-30 discharged completed"
    )
    assert told.runs("A6") == [
        "info 2026-01-02 2026-01-05",
        "not_applicable 2026-01-05 2026-01-20",
        "not_applicable 2026-01-20 2026-01-31",
        "not_applicable 2026-01-31 -",
    ]


def test_a_backdated_admission_takes_the_remark_back() -> None:
    told = Told(
        f'2026-01-03 session group 09:00 180\n{ADMITTED}2026-01-09 corrected #2 | {{"occurred_on": "2026-01-03"}}'
    )
    assert told.runs("A6") == ["met 2026-01-03 -"]


# --- I4 -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("service", ["individual", "family"])
def test_an_individual_or_family_session_with_two_clients_is_a_point(service: str) -> None:
    told = Told(BEGIN + f"2026-01-06 session {service} 13:00 60 size 2\n2026-01-20 session {service} 13:00 60 size 1")
    assert told.runs("I4") == [
        "not_applicable 2026-01-05 2026-01-06",
        "violation 2026-01-06 2026-01-13",
        "breached 2026-01-13 -",
    ]
    found = told.one("I4", "2026-01-06")
    assert (found.subject, found.cause, found.evidence) == (f"{service} session of 2026-01-06 13:00", "ratio", (3,))
    assert found.arithmetic == "2 <= 1 fails"


def test_an_individual_session_without_a_count_is_by_its_name_one_to_one() -> None:
    told = Told(BEGIN + "2026-01-06 session individual 13:00 60")
    assert (told.verdict("I4", "2026-01-06"), told.one("I4", "2026-01-06").evidence) == ("met", (3,))


@pytest.mark.parametrize("service", ["group", "education", "motivational", "other"])
def test_other_services_need_not_be_one_to_one(service: str) -> None:
    told = Told(BEGIN + f"2026-01-06 session {service} 09:00 180 size 9")
    assert told.runs("I4") == ["not_applicable 2026-01-05 -"]


def test_each_session_with_more_than_one_client_has_a_finding_of_its_own() -> None:
    told = Told(BEGIN + "2026-01-06 session individual 09:00 60 size 2\n2026-01-06 session family 13:00 60 size 3")
    assert told.verdict("I4", "2026-01-06") == "violation violation"


def test_a_session_at_another_level_is_not_judged_and_each_stay_begins_anew() -> None:
    told = Told(
        BEGIN + "2026-01-06 session individual 13:00 60\n" + AWAY + "2026-01-25 session individual 13:00 60 size 2\n"
        "2026-02-11 held\n2026-02-12 session individual 13:00 60 size 2"
    )
    assert told.runs("I4")[1:] == [
        "met 2026-01-06 2026-01-21",
        "not_applicable 2026-01-21 2026-02-10",
        "not_applicable 2026-02-10 2026-02-12",
        "violation 2026-02-12 2026-02-19",
        "breached 2026-02-19 -",
    ]


# --- I5 -----------------------------------------------------------------------------------------------------------

KINDS = ("individual", "family", "group", "education", "motivational")
"""Lines 58 to 60."""


def given(*kinds: str, day: str = "2026-01-07") -> str:
    return "".join(f"{day} session {kind} 09:00 60\n" for kind in kinds)


def test_before_four_weeks_no_service_is_missed() -> None:
    told = Told(BEGIN)
    assert told.runs("I5") == ["not_applicable 2026-01-05 2026-02-02", "info 2026-02-02 -"]
    found = told.one("I5", "2026-02-02")
    assert (found.cause, found.evidence) == ("service_missing", (2,))
    assert found.arithmetic == "2026-01-05 + 4 weeks = 2026-02-02"
    assert all(kind in found.message for kind in KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_each_service_that_is_missing_is_named_until_it_is_given(kind: str) -> None:
    rest = [other for other in KINDS if other != kind]
    told = Told(BEGIN + given(*rest) + given(kind, day="2026-02-10"))
    assert told.runs("I5")[1:] == ["info 2026-02-02 2026-02-10", "met 2026-02-10 -"]
    assert told.one("I5", "2026-02-02").message == f"not provided since 2026-01-05: {kind}"
    assert told.one("I5", "2026-02-10").evidence == (2, 3, 4, 5, 6, 7)


def test_every_service_given_in_four_weeks_is_met_on_the_day_it_is_looked_at() -> None:
    told = Told(BEGIN + given(*KINDS[:4]) + given(KINDS[4], day="2026-02-02"))
    assert told.runs("I5") == ["not_applicable 2026-01-05 2026-02-02", "met 2026-02-02 -"]


def test_a_service_offered_and_missed_or_of_no_named_kind_was_not_given() -> None:
    told = Told(
        BEGIN + given(*KINDS[:4]) + "2026-01-09 missed motivational 09:00 60\n2026-01-09 session other 09:00 60"
    )
    assert told.one("I5", "2026-02-02").message.endswith(": motivational")


def test_the_weeks_of_each_stay_count_for_themselves() -> None:
    told = Told(BEGIN + given(*KINDS) + "2026-02-05 transferred 2.1 to 1\n2026-02-10 transferred 1 to 2.1\n")
    assert told.runs("I5") == [
        "not_applicable 2026-01-05 2026-02-02",
        "met 2026-02-02 2026-02-06",
        "not_applicable 2026-02-06 2026-02-10",
        "not_applicable 2026-02-10 2026-03-10",
        "info 2026-03-10 -",
    ]
    assert told.one("I5", "2026-03-10").message.startswith("not provided since 2026-02-10: individual")


def test_a_stay_shorter_than_four_weeks_is_not_looked_at() -> None:
    assert "info" not in " ".join(Told(BEGIN + "2026-02-01 discharged completed").runs("I5"))
    assert "info 2026-02-02 2026-02-03" in Told(BEGIN + "2026-02-02 discharged completed").runs("I5")


# --- M1, lines 65-68 and 72-74 ------------------------------------------------------------------------------------

PLANNED = BEGIN + f"2026-01-07 plan 1 {BY}\n"
"""Event 3: the first review is due 2026-02-06. Dimension 3 has a problem, dimension 2 has none."""


def test_a_review_period_without_coordination_is_information_until_care_is_coordinated() -> None:
    told = Told(PLANNED + "2026-03-03 coordinated mental_health")
    assert told.runs("M1") == [
        "not_applicable 2026-01-05 2026-02-07",
        "info 2026-02-07 2026-03-03",
        "met 2026-03-03 -",
    ]
    found = told.one("M1", "2026-02-07")
    assert (found.cause, found.evidence, found.owner) == ("care_not_coordinated", (3,), ORTIZ)
    assert found.message == "no care coordination recorded from 2026-01-05 to 2026-02-06"


@pytest.mark.parametrize(
    "contact", ["coordinated mental_health", "coordinated psychiatric", "referred psychiatric to c-x"]
)
def test_coordination_or_a_referral_in_the_period_is_met_from_its_day(contact: str) -> None:
    told = Told(PLANNED + f"2026-01-15 {contact}\n2026-02-05 review of 1 {BY}")
    assert told.runs("M1")[:2] == ["not_applicable 2026-01-05 2026-01-15", "met 2026-01-15 2026-03-08"]
    assert told.one("M1", "2026-01-15").evidence == (4,)


def test_each_review_that_counts_begins_a_period_of_its_own() -> None:
    """Given coordination in the first period and none in the second, then only the second is told, from its review."""
    told = Told(
        PLANNED + f"2026-01-15 coordinated psychiatric\n2026-02-05 review of 1 {BY}\n2026-03-03 review of 1 {BY}\n"
    )
    assert told.runs("M1")[1:3] == ["met 2026-01-15 2026-03-03", "info 2026-03-03 2026-04-03"]
    assert told.one("M1", "2026-03-03").evidence == (5,)
    same_day = Told(PLANNED + f"2026-02-05 coordinated psychiatric\n2026-02-05 review of 1 {BY}")
    assert same_day.verdict("M1", "2026-02-05") == "met"


def test_the_pack_may_ask_for_coordination_once_in_the_stay() -> None:
    once = PACK.changed("NE21-M1", period="stay")
    told = Told(PLANNED + f"2026-01-15 coordinated psychiatric\n2026-02-05 review of 1 {BY}", once)
    assert told.runs("M1")[1:] == ["met 2026-01-15 -"]


def test_a_problem_of_dimension_three_is_monitored_by_contact_of_its_own_kinds() -> None:
    """Given a mental health problem, when only medical care is coordinated, then that is said until it is monitored."""
    text = PLANNED + "2026-01-15 coordinated medical\n"
    told = Told(text + "2026-02-20 coordinated mental_health")
    assert told.runs("M1") == [
        "not_applicable 2026-01-05 2026-01-15",
        "met 2026-01-15 2026-02-07",
        "info 2026-02-07 2026-02-20",
        "met 2026-02-20 -",
    ]
    found = told.one("M1", "2026-02-07")
    assert (found.cause, found.evidence) == ("need_not_met", (1,))
    assert found.message == (
        "dimension 3 has a problem: no mental health or psychiatric contact from 2026-01-05 to 2026-02-06"
    )
    none = '2026-01-10 assessed addendum | {"dimensions": {"3": {"problem": false}}}\n'
    assert Told(text + none).verdict("M1", "2026-02-07") == "met"


def test_a_problem_of_dimension_two_is_referred_or_consulted_on() -> None:
    problem = '2026-01-08 assessed addendum | {"dimensions": {"2": {"problem": true}}}\n'
    text = PLANNED + problem + "2026-01-15 coordinated psychiatric\n"
    assert Told(text).one("M1", "2026-02-07").subject == "dimension 2, review period from 2026-01-05"
    assert Told(text + "2026-01-20 referred medical to md-1").verdict("M1", "2026-02-07") == "met"


def test_a_period_cut_short_by_the_end_of_a_stay_is_not_told() -> None:
    assert Told(PLANNED + "2026-02-06 discharged completed").runs("M1") == [
        "not_applicable 2026-01-05 2026-02-07",
        "not_applicable 2026-02-07 -",
    ]
    away = Told(PLANNED + "2026-01-20 transferred 2.1 to 1\n2026-02-10 transferred 1 to 2.1\n")
    assert "info" not in " ".join(away.runs("M1"))


def test_a_hold_does_not_stretch_the_period() -> None:
    assert "info 2026-02-07 -" in Told(PLANNED + "2026-01-15 held\n2026-01-30 resumed").runs("M1")


# --- C2 -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("day", ["2026-01-05", "2026-03-02", "2026-06-22", "2027-01-05", "2028-02-29"])
def test_no_length_of_stay_is_ever_flagged(day: str) -> None:
    found = Told(BEGIN).one("C2", day)
    assert (found.verdict, found.evidence, found.arithmetic) == ("met", (2,), "first day 2026-01-05")
    assert found.message == "no fixed length of stay; 8 to 24 weeks are typical"


def test_what_is_typical_is_told_only_if_the_pack_says_it() -> None:
    silent = Told(BEGIN, PACK.changed("NE21-C2", typical_weeks=None))
    assert silent.one("C2", "2026-01-05").message == "no fixed length of stay"


def test_the_length_of_stay_is_said_of_each_stay_and_not_elsewhere() -> None:
    told = Told(BEGIN + AWAY + "2026-02-12 held\n2026-02-20 discharged terminated")
    assert told.runs("C2") == [
        "met 2026-01-05 2026-01-21",
        "not_applicable 2026-01-21 2026-02-10",
        "met 2026-02-10 2026-02-21",
        "not_applicable 2026-02-21 -",
    ]


# --- X2, switched on ----------------------------------------------------------------------------------------------

IN_CONTACT = PACK.changed("NE21-X2", on=True, unsourced=None, section="test")


def contact(text: str) -> Told:
    return Told(BEGIN + text, IN_CONTACT)


def test_e42_nothing_attended_for_thirty_days_is_flagged_from_the_day_after() -> None:
    told = contact("2026-01-09 session individual 13:00 60")
    assert told.runs("X2")[-2:] == ["met 2026-01-09 2026-02-09", "info 2026-02-09 -"]
    found = told.one("X2", "2026-02-09")
    assert (found.cause, found.evidence, str(found.due_on)) == ("no_contact", (3,), "2026-02-08")
    assert found.arithmetic == "2026-01-09 + 30 days = 2026-02-08"
    assert told.one("X2", "2026-02-08").message == "last contact 2026-01-09"


@pytest.mark.parametrize(("day", "flagged"), [("2026-02-04", False), ("2026-02-05", False), ("2026-02-06", True)])
def test_who_comes_on_the_last_day_was_in_contact(day: str, flagged: bool) -> None:
    """Given an admission on 5 January and nobody seen since, the thirtieth day is 4 February."""
    told = contact(f"{day} session other 13:00 60")
    assert ("info 2026-02-05 2026-02-06" in told.runs("X2")) is flagged
    assert told.verdict("X2", day) == "met"


def test_a_client_never_seen_is_counted_from_the_first_day() -> None:
    told = contact("2026-01-09 missed group 09:00 180")
    assert told.runs("X2") == ["met 2026-01-05 2026-02-05", "info 2026-02-05 -"]
    assert told.one("X2", "2026-02-05").evidence == (2,)


def test_the_end_of_the_stay_ends_it_and_each_stay_counts_from_its_own_first_day() -> None:
    told = contact("2026-02-20 discharged left_against_advice")
    assert told.runs("X2")[1:] == ["info 2026-02-05 2026-02-21", "not_applicable 2026-02-21 -"]
    assert contact("2026-02-04 discharged left_against_advice").runs("X2")[0] == "met 2026-01-05 2026-02-05"
    back = contact("2026-01-06 transferred 2.1 to 1\n2026-03-02 transferred 1 to 2.1\n")
    assert back.runs("X2")[-2:] == ["met 2026-03-02 2026-04-02", "info 2026-04-02 -"]


def test_a_hold_is_no_contact() -> None:
    assert contact("2026-01-06 held\n2026-02-20 resumed").verdict("X2", "2026-02-10") == "info"


def test_nobody_is_flagged_for_silence_by_the_rules_of_nebraska_as_they_are() -> None:
    told = Told(BEGIN)
    assert told.all("X2") == []
    assert {item.rule for item in told.findings if item.holds(date(2026, 6, 1))} >= {"NE21-C2", "NE21-M1"}
