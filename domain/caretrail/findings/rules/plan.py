"""Plan rules: a plan by the second session (P1), with its sections (P2), discharge among them from the start (D2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from caretrail.days import ONE_DAY, iso, later
from caretrail.events import PlanSigned
from caretrail.findings.case import Case, judges
from caretrail.findings.chart.chart import Chart, PolicyStay, Session, within
from caretrail.findings.chart.documents import PlanVersion, Review
from caretrail.findings.chart.terms import counted_days, ends_on, in_words, last_of, ordinal
from caretrail.findings.finding import Ruling, unknown, violation
from caretrail.findings.intervals import Change, RuleFindings
from caretrail.findings.logic import Truth
from caretrail.policy.rules.plan import PlanDue, PlanSections
from caretrail.text import plural
from caretrail.tokens import PlanScope


class Served(NamedTuple):
    """The day from which a plan serves a stay, its evidence, and the plan.

    `made_on` is the day it was signed, or of the review that updated it; `document_on` is that of the plan or review.
    """

    day: date
    made_on: date
    document_on: date
    words: str
    evidence: tuple[int, ...]
    plan: PlanVersion


@judges(PlanDue)
def plan_due(case: Case, rule: PlanDue, findings: RuleFindings) -> None:
    """P1: a plan signed under clinical guidance, within the term from the first day of the stay.

    In Nebraska: no later than the day of the second session. Sessions count from the first day of the stay. After a
    stay elsewhere a plan serves once it was signed, or updated by a review, since the return (field `on_return`).
    Before the first session no plan is due; nor is one if the stay ended before the term did. A plan that came late
    is breached through the stay. The arithmetic shows the other reading of a session, too: individual sessions only.
    Where the rule is about a comprehensive plan, one that does not state its scope leaves open whether it is there.
    """
    in_effect = rule.there_when == "in_effect"
    plans = [_plan_served(plan, in_effect=in_effect) for plan in case.chart.plans if plan.clinician is not None]
    updates = [
        _update_served(item, item.plan, in_effect=in_effect)
        for item in case.chart.reviews
        if item.event.updated and item.counts_from and item.plan
    ]
    for stay in case.chart.stays:
        # documents after the stay come too late for it; after a return those before it no longer serve
        renewed = rule.on_return != "earlier_plan_stands" and stay.before is not None
        found = [*plans, *updates] if renewed else plans
        first = stay.first if renewed else date.min
        made = [
            item for item in found if first <= item.made_on and (stay.last is None or item.document_on <= stay.last)
        ]
        serving = [item for item in made if of_scope(item.plan, rule.scope)]
        not_stated = [item for item in made if of_scope(item.plan, rule.scope) is None]
        served, unsaid = (min(items, default=None, key=lambda item: item.day) for items in (serving, not_stated))
        _judge_plan(findings, stay, _Owed(case, rule, stay), served, unsaid)
        findings.end_stay(stay)


def of_scope(plan: PlanVersion, scope: PlanScope | None) -> Truth:
    """Whether a plan is of a scope; without one any plan is, and of a plan that does not say it cannot be told."""
    if scope is None:
        return True
    return None if plan.event.scope is None else plan.event.scope == scope


def _plan_served(plan: PlanVersion, *, in_effect: bool) -> Served:
    signed_on = plan.clinician.day if plan.clinician else plan.day
    effective = plan.event.effective_on
    words = f"plan {plan.event.plan_version} signed {iso(signed_on)}"
    if in_effect:
        words = f"plan {plan.event.plan_version} in effect {iso(effective)}, signed {iso(signed_on)}"
    day = max(effective, signed_on) if in_effect else signed_on
    return Served(day, signed_on, plan.day, words, plan.evidence_on(signed_on), plan)


def _update_served(review: Review, plan: PlanVersion, *, in_effect: bool) -> Served:
    words = f"plan {review.event.plan_version} updated by the review of {iso(review.day)}"
    counts_from = review.counts_from or review.day
    day = max(counts_from, plan.event.effective_on) if in_effect else counts_from
    return Served(day, review.day, review.day, words, review.evidence_on(counts_from), plan)


class _Owed:
    """The due day of a stay's plan, as known on each of its days."""

    def __init__(self, case: Case, rule: PlanDue, stay: PolicyStay) -> None:
        term, chart = rule.within, case.chart
        self.term, self.trigger = term, rule.trigger
        self.base = base = _base(chart, rule, stay)
        cap = term if term.civil else rule.cap or rule.or_later
        self.cap = ends_on(cap, base, case.pack.closed_days) if cap and base else None
        self.cap_soon = cap.soon if cap else 0
        self.or_later = rule.or_later is not None
        sessions = within(chart.visits, stay) if term.unit == "visit" else chart.attended_in(stay)
        individual = chart.attended_in(stay, "individual")
        if base is None:
            sessions = individual = []
        elif rule.first_day != "counts" or base > stay.first:
            since = base if rule.first_day == "counts" else later(base, 1)
            sessions = [session for session in sessions if session.day >= since]
            individual = [session for session in individual if session.day >= since]
        if rule.sessions == "individual_only":
            sessions = individual
        elif rule.sessions == "count_assessment":
            sessions = sorted([*_interviews(chart, stay), *sessions], key=lambda item: (item.day, item.version))
        self.individual = individual[:2]
        self.reached = [] if term.civil else counted_days(term, sessions)
        self.sessions = sessions[: term.count]
        if term.unit not in ("session", "visit"):
            self.sessions = [item for item in sessions if self.reached and item.day <= self.reached[-1]]

    def days(self, stay: PolicyStay) -> set[date]:
        """The days of the stay on which the ruling may change."""
        days = {stay.first, *self.reached, *(session.day for session in self.individual)}
        days.update(session.day for session in self.sessions[:1])
        if self.base is not None:
            days.add(self.base)
        if self.cap is not None:
            days.update((self.cap - timedelta(days=self.cap_soon), self.cap, self.cap + ONE_DAY))
        due = self.due(date.max)
        if due is not None:
            days.add(due + ONE_DAY)
        return {day for day in days if day >= stay.first}

    def begun(self, day: date) -> bool:
        """Whether the term runs: one counted in sessions does from the first of them on."""
        if self.base is None or day < self.base:
            return False
        return self.term.civil or self.cap is not None or any(session.day <= day for session in self.sessions[:1])

    def due(self, day: date) -> date | None:
        """The due day, as known on a day."""
        if self.base is None or day < self.base:
            return None
        reached = self.reached[self.term.count - 1] if len(self.reached) >= self.term.count else None
        if reached is not None and reached > day:
            reached = None
        if self.or_later:
            return max(reached, self.cap) if reached and self.cap else None
        return min((due for due in (reached, self.cap) if due is not None), default=None)

    def ruling(self, day: date) -> Ruling:
        """The ruling on a day without a plan."""
        held = [session for session in self.sessions if session.day <= day]
        evidence = tuple(session.version for session in held)
        counts = self.counts(day)
        due = self.due(day)
        count = sum(1 for reached in self.reached if reached <= day)
        if due is not None and day > due:
            words = f"plan overdue since {self.named(due, of=True)}"
            return Ruling("overdue", words, counts, evidence, due, "plan_overdue")
        if due is not None and day == due:
            words = f"plan due {iso(due)}{self.named(due)}"
            return Ruling("due_today", words, counts, evidence, due, "plan_due")
        if due is not None and self.cap_soon and day >= due - timedelta(days=self.cap_soon):
            return Ruling("due_soon", f"plan due {iso(due)}", counts, evidence, due, "plan_due")
        if not self.term.civil and self.term.soon and count >= self.term.count - self.term.soon:
            words = f"plan due by {last_of(self.term)}"
            if self.term.unit == "session" and held:
                words += f", {ordinal(len(held))} was {iso(held[-1].day)}"
            return Ruling("due_soon", words, counts, evidence, due, "plan_due")
        if due is not None:
            words = f"plan due {iso(due)} at the latest"
        elif self.trigger == "assessment" and (self.base is None or day < self.base):
            words = "no assessment yet"
        else:
            words = f"plan due by {last_of(self.term)}, {count} so far" if held else "no session yet"
        return Ruling("not_applicable", words, counts, evidence, due)

    def counts(self, day: date) -> str:
        """The count so far, with the other reading of a session."""
        if self.base is None or day < self.base:
            return ""
        since = FROM[self.trigger]
        if self.term.civil:
            return f"{in_words(self.term)} from {since} = {iso(self.cap)}" if self.cap else ""
        if self.term.unit == "session" and self.cap is None:
            held = [session for session in self.sessions if session.day <= day]
            return (
                f"{_sessions('session', held)}; individual sessions only: {_sessions('session', self.individual, day)}"
            )
        count = sum(1 for reached in self.reached if reached <= day)
        limit = "no earlier" if self.or_later else "no later"
        latest = f", {limit} than {iso(self.cap)}" if self.cap else ""
        return f"{in_words(self.term)} from {since}, {count} so far{latest}"

    def named(self, due: date, *, of: bool = False) -> str:
        """The due day in words: `the second session of 2026-01-07`, or the plain day."""
        if due in self.reached[-1:] and len(self.reached) >= self.term.count:
            return f"{last_of(self.term)} of {iso(due)}" if of else f", the day of {last_of(self.term)}"
        return iso(due) if of else ""


FROM = {"admission": "the first day", "first_session": "the first session", "assessment": "the assessment"}
"""The day from which a term counts, in words, by the trigger of the rule."""


def _base(chart: Chart, rule: PlanDue, stay: PolicyStay) -> date | None:
    """The day from which the term counts: never before the stay; None while there is no such day."""
    if rule.trigger == "admission":
        return stay.first
    if rule.trigger == "first_session":
        sessions = chart.attended_in(stay)
        return sessions[0].day if sessions else None
    made = (item.day for item in chart.assessments if item.event.kind != "addendum")
    first = min(made, default=None)
    return max(first, stay.first) if first is not None and (stay.last is None or first <= stay.last) else None


def _interviews(chart: Chart, stay: PolicyStay) -> list[Session]:
    """The assessment as a session, for the reading that counts it; one before the first day counts on that day."""
    last = stay.last or date.max
    return [
        Session(max(item.day, stay.first), None, "assessment", 0, None, item.version, True)
        for item in chart.assessments
        if item.event.kind != "prior_accepted" and item.day <= last
    ]


def _judge_plan(
    findings: RuleFindings, stay: PolicyStay, owed: _Owed, served: Served | None, unsaid: Served | None
) -> None:
    """Write the days of a stay; from `unsaid` on it cannot be told whether the plan there is the one owed."""
    days = owed.days(stay)
    days |= {max(item.day, stay.first) for item in (served, unsaid) if item is not None}
    breached: Ruling | None = None
    for day in sorted(days):
        if stay.last is not None and day > stay.last:
            break
        if served is None or day < served.day:
            cannot_tell = unsaid is not None and unsaid.day <= day
            findings.main.set(day, _scope_unsaid(owed, unsaid, day) if unsaid and cannot_tell else owed.ruling(day))
            continue
        if not owed.begun(day):
            waiting = owed.ruling(day)
            findings.main.set(day, waiting._replace(message=f"{waiting.message}; {served.words}"))
            continue
        ruling = _there(owed, served, day)
        breached = ruling if ruling.verdict == "breached" else None
        findings.main.set(day, ruling)
        break
    at_end = findings.main.on(stay.last) if stay.last is not None else None
    if stay.last is None or at_end is None or breached is not None:
        return
    if at_end.verdict == "overdue":
        findings.not_met(stay, at_end)
    elif at_end.verdict != "not_applicable":
        words = f"stay ended {iso(stay.last)}, before a plan was overdue"
        if at_end.verdict in ("met", "unknown"):
            words = f"stay ended {iso(stay.last)}: {at_end.message}"
        findings.main.set(stay.last, Ruling("not_applicable", words, at_end.arithmetic, at_end.evidence))


def _scope_unsaid(owed: _Owed, unsaid: Served, day: date) -> Ruling:
    """The ruling while a plan is there that does not state its scope."""
    words = f"{unsaid.words}: whether it is comprehensive is not stated"
    ruling = unknown(words, "plan_scope_missing", unsaid.evidence)
    return ruling._replace(arithmetic=owed.counts(day), due_on=owed.due(day))


def _there(owed: _Owed, served: Served, day: date) -> Ruling:
    """The ruling from the day on which a plan is there: met, or breached by the days it was late."""
    evidence = (*(session.version for session in owed.sessions if session.day <= day), *served.evidence)
    arithmetic = f"{owed.counts(day)}; {served.words}"
    due = owed.due(day)
    if due is None or served.day <= due:
        return Ruling("met", served.words, arithmetic, evidence)
    late = plural((served.day - due).days, "day")
    words = f"{served.words}, {late} late: it was due {iso(due)}"
    return Ruling("breached", words, arithmetic, evidence, due, "plan_late")


def _sessions(name: str, sessions: Sequence[Session], day: date | None = None) -> str:
    days = [iso(session.day) for session in sessions if day is None or session.day <= day]
    if not days:
        return f"no {name} yet"
    return f"first {name} {days[0]}" + (f", second {days[1]}" if len(days) > 1 else "")


@judges(PlanSections)
def plan_sections(case: Case, rule: PlanSections, findings: RuleFindings) -> None:
    """P2, D2: the latest plan (or the first) covers its sections: in Nebraska discharge, relapse prevention, supports.

    Without a plan the rule does not apply: P1 covers that. What a first plan lacks, a later one cannot cure: it is told
    for a time, then breached. Where another rule asks the latest plan for the same, the first plan is information: one
    gap is not told twice.
    """
    chart = case.chart
    first_only = rule.of == "first_plan"
    asked_by = _asked_by(case, rule) if first_only else None
    changes: list[Change] = [(date.min, Ruling("not_applicable", "no plan yet"))]
    plans = [plan for plan in chart.plans if rule.scope is None or plan.event.scope in (rule.scope, None)]
    for plan in plans[: 1 if first_only else None]:
        name = f"plan {plan.event.plan_version}"
        parts: dict[str, Truth] = {part: _section(plan.event, part) for part in rule.sections}
        parts |= {part: True for part in rule.if_applicable if parts[part] is False}  # the plan says it does not apply
        ruling = _sections_ruling(name, plan, parts)
        if asked_by is not None and ruling.verdict != "met":
            ruling = ruling._replace(verdict="info", message=f"{ruling.message}: see {asked_by}")
        changes.append((plan.day, ruling))
        if first_only and ruling.verdict == "violation":
            told_until = case.notice_until(plan.day, plan.version)
            changes.append((told_until, ruling._replace(verdict="breached")))
    findings.write_over(chart.stays, changes)


def _asked_by(case: Case, rule: PlanSections) -> str | None:
    """The rule that asks the latest plan for everything that this one asks the first plan for."""
    others = [other for other in case.pack.rules_of(PlanSections) if other.of == "latest_plan"]
    return next((other.id for other in others if {*rule.sections} <= {*other.sections}), None)


def _sections_ruling(name: str, plan: PlanVersion, parts: Mapping[str, Truth]) -> Ruling:
    lacking = ", ".join(part for part, stated in parts.items() if stated is False)
    not_stated = ", ".join(part for part, stated in parts.items() if stated is None)
    evidence = (plan.version,)
    if lacking:
        return violation(f"{name} lacks {lacking}", "plan_incomplete", evidence, anchor=plan.day)
    if not_stated:
        return unknown(f"{name}: {not_stated} not stated", "plan_incomplete", evidence, plan.day)
    has = "all sections" if len(parts) > 1 else f"the section {', '.join(parts)}"
    return Ruling("met", f"{name} has {has}", "", evidence, anchor=plan.day)


def _section(event: PlanSigned, name: str) -> Truth:
    """Whether a plan has a section; its goals say so themselves, and so does `review_unit`, if stated."""
    if name == "review_unit":
        return event.review_unit is not None
    stated: Truth = getattr(event.sections, name)
    if stated is None and event.goals is not None and name in ("goals", "target_dates"):
        dated = all(goal.target_on is not None for goal in event.goals)
        return bool(event.goals) and (dated or name == "goals")
    return stated
