"""The outline of an episode and its newest event decide on plain events exactly as the whole episode does."""

from __future__ import annotations

import copy
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caretrail.episode.episode import Episode
from caretrail.episode.outline import BESIDE_OUTLINE
from caretrail.errors import Refused
from caretrail.events import Event
from caretrail.events.catalog import EVENT_TYPES
from caretrail.events.codec import stored_name
from tests.support.build import admitted, assessed, corrected, discharged, event, plan, session, transferred, voided
from tests.support.care import NOW

STREAM = UUID(int=1)
days = st.integers(1, 20).map(lambda day: f"01-{day:02}")
targets = st.integers(1, 9)


def _moved(day: str, target: int, other: str) -> Event:
    return corrected(day, target, occurred_on=f"2026-{other}")


def _explained(day: str) -> Event:
    return event("explained", day, rule="R1", on=f"2026-{day}", code="other")


moving = st.one_of(
    days.map(assessed),
    days.map(admitted),
    days.map(discharged),
    days.map(lambda day: transferred(day, "2.1", "1", to_program="op")),
    st.builds(voided, days, targets),
    st.builds(_moved, days, targets, days),
)
plain = st.one_of(
    days.map(session),
    days.map(lambda day: event("session_missed", day, service="group", cause="client", minutes=60)),
    days.map(lambda day: event("care_coordinated", day, kind="medical")),
    days.map(_explained),
)
beside = st.one_of(plain, days.map(lambda day: event("held", day, reason="leave")), days.map(plan))


def taken(events: list[Event]) -> Episode:
    """An episode of those events that it can take, in this order."""
    episode = Episode(STREAM)
    for one in events:
        try:
            episode.record(one, now=NOW)
        except Refused:
            continue
    return episode


def outline_of(episode: Episode) -> Episode:
    """What a store returns of it where only the outline is read."""
    read = Episode(STREAM)
    for entry in episode.entries:
        if stored_name(entry.event) not in BESIDE_OUTLINE or entry is episode.entries[-1]:
            read.evolve(entry)
    return read


def said_of(episode: Episode, one: Event) -> tuple[Any, ...]:
    decided = copy.copy(episode)  # with entries of its own: a decision evolves it
    decided.entries = list(episode.entries)
    try:
        return (decided.record(one, now=NOW).entry.version,)
    except Refused as refusal:
        return type(refusal), refusal.message, refusal.hint, getattr(refusal, "versions", ())


@given(st.lists(st.one_of(moving, moving, beside), max_size=12), st.lists(plain, min_size=1, max_size=4))
def test_the_outline_decides_on_plain_events_as_the_whole_episode_does(events: list[Event], asked: list[Event]) -> None:
    whole = taken(events)
    read = outline_of(whole)
    assert (read.version, read.outline) == (whole.version, whole.outline)
    assert [said_of(read, one) for one in asked] == [said_of(whole, one) for one in asked]


def test_control_without_its_voids_and_corrections_it_would_decide_otherwise() -> None:
    whole = taken([admitted("01-05"), session("01-06"), discharged("01-07"), voided("01-08", 3)])
    read = outline_of(whole)
    assert said_of(read, session("01-09")) == said_of(whole, session("01-09")) == (5,)
    del read.entries[-1]
    read.__dict__.pop("outline", None)
    assert said_of(read, session("01-09")) != (5,)


def test_what_asks_for_more_than_the_outline_is_refused_to_it() -> None:
    read = outline_of(taken([admitted("01-05"), session("01-06"), session("01-07")]))
    assert not read.whole
    assert len(read.entries) == 2
    for one, together in ((discharged("01-08"), False), (session("01-08"), True)):
        with pytest.raises(RuntimeError):
            read.record(one, now=NOW, together=together)


def test_a_name_of_a_newer_release_is_not_among_those_left_out() -> None:
    """It may move the outline, for all we know: it is read, and the episode is then unreadable."""
    assert "session_attended/1" in BESIDE_OUTLINE
    assert "session_attended/1;imported" in BESIDE_OUTLINE
    assert f"session_attended/{EVENT_TYPES['session_attended'].schema_number + 1}" not in BESIDE_OUTLINE
    assert "readmitted/1" not in BESIDE_OUTLINE
    moves = {kind for kind, cls in EVENT_TYPES.items() if cls.traits.moves_outline}
    assert moves == {"assessed", "admitted", "transferred", "discharged", "corrected", "voided"}
    assert not moves & {name.partition("/")[0] for name in BESIDE_OUTLINE}
