"""Care beyond the sessions: screened (A4), treated after admission (A6), every service (I5), one to one (I4),
coordinated (M1), in contact (off).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import date, timedelta
from operator import itemgetter

from caretrail.days import iso, later
from caretrail.findings.case import Case
from caretrail.findings.chart.review_clock import ReviewClock
from caretrail.findings.chart.terms import ends_on, in_words
from caretrail.findings.finding import Ruling
from caretrail.findings.intervals import DAY, Change, RuleFindings
from caretrail.findings.rules.registry import judges
from caretrail.policy.rules.admission import CoOccurringScreen, TreatmentAfterAdmission
from caretrail.policy.rules.treatment import CareCoordination, NoContact, OneToOne, ServiceMix


@judges(CoOccurringScreen)
def co_occurring_screen(case: Case, _: CoOccurringScreen) -> RuleFindings:
    """A4: a Medicaid-eligible client is screened for co-occurring conditions in some assessment.

    "Not done" is a violation until a later assessment has a result; not stated, and eligibility not stated, is unknown.
    """
    findings, chart = RuleFindings(), case.chart
    admission, admitted = chart.admission, chart.admitted
    eligible = admitted.medicaid_eligible if admitted is not None else None
    if admission is None or eligible is False:
        for stay in chart.stays:
            evidence = (admission.version,) if admission else ()
            findings.main.set(stay.first, Ruling("not_applicable", "not Medicaid-eligible", "", evidence))
            findings.end_stay(stay)
        return findings
    changes: list[Change] = [(date.min, Ruling("unknown", "no assessment recorded", cause="assessment_missing"))]
    for item in chart.assessments:
        event = item.event
        evidence = (item.version,)
        if event.co_occurring_screen in ("positive", "negative"):
            words = f"screened {iso(item.day)}: {event.co_occurring_screen}"
            changes.append((item.day, Ruling("met", words, "", evidence)))
            break
        if event.co_occurring_screen == "not_done" and eligible:
            words = f"not screened for co-occurring conditions, assessed {iso(item.day)}"
            ruling = Ruling("violation", words, "", evidence, None, "screen_missing")
        elif event.co_occurring_screen == "not_done":
            words = "not screened, and medicaid_eligible is not stated"
            ruling = Ruling("unknown", words, "", (*evidence, admission.version), None, "screen_missing")
        elif changes[-1][1].verdict == "violation":
            continue
        else:
            words = f"assessment of {iso(item.day)}: co_occurring_screen is not stated"
            ruling = Ruling("unknown", words, "", evidence, None, "screen_missing")
        changes.append((item.day, ruling))
    for stay in chart.stays:
        findings.main.write_between(changes, stay.first, stay.last)
        findings.end_stay(stay)
    return findings


@judges(TreatmentAfterAdmission)
def treatment_after_admission(case: Case, _: TreatmentAfterAdmission) -> RuleFindings:
    """A6: no session before the admission. It cannot be cured: from the admission on it is a point.

    Once the client is admitted to another level, these rules have nothing to say of it any more.
    """
    findings, chart = RuleFindings(), case.chart
    admission = chart.admission
    early = chart.attended_before(admission.day if admission else None)
    words = f"treated from {iso(early[0].day)}, before the admission: told then" if early else ""
    for stay in chart.stays:
        ruling = Ruling("met", words or "no session before the admission", "", (stay.opened_by,))
        findings.main.set(stay.first, ruling)
        findings.end_stay(stay)
    if early:
        first = early[0]
        words = f"treated since {iso(first.day)}, before an admission"
        ruling = Ruling(
            "violation", words, f"first session {iso(first.day)}", (first.version,), None, "treated_before_admission"
        )
        intervals = findings.subject_intervals("before admission")
        intervals.set(first.day, ruling)
        if admission is not None:
            days = (admission.day - first.day).days
            arithmetic = (
                f"first session {iso(first.day)}, admitted {iso(admission.day)}: {days} day{'' if days == 1 else 's'}"
            )
            words = f"treated from {iso(first.day)}, before the admission of {iso(admission.day)}"
            evidence = (*(item.version for item in early), admission.version)
            here = bool(chart.stays) and chart.stays[0].first == admission.day
            ruling = ruling._replace(message=words, arithmetic=arithmetic, evidence=evidence)
            intervals.set(admission.day, ruling if here else None)
            intervals.set(admission.day + case.notice, None)
    return findings


@judges(OneToOne)
def one_to_one(case: Case, rule: OneToOne) -> RuleFindings:
    """I4: an individual or family session has one client: the service says so, a count above one denies it."""
    findings, chart = RuleFindings(), case.chart
    notice = case.notice
    names = " or ".join(rule.services)
    for stay in chart.stays:
        findings.main.set(stay.first, Ruling("not_applicable", f"no {names} session yet"))
        begun = False
        for session in chart.own(chart.attended, stay):
            if session.service not in rule.services:
                continue
            if not begun:
                begun = True
                words = f"{names} sessions since {iso(session.day)}: none open"
                findings.main.set(session.day, Ruling("met", words, "", (session.version,)))
            if session.size is not None and session.size > 1:
                name = f"{session.service} session of {iso(session.day)}" + (
                    f" {session.start}" if session.start else ""
                )
                words, arithmetic = f"{name}: {session.size} clients, one to one", f"{session.size} <= 1 fails"
                ruling = Ruling("violation", words, arithmetic, (session.version,), None, "ratio")
                findings.note(name, session.day, session.day + notice, ruling)
        findings.end_stay(stay)
    return findings


@judges(ServiceMix)
def service_mix(case: Case, rule: ServiceMix) -> RuleFindings:
    """I5: some weeks into the stay, each kind of service was given at least once; what is missing is worth knowing."""
    findings = RuleFindings()
    for stay in case.chart.stays:
        given_in = {service: case.chart.attended_in(stay, service) for service in rule.services}
        first = {service: sessions[0] for service, sessions in given_in.items() if sessions}
        told = stay.first + timedelta(weeks=rule.after_weeks)
        findings.main.set(
            stay.first, Ruling("not_applicable", f"looked at from {iso(told)}, after {rule.after_weeks} weeks")
        )
        days = sorted({told, *(session.day for session in first.values() if session.day > told)})
        for day in days:
            if stay.last is not None and day > stay.last:
                break
            given = {service: session.version for service, session in first.items() if session.day <= day}
            missing = [service for service in rule.services if service not in given]
            evidence = tuple(sorted({stay.opened_by, *given.values()}))
            arithmetic = f"{iso(stay.first)} + {rule.after_weeks} weeks = {iso(told)}"
            if missing:
                words = f"not given since {iso(stay.first)}: {', '.join(missing)}"
                findings.main.set(day, Ruling("info", words, arithmetic, evidence, None, "service_missing"))
            else:
                findings.main.set(day, Ruling("met", "every kind of service was given", arithmetic, evidence))
        findings.end_stay(stay)
    return findings


@judges(CareCoordination)
def care_coordination(case: Case, _: CareCoordination) -> RuleFindings:
    """M1: care is coordinated at least once in each review period; a period without is told once, as a point.

    A period goes from one review that counts (or the first day) to the next, or to the day the next is due. While
    nothing is recorded the rule is never met: it does not apply until the period ends.
    """
    findings, chart = RuleFindings(), case.chart
    days = [item.day for item in chart.coordinated]  # in order
    nothing = Ruling("not_applicable", "no care coordination recorded yet, and no review period has ended")
    changes: list[Change] = [(date.min, nothing)]
    for base, end, evidence in _review_periods(case.clock):
        following = bisect_left(days, end)
        if chart.stay_on(end) is None or bisect_left(days, base) < following:
            continue
        words = f"no care coordination recorded from {iso(base)} to {iso(end - DAY)}"
        ruling = Ruling(
            "info", words, f"review period from {iso(base)}", evidence, None, "care_not_coordinated", None, base
        )
        told = later(end, case.pack.notice_days)
        findings.note(f"review period from {iso(base)}", end, told, ruling)
        # silent while that is told: then the period's own finding speaks
        changes.append((end, Ruling("met", words, anchor=base)))
        if bisect_right(days, told) == following:
            ruling = Ruling("not_applicable", f"{words}, nor since", anchor=base)
            changes.append((told, ruling))
    changes += [
        (item.day, Ruling("met", f"care coordinated {iso(item.day)}", "", (item.version,), anchor=item.day))
        for item in chart.coordinated
    ]
    changes.sort(key=itemgetter(0))  # on one day what was done comes after what was not
    for stay in chart.stays:
        findings.main.write_between(changes, stay.first, stay.last)
        findings.end_stay(stay)
    return findings


def _review_periods(clock: ReviewClock) -> list[tuple[date, date, tuple[int, ...]]]:
    """Each review period that ended: the day it hangs on, the day from which it is over, and what says so."""
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


@judges(NoContact)
def no_contact(case: Case, rule: NoContact) -> RuleFindings:
    """X2 (off in Nebraska): nothing attended for a term is flagged until the next session or the end of the stay.

    On the last day of the term the client can still come: it is flagged from the day after.
    """
    findings, chart = RuleFindings(), case.chart
    for stay in chart.stays:
        contacts = {stay.first: (stay.opened_by,)}
        contacts |= {item.day: (item.version,) for item in chart.visits if stay.covers(item.day)}
        days = sorted(contacts)
        for place, day in enumerate(days):
            findings.main.set(day, Ruling("met", f"last contact {iso(day)}", "", contacts[day], anchor=day))
            until = ends_on(rule.after, day, case.pack.closed_days)
            following = days[place + 1] if place + 1 < len(days) else None
            if (following is None or later(until, 1) < following) and (stay.last is None or until < stay.last):
                arithmetic = f"{iso(day)} + {in_words(rule.after)} = {iso(until)}"
                words = f"no contact since {iso(day)}"
                ruling = Ruling("violation", words, arithmetic, contacts[day], until, "no_contact", None, day)
                findings.main.set(later(until, 1), ruling)
        findings.end_stay(stay)
    return findings
