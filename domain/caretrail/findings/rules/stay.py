"""Rules of a stay: continued stay (C1), no fixed length (C2)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from caretrail.days import iso
from caretrail.findings.case import Case, judges_each_stay
from caretrail.findings.chart.chart import PolicyStay
from caretrail.findings.finding import QUIET_VERDICTS, Eligibility, Ruling, Verdict
from caretrail.findings.intervals import RuleFindings
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
        cause = "" if verdict in QUIET_VERDICTS else f"continued_stay_{answer.verdict}"
        ruling = Ruling(verdict, words, arithmetic, answer.evidence, through, cause, None, anchor)
        findings.main.set(answer.start, ruling)
    return findings


@judges_each_stay(LengthOfStay)
def length_of_stay(_: Case, rule: LengthOfStay, findings: RuleFindings, stay: PolicyStay) -> None:
    """C2: no length of stay is a problem; the typical one is shown, never judged by."""
    typical = f"; {rule.typical_weeks[0]} to {rule.typical_weeks[1]} weeks are typical" if rule.typical_weeks else ""
    words = f"no fixed length of stay{typical}"
    findings.main.set(stay.first, Ruling("met", words, f"first day {iso(stay.first)}", (stay.opened_by,)))
