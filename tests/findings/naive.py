"""The rules of assessments and weeks read a second time: what holds on one day, from the events dated up to it.
From the text of the rules, literal and slow; shares nothing with what it checks. Truth is 0, 1 (not known) or 2 (yes).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from itertools import pairwise
from types import SimpleNamespace as Record
from typing import Any

from tests.findings.naive_weeks import Weeks, i3

NOTICE, DAY = timedelta(days=7), timedelta(days=1)
NEVER = date.max
TREATMENT = ("individual", "group", "family", "education", "motivational")
TRUTH = {False: 0, None: 1, True: 2}
Said = set[tuple[Any, ...]]


class Known:  # what is known at the end of a day; an event is its fields, its day and its version, in clinical order
    def __init__(self, events: Sequence[Record], read: dict[int, Known]) -> None:
        self.events, self.days, self.read = events, [one.day for one in events], read
        moves: list[Any] = [*self.of("admitted", "transferred", "discharged"), None]
        self.stays = [
            Record(first=one.day, last=left.day if left else NEVER, since=date.min)
            for one, left in pairwise(moves)
            if "2.1" in (getattr(one, "level", ""), getattr(one, "to_level", ""))
        ]
        for before, stay in pairwise(self.stays):
            stay.since = min(before.last + DAY, stay.first)
        self.assessed, self.turns = self.of("assessed"), self.of("held", "resumed")
        self.attended = [one for one in self.of("session_attended") if one.service in TREATMENT]
        self.missed = [one for one in self.of("session_missed") if one.service in TREATMENT]
        self.weeks = Weeks(self)

    def attended_on_hold(self) -> bool:
        steps = [(one.day, 1 if one.type == "held" else -1) for one in self.turns]
        return any(sum(step for on, step in steps if on <= one.day) > 0 for one in self.attended)

    def on(self, day: date) -> Known:  # whatever is dated later is thrown away
        number = bisect_right(self.days, day)
        return self.read.get(number) or self.read.setdefault(number, Known(self.events[:number], self.read))

    def of(self, *kinds: str) -> list[Any]:
        return [one for one in self.events if one.type in kinds]

    def stay_on(self, day: date) -> Record | None:
        return next((stay for stay in reversed(self.stays) if stay.first <= day <= stay.last), None)

    def a1(self, stay: Record, day: date) -> tuple[str, date | None]:
        begin = stay.since if [stay.first] == [one.day for one in self.of("admitted")] else stay.first
        treated = [one for one in self.attended if begin <= one.day <= day]
        first = treated[0].day if treated else day
        hours = [one.start for one in treated if one.day == first and one.start]
        in_time = self.acceptable(first, min(hours, default="24:00"))
        if in_time or not treated:
            return ("not_applicable", "unknown", "met")[in_time], None
        later = [one.day for one in self.assessed if one.day >= first and self.acceptable(one.day, "24:00") == 2]
        if later:
            return "breached" if day >= later[0] + NOTICE else "late", None
        return "overdue" if day > first else "due_today", first

    def acceptable(self, day: date, hour: str) -> int:  # made here by then, or a prior one complete or with an addendum
        then = [one for one in self.assessed if (one.day, one.at or "00:00") <= (day, hour)]
        kinds, complete = {one.kind for one in then}, 0
        added = [one for one in then if one.kind == "addendum"]
        for one in [one for one in then if one.kind == "prior_accepted"]:
            has = [TRUTH[one.relevant], self.diagnosed(one), self.leveled(one), TRUTH[one.discharge_plan]]
            given = [2 in [kind(it) for it in added] for kind in (self.diagnosed, self.leveled)]
            given.append(True in [it.discharge_plan for it in added])
            given.insert(0, True in [it.relevant for it in added] or all(given))
            complete = max(complete, min(2 if new else old for old, new in zip(has, given, strict=True)))
        return 2 if kinds & {"initial", "reassessment"} else complete

    def diagnosed(self, one: Record) -> int:  # stated, or else listed
        return 2 if one.diagnoses and one.current_diagnosis is None else TRUTH[one.current_diagnosis]

    def leveled(self, one: Record) -> int:
        named = one.recommended_level or one.clinician_level
        return 2 if named and one.level_recommendation is None else TRUTH[one.level_recommendation]

    def deadline(self, day: date, rule: Callable[..., tuple[str, date | None]], ended: str) -> Said:
        ends = [(stay.last, *rule(self.on(stay.last), stay, stay.last)) for stay in self.stays if stay.last <= day]
        missed = ("overdue", "due_today") if ended == "not_met" else ("overdue",)
        said: Said = {("not_met", due, (on - due).days) for on, verdict, due in ends if due and verdict in missed}
        verdict, due = rule(self, here, day) if (here := self.stay_on(day)) else ("not_applicable", None)
        if here and day == here.last:
            verdict = {"overdue": "not_met", "due_soon": ended, "due_today": ended}.get(verdict, verdict)
        return said | {(verdict, due, (day - due).days if due and verdict in ("overdue", "not_met") else 0)}

    def verdicts(self, day: date) -> dict[str, Said]:
        return {
            "A1": self.deadline(day, Known.a1, "not_met"),
            "I3": i3(self.attended, self.stay_on, day),
            **self.weeks.said(day),
        }  # fmt: skip
