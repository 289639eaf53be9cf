"""Intensity rules: hours a week (I1), days a week (I2), clients in a group (I3)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta

from caretrail.days import iso
from caretrail.findings.case import Case
from caretrail.findings.chart.chart import PolicyStay, Session
from caretrail.findings.chart.terms import months_after
from caretrail.findings.chart.weeks import JudgedWeek, Week
from caretrail.findings.finding import Ruling, Verdict
from caretrail.findings.intervals import DAY, RuleFindings
from caretrail.findings.rules.registry import judges
from caretrail.policy.rules.treatment import GroupSize, WeeklyDays, WeeklyHours

Judge = Callable[[date, Week], Ruling]


@judges(WeeklyHours)
def weekly_hours(case: Case, rule: WeeklyHours) -> RuleFindings:
    """I1: the program offers 540 minutes of skilled treatment in each week it has the client for in full.

    Offered is what the client attended, or missed for a cause of their own or outside; what the program canceled was
    not offered. Less attended than needed though enough was offered is a prompt, not a violation, unless the pack
    binds what was attended. A pack may bind the schedule in force on the first day of the week instead.
    """
    if rule.basis == "scheduled":
        return _scheduled_hours(case, rule)
    needed, most, bound = rule.least, rule.most, rule.basis

    def judge(start: date, week: Week) -> Ruling:
        offered, attended = week.offered, week.attended
        words = f"week of {iso(start)}: offered {offered}, attended {attended} minutes, {needed} needed"
        verdict: Verdict = "met"
        cause = ""
        arithmetic = f"offered {offered} - {needed} = {offered - needed}"
        if offered < needed:
            verdict, cause = "violation", "offered_short"
        elif attended < needed:
            verdict, cause = ("info" if bound == "offered" else "violation"), "attended_short"
            arithmetic = f"attended {attended} - {needed} = {attended - needed}"
        elif most is not None and offered > most:
            verdict, cause = "info", "above_range"
            words += f", {most} at most"
            arithmetic = f"offered {offered} - {most} = {offered - most}"
        return Ruling(verdict, words, arithmetic, tuple(week.evidence), None, cause, None, start)

    nothing = f"offered 0, attended 0 minutes, {needed} needed"
    return _judge_weeks(case, judge, nothing, f"offered 0 - {needed} = -{needed}", "offered_short")


def _scheduled_hours(case: Case, rule: WeeklyHours) -> RuleFindings:
    """Judge each full week by the schedule in force on its first day; weeks judged alike are one finding."""
    findings, policy = RuleFindings(), case.chart.policy
    for stay in case.chart.stays:
        findings.main.set(stay.first, Ruling("not_applicable", "no full week yet"))
        standing: tuple[Ruling, date] | None = None
        for judged in case.weeks.full_weeks(stay):
            ruling = _by_schedule(case, rule, judged)
            # a run of weeks hangs on its first, but each version of the rules judges the weeks of its own days
            if standing is not None and standing[0] == ruling and policy.on(standing[1]) is policy.on(judged.start):
                continue
            standing = ruling, judged.start
            if stay.last is None or judged.judged <= stay.last:
                findings.main.set(judged.judged, ruling._replace(anchor=judged.start))
        findings.end_stay(stay)
    return findings


def _by_schedule(case: Case, rule: WeeklyHours, judged: JudgedWeek) -> Ruling:
    """What the schedule says of a week, in words that hold for every week it is in force."""
    if judged.on_hold:
        return Ruling("not_applicable", "on hold: the week is not judged")
    schedule = [item for item in case.chart.schedules if item[0] <= judged.start]
    if not schedule:
        return Ruling("unknown", "no schedule recorded", "", (), None, "schedule_missing")
    since, (minutes, version) = schedule[-1][0], (schedule[-1][1].minutes_per_week, schedule[-1][2])
    words = f"{minutes} minutes a week scheduled since {iso(since)}, {rule.least} needed"
    arithmetic = f"scheduled {minutes} - {rule.least} = {minutes - rule.least}"
    if minutes < rule.least:
        return Ruling("violation", words, arithmetic, (version,), None, "scheduled_short")
    return Ruling("met", words, arithmetic, (version,))


@judges(WeeklyDays)
def weekly_days(case: Case, rule: WeeklyDays) -> RuleFindings:
    """I2: sessions are offered on three to five days of each week the program has the client for in full.

    More than five is worth knowing, not a violation.
    """
    least, most = rule.least, rule.most

    def judge(start: date, week: Week) -> Ruling:
        count = len(week.days)
        counted = f"{count} day" if count == 1 else f"{count} days"
        words = f"week of {iso(start)}: sessions offered on {counted}, {least} to {most} needed"
        verdict: Verdict = "met"
        cause = ""
        if count < least:
            verdict, cause = "violation", "frequency_low"
        elif count > most:
            verdict, cause = "info", "frequency_high"
        days = ", ".join([iso(day) for day in week.days])
        return Ruling(verdict, words, f"days: {days}", tuple(week.evidence), None, cause, None, start)

    nothing = f"sessions offered on 0 days, {least} to {most} needed"
    return _judge_weeks(case, judge, nothing, "days: none", "frequency_low")


def _judge_weeks(case: Case, judge: Judge, nothing: str, arithmetic: str, cause: str) -> RuleFindings:
    findings = RuleFindings()
    for stay in case.chart.stays:
        findings.main.set(stay.first, Ruling("not_applicable", "no full week yet"))
        for judged in case.weeks.judged_in(stay):
            if judged.week is not None:
                _note_week(case, findings, stay, judged, judge(judged.start, judged.week))
            elif judged.on_hold:
                if stay.last is None or judged.judged <= stay.last:
                    words = f"on hold in the week of {iso(judged.start)}: not judged"
                    findings.main.set(judged.judged, Ruling("not_applicable", words, anchor=judged.start))
            else:
                words = f"week of {iso(judged.start)} and since: {nothing}"
                ruling = Ruling("violation", words, arithmetic, (), None, cause)
                _note_run(case, findings, stay, judged, ruling)
        findings.end_stay(stay)
    return findings


def _note_week(case: Case, findings: RuleFindings, stay: PolicyStay, judged: JudgedWeek, ruling: Ruling) -> None:
    if ruling.verdict != "met":
        week = f"week of {iso(judged.start)}"
        findings.note(week, judged.judged, judged.judged + case.notice, ruling)
        ruling = Ruling("met", f"{week} judged", "", (), None, "", None, judged.start)
    if stay.last is None or judged.judged <= stay.last:
        findings.main.set(judged.judged, ruling)


def _note_run(case: Case, findings: RuleFindings, stay: PolicyStay, judged: JudgedWeek, ruling: Ruling) -> None:
    """Note weeks with nothing offered, one after another, as one finding: nobody need write for time to pass."""
    until = judged.until
    if until is not None:
        until += timedelta(days=case.pack.notice_days - 7)
    findings.note(f"week of {iso(judged.start)} and since", judged.judged, until, ruling._replace(anchor=judged.start))
    if stay.last is None or judged.judged <= stay.last:
        findings.main.set(judged.judged, Ruling("met", "weeks before were judged", anchor=judged.start))


@judges(GroupSize)
def group_size(case: Case, rule: GroupSize) -> RuleFindings:
    """I3: each group the client attended had 3 to 12 clients.

    A size that is not stated can still be: that is unknown from the first such group until the stay ends. A group that
    was too small or too large cannot be cured and is a point.
    """
    if rule.aggregation == "monthly_average":
        return _average_size(case, rule)
    findings, chart = RuleFindings(), case.chart
    least, most = rule.least, rule.most
    notice = case.notice
    for stay in chart.stays:
        groups = _of(case, stay, rule.services)
        findings.main.set(stay.first, Ruling("not_applicable", "no group yet"))
        if groups:
            words = f"groups since {iso(groups[0].day)}: none open"
            findings.main.set(groups[0].day, Ruling("met", words, f"{least} to {most} clients a group"))
        not_stated = False
        for group in groups:
            size = group.size
            if size is None and not_stated:
                continue
            if size is not None and least <= size <= most:
                continue
            # a day shared by two stays is judged once, with the later of them
            if chart.stay_on(group.day) is not stay:
                continue
            if size is None:
                not_stated = True
                words = f"group_size not stated, first for the group of {iso(group.day)}"
                ruling = Ruling("unknown", words, "", (group.version,), None, "group_size_missing")
                findings.note("group_size", group.day, stay.last + DAY if stay.last else None, ruling)
                continue
            name = f"group of {iso(group.day)}" + (f" {group.start}" if group.start else "")
            cause = "group_too_small" if size < least else "group_too_large"
            words = f"{name}: {size} clients, {least} to {most} allowed"
            ruling = Ruling("violation", words, f"{least} <= {size} <= {most} fails", (group.version,), None, cause)
            findings.note(name, group.day, group.day + notice, ruling)
        findings.end_stay(stay)
    return findings


def _of(case: Case, stay: PolicyStay, services: Sequence[str]) -> Sequence[Session]:
    """Sessions of some services, in the order of their days."""
    if len(services) == 1:
        return case.chart.attended_in(stay, services[0])
    return [session for session in case.chart.attended_in(stay) if session.service in services]


def _average_size(case: Case, rule: GroupSize) -> RuleFindings:
    """Judge the average size of the groups of each calendar month, from the day after it, without sizes not stated."""
    findings, chart = RuleFindings(), case.chart
    notice = case.notice
    for stay in chart.stays:
        findings.main.set(stay.first, Ruling("not_applicable", "no month of groups yet"))
        months: dict[date, list[Session]] = {}
        for session in chart.attended_in(stay):
            if session.service in rule.services and session.size is not None:
                months.setdefault(session.day.replace(day=1), []).append(session)
        for first, groups in months.items():
            judged = months_after(first, 1)
            total = sum(group.size or 0 for group in groups)
            arithmetic = f"{total} clients in {len(groups)} groups"
            name = f"groups of {iso(first)[:7]}"
            evidence = tuple(group.version for group in groups)
            if total < rule.least * len(groups) or total > rule.most * len(groups):
                cause = "group_too_small" if total < rule.least * len(groups) else "group_too_large"
                words = f"{name}: {total / len(groups):.1f} clients on average, {rule.least} to {rule.most} allowed"
                ruling = Ruling("violation", words, arithmetic, evidence, None, cause, None, first)
                findings.note(name, judged, judged + notice, ruling)
            if stay.last is None or judged <= stay.last:
                findings.main.set(judged, Ruling("met", f"{name} judged", arithmetic, evidence, anchor=first))
        findings.end_stay(stay)
    return findings
