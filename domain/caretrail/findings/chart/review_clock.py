"""The review clock: the day from which a review's term runs, as known on each day, and the due day of the next review.

The clock belongs to the episode, not to a stay: it runs on while the client is elsewhere. It starts with the first
stay under the policy, which takes the place of the admission if the client came from another level.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import cached_property
from operator import attrgetter
from typing import NamedTuple

from caretrail.days import iso, later
from caretrail.findings.chart.chart import Chart, PolicyStay
from caretrail.findings.chart.documents import Determination, PlanVersion, Review
from caretrail.findings.chart.terms import counted_days, ends_on, in_words, last_of, months_after, next_working_day
from caretrail.policy import Pack, Term
from caretrail.policy.rules.plan import ReviewDue
from caretrail.text import plural


class Missed(NamedTuple):
    """A due day that was not kept, and the day on which a late review came to count."""

    due_on: date
    ended_on: date


class ClockStep(NamedTuple):
    """The base of the clock from `day` until the next step; `review` is None before any review counts.

    `served` counts the days of a fixed series that reviews have met so far. `missed` is the latest due day so far that
    was not kept. `entered` says in words that the review was entered after it was due, if it was.
    """

    day: date
    base: date
    label: str
    evidence: tuple[int, ...]
    next_by: date | None
    review: Review | None
    served: int = 0
    missed: Missed | None = None
    entered: str = ""


class Due(NamedTuple):
    """The due day of the next review, as known on some day.

    `on` is None while a term of sessions is not reached, or the clock is paused; `soon_from` is the first day of
    `due_soon`, None while not known.
    """

    on: date | None
    soon_from: date | None
    words: str
    arithmetic: str
    evidence: tuple[int, ...]


_day_of: Callable[[ClockStep], date] = attrgetter("day")
_first_of: Callable[[PolicyStay], date] = attrgetter("first")


class ReviewClock:
    """The review clock of an episode, as steps in order of their days."""

    def __init__(self, chart: Chart, pack: Pack, rule: ReviewDue | None) -> None:
        self._chart = chart
        self._closed = pack.closed_days
        self.rule = rule
        # the first day under the policy takes the place of the admission: no review is held before it
        start = chart.stays[0].first if chart.stays else date.max
        self.counted = sorted(
            (review for review in chart.reviews if review.counts_from is not None and review.day >= start),
            key=lambda review: (review.counts_from or review.day, review.day),
        )
        self._periods: dict[date, int] = {}
        self._series = start  # a fixed series runs from this day, once a review counts
        self._plain = rule is not None and rule.holds == "run" and len(rule.every) == 1 and rule.term.civil
        # with one stay and the calendar alone, a due day does not change from one day to the next
        self._steady = self._plain and len(chart.stays) == 1
        self._ends: dict[date, date] = {}
        self._dues: dict[tuple[int, date | None], Due] = {}
        self.steps = self._with_misses(self._steps(rule)) if chart.stays and rule is not None else []

    def step_on(self, day: date) -> ClockStep | None:
        """The step in force on that day."""
        place = bisect_right(self.steps, day, key=_day_of)
        return self.steps[place - 1] if place else None

    def due_on(self, day: date) -> Due | None:
        """The due day of the next review, as known at the end of that day."""
        step = self.step_on(day)
        return None if step is None else self.due_of(step, day)

    def anchor(self, step: ClockStep) -> date:
        """The day that selects the version of the rules: the last review's, or the first of the first stay."""
        return step.review.day if step.review is not None else self._chart.stays[0].first

    @cached_property
    def change_days(self) -> list[date]:
        """The days on which the next due day may change."""
        days = {step.day for step in self.steps}
        if self.steps and not self._plain:
            chart = self._chart
            days.update(session.day for session in chart.visits)
            days.update(day for hold in chart.holds for day in hold if day is not None)
            days.update(plan.day for plan in chart.plans)
        return sorted(days)

    # --- when a review is due --------------------------------------------------------------------------------------

    def due_of(self, step: ClockStep, day: date) -> Due:
        """The due day of the review that follows a step, as known on a day."""
        key = (id(step), None if self._steady else day)
        due = self._dues.get(key)
        if due is None:
            due = self._dues[key] = self._due_of(step, day)
        return due

    def _due_of(self, step: ClockStep, day: date) -> Due:
        if self._plain and self.rule is not None:
            return self._civil(step, self.rule.term, day)
        terms = self._binding(step, day)
        found = [self._civil(step, term, day) if term.civil else self._counted(step, term, day) for term in terms]
        if len(found) == 1:
            return found[0]
        first = min(found, key=lambda due: due.on or date.max)
        soon = min((due.soon_from for due in found if due.soon_from is not None), default=None)
        arithmetic = " or ".join(due.arithmetic for due in found)
        return Due(first.on, soon, first.words, arithmetic, first.evidence)

    def period_end(self, base: date) -> date:
        """The last day of a period that begins on `base`; `base` itself if the term is not one of the calendar."""
        end = self._ends.get(base)
        if end is None:
            rule = self.rule
            civil = rule is not None and rule.term.civil
            end = self._ends[base] = ends_on(rule.term, base, self._closed) if rule is not None and civil else base
        return end

    def _binding(self, step: ClockStep, day: date) -> tuple[Term, ...]:
        """The terms that apply: both if the plan should declare which, and has not."""
        rule = self.rule
        assert rule is not None  # noqa: S101
        if rule.choose == "earliest":
            return rule.every
        declared = self._declared(step, day)
        return tuple(term for term in rule.every if term.unit == declared) or rule.every

    def _declared(self, step: ClockStep, day: date) -> str | None:
        """The unit the plan declares; it may not change until the next review."""
        chart = self._chart
        if step.review is None:
            stated = (plan.event.review_unit for plan in chart.plans if plan.day <= day)
            return next((unit for unit in stated if unit is not None), None)
        until = step.review.day
        documents: list[PlanVersion | Review] = [*chart.plans, *chart.reviews]
        documents.sort(key=lambda item: (item.day, item.version), reverse=True)
        units = (item.event.review_unit for item in documents if item.day <= until)
        return next((unit for unit in units if unit is not None), None)

    def _civil(self, step: ClockStep, term: Term, day: date) -> Due:
        plain, arithmetic = self._plain_end(step, term)
        on = plain
        if self.rule is not None and self.rule.holds == "pause":
            paused, running = self._paused(step.base, on, day)
            if running is None:
                words = f"on hold since {iso(paused)}: the clock is paused"
                return Due(None, None, words, f"{arithmetic}; on hold since {iso(paused)}", step.evidence)
            on = running
            if on != plain:
                arithmetic += f"; {(on - plain).days} days on hold, so {iso(on)}"
        if self.rule is not None and self.rule.on_closed_day == "next_working_day":
            rolled = next_working_day(on, self._closed)
            if rolled != on:
                arithmetic += f"; {iso(on)} is closed, so {iso(rolled)}"
                on = rolled
        if step.next_by is not None and step.next_by < on:
            arithmetic += f"; next review set for {iso(step.next_by)}"
            on = step.next_by
        back = self.after_return(on, day)
        if back != on:
            arithmetic += f"; fell due while away, so due on return {iso(back)}"
            on = back
        return Due(on, on - timedelta(days=term.soon), "", arithmetic, step.evidence)

    def _plain_end(self, step: ClockStep, term: Term) -> tuple[date, str]:
        """The end of a term by the calendar alone, rolling from the last review or in a series from the first day."""
        rolling = ends_on(term, step.base, self._closed)
        words = f"base {iso(step.base)} {step.label} + {in_words(term)} = {iso(rolling)}"
        if self.rule is None or self.rule.series == "rolling":
            return rolling, words
        # before any review counts, the series begins where the clock does
        start = step.base if step.review is None else self._series
        fixed = self._anniversary(term, step.served + 1, start)
        series = f"{in_words(term)} from {iso(start)}, number {step.served + 1} = {iso(fixed)}"
        if self.rule.series == "fixed" or fixed <= rolling:
            return fixed, series
        return rolling, f"{words}; {series}"

    def _anniversary(self, term: Term, number: int, start: date) -> date:
        if term.unit == "calendar_month":
            return months_after(start, term.count * number)
        return ends_on(term.model_copy(update={"count": term.count * number}), start, self._closed)

    def _paused(self, base: date, due: date, day: date) -> tuple[date, date | None]:
        """Move a due day by the days on hold before it, as known on a day; None while on hold."""
        for start, end in self._chart.holds:
            if start > due or start > day:
                break
            if end is not None and end <= base:
                continue
            if end is None or end > day:
                return start, None
            due = later(due, (end - max(start, base)).days)
        return due, due

    def _counted(self, step: ClockStep, term: Term, day: date) -> Due:
        """The due day by a term in sessions, treatment days or hours since the base, as known on a day."""
        held = self._chart.visits if term.unit == "visit" else self._chart.attended
        sessions = [session for session in held if step.base < session.day <= day]
        reached = counted_days(term, sessions)
        arithmetic = f"base {iso(step.base)} {step.label} + {in_words(term)}"
        versions = {session.version for session in sessions if reached and session.day <= reached[-1]}
        evidence = tuple(sorted({*step.evidence, *versions}))
        soon = reached[term.count - term.soon - 1] if term.soon and len(reached) >= term.count - term.soon else None
        on = reached[term.count - 1] if len(reached) >= term.count else None
        arithmetic += f" = {iso(on)}" if on else f", {len(reached)} so far"
        if step.next_by is not None and (on is None or step.next_by < on):
            on = step.next_by
            soon = min(soon or on, on)
            arithmetic += f"; next review set for {iso(on)}"
        words = "" if on else f"next review due by {last_of(term)}, {len(reached)} so far"
        return Due(on, soon, words, arithmetic, evidence)

    def after_return(self, due: date, day: date) -> date:
        """Move a day that falls between two stays to the return, if the client is back by `day`."""
        stays = self._chart.stays
        if len(stays) == 1 and due >= stays[0].first:
            return due  # there is no return
        while True:
            place = bisect_right(stays, due, key=_first_of)
            # the last day of a stay already belongs to the time away: what falls due on it was not overdue there
            before = stays[place - 1].last if place else date.min
            if before is None or due < before or place == len(stays) or stays[place].first > day:
                return due
            due = stays[place].first

    # --- steps of the clock ----------------------------------------------------------------------------------------

    def _steps(self, rule: ReviewDue) -> list[ClockStep]:
        chart = self._chart
        start = chart.stays[0].first
        opened = chart.stays[0].opened_by
        by_admission = chart.admission is not None and chart.admission.version == opened
        label = "admission" if by_admission else "transfer to this level"
        steps = [ClockStep(start, start, label, (opened,), None, None)]
        # an anchor dated later than the first term comes too late to move it
        until = ends_on(rule.term, start, self._closed) if rule.term.civil else date.max
        first_review = self.counted[0].counts_from if self.counted else None
        anchored = False
        for day, base, label, evidence in sorted(self._anchors(rule, start)):
            if day > until or (first_review is not None and day >= first_review):
                break
            if not anchored or base < steps[-1].base:
                steps.append(ClockStep(day, base, label, evidence, None, None))
                anchored = True
        self._series = steps[-1].base
        for place, review in enumerate(self.counted):
            served = self._served(place, rule) if rule.series != "rolling" else 0
            _count(steps, review, start, served)
        return steps

    def _anchors(self, rule: ReviewDue, start: date) -> list[tuple[date, date, str, tuple[int, ...]]]:
        """The plans and the second session that may set the first base: the day each is known, and its own day."""
        if rule.first_from == "admission":
            return []
        found: list[tuple[date, date, str, tuple[int, ...]]] = []
        for plan in self._chart.plans:
            if rule.scope is not None and plan.event.scope not in (rule.scope, None):
                continue
            if rule.first_from == "plan_effective":
                base = max(start, min(plan.event.effective_on, plan.day))
                found.append((max(start, plan.day), base, f"plan {plan.event.plan_version}", (plan.version,)))
            elif plan.clinician is not None:
                base = max(start, plan.clinician.day)
                found.append((base, base, f"plan {plan.event.plan_version}", plan.evidence_on(base)))
        sessions = self._chart.attended_in(self._chart.stays[0])
        if len(sessions) > 1 and rule.first_from == "earlier_of_plan_and_second_session":
            second = sessions[1]
            found.append((second.day, second.day, "second session", (sessions[0].version, second.version)))
        return found

    def _with_misses(self, steps: Sequence[ClockStep]) -> list[ClockStep]:
        """The steps, each with the latest due day that was not kept, and whether its review was entered late."""
        found = list(steps[:1])
        for step in steps[1:]:
            before = found[-1]
            due = self.due_of(before, step.day).on if step.review is not before.review else None
            missed, entered = before.missed, before.entered if step.review is before.review else ""
            if step.review is not None and due is not None:
                if step.day > due:
                    missed = Missed(due, step.day)
                entered = entered_late(self._chart, step.review, due)
            found.append(step._replace(missed=missed, entered=entered))
        return found

    def _served(self, place: int, rule: ReviewDue) -> int:
        """How many due days of a fixed series the reviews that count by now, up to that place, have met.

        A review meets the last day of its period; a late one meets the day that was missed, and its own period still
        needs one.
        """
        served = 0
        for day in sorted(review.day for review in self.counted[: place + 1]):
            period = self._period(rule.term, day)
            if served < period:
                served = period if served == period - 1 else period - 1
        return served

    def _period(self, term: Term, day: date) -> int:
        """The number of the period of a fixed series that a day is in."""
        if day not in self._periods:
            # a period has one day at least, so there are no more of them than days
            most, start = max((day - self._series).days, 1), self._series
            ends = range(1, most + 1)
            self._periods[day] = 1 + bisect_left(ends, day, key=lambda number: self._anniversary(term, number, start))
        return self._periods[day]


def entered_late(chart: Chart, document: Review | Determination, due_on: date) -> str:
    """In words, if a review or determination that was due on a day was entered after it; else empty.

    It was entered once its own event and the signature by which it counts were recorded. One that was late, and entered
    on the day it counted, was not entered late.
    """
    versions = (document.version, *((document.clinician.brought_by,) if document.clinician else ()))
    entered_on = chart.entered_on(versions)
    counted_on = max(document.day, document.clinician.day) if document.clinician else document.day
    if entered_on is None or entered_on <= max(due_on, counted_on):
        return ""
    name = f"the {'review' if isinstance(document, Review) else 'determination'} of {iso(document.day)}"
    return f"{name} was entered {plural((entered_on - due_on).days, 'day')} after it was due"


def _count(steps: list[ClockStep], review: Review, start: date, served: int) -> None:
    """Add the step of a review, unless a later review already moved the clock."""
    counts_from = review.counts_from or review.day
    newest = steps[-1]
    evidence = review.evidence_on(counts_from)
    next_by = review.event.next_review_by
    if next_by is not None and next_by <= review.day:
        next_by = None
    if newest.review is not None and newest.base >= review.day:
        if newest.base > review.day:
            # it does not move the base, but may be one of the series
            if served != newest.served:
                steps.append(newest._replace(day=max(counts_from, start), served=served))
            return
        # two reviews of one day: the earlier of their next days binds
        evidence = (*newest.evidence, *evidence)
        next_by = min((day for day in (newest.next_by, next_by) if day is not None), default=None)
    steps.append(ClockStep(max(counts_from, start), review.day, "last review", evidence, next_by, review, served))
