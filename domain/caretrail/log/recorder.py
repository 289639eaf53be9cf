"""The recorder: appends to the two logs, reads them back and follows the one of events, the same on both databases."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, Self
from uuid import UUID

from eventsourcing.persistence import ApplicationRecorder, StoredEvent, Subscription

from caretrail.aliases import Clock
from caretrail.errors import StoreDamaged
from caretrail.log.clock import machine_clock
from caretrail.log.database import Database, Row
from caretrail.log.durability import Kept
from caretrail.log.leaf import LogColumns, leaf_hash
from caretrail.log.read_back import require_accesses, require_events
from caretrail.log.records import (
    LARGEST_NUMBER,
    CommandKey,
    Log,
    PendingAccess,
    PendingEvent,
    RecordedEvent,
    Stays,
    access_stream,
    check_accesses,
    check_call,
    sent_again,
    store_stream,
)
from caretrail.log.resume import START, LogNotification, ResumeToken, require_continued
from caretrail.log.sql import load_sql
from caretrail.log.stamping import Stamping
from caretrail.tokens import Durability

NO_STAYS: Final[Stays] = MappingProxyType({})

TABLES: Final[Mapping[Log, str]] = MappingProxyType({Log.EVENTS: "caretrail.log", Log.ACCESSES: "caretrail.access"})
"""The table of each log; both have the same columns."""

VOIDS = "position_voided/"
"""How the stored names begin of an operator's voids, whose command_id ends with the position voided."""

INTERVAL = 0.2
"""Seconds between two reads of a log without new events."""
BATCH = 500


class EventRecorder(Stamping, ApplicationRecorder, ABC):
    """Keeps events in one gapless order, stamps their time and author, and never changes one; and accesses likewise.

    What reads a log reads the events, unless another is named.
    """

    account: str
    """The login or system user that the store itself names in `recorded_by`."""

    def __init__(self, database: Database, clock: Clock | None) -> None:
        self.store = database.store
        self.database = database
        self.clock = clock or machine_clock
        self._sql = load_sql("caretrail.log", "queries.sql") | load_sql(
            f"caretrail.log.{database.dialect}", "queries.sql"
        )
        self._statements = {log: {name: over(log, sql) for name, sql in self._sql.items()} for log in Log}

    # --- writing ------------------------------------------------------------------------------------------------

    def append(self, events: Sequence[PendingEvent], stays: Stays = NO_STAYS) -> Kept:
        """Record all events of any number of streams in the given order, or none of them.

        The first event of each stream names the version it was decided on, plus one; any other is a VersionConflict.
        A call that was recorded before returns its first result. `stays` replaces the stays of the streams it names.
        Safe to repeat with the same events, even if the first attempt succeeded. Raises NotStored if what the database
        says it recorded is not what was sent; NotReplicated if it is stored, and not known to be on a standby.
        """
        if self.database.in_transaction:
            raise RuntimeError("append is a transaction of its own: call it outside Database.transaction()")
        if not events:
            if stays:
                raise ValueError("stays change only together with an event")
            return Kept([], "local")
        check_call(events, stays)
        recorded = self._append(events, stays)
        require_events(events, recorded, self.account, self.store)
        return recorded

    @abstractmethod
    def _append(self, events: Sequence[PendingEvent], stays: Stays) -> Kept:
        """Append checked events."""

    def append_again(self, recorded: Sequence[RecordedEvent]) -> Kept:
        """Send events again that were read from the log, for their first result: as far kept as that of any append.

        A row that is read may be on this server only, a receipt of it would be too much. Nothing is ever recorded: the
        version that is named can be the next of no stream. Raises VersionConflict if the store no longer has them.
        """
        return self.append([sent_again(event) for event in recorded])

    def record_access(self, accesses: Sequence[PendingAccess]) -> Kept:
        """Record accesses in their own log, in the stream of their account; the store chooses stream, name and version.

        Safe to repeat with the same accesses, even if the first attempt succeeded. Raises NotStored if what the
        database says it recorded is not what was sent, and NotReplicated: then nothing may be shown.
        """
        if self.database.in_transaction:
            raise RuntimeError("recording an access is a transaction of its own")
        if not accesses:
            return Kept([], "local")
        check_accesses(accesses)
        recorded = self._record_access(accesses)
        stream = access_stream(self.namespace, self.account)
        require_accesses(accesses, recorded, stream, self.account, self.store)
        return recorded

    @abstractmethod
    def _record_access(self, accesses: Sequence[PendingAccess]) -> Kept:
        """Record checked accesses."""

    @abstractmethod
    def confirm_kept(self) -> Durability:
        """Make sure that all that can be read here is kept as far as an append is. Raises NotReplicated, StoreReadOnly.

        What is read may be on this server alone: its wait for the standby was canceled, or its session did not wait.
        """

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int]:
        """Append for the library, and return the positions."""
        events = [event for event in stored_events if isinstance(event, PendingEvent)]
        if len(events) < len(stored_events):
            raise TypeError("the mapper must make PendingEvent")
        return [event.position for event in self.append(events)]

    @abstractmethod
    def may_import(self, role: str) -> bool:
        """Whether this account imports into episodes that have events recorded as they happened.

        An embedded store knows no accounts with rights: there the `role` of the actor decides.
        """

    # --- reading ------------------------------------------------------------------------------------------------

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[RecordedEvent]:
        """Read the events of one stream, in the order of its versions."""
        return self._select(
            "select_events_desc" if desc else "select_events",
            stream=originator_id if isinstance(originator_id, UUID) else UUID(originator_id),
            after=_or(gt, 0),
            upto=_or(lte, LARGEST_NUMBER),
            limit=_or(limit, LARGEST_NUMBER),
        )

    @abstractmethod
    def select_streams(self, after: Mapping[UUID, int]) -> dict[UUID, list[RecordedEvent]]:
        """Read many streams at once, each from above the version already known (0 for all of it)."""

    @abstractmethod
    def read_at(self, positions: Collection[int]) -> dict[int, RecordedEvent]:
        """Read the events at some positions, by position; what is missing from the log is not there."""

    @abstractmethod
    def find_commands(self, commands: Sequence[CommandKey], log: Log = Log.EVENTS) -> dict[CommandKey, RecordedEvent]:
        """Find the events recorded under these pairs of source and command_id."""

    @abstractmethod
    def select_all_but(self, streams: Collection[UUID], names: Sequence[str]) -> dict[UUID, list[RecordedEvent]]:
        """Read many streams at once without the events of these stored names; the newest of each comes anyway."""

    def read_for_decision(
        self,
        commands: Sequence[CommandKey],
        after: Mapping[UUID, int],
        outlines: Collection[UUID] = (),
        beside: Sequence[str] = (),
    ) -> tuple[dict[CommandKey, RecordedEvent], dict[UUID, list[RecordedEvent]]]:
        """Find recorded commands, then read newer events of streams: a decision needs this order.

        `outlines` are further streams, read without the events of the stored names `beside` (`select_all_but`).
        """
        found = self.find_commands(commands) if commands else {}
        newer = self.select_streams(after) if after else {}
        return found, newer | (self.select_all_but(outlines, beside) if outlines else {})

    def read_log(
        self, after: int = 0, upto: int | None = None, limit: int = 1000, log: Log = Log.EVENTS
    ) -> list[RecordedEvent]:
        """Read a log in the order of positions, from above one position up to another."""
        if upto is None:
            return self._select("read_log", log, after=after, limit=limit)
        events = self._select("read_log", log, after=after, limit=max(0, min(limit, upto - after)))
        return [event for event in events if event.position <= upto]  # drops events only if the log was tampered with

    def read_columns(self, after: int, limit: int, log: Log = Log.EVENTS) -> list[LogColumns]:
        """Read a log from above a position as the columns its leaves are made of, without making events."""
        statements = self._statements[log]
        statement = statements.get("read_columns", statements["read_log"])  # where rows are not stored in that form
        return self.database.query(statement, {"after": after, "limit": limit})

    def read_accesses(
        self, after: int, upto: int, *, holding: bytes | None = None, limit: int = 1000
    ) -> list[RecordedEvent]:
        """Read the accesses in a stretch of their log.

        With `holding`, those whose payload contains it, and those of all events.
        """
        return self._select("read_accesses", after=after, upto=upto, holding=holding, limit=limit)

    def mentions(self, needle: bytes, upto: int) -> bool:
        """Whether the payload of any event up to a position contains these bytes; reads them one by one."""
        return bool(self.database.query(self._sql["mentions"], {"needle": needle, "upto": upto}))

    def streams_mentioning(self, needle: bytes) -> list[UUID]:
        """The streams with an event whose payload contains these bytes; reads the whole log."""
        rows = self.database.query(self._sql["streams_mentioning"], {"needle": needle})
        return [row[0] if isinstance(row[0], UUID) else UUID(bytes=row[0]) for row in rows]

    def touched(self, after: int, upto: int) -> dict[UUID, int]:
        """Streams with an event in a stretch of the log, or with one voided there, and the version of the first."""
        params = {"after": after, "limit": max(0, upto - after)}
        rows = self.database.query(self._sql["touched"], params)
        found = {stream if isinstance(stream, UUID) else UUID(bytes=stream): version for stream, version in rows}
        own = store_stream(self.namespace)
        for position, _, name, about, _ in self.read_outline(own) if own in found else ():
            if after < position <= upto and name.startswith(VOIDS):
                for event in self.read_log(int(about.rpartition(" ")[2]) - 1, limit=1):
                    found.setdefault(event.originator_id, event.originator_version)
        return found

    def read_outline(self, stream: UUID) -> list[tuple[int, int, str, str, datetime]]:
        """One stream without payloads: position, version, stored name, command_id and time of each event, in order."""
        rows = self.database.query(self._sql["outline_of_stream"], {"stream": stream})
        return [(position, version, name, command, self._moment(at)) for position, version, name, command, at in rows]

    def has_program(self, program: str) -> bool:
        """Whether any client has or had a stay in a program."""
        return bool(self.database.query(self._sql["has_program"], {"program": program}))

    def programs(self) -> list[str]:
        """The programs that any client has or had a stay in; reads all stays."""
        return [str(row[0]) for row in self.database.query(self._sql["programs"])]

    def max_position(self, log: Log = Log.EVENTS) -> int:
        """Return the newest position of a log, 0 in an empty one."""
        position = self.database.query(self._statements[log]["max_position"])[0][0]
        if not isinstance(position, int):
            raise StoreDamaged(f"{self.store}: the newest position is no number", "run 'caretrail audit verify'")
        return position

    def last_recorded_at(self) -> datetime | None:
        """Return when the newest event was recorded, None in an empty log."""
        rows = self.database.query(self._sql["last_recorded_at"])
        return self._moment(rows[0][0]) if rows else None

    def created_at(self) -> datetime:
        """Return when the store was created."""
        return self._moment(self.database.query(self._sql["created_at"])[0][0])

    def position_at(self, when: datetime, log: Log = Log.EVENTS) -> int:
        """Return the greatest position recorded at or before a moment: the log up to it was known then."""
        if when.tzinfo is None:
            raise ValueError("the moment must carry a time zone")
        asked = {"moment": when, "floor": self.archived_upto() if log is Log.ACCESSES else 0}
        position = int(self.database.query(self._statements[log]["position_at"], asked)[0][0])
        if 0 < position == asked["floor"]:  # within the archive: of what it left here
            return int(self.database.query(self._sql["kept_at"], asked)[0][0])
        return position

    def archived_upto(self) -> int:
        """Up to which access an archive goes, 0 without one: below, only what it left is here, with gaps."""
        return int(self.database.query(self._sql["archived_upto"])[0][0])

    @abstractmethod
    def drop_archived(self, after: int, upto: int) -> int:
        """Drop the archived accesses in a stretch of their log, and return how many; the database says which may go."""

    # --- the library's view of the log --------------------------------------------------------------------------

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[LogNotification]:
        """Read the log as the library's notifications, optionally of some stored names only."""
        after = _or(start, 1 if inclusive_of_start else 0) - (1 if inclusive_of_start else 0)
        if topics:
            upto = _or(stop, LARGEST_NUMBER)
            events = self._select("read_log_of_names", after=after, upto=upto, limit=limit, names=list(topics))
        else:
            events = self.read_log(after, stop, limit)
        return [
            LogNotification(e.originator_id, e.originator_version, e.topic, e.state, e.position, leaf_hash(e))
            for e in events
        ]

    def max_notification_id(self) -> int | None:
        """Return the position of the newest event, None in an empty log."""
        return self.max_position() or None

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> PollingSubscription:
        """Follow the log: yields recorded events, then waits for more, until stopped."""
        return PollingSubscription(self, gt, topics)

    # --- the rest -----------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Close the connections."""
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _select(self, statement: str, log: Log = Log.EVENTS, /, **params: object) -> list[RecordedEvent]:
        return list(self._events(self.database.query(self._statements[log][statement], params)))

    @abstractmethod
    def _events(self, rows: Iterable[Row]) -> Iterator[RecordedEvent]:
        """Turn rows of the log into events."""

    @abstractmethod
    def _moment(self, value: Any) -> datetime:
        """Turn a stored time into an aware one in UTC."""


class PollingSubscription(Subscription[EventRecorder]):
    """The library's subscription, without its thread: it reads on demand, and waits when there is nothing new.

    It works on both databases, and no lost notification can stop it. The event it yielded last is read again each
    time, and must be the same one: after a failover others may be at the same positions. Raises LogDiverged.
    """

    def __init__(self, recorder: EventRecorder, gt: int | None = None, topics: Sequence[str] = ()) -> None:
        super().__init__(recorder=recorder, gt=gt, topics=topics)
        self._fetched: deque[LogNotification] = deque()
        self._token = START
        self._stopping = threading.Event()

    def stop(self) -> None:
        """End the iteration, also from another thread."""
        super().stop()
        self._stopping.set()

    def __next__(self) -> LogNotification:
        while not self._stopping.is_set():
            if self._fetched:
                notification = self._fetched.popleft()
                self._last_notification_id = notification.id
                self._token = ResumeToken(notification.id, notification.leaf)
                return notification
            self._confirm()
            self._fetched.extend(
                self._recorder.select_notifications(
                    self._last_notification_id or 0, BATCH, topics=self._topics, inclusive_of_start=False
                )
            )
            if not self._fetched:
                self._stopping.wait(INTERVAL)
        raise StopIteration

    def _confirm(self) -> None:
        """Refuse a log that does not go on from the event yielded last."""
        if self._token.position:
            require_continued(self._recorder, self._token, self._recorder.read_log(self._token.position - 1, limit=1))


def over(log: Log, sql: str) -> str:
    """A statement over the events, made one over another log."""
    return sql.replace(TABLES[Log.EVENTS], TABLES[log])


def _or(value: int | None, default: int) -> int:
    return default if value is None else value


def by_stream(after: Iterable[UUID], events: Iterable[RecordedEvent]) -> dict[UUID, list[RecordedEvent]]:
    """Group events by stream, with an empty list for a stream that has none."""
    streams: dict[UUID, list[RecordedEvent]] = {stream: [] for stream in after}
    for event in events:
        streams[event.originator_id].append(event)
    return streams
