"""Sessions as recorded and as held: the same session twice, and sessions that overlap, are one, and their time is one.

Sessions come in clinical order: by day and start, those without a start first. Without a start nothing overlaps.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

from caretrail.events import SessionAttended
from caretrail.named import maker

MINUTES_A_DAY = 24 * 60


class Session(NamedTuple):
    """A session as recorded: the client attended it, or missed it for a `cause`.

    `begin` is the minute it begins, counted from the first day of the calendar; None without a start.
    """

    day: date
    start: str | None
    service: str
    minutes: int
    size: int | None
    version: int
    attended: bool
    group_session: str | None = None
    cause: str | None = None
    begin: int | None = None


_session = maker(Session)  # a chart has hundreds


def session_of(item: Any, event: Any) -> Session:
    """The session of an event, attended or missed."""
    day, start = event.occurred_on, event.start
    begin = None if start is None else day.toordinal() * MINUTES_A_DAY + _minute(start)
    if type(event) is SessionAttended:
        stated = event.group_size, item.entry.version, True, event.group_session, None, begin
    else:
        stated = None, item.entry.version, False, None, event.cause, begin
    return _session((day, start, event.service, event.minutes, *stated))


@lru_cache(maxsize=MINUTES_A_DAY)
def _minute(start: str) -> int:
    return int(start[:2]) * 60 + int(start[3:])


class Clock:
    """Adds up time that is counted once, of sessions in clinical order."""

    __slots__ = ("_day", "_groups", "_until")

    def __init__(self) -> None:
        self._until = 0
        self._day = date.min
        self._groups: set[str] = set()

    def add(self, session: Session) -> tuple[int, bool]:
        """Minutes of a session not counted before, and whether it is a session of its own."""
        if session.day != self._day:
            self._day = session.day
            self._groups.clear()
        begin, group, minutes = session.begin, session.group_session, session.minutes
        if group is not None:
            if group in self._groups:
                return 0, False
            self._groups.add(group)
        if begin is None:
            return minutes, True
        until, ends = self._until, begin + minutes
        if ends <= until:
            return 0, begin >= until
        self._until = ends
        return (minutes, True) if begin >= until else (ends - until, False)


def orderly(sessions: Iterable[Session]) -> bool:
    """Whether each session is one of its own, attended or missed, and no day has more than 24 hours of them.

    Then all of their minutes count, and nothing else has to ask which of them are one.
    """
    day, left, until = date.min, MINUTES_A_DAY, 0
    groups: set[str | None] = set()
    for session in sessions:
        if session.day != day:
            day, left = session.day, MINUTES_A_DAY
            groups.clear()
        begin, group, minutes = session.begin, session.group_session, session.minutes
        left -= minutes
        if left < 0 or group in groups or (begin is not None and begin < until):
            return False
        if group is not None:
            groups.add(group)
        if begin is not None:
            until = begin + minutes
    return True


def each_once(sessions: Sequence[Session]) -> list[Session]:
    """Sessions with those that are one taken together: the first stands, with the minutes of all."""
    clock = Clock()
    found: list[Session] = []
    for session in sessions:
        minutes, own = clock.add(session)
        if own:
            found.append(session)
        elif minutes:
            found[-1] = found[-1]._replace(minutes=found[-1].minutes + minutes)
    return found


def same_session(one: Session, other: Session) -> bool:
    """Whether two records of a day are of one session: the same start and service, or the same group session."""
    if one.day != other.day:
        return False
    if one.start is not None and (one.start, one.service) == (other.start, other.service):
        return True
    return one.group_session is not None and one.group_session == other.group_session
