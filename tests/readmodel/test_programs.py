"""What programs must attest: told once for each program, while it has an open episode of rules that ask for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from caretrail.commands.application import Commands
from caretrail.events import Event
from caretrail.plain import as_json
from caretrail.policy import load_pack
from caretrail.reading.answers import FindingRow, Work
from caretrail.reading.readings import as_if_in_force
from caretrail.readmodel.check import check
from caretrail.readmodel.rebuild import rebuild
from caretrail.readmodel.upkeep import catch_up
from tests.support.build import LEE, admitted, assessed, attestation, attested, event, plan
from tests.support.builds import live_table
from tests.support.care import Care
from tests.support.example import day
from tests.support.reading import short_reader


def of_programs(found: list[FindingRow] | Work) -> list[tuple[str | None, str, str, str, str]]:
    """The rows of programs: which, rule, verdict, since when, message."""
    rows = found.rows if isinstance(found, Work) else found
    return [
        (row.program, row.rule.removeprefix("NE21-"), row.verdict, f"{row.start:%m-%d}", row.message)
        for row in rows
        if row.episode is None
    ]


def in_care(episode: str = "E-1", on: str = "01-05", program: str = "iop") -> list[Event]:
    """Assessed, admitted and planned without a flaw."""
    return [assessed(on, episode, program=program), admitted(on, episode, program=program), plan(on, episode)]


MISSING = [
    ("iop", "S2", "unknown", "01-05", "access at all hours: no attestation on file"),
    ("iop", "S3", "unknown", "01-05", "license: no attestation on file"),
    ("iop", "S4", "unknown", "01-05", "staff training: no attestation on file"),
]


def test_two_episodes_of_a_program_make_one_row_of_records_to_check(care: Care) -> None:
    """Given two clients of a program that attested nothing,
    then the findings have its three rules once, from the day of the first client, and the worklist has one row.
    """
    care.record([*in_care("A"), *in_care("B", "01-07")])
    assert of_programs(care.reader.findings(day("01-08"))) == MISSING
    [row] = [row for row in care.reader.worklist(day("01-08")).rows if row.episode is None]
    assert (row.group, row.count, row.since) == ("documentation", 3, day("01-05"))
    assert row.message == "3 items to document: NE21-S2, NE21-S3, NE21-S4"
    assert (row.client, row.level, row.clinician, row.owner) == (None, None, None, None)
    assert as_json(row)["episode"] is None
    assert row.pack == "ne-medicaid-2.1-adult"
    assert "471 chapter 20" in row.citation


def test_what_ends_soon_and_what_has_ended_stand_in_their_groups(care: Care) -> None:
    care.record([*attested()[1:], attestation("access_24_7", "01-02", valid_to="2026-02-20"), *in_care()])
    assert of_programs(care.reader.worklist(day("01-20"))) == []
    soon, today, over = (care.reader.worklist(day(on), rule="S2").rows for on in ("01-21", "02-20", "02-23"))
    assert [(row.group, row.verdict, row.due_on) for row in soon] == [("this_week", "due_soon", day("02-20"))]
    assert [(row.group, row.verdict) for row in today] == [("now", "due_today")]
    assert [(row.group, row.verdict, row.days_overdue) for row in over] == [("now", "overdue", 3)]
    assert over[0].evidence == (3,), "versions of the program's own events: its two other statements came first"


def test_findings_list_programs_last_and_what_they_met_only_when_asked_for(care: Care) -> None:
    care.record([*attested()[1:], *in_care("Z"), *in_care("Y", program="another")])
    rows = care.reader.findings(day("02-10"))
    assert [row.episode for row in rows if row.episode is None] == [row.episode for row in rows[-4:]]
    assert [(row.program, row.rule) for row in rows[-4:]] == [
        ("another", "NE21-S2"), ("another", "NE21-S3"), ("another", "NE21-S4"), ("iop", "NE21-S2"),
    ]  # fmt: skip
    everything = care.reader.findings(day("02-10"), all_verdicts=True, program="iop")
    assert [row.verdict for row in everything if row.episode is None] == ["unknown", "met", "met"]


def test_a_program_answers_for_itself_only_while_it_has_an_open_episode_of_these_rules(care: Care) -> None:
    care.record([*in_care("A"), event("discharged", "01-20", "A", reason="other"), *in_care("B", "02-03")])
    care.record([admitted("01-05", "C", program="op", level="1"), admitted("01-05", "D", policy="none", program="x")])
    told = {on: of_programs(care.reader.findings(day(on))) for on in ("01-04", "01-20", "01-21", "02-03")}
    assert told == {"01-04": [], "01-20": MISSING, "01-21": [], "02-03": MISSING}
    period = care.reader.findings(start=day("01-21"), end=day("02-02"))
    assert of_programs(period) == []
    assert len(of_programs(care.reader.findings(start=day("01-01"), end=day("03-01")))) == 3


def test_a_transfer_brings_a_program_in_and_takes_it_out(care: Care) -> None:
    moves = [
        event("transferred", "01-10", "A", from_level="2.1", to_level="1", to_program="op", edition="asam-3",
             reason="step_down"),
        event("transferred", "01-20", "A", from_level="1", to_level="2.1", to_program="new", edition="asam-3",
             reason="step_up"),
    ]  # fmt: skip
    care.record([*in_care("A"), *moves])
    told = [{row[0] for row in of_programs(care.reader.findings(day(on)))} for on in ("01-09", "01-15", "01-20")]
    assert told == [{"iop"}, set(), {"new"}]


def test_filters_of_a_case_leave_programs_out_and_the_others_apply(care: Care) -> None:
    care.record([*attested()[1:], attestation("access_24_7", "01-02", valid_to="2026-02-20")])
    care.record([*in_care("A"), *in_care("B", program="other")])
    ask, on = care.reader, day("02-01")
    for case in ({"clinician": "c-ortiz"}, {"client": "cl-A"}, {"episode": "A"}):
        assert of_programs(ask.findings(on, **case)) == of_programs(ask.worklist(on, **case)) == []  # type: ignore[arg-type]
    assert {row[0] for row in of_programs(ask.findings(on))} == {"iop", "other"}
    assert {row[0] for row in of_programs(ask.worklist(on, program="other"))} == {"other"}
    assert [row[1] for row in of_programs(ask.findings(on, rule="s3"))] == ["S3"]
    assert [row[:2] for row in of_programs(ask.findings(on, verdict="due_soon"))] == [("iop", "S2")]
    assert [row[:2] for row in of_programs(ask.worklist(on, due_within=19))] == [("iop", "S2")]
    assert of_programs(ask.worklist(on, due_within=18)) == []


def test_programs_are_neither_in_the_census_nor_among_the_episodes_shown(care: Care) -> None:
    care.record([*attested(), *in_care("A", "01-05")])
    shown: list[list[str]] = []
    reader = short_reader(care.recorder, care.now, shown.append)
    assert [row.episode for row in reader.census(day("01-06"))] == ["A"]
    reader.findings(day("01-06"), all_verdicts=True)
    reader.worklist(day("01-06"))
    assert shown == [["A"], ["A"]], "an answer that shows no episode is no access"


def test_what_was_known_at_a_position_is_told_of_programs_too(care: Care) -> None:
    care.record([*in_care("A"), attestation("license", "01-02"), *in_care("B", "01-03")])
    assert [row[1:4] for row in of_programs(care.reader.findings(day("01-06")))] == [
        ("S2", "unknown", "01-03"), ("S4", "unknown", "01-03"),
    ]  # fmt: skip
    assert of_programs(care.reader.findings(day("01-06"), known_at=3)) == MISSING
    assert [row[1] for row in of_programs(care.reader.findings(day("01-06"), known_at=4))] == ["S2", "S4"]
    assert of_programs(care.reader.worklist(day("01-06"), known_at=3))[0][0] == "iop"
    assert of_programs(care.reader.worklist(day("01-06"), known_at=1)) == []


def test_what_is_newer_than_the_rows_is_in_the_answer(care: Care) -> None:
    """Given rows that stand before an attestation, an admission elsewhere and a discharge, each is in the answer."""
    care.record(in_care("A"))
    catch_up(care.recorder)
    care.record([attestation("license", "01-06"), *in_care("B", "01-08", "new")])
    late = care.onlooker.findings(day("01-09"))
    assert {row[:2] for row in of_programs(late)} == {
        ("iop", "S2"), ("iop", "S4"), ("new", "S2"), ("new", "S3"), ("new", "S4"),
    }  # fmt: skip
    assert [row[0] for row in of_programs(care.onlooker.worklist(day("01-09")))] == ["iop", "new"]
    care.record([event("discharged", "01-10", "A", reason="other")])
    assert {row[0] for row in of_programs(care.onlooker.findings(day("01-11")))} == {"new"}


def test_far_behind_the_stored_rows_answer_as_they_stand(care: Care, monkeypatch: pytest.MonkeyPatch) -> None:
    for most in ("MOST_TOUCHED", "ALWAYS_CURRENT"):
        monkeypatch.setattr(f"caretrail.reading.gate.{most}", 0)
    care.record(in_care("A"))
    catch_up(care.recorder)
    care.record(attested())
    care.now = datetime.now(UTC) + timedelta(minutes=1)
    reader = care.onlooker
    assert of_programs(reader.findings(day("01-09"), allow_stale=True)) == MISSING
    assert reader.standing.stale


def test_each_program_has_its_own_today(care: Care) -> None:
    care.now = datetime(2026, 2, 21, 5, 30, tzinfo=UTC)  # the 20th in Denver, half an hour before midnight in Chicago
    ends = {"valid_to": "2026-02-20"}
    care.record([attestation("license", "01-02", "west", **ends), attestation("license", "01-02", "east", **ends)])
    care.record([admitted("01-05", "W", program="west", zone="America/Denver")])
    care.record([admitted("01-05", "E", program="east", zone="America/New_York")])
    assert [row[:3] for row in of_programs(care.reader.findings(rule="S3"))] == [
        ("east", "S3", "overdue"), ("west", "S3", "due_today"),
    ]  # fmt: skip


@pytest.mark.slow
def test_live_known_and_rebuilt_answers_are_the_same_and_the_check_reads_programs(care: Care) -> None:
    late = attestation("access_24_7", "2025-12-20", valid_to="2026-02-20")
    care.record([late, *in_care("A"), *in_care("B", "01-02", "other"), attestation("license", "01-09", "other")])
    care.record([event("corrected", "01-20", "A", target=2, values={"occurred_on": "2026-01-03"}, reason="slip")])
    catch_up(care.recorder)
    care.record([event("team_changed", "01-21", "A", joins=[LEE])])
    newest = care.recorder.max_position()
    days = [day(on) for on in ("01-02", "01-04", "01-30", "02-20", "03-01")]

    def answers(known_at: int | None = None) -> list[object]:
        return [
            (of_programs(care.onlooker.findings(on, all_verdicts=True, known_at=known_at)),
             of_programs(care.onlooker.worklist(on, known_at=known_at)))
            for on in days
        ]  # fmt: skip

    before = answers()
    catch_up(care.recorder)
    assert answers() == before == answers(newest)
    assert check(care.recorder).ok
    rebuild(care.recorder)
    assert answers() == before
    table = live_table(care.recorder.database, "program_finding")
    care.recorder.database.execute(f"UPDATE {table} SET verdict = 'met' WHERE program = 'other'")
    report = check(care.recorder)
    assert (report.ok, report.differ) == (False, ("program other",))


def test_a_statement_sent_twice_is_one_event_of_the_program(care: Care) -> None:
    commands = Commands(care.recorder, lambda: care.now)
    stated = attestation("license", "01-02", command_id="license-2026")
    [first] = commands.append([stated])
    assert commands.append([stated]) == [first]
    assert (first.episode, first.version) == (None, 1)


def test_by_another_pack_programs_answer_since_their_first_client_too(care: Care) -> None:
    """Given a first client who has left, then what if by the pack in force says of the program what the board says."""
    care.record([*in_care("A"), event("discharged", "01-20", "A", reason="other"), *in_care("B", "01-15")])
    care.reader.worklist(day("02-03"))
    by = as_if_in_force(load_pack("ne-medicaid-2.1-adult"))
    for board in (care.reader, care.onlooker):
        assert of_programs(board.findings(day("02-03"), policy=by)) == MISSING
        assert of_programs(board.worklist(day("02-03"), policy=by))[0][3] == "01-05"
    care.record([event("discharged", "01-25", "B", reason="other")])
    assert of_programs(care.onlooker.findings(day("02-03"), policy=by)) == []
