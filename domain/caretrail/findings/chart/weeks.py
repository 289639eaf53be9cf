"""Weeks of treatment: what was offered, attended and scheduled in each week that a stay covers in full.

A week is judged from the day after its last day, on events dated in it. Time is counted once, and no day has more than
24 hours. Weeks without any session are one run, which may have no end: time passes without events.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Container, Iterator, Sequence
from datetime import date, timedelta
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from caretrail.days import iso
from caretrail.findings.chart.chart import Chart, PolicyStay, from_until, is_on_hold
from caretrail.findings.chart.sessions import MINUTES_A_DAY, Clock, Session
from caretrail.findings.finding import RUN
from caretrail.policy import Pack

WEEK = timedelta(days=7)
DAYS_INTO = [timedelta(days=days) for days in range(7)]
WHILE_ON_HOLD = "of days on hold"
OVER_24_HOURS = "of days with more than 24 hours"
NOTHING_DOUBTFUL: frozenset[date] = frozenset()

_day_of: Callable[[Session], date] = attrgetter("day")


class Totals:
    """What was offered in a week: minutes, sessions and days, each counted once.

    `accounted` are the minutes, `accounted_days` the number of the days with any session on record, attended or missed:
    what the program canceled is accounted for, too, as not offered. `versions` are those of all these sessions.
    """

    __slots__ = ("accounted", "accounted_days", "attended", "days", "offered", "sessions", "versions")

    def __init__(self) -> None:
        self.offered = self.attended = self.accounted = 0
        self.sessions = self.accounted_days = 0
        self.days: list[date] = []
        self.versions: list[int] = []


class Week(NamedTuple):
    """The sessions of a week: without those in doubt (`sure`), and all of them.

    `doubtful` are the versions of the sessions in doubt, `why` says why they are. `evidence` are those of all.
    """

    sure: Totals
    every: Totals
    doubtful: tuple[int, ...]
    why: tuple[str, ...]
    evidence: tuple[int, ...]


EMPTY = Week(Totals(), Totals(), (), (), ())


class Scheduled(NamedTuple):
    """The most that the schedules of a week offer, with the versions of the events that set them."""

    minutes: int
    days: int
    versions: tuple[int, ...]


class JudgedWeek(NamedTuple):
    """A week or a run of weeks, judged from the day `judged` on; the next is judged from the day `until` on.

    `week` is None without any session. `on_hold` are its days on hold. Without a schedule `scheduled` is None.
    """

    start: date
    judged: date
    until: date | None
    week: Week | None
    on_hold: tuple[date, ...]
    scheduled: Scheduled | None

    @property
    def name(self) -> str:
        """The subject of what is found on it."""
        return f"week of {iso(self.start)}" + (RUN if self.week is None else "")


class Weeks:
    """The weeks of an episode, counted once for all rules that judge them."""

    def __init__(self, chart: Chart, pack: Pack) -> None:
        self._chart = chart
        self._first_weekday = 0 if pack.week_start == "sunday" else 1
        self._offered_causes = pack.offered_causes
        self._set_on = [since for since, _, _ in chart.schedules]
        self._scheduled_by: dict[tuple[int, int], Scheduled] = {}
        self._judged: dict[int, list[JudgedWeek]] = {}
        self._weeks = self._count(chart.sessions)

    def week_of(self, day: date) -> date:
        """The first day of the week a day lies in."""
        return day - DAYS_INTO[(day.toordinal() - self._first_weekday) % 7]

    def judged_in(self, stay: PolicyStay) -> list[JudgedWeek]:
        """The weeks the stay covers in full, oldest first, like weeks without sessions run together."""
        judged = self._judged.get(stay.opened_by)
        if judged is None:
            judged = self._judged[stay.opened_by] = self._judge(stay)
        return judged

    def _count(self, sessions: Sequence[Session]) -> dict[date, Week]:
        """The weeks by their first day; what lies on days in doubt is left out, and then not."""
        impossible: set[date] = set()
        every = self._totals(sessions, NOTHING_DOUBTFUL, impossible)
        held = (one for begin, end in self._chart.holds for one in from_until(sessions, begin, end))
        doubtful = impossible | {one.day for one in held}
        sure = self._totals(sessions, doubtful, set()) if doubtful else every
        in_doubt: dict[date, list[Session]] = {}
        for session in sessions if doubtful else ():
            if session.day in doubtful:
                in_doubt.setdefault(self.week_of(session.day), []).append(session)
        weeks: dict[date, Week] = {}
        for start, totals in every.items():
            found = in_doubt.get(start, ())
            why = {OVER_24_HOURS if one.day in impossible else WHILE_ON_HOLD: None for one in found}
            versions = tuple([one.version for one in found])
            without = sure.get(start) or Totals()
            weeks[start] = Week(without, totals, versions, tuple(why), tuple(totals.versions))
        return weeks

    def _totals(
        self, sessions: Sequence[Session], without: Container[date], impossible: set[date]
    ) -> dict[date, Totals]:
        """Add up the sessions of each week but those of some days; finds the days with more than 24 hours attended."""
        offered, attended, accounted = Clock(), Clock(), Clock()
        in_full = self._chart.orderly
        offered_causes = self._offered_causes
        weeks: dict[date, Totals] = {}
        totals = Totals()
        after = date.min
        for day, of_day in groupby(sessions, _day_of):
            if day in without:
                continue
            if day >= after:
                start = self.week_of(day)
                after = start + WEEK
                totals = weeks[start] = Totals()
            offered_minutes = attended_minutes = accounted_minutes = offered_sessions = 0
            was_offered = False
            for session in of_day:
                totals.versions.append(session.version)
                minutes = session.minutes
                accounted_minutes += minutes if in_full else accounted.add(session)[0]
                if session.attended:
                    attended_minutes += minutes if in_full else attended.add(session)[0]
                elif session.cause not in offered_causes:
                    continue
                minutes, own = (minutes, True) if in_full else offered.add(session)
                offered_minutes += minutes
                offered_sessions += own
                was_offered = True
            if attended_minutes > MINUTES_A_DAY:
                impossible.add(day)
            totals.accounted_days += 1
            totals.accounted += min(accounted_minutes, MINUTES_A_DAY)
            totals.attended += min(attended_minutes, MINUTES_A_DAY)
            totals.offered += min(offered_minutes, MINUTES_A_DAY)
            totals.sessions += offered_sessions
            if was_offered:
                totals.days.append(day)
        return weeks

    def _judge(self, stay: PolicyStay) -> list[JudgedWeek]:
        found: list[JudgedWeek] = []
        for week in self.full_weeks(stay):
            run = found[-1] if found else None
            if run is not None and self._alike(run, week):
                found[-1] = run._replace(until=week.until)
            else:
                found.append(week)
        if found and found[-1].week is None and stay.last is None:
            found[-1] = found[-1]._replace(until=None)
        return found

    def _alike(self, run: JudgedWeek, week: JudgedWeek) -> bool:
        """Whether a week without sessions is judged as the one before it is: with the same schedule, wholly on hold."""
        if run.week is not None or week.week is not None or run.scheduled != week.scheduled:
            return False
        return (
            len(run.on_hold) == len(week.on_hold)
            and len(run.on_hold) in (0, len(DAYS_INTO))
            and self._same_rules(run.start, week.start)
        )

    def _same_rules(self, one: date, other: date) -> bool:
        """Whether one version of the policy judges the weeks of both days."""
        policy = self._chart.policy
        return len(policy.versions) == 1 or policy.on(one) is policy.on(other)

    def full_weeks(self, stay: PolicyStay) -> Iterator[JudgedWeek]:
        """The weeks that the stay covers in full, one by one.

        For an open stay the last one, after everything recorded, represents all that follow.
        """
        latest = self._after_all(stay) if stay.last is None else stay.last - DAYS_INTO[-1]
        start = self.week_of(stay.first + DAYS_INTO[-1])
        while start <= latest:
            judged = start + WEEK
            on_hold, scheduled = self._days_on_hold(start, judged), self._scheduled(start)
            yield JudgedWeek(start, judged, judged + WEEK, self._weeks.get(start), on_hold, scheduled)
            start = judged

    def _days_on_hold(self, start: date, after: date) -> tuple[date, ...]:
        """The days of a week that are on hold."""
        for begin, end in self._chart.holds:
            if begin < after and (end is None or end > start):
                return tuple([day for into in DAYS_INTO if is_on_hold(self._chart.holds, day := start + into)])
        return ()

    def _scheduled(self, start: date) -> Scheduled | None:
        """The most that a schedule in force on some day of a week offers."""
        first = max(bisect_right(self._set_on, start) - 1, 0)
        after = bisect_right(self._set_on, start + DAYS_INTO[-1])
        if first == after:
            return None
        scheduled = self._scheduled_by.get((first, after))
        if scheduled is None:
            found = self._chart.schedules[first:after]
            minutes = max(schedule.minutes_per_week for _, schedule, _ in found)
            days = max(schedule.days_per_week for _, schedule, _ in found)
            versions = tuple([version for _, _, version in found])
            scheduled = self._scheduled_by[first, after] = Scheduled(minutes, days, versions)
        return scheduled

    def _after_all(self, stay: PolicyStay) -> date:
        """The first week after everything recorded: every later week is judged like it."""
        days = [stay.first + DAYS_INTO[-1]]
        if self._chart.sessions:
            days.append(self._chart.sessions[-1].day)
        if self._chart.schedules:
            days.append(self._chart.schedules[-1][0])
        if self._chart.holds:
            days.append(self._chart.holds[-1][1] or self._chart.holds[-1][0])
        # the week that represents all that follow must be judged by the rules that will judge those
        days += [pack.effective_from for pack in self._chart.policy.versions[1:] if pack.effective_from is not None]
        return self.week_of(max(days)) + WEEK
