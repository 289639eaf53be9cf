"""The clock that stamps, held against the log: whether there is a today, and whether anything may be stamped by it.

It is the machine's on SQLite and the server's on PostgreSQL. Only a demo store takes the clock of whoever opens it, and
there nothing is held against the log.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple, Self, get_args

from caretrail.aliases import Clock
from caretrail.errors import Refused, StoreError
from caretrail.log.leaf import EPOCH, microseconds
from caretrail.text import plural
from caretrail.tokens import ClockState

TOLERANCE: Final = timedelta(minutes=10)
"""How far two clocks may differ, and a clock be behind the newest record: stamps go on rising."""

LONGEST_SILENCE: Final = timedelta(days=31)
"""How long a log may have had no event before its clock must be confirmed."""

CLOCK_STATES: Final[tuple[ClockState, ...]] = get_args(ClockState)

CONFIRMATIONS: Final = "clock_confirmed/"
"""How the stored names of confirmations begin; their command_id says which times were confirmed."""


_BEHIND: Final = re.compile(r"clock behind (-?\d{1,17}) (-?\d{1,17})", re.ASCII)


def utc_now() -> datetime:
    """Read the clock of this machine; the only place where a store does."""
    return datetime.now(UTC)


def machine_clock() -> datetime:
    """The clock of this machine, as a clock to hand on."""
    return utc_now()


class Stamps(NamedTuple):
    """What a store has stamped: its making, and the newest record of each log, None in an empty one."""

    made: datetime
    event: datetime | None
    access: datetime | None

    @property
    def newest(self) -> datetime:
        """The time of the newest record of either log, or of the making of a store without an event."""
        return max(self.newest_event, self.access or self.newest_event)

    @property
    def newest_event(self) -> datetime:
        """When the newest event was recorded, or the store made. Accesses do not count: reading confirms no clock."""
        return self.event or self.made


class ClockReading(NamedTuple):
    """The time by the clock that stamps, and what has been stamped by then."""

    now: datetime
    stamps: Stamps


class ConfirmedBehind(NamedTuple):
    """An operator's word that the clock was right when it said `clock`, though a record was stamped at `newest`."""

    clock: datetime
    newest: datetime

    def covers(self, now: datetime, newest: datetime) -> bool:
        """Whether it is about this clock: the clock has not gone further back, nor has a later time been stamped."""
        return now >= self.clock - TOLERANCE and newest <= self.newest + TOLERANCE

    @classmethod
    def read(cls, name: str, about: str) -> Self | None:
        """The confirmation that an event of the store with this stored name and command_id is, if it is one."""
        found = _BEHIND.fullmatch(about) if name.startswith(CONFIRMATIONS) else None
        return cls(*(EPOCH + timedelta(microseconds=int(word)) for word in found.groups())) if found else None


def confirmation_id(state: str, reading: ClockReading) -> str:
    """The command_id of a confirmation: the state confirmed, the clock and the newest stamp in µs since 1970 UTC."""
    newest = reading.stamps.newest if state == "behind" else reading.stamps.newest_event
    return f"clock {state} {microseconds(reading.now)} {microseconds(newest)}"


def state_of(reading: ClockReading, confirmed: Callable[[], Iterable[ConfirmedBehind]]) -> ClockState:
    """What a log says of its clock; the confirmations are asked for only if the clock is behind."""
    now, stamps = reading
    if now < stamps.newest - TOLERANCE:
        known = any(one.covers(now, stamps.newest) for one in confirmed())
        return "confirmed_behind" if known else "behind"
    return "ahead" if now > stamps.newest_event + LONGEST_SILENCE else "ok"


# --- refusals ---------------------------------------------------------------------------------------------------


class ClockWrong(StoreError):
    """The clock that stamps cannot be trusted: nothing is recorded until it is right, or an operator confirms it."""

    code = "clock_wrong"


class ClockBehind(ClockWrong):
    """The clock is behind the newest record: either was wrong."""

    code = "clock_behind"

    @classmethod
    def of(cls, store: str, reading: ClockReading) -> Self:
        """The refusal of an append."""
        return cls(
            f"{_behind(store, reading)}, so nothing is recorded",
            "set the clock; if it is right, let an operator run 'caretrail clock confirm --behind'",
        )

    @classmethod
    def of_today(cls, store: str, reading: ClockReading) -> Self:
        """The refusal of an answer for today."""
        return cls(
            f"{_behind(store, reading)}, so nobody can tell which day is today",
            "ask for a day with --as-of DATE, or see 'caretrail clock'",
        )


class ClockAhead(ClockWrong):
    """The clock is so far ahead of the newest event that it must be confirmed before anything is stamped by it."""

    code = "clock_ahead"

    @classmethod
    def of(cls, store: str, reading: ClockReading) -> Self:
        """The refusal of an append."""
        return cls(
            f"{store}: {ahead_in_words(reading)}, so nothing is recorded",
            "set the clock; if it is right, let an operator run 'caretrail clock confirm'",
        )


class ClocksDiffer(ClockWrong):
    """The clock of the caller and the clock that stamps differ, so they may not mean the same day by today."""

    code = "clocks_differ"

    @classmethod
    def of(cls, store: str, ours: datetime, theirs: datetime) -> Self:
        """The refusal of an append, by the caller's clock and the one that stamps."""
        which = "ahead of" if ours > theirs else "behind"
        return cls(
            f"{store}: the clock here is {span(abs(ours - theirs))} {which} the store's, so nothing is recorded",
            "set the one that is wrong; 'caretrail clock' shows both",
        )


class ConfirmationRefused(Refused):
    """There is nothing to confirm, or not by that, or not by this person."""

    code = "confirmation_refused"

    @classmethod
    def of_no_operator(cls) -> Self:
        """The refusal of whoever is no operator."""
        return cls("only an operator confirms the clock", "ask one: a login with the role caretrail_operator")


def require_near(store: str, ours: datetime, theirs: datetime) -> None:
    """Refuse a caller whose clock differs from the one that stamps. Raises ClocksDiffer."""
    if abs(ours - theirs) > TOLERANCE:
        raise ClocksDiffer.of(store, ours, theirs)


def require_stamping(store: str, reading: ClockReading, confirmed: Callable[[], Iterable[ConfirmedBehind]]) -> None:
    """Refuse to stamp an event by a clock that the log says is wrong. Raises ClockBehind or ClockAhead."""
    state = state_of(reading, confirmed)
    if state == "behind":
        raise ClockBehind.of(store, reading)
    if state == "ahead":
        raise ClockAhead.of(store, reading)


# --- in words ---------------------------------------------------------------------------------------------------


def clock_of(demo: bool, clock: Clock | None) -> Clock:
    """The clock that stamps on this machine: what was given, if the store is a demo."""
    return clock if demo and clock is not None else machine_clock


def _behind(store: str, reading: ClockReading) -> str:
    return f"{store}: {behind_in_words(reading)}"


def behind_in_words(reading: ClockReading) -> str:
    """How far a clock is behind the newest record."""
    now, stamps = reading
    return f"the clock is {span(stamps.newest - now)} behind the newest record, of {in_utc(stamps.newest)}"


def ahead_in_words(reading: ClockReading) -> str:
    """How far a clock is ahead of the newest event, or of the making of an empty store."""
    now, stamps = reading
    what = "newest event, of" if stamps.event else "making of the store, on"
    return f"the clock is {span(now - stamps.newest_event)} ahead of the {what} {in_utc(stamps.newest_event)}"


def in_utc(moment: datetime) -> str:
    """A moment to the second, with its zone."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def span(length: timedelta) -> str:
    """A length of time in its largest unit, as many words as matter."""
    seconds = int(length.total_seconds())
    for unit, name in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= 2 * unit:
            return plural(seconds // unit, name)
    return plural(seconds, "second")
