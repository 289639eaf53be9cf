"""The embedded recorder: one SQLite file, durable on every append, in one order."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from caretrail.aliases import Clock
from caretrail.errors import (
    CommandReused,
    NotStored,
    StayOverlap,
    StoreDamaged,
    StoreError,
    StoreForeign,
    StoreReadOnly,
    VersionConflict,
)
from caretrail.log.clock import CONFIRMATIONS, TOLERANCE, ClockReading, clock_of, require_near, require_stamping
from caretrail.log.database import Row
from caretrail.log.durability import Kept
from caretrail.log.leaf import EPOCH, columns_of, microseconds
from caretrail.log.recorder import EventRecorder, by_stream
from caretrail.log.records import (
    CommandKey,
    Log,
    PendingAccess,
    PendingEvent,
    RecordedEvent,
    Stays,
    access_stream,
    payload_unreadable,
)
from caretrail.log.sql import for_sqlite
from caretrail.log.sqlite.database import SqliteDatabase, adapt_row
from caretrail.log.sqlite.setup import FILE_DAMAGED, read_mark, sqlite_errors
from caretrail.tokens import Durability


class _NotNextError(Exception):
    """The guard of the schema refused an event; the cause is determined after the rollback."""


class SqliteRecorder(EventRecorder):
    """Appends under the write lock of SQLite; time comes from the clock of the machine, and never goes back."""

    def __init__(self, path: str, store: str, clock: Clock | None = None) -> None:
        self._file = SqliteDatabase(path, store)
        super().__init__(self._file, clock)
        self.account = _operating_system_user()
        with sqlite_errors(store), self._file.reader() as connection:
            self.namespace, self.is_demo = read_mark(connection, store)
        self._stamping = clock_of(self.is_demo, clock)

    def _append(self, events: Sequence[PendingEvent], stays: Stays) -> Kept:
        if not all(map(is_object, events)):
            raise payload_unreadable()
        # The guard in the schema checks position, version and command of each row anyway, so we insert first. A refusal
        # is explained afterward, when its cause still exists: recorded events stay, and versions only rise.
        try:
            with self._file.exclusive() as connection:
                self._require_same_store(connection)
                reading = self.read_clock()
                stamped = self._stamp(connection, events, Log.EVENTS, self._not_before(reading))
                self._insert(connection, stamped, Log.EVENTS)
                self._require_clock(reading, events)  # only now: what is recorded already needs no clock
                self._replace_stays(connection, stays)
                kept = self._read_back(connection, stamped, Log.EVENTS)
        except _NotNextError:
            kept = self._explain(events)
        return Kept(kept, "local")

    def _record_access(self, accesses: Sequence[PendingAccess]) -> Kept:
        stream = access_stream(self.namespace, self.account)
        with self._file.exclusive(urgent=True) as connection:
            self._require_same_store(connection)
            version = connection.execute(self._raw(Log.ACCESSES, "version"), (stream.bytes,)).fetchone()[0]
            events = [access.event(stream, version + place) for place, access in enumerate(accesses, start=1)]
            if known := self._known(events, Log.ACCESSES):
                return Kept(_all_of(known, events), "local")
            stamped = self._stamp(connection, events, Log.ACCESSES, self.now())
            try:
                self._insert(connection, stamped, Log.ACCESSES)
            except _NotNextError:  # it is the next of its stream, whatever others do
                raise NotStored.of(self.store) from None
            kept = self._read_back(connection, stamped, Log.ACCESSES)
        return Kept(kept, "local")

    def confirm_kept(self) -> Durability:
        """Nothing to do: what can be read is on the disk."""
        return "local"

    def now(self) -> datetime:
        """The clock of this machine, or of whoever opened a demo store."""
        return self._stamping()

    about_now = now

    def _await_appends(self) -> bool:
        """Whoever may write waits to be the one writer; what nobody may write has none in progress."""
        try:
            with self._file.exclusive(urgent=True):
                return True
        except StoreReadOnly:
            return self.database.is_read_only()
        except StoreError:
            return False

    def drop_archived(self, after: int, upto: int) -> int:
        """Drop the archived accesses in a stretch of their log, and return how many."""
        asked = {"after": after, "upto": upto, "cut": self.archived_upto()}
        return self._file.execute(self._sql["drop_archived"], asked)

    def may_import(self, role: str) -> bool:
        """Whether an actor of this role is an operator."""
        return role == "operator"

    def _raw(self, log: Log, name: str) -> str:
        """A statement over a log as SQLite takes it."""
        return for_sqlite(self._statements[log][name])

    def _require_same_store(self, connection: sqlite3.Connection) -> None:
        """Refuse to write if the store, empty when it was opened, has since become a copy of another."""
        if read_mark(connection, self.store)[0] != self.namespace:
            raise StoreForeign(f"{self.store} is another store than before", "start again, so that it is opened anew")

    def _insert(self, connection: sqlite3.Connection, stamped: Sequence[RecordedEvent], log: Log) -> None:
        try:
            connection.executemany(self._raw(log, "insert"), map(columns_of, stamped))
        except sqlite3.IntegrityError:
            raise _NotNextError from None

    def _read_back(
        self, connection: sqlite3.Connection, stamped: Sequence[RecordedEvent], log: Log
    ) -> list[RecordedEvent]:
        """Read from the table what was put there; if it is anything else, raise NotStored, so that nothing is kept."""
        asked = {"after": stamped[0].position - 1, "limit": len(stamped) + 1}
        kept = list(self._events(connection.execute(self._raw(log, "read_log"), asked).fetchall()))
        if kept != list(stamped):
            raise NotStored.of(self.store)
        return kept

    def _explain(self, events: Sequence[PendingEvent]) -> list[RecordedEvent]:
        """Return what an earlier attempt of this very call recorded, or raise the cause of the refusal."""
        known = self._known(events)
        if len(known) < len(events):
            self._check_versions(events)
        if known:  # if the versions fit, the caller read them after a part was recorded, and did not search for it
            return _all_of(known, events)
        raise NotStored.of(self.store)  # what fits was refused

    def _known(self, events: Sequence[PendingEvent], log: Log = Log.EVENTS) -> list[RecordedEvent]:
        """Find those of the events that are recorded already. Raises CommandReused for one with other content."""
        found = self.find_commands([event.key for event in events], log)
        known = [(event, found[event.key]) for event in events if event.key in found]
        other = [stored.position for event, stored in known if not _same_content(event, stored)]
        if other:  # the lowest, as PostgreSQL names it
            raise CommandReused(min(other))
        return [stored for _, stored in known]

    def _check_versions(self, events: Sequence[PendingEvent]) -> None:
        streams = {event.originator_id for event in events}
        sql = self._raw(Log.EVENTS, "version")
        with self._file.snapshot() as connection:
            current = {s: connection.execute(sql, (s.bytes,)).fetchone()[0] for s in streams}
        for event in events:
            stream, version = event.originator_id, event.originator_version
            if version != current[stream] + 1:
                raise VersionConflict(str(stream), version - 1, current[stream])
            current[stream] = version

    def _require_clock(self, reading: ClockReading, events: Sequence[PendingEvent]) -> None:
        """Refuse a clock that is not the caller's, or that the log says is wrong; a demo store takes any."""
        if self.is_demo:
            return
        require_near(self.store, self.clock(), reading.now)
        if len(events) > 1 or not events[0].topic.startswith(CONFIRMATIONS):
            require_stamping(self.store, reading, self.confirmed_behind)

    def _not_before(self, reading: ClockReading) -> datetime:
        """The time to stamp: up to ten minutes behind, not before what was viewed, as what was known has been told."""
        now, newest = reading.now, reading.stamps.newest
        if self.is_demo or newest - now > TOLERANCE:
            return now
        return max(now, newest + timedelta(microseconds=1))

    def _stamp(
        self, connection: sqlite3.Connection, events: Sequence[PendingEvent], log: Log, at: datetime
    ) -> list[RecordedEvent]:
        """Give each event its position in a log, and a time later than that of the event before."""
        position, newest = connection.execute(self._raw(log, "newest")).fetchone() or (0, 0)
        now = max(microseconds(at), newest + 1)
        return [
            RecordedEvent(*_content(event), position + place, self._moment(now + place - 1), self.account)
            for place, event in enumerate(events, start=1)
        ]

    def _replace_stays(self, connection: sqlite3.Connection, stays: Stays) -> None:
        for stream, rows in stays.items():
            connection.execute(self._sql["delete_stays"], (stream.bytes,))
            connection.executemany(self._sql["insert_stay"], [adapt_row((stream, *stay)) for stay in rows])
        for stream in stays:
            other = connection.execute(self._sql["overlapping_stay"], (stream.bytes,)).fetchone()
            if other is not None:
                raise StayOverlap(str(UUID(bytes=other[0])))

    def select_streams(self, after: Mapping[UUID, int]) -> dict[UUID, list[RecordedEvent]]:
        """Read many streams at once, all as of one moment."""
        asked = [{"stream": stream.bytes, "version": version} for stream, version in after.items()]
        return by_stream(after, self._events(self._of_each("stream_after", asked)))

    def read_at(self, positions: Collection[int]) -> dict[int, RecordedEvent]:
        """Read the events at some positions, by position."""
        asked = [{"position": position} for position in positions]
        return {event.position: event for event in self._events(self._of_each("at", asked))}

    def select_all_but(self, streams: Collection[UUID], names: Sequence[str]) -> dict[UUID, list[RecordedEvent]]:
        """Read many streams at once without the events of these stored names; the newest of each comes anyway."""
        listed = json.dumps(names)
        asked = [{"stream": stream.bytes, "names": listed} for stream in streams]
        return by_stream(streams, self._events(self._of_each("stream_but", asked)))

    def _of_each(self, statement: str, asked: Sequence[Mapping[str, object]]) -> list[Row]:
        # One statement per stream costs no round trip here; the read transaction makes them one view of the log.
        sql = self._raw(Log.EVENTS, statement)
        with self._file.snapshot() as connection:
            return [row for params in asked for row in connection.execute(sql, params).fetchall()]

    def find_commands(self, commands: Sequence[CommandKey], log: Log = Log.EVENTS) -> dict[CommandKey, RecordedEvent]:
        """Find the events recorded under these pairs of source and command_id."""
        events = self._select("find_commands", log, commands=list(commands))
        return {event.key: event for event in events}

    def _events(self, rows: Iterable[Row]) -> Iterator[RecordedEvent]:
        try:
            for position, stream, version, name, payload, at, by, asserted_by, source, command_id, salt in rows:
                yield RecordedEvent(
                    UUID(bytes=stream),
                    version,
                    name,
                    payload,
                    source,
                    command_id,
                    salt,
                    position,
                    self._moment(at),
                    by,
                    asserted_by,
                )
        except (TypeError, ValueError, OverflowError):  # the schema refuses such values; a damaged page may contain any
            message, hint = FILE_DAMAGED
            raise StoreDamaged(f"{self.store}: {message}", hint) from None

    def _moment(self, value: int) -> datetime:
        return EPOCH + timedelta(microseconds=value)


def is_object(event: PendingEvent) -> bool:
    """Whether a payload is a JSON object in UTF-8: anything else nobody could read back."""
    try:
        return isinstance(json.loads(event.state.decode()), dict)
    except (ValueError, RecursionError):
        return False


def _all_of(known: list[RecordedEvent], events: Sequence[PendingEvent]) -> list[RecordedEvent]:
    """Return the recorded events of a call; refuse a call of which only a part is recorded."""
    if len(known) < len(events):
        raise CommandReused(min(event.position for event in known))
    return known


def _content(e: PendingEvent) -> tuple[UUID, int, str, bytes, str, str, bytes]:
    return e.originator_id, e.originator_version, e.topic, e.state, e.source, e.command_id, e.salt


def _same_content(event: PendingEvent, stored: RecordedEvent) -> bool:
    return (event.originator_id, event.topic, event.state) == (stored.originator_id, stored.topic, stored.state)


def _operating_system_user() -> str:
    """Name the user of this process by the system: its environment could name any other."""
    if os.name == "nt":
        return os.getlogin()
    from pwd import getpwuid  # does not exist on Windows

    try:
        return getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
