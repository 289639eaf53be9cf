"""The grounds of continued stay: the admission, a return, or the latest determination, and how long each holds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import cached_property
from typing import NamedTuple

from caretrail.days import earlier, iso, next_day
from caretrail.findings.case import Case
from caretrail.findings.chart.authorizations import grants_of
from caretrail.findings.chart.chart import Chart, PolicyStay
from caretrail.findings.chart.documents import Determination
from caretrail.findings.chart.review_clock import entered_late
from caretrail.findings.chart.terms import ends_on, in_words
from caretrail.policy.rules.stay import ContinuedStay


class Ground(NamedTuple):
    """What continued stay rests on from `since` until another ground takes its place.

    `base` is its own day, from which its term runs; `made` is None for an admission or a return. `leave_by` is the last
    day of the stay, if a determination sets one.
    """

    since: date
    base: date
    made: Determination | None
    name: str
    evidence: tuple[int, ...]
    leave_by: date | None = None


class Holding(NamedTuple):
    """How long a ground holds, as known on some day: `through` is None while that is not known or has no end.

    `words` say why it cannot be told; else they are empty.
    """

    through: date | None
    arithmetic: str
    evidence: tuple[int, ...] = ()
    words: str = ""


class Span(NamedTuple):
    """Days of a stay, from `first` until `until` (exclusive, None while open), on which one ground holds so long.

    `due` is the last day by which a later determination is made, or the client leaves. `entered` says in words that the
    determination was entered after it was due, if it was.
    """

    first: date
    until: date | None
    ground: Ground
    holding: Holding
    due: date | None
    entered: str = ""

    def covers(self, day: date) -> bool:
        """Whether the day is one of them."""
        return self.first <= day and (self.until is None or day < self.until)

    def days(self, soon_days: int) -> list[date]:
        """The days of the span on which what is said changes as time passes."""
        first, until, due = self.first, self.until, self.due
        days = [first]
        if due is not None:
            days += [earlier(due, soon_days), due]
        # the due day is one of these two
        days += [next_day(day) for day in (self.holding.through, self.ground.leave_by) if day is not None]
        return sorted({day for day in days if first <= day and (until is None or day < until)})


def spans_of(case: Case, stay: PolicyStay) -> Iterator[Span]:
    """The spans of a stay, in order; its last day is one of its own."""
    grounds = {ground.since: ground for ground in _grounds(case.chart, stay)}
    terms = _Terms(case)
    days = {stay.first, *grounds, *terms.change_days}
    if stay.last is not None:
        days.add(stay.last)
    ordered = sorted(day for day in days if stay.covers(day))
    ground, entered = grounds[stay.first], ""
    due: date | None = None
    for place, day in enumerate(ordered):
        if (following := grounds.get(day, ground)) is not ground:
            ground = following
            entered = entered_late(case.chart, ground.made, due) if ground.made is not None and due is not None else ""
        until = ordered[place + 1] if place + 1 < len(ordered) else stay.until
        holding = terms.holding(ground, stay, day)
        due = min((end for end in (holding.through, ground.leave_by) if end is not None), default=None)
        yield Span(day, until, ground, holding, due, entered)


def _grounds(chart: Chart, stay: PolicyStay) -> list[Ground]:
    """The grounds of a stay in order of the days from which they count, one for each such day.

    Of the determinations that count, the latest by day, then by version, is the ground. One made before the stay does
    not hold in it: a return is like an admission. One made on a day that two stays share counts in both.
    """
    admitted = chart.admission is not None and stay.opened_by == chart.admission.version
    came = "the transfer here" if stay is chart.stays[0] else "the return"
    name = "the admission" if admitted else f"{came} of {iso(stay.first)}"
    grounds = [Ground(stay.first, stay.first, None, name, (stay.opened_by,))]
    end = stay.until or date.max
    made = [
        (item.clinician.day, item.day, item.version, item)
        for item in chart.determinations
        if item.clinician is not None and stay.first <= item.day < end
    ]
    latest = (date.min, 0)
    for counts_from, day, version, item in sorted(made, key=lambda one: one[:3]):
        if (day, version) < latest:
            continue
        latest = day, version
        if grounds[-1].since == counts_from:
            grounds.pop()
        name = f"the determination of {iso(day)}"
        grounds.append(Ground(counts_from, day, item, name, item.evidence_on(counts_from), item.event.leave_by))
    return grounds


class _Terms:
    """How long grounds hold, by the version of the rules in force on the day of each."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._others: dict[str, Case] = {}

    def _case_of(self, base: date) -> Case:
        """The case under the version in force on a day: it may be another than the one that judges."""
        pack = self._case.chart.policy.on(base)
        if pack is self._case.pack:
            return self._case
        if pack.name not in self._others:
            self._others[pack.name] = Case(self._case.chart, pack)
        return self._others[pack.name]

    @cached_property
    def change_days(self) -> list[date]:
        """The days on which it may become known that a ground holds longer, or less long."""
        days: set[date] = set()
        for pack in self._case.chart.policy.versions:
            rule = pack.rule(ContinuedStay)
            if rule is not None and rule.holds == "review_due":
                days.update(self._case_of(pack.effective_from or date.min).clock.change_days)
            elif rule is not None and rule.holds == "authorization":
                days.update(item.day for item in self._case.chart.authorized)
        return sorted(days)

    def holding(self, ground: Ground, stay: PolicyStay, day: date) -> Holding:
        """How long a ground holds, as known on a day."""
        case = self._case_of(ground.base)
        rule = case.pack.rule(ContinuedStay)
        if rule is None:
            return Holding(None, "")
        if rule.holds == "authorization":
            return _authorized(case.chart, ground, stay.level, day)
        if rule.holds == "review_due":
            return _through_review(case, ground, day)
        if rule.term is None:
            raise AssertionError("a pack whose determinations hold for a term states it")
        through = ends_on(rule.term, ground.base, case.pack.closed_days)
        ours = " (ours)" if rule.term_ours else ""
        return Holding(through, f"{ground.name}: {iso(ground.base)} + {in_words(rule.term)}{ours} = {iso(through)}")


def _authorized(chart: Chart, ground: Ground, level: str, day: date) -> Holding:
    """Through the last authorization for this level, as decided by a day, that covers the day of the ground."""
    grants = grants_of(item for item in chart.authorized if item.day <= day and item.event.level == level)
    covering = [(grant.last, grant.version) for grant in grants if grant.covers(ground.base)]
    if not covering:
        return Holding(None, "", (), f"no authorization covers {ground.name}")
    through, version = max(covering)
    return Holding(through, f"{ground.name}: authorized through {iso(through)}", (version,))


def _through_review(case: Case, ground: Ground, day: date) -> Holding:
    """Through the day on which, on the ground's own day, the next review was due.

    While no review counts the first one is due, whatever moves that day; a term counted in sessions ends once they are
    reached.
    """
    clock = case.clock
    step = clock.step_on(ground.base)
    if step is None:
        return Holding(None, "", (), "no review clock")
    if ground.made is None and step.review is None:
        step = [other for other in clock.steps if other.review is None and other.day <= day][-1]
        due = clock.due_of(step, day)
    else:
        due = clock.due_of(step, ground.base)
        if due.on is None:
            due = clock.due_of(step, day)
    return Holding(due.on, due.arithmetic, due.evidence)
