"""Terms: the end of the time for a duty, counted in days of the calendar or in sessions the client attended."""

from __future__ import annotations

from bisect import bisect_right
from calendar import monthrange
from collections.abc import Callable, Sequence
from datetime import date
from functools import lru_cache

from caretrail.days import ONE_DAY, later
from caretrail.findings.chart.chart import Session
from caretrail.policy import Term
from caretrail.text import plural

MINUTES_AN_HOUR = 60
SATURDAY = 5
WORKING_WEEK = 5

_plural = lru_cache(maxsize=1000)(plural)
NONE_CLOSED = frozenset[date]()

_WORDS = {
    "calendar_day": "day",
    "working_day": "working day",
    "calendar_month": "calendar month",
    "session": "session",
    "visit": "visit",
    "treatment_day": "treatment day",
    "treatment_hour": "treatment hour",
}
ORDINALS = ("", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


def ordinal(number: int) -> str:
    """The number of a session in words up to ten: `second`; then `number 11`."""
    return ORDINALS[number] if number < len(ORDINALS) else f"number {number}"


def in_words(term: Term) -> str:
    """A term in words: `30 days`, `1 calendar month`."""
    return _plural(term.count, _WORDS[term.unit])


def last_of(term: Term) -> str:
    """The last item of a term in words: `the second session`, `treatment hour 27`."""
    if term.unit in ("session", "visit") and term.count < len(ORDINALS):
        return f"the {ordinal(term.count)} {term.unit}"
    return f"{_WORDS[term.unit]} {term.count}"


def ends_on(term: Term, base: date, closed: frozenset[date]) -> date:
    """The last day of a term of the calendar that begins on `base`; that day itself does not count."""
    if term.unit == "calendar_day":
        return later(base, term.count)
    if term.unit == "calendar_month":
        return months_after(base, term.count)
    return _working_days_after(base, term.count, closed)


def _working_days_after(base: date, count: int, closed: frozenset[date]) -> date:
    """Count working days: past the weekends at once, then again for each closed day passed."""
    shut = _closed_weekdays(closed)
    day, left = base, count
    while left:
        reached = _weekdays_after(day, left)
        left = bisect_right(shut, reached) - bisect_right(shut, day)
        day = reached
    return day


@lru_cache(maxsize=16)
def _closed_weekdays(closed: frozenset[date]) -> tuple[date, ...]:
    return tuple(sorted(day for day in closed if day.weekday() < SATURDAY))


def _weekdays_after(base: date, count: int) -> date:
    """Count days from Monday to Friday, no further than the last day of the calendar."""
    weeks, rest = divmod(count - 1, WORKING_WEEK)
    day = later(base, 7 * weeks)
    for _ in range(rest + 1):
        day = next_working_day(later(day, 1), NONE_CLOSED)
    return day


def months_after(base: date, count: int) -> date:
    """The same day of a later month, or the last day of a month that is too short."""
    months = base.year * 12 + base.month - 1 + count
    year, month = divmod(months, 12)
    if year > date.max.year:
        return date.max
    return date(year, month + 1, min(base.day, monthrange(year, month + 1)[1]))


def next_working_day(day: date, closed: frozenset[date]) -> date:
    """That day, or the first after it that is no Saturday, Sunday or closed day; the calendar ends on a Friday."""
    while day.weekday() >= SATURDAY or day in closed:
        day += ONE_DAY
    return day


def counted_days(term: Term, sessions: Sequence[Session]) -> list[date]:
    """The day on which each session, visit, treatment day or treatment hour was reached, as many as the term needs."""
    return _COUNTS[term.unit](term.count, sessions)


def _sessions(count: int, sessions: Sequence[Session]) -> list[date]:
    return [session.day for session in sessions[:count]]


def _days(count: int, sessions: Sequence[Session]) -> list[date]:
    return list(dict.fromkeys(session.day for session in sessions))[:count]


def _hours(count: int, sessions: Sequence[Session]) -> list[date]:
    days: list[date] = []
    minutes = 0
    for session in sessions:
        minutes += session.minutes
        days += [session.day] * (min(count, minutes // MINUTES_AN_HOUR) - len(days))
        if len(days) >= count:
            break
    return days


_COUNTS: dict[str, Callable[[int, Sequence[Session]], list[date]]] = {
    "session": _sessions,
    "visit": _sessions,
    "treatment_day": _days,
    "treatment_hour": _hours,
}
