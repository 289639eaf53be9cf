"""Care beyond the sessions: screened (A4), treated after admission (A6), every service (I5),
coordinated (M1), in contact (off).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from operator import itemgetter
from typing import NamedTuple

from caretrail.days import ONE_DAY, iso, later
from caretrail.findings.case import Case, judges, judges_each_stay
from caretrail.findings.chart.chart import PolicyStay
from caretrail.findings.chart.review_clock import ReviewClock
from caretrail.findings.chart.terms import ends_on, in_words
from caretrail.findings.finding import NO_ASSESSMENT, Ruling, unknown, violation
from caretrail.findings.intervals import Change, RuleFindings
from caretrail.findings.rules.admission import Profile
from caretrail.policy.rules.admission import CoOccurringScreen, TreatmentAfterAdmission
from caretrail.policy.rules.treatment import CareCoordination, NoContact, ServiceMix
from caretrail.text import plural
from caretrail.tokens import CareKind


@judges(CoOccurringScreen)
def co_occurring_screen(case: Case, _: CoOccurringScreen, findings: RuleFindings) -> None:
    """A4: a Medicaid-eligible client is screened for co-occurring conditions in some assessment.

    "Not done" is a violation until a later assessment has a result; a result or an eligibility not stated is unknown.
    """
    chart = case.chart
    eligible = chart.admitted.medicaid_eligible if chart.admitted else False
    admitted_by = (chart.admission.version,) if chart.admission else ()
    changes: list[Change] = [(date.min, NO_ASSESSMENT)]
    if eligible is False:
        changes = [(date.min, Ruling("not_applicable", "not Medicaid-eligible", "", admitted_by))]
    for item in chart.assessments if eligible is not False else ():
        result, day, evidence = item.event.co_occurring_screen, iso(item.day), (item.version,)
        if result in ("positive", "negative"):
            changes.append((item.day, Ruling("met", f"screened {day}: {result}", "", evidence)))
            break
        if result == "not_done" and eligible:
            words = f"not screened for co-occurring conditions, assessed {day}"
            ruling = violation(words, "screen_missing", evidence)
        elif result == "not_done":
            words = "not screened, and medicaid_eligible is not stated"
            ruling = unknown(words, "screen_missing", evidence + admitted_by)
        elif changes[-1][1].verdict == "violation":
            continue
        else:
            ruling = unknown(f"assessment of {day}: co_occurring_screen is not stated", "screen_missing", evidence)
        changes.append((item.day, ruling))
    findings.write_over(chart.stays, changes)


@judges(TreatmentAfterAdmission)
def treatment_after_admission(case: Case, _: TreatmentAfterAdmission, findings: RuleFindings) -> None:
    """A6: a session before the admission is information, from the session on and through the first stay.

    No text says "not before the admission". After an admission to another level these rules no longer apply to it.
    """
    chart, admission = case.chart, case.chart.admission
    early = chart.attended_before(admission.day if admission else None)
    for stay in chart.stays:
        ruling = Ruling("met", "no session before the admission", "", (stay.opened_by,))
        if admission is None or stay.opened_by != admission.version:
            ruling = Ruling("not_applicable", "a matter of the first stay")
        findings.write_over([stay], [(stay.first, ruling)])
    if not early:
        return
    first = early[0]
    since = f"first session {iso(first.day)}"
    words = f"treated since {iso(first.day)}, before an admission"
    ruling = Ruling("info", words, since, (first.version,), None, "treated_before_admission")
    intervals = findings.subject_intervals("before admission")
    intervals.set(first.day, ruling)
    if admission is not None:
        intervals.set(admission.day, None)
    if admission is not None and chart.stays and chart.stays[0].first == admission.day:
        arithmetic = f"{since}, admitted {iso(admission.day)}: {plural((admission.day - first.day).days, 'day')}"
        words = f"treated from {iso(first.day)}, before the admission of {iso(admission.day)}"
        evidence = (*(item.version for item in early), admission.version)
        ruling = Ruling("info", words, arithmetic, evidence, None, "treated_before_admission")
        intervals.set(admission.day, ruling)
        if (until := chart.stays[0].until) is not None:
            intervals.set(until, None)


@judges_each_stay(ServiceMix)
def service_mix(case: Case, rule: ServiceMix, findings: RuleFindings, stay: PolicyStay) -> None:
    """I5: some weeks into the stay, each kind of service was given at least once; a missing one is information."""
    given_in = {service: case.chart.attended_in(stay, service) for service in rule.services}
    first = {service: sessions[0] for service, sessions in given_in.items() if sessions}
    begin = stay.first + timedelta(weeks=rule.after_weeks)
    words = f"judged from {iso(begin)}, after {rule.after_weeks} weeks"
    changes: list[Change] = [(stay.first, Ruling("not_applicable", words))]
    arithmetic = f"{iso(stay.first)} + {rule.after_weeks} weeks = {iso(begin)}"
    for day in sorted({begin, *(session.day for session in first.values() if session.day > begin)}):
        given = {service: session.version for service, session in first.items() if session.day <= day}
        missing = [service for service in rule.services if service not in given]
        evidence = tuple(sorted({stay.opened_by, *given.values()}))
        ruling = Ruling("met", "every kind of service was given", arithmetic, evidence)
        if missing:
            words = f"not provided since {iso(stay.first)}: {', '.join(missing)}"
            ruling = Ruling("info", words, arithmetic, evidence, cause="service_missing")
        changes.append((day, ruling))
    findings.main.write_between(changes, stay.first, stay.last)


class Contact(NamedTuple):
    """Care coordinated with another professional, or a referral to one."""

    day: date
    kind: CareKind
    version: int


@judges(CareCoordination)
def care_coordination(case: Case, rule: CareCoordination, findings: RuleFindings) -> None:
    """M1: care is coordinated, or a referral made, in each review period; a period without is information until it is.

    A period runs from one review that counts (or the first day) to the next, or to the day the next is due. Without
    anything recorded the rule is never met: it does not apply until the period ends. Where a dimension has a problem,
    contact of its own kinds is looked for, too (field `needs`). All of a stay is judged by one version of the rules: a
    period that began under another has none of its own.
    """
    chart = case.chart
    coordinated = [Contact(item.day, item.event.kind, item.version) for item in chart.coordinated]
    referred = [Contact(item.day, item.event.kind, item.version) for item in chart.referred]
    contacts = sorted([*coordinated, *referred])
    nothing = Ruling("not_applicable", "no care coordination recorded yet, and no review period has ended")
    changes: list[Change] = [(date.min, nothing)]
    periods = [one for one in _review_periods(case.clock) if chart.stay_on(one[1]) is not None]
    for base, end, evidence in periods if rule.period == "review_period" else periods[:1]:
        within = [contact for contact in contacts if base <= contact.day < end]
        span = f"from {iso(base)} to {iso(end - ONE_DAY)}"
        if not within:
            words, arithmetic = f"no care coordination recorded {span}", f"review period from {iso(base)}"
            changes.append((end, Ruling("info", words, arithmetic, evidence, None, "care_not_coordinated")))
        else:
            _note_needs(case, rule, findings, contacts, (base, end))
    for contact in contacts:
        ruling = Ruling("met", f"care coordinated {iso(contact.day)}", "", (contact.version,))
        changes.append((contact.day, ruling))
    changes.sort(key=itemgetter(0))  # on one day what was done comes after what was not
    findings.write_over(chart.stays, changes)


def _note_needs(
    case: Case, rule: CareCoordination, findings: RuleFindings, contacts: Sequence[Contact], period: tuple[date, date]
) -> None:
    """Note each dimension with a problem for which the period has no contact of its kinds, until there is one."""
    base, end = period
    stay = case.chart.stay_on(end)
    profile = Profile()
    for item in case.chart.assessments:
        if item.day <= end:
            profile = profile.after(item.event, item.version)
    for dimension, kinds in rule.needs.items():
        of_kind = [contact.day for contact in contacts if contact.kind in kinds and contact.day >= base]
        if not profile.has_problem(dimension) or (of_kind and of_kind[0] < end):
            continue
        ends = [day for day in (*of_kind[:1], stay.until if stay else None) if day is not None]
        named = " or ".join(kind.replace("_", " ") for kind in kinds)
        words = f"dimension {dimension} has a problem: no {named} contact from {iso(base)} to {iso(end - ONE_DAY)}"
        anchor = stay.first if stay else None
        ruling = Ruling("info", words, "", profile.evidence, None, "need_not_met", None, anchor)
        findings.note(f"dimension {dimension}, review period from {iso(base)}", end, min(ends, default=None), ruling)


def _review_periods(clock: ReviewClock) -> list[tuple[date, date, tuple[int, ...]]]:
    """Each review period that ended: its first day, the day after its last, and its evidence."""
    steps = clock.steps
    ended: dict[date, tuple[date, date, tuple[int, ...]]] = {}
    for place, step in enumerate(steps):
        base = clock.anchor(step)
        if base in ended:
            continue
        following = steps[place + 1] if place + 1 < len(steps) else None
        due = clock.due_of(step, step.day).on
        if following is not None and (due is None or following.day <= due):
            if clock.anchor(following) != base:
                ended[base] = base, following.day, step.evidence
        elif due is not None:
            ended[base] = base, max(later(due, 1), step.day), step.evidence
    return list(ended.values())


@judges_each_stay(NoContact)
def no_contact(case: Case, rule: NoContact, findings: RuleFindings, stay: PolicyStay) -> None:
    """X2 (off in Nebraska): a term without any session is information until the next one or the end of the stay.

    On the last day of the term the client can still come: it is mentioned from the day after.
    """
    contacts = {stay.first: (stay.opened_by,)}
    contacts |= {item.day: (item.version,) for item in case.chart.visits if stay.covers(item.day)}
    for day in sorted(contacts):
        until = ends_on(rule.after, day, case.pack.closed_days)
        arithmetic = f"{iso(day)} + {in_words(rule.after)} = {iso(until)}"
        words = f"no contact since {iso(day)}"
        missing = Ruling("info", words, arithmetic, contacts[day], until, "no_contact", None, day)
        findings.main.set(day, Ruling("met", f"last contact {iso(day)}", "", contacts[day], anchor=day))
        if stay.last is None or until < stay.last:
            findings.main.set(later(until, 1), missing)
