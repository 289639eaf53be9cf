"""A simulated population: always the same, always possible, in the order of a store, and shaped like its sources."""

from __future__ import annotations

import gc
import json
import statistics
import tracemalloc
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from itertools import islice, pairwise
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caretrail.commands.application import Commands
from caretrail.commands.command import Receipt
from caretrail.episode.entry import StoredPayload
from caretrail.episode.episode import Episode
from caretrail.events import parse_event, payload_of, stored_name
from caretrail.findings.judge import judge
from caretrail.log.recorder import EventRecorder
from caretrail.policy import load_policy
from caretrail.simulation import COUNTRY, Arrival, Shape, documents, intake, nation, population, simulate, treatment
from caretrail.simulation.attendance import CTN, Attendance
from caretrail.simulation.charts import SEATS
from caretrail.simulation.teds import LENGTH_OF_STAY, REASONS
from tests.support.stores import Clock

LAST = date(2025, 12, 31)
MANY = 2400

Told = Mapping[str, Sequence[dict[str, Any]]]
"""The events of each episode, and of each program, as recorded."""


def arrivals(episodes: int, seed: int = 1, last: date = LAST, shape: Shape = COUNTRY) -> Iterable[Arrival]:
    return simulate(nation(episodes, last), episodes, seed, shape)


def told(found: Iterable[Arrival]) -> Told:
    events: dict[str, list[dict[str, Any]]] = {}
    for arrival in found:
        events.setdefault(arrival.stream, []).append(json.loads(arrival.payload))
    return events


@cache
def country() -> Told:
    return told(arrivals(MANY))


def charts(events: Told) -> dict[str, Sequence[dict[str, Any]]]:
    return {name: chart for name, chart in events.items() if "episode" in chart[0]}


# --- whatever the numbers -------------------------------------------------------------------------------------------


def decided(found: Iterable[Arrival]) -> dict[str, Episode]:
    """Every episode, and every program, decided on event by event at its instant, as a store would.

    Nothing may be refused, earlier than what came before, or other than the canonical payload.
    """
    episodes: dict[str, Episode] = {}
    before = -(10**12)
    for position, arrival in enumerate(found, start=1):
        assert arrival.at >= before
        before = arrival.at
        event = parse_event(arrival.sent())
        assert payload_of(event).decode() == arrival.payload
        assert event.type == arrival.kind
        episode = episodes.setdefault(arrival.stream, Episode(uuid5(NAMESPACE_URL, arrival.stream)))
        entry = episode.record(event, now=arrival.instant).entry
        entry.confirm(StoredPayload(stored_name(event), payload_of(event)), position, arrival.instant, "x")
        assert episode.version == arrival.version
    return episodes


@pytest.mark.slow
@settings(max_examples=25)
@given(
    episodes=st.integers(1, 40),
    seed=st.integers(0, 2**32 - 1),
    last=st.dates(date(1902, 1, 1), date(2199, 12, 31)),
)
def test_each_event_is_possible_when_it_arrives_and_stored_as_it_is_written(
    episodes: int, seed: int, last: date
) -> None:
    """Given any numbers, then nothing is refused, a payload is the canonical one, and order and days are right."""
    found = decided(arrivals(episodes, seed, last))
    assert sum(name.startswith("S") for name in found) == episodes
    assert max(entry.event.occurred_on for episode in found.values() for entry in episode.entries) <= last


RARE = {
    treatment: ("RETURNS_TO_GROUPS", "PUT_RIGHT", "SENT_TWICE", "LATE_SHEET", "LATE_NOTE", "CANCELED", "EXPLAINED"),
    documents: ("CLIENT_SIGNS_LATER", "TEAM_SIGNS_LATER", "REVOKES", "LETTER", "LATE_REVIEW", "LATE_DISCHARGE"),
    intake: ("READMITTED", "NO_ASSESSMENT", "STEPS_DOWN"),
    population: ("OWNERS_LEAVE",),
}
"""The rates of what is rare, by the module that has them."""


@pytest.mark.slow
@pytest.mark.parametrize("rate", [0.3, 0.9])
@pytest.mark.parametrize("seed", [1, 2])
def test_what_is_rare_is_possible_too(rate: float, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given that all rare things are common, then they meet in every way, and nothing is refused either."""
    for module, names in RARE.items():
        for name in names:
            assert isinstance(getattr(module, name), float)
            monkeypatch.setattr(module, name, rate)
    assert len(decided(arrivals(80, seed))) > 80


@settings(max_examples=10)
@given(episodes=st.integers(1, 40), seed=st.integers(0, 2**32 - 1))
def test_the_same_numbers_give_the_same_lines(episodes: int, seed: int) -> None:
    assert [one.line() for one in arrivals(episodes, seed)] == [one.line() for one in arrivals(episodes, seed)]


def test_another_seed_and_another_number_give_another_population() -> None:
    assert len({"".join(one.line() for one in arrivals(*numbers)) for numbers in ((20, 1), (20, 2), (21, 1))}) == 3


# --- appended -------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_population_is_appended_and_nothing_is_refused(recorder: EventRecorder, clock: Clock) -> None:
    """Given the lines of some hundred episodes, when they are appended, then each has a receipt and its version."""
    clock.now = clock.now.replace(year=2026)
    sent = iter(arrivals(200))
    with Commands(recorder, clock) as commands:
        while portion := list(islice(sent, 500)):
            outcomes = commands.append_each([parse_event(one.line()) for one in portion], imported=True)
            assert [outcome.version if isinstance(outcome, Receipt) else outcome for outcome in outcomes] == [
                one.version for one in portion
            ]


# --- what is in it --------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_there_is_everything_that_a_nation_sends() -> None:
    kinds = Counter(event["type"] for chart in country().values() for event in chart)
    assert kinds.keys() >= {
        "assessed", "admitted", "plan_signed", "signed", "plan_reviewed", "continued_stay_determined",
        "session_attended", "session_missed", "referred", "care_coordinated", "consented", "consent_revoked",
        "team_changed", "held", "resumed", "authorized", "transferred", "discharged", "explained", "corrected",
        "voided", "addendum", "program_attested",
    }  # fmt: skip
    of = charts(country())
    assert any(event.get("prior_episode") for chart in of.values() for event in chart)
    assert any(event.get("kind") == "prior_accepted" for chart in of.values() for event in chart)
    assert any(event.get("to_level") == "2.1" for chart in of.values() for event in chart), "some come back to groups"
    assert any("late_reason" in event for chart in of.values() for event in chart)


@pytest.mark.slow
def test_its_size_is_that_of_the_yardstick() -> None:
    """Then an episode has about fifty events, and of 235,640 episodes about 100,000 would be open at the end."""
    of = charts(country())
    assert len(of) == MANY
    assert 47 < sum(map(len, of.values())) / MANY < 54
    assert abs(len(still_open(of)) / MANY - 100_000 / 235_640) < 0.025


def still_open(of: Mapping[str, Sequence[dict[str, Any]]]) -> list[str]:
    kinds = {name: {event["type"] for event in chart} for name, chart in of.items()}
    return [name for name, found in kinds.items() if "admitted" in found and "discharged" not in found]


@pytest.mark.slow
def test_caseloads_are_those_of_people() -> None:
    of = charts(country())
    owners = Counter[str]()
    for name in still_open(of):
        owners[[event["clinician"] for event in of[name] if event.get("clinician")][-1]] += 1
    assert 20 <= statistics.median(owners.values()) <= 60
    assert max(owners.values()) <= 80


def test_a_group_is_in_the_chart_of_everyone_who_was_there() -> None:
    """Then the charts with a group session are as many as its stated size, but for sheets still to come."""
    seen, sizes = Counter[str](), dict[str, int]()
    for chart in charts(country()).values():
        for session in {event["group_session"]: event for event in chart if "group_session" in event}.values():
            seen[session["group_session"]] += 1
            sizes[session["group_session"]] = session["group_size"]
    assert max(sizes.values()) <= SEATS
    assert sum(seen[name] != size for name, size in sizes.items()) < 0.005 * len(sizes)
    assert all(seen[name] <= size for name, size in sizes.items())
    assert statistics.mean(sizes.values()) > 4


@pytest.mark.slow
def test_work_is_due_and_most_is_done() -> None:
    """Then the board of the last day is neither empty nor all red."""
    policy = load_policy("ne-medicaid-2.1-adult")
    episodes = decided(arrivals(150))
    verdicts = Counter(
        (finding.rule, finding.verdict)
        for name, episode in episodes.items()
        if name.startswith("S")
        for finding in judge(episode.history, policy).findings
        if finding.holds(LAST) and finding.rule in ("NE21-R1", "NE21-C1")
    )
    assert verdicts["NE21-R1", "overdue"] > 0
    assert verdicts["NE21-R1", "met"] > 3 * verdicts["NE21-R1", "overdue"]
    assert verdicts["NE21-C1", "met"] > 3 * verdicts["NE21-C1", "overdue"] > 0


# --- its shape ------------------------------------------------------------------------------------------------------

AT = (14, 30, 60, 90, 120, 180)
"""Days at which lengths of stay are compared; a client admitted as many days before the end was seen through them."""
TOLERANCE = 0.05


def stays_off(events: Told) -> float:
    """How far the share of stays that ended by some day is from the country's, at worst."""
    stays: list[int] = []
    for chart in charts(events).values():
        days = {event["type"]: date.fromisoformat(event["occurred_on"]) for event in chart}
        start = days.get("admitted")
        if start is not None and start + timedelta(days=max(AT)) <= LAST:
            stays.append((days["discharged"] - start).days if "discharged" in days else 10**6)
    country_wide = sum(LENGTH_OF_STAY.values())

    def expected(day: int) -> float:
        return sum(count for (_, high), count in LENGTH_OF_STAY.items() if high <= day) / country_wide

    assert len(stays) > 500
    return max(abs(sum(stay <= day for stay in stays) / len(stays) - expected(day)) for day in AT)


def reasons_off(events: Told) -> float:
    """How far the share of a reason of discharge is from the country's, at worst."""
    found = Counter(event["reason"] for chart in events.values() for event in chart if event["type"] == "discharged")
    return max(abs(found[reason] / found.total() - count / sum(REASONS.values())) for reason, count in REASONS.items())


def attendance_off(events: Told) -> float:
    """How far the chances to come to a planned group, after coming and after missing, are from the trials', at worst.

    Up to the last group each came to, as the trials' are; without groups that the program called off.
    """
    pairs = Counter[tuple[bool, bool]]()
    for chart in charts(events).values():
        planned = sorted(
            {
                (event["occurred_on"], event["type"] == "session_attended")
                for event in chart
                if event.get("service") == "group" and event.get("cause") != "program"
            }
        )
        came = [here for _, here in planned]
        while came and not came[-1]:
            came.pop()
        pairs.update(pairwise(came[:-1]))
    return max(
        abs(pairs[before, True] / (pairs[before, True] + pairs[before, False]) - chance)
        for before, chance in ((True, CTN.after_coming), (False, CTN.after_missing))
    )


def test_stays_and_reasons_are_the_countrys_and_attendance_is_the_trials() -> None:
    assert stays_off(country()) < TOLERANCE
    assert reasons_off(country()) < TOLERANCE
    assert attendance_off(country()) < TOLERANCE


@pytest.mark.slow
def test_a_skewed_population_would_be_noticed() -> None:
    """Control: short stays, one reason, and people who nearly always come are each farther off than is tolerated."""
    short = dict(LENGTH_OF_STAY) | {(8, 10): 300_000}
    assert stays_off(told(arrivals(MANY, shape=Shape(stays=short)))) > TOLERANCE
    assert reasons_off(told(arrivals(800, shape=Shape(reasons={**REASONS, "died": 150_000})))) > TOLERANCE
    for skewed in (Attendance(0.99, CTN.after_missing), Attendance(CTN.after_coming, 0.6)):
        assert attendance_off(told(arrivals(800, shape=Shape(attendance=skewed)))) > TOLERANCE


# --- its memory -----------------------------------------------------------------------------------------------------

BYTES_OF_A_CHART = 2000
"""The most that an open episode may cost, with what of it is still to come."""


def peak(episodes: int, shape: Shape = COUNTRY) -> int:
    """The most memory held while a population passes by, in bytes."""
    gc.collect()
    tracemalloc.start()
    try:
        for _ in arrivals(episodes, shape=shape):
            pass
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.slow
def test_memory_grows_with_what_is_open_and_not_with_what_there_was() -> None:
    few, many = peak(200), peak(800)
    assert many - few < 600 * 0.43 * BYTES_OF_A_CHART
    assert peak(800, Shape(stays={(8, 10): 1})) - few < 0.3 * (many - few), "what is over is forgotten"
