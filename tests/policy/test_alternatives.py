"""Nebraska's text read otherwise: each alternative a reading offers changes the verdict as it says."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from caretrail.policy import Pack
from tests.findings.text_history import PACK, Told

ADMITTED = "2026-01-02 assessed by c-ortiz LADC F10.20\n2026-01-05 admitted\n"
PLAN = "2026-01-07 plan 1 signed by c-ortiz, c-lee, cl-7f3a\n"
TWO = "2026-01-07 session group 09:00 180\n2026-01-08 session group 09:00 180\n"
BEGUN = ADMITTED + PLAN + TWO


def read(rule: str, **fields: object) -> Pack:
    return PACK.changed(f"NE21-{rule}", **fields)


def due(text: str, pack: Pack, day: str, rule: str = "R1") -> str:
    return str(Told(text, pack).one(rule, day).due_on)


def verdicts(text: str, pack: Pack, rule: str, *days: str) -> list[str]:
    told = Told(text, pack)
    return [told.verdict(rule, day) for day in days]


def test_every_alternative_of_a_reading_has_a_test_here() -> None:
    offered = {
        f"{place} {value}"
        for reading in PACK.readings.values()
        for place in reading.decides
        for value in reading.alternatives
    }
    assert offered == {
        "NE21-R1.on_closed_day next_working_day", "NE21-P1.sessions individual_only",
        "NE21-P1.sessions count_assessment", "NE21-A1.same_day strict", "NE21-B2.dimensions all_six",
        "NE21-R1.first_from plan_effective", "NE21-R1.first_from admission", "NE21-R1.series fixed",
        "NE21-R1.series earlier_of_both", "NE21-R1.counts_when all_signed", "NE21-R1.counts_when held",
        "NE21-P1.strength must", "NE21-I1.basis attended", "NE21-I1.basis scheduled",
        "NE21-I1.holds any_day_excuses", "NE21-I2.holds any_day_excuses", "NE21-I2.counts sessions",
        "NE21-I2.above violation", "NE21-I3.other_groups left_out", "offered_if_missed by_client_or_other",
        "NE21-C1.holds authorization", "NE21-C1.holds review_due", "NE21-C1.read_as level_needed_throughout",
        "NE21-C1.read_as new_problems_apart", "NE21-P1.on_return earlier_plan_stands", "NE21-R1.holds pause",
        "NE21-A2.provisional_is blocked", "NE21-P1.there_when in_effect", "NE21-R2.no_change never",
        "guidance_by team",
        "NE21-A5.coordination is_one", "NE21-A5.coordination is_none", "NE21-K7.decides both_levels",
        "NE21-D1.signature asked", "NE21-M1.period stay",
    }  # fmt: skip


# --- when a review is due -----------------------------------------------------------------------------------------


def test_a_hold_pauses_the_thirty_days() -> None:
    text = BEGUN + "2026-01-20 held\n2026-01-30 resumed\n"
    pause = read("R1", holds="pause")
    assert (due(text, PACK, "2026-02-28"), due(text, pause, "2026-02-28")) == ("2026-02-06", "2026-02-16")
    assert verdicts(text, pause, "R1", "2026-01-19", "2026-01-20", "2026-01-30", "2026-02-16", "2026-02-17") == [
        "met", "met", "met", "due_today", "overdue",
    ]  # fmt: skip
    told = Told(text, pause)
    assert told.one("R1", "2026-01-25").message == "on hold since 2026-01-20: the clock is paused"
    assert told.one("R1", "2026-02-17").arithmetic.endswith("10 days on hold, so 2026-02-16")
    assert verdicts(BEGUN + "2026-02-05 held\n", pause, "R1", "2026-02-05", "2026-04-30") == ["met", "met"]


def test_a_hold_that_begins_when_the_review_is_overdue_pauses_nothing() -> None:
    text = BEGUN + "2026-02-10 held\n2026-02-20 resumed\n"
    assert verdicts(text, read("R1", holds="pause"), "R1", "2026-02-09", "2026-02-12") == ["overdue", "overdue"]


def test_a_due_day_on_a_weekend_rolls_to_the_next_working_day() -> None:
    text = BEGUN + "2026-01-15 review of 1 signed by c-ortiz\n"
    roll = read("R1", on_closed_day="next_working_day")
    assert (due(text, PACK, "2026-01-16"), due(text, roll, "2026-01-16")) == ("2026-02-14", "2026-02-16")
    presidents = roll.model_copy(update={"closed_days": frozenset({date(2026, 2, 16)})})
    assert due(text, presidents, "2026-01-16") == "2026-02-17"
    assert due(text, PACK.model_copy(update={"closed_days": frozenset({date(2026, 2, 14)})}), "2026-01-16") == (
        "2026-02-14"
    )


EARLY = BEGUN + "2026-01-20 review of 1 signed by c-ortiz\n"
LATE = BEGUN + "2026-02-20 review of 1 signed by c-ortiz\n"


@pytest.mark.parametrize(
    ("series", "early", "late"),
    [
        ("rolling", "2026-02-19", "2026-03-22"),
        ("fixed", "2026-03-06", "2026-03-06"),
        ("earlier_of_both", "2026-02-19", "2026-03-06"),
    ],
)
def test_an_early_and_a_late_review_move_the_next_day_as_the_series_says(series: str, early: str, late: str) -> None:
    pack = read("R1", series=series, first_from="admission")
    assert due(EARLY, pack, "2026-01-05") == "2026-02-04"
    assert due(EARLY, pack, "2026-01-20") == early
    assert Told(LATE, pack).one("R1", "2026-02-20").message.endswith(f"next review due {late}")


@pytest.mark.parametrize(
    ("first_from", "on"),
    [
        ("earlier_of_plan_and_second_session", "2026-02-07"),
        ("plan_effective", "2026-02-11"),
        ("admission", "2026-02-04"),
    ],
)
def test_the_first_review_counts_from_the_day_the_text_is_read_to_mean(first_from: str, on: str) -> None:
    text = ADMITTED + TWO + "2026-01-12 plan 1 signed by c-ortiz\n"
    assert due(text, read("R1", first_from=first_from), "2026-01-12") == on


@pytest.mark.parametrize(
    ("when", "on"), [("held", "2026-01-20"), ("clinician_signed", "2026-01-22"), ("all_signed", "2026-01-26")]
)
def test_a_review_is_done_when_it_is_held_or_signed_by_one_or_by_all(when: str, on: str) -> None:
    text = BEGUN + "2026-01-20 review of 1 signed by c-ortiz@2026-01-22, c-lee@2026-01-22, cl-7f3a@2026-01-26\n"
    told = Told(text, read("R1", counts_when=when))
    before = str(date.fromisoformat(on) - timedelta(days=1))
    assert [str(told.one("R1", day).due_on) for day in (before, on)] == ["2026-02-06", "2026-02-19"]


def test_a_review_with_a_signature_put_off_is_never_done_by_the_strictest_reading() -> None:
    text = BEGUN + "2026-01-20 review of 1 signed by c-ortiz, c-lee; deferred cl-7f3a\n"
    assert due(text, read("R1", counts_when="all_signed"), "2026-02-28") == "2026-02-06"
    assert due(text, PACK, "2026-02-18") == "2026-02-19"


def test_by_the_strictest_reading_a_guardian_signs_for_the_client() -> None:
    text = BEGUN + "2026-01-20 review of 1 signed by c-ortiz, c-lee, g-ma\n"
    assert due(text, read("R1", counts_when="all_signed"), "2026-01-20") == "2026-02-19"


def test_a_review_that_counts_when_held_shows_no_later_signature_as_its_evidence() -> None:
    text = BEGUN + "2026-01-20 review of 1 signed by cl-7f3a\n"
    signed = text + f"2026-01-25 signed #{text.count(chr(10))} by c-ortiz\n"
    held = read("R1", counts_when="held")
    before, after = Told(text, held), Told(signed, held)
    for rule in ("R1", "C1"):
        assert after.one(rule, "2026-01-22").evidence == before.one(rule, "2026-01-22").evidence
    assert after.eligible("2026-01-22") == before.eligible("2026-01-22")


def test_a_review_that_all_declined_counts_once_a_clinician_signs_it() -> None:
    text = BEGUN + "2026-01-20 review of 1 signed by cl-7f3a; declined c-ortiz before c-x; declined c-lee before c-x\n"
    signed = Told(text + f"2026-01-25 signed #{text.count(chr(10))} by c-ortiz\n", read("R1", counts_when="all_signed"))
    assert [str(signed.one("R1", day).due_on) for day in ("2026-01-24", "2026-01-25")] == ["2026-02-06", "2026-02-19"]


# --- the plan -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sessions", "on"),
    [("any_attended", "2026-01-08"), ("individual_only", "2026-01-15"), ("count_assessment", "2026-01-07")],
)
def test_a_session_with_the_provider_is_what_the_text_is_read_to_mean(sessions: str, on: str) -> None:
    text = ADMITTED + TWO + "2026-01-13 session individual 13:00 60\n2026-01-15 session individual 13:00 60\n"
    told = Told(text, read("P1", sessions=sessions))
    assert told.verdict("P1", on) == "due_today"
    assert str(told.one("P1", "2026-01-20").due_on) == on


def test_the_plan_in_two_sessions_can_be_a_duty() -> None:
    assert (PACK.rules["NE21-P1"].strength, read("P1", strength="must").rules["NE21-P1"].strength) == ("should", "must")


def test_an_earlier_plan_can_stand_after_a_return() -> None:
    text = BEGUN + "2026-02-02 transferred 2.1 to 1\n2026-03-02 transferred 1 to 2.1\n"
    text += "2026-03-03 session group 09:00 180\n2026-03-04 session group 09:00 180\n"
    assert verdicts(text, PACK, "P1", "2026-03-04") == ["due_today"]
    assert verdicts(text, read("P1", on_return="earlier_plan_stands"), "P1", "2026-03-03", "2026-03-04") == [
        "met", "met",
    ]  # fmt: skip


# --- admission and treatment --------------------------------------------------------------------------------------


def test_an_assessment_on_the_day_of_the_first_session_can_be_too_late() -> None:
    text = "2026-01-05 assessed by c-ortiz LADC F10.20\n2026-01-05 admitted\n2026-01-05 session group 09:00 180\n"
    assert verdicts(text, PACK, "A1", "2026-01-05") == ["met"]
    assert verdicts(text, read("A1", same_day="strict"), "A1", "2026-01-05") == ["violation"]


def test_a_provisional_clinician_can_be_no_licensed_one() -> None:
    text = ADMITTED.replace("c-ortiz LADC", "c-noor")
    assert verdicts(text, PACK, "A2", "2026-01-05") == ["met"]
    assert verdicts(text, read("A2", provisional_is="blocked"), "A2", "2026-01-05") == ["violation"]


@pytest.mark.parametrize(
    ("coordination", "verdict"), [("may_be_one", "unknown"), ("is_one", "met"), ("is_none", "violation")]
)
def test_a_mental_health_contact_is_a_referral_as_the_text_is_read(coordination: str, verdict: str) -> None:
    text = "2026-01-02 assessed suspected\n2026-01-05 admitted\n2026-01-06 coordinated mental_health"
    assert verdicts(text, read("A5", coordination=coordination), "A5", "2026-01-06") == [verdict]


def test_a_level_that_the_criteria_give_can_count_beside_the_clinician_s() -> None:
    text = '2026-01-02 assessed | {"recommended_level": "3.5", "clinician_level": "2.1"}\n2026-01-05 admitted'
    both = read("K7", decides="both_levels")
    assert [*verdicts(text, PACK, "K7", "2026-01-05"), *verdicts(text, both, "K7", "2026-01-05")] == ["met", "unknown"]


def test_care_can_be_coordinated_once_in_the_stay() -> None:
    text = BEGUN + "2026-01-15 coordinated psychiatric\n"
    once = read("M1", period="stay")
    assert [*verdicts(text, PACK, "M1", "2026-03-20"), *verdicts(text, once, "M1", "2026-03-20")] == ["met", "met"]
    reviewed = text + "2026-02-05 review of 1 signed by c-ortiz, c-lee, cl-7f3a\n"
    assert verdicts(reviewed, PACK, "M1", "2026-03-20") == ["info"]
    assert verdicts(reviewed, once, "M1", "2026-03-20") == ["met"]


def test_a_discharge_can_be_asked_to_be_signed() -> None:
    text = BEGUN + "2026-01-20 discharged completed\n2026-01-22 signed #6 by c-ortiz"
    asked = read("D1", signature="asked")
    assert verdicts(text, PACK, "D1", "2026-01-20") == ["met"]
    assert verdicts(text, asked, "D1", "2026-01-20", "2026-01-22") == ["unknown", "met"]


def test_all_six_dimensions_can_be_asked_for() -> None:
    assert verdicts(BEGUN, PACK, "B2", "2026-01-05") == ["met"]
    assert verdicts(BEGUN, read("B2", dimensions="all_six"), "B2", "2026-01-05") == ["violation"]


WEEK = """
2026-01-12 session group 09:00 180
2026-01-14 session group 09:00 180
2026-01-16 missed group 09:00 180
"""


@pytest.mark.parametrize(("basis", "verdict"), [("offered", "info"), ("attended", "violation"), ("scheduled", "met")])
def test_nine_hours_bind_what_was_offered_or_attended_or_scheduled(basis: str, verdict: str) -> None:
    assert verdicts(BEGUN + WEEK, read("I1", basis=basis), "I1", "2026-01-18") == [verdict]


def test_a_schedule_that_is_too_short_is_told_until_it_is_longer_and_then_breached() -> None:
    """Given a schedule of 480 minutes for two full weeks, then it is never met again; for no full week, it is."""
    text = BEGUN + "2026-01-13 schedule 480 3\n2026-02-03 schedule 540 3\n"
    scheduled = read("I1", basis="scheduled")
    told = Told(text, scheduled)
    assert told.runs("I1") == [
        "not_applicable 2026-01-05 2026-01-18", "violation 2026-01-13 2026-02-03", "breached 2026-02-03 -",
    ]  # fmt: skip
    assert told.one("I1", "2026-02-01").message == "480 minutes a week scheduled since 2026-01-13, 540 needed"
    long = Told(BEGUN + "2026-01-13 schedule 960 3\n", read("I1", basis="scheduled", most=900))
    found = long.one("I1", "2026-01-20", "schedule of 2026-01-13")
    assert (found.message, found.arithmetic) == (
        "960 minutes a week scheduled since 2026-01-13, 900 at most", "scheduled 960 - 900 = 60",
    )  # fmt: skip
    soon = Told(BEGUN + "2026-01-13 schedule 480 3\n2026-01-17 schedule 540 3\n", scheduled)
    assert soon.runs("I1")[1:] == [
        "violation 2026-01-13 2026-01-17", "met 2026-01-18 2026-01-25", "met 2026-01-25 -",
    ]  # fmt: skip


def test_a_session_that_fell_out_can_be_read_as_offered() -> None:
    fell_out = BEGUN + WEEK.replace("missed group 09:00 180", "missed group 09:00 180 cause other")
    other = PACK.model_copy(update={"offered_if_missed": "by_client_or_other"})
    assert verdicts(fell_out, PACK, "I1", "2026-01-18") == ["violation"]
    assert verdicts(fell_out, other, "I1", "2026-01-18") == ["info"]


@pytest.mark.parametrize("rule", ["I1", "I2"])
def test_any_day_on_hold_can_excuse_a_week(rule: str) -> None:
    text = BEGUN + "2026-01-12 session group 09:00 180\n2026-01-13 held\n2026-01-14 resumed\n"
    assert verdicts(text, PACK, rule, "2026-01-18") == ["unknown"]
    assert verdicts(text, read(rule, holds="any_day_excuses"), rule, "2026-01-18") == ["not_applicable"]


def test_times_a_week_can_be_sessions() -> None:
    twice = BEGUN + "".join(f"2026-01-{day} session group {hour}:00 180\n" for day in (12, 14) for hour in ("09", "13"))
    assert verdicts(twice, PACK, "I2", "2026-01-18") == ["unknown"]
    told = Told(twice, read("I2", counts="sessions"))
    assert (told.verdict("I2", "2026-01-18"), told.one("I2", "2026-01-18").message) == (
        "met", "week of 2026-01-11: 4 sessions offered, 3 to 5 needed",
    )  # fmt: skip


def test_more_than_five_times_a_week_can_be_out_of_line() -> None:
    six = BEGUN + "".join(f"2026-01-{day} session group 09:00 180\n" for day in range(11, 17))
    assert verdicts(six, PACK, "I2", "2026-01-18", "2026-01-25") == ["info", "unknown"]
    assert verdicts(six, read("I2", above="violation"), "I2", "2026-01-18") == ["violation"]


def test_the_limits_of_a_group_can_be_read_as_those_of_psychotherapy_alone() -> None:
    text = BEGUN + "2026-01-12 session education 09:00 60 size 20\n"
    assert verdicts(text, PACK, "I3", "2026-01-12") == ["violation"]
    assert verdicts(text, read("I3", other_groups="left_out"), "I3", "2026-01-12") == ["met"]


# --- continued stay -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("read_as", "not_yet_progressing", "new_problems_elsewhere"),
    [
        ("as_printed", "eligible", "not_eligible"),
        ("level_needed_throughout", "not_eligible", "not_eligible"),
        ("new_problems_apart", "eligible", "eligible"),
    ],
)
def test_the_sentences_on_continued_stay_support_it_as_they_are_read(
    read_as: str, not_yet_progressing: str, new_problems_elsewhere: str
) -> None:
    pack = read("C1", read_as=read_as)
    able = BEGUN + "2026-01-20 determined continue C2 signed by c-ortiz"
    assert Told(able, pack).eligible("2026-01-21").verdict == not_yet_progressing
    elsewhere = able.replace("C2", "C3") + ' | {"least_intensive": false}'
    assert Told(elsewhere, pack).eligible("2026-01-21").verdict == new_problems_elsewhere


def test_a_determination_can_hold_through_the_next_review_due() -> None:
    """Given a determination a day before the review of its period, then it ends with the period it was made in."""
    text = BEGUN + "2026-02-05 determined continue C1 signed by c-ortiz\n2026-02-06 review of 1 signed by c-ortiz\n"
    by_review = Told(text, read("C1", holds="review_due"))
    assert [by_review.eligible(day).verdict for day in ("2026-02-06", "2026-02-07")] == ["eligible", "unknown"]
    assert by_review.eligible("2026-01-20").holds_through == date(2026, 2, 6), "the first review due, by the plan"
    assert Told(text, PACK).eligible("2026-02-07").holds_through == date(2026, 3, 7)


def test_a_determination_can_hold_as_long_as_the_payer_authorized() -> None:
    text = BEGUN + "2026-01-20 review of 1 signed by c-ortiz\n2026-01-20 determined continue C1 signed by c-ortiz\n"
    by_payer = read("C1", holds="authorization")
    assert Told(text, PACK).eligible("2026-01-21").holds_through == date(2026, 2, 19)
    assert Told(text, by_payer).eligible("2026-01-21").verdict == "unknown"
    text += "2026-01-22 authorized 2026-01-15 to 2026-03-15 30 day\n"
    told = Told(text, by_payer)
    assert told.eligible("2026-01-21").verdict == "unknown", "nobody knew of it then"
    assert (told.eligible("2026-01-22").verdict, told.eligible("2026-01-22").holds_through) == (
        "eligible", date(2026, 3, 15),
    )  # fmt: skip
    assert told.eligible("2026-03-16").verdict == "unknown"
    text += "2026-03-20 authorized 2026-01-15 to 2026-04-15 30 day\n"
    told = Told(text, by_payer)
    said = [told.eligible(day).verdict for day in ("2026-03-15", "2026-03-16", "2026-03-19", "2026-03-20")]
    assert said == ["eligible", "unknown", "unknown", "eligible"], (
        "an authorization that came late was not known between"
    )
