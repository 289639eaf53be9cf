"""Civil days: "no end" as a day far ahead, a zone's today, and days as the two databases give them back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache

FOREVER = date(9999, 12, 31)
"""Stands for "no end" in the tables."""

ONE_DAY = timedelta(days=1)
FARTHEST_EAST = timezone(timedelta(hours=14))
"""Where a day begins first: the zone of an episode that does not name one yet."""


@lru_cache(maxsize=1000)
def _zone(name: str | None) -> tzinfo:
    if name is None:
        return FARTHEST_EAST
    from zoneinfo import ZoneInfo

    return ZoneInfo(name)


def today_in(zone: str | None, now: datetime) -> date:
    """The civil day in a zone at an instant."""
    return now.astimezone(_zone(zone)).date()


def next_day(day: date) -> date:
    """The day after, but never beyond FOREVER."""
    return day if day == FOREVER else day + ONE_DAY


def joined(stretches: Iterable[tuple[date, date]]) -> list[tuple[date, date]]:
    """Join stretches of days (end exclusive) that overlap or touch; in the order of their days."""
    found: list[tuple[date, date]] = []
    for start, end in sorted(stretches):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((start, end))
    return found


@lru_cache(maxsize=20_000)
def _parsed(text: str) -> date:
    return date.fromisoformat(text)


def day_of(value: date | str) -> date:
    """A stored day; SQLite gives ISO text."""
    return _parsed(value) if isinstance(value, str) else value


def day_or_none(value: date | str | None) -> date | None:
    """A stored day that may be missing."""
    return None if value is None else day_of(value)


def end_or_none(value: date | str) -> date | None:
    """A stored end; None for "no end"."""
    day = day_of(value)
    return None if day == FOREVER else day
