"""How a stay ended (D1)."""

from __future__ import annotations

from caretrail.days import iso
from caretrail.episode.history import Effective
from caretrail.events import Discharged, Transferred
from caretrail.findings.case import Case, judges
from caretrail.findings.chart.goals import all_met, open_goals
from caretrail.findings.finding import Ruling, unknown, violation
from caretrail.findings.intervals import RuleFindings
from caretrail.findings.logic import Truth
from caretrail.policy.rules.stay import EndingSupported

STABILIZED = ("precipitating_condition_stabilized", "relapse_potential_stabilized")


@judges(EndingSupported)
def ending_supported(case: Case, rule: EndingSupported, findings: RuleFindings) -> None:
    """D1: each end of a stay under the policy, and the discharge, has a reason and what that reason needs.

    A transfer states whether goals were met; a discharge states the last contact; goals met, or completed, needs both
    stabilization statements, and no goal open in the last review. The finding stays from that day for good: only a
    correction (or a signature, where the pack asks for one) changes it. A long time without contact before the
    discharge is information.
    """
    chart = case.chart
    for stay in chart.stays:
        findings.main.set(stay.first, Ruling("not_applicable", "stay open"))
        if stay.last is None:
            continue
        findings.main.set(stay.last, None)
        if (transfer := chart.transfers.get(stay.closed_by or 0)) is not None:
            findings.note(f"end of stay {iso(stay.last)}", stay.last, None, _transfer_ruling(case, transfer))
    end = chart.discharge
    if end is not None and chart.stays and chart.stays[0].first <= end.day:
        _judge_discharge(case, rule, findings, end)


def _transfer_ruling(case: Case, transfer: Effective[Transferred]) -> Ruling:
    outcome = transfer.event.outcome
    absent = [] if transfer.event.reason else ["reason"]
    if outcome is None or outcome.goals_met is None:
        absent.append("goals_met")
    claimed = bool(outcome and outcome.goals_met)
    return _outcome_ruling(case, f"end of stay {iso(transfer.day)}", transfer, absent, claimed=claimed)


def _judge_discharge(case: Case, rule: EndingSupported, findings: RuleFindings, end: Effective[Discharged]) -> None:
    """Judge the discharge, anew from the day on which it is signed where a signature is asked for."""
    chart, subject = case.chart, f"discharge {iso(end.day)}"
    remark = _contact_remark(case, rule, end)
    if remark is not None:
        findings.note(f"{subject}: last contact", end.day, None, remark)
    intervals = findings.subject_intervals(subject)
    statement = chart.statements.get(end.version)
    signed = statement.clinician.day if statement is not None and statement.clinician is not None else None
    if rule.signature == "not_asked":
        signed = end.day
    for day in sorted({end.day, signed or end.day}):
        ruling = _discharge_ruling(case, subject, end, unsigned=signed is None or day < signed)
        intervals.set(day, None if remark is not None and ruling.verdict == "met" else ruling)


def _discharge_ruling(case: Case, subject: str, end: Effective[Discharged], *, unsigned: bool) -> Ruling:
    event = end.event
    outcome, completed, contact = event.outcome, event.reason == "completed", event.last_contact_on
    absent = [] if contact else ["last_contact_on"]
    if completed and (outcome is None or outcome.goals_met is None) and not all_met(case.chart, end.day):
        absent.append("goals_met")
    if unsigned:
        absent.append("signature")
    claimed = completed or bool(outcome and outcome.goals_met)
    ruling = _outcome_ruling(case, subject, end, absent, claimed=claimed)
    after = [visit for visit in case.chart.visits if contact is not None and contact < visit.day <= end.day]
    if after and contact is not None and ruling.verdict != "violation":
        words = f"{subject}: last contact {iso(contact)}, but a session was attended {iso(after[-1].day)}"
        evidence = tuple(sorted({end.version, after[-1].version}))
        return unknown(words, "last_contact_contradicted", evidence)
    return ruling


def _contact_remark(case: Case, rule: EndingSupported, end: Effective[Discharged]) -> Ruling | None:
    """The remark on a last contact long before the discharge; none if a session after it contradicts it."""
    contact = end.event.last_contact_on
    if contact is None or rule.contact_days is None or (end.day - contact).days <= rule.contact_days:
        return None
    if any(contact < visit.day <= end.day for visit in case.chart.visits):
        return None
    days = (end.day - contact).days
    words = f"last contact {iso(contact)}, {days} days before the discharge, more than {rule.contact_days} (ours)"
    arithmetic = f"{iso(contact)} to {iso(end.day)}: {days} days"
    return Ruling("info", words, arithmetic, (end.version,), None, "no_contact_before_discharge")


def _outcome_ruling(
    case: Case, subject: str, item: Effective[Transferred] | Effective[Discharged], absent: list[str], *, claimed: bool
) -> Ruling:
    """Judge an outcome: a missing statement is unknown; one that contradicts the claim of goals met is a violation."""
    contradicted: list[str] = []
    for name in ("goals_met", *STABILIZED) if claimed else ():
        value: Truth = getattr(item.event.outcome, name, None)
        if value is False:
            contradicted.append(name)
        elif value is None and name in STABILIZED:
            absent.append(name)
    evidence = (item.version,)
    if contradicted:
        words = f"{subject}: goals met is claimed, but {', '.join(contradicted)} is stated false"
        return violation(words, "outcome_contradicted", evidence)
    if claimed and (still := open_goals(case.chart, item.day)):
        words = f"{subject}: goals met is claimed, but open when last reviewed: {', '.join(goal.id for goal in still)}"
        return unknown(words, "goals_open", tuple(sorted({item.version, *(goal.version for goal in still)})))
    if absent:
        return unknown(f"{subject}: {', '.join(absent)} not stated", "discharge_incomplete", evidence)
    return Ruling("met", f"{subject}: all stated that its reason asks for", "", evidence)
