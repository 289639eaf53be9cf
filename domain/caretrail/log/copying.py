"""Copying a store: both logs into an empty one, row by row, compared leaf by leaf before anything is kept."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from time import sleep
from uuid import UUID

from caretrail.aliases import Progress
from caretrail.errors import CaretrailError, StoreDamaged, StoreNewer
from caretrail.log.archived import archives
from caretrail.log.database import Database
from caretrail.log.entries import fold
from caretrail.log.leaf import leaf_hash
from caretrail.log.program_stays import MOVES_STAYS, program_stays
from caretrail.log.recorder import TABLES, EventRecorder
from caretrail.log.records import Log, RecordedEvent
from caretrail.log.sql import load_sql

BATCH = 1000
STREAMS_AT_ONCE = 20
"""Episodes folded at once, each of them wholly in memory."""

LOG_COLUMNS = (
    "position", "stream", "version", "name", "payload", "recorded_at", "recorded_by", "asserted_by", "source",
    "command_id", "salt",
)  # fmt: skip  # as in the schema
TILE_COLUMNS = ("log", "level", "number", "hashes", "root")
STAY_COLUMNS = ("stream", "client", "program", "first_day", "last_day")


class CopyRefused(CaretrailError):
    """A store cannot be copied to that place; the place was not changed."""

    code = "copy_refused"


@dataclass(frozen=True, slots=True)
class Copied:
    """A finished copy: all events up to `position`, and so many `accesses`.

    `leaves` is a SHA-256 over the leaves of all of them in order, events first, in hex.
    """

    position: int
    accesses: int
    leaves: str
    stays: int
    unreadable: int
    """Episodes that cannot be read: their stays were copied instead of being made anew."""
    later: int
    """Events recorded in the source during the copy: they are not in it."""
    archived: int = 0
    """Up to which access they are in archives, and in source and copy only as far as those left them."""


def copy_store(source: EventRecorder, target: EventRecorder, progress: Progress) -> Copied:
    """Copy the logs in their present state into an empty store, with the marks that make it the same store.

    Writers of the source go on. In the target all of it is one transaction: until it ends, others can neither read nor
    append there, and an interrupted copy leaves the target empty. Raises CopyRefused or StoreDamaged; NotReplicated if
    the copy is there, and not known to be on a standby that the target's server is told to wait for.
    """
    return _Copying(source, target, progress).run()


class _Copying:
    """The state of one copy."""

    def __init__(self, source: EventRecorder, target: EventRecorder, progress: Progress) -> None:
        self._source, self._target, self._progress = source, target, progress
        dialect = target.database.dialect
        self._sql = load_sql("caretrail.log", "copying.sql") | load_sql(f"caretrail.log.{dialect}", "copying.sql")
        # accesses first: the events they tell of are in the copy, too
        self._ends = {log: source.max_position(log) for log in (Log.ACCESSES, Log.EVENTS)}
        # it is recorded before anything is dropped, and by then within the events that are copied
        self._archived = self._archived_upto()
        self._streams: dict[UUID, None] = {}
        self._done = 0

    def run(self) -> Copied:
        with self._target.database.transaction() as database:
            self._take_over(database)
            leaves, kept = hashlib.sha256(), hashlib.sha256()
            for log in Log:
                if self._archived and log is Log.ACCESSES:
                    database.script(self._sql["open_accesses"])
                    self._copy_tiles(database)
                database.copy(TABLES[log], LOG_COLUMNS, map(_columns, self._sent(log, leaves.update)))
                if self._archived and log is Log.ACCESSES:
                    database.script(self._sql["close_accesses"])
                for _ in self._read(self._target, log, kept.update):
                    pass
            if kept.digest() != leaves.digest():
                raise StoreDamaged(f"{self._target.store}: the copy differs from the source; nothing was kept")
            stays, unreadable = self._make_stays(database)
            database.script(self._sql["close_mark"])
        self._target.confirm_kept()
        end = self._ends[Log.EVENTS]
        later = self._source.max_position() - end
        accesses = self._ends[Log.ACCESSES]
        return Copied(end, accesses, leaves.hexdigest(), stays, unreadable, later, self._archived)

    # --- the target ---------------------------------------------------------------------------------------------

    def _take_over(self, database: Database) -> None:
        """Make an empty store the same store as the source; refuse any other target."""
        source, store = self._source, self._target.store
        if source.namespace == self._target.namespace:
            raise CopyRefused(f"{store} is the store itself, or a copy of it", "choose an empty place with --to")
        if not database.query(self._sql["is_owner"])[0][0]:
            raise CopyRefused(f"{store} belongs to another role", "copy as the role that ran 'caretrail init' there")
        database.script(self._sql["open_mark"])
        if any(map(self._target.max_position, Log)):
            raise CopyRefused(f"{store} is not empty", "choose an empty place with --to; this one was not changed")
        if self._in_use(database):
            # it would go on writing under the mark it read when it connected
            raise CopyRefused(f"{store} is in use by another Caretrail", "stop it, then copy again")
        mark = {"namespace": source.namespace, "demo": source.is_demo, "created_at": source.created_at()}
        database.execute(self._sql["set_mark"], mark)

    def _in_use(self, database: Database) -> bool:
        """Whether another client stays connected; a connection just closed remains visible for a moment."""
        for pause in (0.1, 0.4, 1.5, 0):
            database.query(self._sql["refresh"])
            if not database.query(self._sql["others"])[0][0]:
                return False
            sleep(pause)
        return True

    # --- the logs -----------------------------------------------------------------------------------------------

    def _sent(self, log: Log, add: Callable[[bytes], None]) -> Iterator[RecordedEvent]:
        for event in self._read(self._source, log, add):
            if event.topic.partition("/")[0] in MOVES_STAYS:
                self._streams[event.originator_id] = None
            yield event

    def _read(self, recorder: EventRecorder, log: Log, add: Callable[[bytes], None]) -> Iterator[RecordedEvent]:
        """Read a log up to the end of the copy, in batches, and `add` each leaf. Raises StoreDamaged."""
        position, end = 0, self._ends[log]
        gaps = self._archived if log is Log.ACCESSES else 0
        while position < end:
            events = recorder.read_log(position, end, BATCH, log)
            for event in events:
                position = max(position + 1, min(event.position, gaps + 1))
                if event.position != position:
                    raise self._missing(recorder, position, log)
                add(leaf_hash(event, log))
                yield event
            if not events:
                raise self._missing(recorder, position + 1, log)
            self._tell(len(events))

    def _missing(self, recorder: EventRecorder, position: int, log: Log) -> CaretrailError:
        if log is Log.ACCESSES and self._source.archived_upto() > self._archived:
            return CopyRefused("accesses were archived during the copy; nothing was kept", "copy again")
        return StoreDamaged(f"{recorder.store}: position {position} is missing", "compare the store with its backups")

    def _tell(self, rows: int) -> None:
        self._done += rows
        self._progress(self._done, 2 * sum(self._ends.values()) + len(self._streams))

    def _archived_upto(self) -> int:
        """Up to which access the events that are copied record an archive."""
        upto = [archive.upto for archive in archives(self._source) if archive.position <= self._ends[Log.EVENTS]]
        return max(upto, default=0)

    def _copy_tiles(self, database: Database) -> None:
        """Take over the tiles of archived accesses, which nothing else here can make."""
        kept = {"kept": self._archived}
        database.copy("caretrail.tile", TILE_COLUMNS, self._source.database.query(self._sql["kept_tiles"], kept))
        database.execute(self._sql["tiled"], kept)

    # --- the stays ----------------------------------------------------------------------------------------------

    def _make_stays(self, database: Database) -> tuple[int, int]:
        """Make the table of stays from the events; return its rows, and how many episodes cannot be read."""
        made = unreadable = 0
        rest = iter(self._streams)
        while streams := list(islice(rest, STREAMS_AT_ONCE)):
            rows: list[Sequence[object]] = []
            for stream, events in self._target.select_streams(dict.fromkeys(streams, 0)).items():
                try:
                    stays = program_stays(fold(self._source.namespace, stream, events))
                except (StoreNewer, StoreDamaged):  # no decision can be made on it any more, so its stays do not change
                    unreadable += 1
                    found = self._source.database.query(self._sql["stays_of"], {"stream": stream})
                    rows += [(stream, *row) for row in found]
                else:
                    rows += [(stream, *stay) for stay in stays]
            made += len(rows)
            database.copy("caretrail.stay", STAY_COLUMNS, rows)
            self._tell(len(streams))
        return made, unreadable


def _columns(e: RecordedEvent) -> Sequence[object]:
    head = (e.position, e.originator_id, e.originator_version, e.topic, e.state)
    return (*head, e.recorded_at, e.recorded_by, e.asserted_by, e.source, e.command_id, e.salt)
