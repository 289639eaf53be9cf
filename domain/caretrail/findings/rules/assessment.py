"""Assessment rules: an assessment before treatment (A1), and prior assessments that are complete enough (A3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from caretrail.days import ONE_DAY, iso
from caretrail.episode.history import Effective
from caretrail.events import Assessed
from caretrail.findings.case import Case, judges
from caretrail.findings.chart.assessments import MADE_HERE, Accepted, prior_parts, with_addenda
from caretrail.findings.chart.chart import Chart, PolicyStay, Session
from caretrail.findings.finding import Ruling, unknown, violation
from caretrail.findings.intervals import Change, RuleFindings
from caretrail.findings.logic import all_of, any_of
from caretrail.policy.rules.admission import AssessmentBeforeTreatment, PriorAssessment

# --- A1 -----------------------------------------------------------------------------------------------------------


@judges(AssessmentBeforeTreatment)
def assessment_before_treatment(case: Case, rule: AssessmentBeforeTreatment, findings: RuleFindings) -> None:
    """A1: an acceptable assessment no later than the first session.

    Treatment that began before the admission is judged from its first session. Without a session nothing is owed
    yet. On one day the assessment is in time unless both hours are given and contradict. Without one it is overdue
    until there is one; then nothing can cure that treatment began without it: it is listed for a time, then breached.
    If it is not known whether a prior assessment was acceptable when treatment began, a later one does not tell. An
    assessment in time that was old by then is information.
    """
    chart = case.chart
    known = case.accepted
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
    for stay in chart.stays:
        serving = _serving(chart, stay)
        if serving is not None and serving.event.kind in MADE_HERE:
            _note_age(chart, findings, stay, serving, serving.day, rule.old_after_days)


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
    return changes if first is None else [*changes, *_without_assessment(case, rule, known, first, accepted)]


def _without_assessment(
    case: Case, rule: AssessmentBeforeTreatment, known: list[Accepted], first: Session, accepted: Accepted | None
) -> list[Change]:
    """The changes from the first session on, if no acceptable assessment was there in time; `accepted` came late."""
    strict = rule.same_day == "strict"
    due = first.day - ONE_DAY if strict else first.day
    short = [item.evidence for item in known if item.day <= first.day]
    evidence = (*(short[-1] if short else ()), first.version)
    began = f"treatment began {iso(first.day)} without an acceptable assessment"
    missing = Ruling("overdue", began, f"first session {iso(first.day)}", evidence, due, "assessment_missing")
    changes: list[Change] = [(first.day, missing if strict else missing._replace(verdict="due_today"))]
    if accepted is None or accepted.day > first.day:
        changes.append((first.day + ONE_DAY, missing))
    if accepted is None:
        return changes
    words = f"assessed {iso(accepted.day)}, after treatment began {iso(first.day)}"
    evidence = (*accepted.evidence, first.version)
    late = Ruling("violation", words, _order(accepted, first), evidence, due, "assessment_after_treatment")
    told_until = case.notice_until(accepted.day, *evidence, since=date.min, lost=(Assessed,))
    return [*changes, (accepted.day, late), (told_until, late._replace(verdict="breached"))]


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


# --- age ----------------------------------------------------------------------------------------------------------


def _serving(chart: Chart, stay: PolicyStay) -> Effective[Assessed] | None:
    """The assessment a stay began with: the latest by its first day, addenda aside."""
    made = [item for item in chart.assessments if item.event.kind != "addendum" and item.day <= stay.first]
    return made[-1] if made else None


def _note_age(
    chart: Chart,
    findings: RuleFindings,
    stay: PolicyStay,
    item: Effective[Assessed],
    made_on: date,
    old_after_days: int | None,
) -> None:
    """Note an assessment that was old on the first day of a stay, until another takes its place."""
    age = (stay.first - made_on).days
    if old_after_days is None or age <= old_after_days:
        return
    ends = [other.day for other in chart.assessments if other.event.kind != "addendum" and other.day > stay.first][:1]
    if stay.until is not None:
        ends.append(stay.until)
    until = min(ends, default=None)
    name = f"assessment of {iso(made_on)}"
    words = f"{name} was {age} days old on {iso(stay.first)}, more than {old_after_days} (ours)"
    arithmetic = f"{iso(made_on)} to {iso(stay.first)}: {age} days"
    evidence = tuple(sorted({item.version, stay.opened_by}))
    ruling = Ruling("info", words, arithmetic, evidence, None, "assessment_old")
    findings.note_where_met(name, stay.first, until, ruling)


# --- A3 -----------------------------------------------------------------------------------------------------------


@judges(PriorAssessment)
def prior_assessment(case: Case, rule: PriorAssessment, findings: RuleFindings) -> None:
    """A3: a prior assessment has all four parts, if need be with addenda; an assessment made here takes its place.

    A prior assessment that was old on the first day of the stay is information.
    """
    chart = case.chart
    changes: list[Change] = [(date.min, Ruling("not_applicable", "no prior assessment was used"))]
    priors: list[Effective[Assessed]] = []
    addenda: list[Effective[Assessed]] = []
    made_here: Effective[Assessed] | None = None
    for item in chart.assessments:
        if item.event.kind == "prior_accepted":
            priors.append(item)
        elif item.event.kind == "addendum":
            addenda.append(item)
        else:
            made_here = item
        if priors:
            changes.append((item.day, _prior_ruling(priors, addenda, made_here)))
    findings.write_over(chart.stays, changes)
    for stay in chart.stays:
        serving = _serving(chart, stay)
        if serving is not None and serving.event.kind == "prior_accepted" and serving.event.on is not None:
            _note_age(chart, findings, stay, serving, serving.event.on, rule.old_after_days)


def _prior_ruling(
    priors: list[Effective[Assessed]], addenda: list[Effective[Assessed]], made_here: Effective[Assessed] | None
) -> Ruling:
    evidence = tuple(item.version for item in priors)
    supplements = [item.event for item in addenda]
    whole = [with_addenda(prior_parts(item.event), supplements) for item in priors]
    value = any_of(*[all_of(*parts.values()) for parts in whole])
    name = f"prior assessment accepted {iso(priors[-1].day)}"
    if value and any_of(*[all_of(*prior_parts(item.event).values()) for item in priors]):
        return Ruling("met", f"{name}: complete", "four of four parts", evidence)
    if value:
        words = f"{name}, with an addendum of {iso(addenda[-1].day)}: complete"
        return Ruling("met", words, "four of four parts", (*evidence, *(item.version for item in addenda)))
    if made_here is not None:
        words = f"{name}; an assessment of {iso(made_here.day)} takes its place"
        return Ruling("met", words, "", (*evidence, made_here.version))
    evidence = (*evidence, *(item.version for item in addenda))
    absent = [part for part, stated in whole[-1].items() if stated is False]
    if value is False:
        words = f"{name} lacks {', '.join(absent)}: addendum needed"
        return violation(words, "addendum_required", evidence, f"{4 - len(absent)} of four parts")
    not_stated = ", ".join(part for part, stated in whole[-1].items() if stated is None)
    return unknown(f"{name}: {not_stated} not stated", "prior_assessment_unknown", evidence)
