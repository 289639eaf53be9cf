"""Whom a stretch of the log is about: streams that may be in the scope of filters, and their case numbers.

A name is in the rows of an episode only if one of its events has it, so a search of payloads misses nobody. Rows that
hold more of the log than is asked for spare most of that search.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final
from uuid import UUID

from caretrail.log.records import case_number_in
from caretrail.log.sql import load_sql
from caretrail.readmodel.schema import State, statements
from caretrail.readmodel.values import stream_of

if TYPE_CHECKING:
    from caretrail.log.database import Row
    from caretrail.log.recorder import EventRecorder
    from caretrail.reading.query import Filters

QUERIES = "caretrail.reading"
PAGE = 5000
"""Streams of one statement."""

HARMLESS: Final = (
    "session_attended", "session_missed", "care_coordinated", "referred", "authorized", "consented", "consent_revoked",
)  # fmt: skip
"""Kinds of events that take no name from the rows of an episode: whom the rows named before, they name afterward.

They say nothing of its client, its programs, its team or what people have to sign, and any other problem they end was
its case owner's, who stays in its spans. Random histories are held against this (`tests/reading/test_scope.py`).
"""

HELD_BY: Final = {
    "clients": ("streams_of_client",),
    "clinicians": ("streams_of_case_owner", "streams_of_owner"),
    "programs": ("streams_of_program",),
}
"""The statements that find the episodes whose rows have a name, by the kind of filter."""


def in_scope(recorder: EventRecorder, streams: Sequence[UUID], upto: int, filters: Filters) -> list[UUID]:
    """The streams that may be in the scope of some filters, by their events up to a position.

    Whom no event of an episode names, it never had anything to do with.
    """
    for _, names in _asked_for(filters):
        streams = _naming(recorder, streams, names, upto)
    return list(streams)


def in_scope_of_rows(
    recorder: EventRecorder, state: State, streams: Sequence[UUID], known: int, filters: Filters
) -> list[UUID]:
    """The streams that may be in the scope of some filters, by rows that hold a later position or as known before.

    An episode is in scope if its rows are. Other names it can have had only if an event since then took them from it:
    of those that have such an event, and of what cannot be read, the payloads are searched.
    """
    database, sql = recorder.database, statements(state.build, QUERIES, "queries.sql")
    searched: set[UUID] | None = None
    for kind, names in _asked_for(filters):
        asked = [(sql[statement], {"name": name}) for statement in HELD_BY[kind] for name in sorted(names)]
        held = {stream_of(row[0]) for statement, params in asked for row in database.query(statement, params)}
        if searched is None:  # after the rows were read: what was projected meanwhile is among the events since then
            searched = _with_other_kinds(recorder, known)
            searched |= {stream_of(row[0]) for row in database.query(sql["streams_quarantined"])}
        rest = [stream for stream in streams if stream in searched and stream not in held]
        held.update(_naming(recorder, rest, names, state.position))
        streams = [stream for stream in streams if stream in held]
    return list(streams)


def case_numbers(recorder: EventRecorder, streams: Sequence[UUID]) -> dict[UUID, str]:
    """The case number of each stream, by its first event; programs and what cannot be read have none."""
    rows = _of_each(recorder, "first_payloads", streams, {})
    named = ((stream_of(stream), case_number_in(payload)) for stream, payload in rows)
    return {stream: name for stream, name in named if name is not None}


def _asked_for(filters: Filters) -> list[tuple[str, Collection[str]]]:
    """The names that some filters ask for, by kind; first those that fewer episodes have."""
    kinds = (("clients", filters.clients), ("clinicians", filters.clinicians), ("programs", filters.programs))
    return [(kind, names) for kind, names in kinds if names]


def _naming(recorder: EventRecorder, streams: Sequence[UUID], names: Iterable[str], upto: int) -> list[UUID]:
    """Those of some streams in which an event up to a position names somebody or something."""
    found: set[UUID] = set()
    for name in sorted(names):
        left = [stream for stream in streams if stream not in found]
        params: dict[str, object] = {"needle": f'"{name}"'.encode(), "upto": upto}
        found.update(stream_of(row[0]) for row in _of_each(recorder, "naming", left, params))
    return [stream for stream in streams if stream in found]


def _with_other_kinds(recorder: EventRecorder, known: int) -> set[UUID]:
    """The streams that have, above a position, an event of a kind that may take a name from their rows."""
    database = recorder.database
    sql = load_sql(QUERIES, "queries.sql")[f"of_other_kinds_{database.dialect}"]
    return {stream_of(row[0]) for row in database.query(sql, {"known": known, "kinds": list(HARMLESS)})}


def _of_each(
    recorder: EventRecorder, statement: str, streams: Sequence[UUID], params: dict[str, object]
) -> Iterator[Row]:
    """What a statement finds of some streams, a page of them at a time."""
    database = recorder.database
    sql = load_sql(QUERIES, "queries.sql")[f"{statement}_{database.dialect}"]
    for place in range(0, len(streams), PAGE):
        page = streams[place : place + PAGE]
        listed = list(page) if database.dialect == "postgresql" else b"".join(stream.bytes for stream in page)
        yield from database.query(sql, {**params, "streams": listed})
