"""Rules of a stay: continued stay (C1), no fixed length (C2)."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from caretrail.days import iso, later
from caretrail.findings.case import Case, judges, judges_each_stay
from caretrail.findings.chart.chart import PolicyStay
from caretrail.findings.eligibility import Said, said_in
from caretrail.findings.finding import Ruling, Verdict
from caretrail.findings.grounds import Span
from caretrail.findings.intervals import RuleFindings
from caretrail.policy.rules.stay import ContinuedStay, LengthOfStay
from caretrail.text import plural


class _Late(NamedTuple):
    """A due day that passed before a later determination counted; `leaving`: it was the day to leave."""

    due: date
    counted: date
    leaving: bool
    evidence: tuple[int, ...]


@judges(ContinuedStay)
def continued_stay(case: Case, rule: ContinuedStay, findings: RuleFindings) -> None:
    """C1: continued stay is supported, and determined again before its ground runs out.

    Due by the end of the term, or the day to leave, if that is earlier: announced before, overdue after it. Treatment
    of a client who is not eligible is a violation while the stay is open. A determination that came late stays on
    record through the last day of the stay, below what is due next. On that day the duty ends.
    """
    for stay in case.chart.stays:
        late: _Late | None = None
        before: Span | None = None
        for said in said_in(case, stay):
            if before is not None:
                late = _late(before, said.span) or late
            before = said.span
            if said.answer.start == stay.last:
                _end_of_stay(rule, findings, stay, said, late)
            else:
                findings.main.set(said.answer.start, _entered(_stay_ruling(rule, said, late), said.span))
        findings.end_stay(stay)


def _late(before: Span, span: Span) -> _Late | None:
    """What came late, if the due day of the span before passed and another is due now."""
    if before.due is None or before.due >= span.first or (before.ground, before.due) == (span.ground, span.due):
        return None
    evidence = tuple(sorted({*before.ground.evidence, *span.ground.evidence, *span.holding.evidence}))
    return _Late(before.due, span.first, before.due == before.ground.leave_by, evidence)


def _stay_ruling(rule: ContinuedStay, said: Said, late: _Late | None) -> Ruling:
    """The ruling from a day on, before the last of the stay."""
    answer, span = said
    day, due = answer.start, span.due
    words = "; ".join(answer.reasons)

    def ruling(verdict: Verdict, message: str, cause: str = "") -> Ruling:
        arithmetic = span.holding.arithmetic
        if span.ground.leave_by is not None:
            arithmetic += f"; to leave by {iso(span.ground.leave_by)}"
        return Ruling(verdict, message, arithmetic, answer.evidence, due, cause, None, span.ground.base)

    if answer.verdict == "not_eligible":
        left = span.ground.leave_by is not None and day > span.ground.leave_by
        return ruling("violation", words, "leave_by_passed" if left else "not_eligible")
    if due is not None and day > due:
        return ruling("overdue", f"continued-stay determination overdue, due {iso(due)}", "determination_overdue")
    if answer.verdict == "unknown":
        return ruling("unknown", words, "continued_stay_unknown")
    if due is not None and due <= later(day, rule.soon_days):
        words = f"continued-stay determination due {iso(due)}"
        if due == span.ground.leave_by:
            words = f"to leave by {iso(due)}, by {span.ground.name}"
        return ruling("due_today" if day == due else "due_soon", words, "determination_due")
    if late is not None:
        return _breached(rule, ruling("breached", ""), late)
    through = answer.holds_through
    return ruling("met", f"eligible by {span.ground.name}" + (f" through {iso(through)}" if through else ""))


def _entered(ruling: Ruling, span: Span) -> Ruling:
    """The ruling with the words that its determination was entered after it was due, if it was."""
    if not span.entered or span.entered in ruling.message:
        return ruling
    return ruling._replace(message=f"{ruling.message}; {span.entered}")


def _breached(rule: ContinuedStay, ruling: Ruling, late: _Late) -> Ruling:
    """The ruling of a day on which nothing is due, but something came late; what no text asks is told apart."""
    days = plural((late.counted - late.due).days, "day")
    counted = f"counted {iso(late.counted)}, {days} late"
    if late.leaving:
        words = f"to leave by {iso(late.due)}, and a determination to stay {counted}"
    else:
        words = f"determination due {iso(late.due)} {counted}" + ("; the term is ours" if rule.term_ours else "")
    cause = "own_term_missed" if rule.term_ours else "determination_late"
    evidence = tuple(sorted({*ruling.evidence, *late.evidence}))
    return ruling._replace(verdict="breached", message=words, cause=cause, due_on=late.due, evidence=evidence)


def _end_of_stay(rule: ContinuedStay, findings: RuleFindings, stay: PolicyStay, said: Said, late: _Late | None) -> None:
    """From the last day on what was overdue is not met; what came late stays breached on it; nothing else is asked."""
    answer, span = said
    ruling = _stay_ruling(rule, said, late)
    last = iso(answer.start)
    if span.due is not None and answer.start > span.due:
        words = f"continued stay due {iso(span.due)} was not determined again when the stay ended {last}"
        if span.due == span.ground.leave_by:
            words = f"to leave by {iso(span.due)}, and the stay ended {last}"
        findings.not_met(stay, _entered(ruling._replace(message=words, cause="determination_overdue"), span))
    elif late is not None:
        findings.main.set(answer.start, _entered(_breached(rule, ruling, late), span))
    else:
        words = f"stay ended {last}, no determination overdue"
        findings.main.set(answer.start, ruling._replace(verdict="not_applicable", message=words, cause="", due_on=None))


@judges_each_stay(LengthOfStay)
def length_of_stay(_: Case, rule: LengthOfStay, findings: RuleFindings, stay: PolicyStay) -> None:
    """C2: no length of stay is a problem; the typical one is shown, never judged by."""
    typical = f"; {rule.typical_weeks[0]} to {rule.typical_weeks[1]} weeks are typical" if rule.typical_weeks else ""
    words = f"no fixed length of stay{typical}"
    findings.main.set(stay.first, Ruling("met", words, f"first day {iso(stay.first)}", (stay.opened_by,)))
