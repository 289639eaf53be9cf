"""Weeks of treatment: minutes offered and attended in each week that a stay covers in full and no hold touches.

A week is judged from the day after its last day, on events dated in it. Weeks with nothing offered are one run, which
may have no end: time passes without events.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

from caretrail.days import FOREVER
from caretrail.findings.chart.chart import Chart, PolicyStay

WEEK = timedelta(days=7)
_DAYS_INTO = [timedelta(days=days) for days in range(7)]


class Week:
    """Minutes and days with sessions of one week."""

    __slots__ = ("attended", "days", "evidence", "offered")

    def __init__(self) -> None:
        self.offered = self.attended = 0
        self.days: list[date] = []
        self.evidence: list[int] = []


class JudgedWeek(NamedTuple):
    """A week or a run of weeks, judged from the day `judged` on; the next is judged from the day `until` on.

    `week` is None for weeks with nothing offered, and for weeks on hold, which are not judged.
    """

    start: date
    judged: date
    until: date | None
    week: Week | None
    on_hold: bool


class Weeks:
    """The weeks of an episode, counted once for all rules that judge them."""

    def __init__(self, chart: Chart, week_start: str) -> None:
        self._chart = chart
        self._first_weekday = 0 if week_start == "sunday" else 1
        self._weeks: dict[date, Week] = {}
        self._judged: dict[int, list[JudgedWeek]] = {}
        after = latest = date.min
        week = Week()
        for day, _, _, minutes, _, version, attended in chart.offered:
            if day >= after:
                start = self.week_of(day)
                after = start + WEEK
                week = self._weeks[start] = Week()
            week.offered += minutes
            if attended:
                week.attended += minutes
            if day != latest:
                latest = day
                week.days.append(day)
            week.evidence.append(version)

    def week_of(self, day: date) -> date:
        """The first day of the week a day lies in."""
        return day - _DAYS_INTO[(day.toordinal() - self._first_weekday) % 7]

    def judged_in(self, stay: PolicyStay) -> list[JudgedWeek]:
        """The weeks the stay covers in full, oldest first, like weeks run together."""
        judged = self._judged.get(stay.opened_by)
        if judged is None:
            judged = self._judged[stay.opened_by] = self._judge(stay)
        return judged

    def _judge(self, stay: PolicyStay) -> list[JudgedWeek]:
        found: list[JudgedWeek] = []
        for week in self.full_weeks(stay):
            run = found[-1] if found else None
            if (
                run is not None
                and run.week is None
                and week.week is None
                and run.on_hold == week.on_hold
                and self._same_rules(run.start, week.start)
            ):
                found[-1] = run._replace(until=week.until)
            else:
                found.append(week)
        if found and found[-1].week is None and stay.last is None:
            found[-1] = found[-1]._replace(until=None)
        return found

    def _same_rules(self, one: date, other: date) -> bool:
        """Whether one version of the policy judges the weeks of both days."""
        policy = self._chart.policy
        return len(policy.versions) == 1 or policy.on(one) is policy.on(other)

    def full_weeks(self, stay: PolicyStay) -> Iterator[JudgedWeek]:
        """The weeks that the stay covers in full, one by one.

        For an open stay the last one, after everything recorded, represents all that follow.
        """
        latest = self._after_all(stay) if stay.last is None else stay.last - timedelta(days=6)
        holds = self._chart.holds
        place = 0
        start = self.week_of(stay.first + timedelta(days=6))
        while start <= latest:
            while place < len(holds) and (holds[place][1] or FOREVER) <= start:
                place += 1
            on_hold = place < len(holds) and holds[place][0] < start + WEEK
            judged = start + WEEK
            yield JudgedWeek(start, judged, judged + WEEK, None if on_hold else self._weeks.get(start), on_hold)
            start = judged

    def _after_all(self, stay: PolicyStay) -> date:
        """The first week after everything recorded: every later week is judged like it."""
        days = [stay.first + timedelta(days=6)]
        if self._chart.offered:
            days.append(self._chart.offered[-1].day)
        if self._chart.schedules:
            days.append(self._chart.schedules[-1][0])
        if self._chart.holds:
            days.append(self._chart.holds[-1][1] or self._chart.holds[-1][0])
        # the week that represents all that follow must be judged by the rules that will judge those
        days += [pack.effective_from for pack in self._chart.policy.versions[1:] if pack.effective_from is not None]
        return self.week_of(max(days)) + WEEK
