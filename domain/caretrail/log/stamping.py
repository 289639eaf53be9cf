"""The part of a recorder that knows the clock which stamps: what it says, and what the log says of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from caretrail.aliases import Clock
from caretrail.log.clock import ClockBehind, ClockReading, ConfirmedBehind, Stamps, state_of
from caretrail.log.database import Database
from caretrail.log.records import store_stream
from caretrail.tokens import ClockState


class Stamping(ABC):
    """A log with the clock that stamps it."""

    namespace: UUID
    is_demo: bool
    store: str
    database: Database
    """The database that holds the log, for other statements."""
    clock: Clock
    """The clock of whoever opened the store; only a demo store is stamped by it."""
    _sql: Mapping[str, str]

    @abstractmethod
    def last_recorded_at(self) -> datetime | None:
        """When the newest event was recorded."""

    @abstractmethod
    def read_outline(self, stream: UUID) -> list[tuple[int, int, str, str, datetime]]:
        """One stream without payloads."""

    @abstractmethod
    def _moment(self, value: Any) -> datetime:
        """Turn a stored time into an aware one in UTC."""

    @abstractmethod
    def now(self) -> datetime:
        """The time by the clock that stamps: which day is today, it alone decides."""

    @abstractmethod
    def about_now(self) -> datetime:
        """The same without a round trip: on PostgreSQL its clock when the connection was made, and what has passed."""

    def read_clock(self) -> ClockReading:
        """The time by the clock that stamps, and what the two logs were stamped with last."""
        [(now, *stamped)] = self.database.query(self._sql["stamps"])
        made, event, access = (None if at is None else self._moment(at) for at in stamped)
        assert made is not None  # noqa: S101  # the schema says so
        return ClockReading(self.now() if now is None else self._moment(now), Stamps(made, event, access))

    def clock_state(self) -> tuple[ClockState, ClockReading]:
        """What the log says of the clock that stamps."""
        reading = self.read_clock()
        return "unchecked" if self.is_demo else state_of(reading, self.confirmed_behind), reading

    def now_for_today(self) -> datetime:
        """The time by the clock that stamps, for whoever decides by today. Raises ClockBehind."""
        state, reading = self.clock_state()
        if state == "behind":
            raise ClockBehind.of_today(self.store, reading)
        return reading.now

    def is_settled(self, moment: datetime) -> bool:
        """Whether nothing can be recorded at or before a moment any more: waits for appends in progress, some seconds.

        False for a time to come, and where nobody can wait for them, as on a standby.
        """
        newest = self.last_recorded_at()
        if newest is not None and newest > moment:
            return True
        return self.now() > moment and self._await_appends()

    @abstractmethod
    def _await_appends(self) -> bool:
        """Wait for the appends in progress; False if that cannot be done."""

    def confirmed_behind(self) -> list[ConfirmedBehind]:
        """The times at which an operator confirmed a clock that was behind."""
        rows = self.read_outline(store_stream(self.namespace))
        return [one for _, _, name, about, _ in rows if (one := ConfirmedBehind.read(name, about))]
