"""Assessment rules: an assessment before treatment (A1), and prior assessments that are complete enough (A3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from caretrail.days import iso
from caretrail.episode.history import Effective
from caretrail.events import Assessed
from caretrail.findings.case import Case
from caretrail.findings.chart.chart import Chart, Session
from caretrail.findings.finding import Ruling
from caretrail.findings.intervals import DAY, Change, RuleFindings
from caretrail.findings.logic import Truth, all_of, any_of
from caretrail.findings.rules.registry import judges
from caretrail.policy.rules.admission import AssessmentBeforeTreatment, PriorAssessment


class Accepted(NamedTuple):
    """Whether there is an acceptable assessment, as known from `day` on, and the time of day it was made, if given."""

    day: date
    value: Truth
    evidence: tuple[int, ...]
    at: str | None
    missing: str


def prior_parts(event: Assessed) -> dict[str, Truth]:
    """The four things a prior assessment must have; a diagnosis listed stands for a flag left out."""
    diagnosis = event.current_diagnosis
    if diagnosis is None and event.diagnoses:
        diagnosis = True
    return {
        "relevant": event.relevant,
        "current_diagnosis": diagnosis,
        "level_recommendation": event.level_recommendation,
        "discharge_plan": event.discharge_plan,
    }


def acceptance(chart: Chart) -> list[Accepted]:
    """How acceptable the assessments are over time: one made here is; a prior one if complete or with an addendum.

    An addendum without anything it adds to is not an assessment.
    """
    found: list[Accepted] = []
    made_here: Truth = False
    prior: Truth = False
    has_prior = has_addendum = False
    missing = ""
    evidence: list[int] = []
    for item in chart.assessments:
        event = item.event
        evidence.append(item.version)
        if event.kind in ("initial", "reassessment"):
            made_here = True
        elif event.kind == "addendum":
            has_addendum = True
        else:
            has_prior = True
            parts = prior_parts(event)
            prior = any_of(prior, all_of(*parts.values()))
            missing = ", ".join(name for name, value in parts.items() if value is not True)
        value = any_of(made_here, prior, has_prior and has_addendum)
        if not found or found[-1].value is not True:
            found.append(Accepted(item.day, value, tuple(evidence), event.at, missing))
    return found


@judges(AssessmentBeforeTreatment)
def assessment_before_treatment(case: Case, rule: AssessmentBeforeTreatment) -> RuleFindings:
    """A1: an acceptable assessment no later than the first session.

    Treatment that began before the admission is judged from its first session. Without a session nothing is owed
    yet. On one day the assessment is in time unless both hours are given and contradict. An assessment made after
    treatment began cannot be cured: it is a point, then the rule is met. If it is not known whether a prior
    assessment was acceptable when treatment began, a later one does not settle that.
    """
    chart, findings = case.chart, RuleFindings()
    known = acceptance(chart)
    admitted_on = chart.admission.day if chart.admission else None
    for stay in chart.stays:
        if admitted_on == stay.first and stay is chart.stays[0]:
            sessions = chart.attended_before(stay.last + DAY if stay.last else None)
        else:
            sessions = chart.attended_in(stay)
        first = sessions[0] if sessions else None
        begin = min(stay.first, first.day) if first else stay.first
        findings.main.write_between(_before_treatment(case, rule, known, first, sessions), begin, stay.last)
        standing = findings.main.on(stay.last) if stay.last else None
        if standing and standing.cause == "assessment_missing":
            findings.not_met(stay, standing)
        findings.end_stay(stay)
    if not chart.stays or chart.stays[0].first != admitted_on:
        _early_treatment(case, rule, known, findings)
    return findings


def _early_treatment(
    case: Case, rule: AssessmentBeforeTreatment, known: list[Accepted], findings: RuleFindings
) -> None:
    """Judge treatment that began before an admission to another level, or with none recorded yet."""
    chart = case.chart
    if not chart.attended or (chart.admission and chart.attended[0].day >= chart.admission.day):
        return
    first = chart.attended[0]
    early = RuleFindings()
    early.main.write_between(_before_treatment(case, rule, known, first, chart.attended), first.day, None)
    if chart.admission:
        early.main.set(chart.admission.day, None)
    findings.subs.append(early.main)


def _before_treatment(
    case: Case,
    rule: AssessmentBeforeTreatment,
    known: list[Accepted],
    first: Session | None,
    sessions: Sequence[Session],
) -> list[Change]:
    """What A1 says from the first day on."""
    changes: list[Change] = [(date.min, Ruling("not_applicable", "no session yet, and no acceptable assessment"))]
    accepted = next((item for item in known if item.value), None)
    doubtful = next((item for item in known if item.value is None), None)
    if accepted and (first is None or _in_time(rule, accepted, first, sessions)):
        if doubtful:
            changes.append((doubtful.day, _doubt(doubtful)))
        made = f"assessment accepted from {iso(accepted.day)}"
        changes.append((accepted.day, Ruling("met", made, _order(accepted, first), accepted.evidence)))
        return changes
    if doubtful and (first is None or _in_time(rule, doubtful, first, sessions)):
        changes.append((doubtful.day, _doubt(doubtful)))
        return changes
    if first is None:
        return changes
    short = [item.evidence for item in known if item.day <= first.day]
    evidence = (*(short[-1] if short else ()), first.version)
    began = f"treatment began {iso(first.day)} without an acceptable assessment"
    missing = Ruling("violation", began, f"first session {iso(first.day)}", evidence, first.day, "assessment_missing")
    changes.append((first.day, missing))
    if accepted:
        words = f"assessed {iso(accepted.day)}, after treatment began {iso(first.day)}"
        evidence = (*accepted.evidence, first.version)
        late = Ruling("violation", words, _order(accepted, first), evidence, first.day, "assessment_after_treatment")
        met = Ruling("met", words, _order(accepted, first), evidence)
        changes += [(accepted.day, late), (accepted.day + case.notice, met)]
    return changes


def _doubt(item: Accepted) -> Ruling:
    words = f"prior assessment of {iso(item.day)}: not known whether {item.missing}"
    return Ruling("unknown", words, "", item.evidence, None, "prior_assessment_unknown")


def _order(accepted: Accepted, first: Session | None) -> str:
    if first is None or first.day > accepted.day:
        return f"assessment {iso(accepted.day)}, before any session"
    hours = f" at {accepted.at}" if accepted.at else "", f" at {first.start}" if first.start else ""
    return f"assessment {iso(accepted.day)}{hours[0]}, first session {iso(first.day)}{hours[1]}"


def _in_time(rule: AssessmentBeforeTreatment, accepted: Accepted, first: Session, sessions: Sequence[Session]) -> bool:
    if accepted.day != first.day:
        return accepted.day < first.day
    if rule.same_day == "strict":
        return False
    starts = [session.start for session in sessions if session.day == first.day and session.start]
    return not (accepted.at and starts and min(starts) < accepted.at)


@judges(PriorAssessment)
def prior_assessment(case: Case, _: PriorAssessment) -> RuleFindings:
    """A3: a prior assessment has all four parts, or an addendum or an assessment of our own stands beside it."""
    chart, findings = case.chart, RuleFindings()
    changes: list[Change] = []
    priors: list[Effective[Assessed]] = []
    cured = False
    for item in chart.assessments:
        event = item.event
        if event.kind == "prior_accepted":
            priors.append(item)
        else:
            cured = True
        if priors:
            changes.append((item.day, _prior_ruling(priors, cured, item)))
    none = Ruling("not_applicable", "no prior assessment was used")
    for stay in chart.stays:
        findings.main.write_between([(date.min, none), *changes], stay.first, stay.last)
        findings.end_stay(stay)
    return findings


def _prior_ruling(priors: list[Effective[Assessed]], cured: bool, latest: Effective[Assessed]) -> Ruling:
    evidence = tuple(item.version for item in priors)
    events = [item.event for item in priors]
    value = any_of(*[all_of(*prior_parts(event).values()) for event in events])
    day = priors[-1].day
    if value:
        return Ruling("met", f"prior assessment accepted {iso(day)}: complete", "four of four parts", evidence)
    if cured:
        words = f"prior assessment accepted {iso(day)}, with an assessment or addendum of {iso(latest.day)}"
        return Ruling("met", words, "", (*evidence, latest.version))
    parts = prior_parts(events[-1])
    absent = [name for name, part in parts.items() if part is False]
    unknown = [name for name, part in parts.items() if part is None]
    if value is False:
        words = f"prior assessment accepted {iso(day)} lacks {', '.join(absent)}: addendum needed"
        return Ruling("violation", words, f"{4 - len(absent)} of four parts", evidence, None, "addendum_required")
    words = f"prior assessment accepted {iso(day)}: {', '.join(unknown)} not stated"
    return Ruling("unknown", words, "", evidence, None, "prior_assessment_unknown")
