"""The edge cases from E26 on: endings, hours and groups, guardians, holds, zones, what was known, no data."""

from __future__ import annotations

from datetime import date

import pytest

from caretrail.errors import InvalidEvent
from caretrail.events import SessionAttended, event_from
from tests.findings.text_history import JUDGED, LEE, ORTIZ, PACK, Told, line_to_event

BEGIN = "2026-01-02 assessed\n2026-01-04 admitted\n"
"""Events 1 and 2: admitted on a Sunday, so that its week is a full one."""

BY = f"signed by {ORTIZ}, {LEE}, cl-7f3a"
TWO = BEGIN + "2026-01-05 session group 09:00 180\n2026-01-07 session group 09:00 180\n"
PLAN = TWO + f"2026-01-07 plan 1 {BY}\n"
"""Events 3, 4 and 5: the first review is due 2026-02-06."""


def due(told: Told, day: str) -> str:
    return str(told.one("R1", day).due_on)


# --- endings and returns ------------------------------------------------------------------------------------------


def test_e26_a_client_who_goes_to_another_provider_is_discharged() -> None:
    told = Told(PLAN + '2026-01-20 discharged transferred | {"outcome": {"goals_met": false}}')
    assert told.verdict("D1", "2026-01-20") == "met"
    assert told.verdict("R1", "2026-03-01") == "not_applicable"
    assert [(answer.verdict, str(answer.start)) for answer in told.stays()][-1] == ("not_applicable", "2026-01-21")


@pytest.mark.parametrize("back", ["2026-01-21", "2026-07-20"])
def test_e27_a_return_after_the_discharge_owes_everything_anew_however_soon(back: str) -> None:
    """Given a new episode that names the one before and accepts its assessment, then its clocks begin on its own
    first day, and a plan is asked for again.
    """
    told = Told(
        f"{back} assessed prior_accepted\n"
        f'{back} admitted | {{"prior_episode": "LNK-0"}}\n'
        f"{back} session group 09:00 180\n{back} session group 13:00 180"
    )
    assert (told.verdict("A1", back), told.verdict("A3", back)) == ("met", "met")
    assert told.verdict("P1", back) == "due_today"
    assert (date.fromisoformat(due(told, back)) - date.fromisoformat(back)).days == 30
    assert told.eligible(back).basis == "admission"


@pytest.mark.parametrize("reason", ["died", "incarcerated"])
def test_e43_what_was_owed_stops_where_the_stay_does(reason: str) -> None:
    """Given a review overdue since 7 February, when the client dies or is jailed on the 10th, then it was three days
    overdue for good, and nothing is owed afterward.
    """
    told = Told(PLAN + f"2026-02-09 discharged {reason}")
    (kept,) = [item for item in told.all("R1") if item.verdict == "not_met"]
    assert (str(kept.start), kept.days_overdue(date(2026, 12, 1))) == ("2026-02-09", 3)
    open_later = {item.rule for item in told.findings if item.until is None and item.verdict in ("overdue", "due_soon")}
    assert open_later == set()


def test_e42_a_discharge_without_the_last_contact_is_unknown() -> None:
    told = Told(PLAN + '2026-04-01 discharged left_against_advice | {"last_contact_on": null}')
    assert (told.verdict("D1", "2026-04-01"), told.one("D1", "2026-04-01").cause) == ("unknown", "discharge_incomplete")
    assert "last_contact_on" in told.one("D1", "2026-04-01").message


# --- hours, days and groups ---------------------------------------------------------------------------------------


def held(*days: int, minutes: int, service: str = "group", more: str = "") -> str:
    return "".join(f"2026-01-{day:02} session {service} 09:00 {minutes} {more}\n" for day in days)


def test_e32_three_sessions_of_two_hours_fifty_are_not_nine_hours() -> None:
    found = Told(BEGIN + held(5, 7, 9, minutes=170)).one("I1", "2026-01-11")
    assert (found.verdict, found.arithmetic) == ("unknown", "510 + 90 = 600, 540 needed")


def test_e33_fewer_days_are_no_decline_while_days_and_hours_suffice() -> None:
    """Given five days of 120 minutes, then three days of 180, then two days of 270."""
    told = Told(
        BEGIN + held(5, 6, 7, 8, 9, minutes=120) + held(12, 14, 16, minutes=180) + held(19, 21, minutes=270)
    )  # fmt: skip
    weeks = ("2026-01-11", "2026-01-18", "2026-01-25")
    assert [told.verdict("I1", day) for day in weeks] == ["met", "met", "met"]
    assert [told.verdict("I2", day) for day in weeks] == ["met", "met", "unknown"]


def test_e34_many_hours_are_met_and_told_only_where_the_pack_has_a_limit() -> None:
    """Given 20 hours a week: Nebraska names no upper limit; 19 hours are the end of the level elsewhere."""
    text = BEGIN + held(5, 6, 7, 8, 9, minutes=240)
    assert Told(text).verdict("I1", "2026-01-11") == "met"
    limited = Told(text, PACK.changed("NE21-I1", most=1140)).one("I1", "2026-01-11")
    assert (limited.verdict, limited.cause) == ("info", "above_range")


SIZES = BEGIN + "2026-01-05 session group 09:00 180 size 13\n2026-01-05 session group 13:00 180 size 3\n"


def test_e35_each_group_is_counted_for_itself_unless_the_pack_averages() -> None:
    """Given groups of 13 and 3 on one day, then the walk-in is flagged; on average there were eight."""
    assert [item.subject for item in Told(SIZES).on("I3", "2026-01-05")] == ["group of 2026-01-05 09:00"]
    average = Told(SIZES, PACK.changed("NE21-I3", aggregation="monthly_average"))
    assert "violation" not in " ".join(average.runs("I3"))
    assert average.one("I3", "2026-02-01").arithmetic == "16 clients in 2 groups"


def test_e35_a_group_of_two_after_a_no_show_is_explained_not_hidden() -> None:
    told = Told(BEGIN + held(5, minutes=180, more="size 2") + "2026-01-06 explained I3 on 2026-01-05 no_show")
    assert [(item.verdict, str(item.start), item.quiet) for item in told.all("I3", "group of 2026-01-05 09:00")] == [
        ("violation", "2026-01-05", False),
        ("violation", "2026-01-06", True),
        ("breached", "2026-01-12", False),
    ]


def test_e36_other_services_have_the_limit_the_pack_gives_them() -> None:
    """Given a pack that allows 35 at education, then 36 are too many there and 13 in a group are nothing to it."""
    education = PACK.changed("NE21-I3", services=["education"], other_groups="left_out", least=1, most=35)
    text = BEGIN + held(5, minutes=180, more="size 13") + held(6, minutes=60, service="education", more="size 36")
    (found,) = [item for item in Told(text, education).all("I3") if item.verdict == "violation"]
    assert found.message == "education session of 2026-01-06 09:00: 36 clients, 1 to 35 allowed"


@pytest.mark.parametrize("modality", ["in_person", "virtual"])
def test_e37_where_and_how_a_session_took_place_is_kept_and_changes_no_verdict(modality: str) -> None:
    """Given three sessions in person or by video: Nebraska names "other environment appropriate"."""
    where = f'| {{"modality": "{modality}", "place": "home"}}'
    told = Told(BEGIN + held(5, 7, 9, minutes=180, more=where))
    plain = Told(BEGIN + held(5, 7, 9, minutes=180))
    assert told.findings == plain.findings
    kept = [item.event for item in told.history if isinstance(item.event, SessionAttended)]
    assert {(event.modality, event.place) for event in kept} == {(modality, "home")}


# --- guardians and holds ------------------------------------------------------------------------------------------


def test_e38_a_guardian_takes_part_for_the_client() -> None:
    told = Told(
        PLAN + f'2026-02-05 review of 1 signed by {ORTIZ}, {LEE}, g-mother | {{"participants": ["guardian", "family"]}}'
    )
    assert due(told, "2026-02-05") == "2026-03-07"
    assert (told.verdict("R2", "2026-02-05"), told.verdict("P3", "2026-02-05")) == ("met", "met")


@pytest.mark.parametrize(("day", "expected"), [("2026-01-20", ""), ("2026-02-01", "2026-02-18")])
def test_e44_a_hold_pauses_the_clock_where_the_pack_says_so(day: str, expected: str) -> None:
    """Given a hold from 15 to 27 January, then a pack that pauses the clock adds its twelve days, and Nebraska none."""
    text = PLAN + "2026-01-15 held\n2026-01-27 resumed"
    pausing = Told(text, PACK.changed("NE21-R1", holds="pause"))
    assert due(pausing, day) == (expected or "None")
    assert due(Told(text), day) == "2026-02-06"


# --- civil dates and what was known -------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["2026-01-05T00:00:00Z", "2026-01-05T06:00:00-06:00", "05/01/2026"])
def test_e46_a_day_is_a_civil_date_and_never_an_instant(value: str) -> None:
    with pytest.raises(InvalidEvent):
        event_from(line_to_event("2026-01-05 admitted") | {"occurred_on": value})


@pytest.mark.parametrize("zone", ["America/Denver", "Pacific/Kiritimati", "America/Adak"])
def test_e46_the_zone_of_a_clinic_shifts_no_day(zone: str) -> None:
    """Given the same chart in another zone, also once the zone is corrected, then every finding is the same."""
    begun = PLAN + "2026-01-09 session group 23:59 180\n"
    there = begun.replace("admitted", f'admitted | {{"zone": "{zone}"}}')
    assert Told(there).findings == Told(begun).findings
    corrected = Told(begun + f'2026-01-10 corrected #2 | {{"zone": "{zone}"}}')
    assert corrected.findings == Told(begun).findings


def test_e47_what_the_board_showed_is_what_the_events_recorded_by_then_say() -> None:
    """Given a review of 5 February that was entered in March, then the board of 10 February showed it as overdue."""
    late = [*PLAN.splitlines(), f"2026-02-05 review of 1 {BY}"]
    assert Told("\n".join(late[:5])).verdict("R1", "2026-02-10") == "overdue"
    assert Told("\n".join(late)).verdict("R1", "2026-02-10") == "met"


# --- no data ------------------------------------------------------------------------------------------------------

NOTHING = """2026-01-04 admitted | {"medicaid_eligible": null, "team": [], "clinician": null, "schedule": null,
    "expects_progress": null}""".replace("\n", "")
NO_DATA_NEEDED = {"NE21-R1", "NE21-R3", "NE21-A6", "NE21-C2", "NE21-K1", "NE21-K2", "NE21-K3", "NE21-K10"}
"""No review is due yet, no gap is known, nobody was treated or signed too early, no length of stay is too long, and
nothing contradicts itself.
"""


def test_e50_of_a_chart_that_says_nothing_only_what_needs_no_data_is_met() -> None:
    told = Told(NOTHING)
    met = {item.rule for item in told.findings if item.verdict == "met" and item.holds(date(2026, 1, 4))}
    assert met == NO_DATA_NEEDED
    months_later = {item.rule for item in told.findings if item.verdict == "met" and item.holds(date(2026, 6, 1))}
    assert months_later == NO_DATA_NEEDED - {"NE21-R1"}
    unknown = {item.rule for item in told.findings if item.verdict == "unknown" and item.holds(date(2026, 1, 4))}
    assert unknown == {f"NE21-{rule}" for rule in ("A2", "A4", "A5", "B1", "B2", "B3", "C1")}


BARE = """
    2026-01-02 assessed | {"performed_by": [], "dimensions": {}, "diagnoses": [], "dsm": null, "mental_health_suspected": null}
    2026-01-04 admitted | {"medicaid_eligible": null, "team": [], "clinician": null, "expects_progress": null}
    2026-01-05 session group 09:00 180 | {"group_size": null, "performed_by": []}
    2026-01-06 plan 1 signed by cl-7f3a | {"sections": {}}
    2026-01-20 review of 1 deferred cl-7f3a | {"participants": [], "updated": null}
    2026-01-20 determined continue | {"progressing": null, "has_capacity": null, "new_problems": null}
    2026-01-30 discharged completed | {"last_contact_on": null, "outcome": null}
"""  # noqa: E501  # a line is an event


@pytest.mark.parametrize("rule", ["A2", "A4", "A5", "B1", "B2", "B3", "P2", "I3", "S1", "R2", "C1", "P3"])
def test_e50_events_that_leave_out_all_they_may_are_never_met(rule: str) -> None:
    """Given events of every kind without anything a sender may leave out, then no rule takes silence for a yes."""
    told = Told(BARE)
    on_record = [item for item in told.all(rule) if item.verdict not in ("not_applicable",)]
    assert on_record
    assert {item.verdict for item in on_record} <= {"unknown", "violation"}, told.runs(rule)
    assert "unknown" in {item.verdict for item in on_record}


def test_e50_what_is_unknown_names_what_is_missing() -> None:
    told = Told(BARE)
    assert {item.rule for item in told.findings} == set(JUDGED)
    for item in told.findings:
        if item.verdict == "unknown":
            assert item.cause, item
            assert item.message, item
    assert told.verdict("D1", "2026-01-30") == "unknown"
