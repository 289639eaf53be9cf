"""Plan rules: a plan by the second session (P1), with its sections (P2)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple, TypeVar

from caretrail.findings.case import Case
from caretrail.findings.chart import Document, Plan, Review, Session, Stay
from caretrail.findings.days import iso
from caretrail.findings.track import DAY, Change, Say, Sheet

AnyDocument = TypeVar("AnyDocument", bound=Document)


class There(NamedTuple):
    """From which day a plan serves a stay, and what that rests on."""

    day: date
    words: str
    evidence: tuple[int, ...]


def plan_by_second_session(case: Case) -> Sheet:
    """P1: a plan in effect and signed by a clinician of the team, no later than the day of the second session.

    Sessions count from the first day of the stay. After a stay elsewhere an earlier plan serves again once it was
    made or updated since (reading `return_to_level`). Before the first session nothing is owed; neither is it when
    the stay ended before the second. The arithmetic shows the other reading too: individual sessions only.
    """
    sheet, plans = Sheet(), _Plans(case)
    for stay in case.chart.stays:
        sessions = case.chart.attended_in(stay)
        individual = [session for session in sessions if session.service == "individual"]
        only = case.pack.reads("session_with_provider") == "individual_only"
        counted = individual[:2] if only else list(sessions[:2])
        _judge_plan(sheet, stay, counted, individual[:2], plans.there(stay))
        sheet.leave(stay)
    return sheet


class _Plans:
    """The documents that can make a plan serve a stay, looked up by stay."""

    def __init__(self, case: Case) -> None:
        self._renewing = case.pack.reads("return_to_level") != "earlier_plan_stands"
        self._plans = [plan for plan in case.chart.plans if plan.clinician is not None]
        self._updates = [
            item for item in case.chart.reviews if item.fact.updated and item.counts_from is not None and item.plan
        ]

    def there(self, stay: Stay) -> There | None:
        """The first plan that serves the stay: the earliest day on which one is both in effect and signed.

        Documents later than the stay come too late for it, and after a return those before the leave no longer serve.
        """
        renewed = stay.before is not None and self._renewing
        found = [_plan_there(plan) for plan in _made_for(self._plans, stay, renewed)]
        if renewed:
            found += [_updated_there(review) for review in _made_for(self._updates, stay, renewed)]
        return min(found, default=None, key=lambda item: item.day)


def _made_for(documents: Sequence[AnyDocument], stay: Stay, renewed: bool) -> Sequence[AnyDocument]:
    """Documents (in order of their days) of this stay, and of the time since the stay before it or all before."""
    low = 0
    if renewed and stay.before is not None:
        # one dated on the day on which one stay ends and the next begins serves the next
        low = bisect_left(documents, min(stay.before + DAY, stay.first), key=lambda document: document.day)
    high = len(documents)
    if stay.last is not None:
        high = bisect_right(documents, stay.last, key=lambda document: document.day)
    return documents[low:high]


def _plan_there(plan: Plan) -> There:
    signed_on = plan.clinician.day if plan.clinician else plan.day
    effective = plan.fact.effective_on
    words = f"plan {plan.fact.plan_version} in effect {iso(effective)}, signed {iso(signed_on)}"
    return There(max(effective, signed_on), words, plan.evidence)


def _updated_there(review: Review) -> There:
    effective = review.plan.fact.effective_on if review.plan else review.day
    words = f"plan {review.fact.plan_version} updated by the review of {iso(review.day)}"
    return There(max(review.counts_from or review.day, effective), words, review.evidence)


def _judge_plan(
    sheet: Sheet, stay: Stay, sessions: list[Session], individual: list[Session], there: There | None
) -> None:
    days = {stay.first, *(session.day for session in sessions), *(session.day for session in individual)}
    if there is not None:
        days.add(max(there.day, stay.first))
    for day in sorted(days):
        if stay.last is not None and day > stay.last:
            break
        held = [session for session in sessions if session.day <= day]
        counts = f"{_sessions('session', held)}; individual sessions only: {_sessions('session', individual, day)}"
        evidence = tuple(session.version for session in held)
        if there is not None and there.day <= day:
            sheet.main.set(day, Say("met", there.words, f"{counts}; {there.words}", (*evidence, *there.evidence)))
            return
        if not held:
            sheet.main.set(day, Say("not_applicable", "no session yet", counts))
        elif len(held) == 1:
            words = f"plan due by the second session, first was {iso(held[0].day)}"
            sheet.main.set(day, Say("due_soon", words, counts, evidence, None, "plan_due"))
        else:
            _owe(sheet, day, held[1].day, counts, evidence)
    if stay.last is not None:
        _end_unplanned(sheet, stay)


def _owe(sheet: Sheet, day: date, due: date, counts: str, evidence: tuple[int, ...]) -> None:
    """Write from `day` on that the plan is due or overdue since the day of the second session."""
    if day <= due:
        words = f"plan due {iso(due)}, the day of the second session"
        sheet.main.set(due, Say("due_today", words, counts, evidence, due, "plan_due"))
    words = f"plan overdue since the second session of {iso(due)}"
    sheet.main.set(max(day, due + DAY), Say("overdue", words, counts, evidence, due, "plan_overdue"))


def _end_unplanned(sheet: Sheet, stay: Stay) -> None:
    last = stay.last or stay.first
    standing = sheet.main.on(last)
    if standing is None:
        return
    if standing.verdict == "overdue":
        sheet.not_met(stay, standing)
    elif standing.verdict != "not_applicable":
        words = f"stay ended {iso(last)}, before a plan was overdue"
        sheet.main.set(last, Say("not_applicable", words, standing.arithmetic, standing.evidence))


def _sessions(name: str, sessions: list[Session], day: date | None = None) -> str:
    days = [iso(session.day) for session in sessions if day is None or session.day <= day]
    if not days:
        return f"no {name} yet"
    return f"first {name} {days[0]}" + (f", second {days[1]}" if len(days) > 1 else "")


def plan_sections(case: Case) -> Sheet:
    """P2: the latest plan covers discharge and relapse prevention and considers supports.

    Without a plan there is nothing to look at: P1 says so.
    """
    sheet = Sheet()
    changes: list[Change] = [(date.min, Say("not_applicable", "no plan yet"))]
    for plan in case.chart.plans:
        sections = plan.fact.sections
        parts = {
            "discharge": sections.discharge,
            "relapse_prevention": sections.relapse_prevention,
            "supports": sections.supports,
        }
        lacking = ", ".join(name for name, part in parts.items() if part is False)
        unknown = ", ".join(name for name, part in parts.items() if part is None)
        name, evidence = f"plan {plan.fact.plan_version}", (plan.version,)
        if lacking:
            say = Say("violation", f"{name} lacks {lacking}", "", evidence, None, "plan_incomplete")
        elif unknown:
            say = Say("unknown", f"{name}: {unknown} not stated", "", evidence, None, "plan_incomplete")
        else:
            say = Say("met", f"{name} has all sections", "", evidence)
        changes.append((plan.day, say))
    for stay in case.chart.stays:
        sheet.main.lay(changes, stay.first, stay.last)
        sheet.leave(stay)
    return sheet


__all__ = ["plan_by_second_session", "plan_sections"]
