"""The demo's population: repeatable, believable in its margins, and all of it possible."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from caretrail.commands.application import Commands
from caretrail.commands.command import Receipt
from caretrail.demo import IMPORT_SOURCE, STORIES, episodes, jsonl, practice_day
from caretrail.demo.clinic import PROGRAMS, end_of_record
from caretrail.demo.stories import COVERING
from caretrail.demo.teds import LENGTH_OF_STAY, REASONS
from caretrail.episode.entry import Entry
from caretrail.episode.history import effective_history
from caretrail.events import Admitted, Assessed, Discharged, EpisodeEvent, Event, ProgramAttested
from caretrail.events.parsing import parse_event
from caretrail.findings.program import program_findings
from caretrail.log import init_store, open_recorder
from caretrail.policy import load_pack
from tests.support.practice import folded

pytestmark = pytest.mark.slow

TODAY = date(2026, 11, 22)
MANY = 1500


def events(count: int, seed: int = 2026) -> list[Event]:
    return [event for _, event in episodes(TODAY, count, seed)]


def test_the_same_day_count_and_seed_give_the_same_events() -> None:
    assert list(episodes(TODAY, 40)) == list(episodes(TODAY, 40))


def test_another_seed_gives_other_ordinary_episodes_and_the_same_stories() -> None:
    told = {story.case for story in STORIES}
    one, other = events(40), events(40, seed=7)
    assert one != other
    assert [f for f in one if isinstance(f, EpisodeEvent) and f.episode in told] == [
        f for f in other if isinstance(f, EpisodeEvent) and f.episode in told
    ]


def test_every_event_is_possible_when_the_store_hears_of_it() -> None:
    assert len(folded(TODAY, 300)) == 300


def test_instants_rise_and_nothing_is_dated_or_recorded_after_yesterday() -> None:
    told = list(episodes(TODAY, 300))
    assert all(one <= two for (one, _), (two, _) in pairwise(told))
    assert told[-1][0] < end_of_record(TODAY)
    for at, event in told:
        days = [event.occurred_on, *(s.signed_on for s in getattr(event, "signatures", ()) if s.signed_on)]
        assert max(days) < TODAY
        assert max(days) <= at.astimezone(ZoneInfo("America/Denver")).date()


def test_most_events_are_heard_of_the_same_day_some_late_and_some_by_an_import() -> None:
    told = [(at, event) for at, event in episodes(TODAY, 300)]
    lag = Counter(
        min(3, (at.astimezone(ZoneInfo("America/Chicago")).date() - event.occurred_on).days) for at, event in told
    )
    assert lag[0] > 0.85 * len(told)
    assert lag[3] > 0
    imports = {at for at, event in told if event.source == IMPORT_SOURCE}
    assert len(imports) == 1


def test_all_is_recorded_by_the_instant_the_demo_is_run() -> None:
    now = datetime(2026, 11, 22, 0, 35, tzinfo=UTC)  # still the evening of the 21st in Nebraska
    assert practice_day(now) == date(2026, 11, 21)
    assert max(at for at, _ in episodes(practice_day(now), len(STORIES))) < now


def test_lines_of_json_read_back_as_the_same_events() -> None:
    assert [parse_event(line) for line in jsonl(TODAY, 40)] == events(40)


def test_every_command_is_sent_once() -> None:
    sent = Counter((event.source, event.command_id) for event in events(300))
    assert max(sent.values()) == 1


def test_people_are_opaque_ids() -> None:
    staff = {person.id for program in PROGRAMS for person in program.staff} | {"ehr-feed", "a-webb", COVERING.id}
    for event in events(100):
        assert event.actor.id in staff
        if isinstance(event, Admitted | Assessed):
            assert re.fullmatch(r"cl-[0-9a-f]{4,6}", event.client)


def test_a_client_has_one_episode() -> None:
    clients = Counter(event.client for event in events(300) if isinstance(event, Admitted))
    assert set(clients.values()) == {1}


def test_a_large_practice_has_more_teams() -> None:
    carried = Counter(event.clinician for event in events(MANY) if isinstance(event, Admitted))
    assert len(carried) > 40
    assert carried.most_common(1)[0][1] < 100


def test_reasons_and_lengths_of_stay_follow_the_countrys() -> None:
    ordinary = [
        event for event in events(MANY) if isinstance(event, EpisodeEvent) and not event.episode.startswith("DEMO")
    ]
    admitted = {event.episode: event.occurred_on for event in ordinary if isinstance(event, Admitted)}
    ended = [event for event in ordinary if isinstance(event, Discharged)]
    reasons = Counter(event.reason for event in ended)
    for reason, count in REASONS.items():
        assert abs(reasons[reason] / len(ended) - count / sum(REASONS.values())) < 0.05
    short = sum(event.occurred_on - admitted[event.episode] <= timedelta(days=60) for event in ended)
    country = sum(count for _, high, count in LENGTH_OF_STAY if high <= 60) / sum(c for *_, c in LENGTH_OF_STAY)
    assert abs(short / len(ended) - country) < 0.06
    assert 0.55 < 1 - len(ended) / len(admitted) < 0.65


def test_a_store_whose_clock_is_set_takes_it_all(tmp_path: Path) -> None:
    store, now = str(tmp_path / "demo.sqlite"), [datetime(2020, 1, 1, tzinfo=UTC)]
    init_store(store, demo=True, clock=lambda: now[0])
    commands = Commands(open_recorder(store, clock=lambda: now[0]), lambda: now[0])
    told = list(episodes(TODAY, len(STORIES)))
    receipts: list[Receipt] = []
    for now[0], event in told:
        receipts += commands.append([event], imported=event.source == IMPORT_SOURCE)
    commands.close()
    assert len(receipts) == len(told)
    assert all(receipt.recorded_at - at < timedelta(seconds=1) for receipt, (at, _) in zip(receipts, told, strict=True))


def test_programs_attest_what_they_must_but_for_one_license_about_to_end_and_one_training() -> None:
    """Given the demo's programs, then on its day two rules of two programs ask for something, and were quiet before."""
    stated: dict[str, list[Entry]] = {program.id: [] for program in PROGRAMS}
    for at, event in episodes(TODAY, len(STORIES)):
        if isinstance(event, ProgramAttested):
            found = stated[event.program]
            found.append(Entry(len(found) + 1, 1, event, at, "demo"))
    pack = load_pack("ne-medicaid-2.1-adult")

    def loud(day: date) -> set[tuple[str, str, str]]:
        return {
            (program, finding.rule, finding.verdict)
            for program, entries in stated.items()
            for finding in program_findings(effective_history(entries), pack, TODAY - timedelta(days=460))
            if finding.holds(day) and finding.verdict != "met"
        }

    missing = ("scottsbluff-iop", "NE21-S4", "unknown")
    assert loud(TODAY) == {("omaha-iop", "NE21-S3", "due_soon"), missing}
    assert loud(TODAY - timedelta(days=30)) == loud(TODAY - timedelta(days=450)) == {missing}
