"""Sampled recomputation: what is stored of a few episodes, drawn from the log by chance, is what the log says.

Digests catch accidents. Whoever can write the rows can forge them so that they fit each other: only the log tells.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING
from uuid import UUID

from caretrail.errors import HiddenEvents, RowsDiffer
from caretrail.ledger.tiles import is_as_kept
from caretrail.log.records import case_number_in, episode_stream, program_stream
from caretrail.log.sql import load_sql
from caretrail.reading.scope import case_numbers, in_scope
from caretrail.readmodel.check import stored_of_and_right
from caretrail.readmodel.folded import FoldedEpisodes, log_streams
from caretrail.readmodel.group_sessions import placed_of_group, session_of
from caretrail.readmodel.packs import policies_of
from caretrail.readmodel.programs import placed_of_program
from caretrail.readmodel.schema import State, who_projects
from caretrail.readmodel.store import findings_of_program, read_of

if TYPE_CHECKING:
    from random import Random

    from caretrail.log.recorder import EventRecorder
    from caretrail.log.records import RecordedEvent
    from caretrail.reading.query import Filters
    from caretrail.readmodel.rows import EpisodeRows

EPISODES = 3
"""Recomputed for each list."""

DRAWS = 16
"""Places of the log that are drawn to find them: several are of one episode, or of none, or out of scope."""

STREAMS = 8
"""Streams that are drawn beside them."""

NEWEST = 8
"""The newest events that the rows say they hold: of these all are looked for."""


def require_right(recorder: EventRecorder, state: State, filters: Filters, chance: Random) -> int:
    """Hold what is stored of up to three episodes against the log; returns how many there were.

    They are drawn from the log, so that no row decides whom it is about: by place, where an index hides nothing, and by
    stream, where an episode of one event weighs as much as one of hundreds. Those in the scope of the filters come
    first. Everything is read in the state of the database that the caller reads. Raises RowsDiffer; HiddenEvents for an
    event that the log holds at its position, and not in its stream or in the tiles, or that the rows hold alone.
    """
    _require_position(recorder, state)
    drawn = _drawn_by_place(recorder, state.position, chance)
    beside = _drawn_by_stream(recorder, chance) if state.position else []
    in_turns = [one for pair in zip_longest(drawn, beside) for one in pair if one is not None]
    chosen = _chosen(recorder, state, filters, list(dict.fromkeys(in_turns)), chance)
    for event in (drawn[stream] for stream in chosen if stream in drawn):
        if not is_as_kept(recorder, event):
            raise HiddenEvents.altered(event.originator_version)
    stored, right, made = stored_of_and_right(recorder, FoldedEpisodes(recorder, cached_events=0), state, chosen)
    if stored != right:
        raise _differing(recorder)
    if filters.ask_of_programs:
        _require_of_programs(recorder, state, list(made.values()), chance)
    return len(made)


def _differing(recorder: EventRecorder) -> RowsDiffer:
    return RowsDiffer.of(recorder.store, who_projects(recorder.database))


def _require_position(recorder: EventRecorder, state: State) -> None:
    """The newest events that the rows say they hold are in them: no position was moved ahead of the rows."""
    places = range(max(1, state.position - NEWEST + 1), state.position + 1)
    events = recorder.read_at(places)
    if state.position not in events and state.position > (ends := recorder.max_position()):
        raise HiddenEvents.cut_off(recorder.store, state.position, ends)
    newest: dict[UUID, int] = {}
    for place in places:
        event = _at(place, events)
        if _of(event):
            newest[event.originator_id] = max(event.originator_version, newest.get(event.originator_id, 0))
    stored = read_of(recorder.database, state.build, "episode", ("stream", "version"), list(newest))
    if any(stream not in stored or stored[stream][0][1] < version for stream, version in newest.items()):
        raise _differing(recorder)


def _at(place: int, events: Mapping[int, RecordedEvent]) -> RecordedEvent:
    if place not in events:
        raise HiddenEvents.missing_at(place)
    return events[place]


def _of(event: RecordedEvent) -> str | None:
    """The case number of an event; None for those of programs and of the store."""
    return case_number_in(event.state)


def _drawn_by_place(recorder: EventRecorder, upto: int, chance: Random) -> Mapping[UUID, RecordedEvent]:
    """Events of different episodes at places drawn by chance, by stream, in the order in which they were drawn."""
    places = [chance.randrange(upto) + 1 for _ in range(DRAWS if upto else 0)]
    found = recorder.read_at(sorted(set(places)))
    _require_in_streams(recorder, found)
    drawn: dict[UUID, RecordedEvent] = {}
    for place in places:
        event = _at(place, found)
        if _of(event):
            drawn.setdefault(event.originator_id, event)
    return drawn


def _drawn_by_stream(recorder: EventRecorder, chance: Random) -> list[UUID]:
    """A few episodes whose streams follow a number drawn by chance: streams are hashes, in no order of anything."""
    after = UUID(int=chance.getrandbits(128))
    streams = next(log_streams(recorder, page=STREAMS, after=after), list[UUID]())
    if len(streams) < STREAMS:
        streams += next(log_streams(recorder, page=STREAMS - len(streams)), list[UUID]())
    named = case_numbers(recorder, streams)
    found = [stream for stream in dict.fromkeys(streams) if stream in named]
    chance.shuffle(found)  # or one behind a wide gap would come up too often
    return found


def _chosen(
    recorder: EventRecorder, state: State, filters: Filters, drawn: Sequence[UUID], chance: Random
) -> Sequence[UUID]:
    """The episodes to recompute: those that filters name, then those drawn, first the ones in scope."""
    named = [episode_stream(recorder.namespace, name) for name in sorted(filters.episodes)]
    chosen = chance.sample(named, min(EPISODES, len(named)))
    if len(chosen) < EPISODES:
        scoped = in_scope(recorder, drawn, state.position, filters)
        chosen += [stream for stream in (*scoped, *drawn) if stream not in chosen]
    return list(dict.fromkeys(chosen))[:EPISODES]


def _require_in_streams(recorder: EventRecorder, events: Mapping[int, RecordedEvent]) -> None:
    """Events that stand at their positions also stand in their streams: no index hides them."""
    database = recorder.database
    sql = load_sql("caretrail.reading", "queries.sql")[f"hidden_{database.dialect}"]
    if database.dialect == "postgresql":
        hidden = [row[0] for row in database.query(sql, {"positions": list(events)})]
    else:
        hidden = [position for position in events if database.query(sql, {"position": position})]
    if hidden:
        raise HiddenEvents.missing(events[min(hidden)].originator_version)


def _require_of_programs(recorder: EventRecorder, state: State, made: Sequence[EpisodeRows], chance: Random) -> None:
    """The findings of one program of these episodes, and on one of their group sessions, follow from their rows."""
    database, build = recorder.database, state.build
    if programs := sorted({days.program for rows in made for days in rows.under_policy}):
        program = chance.choice(programs)
        right = placed_of_program(recorder, build, program, state.position, policies_of(recorder))
        if findings_of_program(database, build, program_stream(recorder.namespace, program)) != right:
            raise _differing(recorder)
    if sessions := sorted({session_of(record) for rows in made for record in rows.group_records}):
        session = chance.choice(sessions)
        right = placed_of_group(recorder, build, session, policies_of(recorder))
        if findings_of_program(database, build, session.stream(recorder.namespace)) != right:
            raise _differing(recorder)
