"""Plans and reviews read a second time: what holds on one day, from the events dated up to it and from nothing else.

From the text of the rules, day by day. Where documents are in doubt the same is read twice, once with everything
doubtful left out and once with all of it in, and told as one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from functools import cached_property
from itertools import pairwise
from types import SimpleNamespace as Record
from typing import Any, NamedTuple

from tests.findings.second_reading.record import (
    DAY,
    NEVER,
    TREATMENT,
    Known,
    client_part,
    days,
    notice_until,
    same_session,
)

REVIEW, SOON = timedelta(days=30), timedelta(days=7)
WORSE = ("overdue", "due_today", "due_soon", "violation", "unknown", "info", "not_met", "breached", "met")

Outcome = tuple[str, date | None]
"""A verdict and its day."""


class Said(NamedTuple):
    """What a rule says; `doubt` holds what it would say with the doubtful documents in, and with them out."""

    verdict: str
    due_on: date | None = None
    cause: str = ""
    doubt: tuple[Outcome, Outcome] | None = None


QUIET = Said("not_applicable")
Asked = tuple[str, int, Any, str, date, date]
"""A document's name and version, its stay, a signer, until when they are asked, and from when they have signed."""
Points = dict[tuple[str, int, str], Said]
"""What a rule says of each subject, the version of its document, if any, and the cause."""


def told(inside: Said, outside: Said) -> Said:
    """One answer from two readings: the same verdict is said with the later day, else nobody can tell."""
    if inside.verdict == outside.verdict:
        return max((inside, outside), key=lambda said: said.due_on or date.min)
    worse = min((inside, outside), key=lambda said: WORSE.index(said.verdict) if said.verdict in WORSE else len(WORSE))
    return Said("unknown", worse.due_on, worse.cause, (inside[:2], outside[:2]))


class Chart:
    """One of the two readings of what is known: with all that is doubtful in it, or with all of it left out."""

    def __init__(self, known: Known, doubts: bool) -> None:
        self.known, self.enough = known, 1 if doubts else 2
        self.doubts = doubts
        self.attended: dict[tuple[date, date], list[date]] = {}

    def on(self, day: date) -> Chart:
        return chart_of(self.known.on(day), self.doubts)

    def since(self, days: Iterable[tuple[int, date]]) -> date:
        """The first of some days that is sure enough."""
        return min((day for sure, day in days if sure >= self.enough), default=NEVER)

    def guided(self, paper: Any) -> date:
        return self.since((one.guides, one.since) for one in paper.signed)

    @cached_property
    def plans(self) -> list[tuple[date, Any]]:
        """Each plan version with the day from which it counts."""
        return [(self.guided(plan), plan) for plan in self.known.plans]

    @cached_property
    def reviews(self) -> list[tuple[date, Any]]:
        """Each review with the day from which it counts."""
        return [(self.counts(one), one) for one in self.known.reviews]

    def counts(self, review: Any) -> date:
        if self.superseded(review):
            return NEVER
        return max(self.guided(review), self.since(client_part(review)), self.plan_counts(review))

    def plan_counts(self, review: Any) -> date:
        return min((since for since, plan in self.plans if plan.plan_version == review.plan_version), default=NEVER)

    def superseded(self, review: Any) -> bool:
        return any(since < review.day for since, plan in self.plans if plan.plan_version > review.plan_version)

    def sessions(self, stay: Any) -> list[date]:
        """As `attended_in` says, which is asked again and again."""
        if (stay.first, stay.last) not in self.attended:
            self.attended[stay.first, stay.last] = self.attended_in(stay)
        return self.attended[stay.first, stay.last]

    def attended_in(self, stay: Any) -> list[date]:
        """Days of the sessions of treatment in a stay; of those that are one session, or overlap, one."""
        found: list[list[Any]] = []
        for one in self.known.of("session_attended"):
            counts = one.service in TREATMENT and (self.doubts or not self.known.away(one.day))
            if counts and stay.first <= one.day <= stay.last:
                same = next((part for part in found if any(same_session(one, other) for other in part)), None)
                found += [[one]] if same is None else []
                (same or []).append(one)
        return [part[0].day for part in found]

    # --- the review clock -------------------------------------------------------------------------------------------

    def anchor(self, day: date) -> date:
        """Before any review: the first plan that counts or the second session, else the admission."""
        stay = self.known.stays[0]
        firsts = [since for since, _ in self.plans] + self.sessions(stay)[1:2]
        known = [one for one in firsts if one <= min(day, stay.first + REVIEW)]
        base: date = max(stay.first, min(known, default=stay.first))
        return base

    def back(self, due: date) -> date:
        """What falls due while the client is away, or on the last day before, is due on return."""
        for left, stay in pairwise([Record(last=date.min), *self.known.stays]):
            due = stay.first if left.last <= due < stay.first else due
        return due

    def counting(self, day: date) -> list[tuple[date, Any]]:
        """Reviews that count by a day, in that order; none from before the client came to the level."""
        first = self.known.stays[0].first if self.known.stays else NEVER
        counting = [(since, one) for since, one in self.reviews if since <= day and one.day >= first]
        return sorted(counting, key=lambda pair: (pair[0], pair[1].day))

    def due_on(self, day: date) -> date:
        """When the next review is due, as seen on a day."""
        return self.due_after([one for _, one in self.counting(day)], day)

    def due_after(self, counting: Sequence[Any], day: date) -> date:
        """When the next review is due after some of those that count."""
        if not counting:
            return self.back(self.anchor(day) + REVIEW)
        base = max(one.day for one in counting)
        named = [one.next_review_by for one in counting if one.day == base and one.next_review_by]
        return self.back(min([base + REVIEW, *named]))

    def overdue_from(self, first: date) -> date:
        """The first day from some day on, also of those to come, on which a review is overdue as it is seen then."""
        whole = self.known.whole
        if (self.doubts, first) not in whole.late_from:
            ahead = days(first, max(first, whole.days[-1]) + 2 * REVIEW)  # of one review there is a due day by then
            late = (on for on in ahead if on > chart_of(whole.on(on), self.doubts).due_on(on))
            whole.late_from[self.doubts, first] = next(late, NEVER)
        return whole.late_from[self.doubts, first]

    def missed(self, stay: Any, day: date) -> date | None:
        """The due day after which a review first counted; None if all that was due in the stay was kept."""
        late: date | None = None
        for on in sorted({since for since, _ in self.counting(day) if since >= stay.first}):
            then = self.on(on)
            counting = [one for since, one in then.counting(on) if since < on]
            for one in [one for since, one in then.counting(on) if since == on]:
                due, counting = then.due_after(counting, on), [*counting, one]
                if due < on and due < then.due_after(counting, on):
                    late = due
        return late

    def r1(self, stay: Any, day: date) -> Said:
        due = self.due_on(day)
        if day >= due - SOON:
            return Said("due_soon" if day < due else "due_today" if day == due else "overdue", due)
        late = self.missed(stay, day)
        return Said("breached", late) if late else Said("met", due)

    # --- the plan by the second session -----------------------------------------------------------------------------

    def p1(self, stay: Any, day: date) -> Said:
        back = stay is not self.known.stays[0]
        there = [since for since, _ in self.plans if not back or since >= stay.first]
        there += [since for since, one in self.reviews if back and one.updated and one.day >= stay.first]
        since, sessions = min(there, default=NEVER), self.sessions(stay)
        if not sessions:
            return QUIET
        if len(sessions) == 1:
            return Said("met") if since <= day else Said("due_soon")
        second = sessions[1]
        if since <= day:
            return Said("met") if since <= second else Said("breached", second)
        return Said("due_today" if day == second else "overdue", second)

    # --- signatures -------------------------------------------------------------------------------------------------

    def p3(self, day: date) -> Points:
        """Who is missing on a document: owed while it is the newest and they are here, history from then on."""
        said: Points = {}
        for name, version, stay, who, end, signed in self.asked:
            if day < end and signed > day:
                verdict = "unknown" if who == "team" else "violation"  # nobody on the roster: nobody knows who it is
                said[f"{name}: {who}", version, ""] = Said(verdict)
            elif end <= day <= stay.last and who != "team" and signed > end:
                said[f"{name}: {who}", version, ""] = Said("breached")
        return said

    @cached_property
    def asked(self) -> list[Asked]:
        """Each signer of each document."""
        found = list[Asked]()
        for _, plan in self.plans:
            ends = [since for since, other in self.plans if other.plan_version > plan.plan_version]
            found += self.signers(f"plan {plan.plan_version}", plan, [plan], ends)
        for _, one in self.reviews:
            if one.updated:
                later = [(since, other) for since, other in self.reviews if other.day > one.day]
                until = min((other.day for _, other in later), default=NEVER)
                new = [plan for _, plan in self.plans if plan.plan_version > one.plan_version]
                came = [plan for plan in new if one.day <= plan.day < until][:1]
                # once, of the plan that came of it: its team is the one to ask
                others = {who for plan in came for who in (*plan.required, "team")}
                ends = [since for since, _ in later]
                found += self.signers(f"review of {one.day}", one, [one, *came], ends, others)
        return found

    def signers(
        self, name: str, paper: Any, papers: Sequence[Any], ends: list[date], others: Iterable[str] = ()
    ) -> Iterable[Asked]:
        stay = self.known.stay_on(paper.day)
        for who in paper.required.difference(others) if stay else ():
            end = max(paper.day, min([*ends, *self.known.left(who, paper.day)], default=NEVER))
            signed = min(self.since(each.signed_by(who)) for each in papers)
            yield name, paper.version, stay, who, end, signed

    # --- reviews one by one -----------------------------------------------------------------------------------------

    def r2(self, day: date) -> Points:
        said: Points = {}
        for _, one in self.reviews:
            if stay := self.known.stay_on(one.day):
                done = "violation" if day < notice_until(one) else "breached"
                # on its last day a stay is not overdue, but not met; one that begins on that day and goes on may be
                newest = self.known.stay_on(stay.last) or stay
                last = stay.last - DAY if newest.last == stay.last else stay.last
                for cause, verdict in self.faults(one, min(day, last), day):
                    if day <= stay.last or (not verdict and done == "violation"):
                        said[f"review of {one.day}", one.version, cause] = Said(verdict or done, cause=cause)
        return said

    def faults(self, review: Any, last: date, day: date) -> Iterable[tuple[str, str]]:
        """Each cause with its verdict; empty for one that is past cure."""
        part = [sure for sure, since in client_part(review) if since <= day]
        if max(part, default=0) < 2:
            yield "participation", "unknown" if part else ""
        if review.supports is None:
            yield "supports", "unknown"
        if not review.updated and not review.no_change_reason:
            yield "no_update", "unknown" if review.updated is None else ""
        superseded = self.superseded(review)
        uncounted, unguided = not superseded and self.plan_counts(review) > day, self.guided(review) > day
        late = (uncounted or unguided) and self.overdue_from(review.day) <= last
        if superseded:
            yield "plan_version", ""
        elif uncounted:
            yield "plan_version", "violation" if late else "unknown"
        if unguided:
            yield "not_under_clinical_guidance", "violation" if late else "unknown"

    # --- the gaps between them --------------------------------------------------------------------------------------

    def r3(self, day: date) -> Points:
        said: Points = {}
        for one, two in self.gaps(day) if self.known.stays else ():
            stay = self.known.stay_on(two)
            if stay and day <= stay.last and two > self.back(one + REVIEW):
                said[f"{one} to {two}", 0, ""] = Said("breached")
        return said

    def gaps(self, day: date) -> Iterable[tuple[date, date]]:
        """From where the clock ran when a review first counted to that review, or to one that fell between later."""
        counting = [(since, one.day) for since, one in self.counting(day)]
        for number, (since, two) in enumerate(counting):
            before = [held for _, held in counting[:number]]
            if two not in before:
                start = max((held for held in before if held < two), default=None) or self.begun(since - DAY)
                yield max([start, *(held for _, held in counting if start < held < two)]), two
        if any(stay.last == day for stay in self.known.stays):
            yield max((held for _, held in counting), default=None) or self.anchor(day), day

    def begun(self, day: date) -> date:
        """From where the clock ran on a day before any review counted."""
        day = max(day, self.known.stays[0].first)
        return self.on(day).anchor(day)


def chart_of(known: Known, doubts: bool) -> Chart:
    """One of the two readings of what is known; where nothing is in doubt they are one."""
    doubts = doubts and known.doubtful
    found: Chart = known.charts.get(doubts) or known.charts.setdefault(doubts, Chart(known, doubts))
    return found


# --- a day, told ----------------------------------------------------------------------------------------------------


def deadline(known: Known, day: date, rule: Callable[[Chart, Any, date], Said]) -> Points:
    """What a deadline says on a day, and what it said of each stay that ended with it overdue."""

    def on_last_day(number: int, stay: Any) -> Said:
        then = known.on(stay.last)
        inside, outside = (rule(chart_of(then, doubts), then.stays[number], stay.last) for doubts in (True, False))
        both = inside.verdict == outside.verdict == "overdue"
        return Said("not_met", told(inside, outside).due_on) if both else QUIET

    def today(chart: Chart, stay: Any) -> Said:
        said = rule(chart, stay, day)
        if day < stay.last:
            return said
        if said.verdict == "overdue":
            return said._replace(verdict="not_met")
        late = chart.missed(stay, day) if rule is Chart.r1 else said.verdict == "breached" and said.due_on
        return Said("breached", late) if late else QUIET  # what would be due next is not asked for any more

    ended = [(number, stay) for number, stay in enumerate(known.stays) if stay.last <= day]
    said = {(f"stay ended {stay.last}", number, ""): on_last_day(number, stay) for number, stay in ended}
    stay = known.stay_on(day)
    both = (today(chart_of(known, True), stay), today(chart_of(known, False), stay)) if stay else (QUIET, QUIET)
    # where only a doubt is between not met and not applicable, it is not applicable
    ends = {one.verdict for one in both} <= {"not_met", QUIET.verdict}
    return said | {("", 0, ""): QUIET if ends else told(*both)}


def points(known: Known, day: date, rule: Callable[[Chart, date], Points]) -> Points:
    """What a rule says of each of its subjects, of both readings as one."""
    inside = outside = rule(chart_of(known, False), day)
    if known.doubtful:
        inside = rule(chart_of(known, True), day)
    return {key: told(inside.get(key, QUIET), outside.get(key, QUIET)) for key in inside | outside}


VERDICTS: dict[str, Callable[[Known, date], Points]] = {
    "P1": lambda known, day: deadline(known, day, Chart.p1),
    "R1": lambda known, day: deadline(known, day, Chart.r1),
    "P3": lambda known, day: points(known, day, Chart.p3),
    "R2": lambda known, day: points(known, day, Chart.r2),
    "R3": lambda known, day: points(known, day, Chart.r3),
}
"""What each of the rules says on a day, of what is known at its end."""
