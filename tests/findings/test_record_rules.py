"""The record of sessions against itself: on record once (K1), while away (K2), providers on the roster (K10)."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest

from caretrail.findings.chart.contradictions import read_chart
from caretrail.findings.program import GroupChart, group_findings
from caretrail.policy import Policy
from tests.findings.text_history import PACK, Told, history_of

BEGIN = "2026-01-02 assessed\n2026-01-04 admitted\n"
"""Events 1 and 2."""


def test_the_rules_of_the_record_are_ours_and_each_has_a_switch() -> None:
    twice = BEGIN + "2026-01-05 session group 09:00 180\n" * 2
    for name in ("K1", "K2", "K4", "K10"):
        rule = PACK.rules[f"NE21-{name}"]
        assert (rule.on, rule.strength, rule.citation.startswith("ours, in no text: ")) == (True, "should", True)
        assert Told(twice, PACK.changed(rule.id, on=False)).all(name) == []


# --- K1 -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("second", "cause"),
    [
        ("session group 09:00 180", "session_twice"),
        ("session group 09:00 60", "session_twice"),
        ("session individual 09:00 180", "sessions_overlap"),
        ("session group 11:59 60", "sessions_overlap"),
        ("session group 12:00 60", ""),
        ("missed group 09:00 180", "session_twice"),
        ("missed individual 10:00 60", ""),
        ("missed group 13:00 60", ""),
        ('session group 13:00 180 | {"start": null}', ""),
    ],
)
def test_a_session_is_on_record_once(second: str, cause: str) -> None:
    told = Told(BEGIN + f"2026-01-05 session group 09:00 180\n2026-01-05 {second}\n")
    found = told.all("K1", "sessions of 2026-01-05")
    assert [item.cause for item in found] == ([cause] if cause else [])
    assert all((item.verdict, item.evidence, item.until) == ("unknown", (3, 4), None) for item in found)


def test_the_same_group_session_on_one_day_is_one_session() -> None:
    named = ' | {"group_session": "g-1"}'
    twice = f"2026-01-05 session group 09:00 60{named}\n2026-01-05 session education 14:00 60{named}\n"
    assert Told(BEGIN + twice).one("K1", "2026-01-05").cause == "session_twice"
    two_days = twice.replace("2026-01-05 session education", "2026-01-06 session education")
    assert Told(BEGIN + two_days).verdict("K1", "2026-01-06") == "met"


def test_a_session_that_goes_on_past_midnight_overlaps_one_of_the_next_day() -> None:
    night = "2026-01-05 session group 23:00 120\n2026-01-06 session group 00:30 60\n"
    assert Told(BEGIN + night).runs("K1")[1:] == ["unknown 2026-01-06 -"]
    assert Told(BEGIN + night.replace("00:30", "01:00")).verdict("K1", "2026-01-06") == "met"


def test_more_than_24_hours_on_one_day_are_not_on_record_without_a_word() -> None:
    """Given sessions of Monday without a start: 1,440 minutes can be, 1,441 cannot."""
    day = '2026-01-05 session group 09:00 {} | {{"start": null}}\n'
    assert Told(BEGIN + day.format(720) * 2).verdict("K1", "2026-01-05") == "met"
    found = Told(BEGIN + day.format(720) + day.format(721)).one("K1", "2026-01-05")
    assert (found.cause, found.message) == (
        "over_24_hours", "sessions of 2026-01-05: 1441 minutes attended, and a day has 1440",
    )  # fmt: skip


def test_three_sessions_of_a_whole_day_overlap_and_are_too_long_together() -> None:
    told = Told(BEGIN + "".join(f"2026-01-05 session group 0{hour}:00 1440\n" for hour in range(3)))
    assert [item.cause for item in told.on("K1", "2026-01-05")] == ["sessions_overlap", "over_24_hours"]


def test_a_void_mends_a_session_that_is_on_record_twice() -> None:
    twice = BEGIN + "2026-01-05 session group 09:00 180\n" * 2
    assert Told(twice + "2026-01-20 discharged completed").verdict("K1", "2026-03-01") == "not_applicable unknown"
    assert Told(twice + "2026-01-20 voided #4\n").verdict("K1", "2026-01-05") == "met"


def test_at_another_level_nobody_asks_for_the_record() -> None:
    away = "2026-01-04 admitted level 1\n" + "2026-01-05 session group 09:00 180\n" * 2
    assert [item.verdict for item in Told(away).all("K1")] == ["not_applicable"]


# --- K2 -----------------------------------------------------------------------------------------------------------

JAILED = BEGIN + "2026-01-06 held jail\n2026-01-09 resumed\n"


@pytest.mark.parametrize(("day", "verdict"), [("05", "met"), ("06", "unknown"), ("08", "unknown"), ("09", "met")])
def test_nothing_is_attended_while_on_hold(day: str, verdict: str) -> None:
    """The day of the hold is on hold, the day of the return is not."""
    told = Told(JAILED + f"2026-01-{day} session group 09:00 180\n")
    assert told.verdict("K2", f"2026-01-{day}") == verdict


def test_a_group_attended_in_jail_names_the_hold_and_the_session() -> None:
    found = Told(JAILED + "2026-01-07 session group 09:00 180\n").one("K2", "2026-06-01")
    assert (found.cause, found.evidence) == ("attended_on_hold", (3, 5))
    assert found.message == "session of 2026-01-07: attended while on hold since 2026-01-06"


def test_a_session_on_hold_in_doubt_is_left_out_of_the_sessions_of_its_service_too() -> None:
    """Given a plan due by the second individual session, then one held on hold counts or not, as any session does."""
    pack = PACK.changed("NE21-P1", sessions="individual_only")
    sessions = "".join(f"2026-01-{day} session individual 09:00 60\n" for day in ("05", "07"))
    also = "2026-01-05 session group 13:00 60\n" * 2
    for text in (JAILED + sessions, JAILED + also + sessions):
        found = Told(text, pack).one("P1", "2026-01-07")
        assert found.ruling.doubt is not None
        assert (found.verdict, found.ruling.doubt.if_counts.verdict) == ("unknown", "due_today")
        assert found.ruling.doubt.if_not.verdict == "due_soon"


def test_a_crisis_contact_while_on_hold_is_no_contradiction() -> None:
    assert Told(JAILED + "2026-01-07 session crisis 09:00 60\n").verdict("K2", "2026-01-07") == "met"


@pytest.mark.parametrize(("contact", "said"), [("2026-01-11", True), ("2026-01-12", False)])
def test_nothing_is_attended_after_the_last_contact(contact: str, said: bool) -> None:
    """It is on record from the day of the discharge, which names the contact, until one of the two is mended."""
    told = Told(
        BEGIN + "2026-01-12 session other 09:00 60\n"
        f'2026-01-20 discharged completed | {{"last_contact_on": "{contact}"}}'
    )
    assert told.verdict("K2", "2026-01-19") == "met"
    assert (told.verdict("K2", "2026-03-01") == "not_applicable unknown") == said
    if said:
        (found,) = told.all("K2", "session of 2026-01-12")
        assert (str(found.start), found.evidence) == ("2026-01-20", (3, 4))


# --- K10 ----------------------------------------------------------------------------------------------------------


def test_a_provider_who_is_not_on_the_roster_is_information_until_they_join() -> None:
    session = "2026-01-05 session group 09:00 180 by c-noor PLADC\n"
    told = Told(BEGIN + session + "2026-01-07 session group 09:00 180 by c-noor PLADC\n2026-01-20 team + c-noor")
    assert told.runs("K10")[1:] == ["info 2026-01-05 2026-01-20", "met 2026-01-20 -"]
    assert told.one("K10", "2026-01-05").message == "c-noor provided a session on 2026-01-05 and was not on the roster"
    assert Told(BEGIN + session.replace("c-noor", "c-lee")).verdict("K10", "2026-01-05") == "met"


def test_somebody_on_the_list_of_the_team_is_on_the_roster_whatever_their_role() -> None:
    staff = '{"team": [{"id": "c-noor", "role": "staff", "credential": "LADC"}]}'
    listed = Told(f"2026-01-04 admitted | {staff}\n2026-01-05 session group 09:00 180 by c-noor LADC")
    assert listed.verdict("K10", "2026-01-05") == "met"


def test_whoever_left_is_not_on_the_roster_from_the_day_after() -> None:
    left = BEGIN + "2026-01-10 team - c-lee\n"
    assert Told(left + "2026-01-10 session group 09:00 180 by c-lee").verdict("K10", "2026-01-10") == "met"
    assert Told(left + "2026-01-11 session group 09:00 180 by c-lee").verdict("K10", "2026-01-11") == "info"


def test_a_roster_that_everybody_has_left_is_a_roster() -> None:
    """Given the whole team has left, then whoever holds a session is not on the roster; a new case owner is."""
    left = BEGIN + "2026-01-10 team - c-ortiz - c-lee\n"
    for who in ("c-lee", "c-park"):
        assert Told(left + f"2026-01-12 session group 09:00 180 by {who}").verdict("K10", "2026-01-12") == "info"
    owned = left + '2026-01-11 team | {"clinician": "c-park"}\n2026-01-12 session group 09:00 180 by c-park'
    assert Told(owned).verdict("K10", "2026-01-12") == "met"


def test_whoever_left_and_came_back_was_not_on_the_roster_between() -> None:
    away = BEGIN + "2026-01-10 team - c-lee\n2026-01-20 team + c-lee\n"
    sessions = {day: f"2026-01-{day} session group 09:00 180 by c-lee\n" for day in ("06", "15", "25")}
    assert Told(away + sessions["06"] + sessions["25"]).verdict("K10", "2026-01-25") == "met"
    told = Told(away + "".join(sessions.values()))
    assert told.runs("K10") == ["met 2026-01-04 2026-01-15", "info 2026-01-15 2026-01-20", "met 2026-01-20 -"]


def test_those_on_the_roster_throughout_were_there_from_the_first_day_to_the_last() -> None:
    history = history_of(BEGIN + "2026-01-10 team - c-lee\n2026-01-20 team + c-diaz")
    team = read_chart(history, Policy((PACK,))).team
    assert team.throughout(date(2026, 1, 4), date(2026, 1, 10)) == {"c-ortiz", "c-lee"}
    assert team.throughout(date(2026, 1, 4), date(2026, 1, 11)) == {"c-ortiz"}
    assert team.throughout(date(2026, 1, 3), date(2026, 1, 5)) == set()
    assert team.throughout(date(2026, 1, 20), date(2026, 1, 21)) == {"c-ortiz", "c-diaz"}


def test_without_a_roster_nobody_asks_for_it() -> None:
    nobody = '2026-01-04 admitted | {"team": []}\n2026-01-05 session group 09:00 180 by c-noor PLADC\n'
    assert Told(nobody).verdict("K10", "2026-01-05") == "met"
    assert (
        Told(nobody + "2026-01-06 team + c-diaz\n2026-01-07 session group 09:00 180 by c-noor PLADC").verdict(
            "K10", "2026-01-07"
        )
        == "info"
    )


# --- K4 -----------------------------------------------------------------------------------------------------------


def charts(*sizes: int | None, day: int = 12, name: str = "g-1") -> list[GroupChart]:
    return [GroupChart(UUID(int=place), date(2026, 1, day), name, size) for place, size in enumerate(sizes)]


@pytest.mark.parametrize(
    ("sizes", "cause"),
    [
        ((3, 3, 3), ""),
        ((3, 3, 3, 3), "more_charts_than_clients"),
        ((3, None, None, None), "more_charts_than_clients"),
        ((8, 9), "sizes_differ"),
        ((None,) * 20, ""),
        ((12,), ""),
    ],
)
def test_the_charts_of_one_group_session_are_counted(sizes: tuple[int | None, ...], cause: str) -> None:
    found = group_findings(charts(*sizes), PACK)
    assert [item.cause for item in found] == ([cause] if cause else [])
    assert all(
        (item.rule, item.verdict, str(item.start), item.until) == ("NE21-K4", "unknown", "2026-01-12", None)
        for item in found
    )


def test_fourteen_charts_that_each_say_eight_are_told_without_naming_one() -> None:
    (found,) = group_findings(charts(*[8] * 14, name="grp-78"), PACK)
    assert found.message == "group session grp-78 of 2026-01-12: 14 charts, with 8 clients"
    assert (found.evidence, found.arithmetic) == ((), "14 <= 8 fails")


def test_group_sessions_of_other_days_and_names_are_apart() -> None:
    assert group_findings([*charts(2, 2), *charts(2, 2, day=13), *charts(2, 2, name="g-2")], PACK) == []


def test_k4_has_a_switch() -> None:
    assert group_findings(charts(2, 2, 2), PACK.changed("NE21-K4", on=False)) == []
