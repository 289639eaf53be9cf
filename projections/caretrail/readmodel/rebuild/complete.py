"""Whether a filled build holds the whole log: compared before any reader sees it.

Each stream of the log must have its row, at its newest version; what has none must be what no row is made of. The parts
must have read as many events as the log has, and the tables hold the rows that the parts say they wrote.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from uuid import UUID

from caretrail.errors import StoreError
from caretrail.log.database import Database, Row
from caretrail.log.recorder import EventRecorder
from caretrail.readmodel.folded import FoldedEpisodes
from caretrail.readmodel.rebuild.filling import CHECKED_BITS
from caretrail.readmodel.schema import PAGE, State, statements
from caretrail.readmodel.values import stream_of


class Incomplete(StoreError):
    """The rows that a rebuild wrote are not those of the log."""


def require_complete(recorder: EventRecorder, state: State) -> None:
    """Compare a build that is filled up to the position of its state with the log. Raises Incomplete."""
    database, sql = recorder.database, statements(state.build)
    [(events, *written)] = database.query(sql["written"])
    [held] = database.query(sql["held"], {"bits": CHECKED_BITS})
    if list(held) != written:
        raise _incomplete("rows are missing that were written")
    without: list[UUID] = []
    recorded = 0
    for stream, newest, count, version in _side_by_side(database, state):
        recorded += count
        if version is None and newest is not None:
            without.append(stream)
        elif version != newest:
            raise _incomplete("an episode is not at its newest version")
        if len(without) == PAGE:
            _require_no_rows(recorder, without, state)
            without.clear()
    _require_no_rows(recorder, without, state)
    if recorded != events:
        raise _incomplete(f"{events} events were read of {recorded} in the log")


def _side_by_side(database: Database, state: State) -> Iterator[tuple[UUID, int | None, int, int | None]]:
    """By stream: its newest version in the log, how many events it has there, and the version of its row."""
    sql = statements(state.build)
    rows = database.stream(sql["versions_of_rows"])
    ahead = next(rows, None)
    for stream, newest, count in database.stream(sql["versions_of_log"], {"upto": state.position}):
        while ahead is not None and ahead[0] < stream:
            yield _extra(ahead)
            ahead = next(rows, None)
        if ahead is not None and ahead[0] == stream:
            yield stream_of(stream), newest, count, ahead[1]
            ahead = next(rows, None)
        else:
            yield stream_of(stream), newest, count, None
    yield from map(_extra, chain(() if ahead is None else (ahead,), rows))


def _extra(row: Row) -> tuple[UUID, None, int, int]:
    return stream_of(row[0]), None, 0, row[1]


def _require_no_rows(recorder: EventRecorder, streams: list[UUID], state: State) -> None:
    """Require that these streams are not episodes: a program's own events have no row."""
    if FoldedEpisodes(recorder, cached_events=0).compute(streams, state.position):
        raise _incomplete("an episode of the log has no row")


def _incomplete(how: str) -> Incomplete:
    return Incomplete(
        f"the rows made again are not those of the log ({how}): readers stay with the old ones",
        "run 'caretrail projection rebuild' again: it starts over",
    )
