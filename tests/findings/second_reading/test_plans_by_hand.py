"""What the text says of plans, guidance and signatures, by example; the program and the second reading must say it."""

from __future__ import annotations

import pytest

from tests.findings.second_reading.charts import AWAY, BOTH, PLANNED, TREATED, outcomes, said

# --- the plan by the second session ---------------------------------------------------------------------------------


def test_before_any_session_no_plan_is_asked_for() -> None:
    assert said("2026-01-05 admitted", "P1", "03-01") == "nothing"


def test_before_any_session_a_doubtful_plan_is_no_question() -> None:
    text = "2026-01-05 admitted\n2026-01-06 plan 1 signed by c-lee:PhD\n2026-01-08 session group 09:00 180"
    assert said(text, "P1", "01-07") == "nothing"
    assert outcomes(text, "P1", "01-08") == ["met", "due_soon"]


def test_a_plan_is_due_soon_from_the_first_session_today_on_the_second_and_overdue_after_it() -> None:
    days = ("01-05", "01-06", "01-07", "01-08")
    assert [said(TREATED, "P1", day).split()[0] for day in days] == ["due_soon", "due_soon", "due_today", "overdue"]
    assert said(TREATED, "P1", "01-08") == "overdue 2026-01-07"


def test_a_plan_on_the_day_of_the_second_session_is_in_time_and_one_a_day_later_is_breached() -> None:
    assert said(PLANNED, "P1", "01-07") == "met -"
    late = f"{TREATED}\n2026-01-08 plan 1 signed by {BOTH}"
    assert said(late, "P1", "01-07") == "due_today 2026-01-07"
    assert said(late, "P1", "01-08") == "breached 2026-01-07"


def test_a_late_plan_stays_breached_through_the_last_day_of_the_stay() -> None:
    text = f"{TREATED}\n2026-01-08 plan 1 signed by {BOTH}\n2026-03-02 discharged completed"
    assert said(text, "P1", "03-02") == "breached 2026-01-07"
    assert said(text, "P1", "03-03") == "nothing"


@pytest.mark.parametrize(
    ("sessions", "expected"),
    [
        ("group 09:00 180;group 09:00 180", "due_soon -"),  # the same one twice
        ("group 09:00 180;family 10:00 60", "due_soon -"),  # one in the other
        ("group 09:00 90;family 10:00 90;individual 11:00 60", "due_soon -"),  # one into the next
        ("group 09:00 60;family 10:00 60", "due_today 2026-01-05"),  # one after the other
        ('group 09:00 60 | {"start": null};group 09:00 60 | {"start": null}', "due_today 2026-01-05"),
        ('group 09:00 60 | {"group_session": "g-1"};group 14:00 60 | {"group_session": "g-1"}', "due_soon -"),
        ("group 09:00 60;other 14:00 60", "due_soon -"),
        ("group 09:00 60;self_help 14:00 60", "due_soon -"),
        ("education 09:00 60;motivational 14:00 60", "due_today 2026-01-05"),
        ("individual 09:00 60;family 14:00 60", "due_today 2026-01-05"),
    ],
)
def test_two_sessions_of_treatment_on_one_day_are_two_if_they_are_two(sessions: str, expected: str) -> None:
    lines = "\n".join(f"2026-01-05 session {one}" for one in sessions.split(";"))
    assert said(f"2026-01-05 admitted\n{lines}", "P1", "01-05") == expected


def test_a_missed_session_and_one_before_the_admission_are_none() -> None:
    text = "2026-01-05 admitted\n2026-01-04 session group 09:00 60\n2026-01-05 missed group 09:00 60"
    assert said(f"{text}\n2026-01-06 session group 09:00 60", "P1", "01-06") == "due_soon -"


def test_a_plan_counts_from_its_signature_of_guidance_whenever_it_takes_effect() -> None:
    text = f"{TREATED}\n2026-01-07 plan 1 effective 2026-03-01 signed by {BOTH}"
    assert said(text, "P1", "01-08") == "met -"
    text = f"{TREATED}\n2026-01-06 plan 1 signed by cl-7f3a\n2026-01-10 signed #4 by c-lee"
    assert said(text, "P1", "01-09") == "overdue 2026-01-07"
    assert said(text, "P1", "01-10") == "breached 2026-01-07"


RETURNED = (
    f"{AWAY}\n2026-02-02 transferred 1 to 2.1\n2026-02-02 session group 09:00 180\n2026-02-04 session group 09:00 180\n"
)


def test_after_a_return_the_plan_of_before_is_not_enough_but_a_new_one_or_an_update_is() -> None:
    assert said(RETURNED, "P1", "02-03") == "due_soon -"
    assert said(RETURNED, "P1", "02-05") == "overdue 2026-02-04"
    assert said(f"{RETURNED}\n2026-02-04 plan 2 signed by {BOTH}", "P1", "02-05") == "met -"
    assert said(f"{RETURNED}\n2026-02-04 review of 1 signed by {BOTH}", "P1", "02-05") == "met -"
    kept = f'{RETURNED}\n2026-02-04 review of 1 signed by {BOTH} | {{"updated": false, "no_change_reason": "stable"}}'
    assert said(kept, "P1", "02-05") == "overdue 2026-02-04"
    assert said(f"{RETURNED}\n2026-02-04 review of 1 signed by cl-7f3a", "P1", "02-05") == "overdue 2026-02-04"


def test_a_plan_of_the_day_of_return_counts_and_one_of_the_day_before_does_not() -> None:
    assert said(f"{RETURNED}\n2026-02-02 plan 2 signed by {BOTH}", "P1", "02-05") == "met -"
    assert said(f"{RETURNED}\n2026-02-01 plan 2 signed by {BOTH}", "P1", "02-05") == "overdue 2026-02-04"


def test_a_plan_overdue_on_the_last_day_is_not_met_and_one_due_that_day_is_not_asked_for() -> None:
    for day, expected in (("01-08", "not_met 2026-01-07"), ("01-07", "nothing")):
        text = f"{TREATED}\n2026-{day} discharged left_against_advice"
        for on in (day, "01-30"):
            assert said(text, "P1", on, f"stay ended 2026-{day}") == expected
            assert said(text, "P1", on) == "nothing"


def test_where_only_a_doubt_is_between_not_met_and_not_applicable_it_is_not_applicable() -> None:
    doubtful = f"{TREATED}\n2026-01-07 plan 1 signed by c-lee:PhD, cl-7f3a\n2026-01-20 discharged completed"
    assert outcomes(doubtful, "P1", "01-19") == ["met", "overdue"]
    assert said(doubtful, "P1", "01-20", "stay ended 2026-01-20") == "nothing"


def test_a_session_on_hold_is_doubtful() -> None:
    held = "2026-01-05 admitted\n2026-01-05 session group 09:00 60\n2026-01-07 held\n2026-01-08 resumed"
    assert said(f"{held}\n2026-01-08 session group 09:00 60", "P1", "01-08") == "due_today 2026-01-08"
    assert outcomes(f"{held}\n2026-01-07 session group 09:00 60", "P1", "01-08") == ["overdue", "due_soon"]


def test_nobody_knows_of_the_last_contact_before_the_discharge() -> None:
    text = f"{TREATED}\n2026-01-09 held\n2026-01-11 session group 09:00 60"
    left = f'{text}\n2026-01-12 discharged left_against_advice | {{"last_contact_on": "2026-01-06"}}'
    assert said(text, "P1", "01-11") == "overdue 2026-01-07"
    assert said(left, "P1", "01-11") == "overdue 2026-01-07"


# --- clinical guidance ----------------------------------------------------------------------------------------------

NO_ROSTER = TREATED.replace("admitted", 'admitted | {"team": [], "clinician": null}')


@pytest.mark.parametrize(
    ("signer", "expected"),
    [
        ("c-x:LADC", "met"), ("c-x:LIMHP", "met"), ("c-x:LMHP", "met"), ("c-x:PLADC", "met"),
        ("c-x:CPSS", "overdue"), ("c-x:RN", "overdue"),
        ("c-x", "unknown"), ("c-x:MD", "unknown"), ("c-x:PhD", "unknown"), ("md-x:MD", "unknown"),
        ("md-x:LADC", "met"), ("md-x:?", "overdue"), ("s-x:LADC", "met"), ("s-x", "unknown"),
        ("g-ma:LADC", "overdue"), ("cl-7f3a:LADC", "overdue"),
    ],
)  # fmt: skip
def test_clinical_guidance_is_a_credential_and_with_no_roster_nobody_asks_for_membership(
    signer: str, expected: str
) -> None:
    assert said(f"{NO_ROSTER}\n2026-01-07 plan 1 signed by {signer}", "P1", "01-08").split()[0] == expected


@pytest.mark.parametrize(
    ("team", "signer", "expected"),
    [
        ("c-x:LADC", "c-x", "met"), ("c-x:RN", "c-x", "overdue"), ("c-x:?", "c-x", "unknown"),
        ("c-x:MD", "c-x", "unknown"), ("c-x:LADC", "c-x:RN", "overdue"), ("c-x:RN", "c-x:LADC", "met"),
        ("c-x:LADC", "c-x:MD", "unknown"), ("c-x:LADC", "md-x:?", "overdue"),
        ("c-x:RN", "c-cover:LMHP", "met"), ("c-x:RN", "c-cover", "unknown"),
    ],
)  # fmt: skip
def test_the_roster_speaks_where_the_signature_states_nothing(team: str, signer: str, expected: str) -> None:
    text = f"{NO_ROSTER}\n2026-01-06 team + {team}\n2026-01-07 plan 1 signed by {signer}"
    assert said(text, "P1", "01-08").split()[0] == expected


def test_the_roster_is_that_of_the_day_of_the_signature() -> None:
    for day, expected in (("01-11", "breached"), ("01-12", "unknown")):
        text = f"{NO_ROSTER}\n2026-01-06 team + c-x:LADC\n2026-01-12 team + c-x:MD"
        assert said(f"{text}\n2026-01-12 plan 1 signed by c-x@2026-{day}", "P1", "01-12").split()[0] == expected
    for day, expected in (("02-05", "breached"), ("02-06", "unknown")):
        text = f"{TREATED}\n2026-02-05 team - c-lee\n2026-02-10 plan 1 signed by c-lee@2026-{day}, cl-7f3a"
        assert said(text, "P1", "02-10").split()[0] == expected
    for day, expected in (("02-04", "unknown"), ("02-05", "breached")):
        text = f"{TREATED}\n2026-02-05 team + c-noor\n2026-02-10 plan 1 signed by c-noor@2026-{day}, cl-7f3a"
        assert said(text, "P1", "02-10").split()[0] == expected


def test_a_signature_more_than_seven_days_before_its_document_is_doubtful() -> None:
    for day, expected in (("01-13", "breached 2026-01-07"), ("01-12", "unknown 2026-01-07")):
        text = f"{TREATED}\n2026-01-20 plan 1 signed by c-lee@2026-{day}, cl-7f3a"
        assert said(text, "P1", "01-20") == expected


# --- signatures -----------------------------------------------------------------------------------------------------


def test_the_client_the_team_of_that_day_and_whom_the_sender_adds_must_sign() -> None:
    text = '2026-01-05 admitted\n2026-01-07 plan 1 signed by c-ortiz | {"required_signers": ["c-diaz"]}'
    for who, expected in (("c-ortiz", "nothing"), ("c-lee", "violation -"), ("client", "violation -")):
        assert said(text, "P3", "01-07", f"plan 1: {who}") == expected
    assert said(text, "P3", "01-07", "plan 1: c-diaz") == "violation -"
    assert said(f"{text}\n2026-01-09 signed #2 by c-lee", "P3", "01-09", "plan 1: c-lee") == "nothing"
    assert said(f"{text}\n2026-01-08 team + c-noor", "P3", "01-09", "plan 1: c-noor") == "nothing"


def test_a_guardian_signs_for_the_client_and_a_refusal_before_a_witness_will_do() -> None:
    assert said("2026-01-05 admitted\n2026-01-07 plan 1 signed by g-ma", "P3", "01-07", "plan 1: client") == "nothing"
    for how, expected in (("declined", "nothing"), ("deferred", "violation -")):
        text = f"{TREATED}\n2026-01-07 plan 1 signed by c-lee; {how} cl-7f3a before c-x"
        assert said(text, "P3", "01-07", "plan 1: client") == expected


def test_a_signature_long_before_the_plan_makes_it_unknown_whether_it_is_signed() -> None:
    for day, expected in (("01-12", "unknown -"), ("01-13", "nothing")):
        text = f"{TREATED}\n2026-01-20 plan 1 signed by c-ortiz, c-lee@2026-{day}, cl-7f3a"
        assert said(text, "P3", "01-20", "plan 1: c-lee") == expected
    assert outcomes(text.replace("01-13", "01-12"), "P3", "01-20") == ["met", "violation"]


def test_a_guardian_who_signed_long_before_leaves_it_unknown_too() -> None:
    for day, expected in (("01-12", "unknown -"), ("01-13", "nothing")):
        text = f"{TREATED}\n2026-01-20 plan 1 signed by c-lee, g-ma@2026-{day}"
        assert said(text, "P3", "01-20", "plan 1: client") == expected


def test_with_no_roster_nobody_knows_who_must_sign() -> None:
    assert said(f"{NO_ROSTER}\n2026-01-07 plan 1 signed by cl-7f3a", "P3", "01-08", "plan 1: team") == "unknown -"


def test_with_no_roster_the_team_of_an_update_is_asked_of_the_plan_that_came_of_it() -> None:
    text = f"{NO_ROSTER}\n2026-01-07 plan 1 signed by c-x:LADC, cl-7f3a"
    text = f"{text}\n2026-01-20 review of 1 signed by c-x:LADC, cl-7f3a\n2026-01-22 team + c-lee"
    assert said(text, "P3", "01-22", "review of 2026-01-20: team") == "unknown -"
    came = f"{text}\n2026-01-23 plan 2 signed by c-x:LADC, cl-7f3a"
    assert said(came, "P3", "01-23", "review of 2026-01-20: team") == "nothing"
    assert said(came, "P3", "01-23", "plan 2: c-lee") == "violation -"


def test_a_superseded_version_and_a_signer_who_left_are_history() -> None:
    unsigned = f"{TREATED}\n2026-01-07 plan 1 signed by c-ortiz, cl-7f3a"
    for line in (f"2026-01-20 plan 2 signed by {BOTH}", "2026-01-20 team - c-lee"):
        text = f"{unsigned}\n{line}\n2026-03-02 discharged completed"
        days = ("01-19", "01-20", "03-02", "03-03")
        expected = ["violation -", "breached -", "breached -", "nothing"]
        assert [said(text, "P3", day, "plan 1: c-lee") for day in days] == expected
    draft = f"{unsigned}\n2026-01-20 plan 2 signed by cl-7f3a"
    assert said(draft, "P3", "01-21", "plan 1: c-lee") == "violation -"


def test_what_was_signed_before_it_was_superseded_is_no_breach() -> None:
    text = f"{TREATED}\n2026-01-07 plan 1 signed by c-ortiz, cl-7f3a\n2026-01-20 plan 2 signed by {BOTH}"
    for day, expected in (("01-20", "nothing"), ("01-21", "breached -")):
        assert said(f"{text}\n2026-{day} signed #4 by c-lee", "P3", "01-22", "plan 1: c-lee") == expected


def test_what_is_superseded_after_the_client_left_the_level_is_history_too() -> None:
    text = f"{TREATED}\n2026-01-07 plan 1 signed by c-ortiz, cl-7f3a\n2026-01-20 transferred 2.1 to 1"
    assert said(text, "P3", "01-26", "plan 1: c-lee") == "violation -"
    assert said(f"{text}\n2026-01-25 plan 2 signed by {BOTH}", "P3", "01-26", "plan 1: c-lee") == "nothing"
    assert said(f"{text}\n2026-01-25 team - c-lee", "P3", "01-26", "plan 1: c-lee") == "nothing"


def test_where_two_doubts_meet_what_may_be_owed_is_not_called_history() -> None:
    text = "2026-01-05 admitted\n2026-01-16 plan 1 signed by c-ortiz, c-lee, cl-7f3a@2026-01-08"
    text = f"{text}\n2026-02-03 plan 2 signed by c-ortiz:PhD, c-lee:PhD, cl-7f3a"
    assert said(text, "P3", "02-02", "plan 1: client") == "unknown -"
    assert outcomes(text, "P3", "02-03") == ["met", "violation"]


def test_where_two_doubts_meet_after_the_stay_the_outcome_is_what_is_owed() -> None:
    text = "2026-01-05 admitted\n2026-01-16 plan 1 signed by c-ortiz, c-lee, cl-7f3a@2026-01-08"
    text = f"{text}\n2026-01-20 transferred 2.1 to 1\n2026-02-03 plan 2 signed by c-ortiz:PhD, c-lee:PhD, cl-7f3a"
    assert outcomes(text, "P3", "02-03") == ["met", "violation"]


def test_a_version_that_a_doubtful_one_may_have_superseded_is_unknown() -> None:
    text = f"{TREATED}\n2026-01-07 plan 1 signed by c-ortiz, cl-7f3a\n2026-01-20 plan 2 signed by c-ortiz:PhD, cl-7f3a"
    assert said(text, "P3", "01-20", "plan 1: c-lee") == "unknown -"


UPDATED = f"{PLANNED}\n2026-01-20 review of 1 signed by c-ortiz, cl-7f3a\n"


def test_an_update_is_signed_on_the_review_or_on_the_plan_that_came_of_it() -> None:
    about = "review of 2026-01-20: c-lee"
    assert said(UPDATED, "P3", "01-21", about) == "violation -"
    assert said(f"{UPDATED}\n2026-01-22 plan 2 signed by {BOTH}", "P3", "01-22", about) == "nothing"
    other = f"{UPDATED}\n2026-01-25 review of 1 signed by {BOTH}\n2026-01-26 plan 2 signed by {BOTH}"
    assert said(other, "P3", "01-26", about) == "breached -"  # that one came of the next review
    kept = f'{PLANNED}\n2026-01-20 review of 1 signed by c-ortiz | {{"updated": false, "no_change_reason": "stable"}}'
    assert said(kept, "P3", "01-21", about) == "nothing"


def test_who_left_before_the_plan_that_came_of_an_update_has_left_a_signature_missing() -> None:
    text = f"{UPDATED}\n2026-01-21 team - c-lee\n2026-01-22 plan 2 signed by c-ortiz, cl-7f3a"
    days = ("01-20", "01-21", "01-22")
    said_of = [said(text, "P3", day, "review of 2026-01-20: c-lee") for day in days]
    assert said_of == ["violation -", "breached -", "breached -"]


def test_a_signature_on_the_review_is_none_on_the_plan_that_came_of_it() -> None:
    text = f"{PLANNED}\n2026-01-20 review of 1 signed by {BOTH}\n2026-01-22 plan 2 signed by c-ortiz, cl-7f3a"
    assert said(text, "P3", "01-22", "plan 2: c-lee") == "violation -"


def test_an_unsigned_update_is_breached_when_the_next_review_counts() -> None:
    about = "review of 2026-01-20: c-lee"
    for by, expected in ((BOTH, "breached -"), ("cl-7f3a", "violation -")):
        assert said(f"{UPDATED}\n2026-02-02 review of 1 signed by {by}", "P3", "02-02", about) == expected
