"""The production recorder: one function call per append, on PostgreSQL 15 to 18."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import psycopg
from psycopg.types.numeric import Int8

from caretrail.aliases import Clock
from caretrail.errors import (
    AccessAppended,
    CaretrailError,
    CommandReused,
    ImportTooLate,
    InvalidEvent,
    NotReplicated,
    StayOverlap,
    StoreDamaged,
    StoreError,
    StoreReadOnly,
    VersionConflict,
    VoidRefused,
)
from caretrail.log.archived import ArchiveRefused
from caretrail.log.clock import ClockAhead, ClockBehind, ClockReading, ClocksDiffer, ConfirmationRefused, Stamps
from caretrail.log.database import Row
from caretrail.log.durability import Commit, Kept, durability_of
from caretrail.log.leaf import EPOCH
from caretrail.log.postgresql.database import PostgresDatabase
from caretrail.log.postgresql.notices import heard
from caretrail.log.postgresql.setup import Connection
from caretrail.log.recorder import EventRecorder, by_stream
from caretrail.log.records import (
    CommandKey,
    Log,
    PendingAccess,
    PendingEvent,
    RecordedEvent,
    Stays,
    payload_unreadable,
    too_large,
)
from caretrail.tokens import Durability

COLUMNS: Final = 11
"""Columns of a row of either log; what follows them in a reply is about the call."""


class PostgresRecorder(EventRecorder):
    """Appends by the function `caretrail.append`, which alone decides order and time and is safe to call again."""

    def __init__(self, conninfo: str, store: str, clock: Clock | None = None) -> None:
        self._server = PostgresDatabase(conninfo, store)
        super().__init__(self._server, clock)
        self.namespace = self._server.namespace
        self.is_demo = self._server.is_demo
        self.account = self._server.account

    def _append(self, events: Sequence[PendingEvent], stays: Stays) -> Kept:
        rows = [_fields(event) for event in events]
        if stays:
            return self._call("append_with_stays", _columns(rows) | _stay_columns(stays))
        return self._call("append_one", rows[0]) if len(rows) == 1 else self._call("append", _columns(rows))

    def _record_access(self, accesses: Sequence[PendingAccess]) -> Kept:
        fields = ({"payload": a.payload, "command": a.command_id, "salt": a.salt} for a in accesses)
        return self._call("record_access", _columns(list(fields)))

    def now(self) -> datetime:
        """The clock of the server, or of whoever opened a demo store."""
        return self.clock() if self.is_demo else self._server.now().astimezone(UTC)

    def about_now(self) -> datetime:
        """The same without a round trip."""
        return self.clock() if self.is_demo else self._server.about_now().astimezone(UTC)

    def _await_appends(self) -> bool:
        try:
            self.database.query(self._sql["await_appends"])
        except StoreError:  # a standby, or a head that is held for longer than a call waits
            return False
        return True

    def drop_archived(self, after: int, upto: int) -> int:
        """Drop the archived accesses in a stretch of their log, and return how many."""
        statement, params = self._sql["drop_archived"].encode(), {"after": Int8(after), "upto": Int8(upto)}
        [(dropped,)] = self._server.run(lambda connection: _call(connection, self.store, statement, params))
        return int(dropped)

    def may_import(self, role: str) -> bool:  # noqa: ARG002  # the server knows who its operators are
        """Whether the login is an operator of the store, or owns it."""
        return self._server.is_operator

    def confirm_kept(self) -> Durability:
        """Commit once more, so that all that can be read here is kept as far as an append is."""
        statement = self._sql["confirm_kept"].encode()

        def commit(connection: Connection) -> Durability:
            with heard(connection) as warnings:
                [(written, *settings)] = connection.execute(statement, binary=True).fetchall()
            if written is None:
                raise StoreReadOnly(f"{self.store}: a standby cannot tell what others have", "ask the primary server")
            return self._durability(connection, Commit(*settings), cut_short=any(warnings))

        return self._server.run(commit)

    def _call(self, name: str, params: Mapping[str, object]) -> Kept:
        """Call a function that writes; the columns behind the row say how far its commit is kept."""
        statement = self._sql[name].encode()

        def call(connection: Connection) -> Kept:
            with heard(connection) as warnings:
                rows = _call(connection, self.store, statement, {**params, "caller": self.clock()})
            if not rows:
                return Kept([], "local")  # which is an error to whoever compares it with what was sent
            durability = self._durability(connection, Commit(*rows[0][COLUMNS:]), cut_short=any(warnings))
            return Kept(self._events(row[:COLUMNS] for row in rows), durability)

        return self._server.run(call)

    def _durability(self, connection: Connection, commit: Commit, *, cut_short: bool) -> Durability:
        durability = durability_of(commit, self.store, cut_short=cut_short)
        if durability == "replicated":
            asked = self._sql["still_waiting"].encode(), {"at": commit.at}
            if connection.execute(*asked, binary=True).fetchall() != [(True,)]:
                raise NotReplicated.released(self.store)
        return durability

    def select_streams(self, after: Mapping[UUID, int]) -> dict[UUID, list[RecordedEvent]]:
        """Read many streams at once, all as of one moment."""
        events = self._select("select_streams", streams=list(after), versions=list(after.values())) if after else []
        return by_stream(after, events)

    def read_at(self, positions: Collection[int]) -> dict[int, RecordedEvent]:
        """Read the events at some positions, by position."""
        return {event.position: event for event in self._select("at", positions=list(positions))}

    def select_all_but(self, streams: Collection[UUID], names: Sequence[str]) -> dict[UUID, list[RecordedEvent]]:
        """Read many streams at once without the events of these stored names; the newest of each comes anyway."""
        return by_stream(streams, self._select("select_all_but", streams=list(streams), names=list(names)))

    def find_commands(self, commands: Sequence[CommandKey], log: Log = Log.EVENTS) -> dict[CommandKey, RecordedEvent]:
        """Find the events recorded under these pairs of source and command_id."""
        sources, ids = [source for source, _ in commands], [command for _, command in commands]
        events = self._select("find_commands", log, sources=sources, commands=ids)
        return {event.key: event for event in events}

    def read_for_decision(
        self,
        commands: Sequence[CommandKey],
        after: Mapping[UUID, int],
        outlines: Collection[UUID] = (),
        beside: Sequence[str] = (),
    ) -> tuple[dict[CommandKey, RecordedEvent], dict[UUID, list[RecordedEvent]]]:
        """For one command and one stream, the common call, in one round trip by a plan without arrays."""
        if len(commands) != 1 or len(after) + len(outlines) != 1:
            return super().read_for_decision(commands, after, outlines, beside)
        [(source, command)], [stream] = commands, after or outlines
        version = after.get(stream, 0)
        asked = {"source": source, "command": command, "stream": stream}
        if outlines:
            events = self._select("read_outline_for_decision", **asked, names=list(beside))
        else:
            events = self._select("read_for_decision", **asked, version=version)
        found = {event.key: event for event in events if event.key == (source, command)}
        return found, {stream: [e for e in events if e.originator_id == stream and e.originator_version > version]}

    def _events(self, rows: Iterable[Row]) -> Iterator[RecordedEvent]:
        try:
            for position, stream, version, name, payload, at, by, asserted_by, source, command_id, salt in rows:
                moment = at.astimezone(UTC)
                yield RecordedEvent(
                    stream, version, name, payload, source, command_id, salt, position, moment, by, asserted_by
                )
        except (AttributeError, TypeError, ValueError):  # the schema refuses such values; other tables may hold any
            raise StoreDamaged(
                f"{self.store}: a row is not of the log's shape", "run 'caretrail audit verify'"
            ) from None

    def _moment(self, value: Any) -> datetime:
        moment: datetime = value.astimezone(UTC)
        return moment


def _call(connection: Connection, store: str, statement: bytes, params: Mapping[str, object]) -> list[Row]:
    try:
        return connection.execute(statement, params, binary=True).fetchall()
    except psycopg.Error as error:
        if error.sqlstate == "CT006":  # the server's default, behind a pooler that takes no options
            with connection.transaction():
                return connection.execute(statement, params, binary=True).fetchall()
        refusal = _refusal(error, store)
        if refusal is None:
            raise
    raise refusal


def _fields(e: PendingEvent) -> dict[str, object]:
    """Turn an event into the arguments the function takes; of several events it takes an array of each."""
    return {
        "stream": e.originator_id,
        "version": Int8(e.originator_version),
        "name": e.topic,
        "payload": e.state,
        "source": e.source,
        "command": e.command_id,
        "salt": e.salt,
    }


def _columns(rows: Sequence[Mapping[str, object]]) -> dict[str, object]:
    """Turn rows into columns, named in the plural: `version` becomes `versions`."""
    return {f"{name}s": [row[name] for row in rows] for name in rows[0]}


def _stay_columns(stays: Stays) -> dict[str, object]:
    """Turn stays into the columns the function takes."""
    rows = [(stream, *stay) for stream, of_stream in stays.items() for stay in of_stream]
    names = ("stay_streams", "clients", "programs", "first_days", "last_days")
    columns: dict[str, object] = {name: [row[place] for row in rows] for place, name in enumerate(names)}
    return columns | {"stays_of": list(stays)}


_PART: Final = re.compile(r"(stream|expected|actual|position|now|caller|newest|made|event)=([0-9a-f-]+)")

_REFUSALS: Final[dict[str, Callable[[Mapping[str, str]], CaretrailError]]] = {
    "CT001": lambda p: VersionConflict(p["stream"], int(p["expected"]), int(p["actual"])),
    "CT002": lambda p: CommandReused(int(p["position"])),
    "CT003": lambda p: StayOverlap(p["stream"]),
    "CT004": lambda _: InvalidEvent("the store was given a malformed call"),
    "CT007": lambda _: AccessAppended(),
    "CT008": lambda _: ImportTooLate(),
    "CT010": lambda _: payload_unreadable(),
    "CT011": lambda _: VoidRefused.of_no_operator(),
    "CT016": lambda _: too_large(),
    "CT015": lambda _: ConfirmationRefused.of_no_operator(),
    "CT017": lambda _: ArchiveRefused.of_no_operator(),
}

_CLOCKS: Final[dict[str, Callable[[str, Mapping[str, datetime]], CaretrailError]]] = {
    "CT012": lambda store, t: ClocksDiffer.of(store, t["caller"], t["now"]),
    "CT013": lambda store, t: ClockBehind.of(store, ClockReading(t["now"], Stamps(t["newest"], None, None))),
    "CT014": lambda store, t: ClockAhead.of(store, ClockReading(t["now"], Stamps(t["made"], t.get("event"), None))),
}
"""Refusals that carry times, in microseconds."""


def _refusal(error: psycopg.Error, store: str) -> CaretrailError | None:
    """Read the numbers a refusal of the function carries."""
    state, parts = error.sqlstate or "", dict(_PART.findall(error.diag.message_primary or ""))
    if make := _CLOCKS.get(state):
        return make(store, {name: EPOCH + timedelta(microseconds=int(value)) for name, value in parts.items()})
    return _REFUSALS[state](parts) if state in _REFUSALS else None
