"""Late entries, corrections, addenda and voids of a period: how many, whose, and each of them.

Only lateness is judged: episodes are folded, and no rule runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, ClassVar, Literal, NamedTuple
from uuid import UUID

from caretrail.days import next_day, today_in
from caretrail.episode.amendments import happened_on
from caretrail.episode.entry import Entry
from caretrail.episode.episode import Episode
from caretrail.episode.sealed import unread
from caretrail.events import Addendum, Corrected, EpisodeEvent, ProgramEvent, StoreEvent, Voided
from caretrail.log.own_events import voids_in
from caretrail.log.recorder import EventRecorder
from caretrail.policy import Policy
from caretrail.reading.event_rows import Recorded, recorded_fields
from caretrail.reading.names import require
from caretrail.reading.query import Query
from caretrail.reading.question import ListQuestion
from caretrail.reading.snapshot import Snapshot
from caretrail.readmodel.compute import Unreadable, evolve
from caretrail.readmodel.packs import PolicyOf
from caretrail.readmodel.rows import Span
from caretrail.readmodel.spans import episode_spans

EAST, WEST = timedelta(hours=14), timedelta(hours=12)
"""How much earlier than in UTC a day begins somewhere, and how much later it ends."""

Times = Literal["recorded", "clinical"]
"""What a period bounds: the days on which events were recorded, or the days they are about."""


@dataclass(frozen=True, slots=True)
class AmendedEvent(Recorded):
    """A late entry, or an amendment of another event (of type `target_type`), in the program of the day it is `about`.

    That is the day the event happened, or the day of what it amends. `performed_by` names those who did it, unless the
    author did.
    """

    episode: str
    client: str | None
    program: str | None
    target_type: str | None
    about: date
    performed_by: tuple[str, ...]
    reason: str | None


@dataclass(frozen=True, slots=True)
class AmendedBy:
    """What one author recorded in one program, for whom: `entries` events in all, `imported` of them a historical load.

    `late`, `corrections`, `addenda` and `voids` count `events`; a late correction counts as both. `days_late` are those
    of the late ones, in order.
    """

    author: str
    role: str
    credential: str | None
    performed_by: tuple[str, ...]
    program: str | None
    entries: int
    imported: int
    late: int
    days_late: tuple[int, ...]
    corrections: int
    addenda: int
    voids: int
    events: tuple[AmendedEvent, ...]


@dataclass(frozen=True, slots=True)
class Amended:
    """Counts by author and program.

    `unread` episodes cannot be read and are not counted. `unjudged` entries have no policy that defines late.
    """

    rows: tuple[AmendedBy, ...]
    unread: int
    unjudged: int


@dataclass(frozen=True, slots=True)
class AmendmentReport(ListQuestion[Amended]):
    """Late entries, corrections, addenda and voids of the query's period, by author.

    The period is one of recorded or of clinical days; `authors` stated the events, or did what others stated. Of the
    filters only programs count: those of the day an event is about. Raises UnknownName.
    """

    name: ClassVar[str] = "amendments"
    by: Times = "recorded"
    authors: AbstractSet[str] = frozenset()

    def answer(self, snapshot: Snapshot) -> Amended:
        """Count them."""
        for author in sorted(self.authors):
            require("author", author, snapshot)
        entries: dict[_Whose, list[Entry]] = {}
        events: dict[_Whose, list[AmendedEvent]] = {}
        streams = _streams(snapshot.recorder, snapshot.position, self.query, self.by)
        unread = unjudged = 0
        for known in _known(snapshot, streams):
            if known is None:
                unread += 1
                continue
            for entry, about, program in _selected(known, self):
                actor = entry.event.actor
                did = _others(entry)
                if self.authors and self.authors.isdisjoint((actor.id, *did)):
                    continue
                whose = (actor.id, actor.role, actor.credential, did, program)
                entries.setdefault(whose, []).append(entry)
                unjudged += known.policy is None and not entry.imported and entry.event.late_reason is None
                found = _amended(known, entry, about, program)
                if found.late or entry.traits.amends:
                    events.setdefault(whose, []).append(found)
        names = sorted(entries, key=lambda whose: (whose[4] is None, whose[4] or "", *map(str, whose[:4])))
        return Amended(tuple(_row(whose, entries[whose], events.get(whose, ())) for whose in names), unread, unjudged)

    def shows(self, value: Amended) -> Iterable[str]:
        """Every episode of which an event is listed."""
        return (event.episode for row in value.rows for event in row.events)


class _Known(NamedTuple):
    """An episode as far as it is known, and what decides on lateness and program."""

    episode: Episode
    name: str
    client: str | None
    zone: str | None
    policy: Policy | None
    spans: tuple[Span, ...]


_Whose = tuple[str, str, str | None, tuple[str, ...], str | None]


def _row(whose: _Whose, entries: list[Entry], events: Iterable[AmendedEvent]) -> AmendedBy:
    found = tuple(sorted(events, key=lambda event: event.position))
    types = [event.type for event in found]
    late = sorted(event.days_after for event in found if event.late)
    return AmendedBy(
        *whose, len(entries), sum(entry.imported for entry in entries), len(late), tuple(late),
        types.count("corrected"), types.count("addendum"), types.count("voided"), found,
    )  # fmt: skip  # in the order of the fields


def _streams(recorder: EventRecorder, upto: int, query: Query, by: Times) -> list[UUID]:
    """Episodes that may have selected events: no event about a day is recorded before the day begins anywhere."""
    first, last = 0, upto
    if query.start is not None and query.start > date.min:
        first = min(recorder.position_at(datetime.combine(query.start, time(), UTC) - EAST), upto)
    if query.end is not None and by == "recorded" and query.end < date.max:
        last = min(recorder.position_at(datetime.combine(next_day(query.end), time(), UTC) + WEST), upto)
    return [*recorder.touched(first, last)]


def _known(snapshot: Snapshot, streams: list[UUID]) -> Iterator[_Known | None]:
    """Fold episodes; None for one that cannot be read. A program's own events are no episode."""
    voids = voids_in(snapshot.recorder, snapshot.position)
    for stream, events in snapshot.recorded(streams):
        episode = Episode(stream)
        try:
            evolve(snapshot.recorder.namespace, episode, events, voids)
            if unread(episode.entries):
                yield None
                continue
            first = episode.entries[0].event if episode.entries else None
            if isinstance(first, EpisodeEvent):
                yield _of(episode, first.episode, snapshot.policies)
            else:
                assert first is None or isinstance(first, ProgramEvent | StoreEvent)  # noqa: S101  # nothing else is touched
        except Unreadable:
            yield None


def _of(episode: Episode, name: str, policies: PolicyOf) -> _Known | None:
    try:
        outline, spans = episode.outline, episode_spans(episode.history)
    except Exception:  # whatever the events of a damaged episode do to its history: it is quarantined everywhere
        return None
    admission = outline.admitted.event if outline.admitted is not None else None
    policy = policies(getattr(admission, "policy", None))
    return _Known(episode, name, outline.client, outline.zone, policy, spans)


def _selected(known: _Known, report: AmendmentReport) -> Iterator[tuple[Entry, date, str | None]]:
    """The events of an episode that lie in the period and the program, with the day each is about and its program."""
    acting, entries, query = known.episode.amendments, known.episode.entries, report.query
    for entry in entries:
        event = entry.event
        meant = entries[event.target - 1] if isinstance(event, Corrected | Voided | Addendum) else entry
        while isinstance(meant.event, Corrected | Voided | Addendum):
            meant = entries[meant.event.target - 1]
        about = happened_on(meant, acting)
        day = about if report.by == "clinical" else today_in(known.zone, entry.recorded_at)
        if (query.start or date.min) <= day <= (query.end or date.max) and about <= (query.as_of or date.max):
            span = next((span for span in known.spans if span.start <= about < span.end), None)
            program = span.program if span is not None else None
            if not report.filters.programs or program in report.filters.programs:
                yield entry, about, program


def _others(entry: Entry) -> tuple[str, ...]:
    """Who did it, if others than who states it."""
    did = tuple(person.id for person in entry.event.performed_by or ())
    return () if did == (entry.event.actor.id,) else did


def _amended(known: _Known, entry: Entry, about: date, program: str | None) -> AmendedEvent:
    amends = entry.event if isinstance(entry.event, Corrected | Voided | Addendum) else None
    values: dict[str, Any] = recorded_fields(entry, known.episode.amendments, known.zone, known.policy)
    values["target"] = amends.target if amends else None
    return AmendedEvent(
        **values,
        episode=known.name,
        client=known.client,
        program=program,
        target_type=known.episode.entries[amends.target - 1].event.type if amends else None,
        about=about,
        performed_by=_others(entry),
        reason=amends.reason if amends else None,
    )
