"""Intensity (I1, I2, I3), endings (D1), packs that are missing, and whose a finding is."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.findings.text_history import JUDGED, ORTIZ, PACK, Told, days_between

BEGIN = "2026-01-02 assessed\n2026-01-04 admitted\n"
"""Admitted on a Sunday: the week of 2026-01-04 is a full one, judged on 2026-01-11."""


def week(first: str, *minutes: int, kind: str = "session", cause: str = "") -> str:
    day = date.fromisoformat(first)
    return "".join(
        f"{day + timedelta(days=2 * number)} {kind} group 09:00 {length} {cause}\n"
        for number, length in enumerate(minutes)
    )


FULL = BEGIN + week("2026-01-05", 180, 180, 180)
CANCELED = week("2026-01-06", 180, 240, kind="missed", cause="cause program")
"""What the program canceled in the first week, so that 600 minutes are accounted for with 180 attended."""


# --- I1 -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("last", "verdict"), [(180, "met"), (179, "unknown"), (181, "met")])
def test_e32_nine_hours_are_540_minutes_without_rounding(last: int, verdict: str) -> None:
    """Of 600 minutes scheduled 61 are not accounted for: with them the week could have had enough."""
    told = Told(BEGIN + week("2026-01-05", 180, 180, last))
    assert told.verdict("I1", "2026-01-11") == verdict


def test_a_week_is_judged_from_the_day_after_its_last_and_stays_up_for_the_notice() -> None:
    told = Told(BEGIN + week("2026-01-05", 180) + CANCELED + week("2026-01-12", 180, 180, 180))
    assert told.runs("I1")[:3] == [
        "not_applicable 2026-01-04 2026-01-11",
        "violation 2026-01-11 2026-01-18",
        "breached 2026-01-18 -",
    ]
    assert told.one("I1", "2026-01-11").message == "week of 2026-01-04: offered 180, attended 180 minutes, 540 needed"


@pytest.mark.parametrize(("cause", "verdict"), [("client", "info"), ("other", "violation"), ("program", "violation")])
def test_e30_what_the_client_missed_was_offered_and_what_the_program_canceled_was_not(cause: str, verdict: str) -> None:
    missed = f"2026-01-09 missed group 09:00 180 cause {cause}"
    told = Told(BEGIN + week("2026-01-05", 180, 180) + missed)
    assert told.verdict("I1", "2026-01-11") == verdict


def test_only_skilled_treatment_counts() -> None:
    told = Told(BEGIN + week("2026-01-05", 180, 180) + "2026-01-09 session other 09:00 180")
    assert "offered 360, attended 360 minutes" in told.one("I1", "2026-01-11").message


def test_e31_weeks_begin_on_sunday_unless_the_pack_says_otherwise() -> None:
    text = BEGIN.replace("2026-01-04", "2026-01-05") + "2026-01-11 session group 09:00 540\n"
    assert Told(text).verdict("I1", "2026-01-12") == "not_applicable"
    monday = PACK.model_copy(update={"week_start": "monday"})
    assert Told(text, monday).verdict("I1", "2026-01-12") == "met"


def test_weeks_of_admission_and_discharge_are_not_judged_unless_covered_in_full() -> None:
    told = Told("2026-01-02 assessed\n2026-01-05 admitted\n2026-01-16 discharged completed")
    assert {item.verdict for item in told.all("I1")} == {"not_applicable"}
    whole = BEGIN + "2026-01-10 discharged completed\n"
    for sessions, verdict in ((CANCELED, "violation"), ("", "unknown")):
        (week_of_the_end,) = [item for item in Told(whole + sessions).all("I1") if item.subject]
        assert (week_of_the_end.verdict, str(week_of_the_end.start)) == (verdict, "2026-01-11")
        assert str(week_of_the_end.until) == "2026-01-18", "it is judged when the stay is over, and told for a time"


def test_a_week_on_hold_is_not_judged_and_one_with_a_day_on_hold_is() -> None:
    told = Told(BEGIN + CANCELED + "2026-01-10 held\n2026-01-18 resumed\n" + week("2026-01-19", 180))
    assert told.verdict("I1", "2026-01-11") == "info"
    assert told.verdict("I1", "2026-01-18") == "not_applicable"
    assert told.verdict("I1", "2026-01-25") == "unknown"


def test_weeks_in_which_nothing_is_recorded_are_judged_without_anybody_writing() -> None:
    told = Told(FULL)
    assert told.verdict("I1", "2026-01-11") == "met"
    (open_ended,) = [item for item in told.all("I1") if item.verdict == "unknown"]
    assert (str(open_ended.start), open_ended.until) == ("2026-01-18", None)
    assert "offered 0, attended 0 minutes" in open_ended.message
    too_little = FULL.replace("admitted", 'admitted | {"schedule": {"minutes_per_week": 60, "days_per_week": 1}}')
    resumed = Told(too_little + week("2026-01-26", 180, 180, 180))
    (run,) = [item for item in resumed.all("I1", "week of 2026-01-11 and since") if item.verdict == "violation"]
    assert (str(run.start), str(run.until)) == ("2026-01-18", "2026-02-01")
    assert resumed.verdict("I1", "2026-02-01") == "breached violation", "the run, and the schedule that stands"


# --- I2 -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "verdict", "cause"),
    [(2, "unknown", "sessions_missing"), (3, "met", ""), (5, "met", ""), (6, "info", "frequency_high")],
)
def test_e33_e34_sessions_are_offered_on_three_to_five_days_a_week(days: int, verdict: str, cause: str) -> None:
    sessions = "".join(f"2026-01-{5 + number:02} session group 09:00 300\n" for number in range(days))
    found = Told(BEGIN + sessions).one("I2", "2026-01-11")
    assert (found.verdict, found.cause) == (verdict, cause)


def test_two_sessions_on_one_day_are_one_day() -> None:
    twice = "".join(f"2026-01-0{day} session group {hour}:00 180\n" for day in (5, 7) for hour in ("09", "13"))
    assert Told(BEGIN + twice).one("I2", "2026-01-11").message.startswith("week of 2026-01-04: sessions offered on 2")


# --- I3 -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "verdict", "cause"),
    [
        ("2", "violation", "group_too_small"),
        ("3", "met", ""),
        ("12", "met", ""),
        ("13", "violation", "group_too_large"),
    ],
)
def test_e35_a_group_has_three_to_twelve_clients(size: str, verdict: str, cause: str) -> None:
    told = Told(BEGIN + f'2026-01-05 session group 09:00 180 | {{"group_size": {size}}}')
    found = told.one("I3", "2026-01-05")
    assert (found.verdict, found.cause) == (verdict, cause)
    assert told.verdict("I3", "2026-01-11") == verdict
    assert told.verdict("I3", "2026-01-12") == ("met" if verdict == "met" else "breached")


UNSTATED = (
    BEGIN
    + '2026-01-09 session group 09:00 180 | {"group_size": null}\n'
    + "2026-01-12 session group 09:00 180 size 8\n"
    + '2026-01-14 session group 09:00 180 | {"group_size": null}\n'
)
"""Events 3 and 5 are groups whose size is not stated."""


def test_sizes_not_stated_are_one_unknown_from_the_first_until_the_stay_ends() -> None:
    """Given two groups without a size and one with, when time passes, then one finding stays up and nothing is met."""
    told = Told(UNSTATED)
    assert told.runs("I3") == ["not_applicable 2026-01-04 2026-01-09", "unknown 2026-01-09 -"]
    found = told.one("I3", "2026-03-09")
    assert (found.subject, found.cause, found.evidence) == ("group_size", "group_size_missing", (3,))
    assert found.message == "group_size not stated, first for the group of 2026-01-09"
    ended = Told(UNSTATED + "2026-01-20 discharged completed")
    assert ended.verdict("I3", "2026-01-20") == "unknown"
    assert ended.verdict("I3", "2026-01-21") == "not_applicable"


def test_a_correction_states_the_size_and_the_next_group_without_one_is_named() -> None:
    """Given two groups without a size, when one after the other is corrected, then what is left is said of its day."""
    one = Told(UNSTATED + '2026-01-20 corrected #3 | {"group_size": 9}\n')
    assert one.verdict("I3", "2026-01-13") == "met"
    assert one.one("I3", "2026-02-20").evidence == (5,)
    assert one.one("I3", "2026-02-20").message.endswith("first for the group of 2026-01-14")
    both = Told(
        UNSTATED + '2026-01-20 corrected #3 | {"group_size": 9}\n2026-01-21 corrected #5 | {"group_size": 13}\n'
    )
    assert both.runs("I3")[1:] == [
        "met 2026-01-09 2026-01-14",
        "violation 2026-01-14 2026-01-21",
        "breached 2026-01-21 -",
    ]


def test_a_group_too_large_stands_beside_a_size_not_stated() -> None:
    told = Told(UNSTATED + "2026-01-16 session group 09:00 180 size 13\n")
    assert told.verdict("I3", "2026-01-16") == "unknown violation"
    assert told.verdict("I3", "2026-01-23") == "breached unknown"


def test_each_stay_has_its_own_group_without_a_size() -> None:
    """Given a size not stated before a time away, when the client is back, then it is unknown anew from a new group."""
    away = UNSTATED + "2026-01-16 transferred 2.1 to 1\n2026-02-02 transferred 1 to 2.1\n"
    told = Told(away + '2026-02-04 session group 09:00 180 | {"group_size": null}')
    assert [run for run in told.runs("I3") if run.startswith("unknown")] == [
        "unknown 2026-01-09 2026-01-17",
        "unknown 2026-02-04 -",
    ]


@pytest.mark.parametrize("service", ["family", "individual"])
def test_e36_the_limit_is_for_groups(service: str) -> None:
    told = Told(BEGIN + f"2026-01-05 session {service} 09:00 180 size 30")
    assert told.verdict("I3", "2026-01-05") == "not_applicable"


def test_outside_a_stay_under_policy_no_group_is_judged() -> None:
    told = Told(BEGIN + "2026-01-10 transferred 2.1 to 1\n2026-01-12 session group 09:00 180 size 20")
    assert told.verdict("I3", "2026-01-12") == "not_applicable"


# --- D1 -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("end", "verdict"),
    [
        ("discharged completed", "met"),
        ('discharged completed | {"last_contact_on": null}', "unknown"),
        ('discharged completed | {"outcome": null}', "unknown"),
        ('discharged completed | {"outcome": {"goals_met": true}}', "unknown"),
        (
            'discharged completed | {"outcome": {"goals_met": true, "precipitating_condition_stabilized": false, '
            '"relapse_potential_stabilized": true}}',
            "violation",
        ),
        ('discharged died | {"outcome": null}', "met"),
        ('discharged left_against_advice | {"outcome": {"goals_met": false}}', "met"),
        ("transferred 2.1 to 1", "met"),
        ('transferred 2.1 to 1 | {"reason": null}', "unknown"),
        ('transferred 2.1 to 1 | {"outcome": null}', "unknown"),
        ('transferred 2.1 to 3.5 | {"outcome": {"goals_met": false}}', "met"),
    ],
)
def test_an_ending_has_a_reason_and_what_that_reason_needs(end: str, verdict: str) -> None:
    told = Told(BEGIN + f"2026-01-20 {end}")
    assert told.verdict("D1", "2026-01-19") == "not_applicable"
    assert told.verdict("D1", "2026-01-20") == verdict
    assert told.verdict("D1", "2027-01-20") == verdict


def test_a_correction_completes_a_discharge() -> None:
    told = Told(
        BEGIN
        + '2026-01-20 discharged completed | {"last_contact_on": null}\n'
        + '2026-01-25 corrected #3 | {"last_contact_on": "2026-01-19"}'
    )
    assert told.verdict("D1", "2026-01-20") == "met"


# --- packs, stays, owners -----------------------------------------------------------------------------------------


def test_a_missing_pack_is_itself_a_finding() -> None:
    told = Told(FULL + "2026-01-20 discharged completed", None)
    (found,) = told.findings
    assert (found.rule, found.verdict, found.cause) == ("PACK", "unknown", "pack_missing")
    assert (str(found.start), str(found.until)) == ("2026-01-04", "2026-01-21")
    assert [told.eligible(day).verdict for day in ("2026-01-10", "2026-01-21")] == ["unknown", "not_applicable"]


def test_a_pack_for_another_population_judges_nothing_and_says_so() -> None:
    told = Told('2026-01-04 admitted | {"population": "adolescent"}')
    assert [item.cause for item in told.findings] == ["pack_population"]


def test_e40_a_pack_not_in_force_on_the_day_of_admission_judges_nothing_and_says_so() -> None:
    later = PACK.model_copy(update={"effective_from": date(2026, 2, 1)})
    assert [item.cause for item in Told(FULL, later).findings] == ["pack_dates"]
    assert Told(FULL, PACK.model_copy(update={"effective_from": date(2026, 1, 4)})).verdict("B3", "2026-01-04") == "met"


def test_before_an_admission_there_is_nothing_to_say() -> None:
    assert Told("2026-01-02 assessed").findings == []
    assert Told("2026-01-02 assessed", None).findings == []
    assert Told("2026-01-02 assessed").stays() == []


def test_at_another_level_no_rule_applies_and_the_level_is_named() -> None:
    told = Told("2026-01-04 admitted level 1\n2026-01-20 transferred 1 to 2.1\n2026-02-15 transferred 2.1 to 2.5")
    for rule in JUDGED:
        name = rule.removeprefix("NE21-")
        assert told.verdict(name, "2026-01-10") == "not_applicable", rule
        assert told.one(name, "2026-01-10").message == "level 1: no policy pack"
        if name not in ("D1", "P1", "R1"):
            assert told.verdict(name, "2026-02-25") in ("not_applicable", "not_applicable violation"), rule
    assert told.eligible("2026-02-21").reasons == ("level 2.5: no policy pack",)


@pytest.mark.parametrize("rule", JUDGED)
def test_every_rule_says_something_on_every_day_of_a_stay(rule: str) -> None:
    told = Told(FULL + f"2026-01-07 plan 1 signed by {ORTIZ}\n2026-01-30 discharged completed")
    for day in days_between(date(2026, 1, 4), date(2026, 3, 1)):
        if rule == "NE21-D1" and day > date(2026, 1, 30):
            continue
        assert told.on(rule.removeprefix("NE21-"), str(day)), day


def test_a_rule_switched_off_is_silent() -> None:
    told = Told(FULL, PACK.changed("NE21-I1", on=False))
    assert told.all("I1") == []
    assert told.all("I2")


def test_a_finding_changes_hands_with_the_case() -> None:
    told = Told("2026-01-05 admitted\n2026-02-10 team carries c-lee")
    overdue = [item for item in told.all("R1") if item.verdict == "overdue"]
    assert [(str(item.start), str(item.until or "-"), item.owner) for item in overdue] == [
        ("2026-02-05", "2026-02-10", "c-ortiz"),
        ("2026-02-10", "-", "c-lee"),
    ]


def test_e18_an_admission_moved_back_judges_the_past_anew() -> None:
    told = Told('2026-01-05 admitted\n2026-01-20 corrected #1 | {"occurred_on": "2025-12-20"}')
    assert str(told.one("R1", "2026-01-10").due_on) == "2026-01-19"
