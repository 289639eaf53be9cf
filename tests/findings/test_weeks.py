"""Weeks of treatment (I1, I2): time counted once, schedules, holds, doubt, notice, and what is never called met."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from caretrail.episode.entry import Entry
from caretrail.episode.history import effective_history
from caretrail.errors import PackInvalid
from caretrail.policy import Pack
from tests.findings.text_history import PACK, Told, entries
from tests.support.judged import findings

BEGIN = "2026-01-02 assessed\n2026-01-04 admitted\n"
"""Events 1 and 2: admitted on a Sunday with 600 minutes a week scheduled; its first week is judged on 2026-01-11."""

EXACT = '2026-01-02 assessed\n2026-01-04 admitted | {"schedule": {"minutes_per_week": 540, "days_per_week": 3}}\n'
JUDGED = "2026-01-11"


def held(*days: int, minutes: int = 180, service: str = "group", start: str = "09:00", more: str = "") -> str:
    return "".join(f"2026-01-{day:02} session {service} {start} {minutes} {more}\n" for day in days)


def missed(*days: int, cause: str, minutes: int = 180) -> str:
    return "".join(f"2026-01-{day:02} missed group 09:00 {minutes} cause {cause}\n" for day in days)


SHORT = BEGIN + held(5, 7) + missed(9, cause="program")
"""360 minutes offered, and the rest of the schedule canceled: 60 minutes are not accounted for, too few."""


# --- time counted once --------------------------------------------------------------------------------------------


def test_individual_time_inside_a_group_counts_once() -> None:
    """Given 480 minutes of groups with three hours of individual sessions inside, then 480 minutes were held."""
    inside = held(5, 7, 9, minutes=160) + held(5, 7, 9, minutes=60, service="individual", start="10:00")
    told = Told(EXACT + inside)
    assert told.one("I1", JUDGED).message.startswith("week of 2026-01-04: offered 480, attended 480 minutes")
    assert told.verdict("I1", JUDGED) == "unknown", "60 scheduled minutes have neither attendance nor no-show"


def test_individual_time_after_a_group_counts_in_full() -> None:
    after = held(5, 7, 9, minutes=120) + held(5, 7, 9, minutes=60, service="individual", start="11:00")
    assert Told(EXACT + after).verdict("I1", JUDGED) == "met"


def test_sessions_that_overlap_in_part_count_as_long_as_they_lasted_together() -> None:
    partly = held(5, minutes=180) + held(5, minutes=60, service="individual", start="11:30") + held(7, 9, minutes=165)
    assert Told(EXACT + partly).one("I1", JUDGED).arithmetic == "offered 540 - 540 = 0"


def test_a_session_past_midnight_and_one_that_begins_before_it_ends_count_once() -> None:
    night = held(5, start="23:00") + held(6, start="01:00") + held(8, 9, minutes=150)
    assert Told(EXACT + night).one("I1", JUDGED).arithmetic == "offered 600 - 540 = 60"


def test_the_same_session_twice_counts_once_as_time_and_as_a_session() -> None:
    """Given one group of Monday from two sources, then the plan is not due today: it was the first session."""
    told = Told(BEGIN + held(5) + held(5) + held(7))
    assert told.one("P1", "2026-01-05").verdict == "due_soon"
    assert told.verdict("P1", "2026-01-07") == "due_today"
    assert "offered 360, attended 360 minutes" in told.one("I1", JUDGED).message


def test_two_sessions_on_one_day_are_two_if_they_are_two() -> None:
    assert Told(BEGIN + held(5) + held(5, start="13:00")).verdict("P1", "2026-01-05") == "due_today"
    assert Told(BEGIN + held(5) + held(5, start="11:59")).verdict("P1", "2026-01-05") == "due_soon"
    assert Told(BEGIN + held(5) + held(5, start="12:00")).verdict("P1", "2026-01-05") == "due_today"


def test_without_a_start_nothing_is_a_duplicate() -> None:
    no_start = held(5, 5, more='| {"start": null}')
    assert Told(BEGIN + no_start).verdict("P1", "2026-01-05") == "due_today"


def test_one_group_session_is_one_whatever_its_starts() -> None:
    named = '| {"group_session": "g-1", "start": null}'
    assert Told(BEGIN + held(5, 5, more=named)).verdict("P1", "2026-01-05") == "due_soon"
    other_day = held(5, more='| {"group_session": "g-1"}') + held(6, more='| {"group_session": "g-1"}')
    assert Told(BEGIN + other_day).verdict("P1", "2026-01-06") == "due_today", "a name may come again another day"


def test_a_day_with_more_than_24_hours_is_in_doubt() -> None:
    """Given three sessions of 24 hours on one Monday, then nobody knows what of it was held."""
    told = Told(EXACT + "".join(held(5, minutes=1440, start=f"0{hour}:00") for hour in range(3)))
    found = told.one("I1", JUDGED)
    assert (found.verdict, found.cause, found.evidence) == ("unknown", "sessions_in_doubt", (3, 4, 5))
    assert found.message.endswith("it rests on sessions of days with more than 24 hours")
    assert found.arithmetic.endswith("with them: offered 1440 - 540 = 900"), "a day has no more"
    assert told.verdict("I2", JUDGED) == "unknown"


def test_24_hours_on_one_day_are_no_contradiction() -> None:
    whole_day = held(5, minutes=720, start="00:00") + held(5, minutes=720, start="12:00") + held(7, 8)
    assert Told(EXACT + whole_day).verdict("I1", JUDGED) == "met"


# --- what was offered, and what is not accounted for -------------------------------------------------------------


@pytest.mark.parametrize(("cause", "verdict"), [("client", "info"), ("program", "violation"), ("other", "violation")])
def test_what_the_client_missed_was_offered_and_what_fell_out_was_not(cause: str, verdict: str) -> None:
    told = Told(BEGIN + held(5, 7) + missed(9, cause=cause))
    assert told.verdict("I1", JUDGED) == verdict
    assert told.verdict("I2", JUDGED) == ("met" if cause == "client" else "violation")


def test_a_schedule_without_attendance_or_no_shows_makes_a_short_week_unknown() -> None:
    found = Told(BEGIN + held(5, 7)).one("I1", JUDGED)
    assert (found.verdict, found.cause, found.evidence) == ("unknown", "sessions_missing", (2, 3, 4))
    assert found.message.endswith("; 240 more minutes scheduled, with no attendance or no-show on record")
    assert found.arithmetic == "360 + 240 = 600, 540 needed"


def test_what_is_not_accounted_for_matters_only_if_nine_hours_could_be_reached_with_it() -> None:
    """Given 360 minutes held and 180 canceled, then of 600 scheduled 60 are left: 420; of 720 there are 180: 540."""
    assert Told(SHORT).verdict("I1", JUDGED) == "violation"
    longer = SHORT.replace(
        "2026-01-04 admitted", '2026-01-04 admitted | {"schedule": {"minutes_per_week": 720, "days_per_week": 3}}'
    )
    assert Told(longer).verdict("I1", JUDGED) == "unknown"
    least = longer.replace("720", "719")
    assert Told(least).verdict("I1", JUDGED) == "violation"


def test_days_are_accounted_for_as_minutes_are() -> None:
    assert Told(BEGIN + held(5, 7, minutes=300)).one("I2", JUDGED).cause == "sessions_missing"
    assert Told(BEGIN + held(5, 7, minutes=300) + missed(9, cause="program")).one("I2", JUDGED).cause == "frequency_low"


def test_a_short_week_without_any_schedule_on_record_accuses_nobody() -> None:
    text = BEGIN.replace("admitted", 'admitted | {"schedule": null}')
    told = Told(text + held(5, 7) + missed(9, cause="program"))
    assert [told.one(rule, JUDGED).cause for rule in ("I1", "I2")] == ["schedule_missing", "schedule_missing"]
    assert Told(text + held(5, 7, 9)).verdict("I1", JUDGED) == "met", "what was held needs no schedule"


def test_of_two_schedules_in_one_week_the_longer_is_the_one_that_could_be_reached() -> None:
    text = SHORT + "2026-01-07 schedule 720 4\n2026-01-08 schedule 540 3\n"
    assert Told(text).verdict("I1", JUDGED) == "unknown"
    assert Told(SHORT + "2026-01-11 schedule 720 4\n").verdict("I1", JUDGED) == "violation", "that is of the next week"


def test_unknown_wins_over_information() -> None:
    """Given a day on hold and 360 minutes on the others, then what is scheduled and not on record may be the rest."""
    told = Told(BEGIN + "2026-01-05 held\n2026-01-06 resumed\n" + held(6, 7))
    assert told.verdict("I1", JUDGED) == "unknown"


# --- schedules that can never suffice ----------------------------------------------------------------------------


def test_a_schedule_that_can_never_reach_nine_hours_is_a_violation_from_the_day_it_is_set() -> None:
    text = BEGIN.replace("admitted", 'admitted | {"schedule": {"minutes_per_week": 360, "days_per_week": 2}}')
    told = Told(text + "2026-01-09 schedule 540 3\n")
    for rule in ("I1", "I2"):
        (found,) = told.all(rule, "schedule of 2026-01-04")
        assert (found.verdict, str(found.start), str(found.until)) == ("violation", "2026-01-04", "2026-01-09")
        assert "violation" not in told.verdict(rule, "2026-01-09")


@pytest.mark.parametrize(("minutes", "days", "short"), [(539, 3, ["I1"]), (540, 3, []), (600, 2, ["I2"])])
def test_a_schedule_may_be_as_short_as_the_text_lets_it(minutes: int, days: int, short: list[str]) -> None:
    told = Told(BEGIN + f"2026-01-06 schedule {minutes} {days}\n")
    assert [rule for rule in ("I1", "I2") if "violation" in told.verdict(rule, "2026-01-06")] == short


def test_a_schedule_from_before_a_return_counts_from_the_return() -> None:
    away = "2026-01-06 transferred 2.1 to 1\n2026-01-20 schedule 200 2\n2026-02-02 transferred 1 to 2.1\n"
    told = Told(BEGIN + away)
    assert told.verdict("I1", "2026-01-25") == "not_applicable"
    assert [str(item.start) for item in told.all("I1", "schedule of 2026-02-02")] == ["2026-02-02"]


# --- holds --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("resumed", "verdict"), [("2026-01-08", "info"), ("2026-01-09", "not_applicable")])
def test_a_hold_that_leaves_fewer_than_three_days_excuses_a_week(resumed: str, verdict: str) -> None:
    """Given a hold from Sunday on: with Thursday, Friday and Saturday three days are left, without Thursday two.

    The day of the hold is on hold, the day of the return is not: until 01-08 four days are, until 01-09 five.
    """
    told = Told(EXACT + f"2026-01-04 held\n{resumed} resumed\n" + missed(8, 9, 10, cause="program"))
    assert told.verdict("I1", JUDGED) == told.verdict("I2", JUDGED) == verdict


def test_a_short_week_with_fewer_days_on_hold_names_them() -> None:
    text = EXACT + "2026-01-05 held\n2026-01-07 resumed\n" + held(7) + missed(8, 9, cause="program")
    found = Told(text).one("I1", JUDGED)
    assert (found.verdict, found.cause) == ("info", "short_on_hold")
    assert found.message.endswith("; on hold 2026-01-05, 2026-01-06")
    full = EXACT + "2026-01-05 held\n2026-01-06 resumed\n" + held(6, 7, 8)
    assert Told(full).verdict("I1", JUDGED) == "met"


def test_time_attended_while_on_hold_is_doubtful_and_decides_only_if_the_rest_is_short() -> None:
    on_hold = "2026-01-09 held\n2026-01-10 resumed\n"
    decides = Told(EXACT + held(5, 7) + on_hold + held(9)).one("I1", JUDGED)
    assert (decides.verdict, decides.cause) == ("unknown", "sessions_in_doubt")
    assert decides.ruling.doubt is not None
    assert (decides.ruling.doubt.documents, decides.ruling.doubt.if_counts.verdict) == ((7,), "met")
    enough = Told(EXACT + held(5, 7, 8) + on_hold + held(9)).one("I1", JUDGED)
    assert (enough.verdict, enough.arithmetic) == ("met", "offered 540 - 540 = 0")
    assert enough.message.endswith("; not counted, as in doubt: sessions of days on hold")


# --- notice, and what is never called met ------------------------------------------------------------------------


def test_a_short_week_is_told_for_the_notice_and_then_breached_through_the_last_day() -> None:
    told = Told(SHORT + held(12, 14, 16) + "2026-02-10 discharged completed\n")
    week = [f"{item.verdict} {item.start} {item.until}" for item in told.all("I1", "week of 2026-01-04")]
    assert week == ["violation 2026-01-11 2026-01-18", "breached 2026-01-18 2026-02-11"]
    assert "breached" not in told.verdict("I1", "2026-02-11")
    days = [date(2026, 1, 18) + timedelta(days=number) for number in range(24)]
    assert not [day for day in days if "met" in told.verdict("I1", str(day)).split()], "what was breached is never met"


def test_a_week_that_is_unknown_stays_so_until_it_is_on_record() -> None:
    text = BEGIN + held(5, 7) + held(12, 14, 16) + held(19, 21, 23)
    assert Told(text).verdict("I1", "2026-01-25") == "unknown"
    assert Told(text + missed(9, cause="client")).verdict("I1", "2026-01-25") == "met"


def week_as_known(text: str, late: int, recorded: date) -> list[str]:
    """What is said of the first week, if one event of the text was recorded late."""
    at = datetime(recorded.year, recorded.month, recorded.day, 18, tzinfo=UTC)
    known: list[Entry] = [
        Entry(entry.version, entry.position, entry.event, at, "intake") if entry.version == late else entry
        for entry in entries(text)
    ]
    found = findings(effective_history(known), PACK)
    return [
        f"{item.verdict} {item.start} {item.until or '-'}"
        for item in found
        if (item.rule, item.subject) == ("NE21-I1", "week of 2026-01-04")
    ]


LATE = date(2026, 1, 30)


def test_a_short_week_that_becomes_known_late_is_told_from_then() -> None:
    """Given a cancellation of 9 January that is recorded on 30 January, then it is told for a week from that day."""
    assert week_as_known(SHORT, 5, date(2026, 1, 9)) == ["violation 2026-01-11 2026-01-18", "breached 2026-01-18 -"]
    assert week_as_known(SHORT, 5, LATE) == ["violation 2026-01-11 2026-02-06", "breached 2026-02-06 -"]


def test_a_session_struck_late_makes_a_short_week_known_anew() -> None:
    """Given a session of the week, and one of the week after, voided on 30 January, then the first alone matters."""
    of_the_week = SHORT + held(10) + "2026-01-30 voided #6\n"
    assert week_as_known(of_the_week, 7, LATE) == ["violation 2026-01-11 2026-02-06", "breached 2026-02-06 -"]
    of_the_next = SHORT + held(12) + "2026-01-30 voided #6\n"
    assert week_as_known(of_the_next, 7, LATE) == ["violation 2026-01-11 2026-01-18", "breached 2026-01-18 -"]


# --- readings -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("basis", ["offered", "attended", "scheduled"])
def test_the_most_of_weekly_hours_is_obeyed_on_every_basis(basis: str) -> None:
    week = BEGIN + held(5, 7, 9)
    at_most = {most: PACK.changed("NE21-I1", basis=basis, most=most) for most in (540, 560, 600)}
    said = [Told(week, pack).one("I1", JUDGED) for pack in at_most.values()]
    counted = 600 if basis == "scheduled" else 540
    assert [item.verdict == "info" and item.cause == "above_range" for item in said] == [
        counted > most for most in at_most
    ]
    violation = PACK.changed(
        "NE21-I1", basis=basis, most=500 if basis == "offered" else 539, least=400, above="violation"
    )
    assert Told(week, violation).verdict("I1", JUDGED) == "violation"


def test_fields_that_nothing_acts_on_are_refused() -> None:
    for fields, named in (
        ({"above": "violation"}, "above"),
        ({"holds": "any_day_excuses", "days_left": 4}, "days_left"),
    ):
        pack = PACK.changed("NE21-I1", **fields)
        with pytest.raises(ValueError, match=rf"rules\.NE21-I1\.{named}"):
            Pack.model_validate(pack.model_dump(exclude_unset=True))
    with pytest.raises(PackInvalid):
        PACK.changed("NE21-I1", days_left=8)
