"""The rules read a second time: what holds on one day, from the events dated up to it and from nothing else.
From the text of the rules, literal and slow; shares nothing with what it checks. Truth is 0, 1 (not known) or 2 (yes).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from itertools import pairwise
from types import SimpleNamespace as Record
from typing import Any

REVIEW, SOON, NOTICE, DAY = timedelta(days=30), timedelta(days=7), timedelta(days=7), timedelta(days=1)
SESSIONS, MINUTES, FEWEST_DAYS, MOST_DAYS, SMALLEST, LARGEST, NEVER = 2, 540, 3, 5, 3, 12, date.max
TREATMENT = ("individual", "group", "family", "education", "motivational")
CLINICAL, CLIENT, TRUTH = ("clinician", "supervisor"), {"client", "guardian"}, {False: 0, None: 1, True: 2}
DOCUMENTS = ("plan_signed", "plan_reviewed")
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
        self.begun: date = self.stays[0].first if self.stays else NEVER  # stands for the admission
        self.assessed, self.turns = self.of("assessed"), self.of("held", "resumed")
        self.attended = [one for one in self.of("session_attended") if one.service in TREATMENT]
        self.missed = [one for one in self.of("session_missed") if one.service in TREATMENT and one.cause != "program"]
        self.groups = [(it.day, it.group_size, self.stay_on(it.day)) for it in self.attended if it.service == "group"]
        papers = [self.signed(Record(**vars(one))) for one in self.of(*DOCUMENTS)]
        self.plans, self.reviews = ([one for one in papers if one.type == kind] for kind in DOCUMENTS)
        for one in self.reviews:
            one.plans = [plan for plan in self.plans if plan.plan_version == one.plan_version]
            one.of_signed_plan = any(max(plan.day, plan.clinician) <= one.day for plan in one.plans)
            one.with_client = bool(CLIENT & {*one.participants}) if one.participants else None
            one.counts = one.clinician if one.of_signed_plan and one.with_client and one.day >= self.begun else NEVER

    def on(self, day: date) -> Known:  # whatever is dated later is thrown away
        number = bisect_right(self.days, day)
        return self.read.get(number) or self.read.setdefault(number, Known(self.events[:number], self.read))

    def of(self, *kinds: str) -> list[Any]:
        return [one for one in self.events if one.type in kinds]

    def team(self, day: date, *, at_its_end: bool = False) -> set[str]:  # at any time of a day, or at its end
        team = set[str]()
        for one in [one for one in self.of("admitted", "team_changed") if one.day <= day]:
            left = getattr(one, "leaves", ()) if one.day < day or at_its_end else ()
            joins = one.team if one.type == "admitted" else one.joins
            team = team - {*left} | {who.id for who in joins if who.role in CLINICAL} | {one.clinician} - {None}
        return team

    def signed(self, one: Record) -> Record:  # a signature acts once it is given, recorded, and has its document
        papers = [one, *(other for other in self.of("signed") if other.target == one.version)]
        acts = [(max(one.day, by.day, sign.signed_on or by.day), sign) for by in papers for sign in by.signatures]
        one.settled = [("client" if sign.role in CLIENT else sign.signer, on) for on, sign in acts if not sign.deferred]
        ours = [(sign.signer, on) for on, sign in acts if sign.signed_on and sign.role in CLINICAL]
        one.clinician = min((on for who, on in ours if who in self.team(one.day) | self.team(on)), default=NEVER)
        one.required = {"client", *self.team(one.day, at_its_end=True), *(getattr(one, "required_signers", None) or ())}
        return one

    def stay_on(self, day: date) -> Record | None:
        return next((stay for stay in reversed(self.stays) if stay.first <= day <= stay.last), None)

    def counting(self, day: date) -> list[Record]:
        return [one for one in self.reviews if one.counts <= day]

    def anchor(self) -> date:  # before any review: the first plan or the second session, else the admission
        late = self.begun + REVIEW
        days = [min(one.effective_on, one.day) for one in self.plans if one.day <= late]
        sessions = [one.day for one in self.attended if self.begun <= one.day <= min(self.stays[0].last, late)]
        days += sessions[SESSIONS - 1 : SESSIONS]
        return max(self.begun, min(days, default=self.begun))

    def back(self, due: date) -> date:  # what falls due while away, or on the last day before, is due on return
        for left, stay in zip([date.min, *(one.last for one in self.stays)], self.stays, strict=False):
            due = stay.first if left <= due < stay.first else due
        return due

    def due_on(self, reviews: Sequence[Record]) -> date:
        base = reviews[-1].day if reviews else self.anchor()
        named = [one.next_review_by or NEVER for one in reviews if one.day == base]
        return self.back(min([base + REVIEW, *(day for day in named if day > base)]))

    def r1(self, _: Record, day: date) -> tuple[str, date | None]:
        due = self.due_on(self.counting(day))
        return "met" if day < due - SOON else "due_soon" if day < due else "due_today" if day == due else "overdue", due

    def p1(self, stay: Record, day: date) -> tuple[str, date | None]:
        there = [max(one.clinician, one.effective_on) for one in self.plans if one.day >= stay.since]
        updates = [one for one in self.counting(day) if one.updated and one.day >= stay.since]
        there += [max(one.counts, plan.effective_on) for one in updates for plan in one.plans]
        sessions = [one.day for one in self.attended if stay.first <= one.day <= stay.last]
        if min(there, default=NEVER) <= day or len(sessions) < SESSIONS:
            return "met" if min(there, default=NEVER) <= day else "due_soon" if sessions else "not_applicable", None
        return "due_today" if day == sessions[1] else "overdue", sessions[1]

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

    def p3(self, day: date) -> Said:
        return {
            (f"plan {one.plan_version}" if one.type == "plan_signed" else f"review of {one.day}", who)
            for one in [*self.plans, *(review for review in self.reviews if review.updated)]
            if self.stay_on(one.day)
            for who in one.required - {who for who, since in one.settled if since <= day}
        }

    def r2(self, day: date) -> Said:
        said: Said = set()
        for one in self.reviews:
            stay, updated = self.stay_on(one.day), one.updated or bool(one.no_change_reason) or one.updated
            causes = {"participation": one.with_client, "plan_version": one.of_signed_plan, "no_update": updated}
            if stay and day <= stay.last:  # what is not stated, or not signed, still can be
                said |= {(one.day, "unknown", cause) for cause, value in causes.items() if value is None}
                said |= {(one.day, "violation", "not_under_clinical_guidance")} if one.clinician > day else set()
            if stay and day < one.day + NOTICE:
                said |= {(one.day, "violation", cause) for cause, value in causes.items() if value is False}
        return said

    def r3(self, day: date) -> Said:  # gaps of more than thirty days, each a point from the day it was closed
        held = self.counting(day)  # of the reviews of one day the first to count closed the gap
        ends = sorted({one.day: min(two.counts for two in held if two.day == one.day) for one in held}.items())
        ends[:0] = [(self.on(min(since for _, since in ends)).anchor(), date.min)] if ends else []
        gaps = [(one, two, max(known, since)) for (one, known), (two, since) in pairwise(ends) if self.stay_on(two)]
        for last in [stay.last for stay in self.stays if stay.last <= day]:
            held = self.on(last).counting(last)
            gaps.append((held[-1].day if held else self.on(last).anchor(), last, last))
        return {(one, two) for one, two, on in gaps if two > self.back(one + REVIEW) and on <= day < on + NOTICE}

    def weeks(self, day: date) -> dict[str, Said]:  # I1 and I2: points of the week before, from Sunday to Saturday
        week = [day - timedelta(days=(day.weekday() + 1) % 7 + number) for number in (7, 6, 5, 4, 3, 2, 1)]
        holds = [sum({"held": 1, "resumed": -1}[one.type] for one in self.turns if one.day <= on) for on in week]
        if any(holds) or not any(stay.first <= week[0] and week[-1] <= stay.last for stay in self.stays):
            return {"I1": set(), "I2": set()}
        attended, missed = ([one for one in part if one.day in week] for part in (self.attended, self.missed))
        little, less = (sum(one.minutes for one in part) < MINUTES for part in ([*attended, *missed], attended))
        days = len({one.day for one in [*attended, *missed]})
        often: Said = {("violation",)} if days < FEWEST_DAYS else {("info",)} if days > MOST_DAYS else set()
        return {"I1": {("violation",)} if little else {("info",)} if less else set(), "I2": often}

    def i3(self, day: date) -> Said:
        said = {("group_size_missing",) for _, size, stay in self.groups if stay and size is None and day <= stay.last}
        new = [size for on, size, stay in self.groups if stay and size is not None and day < on + NOTICE]
        said |= {("group_too_small",) for size in new if size < SMALLEST}
        return said | {("group_too_large",) for size in new if size > LARGEST}

    def verdicts(self, day: date) -> dict[str, Said]:
        return {
            "A1": self.deadline(day, Known.a1, "not_met"), "P1": self.deadline(day, Known.p1, "not_applicable"),
            "R1": self.deadline(day, Known.r1, "met"), "P3": self.p3(day), "R2": self.r2(day), "R3": self.r3(day),
            "I3": self.i3(day), **self.weeks(day),
        }  # fmt: skip
