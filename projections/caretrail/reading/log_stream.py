"""The log as a stream: every event as one row, in the order of positions, to copy it or to feed another system."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from caretrail.errors import StoreDamaged, StoreError, StoreUnreachable
from caretrail.events.codec import IMPORTED, is_imported, read_event
from caretrail.events.envelope import EpisodeEvent
from caretrail.log.leaf import leaf_hash
from caretrail.log.recorder import EventRecorder
from caretrail.log.records import RecordedEvent
from caretrail.log.resume import START, ResumeToken, require_continued

BATCH = 200
"""Events read at once. An event may have 256 KB, so this bounds the memory."""

INTERVAL = 0.2
"""Seconds between two reads of a log that has nothing new."""

LONGEST_WAIT = 5.0
"""The longest pause, in seconds, between two attempts to reach a store."""


class Unreadable(NamedTuple):
    """Why an event cannot be read; the exception itself would keep its frames in memory."""

    code: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class LogRow:
    """One event as the store keeps it; `event` is its stored JSON, None with an `error` if it cannot be read."""

    position: int
    stream: UUID
    episode: str | None
    version: int
    name: str
    schema: int | None
    imported: bool
    recorded_at: datetime
    recorded_by: str
    source: str
    command_id: str
    leaf: bytes
    event: dict[str, Any] | None
    error: Unreadable | None = None


def log_row(row: RecordedEvent) -> LogRow:
    """Read a row of the log; an unreadable event becomes an error, without any of its content."""
    name, _, schema = row.topic.removesuffix(IMPORTED).partition("/")
    event: dict[str, Any] | None = None
    episode: str | None = None
    unreadable: Unreadable | None = None
    try:
        read = read_event(row.topic, row.state)
        event = json.loads(row.state)
        episode = read.episode if isinstance(read, EpisodeEvent) else None
    except StoreError as error:
        unreadable = Unreadable(error.code, error.message, error.hint)
    return LogRow(
        position=row.position,
        stream=row.originator_id,
        episode=episode,
        version=row.originator_version,
        name=name,
        schema=int(schema) if schema.isdecimal() else None,
        imported=is_imported(row.topic),
        recorded_at=row.recorded_at,
        recorded_by=row.recorded_by,
        source=row.source,
        command_id=row.command_id,
        leaf=leaf_hash(row),
        event=event,
        error=unreadable,
    )


class LogStream:
    """The log after a place in it, a batch at a time, without gaps or repeats.

    The event at that place is read again each time, and must be the one that the token names: after a failover or a
    restored backup other events may be at the same positions. Raises LogDiverged.
    """

    def __init__(self, recorder: EventRecorder, after: ResumeToken = START) -> None:
        self._recorder = recorder
        self.token = after

    @property
    def position(self) -> int:
        """Where the next read begins."""
        return self.token.position

    def confirm(self) -> None:
        """Refuse a log that does not go on from here. Raises LogDiverged."""
        if self.token.leaf is not None:
            self._next(0)

    def upto(self, end: int) -> Iterator[list[LogRow]]:
        """Read up to a recorded position."""
        self.confirm()
        while self.position < end:
            rows = self._next(min(BATCH, end - self.position))
            if not rows:
                raise self._damaged(f"position {self.position + 1} is missing")
            yield rows

    def follow(self, wait: Callable[[float], None], tell: Callable[[str], None]) -> Iterator[list[LogRow]]:
        """Read what is recorded, then every new event, forever; wait for a store that cannot be reached.

        `wait` pauses for some seconds, `tell` reports the state of the connection.
        """
        replaced = self._recorder.database.replaced
        rows = self._next(BATCH)  # a store that cannot be read at the start is an error, not something to wait for
        while True:
            if rows:
                yield rows
            else:
                wait(INTERVAL)
            rows = self._patiently(wait, tell)
            if replaced != self._recorder.database.replaced:
                replaced = self._recorder.database.replaced
                first = rows[0].position - 1 if rows else self.position
                tell(f"The connection was lost and made again; going on after position {first}")

    def _patiently(self, wait: Callable[[float], None], tell: Callable[[str], None]) -> list[LogRow]:
        pause, told = INTERVAL, ""
        while True:
            try:
                return self._next(BATCH)
            except StoreUnreachable as error:
                if error.message != told:
                    told = error.message
                    tell(f"{told}; waiting, to go on after position {self.position}")
                wait(pause)
                pause = min(2 * pause, LONGEST_WAIT)

    def _next(self, limit: int) -> list[LogRow]:
        """Read the next rows, together with the last one returned, which must be unchanged."""
        before = min(self.position, 1)
        events = self._recorder.read_log(self.position - before, limit=limit + before)
        require_continued(self._recorder, self.token, events)
        for expected, event in enumerate(events, start=self.position - before + 1):
            if event.position != expected:
                raise self._damaged(f"position {expected} is missing")
        rows = [log_row(event) for event in events]
        if rows:
            self.token = ResumeToken(rows[-1].position, rows[-1].leaf)
        return rows[before:]

    def _damaged(self, what: str) -> StoreDamaged:
        return StoreDamaged(f"{self._recorder.store}: {what}", "compare the store with its backups before going on")
