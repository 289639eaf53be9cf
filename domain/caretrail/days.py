"""Civil days: a zone's today, "no end" as a day far ahead, days as text and as the two databases return them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

FOREVER = date.max
"""The day for "no end" in the tables; people also write 9999-12-31 for it."""

ONE_DAY = timedelta(days=1)
FARTHEST_EAST = timezone(timedelta(hours=14))
"""Where a day begins first: the zone of an episode that does not name one yet."""

iso = lru_cache(maxsize=16_384)(date.isoformat)
"""A day as `YYYY-MM-DD`; cached, because messages name the same days again and again."""


@lru_cache(maxsize=1000)
def zone_info(name: str) -> ZoneInfo:
    """Find an IANA zone by name, or raise ValueError."""
    from zoneinfo import ZoneInfo  # measured start-up: most commands name their day

    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        raise ValueError("must be an IANA time zone such as America/Chicago") from None


@lru_cache(maxsize=256)  # a list asks the same for each of its rows
def today_in(zone: str | None, now: datetime) -> date:
    """The civil day in an IANA zone at an instant; without a zone, where the day begins first."""
    known: tzinfo = zone_info(zone) if zone else FARTHEST_EAST
    return now.astimezone(known).date()


def later(day: date, days: int) -> date:
    """The day that many days later, at most FOREVER."""
    return day + timedelta(days=days) if days <= FOREVER.toordinal() - day.toordinal() else FOREVER


def earlier(day: date, days: int) -> date:
    """The day that many days earlier, at least the first of the calendar."""
    return day - timedelta(days=days) if days < day.toordinal() else date.min


def next_day(day: date) -> date:
    """The day after, at most FOREVER."""
    return day if day == FOREVER else day + ONE_DAY


def merge_spans(spans: Iterable[tuple[date, date]]) -> list[tuple[date, date]]:
    """Join spans of days (end exclusive) that overlap or touch; sorted."""
    found: list[tuple[date, date]] = []
    for start, end in sorted(spans):
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
