"""Weeks of treatment: what was offered and attended in each week a stay covers in full and no hold touches.

A week is judged from the day after its last day, on events dated in it. Weeks without anything offered are kept as one
run: nobody has to write anything for time to pass, so a run may have no end.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

from caretrail.findings.chart.chart import Chart, PolicyStay

WEEK = timedelta(days=7)
_DAYS_INTO = [timedelta(days=days) for days in range(7)]


class Week:
    """Minutes and days of one week that had sessions."""

    __slots__ = ("attended", "days", "evidence", "offered")

    def __init__(self) -> None:
        self.offered = self.attended = 0
        self.days: list[date] = []
        self.evidence: list[int] = []


class JudgedWeek(NamedTuple):
    """A week or a run of weeks: from `judged` on it is known; `until` is the day from which the next is known.

    `week` is None for a run of weeks in which nothing was offered, and for weeks on hold, which are not judged.
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

    def full_weeks(self, stay: PolicyStay) -> Iterator[JudgedWeek]:
        """The weeks the stay covers in full, one by one; the last one of an open stay stands for all that follow."""
        for start, week, on_hold in self._full_weeks(stay):
            yield JudgedWeek(start, start + WEEK, start + WEEK + WEEK, week, on_hold)

    def _judge(self, stay: PolicyStay) -> list[JudgedWeek]:
        found: list[JudgedWeek] = []
        run: JudgedWeek | None = None
        for start, week, on_hold in self._full_weeks(stay):
            judged = start + WEEK
            if week is None and run is not None and run.on_hold == on_hold and self._same_rules(run.start, start):
                run = run._replace(until=judged + WEEK)
                continue
            if run is not None:
                found.append(run)
                run = None
            if week is None:
                run = JudgedWeek(start, judged, judged + WEEK, None, on_hold)
            else:
                found.append(JudgedWeek(start, judged, judged + WEEK, week, False))
        if run is not None:
            found.append(run if stay.last is not None else run._replace(until=None))
        return found

    def _same_rules(self, one: date, other: date) -> bool:
        """Whether one version of the policy judges what hangs on either day: each judges the weeks of its own days."""
        policy = self._chart.policy
        return len(policy.versions) == 1 or policy.on(one) is policy.on(other)

    def _full_weeks(self, stay: PolicyStay) -> list[tuple[date, Week | None, bool]]:
        """Each full week: its first day, what it holds (None: nothing, or on hold), and whether it is on hold.

        An open stay is walked until nothing is recorded any more, plus one week that stands for all that follow.
        """
        latest = self._after_all(stay) if stay.last is None else stay.last - timedelta(days=6)
        holds = self._chart.holds
        found: list[tuple[date, Week | None, bool]] = []
        place = 0
        start = self.week_of(stay.first + timedelta(days=6))
        while start <= latest:
            while place < len(holds) and _over(holds[place], start):
                place += 1
            on_hold = place < len(holds) and holds[place][0] < start + WEEK
            found.append((start, None if on_hold else self._weeks.get(start), on_hold))
            start += WEEK
        return found

    def _after_all(self, stay: PolicyStay) -> date:
        """The first week after all that is recorded: what holds for it holds for every later one."""
        days = [stay.first + timedelta(days=6)]
        if self._chart.offered:
            days.append(self._chart.offered[-1].day)
        if self._chart.schedules:
            days.append(self._chart.schedules[-1][0])
        if self._chart.holds:
            days.append(self._chart.holds[-1][1] or self._chart.holds[-1][0])
        # a week that stands for all that follow must be judged by the rules that will judge those
        days += [pack.effective_from for pack in self._chart.policy.versions[1:] if pack.effective_from is not None]
        return self.week_of(max(days)) + WEEK


def _over(hold: tuple[date, date | None], day: date) -> bool:
    """Whether a hold left no day from that day on; a hold is over on the day of its end."""
    return hold[1] is not None and hold[1] <= day
