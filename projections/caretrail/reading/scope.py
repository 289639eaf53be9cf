"""Whom a stretch of the log is about: streams that may be in the scope of filters, and their case numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from caretrail.log.records import case_number_in
from caretrail.log.sql import load_sql
from caretrail.readmodel.values import stream_of

if TYPE_CHECKING:
    from caretrail.log.recorder import EventRecorder
    from caretrail.reading.query import Filters

QUERIES = "caretrail.reading"
PAGE = 1000
"""Streams of one statement."""


def in_scope(recorder: EventRecorder, streams: Sequence[UUID], upto: int, filters: Filters) -> list[UUID]:
    """The streams that may be in the scope of some filters, by their events up to a position.

    Whom no event of an episode names, it never had anything to do with.
    """
    for names in (filters.clients, filters.clinicians, filters.programs):
        if names and streams:
            naming = [_naming(recorder, streams, name, upto) for name in sorted(names)]
            streams = [stream for stream in streams if any(stream in named for named in naming)]
    return list(streams)


def _naming(recorder: EventRecorder, streams: Sequence[UUID], name: str, upto: int) -> set[UUID]:
    """Those of some streams in which an event up to a position names somebody or something."""
    database = recorder.database
    sql = load_sql(QUERIES, "queries.sql")[f"naming_{database.dialect}"]
    params: dict[str, object] = {"needle": f'"{name}"'.encode(), "upto": upto}
    if database.dialect == "postgresql":
        return {row[0] for row in database.query(sql, {**params, "streams": list(streams)})}
    return {stream for stream in streams if database.query(sql, {**params, "stream": stream})}


def case_numbers(recorder: EventRecorder, streams: Sequence[UUID]) -> dict[UUID, str]:
    """The case number of each stream, by its first event; programs and what cannot be read have none."""
    database = recorder.database
    sql = load_sql(QUERIES, "queries.sql")[f"first_payloads_{database.dialect}"]
    if database.dialect == "postgresql":
        pages = (list(streams[place : place + PAGE]) for place in range(0, len(streams), PAGE))
        rows = (row for page in pages for row in database.query(sql, {"streams": page}))
    else:
        rows = (row for stream in streams for row in database.query(sql, {"stream": stream}))
    named = ((stream_of(stream), case_number_in(payload)) for stream, payload in rows)
    return {stream: name for stream, name in named if name is not None}
