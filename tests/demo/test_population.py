"""The demo's population: repeatable, believable in its margins, and all of it possible."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from caretrail.commands.application import Commands
from caretrail.commands.command import Receipt
from caretrail.demo import STORIES, arrivals, practice_day
from caretrail.demo.clinic import PROGRAMS, end_of_record
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
    return [parse_event(arrival.sent()) for arrival in arrivals(TODAY, count, seed)]


def test_the_same_day_count_and_seed_give_the_same_events() -> None:
    assert list(arrivals(TODAY, 40)) == list(arrivals(TODAY, 40))


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
    told = list(arrivals(TODAY, 300))
    assert [arrival.at for arrival in told] == sorted(arrival.at for arrival in told)
    assert told[-1].instant < end_of_record(TODAY)
    for arrival in told:
        event = parse_event(arrival.sent())
        days = [event.occurred_on, *(s.signed_on for s in getattr(event, "signatures", ()) if s.signed_on)]
        assert max(days) < TODAY
        assert max(days) <= arrival.instant.astimezone(ZoneInfo("America/Denver")).date()


def test_most_events_are_heard_of_the_same_day_some_late_and_some_by_an_import() -> None:
    told = [(arrival, parse_event(arrival.sent())) for arrival in arrivals(TODAY, 300)]
    zone = ZoneInfo("America/Chicago")
    lag = Counter(min(3, (one.instant.astimezone(zone).date() - event.occurred_on).days) for one, event in told)
    assert lag[0] > 0.8 * len(told)
    assert lag[3] > 0
    imported = [arrival for arrival, _ in told if arrival.imported]
    assert len({arrival.at for arrival in imported}) == 1
    assert {arrival.stream.partition("-")[0] for arrival in imported} == {"BFF", "scottsbluff"}


def test_all_is_recorded_by_the_instant_the_demo_is_run() -> None:
    now = datetime(2026, 11, 22, 0, 35, tzinfo=UTC)  # still the evening of the 21st in Nebraska
    assert practice_day(now) == date(2026, 11, 21)
    assert max(arrival.instant for arrival in arrivals(practice_day(now), len(STORIES))) < now


def test_every_command_is_sent_once() -> None:
    sent = Counter((event.source, event.command_id) for event in events(300))
    assert max(sent.values()) == 1


def test_people_are_opaque_ids() -> None:
    for event in events(100):
        assert re.fullmatch(
            r"c-(hale|ortiz|lee|noor|brandt|quill|moss|(lnk|oma|bff)-\d{3})(\.\d)?|ehr-feed|a-webb", event.actor.id
        )
        if isinstance(event, Admitted | Assessed):
            assert re.fullmatch(r"cl-[0-9a-f]{4,7}", event.client)


def test_most_clients_have_one_episode_and_who_comes_back_names_the_one_before() -> None:
    admitted = [event for event in events(300) if isinstance(event, Admitted)]
    seen: dict[str, str] = {}
    for event in admitted:
        assert event.prior_episode == seen.get(event.client)
        seen[event.client] = event.episode
    assert 0 < len(admitted) - len(seen) < 0.1 * len(admitted)


def test_a_large_practice_has_more_teams() -> None:
    carried = Counter(event.clinician for event in events(MANY) if isinstance(event, Admitted))
    assert len(carried) > 20
    assert carried.most_common(1)[0][1] < 150


def test_about_sixty_of_a_hundred_ordinary_episodes_are_open() -> None:
    ordinary = [one for one in events(MANY) if isinstance(one, EpisodeEvent) and not one.episode.startswith("DEMO")]
    ended = sum(isinstance(event, Discharged) for event in ordinary)
    assert 0.55 < 1 - ended / len({event.episode for event in ordinary}) < 0.65


def test_a_store_whose_clock_is_set_takes_it_all(tmp_path: Path) -> None:
    store, now = str(tmp_path / "demo.sqlite"), [datetime(2020, 1, 1, tzinfo=UTC)]
    init_store(store, demo=True, clock=lambda: now[0])
    commands = Commands(open_recorder(store, clock=lambda: now[0]), lambda: now[0])
    told = list(arrivals(TODAY, len(STORIES)))
    receipts: list[Receipt] = []
    for arrival in told:
        now[0] = arrival.instant
        receipts += commands.append([parse_event(arrival.sent())], imported=arrival.imported)
    commands.close()
    assert len(receipts) == len(told)
    for receipt, arrival in zip(receipts, told, strict=True):
        assert receipt.recorded_at - arrival.instant < timedelta(seconds=1)
        assert receipt.version == arrival.version


def test_programs_attest_what_they_must_but_for_one_license_about_to_end_and_one_training() -> None:
    """Given the demo's programs, then on its day two rules of two programs ask for something, and were quiet before."""
    stated: dict[str, list[Entry]] = {program.id: [] for program in PROGRAMS}
    for arrival in arrivals(TODAY, len(STORIES)):
        event = parse_event(arrival.sent())
        if isinstance(event, ProgramAttested):
            stated[event.program].append(Entry(arrival.version, 1, event, arrival.instant, "demo"))
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
