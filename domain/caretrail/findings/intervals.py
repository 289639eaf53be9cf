"""Intervals: the rulings of one rule on one subject, written day by day.

Writing on a day drops everything planned from that day on. So a rule that writes in the order of days, and on each uses
only what acts by then, leaves what a day-by-day reading would have given.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import lru_cache
from itertools import islice
from operator import itemgetter

from caretrail.days import FOREVER, ONE_DAY, iso, merge_spans
from caretrail.findings.chart.chart import PolicyStay
from caretrail.findings.finding import Ruling

Change = tuple[date, Ruling]
Interval = tuple[str, date, date | None, Ruling]
"""The ruling on a subject from a day until another (exclusive, None while open)."""

_day_of: Callable[[Change], date] = itemgetter(0)


@lru_cache(maxsize=100)
def _after(words: str) -> Ruling:
    """The ruling of every rule after a stay: the same few words again and again."""
    return Ruling("not_applicable", words)


class Intervals:
    """The rulings of a rule on one subject over the days.

    `document` is the version of the event they are about, where a subject may have several; else 0.
    """

    __slots__ = ("_rulings", "_starts", "document", "subject")

    def __init__(self, subject: str = "", document: int = 0) -> None:
        self.subject = subject
        self.document = document
        self._starts: list[date] = []
        self._rulings: list[Ruling | None] = []

    def set(self, day: date, ruling: Ruling | None) -> None:
        """Write a ruling from that day on, dropping what was planned from then on; None writes silence.

        A change on the last day of the calendar is none: it could not be told from "no end".
        """
        if day == FOREVER:
            return
        starts, rulings = self._starts, self._rulings
        while starts and starts[-1] >= day:
            del starts[-1], rulings[-1]
        if (rulings[-1] if rulings else None) != ruling:
            starts.append(day)
            rulings.append(ruling)

    def write_once(self, day: date, until: date | None, ruling: Ruling) -> None:
        """Write one ruling where there is none yet, from a day until another (exclusive), then silence."""
        if until is None or until == FOREVER:
            self._starts, self._rulings = [day], [ruling]
        elif day < until:
            self._starts, self._rulings = [day, until], [ruling, None]

    def write_between(self, changes: Sequence[Change], first: date, last: date | None) -> None:
        """Write the changes (in order) between two days; the latest before the first day applies on that day."""
        place = bisect_right(changes, first, key=_day_of)
        self.set(first, changes[place - 1][1] if place else None)
        for day, ruling in islice(changes, place, None):
            if last is not None and day > last:
                break
            self.set(day, ruling)

    def on(self, day: date) -> Ruling | None:
        """The ruling on that day, of those written so far."""
        place = bisect_right(self._starts, day)
        return self._rulings[place - 1] if place else None

    def starts(self) -> Sequence[date]:
        """The days on which the ruling changes."""
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
    """The rulings of one rule: main intervals for every day, and intervals for each subject with a problem of its own.

    The main intervals are silent while a subject has a problem, so that `met` never stands beside one.
    """

    __slots__ = ("main", "subs")

    def __init__(self) -> None:
        self.main = Intervals()
        self.subs: list[Intervals] = []

    def subject_intervals(self, subject: str, document: int = 0) -> Intervals:
        """Add empty intervals for a subject, or a document among several of one subject."""
        intervals = Intervals(subject, document)
        self.subs.append(intervals)
        return intervals

    def note(self, subject: str, day: date, until: date | None, ruling: Ruling, document: int = 0) -> Intervals:
        """Add one ruling on a subject from a day until another (exclusive)."""
        intervals = self.subject_intervals(subject, document)
        intervals.write_once(day, until, ruling)
        return intervals

    def note_breach(
        self, subject: str, day: date, told_until: date, until: date | None, ruling: Ruling, document: int = 0
    ) -> Intervals:
        """Add a ruling on what nothing can cure: it stands while it is told, then as breached until the stay is over.

        `told_until` is the day on which its notice ends (exclusive), `until` the day after the stay, None while open.
        """
        intervals = self.subject_intervals(subject, document)
        intervals.set(day, ruling)
        if until is None or told_until < until:
            intervals.set(told_until, ruling._replace(verdict="breached"))
            if until is not None:
                intervals.set(until, None)
        else:
            intervals.set(told_until, None)
        return intervals

    def note_where_met(self, subject: str, day: date, until: date | None, ruling: Ruling) -> None:
        """Add information beside the main intervals (written before), on the days on which they are met.

        What they say that is louder stays as it is.
        """
        intervals = self.subject_intervals(subject)
        for _, start, end, main in self.main.intervals():
            first, last = max(start, day), min(end or FOREVER, until or FOREVER)
            if main.verdict == "met" and first < last:
                intervals.set(first, ruling)
                if last < FOREVER:
                    intervals.set(last, None)

    def write_over(self, stays: Iterable[PolicyStay], changes: Sequence[Change]) -> None:
        """Write the changes (in order) on the days of the stays; outside them the rule does not apply."""
        for stay in stays:
            self.main.write_between(changes, stay.first, stay.last)
            self.end_stay(stay)

    def end_stay(self, stay: PolicyStay) -> None:
        """From the day after the last of a stay the rule does not apply."""
        if stay.last is not None:
            self.main.set(stay.last + ONE_DAY, _after(stay.after))

    def not_met(self, stay: PolicyStay, ruling: Ruling) -> None:
        """Keep for good what was overdue when a stay ended; from its last day the main intervals are silent."""
        if stay.last is not None:
            self.main.set(stay.last, None)
            # the duty runs from its own day, or from the first of the stay, not from the day the stay ended
            for_good = ruling._replace(verdict="not_met", anchor=ruling.anchor or stay.first)
            self.note(f"stay ended {iso(stay.last)}", stay.last, None, for_good, stay.closed_by or 0)

    def on(self, day: date) -> list[Ruling]:
        """The rulings on that day, as `intervals` gives them; what was not met in an earlier stay is left out."""
        found = [ruling for one in self.subs if (ruling := one.on(day)) is not None and ruling.verdict != "not_met"]
        main = self.main.on(day)
        if main is not None and (not found or main.verdict == "not_applicable"):
            found.append(main)
        return found

    def change_days(self) -> list[date]:
        """The days on which a ruling changes."""
        return sorted({day for one in (self.main, *self.subs) for day in one.starts()})

    def intervals(self) -> list[Interval]:
        """All intervals, the main ones first."""
        main = self.main.intervals()
        if not self.subs:
            return main
        of_subjects = self.of_subjects()
        return [*silenced(main, of_subjects), *of_subjects]

    def of_subjects(self) -> list[Interval]:
        """The intervals of all subjects."""
        return [interval for intervals in self.subs for interval in intervals.intervals()]


def silenced(main: Iterable[Interval], of_subjects: Iterable[Interval]) -> list[Interval]:
    """Take out of the main intervals the days on which a subject has a problem.

    `not_applicable` stays: an old finding may stand beside it. So does everything beside `not_met`: a duty missed in an
    earlier stay stays on record, but does not speak for the stay that follows.
    """
    problems = [interval for interval in of_subjects if interval[3].verdict != "not_met"]
    return without(main, problems, spared="not_applicable")


def without(intervals: Iterable[Interval], others: Iterable[Interval], spared: str = "") -> list[Interval]:
    """Take the days of others out of intervals (in order of their days), except those of one verdict."""
    busy = merge_spans([(start, until or FOREVER) for _, start, until, _ in others])
    found: list[Interval] = []
    place = 0
    for interval in intervals:
        subject, start, until, ruling = interval
        end = until or FOREVER
        while place < len(busy) and busy[place][1] <= start:
            place += 1
        if ruling.verdict == spared or place == len(busy) or busy[place][0] >= end:
            found.append(interval)
            continue
        begin = start
        for busy_from, busy_until in islice(busy, place, None):
            if busy_from >= end:
                break
            if busy_from > begin:
                found.append((subject, begin, busy_from, ruling))
            begin = max(begin, busy_until)
        if begin < end:
            found.append((subject, begin, until, ruling))
    return found
