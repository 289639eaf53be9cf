"""Continued stay (C1): the findings that mirror eligibility day by day; and no fixed length of stay (C2)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from caretrail.days import iso
from caretrail.findings.case import Case
from caretrail.findings.finding import Eligibility, Ruling, Verdict
from caretrail.findings.rules.registry import judges
from caretrail.findings.track import Sheet
from caretrail.policy.rules.stay import LengthOfStay

VERDICTS: dict[str, Verdict] = {
    "eligible": "met",
    "not_eligible": "violation",
    "unknown": "unknown",
    "not_applicable": "not_applicable",
}


def continued_stay(answers: Iterable[tuple[Eligibility, date]]) -> Sheet:
    """C1: eligible is met, not eligible a violation, unknown unknown."""
    sheet = Sheet()
    for answer, anchor in answers:
        through = answer.holds_through
        verdict = VERDICTS[answer.verdict]
        words = "; ".join(answer.reasons)
        if verdict == "met" and through is not None:
            words = f"eligible through {iso(through)} by {answer.basis}"
        arithmetic = f"{answer.basis} holds through {iso(through)}" if through else ""
        cause = "" if verdict in ("met", "not_applicable") else f"continued_stay_{answer.verdict}"
        sheet.main.set(answer.start, Ruling(verdict, words, arithmetic, answer.evidence, through, cause, None, anchor))
    return sheet


@judges(LengthOfStay)
def length_of_stay(case: Case, rule: LengthOfStay) -> Sheet:
    """C2: no length of stay is flagged; what is typical is told, never judged by."""
    sheet = Sheet()
    typical = f"; {rule.typical_weeks[0]} to {rule.typical_weeks[1]} weeks are typical" if rule.typical_weeks else ""
    for stay in case.chart.stays:
        words = f"no fixed length of stay{typical}"
        sheet.main.set(stay.first, Ruling("met", words, f"first day {iso(stay.first)}", (stay.opened_by,)))
        sheet.leave(stay)
    return sheet
