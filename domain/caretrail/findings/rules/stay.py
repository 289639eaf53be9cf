"""Rules of a stay: how it ended (D1), continued stay (C1), no fixed length (C2)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from caretrail.days import iso
from caretrail.episode.history import Effective
from caretrail.events import Outcome
from caretrail.findings.case import Case
from caretrail.findings.finding import Eligibility, Ruling, Verdict
from caretrail.findings.intervals import RuleFindings
from caretrail.findings.logic import Truth
from caretrail.findings.rules.registry import judges
from caretrail.policy.rules.stay import EndingSupported, LengthOfStay


@judges(EndingSupported)
def ending_supported(case: Case, _: EndingSupported) -> RuleFindings:
    """D1: each end of a stay under the policy, and the discharge, has a reason and what that reason needs.

    A transfer states whether goals were met; a discharge states the last contact; goals met, or completed, needs both
    stabilization statements. It stands from that day for good: only a correction changes it.
    """
    findings, chart = RuleFindings(), case.chart
    judged: set[int] = set()
    for stay in chart.stays:
        findings.main.set(stay.first, Ruling("not_applicable", "stay open"))
        if stay.last is None:
            continue
        findings.main.set(stay.last, None)
        transfer = chart.transfers.get(stay.closed_by or 0)
        if transfer is not None:
            event = transfer.event
            absent = [] if event.reason else ["reason"]
            if event.outcome is None or event.outcome.goals_met is None:
                absent.append("goals_met")
            goals = event.outcome.goals_met if event.outcome else None
            _note(findings, f"end of stay {iso(stay.last)}", transfer, absent, goals, event.outcome)
            judged.add(transfer.version)
    end = chart.discharge
    if end is not None and chart.stays and chart.stays[0].first <= end.day:
        event_end = end.event
        absent = [] if event_end.last_contact_on else ["last_contact_on"]
        goals = event_end.outcome.goals_met if event_end.outcome else None
        if event_end.reason == "completed" and goals is None:
            absent.append("goals_met")
        claimed = goals or event_end.reason == "completed"
        _note(findings, f"discharge {iso(end.day)}", end, absent, claimed, event_end.outcome)
    return findings


def _note(
    findings: RuleFindings,
    subject: str,
    item: Effective,
    absent: list[str],
    claims_goals: Truth,
    outcome: Outcome | None,
) -> None:
    """Judge one ending: what is missing is unknown, what contradicts the outcome claimed is a violation."""
    contradicted: list[str] = []
    if claims_goals:
        stated = outcome or Outcome(
            goals_met=None, precipitating_condition_stabilized=None, relapse_potential_stabilized=None
        )
        if stated.goals_met is False:
            contradicted.append("goals_met")
        for name in ("precipitating_condition_stabilized", "relapse_potential_stabilized"):
            value: Truth = getattr(stated, name)
            if value is None:
                absent.append(name)
            elif not value:
                contradicted.append(name)
    evidence = (item.version,)
    if contradicted:
        words = f"{subject}: goals met is claimed, but {', '.join(contradicted)} is stated false"
        ruling = Ruling("violation", words, "", evidence, None, "outcome_contradicted")
    elif absent:
        ruling = Ruling(
            "unknown", f"{subject}: {', '.join(absent)} not stated", "", evidence, None, "discharge_incomplete"
        )
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
