"""Assessment rules: an assessment before treatment (A1), and prior assessments that are complete enough (A3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from caretrail.days import iso
from caretrail.episode.history import Effective
from caretrail.events import Assessed
from caretrail.findings.case import Case, judges
from caretrail.findings.chart.chart import Chart, Session
from caretrail.findings.finding import Ruling, unknown, violation
from caretrail.findings.intervals import Change, RuleFindings
from caretrail.findings.logic import Truth, all_of, any_of
from caretrail.policy.rules.admission import AssessmentBeforeTreatment, PriorAssessment


class Accepted(NamedTuple):
    """Whether an assessment is acceptable, as known from `day` on; `at` is its time of day, if given."""

    day: date
    value: Truth
    evidence: tuple[int, ...]
    at: str | None
    missing: str


def prior_parts(event: Assessed) -> dict[str, Truth]:
    """The four parts of a prior assessment; a listed diagnosis fills a missing `current_diagnosis`."""
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
    """Whether the assessments are acceptable, over time: one made here, or a prior one, complete or with an addendum.

    An addendum without an assessment to add to is not one.
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
def assessment_before_treatment(case: Case, rule: AssessmentBeforeTreatment, findings: RuleFindings) -> None:
    """A1: an acceptable assessment no later than the first session.

    Treatment that began before the admission is judged from its first session. Without a session nothing is owed
    yet. On one day the assessment is in time unless both hours are given and contradict. An assessment made after
    treatment began cannot be cured: it is listed for a time, then the rule is met. If it is not known whether a prior
    assessment was acceptable when treatment began, a later one does not settle that.
    """
    chart = case.chart
    known = acceptance(chart)
    admitted_on = chart.admission.day if chart.admission else None
    for stay in chart.stays:
        from_admission = admitted_on == stay.first and stay is chart.stays[0]
        sessions = chart.attended_before(stay.until) if from_admission else chart.attended_in(stay)
        begin = min(stay.first, sessions[0].day) if sessions else stay.first
        findings.main.write_between(_before_treatment(case, rule, known, sessions), begin, stay.last)
        at_end = findings.main.on(stay.last) if stay.last else None
        if at_end and at_end.cause == "assessment_missing":
            findings.not_met(stay, at_end)
        findings.end_stay(stay)
    if chart.attended and (not chart.stays or chart.stays[0].first != admitted_on):
        # treatment before an admission to another level, or before any
        first = chart.attended[0].day
        if admitted_on is None or first < admitted_on:
            early = findings.subject_intervals("")
            early.write_between(_before_treatment(case, rule, known, chart.attended), first, None)
            if admitted_on is not None:
                early.set(admitted_on, None)


def _before_treatment(
    case: Case, rule: AssessmentBeforeTreatment, known: list[Accepted], sessions: Sequence[Session]
) -> list[Change]:
    """The changes of A1 from the first day on."""
    first = sessions[0] if sessions else None
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
    return unknown(words, "prior_assessment_unknown", item.evidence)


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
def prior_assessment(case: Case, _: PriorAssessment, findings: RuleFindings) -> None:
    """A3: a prior assessment has all four parts, or an addendum or an assessment made here completes it."""
    changes: list[Change] = [(date.min, Ruling("not_applicable", "no prior assessment was used"))]
    priors: list[Effective[Assessed]] = []
    cured = False
    for item in case.chart.assessments:
        if item.event.kind == "prior_accepted":
            priors.append(item)
        else:
            cured = True
        if priors:
            changes.append((item.day, _prior_ruling(priors, cured, item)))
    findings.write_over(case.chart.stays, changes)


def _prior_ruling(priors: list[Effective[Assessed]], cured: bool, latest: Effective[Assessed]) -> Ruling:
    evidence = tuple(item.version for item in priors)
    parts = [prior_parts(item.event) for item in priors]
    value = any_of(*[all_of(*one.values()) for one in parts])
    name = f"prior assessment accepted {iso(priors[-1].day)}"
    if value:
        return Ruling("met", f"{name}: complete", "four of four parts", evidence)
    if cured:
        words = f"{name}, with an assessment or addendum of {iso(latest.day)}"
        return Ruling("met", words, "", (*evidence, latest.version))
    absent = [part for part, stated in parts[-1].items() if stated is False]
    if value is False:
        words = f"{name} lacks {', '.join(absent)}: addendum needed"
        return violation(words, "addendum_required", evidence, f"{4 - len(absent)} of four parts")
    not_stated = ", ".join(part for part, stated in parts[-1].items() if stated is None)
    return unknown(f"{name}: {not_stated} not stated", "prior_assessment_unknown", evidence)
