"""Weeks and groups read a second time (I1, I2, I3): minute by minute, from the text of the rules, literal and slow.

Nothing here is shared with what it checks. Sessions and misses are records in clinical order, as in `naive.Known`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from itertools import count
from types import SimpleNamespace as Record
from typing import Any

MINUTES, FEWEST_DAYS, MOST_DAYS, SMALLEST, LARGEST, DAYS_LEFT = 540, 3, 5, 3, 12, 3
DAY, WEEK, NOTICE, A_DAY = timedelta(days=1), timedelta(days=7), timedelta(days=7), 24 * 60
ONE_TO_ONE = ("individual", "family")
Said = set[tuple[Any, ...]]


def minutes_of(one: Record) -> range:
    """The minutes of the calendar a session takes; without a start some that no other session takes."""
    begin = -2 * A_DAY * one.version
    if one.start is not None:
        begin = one.day.toordinal() * A_DAY + int(one.start[:2]) * 60 + int(one.start[3:])
    return range(begin, begin + one.minutes)


def same(one: Record, two: Record) -> bool:
    """Whether two records of a day are of one session."""
    named = [getattr(it, "group_session", None) for it in (one, two)]
    at = [(it.start, it.service) for it in (one, two)]
    return one.day == two.day and ((at[0] == at[1] and one.start is not None) or (named[0] == named[1] is not None))


def on_hold(turns: Sequence[Record], day: date) -> bool:
    return sum({"held": 1, "resumed": -1}[one.type] for one in turns if one.day <= day) > 0


def amount(sessions: Sequence[Record], days: Sequence[date]) -> dict[date, int]:
    """The minutes of some days that no session before took, those of a group session counted once."""
    taken: set[int] = set()
    found = dict.fromkeys(days, 0)
    for place, one in enumerate(sessions):
        named = [it for it in sessions[:place] if getattr(one, "group_session", None) and same(it, one)]
        if one.day in found and not named:
            found[one.day] += len(set(minutes_of(one)) - taken)
        taken |= set() if named else set(minutes_of(one))
    return found


class Weeks:
    """The full weeks of the stays, as known on a day: `attended` and `missed` are sessions of treatment."""

    def __init__(self, known: Any) -> None:
        self.known = known
        self.attended, self.missed, self.turns = known.attended, known.missed, known.turns
        self.read_before: dict[date, dict[str, str]] = {}
        self.stays: list[Record] = known.stays
        self.schedules = [
            (one.day, one.schedule) for one in known.of("admitted", "schedule_set") if one.schedule is not None
        ]

    def said(self, day: date) -> dict[str, Said]:
        """The verdicts on all weeks that are told on a day."""
        found: dict[str, Said] = {"I1": set(), "I2": set()}
        for stay in self.stays:
            first = next(stay.first + DAY * ahead for ahead in count() if (stay.first + DAY * ahead).weekday() == 6)
            while first + WEEK <= day and first + WEEK - DAY <= stay.last:
                # of a week only what is dated by its end is read
                for rule, verdict in self.known.on(first + WEEK - DAY).weeks.of_week(first).items():
                    found[rule] |= told(verdict, first + WEEK, stay, day)
                first += WEEK
            if stay.first <= day <= stay.last and self.schedules:
                schedule = self.schedules[-1][1]
                found["I1"] |= {("violation",)} if schedule.minutes_per_week < MINUTES else set()
                found["I2"] |= {("violation",)} if schedule.days_per_week < FEWEST_DAYS else set()
        return found

    def of_week(self, first: date) -> dict[str, str]:
        if first not in self.read_before:
            self.read_before[first] = self.judged(first)
        return self.read_before[first]

    def judged(self, first: date) -> dict[str, str]:
        days = [first + DAY * number for number in range(7)]
        held = [day for day in days if on_hold(self.turns, day)]
        if len(days) - len(held) < DAYS_LEFT:
            return {"I1": "not judged", "I2": "not judged"}
        crowded = [day for day, minutes in amount(self.attended, days).items() if minutes > A_DAY]
        sure = self.read(days, held, without=[*held, *crowded])
        every = self.read(days, held, without=[])
        return {rule: sure[rule] if sure[rule] == every[rule] else "unknown" for rule in sure}

    def read(self, days: Sequence[date], held: Sequence[date], without: Sequence[date]) -> dict[str, str]:
        attended, missed = (
            [one for one in part if days[0] - DAY <= one.day and one.day not in without]
            for part in (self.attended, self.missed)
        )
        offered = in_order([*attended, *(one for one in missed if one.cause == "client")])
        recorded = in_order([*attended, *missed])
        minutes = {
            name: sum(min(of_day, A_DAY) for of_day in amount(part, days).values())
            for name, part in (("attended", attended), ("offered", offered), ("recorded", recorded))
        }
        on_days = {name: len({one.day for one in part if one.day in days}) for name, part in
                   (("offered", offered), ("recorded", recorded))}  # fmt: skip
        before = [schedule for on, schedule in self.schedules if on <= days[0]][-1:]
        in_force = before + [schedule for on, schedule in self.schedules if days[0] < on <= days[-1]]
        left: Callable[[str, int], int | None] = lambda field, accounted: (  # noqa: E731  # said twice below
            max(0, max(getattr(schedule, field) for schedule in in_force) - accounted) if in_force else None
        )
        return {
            "I1": short(minutes["offered"], MINUTES, left("minutes_per_week", minutes["recorded"]), held)
            or ("info" if minutes["attended"] < MINUTES else "met"),
            "I2": short(on_days["offered"], FEWEST_DAYS, left("days_per_week", on_days["recorded"]), held)
            or ("info" if on_days["offered"] > MOST_DAYS else "met"),
        }


def in_order(sessions: Sequence[Record]) -> list[Record]:
    return sorted(sessions, key=lambda one: (one.day, one.start or "00:00", one.nth))


def short(offered: int, needed: int, left: int | None, held: Sequence[date]) -> str:
    """The verdict on too little offered, else nothing; `left` of the schedule is not on record, None without one."""
    if offered >= needed:
        return ""
    if left is None or offered + left >= needed:
        return "unknown"
    return "info" if held else "violation"


def told(verdict: str, judged: date, stay: Record, day: date) -> Said:
    """A verdict on a week, on a day from that on which it is judged."""
    notice = day < judged + NOTICE
    if verdict == "violation":
        return {("violation",)} if notice else {("breached",)} if day <= stay.last else set()
    if verdict == "info":
        return {("info",)} if notice else set()
    if verdict == "unknown":
        return {("unknown",)} if notice or day <= stay.last else set()
    return set()


def i3(attended: Sequence[Record], stay_on: Callable[[date], Record | None], day: date) -> Said:
    """What is said of the sizes of groups on a day: education and motivational groups are groups, if they say so."""
    said: Said = set()
    groups = [
        one
        for one in attended
        if one.service == "group"
        or (one.service not in ONE_TO_ONE and (one.group_session is not None or (one.group_size or 0) > 1))
    ]
    for place, one in enumerate(groups):
        stay = stay_on(one.day)
        if stay is None or any(same(one, other) for other in groups[:place]):
            continue
        sizes = [it.group_size for it in groups if same(one, it) or it is one]
        stated = [size for size in sizes if size is not None]
        fit = {SMALLEST <= size <= LARGEST for size in stated}
        if len(fit) != 1:
            cause = "group_sizes_differ" if fit else "group_size_missing"
            said |= {("unknown", cause)} if day <= stay.last else set()
        elif fit == {False}:
            cause = "group_too_small" if min(stated) < SMALLEST else "group_too_large"
            verdict = "violation" if day < one.day + NOTICE else "breached"
            said |= {(verdict, cause)} if verdict == "violation" or day <= stay.last else set()
    return said
