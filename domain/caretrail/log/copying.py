"""Copying a store: the whole log into an empty one, each row as it is, proven leaf by leaf before any of it counts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from time import sleep
from uuid import UUID

from caretrail.aliases import Progress
from caretrail.errors import CaretrailError, StoreDamaged, StoreNewer
from caretrail.events.catalog import EVENT_TYPES
from caretrail.log.database import Database
from caretrail.log.entries import fold
from caretrail.log.leaf import leaf_hash
from caretrail.log.program_stays import program_stays
from caretrail.log.recorder import EventRecorder
from caretrail.log.records import RecordedEvent
from caretrail.log.sql import load_sql

BATCH = 1000
STREAMS_AT_ONCE = 20
"""Episodes folded at once: whole ones are in memory, so this bounds it."""

LOG_COLUMNS = (
    "position", "stream", "version", "name", "payload", "recorded_at", "recorded_by", "source", "command_id", "salt",
)  # fmt: skip  # as in the schema
STAY_COLUMNS = ("stream", "client", "program", "first_day", "last_day")
_MOVES_STAYS = {kind for kind, cls in EVENT_TYPES.items() if cls.traits.moves_stays}


class CopyRefused(CaretrailError):
    """A store cannot be copied to that place; the place was left as it is."""

    code = "copy_refused"


@dataclass(frozen=True, slots=True)
class Copied:
    """What a copy holds: all events up to `position`, with `leaves`, a SHA-256 over all leaves in their order."""

    position: int
    leaves: str
    stays: int
    unreadable: int
    """Episodes that cannot be read: their stays were taken over instead of being made anew."""
    later: int
    """Events recorded in the source meanwhile: they are not in the copy."""


class _Leaves:
    """A running digest over the leaves of a log, in order and without gaps."""

    def __init__(self, store: str) -> None:
        self._store = store
        self._digest = hashlib.sha256()
        self.count = 0

    def add(self, event: RecordedEvent) -> None:
        self.count += 1
        if event.position != self.count:
            raise StoreDamaged(f"{self._store}: position {self.count} is missing", "compare it with its backups first")
        self._digest.update(leaf_hash(event))

    def hex(self) -> str:
        return self._digest.hexdigest()


def copy_store(source: EventRecorder, target: EventRecorder, progress: Progress) -> Copied:
    """Copy the log as it is now into an empty store, with the marks that make it the same store.

    Writers of the source go on. The target is one transaction: until it ends nobody can read or append there, and
    broken off anywhere, the target is as empty as before.
    """
    copying = _Copying(source, target, progress)
    with target.database.transaction() as database:
        copying.take_over(database)
        copying.copy_log(database)
        copying.compare()
        unreadable = copying.make_stays(database)
        database.script(copying.sql["close_mark"])
    later = source.max_position() - copying.end
    return Copied(copying.end, copying.leaves.hex(), copying.stays, unreadable, later)


class _Copying:
    """One copy on its way."""

    def __init__(self, source: EventRecorder, target: EventRecorder, progress: Progress) -> None:
        self._source, self._target, self._progress = source, target, progress
        self.sql = load_sql("caretrail.log", "copying.sql") | load_sql(
            f"caretrail.log.{target.database.dialect}", "copying.sql"
        )
        self.leaves = _Leaves(source.store)
        self.end = source.max_position()
        self.stays = 0
        self._streams: dict[UUID, None] = {}
        self._done = 0

    # --- the place ----------------------------------------------------------------------------------------------

    def take_over(self, database: Database) -> None:
        """Make an empty store the same store as the source; refuse any other place."""
        store = self._target.store
        if self._source.namespace == self._target.namespace:
            raise CopyRefused(f"{store} is the store itself, or a copy of it", "choose an empty place with --to")
        if not database.query(self.sql["is_owner"])[0][0]:
            raise CopyRefused(f"{store} belongs to another role", "copy as the role that ran 'caretrail init' there")
        database.script(self.sql["open_mark"])
        if self._target.max_position():
            raise CopyRefused(f"{store} is not empty", "choose an empty place with --to; this one was left as it is")
        if self._in_use(database):
            # it would go on to write under the mark it read when it connected
            raise CopyRefused(f"{store} is in use by another Caretrail", "stop it, then copy again")
        database.execute(self.sql["set_mark"], self._mark())

    def _in_use(self, database: Database) -> bool:
        """Whether somebody else stays connected; a connection just closed is there a moment longer."""
        for pause in (0.1, 0.4, 1.5, 0):
            database.query(self.sql["refresh"])
            if not database.query(self.sql["others"])[0][0]:
                return False
            sleep(pause)
        return True

    def _mark(self) -> Mapping[str, object]:
        created_at: datetime = self._source.created_at()
        return {"namespace": self._source.namespace, "demo": self._source.is_demo, "created_at": created_at}

    # --- the log ------------------------------------------------------------------------------------------------

    def copy_log(self, database: Database) -> None:
        """Put every row of the source into the log of the target, behind its guards."""
        database.copy("caretrail.log", LOG_COLUMNS, map(_columns, self._sent()))
        if self.leaves.count != self.end:
            raise StoreDamaged(f"{self._source.store}: position {self.leaves.count + 1} is missing")

    def _sent(self) -> Iterator[RecordedEvent]:
        for event in self._read(self._source):
            self.leaves.add(event)
            if event.topic.partition("/")[0] in _MOVES_STAYS:
                self._streams[event.originator_id] = None
            yield event

    def compare(self) -> None:
        """Read back what the target keeps, and compare leaf by leaf."""
        kept = _Leaves(self._target.store)
        for event in self._read(self._target):
            kept.add(event)
        if (kept.count, kept.hex()) != (self.leaves.count, self.leaves.hex()):
            raise StoreDamaged(f"{self._target.store}: the copy is not what was sent; nothing of it was kept")

    def _read(self, recorder: EventRecorder) -> Iterator[RecordedEvent]:
        """Read the log up to the end of the copy, in batches: it only grows, so what is up to there stays as it is."""
        position = 0
        while position < self.end and (events := recorder.read_log(position, self.end, BATCH)):
            yield from events
            position = events[-1].position
            self._tell(len(events))

    def _tell(self, rows: int) -> None:
        self._done += rows
        self._progress(self._done, 2 * self.end + len(self._streams))

    # --- the stays ----------------------------------------------------------------------------------------------

    def make_stays(self, database: Database) -> int:
        """Make the table of stays from the events; return how many episodes cannot be read."""
        unreadable = 0
        for streams in _batches(self._streams, STREAMS_AT_ONCE):
            rows: list[Sequence[object]] = []
            for stream, events in self._target.select_streams(dict.fromkeys(streams, 0)).items():
                try:
                    stays = program_stays(fold(stream, events))
                except (StoreNewer, StoreDamaged):  # nothing more can be decided on it, so its stays do not change
                    unreadable += 1
                    found = self._source.database.query(self.sql["stays_of"], {"stream": stream})
                    rows += [(stream, *row) for row in found]
                else:
                    rows += [(stream, stay.client, stay.program, stay.first_day, stay.last_day) for stay in stays]
            self.stays += len(rows)
            database.copy("caretrail.stay", STAY_COLUMNS, rows)
            self._tell(len(streams))
        return unreadable


def _columns(e: RecordedEvent) -> Sequence[object]:
    head = (e.position, e.originator_id, e.originator_version, e.topic, e.state)
    return (*head, e.recorded_at, e.recorded_by, e.source, e.command_id, e.salt)


def _batches(items: Iterable[UUID], size: int) -> Iterator[list[UUID]]:
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch
