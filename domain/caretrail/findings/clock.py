"""The review clock: from which day the thirty days run, as known on each day, and when a review is due.

The clock belongs to the episode, not to a stay: it goes on while the client is elsewhere. It starts with the first
stay the pack governs, which stands for the admission where the client came from another level.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from caretrail.findings.chart import Chart, Review
from caretrail.findings.days import iso


class Step(NamedTuple):
    """What the clock rests on from `day` until the next step; `review` is None before any review counts."""

    day: date
    base: date
    label: str
    evidence: tuple[int, ...]
    next_by: date | None
    review: Review | None


@dataclass(frozen=True, slots=True)
class Due:
    """When the next review is due, as it stands on some day; `plain` is the due day by the thirty days alone."""

    on: date
    plain: date
    arithmetic: str
    evidence: tuple[int, ...]
    base: date


class Clock:
    """All steps of an episode's review clock."""

    def __init__(self, chart: Chart) -> None:
        self._chart = chart
        self.period = timedelta(days=chart.pack.numbers.review_days)
        self.counted = sorted(
            (review for review in chart.reviews if review.counts_from is not None),
            key=lambda review: (review.counts_from or review.day, review.day),
        )
        self.steps = self._steps() if chart.stays else []

    def step_on(self, day: date) -> Step | None:
        """What the clock rests on that day."""
        place = bisect_right(self.steps, day, key=lambda step: step.day)
        return self.steps[place - 1] if place else None

    def due_on(self, day: date) -> Due | None:
        """When the next review is due, as it stands at the end of that day."""
        step = self.step_on(day)
        return None if step is None else self.due_of(step, day)

    def due_of(self, step: Step, day: date) -> Due:
        """When the review that follows a step is due, as it stands on a day."""
        thirty = step.base + self.period
        plain, on = self.after_return(thirty, day), thirty
        arithmetic = f"base {iso(step.base)} {step.label} + {self.period.days} days = {iso(thirty)}"
        if step.next_by is not None and step.next_by < thirty:
            arithmetic += f"; next review set for {iso(step.next_by)}"
            on = step.next_by
        back = self.after_return(on, day)
        if back != on:
            arithmetic += f"; fell due while away, so due on return {iso(back)}"
        return Due(back, plain, arithmetic, step.evidence, step.base)

    def after_return(self, due: date, day: date) -> date:
        """Move a day that falls between two stays to the return, if the client is back by `day`."""
        stays = self._chart.stays
        while True:
            place = bisect_right(stays, due, key=lambda stay: stay.first)
            # the last day of a stay already belongs to the time away: what falls due on it was not overdue there
            before = stays[place - 1].last if place else date.min
            if before is None or due < before or place == len(stays) or stays[place].first > day:
                return due
            due = stays[place].first

    def _steps(self) -> list[Step]:
        chart = self._chart
        start = chart.stays[0].first
        opened = chart.stays[0].opened_by
        by_admission = chart.admission is not None and chart.admission.version == opened
        label = "admission" if by_admission else "transfer to this level"
        steps = [Step(start, start, label, (opened,), None, None)]
        until = start + self.period
        first_review = self.counted[0].counts_from if self.counted else None
        anchored = False
        for day, base, label, evidence in sorted(self._anchors(start)):
            if day > until or (first_review is not None and day >= first_review):
                break
            if not anchored or base < steps[-1].base:
                steps.append(Step(day, base, label, evidence, None, None))
                anchored = True
        for review in self.counted:
            self._count(steps, review, start)
        return steps

    def _anchors(self, start: date) -> list[tuple[date, date, str, tuple[int, ...]]]:
        """The first plans and the second session: the day each becomes known, and the day it stands for."""
        found: list[tuple[date, date, str, tuple[int, ...]]] = [
            (
                max(start, plan.day),
                max(start, min(plan.fact.effective_on, plan.day)),
                f"plan {plan.fact.plan_version}",
                (plan.version,),
            )
            for plan in self._chart.plans
        ]
        sessions = self._chart.attended_in(self._chart.stays[0])
        if len(sessions) > 1:
            second = sessions[1]
            found.append((second.day, second.day, "second session", (sessions[0].version, second.version)))
        return found

    def _count(self, steps: list[Step], review: Review, start: date) -> None:
        """Let a review move the clock, unless a later one already did."""
        counts_from = review.counts_from or review.day
        newest = steps[-1]
        evidence = review.evidence
        next_by = review.fact.next_review_by
        if next_by is not None and next_by <= review.day:
            next_by = None
        if newest.review is not None and newest.base >= review.day:
            if newest.base > review.day:
                return
            # two reviews of one day: the earlier of their next days binds
            evidence = (*newest.evidence, *evidence)
            next_by = min((day for day in (newest.next_by, next_by) if day is not None), default=None)
        steps.append(Step(max(counts_from, start), review.day, "last review", evidence, next_by, review))
