"""Stays held against the log: the table that keeps two episodes of a client apart is what the events say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import chain
from uuid import UUID

from caretrail.episode.episode import Episode
from caretrail.episode.sealed import Sealed
from caretrail.errors import CaretrailError
from caretrail.log.entries import fold
from caretrail.log.own_events import VoidedPosition, voids_in
from caretrail.log.program_stays import MOVES_STAYS, program_stays
from caretrail.log.recorder import EventRecorder
from caretrail.log.records import ProgramStay, RecordedEvent, case_number_in
from caretrail.readmodel.compute import Unreadable, evolve
from caretrail.readmodel.folded import ZERO, log_streams
from caretrail.readmodel.schema import REGISTRY, statements
from caretrail.readmodel.values import stream_of

LAST = UUID(int=2**128 - 1)

Kept = Sequence[tuple[str, str, str, str]]
"""The stays of an episode in their order, as text: client, program, first and last day."""


@dataclass(frozen=True, slots=True)
class StaysDiffer:
    """A stream whose stays are not those that its events say, and how many of each there are."""

    stream: UUID
    stored: int
    right: int


@dataclass(frozen=True, slots=True)
class StaysCheck:
    """The streams that differ, and how many cannot be judged because an event of theirs cannot be read."""

    differ: tuple[StaysDiffer, ...]
    unreadable: int


def check_stays(recorder: EventRecorder) -> StaysCheck:
    """Make the stays of every episode again from its events, and compare them with those that are stored."""
    differ: list[StaysDiffer] = []
    unreadable, below = 0, ZERO
    for streams in chain(log_streams(recorder), [[LAST]]):
        stored, right = recorder.database.at_once(partial(_both, recorder, below, streams))
        below = UUID(int=min(streams[-1].int + 1, LAST.int))
        unreadable += sum(kept is None for kept in right.values())
        for stream in sorted(stored.keys() | right.keys()):
            kept, wanted = stored.get(stream, []), right.get(stream, [])
            if wanted is not None and list(kept) != list(wanted):
                differ.append(StaysDiffer(stream, len(kept), len(wanted)))
    return StaysCheck(tuple(differ), unreadable)


def _both(
    recorder: EventRecorder, first: UUID, streams: Sequence[UUID]
) -> tuple[dict[UUID, Kept], dict[UUID, Kept | None]]:
    """What is stored of the streams in a range, and what the log says, in one state of the store."""
    rows = recorder.database.query(statements(REGISTRY)["stays"], {"first": first, "last_stream": streams[-1]})
    stored: dict[UUID, list[tuple[str, str, str, str]]] = {}
    for stream, *stay in rows:
        stored.setdefault(stream_of(stream), []).append(_text(*stay))
    voids = voids_in(recorder, recorder.max_position())
    # others may have begun between them since the page was read
    found = recorder.select_streams(dict.fromkeys((*streams, *stored), 0))
    right: dict[UUID, Kept | None] = {}
    for stream, events in found.items():
        stays = stays_in(recorder.namespace, stream, events, voids)
        right[stream] = None if stays is None else sorted(_text(*stay) for stay in stays)
    return {stream: sorted(kept) for stream, kept in stored.items()}, right


def stays_in(
    namespace: UUID, stream: UUID, events: Sequence[RecordedEvent], voids: Mapping[int, VoidedPosition]
) -> list[ProgramStay] | None:
    """The stays that the events of a stream say; None if one of them cannot be read, so that nobody can tell."""
    topics: list[object] = [event.topic for event in events]
    if not all(isinstance(topic, str) for topic in topics):  # a damaged row may hold anything
        return None
    if not any(event.topic.partition("/")[0] in MOVES_STAYS for event in events):
        return []
    with suppress(CaretrailError):
        if not any(event.position in voids for event in events):
            return program_stays(fold(namespace, stream, events))  # reads only the payloads that it needs
    with suppress(Unreadable, CaretrailError):
        episode = evolve(namespace, Episode(stream), events, voids)
        if not any(entry.kind is Sealed for entry in episode.entries):
            return program_stays(episode)
    return None


def _text(client: str, program: str, first_day: date | str, last_day: date | str | None) -> tuple[str, str, str, str]:
    return client, program, str(first_day), str(last_day or "")


def name_of(recorder: EventRecorder, stream: UUID) -> str:
    """The case number of a stream, as its first event names it; without one, its id."""
    events = recorder.select_events(stream, limit=1)
    return (case_number_in(events[0].state) if events else None) or str(stream)


def mend_stays(recorder: EventRecorder) -> int:
    """Put the stays that the events say in the place of those that differ, and return of how many episodes.

    Those of an episode that cannot be read stay as they are. Raises StoreForbidden if this login may not write them.
    """
    differ = [one.stream for one in check_stays(recorder).differ]
    if not differ:
        return 0
    database, sql = recorder.database, statements(REGISTRY)
    with database.transaction():
        if database.dialect == "postgresql":
            database.execute(sql["lock_stays_postgresql"])
        voids = voids_in(recorder, recorder.max_position())
        for stream in differ:
            stays = stays_in(recorder.namespace, stream, recorder.select_events(stream), voids)
            if stays is None:
                continue
            database.execute(sql["drop_stays"], {"stream": stream})
            database.executemany(sql["add_stay"], [{"stream": stream, **stay._asdict()} for stay in stays])
    return len(differ)
