"""Intervals: what one rule says of one subject, written day by day.

Writing on a day truncates everything planned from that day on. So a rule that writes in the order of days, using only
what acts on or before the day it writes, leaves behind what a day-by-day reading would have said.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, timedelta
from functools import lru_cache
from itertools import islice
from operator import itemgetter

from caretrail.days import iso
from caretrail.findings.chart.chart import PolicyStay
from caretrail.findings.finding import Ruling

DAY = timedelta(days=1)


Change = tuple[date, Ruling]
Span = tuple[date, date | None]
Interval = tuple[str, date, date | None, Ruling]
"""Of a subject, from a day until another (exclusive, None while open), something is said."""


_day_of: Callable[[Change], date] = itemgetter(0)


@lru_cache(maxsize=100)
def _after(words: str) -> Ruling:
    """What every rule says after a stay: the same few words again and again."""
    return Ruling("not_applicable", words)


class Intervals:
    """What a rule says of one subject over the days."""

    __slots__ = ("_rulings", "_starts", "subject")

    def __init__(self, subject: str = "") -> None:
        self.subject = subject
        self._starts: list[date] = []
        self._rulings: list[Ruling | None] = []

    def set(self, day: date, ruling: Ruling | None) -> None:
        """Say this from that day on, dropping what was planned from that day on; None says nothing."""
        starts, rulings = self._starts, self._rulings
        while starts and starts[-1] >= day:
            del starts[-1], rulings[-1]
        if (rulings[-1] if rulings else None) != ruling:
            starts.append(day)
            rulings.append(ruling)

    def write_once(self, day: date, until: date | None, ruling: Ruling) -> None:
        """Say this on a track still empty, from a day until another (exclusive) and then nothing."""
        if until is None:
            self._starts, self._rulings = [day], [ruling]
        elif day < until:
            self._starts, self._rulings = [day, until], [ruling, None]

    def write_between(self, changes: Sequence[Change], first: date, last: date | None) -> None:
        """Write what changes between two days, given in order; what was so before the first holds on the first."""
        place = bisect_right(changes, first, key=_day_of)
        self.set(first, changes[place - 1][1] if place else None)
        for day, ruling in islice(changes, place, None):
            if last is not None and day > last:
                break
            self.set(day, ruling)

    def on(self, day: date) -> Ruling | None:
        """What is said on that day, of what was written so far."""
        place = bisect_right(self._starts, day)
        return self._rulings[place - 1] if place else None

    def starts(self) -> Sequence[date]:
        """The days on which what is said changes."""
        return self._starts

    def intervals(self) -> list[Interval]:
        """The intervals, oldest first."""
        subject, starts, rulings = self.subject, self._starts, self._rulings
        last = len(starts) - 1
        found: list[Interval] = []
        for place, start in enumerate(starts):
            ruling = rulings[place]
            if ruling is not None:
                found.append((subject, start, starts[place + 1] if place < last else None, ruling))
        return found


class RuleFindings:
    """What one rule says: a main track for every day, and a track for each subject that has something of its own.

    The main track is silent on days on which a subject speaks, so that `met` never stands beside a problem.
    """

    __slots__ = ("main", "subs")

    def __init__(self) -> None:
        self.main = Intervals()
        self.subs: list[Intervals] = []

    def subject_intervals(self, subject: str) -> Intervals:
        """Open a track for a subject."""
        intervals = Intervals(subject)
        self.subs.append(intervals)
        return intervals

    def note(self, subject: str, day: date, until: date | None, ruling: Ruling) -> Intervals:
        """Say something of a subject from a day until another (exclusive)."""
        intervals = self.subject_intervals(subject)
        intervals.write_once(day, until, ruling)
        return intervals

    def end_stay(self, stay: PolicyStay) -> None:
        """From the day after the last of a stay the rule does not apply."""
        if stay.last is not None:
            self.main.set(stay.last + DAY, _after(stay.after))

    def not_met(self, stay: PolicyStay, ruling: Ruling) -> None:
        """Write down for good what was overdue when a stay ended; from its last day nothing else is said of it."""
        if stay.last is not None:
            self.main.set(stay.last, None)
            # the duty hangs on its own day, or on the first of the stay, not on the day the stay ended
            for_good = ruling._replace(verdict="not_met", anchor=ruling.anchor or stay.first)
            self.note(f"stay ended {iso(stay.last)}", stay.last, None, for_good)

    def intervals(self) -> list[Interval]:
        """All intervals, those of the main track first."""
        main = self.main.intervals()
        if not self.subs:
            return main
        of_subjects = self.of_subjects()
        return [*silenced(main, of_subjects), *of_subjects]

    def of_subjects(self) -> list[Interval]:
        """What is said of subjects."""
        found: list[Interval] = []
        for intervals in self.subs:
            found += intervals.intervals()
        return found


def silenced(main: Iterable[Interval], of_subjects: Iterable[Interval]) -> Iterator[Interval]:
    """Take out of the main track the days on which a subject speaks.

    What does not apply is still said then: an old finding may stand beside it.
    """
    # what was not met when an earlier stay ended stays on record, but does not speak for the stay that follows
    problems = [(start, until) for _, start, until, ruling in of_subjects if ruling.verdict != "not_met"]
    return _without(main, _merged(sorted(problems, key=_first)), spared="not_applicable")


def without(intervals: Iterable[Interval], others: Iterable[Interval]) -> list[Interval]:
    """Take out of pieces (in order of their days) the days of others."""
    return list(_without(intervals, _merged(sorted(((start, until) for _, start, until, _ in others), key=_first))))


_first: Callable[[Span], date] = itemgetter(0)


def _without(intervals: Iterable[Interval], busy: Sequence[Span], spared: str = "") -> Iterator[Interval]:
    """Take the busy days out of pieces, but for those of a verdict that is spared."""
    place = 0
    for interval in intervals:
        subject, start, until, ruling = interval
        if ruling.verdict == spared:
            yield interval
            continue
        while place < len(busy) and _over(busy[place][1], start):
            place += 1
        if place == len(busy) or (until is not None and busy[place][0] >= until):
            yield interval
            continue
        begin: date | None = start
        for busy_from, busy_until in islice(busy, place, None):
            if begin is None or (until is not None and busy_from >= until):
                break
            if busy_from > begin:
                yield subject, begin, busy_from, ruling
            begin = None if busy_until is None else max(begin, busy_until)
        if begin is not None and (until is None or begin < until):
            yield subject, begin, until, ruling


def _over(until: date | None, day: date) -> bool:
    return until is not None and until <= day


def _merged(of_subjects: Iterable[Span]) -> list[Span]:
    """Join spans (in order of their first day) that touch."""
    merged: list[Span] = []
    for start, until in of_subjects:
        if merged:
            last_start, last_until = merged[-1]
            if last_until is None:
                break
            if start <= last_until:
                merged[-1] = (last_start, None if until is None else max(last_until, until))
                continue
        merged.append((start, until))
    return merged
