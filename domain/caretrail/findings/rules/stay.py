"""Rules of a stay: how it ended (D1), continued stay (C1), no fixed length (C2)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from caretrail.days import iso
from caretrail.episode.history import Effective
from caretrail.events import Outcome
from caretrail.findings.case import Case, judges, judges_each_stay
from caretrail.findings.chart.chart import PolicyStay
from caretrail.findings.finding import QUIET_VERDICTS, Eligibility, Ruling, Verdict, unknown, violation
from caretrail.findings.intervals import RuleFindings
from caretrail.findings.logic import Truth
from caretrail.policy.rules.stay import EndingSupported, LengthOfStay

STABILIZED = ("precipitating_condition_stabilized", "relapse_potential_stabilized")


@judges(EndingSupported)
def ending_supported(case: Case, _: EndingSupported, findings: RuleFindings) -> None:
    """D1: each end of a stay under the policy, and the discharge, has a reason and what that reason needs.

    A transfer states whether goals were met; a discharge states the last contact; goals met, or completed, needs both
    stabilization statements. The finding stays from that day for good: only a correction changes it.
    """
    chart = case.chart
    for stay in chart.stays:
        findings.main.set(stay.first, Ruling("not_applicable", "stay open"))
        if stay.last is None:
            continue
        findings.main.set(stay.last, None)
        if (transfer := chart.transfers.get(stay.closed_by or 0)) is not None:
            outcome = transfer.event.outcome
            absent = [] if transfer.event.reason else ["reason"]
            if outcome is None or outcome.goals_met is None:
                absent.append("goals_met")
            claimed = bool(outcome and outcome.goals_met)
            _note(findings, f"end of stay {iso(stay.last)}", transfer, absent, claimed, outcome)
    end = chart.discharge
    if end is not None and chart.stays and chart.stays[0].first <= end.day:
        outcome, completed = end.event.outcome, end.event.reason == "completed"
        absent = [] if end.event.last_contact_on else ["last_contact_on"]
        if completed and (outcome is None or outcome.goals_met is None):
            absent.append("goals_met")
        claimed = completed or bool(outcome and outcome.goals_met)
        _note(findings, f"discharge {iso(end.day)}", end, absent, claimed, outcome)


def _note(
    findings: RuleFindings, subject: str, item: Effective, absent: list[str], claimed: bool, outcome: Outcome | None
) -> None:
    """Judge one ending: a missing statement is unknown; one that contradicts the claim of goals met is a violation."""
    contradicted: list[str] = []
    for name in ("goals_met", *STABILIZED) if claimed else ():
        value: Truth = getattr(outcome, name, None)
        if value is False:
            contradicted.append(name)
        elif value is None and name in STABILIZED:
            absent.append(name)
    evidence = (item.version,)
    if contradicted:
        words = f"{subject}: goals met is claimed, but {', '.join(contradicted)} is stated false"
        ruling = violation(words, "outcome_contradicted", evidence)
    elif absent:
        ruling = unknown(f"{subject}: {', '.join(absent)} not stated", "discharge_incomplete", evidence)
    else:
        ruling = Ruling("met", f"{subject}: all stated that its reason asks for", "", evidence)
    findings.note(subject, item.day, None, ruling)


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
