"""Continued stay (C1): the findings that mirror eligibility day by day; and no fixed length of stay (C2)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from caretrail.days import iso
from caretrail.findings.case import Case
from caretrail.findings.finding import Eligibility, Ruling, Verdict
from caretrail.findings.rules.registry import judges
from caretrail.findings.track import RuleFindings
from caretrail.policy.rules.stay import LengthOfStay

VERDICTS: dict[str, Verdict] = {
    "eligible": "met",
    "not_eligible": "violation",
    "unknown": "unknown",
    "not_applicable": "not_applicable",
}


def continued_stay(answers: Iterable[tuple[Eligibility, date]]) -> RuleFindings:
    """C1: eligible is met, not eligible a violation, unknown unknown."""
    findings = RuleFindings()
    for answer, anchor in answers:
        through = answer.holds_through
        verdict = VERDICTS[answer.verdict]
        words = "; ".join(answer.reasons)
        if verdict == "met" and through is not None:
            words = f"eligible through {iso(through)} by {answer.basis}"
        arithmetic = f"{answer.basis} holds through {iso(through)}" if through else ""
        cause = "" if verdict in ("met", "not_applicable") else f"continued_stay_{answer.verdict}"
        findings.main.set(
            answer.start, Ruling(verdict, words, arithmetic, answer.evidence, through, cause, None, anchor)
        )
    return findings


@judges(LengthOfStay)
def length_of_stay(case: Case, rule: LengthOfStay) -> RuleFindings:
    """C2: no length of stay is flagged; what is typical is told, never judged by."""
    findings = RuleFindings()
    typical = f"; {rule.typical_weeks[0]} to {rule.typical_weeks[1]} weeks are typical" if rule.typical_weeks else ""
    for stay in case.chart.stays:
        words = f"no fixed length of stay{typical}"
        findings.main.set(stay.first, Ruling("met", words, f"first day {iso(stay.first)}", (stay.opened_by,)))
        findings.end_stay(stay)
    return findings
