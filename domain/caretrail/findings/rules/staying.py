"""Continued stay (C1): the findings that mirror eligibility day by day."""

from __future__ import annotations

from collections.abc import Iterable

from caretrail.findings.days import iso
from caretrail.findings.finding import Eligibility, Verdict
from caretrail.findings.track import Say, Sheet

VERDICTS: dict[str, Verdict] = {
    "eligible": "met",
    "not_eligible": "violation",
    "unknown": "unknown",
    "not_applicable": "not_applicable",
}


def continued_stay(answers: Iterable[Eligibility]) -> Sheet:
    """C1: eligible is met, not eligible a violation, unknown unknown."""
    sheet = Sheet()
    for answer in answers:
        through = answer.holds_through
        verdict = VERDICTS[answer.verdict]
        words = "; ".join(answer.reasons)
        if verdict == "met" and through is not None:
            words = f"eligible through {iso(through)} by {answer.basis}"
        arithmetic = f"{answer.basis} holds through {iso(through)}" if through else ""
        cause = "" if verdict in ("met", "not_applicable") else f"continued_stay_{answer.verdict}"
        sheet.main.set(answer.start, Say(verdict, words, arithmetic, answer.evidence, through, cause))
    return sheet
