"""The worklist: what to do, in the order a clinician needs, and what stays quiet."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from caretrail.events import Event
from caretrail.plain import as_json
from caretrail.policy import Policy, load_pack
from caretrail.reading.answers import Work
from caretrail.readmodel.placed import Group
from tests.support.build import LEE, admitted, assessed, attested, event, plan, reviewed, session, signature
from tests.support.care import Care
from tests.support.example import NAME, day, example


def rows(work: Work) -> list[tuple[str, str, str, str, int]]:
    return [(row.group, row.episode or "", row.rule.removeprefix("NE21-"), row.verdict, row.count) for row in work.rows]


def absent(on: str, episode: str = "E-1", *, cause: str = "client", minutes: int = 180) -> Event:
    """A group that the client missed, or the program canceled."""
    return event("session_missed", on, episode, service="group", minutes=minutes, start="09:00", cause=cause)


def week(sunday: str, episode: str = "E-1", *, missed: int = 0, canceled: int = 0) -> list[Event]:
    """Three groups of three hours on Monday, Wednesday and Friday; the client misses the last, or the program does."""
    days = [f"{day(sunday) + timedelta(days=offset):%m-%d}" for offset in (1, 3, 5)]
    held = 3 - missed - canceled
    missing = [absent(on, episode) for on in days[held : held + missed]]
    fell_out = [absent(on, episode, cause="program", minutes=240) for on in days[held + missed :]]
    return [session(on, episode) for on in days[:held]] + missing + fell_out


SCHEDULE = {"minutes_per_week": 540, "days_per_week": 3}


def in_care(episode: str = "E-1", on: str = "01-05", **fields: Any) -> list[Event]:
    """Assessed, admitted and planned without a flaw."""
    start = day(on)
    return [
        assessed(f"{start - timedelta(days=3):%m-%d}", episode),
        admitted(on, episode, **({"schedule": SCHEDULE} | fields)),
        plan(on, episode),
    ]


def test_overdue_comes_first_longest_first_then_due_today_then_this_week_then_records_to_check(care: Care) -> None:
    """Given reviews due on 4, 6 and 9 February, treatment since 4 February without an assessment, and a plan unsigned,
    when the worklist of 6 February is asked for,
    then what is overdue longest stands first and what is only to be checked stands last.
    """
    care.record(attested())
    care.record([*in_care("LATE", "01-05"), *in_care("TODAY", "01-07"), *in_care("SOON", "01-10")])
    care.record([admitted("02-03", "NONE"), session("02-04", "NONE")])
    care.record(
        [
            assessed("02-01", "OWED"),
            admitted("02-02", "OWED", team=[{"id": "c-ortiz", "role": "clinician"}, LEE]),
            plan("02-02", "OWED"),
        ]
    )
    work = care.reader.worklist(day("02-06"))
    shown = [
        row
        for row in rows(work)
        if row[1:3] != ("NONE", "P1") and (row[0] == "documentation" or row[2] not in ("I1", "C1"))
    ]
    assert shown[:5] == [
        ("now", "LATE", "R1", "overdue", 1),
        ("now", "NONE", "A1", "overdue", 1),
        ("now", "TODAY", "R1", "due_today", 1),
        ("this_week", "SOON", "R1", "due_soon", 1),
        ("this_week", "OWED", "P3", "violation", 1),
    ]
    assert [row[1] for row in shown[5:]] == ["LATE", "SOON", "TODAY", "NONE"], "longest up first"
    assert {row[0] for row in shown[5:]} == {"documentation"}
    assert [row.owner for row in work.rows if row.rule == "NE21-P3"] == ["c-lee"]
    assert next(row.days_overdue for row in work.rows if row.episode == "LATE") == 2


def test_one_row_for_all_signatures_missing_with_their_owners_and_since_when(care: Care) -> None:
    noor = {"id": "c-noor", "role": "clinician", "credential": "PLADC"}
    care.record([assessed("01-02"), admitted("01-05", team=[{"id": "c-ortiz", "role": "clinician"}, LEE, noor])])
    care.record([plan("01-06")])
    [row] = [row for row in care.reader.worklist(day("01-10")).rows if row.rule == "NE21-P3"]
    assert (row.count, row.owner, row.since, row.group) == (2, "c-lee, c-noor", day("01-06"), "this_week")
    [mine] = care.reader.worklist(day("01-10"), clinician="c-lee").rows
    assert (mine.count, mine.owner, mine.clinician) == (1, "c-lee", "c-ortiz")


def test_records_to_check_are_one_row_an_episode(care: Care) -> None:
    care.record([*attested(), admitted("01-05", expects_progress=None)])
    [row] = [row for row in care.reader.worklist(day("01-06")).rows if row.group == "documentation"]
    assert row.count > 2
    assert "items to document: " in row.message
    assert "NE21-B3" in row.message


def test_a_short_week_is_quiet_until_a_second_follows(care: Care) -> None:
    care.record([*attested(), *in_care(), *week("01-11", missed=1), *week("01-18", missed=1), *week("01-25")])
    after_one, after_two = care.reader.worklist(day("01-19")), care.reader.worklist(day("01-26"))
    assert ([row.rule for row in after_one.rows], after_one.quiet_count) == ([], 1)
    assert [row.cause for row in care.reader.worklist(day("01-19"), all_quiet=True).rows] == ["attended_short"]
    assert [(row.cause, row.group) for row in after_two.rows] == [("attended_short", "this_week")]
    assert [row.rule for row in care.reader.worklist(day("02-03")).rows if row.rule == "NE21-I1"] == []


def test_an_explained_week_does_not_count_as_short(care: Care) -> None:
    care.record([*in_care(), *week("01-11", missed=1), *week("01-18", missed=1)])
    care.record([event("explained", "01-19", rule="NE21-I1", on="2026-01-18", code="client_ill")])
    work = care.reader.worklist(day("01-26"))
    assert [row.rule for row in work.rows if row.rule == "NE21-I1"] == []
    assert work.quiet_count == 1


def hours(care: Care, on: str) -> list[tuple[str, str, str, int]]:
    """The rows of the worklist of a day about nine hours a week: cause, subject, since when, how many."""
    found = [row for row in care.reader.worklist(day(on)).rows if row.rule == "NE21-I1"]
    return [(row.cause, row.subject, f"{row.since:%m-%d}", row.count) for row in found]


def test_weeks_in_which_too_little_was_offered_are_short_too(care: Care) -> None:
    """Given a week the client cut short and one in which too little was offered, in either order,
    when the second is judged, then it shows, and not before.
    """
    little, again = week("01-18", canceled=1), week("02-01", canceled=2)
    care.record([*in_care(), *week("01-11", missed=1), *little, *week("01-25"), *again, *week("02-08")])
    care.record([*in_care("E-2"), *week("01-11", "E-2", canceled=2), *week("01-18", "E-2", missed=1)])
    care.record([*week("01-25", "E-2"), *week("02-01", "E-2")])
    assert hours(care, "01-24") == []
    assert care.reader.worklist(day("01-24")).quiet_count == 2
    assert (
        hours(care, "01-25")
        == hours(care, "01-31")
        == [
            ("offered_short", "week of 2026-01-18", "01-25", 1),
            ("attended_short", "week of 2026-01-18", "01-25", 1),
        ]
    )
    assert hours(care, "02-01") == []
    assert [row.subject for row in care.reader.findings(day("02-08"), rule="I1", episode="E-1")] == [
        "week of 2026-02-01"
    ]
    assert hours(care, "02-08") == [], "a full week lies between"


def test_a_short_week_that_became_known_late_is_still_the_first_of_its_run(care: Care) -> None:
    """Given a week that is told longer, for it was recorded late, when a full one and a short one follow,
    then the last is a first one again.
    """
    pack = load_pack("ne-medicaid-2.1-adult").model_copy(update={"notice_days": 21})
    care.record([*in_care(), *week("01-11", canceled=1), *week("01-18"), *week("01-25", canceled=1), *week("02-01")])
    work = care.reader.worklist(day("02-02"), policy=Policy((pack,)))
    assert [row for row in work.rows if row.rule == "NE21-I1"] == []


def told(care: Care, on: str) -> int:
    """How many findings the rows of a day stand for that are about nine hours a week: those of one kind are one row."""
    return sum(row[3] for row in hours(care, on))


ON_LITTLE: dict[str, Any] = {"schedule": {"minutes_per_week": 180, "days_per_week": 1}}
"""A schedule that can never suffice: nothing that is not on record could make a week long enough."""


def test_a_schedule_that_can_never_suffice_is_work_from_the_day_it_is_set(care: Care) -> None:
    care.record([*in_care(**ON_LITTLE)])
    [row] = hours(care, "01-05")
    assert row == ("schedule_short", "schedule of 2026-01-05", "01-05", 1)


def test_weeks_in_which_nothing_is_recorded_are_to_be_documented(care: Care) -> None:
    """Given an admission and no session, when a full week has passed, then one row says since when."""
    care.record(in_care())
    assert hours(care, "01-17") == []
    row = ("sessions_missing", "week of 2026-01-11 and since", "01-18")
    assert [found[:3] for on in ("01-18", "05-25") for found in hours(care, on)] == [row, row]
    [finding] = care.reader.findings(day("01-25"), rule="I1")
    assert (finding.start, finding.until) == (day("01-18"), None), "the finding itself is whole"


def test_weeks_in_which_nothing_can_have_been_offered_show_from_the_second_on(care: Care) -> None:
    """Given an admission, a schedule that is too short and no session, then after two full weeks they are told beside
    the schedule.
    """
    care.record(in_care(**ON_LITTLE))
    assert [told(care, on) for on in ("01-24", "01-25", "05-25")] == [1, 2, 2]


def test_a_run_of_empty_weeks_counts_with_the_short_weeks_beside_it(care: Care) -> None:
    """Given a short week, an empty one and a short one, then each from the second on shows when it is judged."""
    care.record([*in_care(**ON_LITTLE), *week("01-11", missed=1), *week("01-25", missed=1), *week("02-01")])
    assert [told(care, on) for on in ("01-24", "01-25", "02-01", "02-08")] == [1, 2, 2, 1], "the schedule, and a week"


def test_one_empty_week_between_full_ones_is_quiet(care: Care) -> None:
    care.record([*in_care(**ON_LITTLE), *week("01-11"), *week("01-25"), *week("02-01")])
    assert [len(hours(care, on)) for on in ("01-25", "01-31", "02-01")] == [1, 1, 1], "the schedule alone"
    assert care.reader.worklist(day("01-25")).quiet_count == 1


def test_a_week_on_hold_parts_two_short_weeks(care: Care) -> None:
    held = [event("held", "01-19", reason="hospital"), event("resumed", "01-24")]
    care.record([*in_care(), *week("01-11", missed=1), *held, *week("01-25", missed=1), *week("02-01")])
    assert [hours(care, on) for on in ("01-25", "02-01", "02-07")] == [[], [], []]


def test_an_explained_run_of_empty_weeks_is_quiet_and_the_schedule_behind_it_is_not(care: Care) -> None:
    care.record([*in_care(**ON_LITTLE), *week("02-01", missed=1), *week("02-08")])
    care.record([event("explained", "01-28", rule="I1", on="2026-01-28", code="weather")])
    assert [told(care, on) for on in ("01-24", "01-25", "01-27", "01-28")] == [1, 2, 2, 1]


def test_a_run_of_empty_weeks_shows_from_its_second_whoever_takes_the_case_over(care: Care) -> None:
    """Given a case that changes hands within the first empty week, then the second is told as ever."""
    care.record([*in_care(team=[{"id": "c-ortiz", "role": "clinician"}, LEE], **ON_LITTLE)])
    care.record([event("team_changed", "01-21", clinician="c-lee")])
    assert [told(care, on) for on in ("01-20", "01-21", "01-24", "01-25")] == [1, 1, 1, 2]


def test_a_size_not_stated_is_a_record_to_check_until_it_is(care: Care) -> None:
    """Given two groups whose size is not stated, then the episode is to be checked; when both are, then it is not."""
    care.record([*in_care(), session("01-06", group_size=None), session("01-08", group_size=None)])
    [row] = [row for row in care.reader.worklist(day("01-10")).rows if row.rule == "NE21-I3"]
    assert (row.group, row.count, row.since) == ("documentation", 1, day("01-06"))
    for target in (4, 5):
        care.record([event("corrected", "01-21", target=target, values={"group_size": 8}, reason="counted")])
    assert [row for row in care.reader.worklist(day("01-10")).rows if row.rule == "NE21-I3"] == []
    known = care.reader.worklist(day("01-10"), known_at=5)
    assert [row.group for row in known.rows if row.rule == "NE21-I3"] == ["documentation"], "as it was known before"


def test_an_explained_deadline_stays_in_its_group_and_says_that_it_is_explained(care: Care) -> None:
    """Given a review overdue since 7 February, when somebody explains it, then it is as loud as before, for good."""
    care.record([*in_care(), event("explained", "02-08", rule="R1", on="2026-02-08", code="weather")])
    for on in ("02-08", "06-01"):
        [row] = [row for row in care.reader.worklist(day(on)).rows if row.rule == "NE21-R1"]
        assert (row.group, row.verdict, row.explained, row.quiet) == ("now", "overdue", True, False)


def test_what_is_explained_is_quiet_and_not_hidden(care: Care) -> None:
    unsigned = plan("01-07", signers=("c-ortiz",))
    care.record([assessed(), admitted(), unsigned])
    care.record([event("explained", "01-10", rule="P3", on="2026-01-10", code="weather")])
    assert [row.rule for row in care.reader.worklist(day("01-09")).rows if row.rule == "NE21-P3"] == ["NE21-P3"]
    work = care.reader.worklist(day("01-10"))
    assert [row.rule for row in work.rows if row.rule == "NE21-P3"] == []
    assert work.quiet_count == 1
    [quiet] = [row for row in care.reader.worklist(day("01-10"), all_quiet=True).rows if row.quiet]
    assert (quiet.rule, quiet.group, quiet.verdict, quiet.explained) == ("NE21-P3", "quiet", "violation", True)


def test_what_nothing_can_cure_is_on_the_list_of_this_week_while_its_notice_runs(care: Care) -> None:
    """Given a group of thirteen, then it is told for seven days; after that the findings alone keep it."""
    care.record([*attested(), *in_care(), session("01-06", group_size=13)])
    told = {on: [row.group for row in care.reader.worklist(day(on)).rows] for on in ("01-06", "01-12", "01-13")}
    assert told == {"01-06": ["this_week"], "01-12": ["this_week"], "01-13": []}
    kept = care.reader.findings(day("01-13"), rule="I3", all_verdicts=True)
    assert [row.verdict for row in kept] == ["breached"]


def test_closed_stays_live_in_the_findings_alone(care: Care) -> None:
    care.record([*attested(), *in_care("E-2"), event("discharged", "02-10", "E-2", reason="other")])
    assert [row.episode for row in care.reader.worklist(day("02-11")).rows if row.episode == "E-2"] == []
    assert {row.verdict for row in care.reader.findings(day("02-11"), closed=True, episode="E-2")} >= {"not_met"}


def test_what_falls_due_after_the_discharge_is_work_until_it_is_done(care: Care) -> None:
    """Given a client of South Dakota, discharged without a summary and then with one signed late,
    when the worklist of the days after is asked for,
    then the summary is on it from the day it is announced until it is signed, judged as recorded or as if.
    """
    team = [{"id": "c-ortiz", "role": "clinician", "credential": "LAC"}]
    care.record([admitted("01-05", policy="sd-iop-2.1-adult", team=team), plan("01-06")])
    care.record([event("discharged", "02-06", reason="other", last_contact_on="2026-02-06")])
    dakota = Policy((load_pack("sd-iop-2.1-adult"),))

    def listed(on: str) -> list[str]:
        return [row.verdict for row in care.reader.worklist(day(on)).rows if row.rule == "SD21-D1"]

    assert [listed(on) for on in ("02-10", "02-11", "02-13", "02-14", "05-20")] == [
        [], ["due_soon"], ["due_today"], ["overdue"], ["overdue"],
    ]  # fmt: skip
    assert "SD21-D1" in {row.rule for row in care.reader.worklist(day("02-14"), policy=dakota).rows}
    signed = signature("c-ortiz", "2026-02-16") | {"credential": "LAC"}
    care.record([event("signed", "02-16", target=3, signatures=[signed])])
    assert [listed(on) for on in ("02-15", "02-16")] == [["overdue"], []]


def test_an_assessment_that_came_late_is_no_longer_work(care: Care) -> None:
    care.record([admitted("01-05"), session("01-06"), plan("01-06"), assessed("01-08")])
    assert [row.rule for row in care.reader.worklist(day("01-07")).rows if row.group == "now"] == ["NE21-A1"]
    assert [row.rule for row in care.reader.worklist(day("01-09")).rows if row.rule == "NE21-A1"] == []
    assert [row.cause for row in care.reader.findings(day("01-09"), rule="A1")] == ["assessment_after_treatment"]


def test_a_limit_bounds_the_rows_and_not_the_count(care: Care) -> None:
    for number in range(5):
        care.record(in_care(f"E-{number}", f"01-{5 + number:02d}"))
    whole = care.reader.worklist(day("02-12"))
    part = care.reader.worklist(day("02-12"), limit=2)
    assert (part.rows, part.total) == (whole.rows[:2], whole.total)
    assert whole.total == len(whole.rows) > 2


def test_json_rows_carry_the_published_keys_in_order(care: Care) -> None:
    care.record(example())
    row = next(as_json(row) for row in care.reader.worklist(day("03-10")).rows if row.rule == "NE21-R1")
    assert list(row) == [
        "episode", "client", "program", "level", "clinician", "owner", "rule", "verdict", "due_on", "days_overdue",
        "from", "until", "message", "citation", "evidence", "arithmetic", "cause", "subject", "quiet",
        "explained", "pack", "doubt", "count", "since", "group",
    ]  # fmt: skip
    assert (row["episode"], row["from"], row["due_on"], row["evidence"]) == (NAME, "2026-03-08", "2026-03-07", [25])


def test_a_doubtful_deadline_is_listed_where_the_worse_outcome_would_be(care: Care) -> None:
    """Given a review of which nobody states who took part, then it is due this week, or overdue now, either way."""
    care.record(
        [
            *(assessed(), admitted(), plan("01-07")),
            reviewed("01-20", participants=[], supports="none", signatures=[signature("c-ortiz", "01-20")]),
        ]
    )
    groups = {
        on: [row.group for row in care.reader.worklist(day(on)).rows if row.rule == "NE21-R1"]
        for on in ("01-25", "02-01", "02-06", "02-10")
    }
    assert groups == {"01-25": [], "02-01": [Group.THIS_WEEK], "02-06": [Group.NOW], "02-10": [Group.NOW]}
