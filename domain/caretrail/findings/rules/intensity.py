"""Intensity rules: hours a week (I1), days a week (I2), clients in a group (I3)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from caretrail.days import iso
from caretrail.findings.case import Case, judges_each_stay
from caretrail.findings.chart.chart import PolicyStay, Session
from caretrail.findings.chart.terms import months_after
from caretrail.findings.chart.weeks import JudgedWeek, Week
from caretrail.findings.finding import Ruling, Verdict, unknown, violation
from caretrail.findings.intervals import RuleFindings
from caretrail.policy.rules.treatment import GroupSize, WeeklyDays, WeeklyHours

NO_FULL_WEEK = Ruling("not_applicable", "no full week yet")
Judge = Callable[[date, Week], Ruling]


@judges_each_stay(WeeklyHours)
def weekly_hours(case: Case, rule: WeeklyHours, findings: RuleFindings, stay: PolicyStay) -> None:
    """I1: the program offers 540 minutes of skilled treatment in each week that the stay covers in full.

    Offered is what the client attended, or missed for a cause of their own or outside; sessions the program canceled
    were not offered. Attending less than needed though enough was offered is information, not a violation, unless the
    pack requires attendance. A pack may judge the schedule in force on the first day of the week instead.
    """
    if rule.basis == "scheduled":
        _judge_schedule(case, rule, findings, stay)
        return
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
    empty = violation(nothing, "offered_short", arithmetic=f"offered 0 - {needed} = -{needed}")
    _judge_weeks(case, findings, stay, judge, empty)


def _judge_schedule(case: Case, rule: WeeklyHours, findings: RuleFindings, stay: PolicyStay) -> None:
    """Judge each full week by the schedule in force on its first day; equal weeks are one finding."""
    policy = case.chart.policy
    findings.main.set(stay.first, NO_FULL_WEEK)
    latest: tuple[Ruling, date] | None = None
    for judged in case.weeks.full_weeks(stay):
        ruling = _by_schedule(case, rule, judged)
        # a run of weeks is judged by its first day, but each version of the rules judges the weeks of its own days
        if latest is not None and latest[0] == ruling and policy.on(latest[1]) is policy.on(judged.start):
            continue
        latest = ruling, judged.start
        if stay.last is None or judged.judged <= stay.last:
            findings.main.set(judged.judged, ruling._replace(anchor=judged.start))


def _by_schedule(case: Case, rule: WeeklyHours, judged: JudgedWeek) -> Ruling:
    """The ruling on a week by its schedule, in words that fit every week of that schedule."""
    if judged.on_hold:
        return Ruling("not_applicable", "on hold: the week is not judged")
    schedule = [item for item in case.chart.schedules if item[0] <= judged.start]
    if not schedule:
        return unknown("no schedule recorded", "schedule_missing")
    since, scheduled, version = schedule[-1]
    minutes = scheduled.minutes_per_week
    words = f"{minutes} minutes a week scheduled since {iso(since)}, {rule.least} needed"
    arithmetic = f"scheduled {minutes} - {rule.least} = {minutes - rule.least}"
    if minutes < rule.least:
        return violation(words, "scheduled_short", (version,), arithmetic)
    return Ruling("met", words, arithmetic, (version,))


@judges_each_stay(WeeklyDays)
def weekly_days(case: Case, rule: WeeklyDays, findings: RuleFindings, stay: PolicyStay) -> None:
    """I2: the program offers sessions on three to five days of each week that the stay covers in full.

    More than five is information, not a violation.
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
    _judge_weeks(case, findings, stay, judge, violation(nothing, "frequency_low", arithmetic="days: none"))


def _judge_weeks(case: Case, findings: RuleFindings, stay: PolicyStay, judge: Judge, empty: Ruling) -> None:
    """Judge each full week; `empty` is the ruling on weeks with nothing offered."""
    findings.main.set(stay.first, NO_FULL_WEEK)
    for judged in case.weeks.judged_in(stay):
        start = judged.start
        if judged.week is not None:
            ruling = judge(start, judged.week)
            if ruling.verdict != "met":
                name = f"week of {iso(start)}"
                findings.note(name, judged.judged, judged.judged + case.notice, ruling)
                ruling = Ruling("met", f"{name} judged", "", (), None, "", None, start)
        elif judged.on_hold:
            ruling = Ruling("not_applicable", f"on hold in the week of {iso(start)}: not judged", anchor=start)
        else:
            # weeks with nothing offered, one after another, are one finding: time passes without events
            until = judged.until and judged.until + timedelta(days=case.pack.notice_days - 7)
            name = f"week of {iso(start)} and since"
            words = f"{name}: {empty.message}"
            findings.note(name, judged.judged, until, empty._replace(message=words, anchor=start))
            ruling = Ruling("met", "weeks before were judged", anchor=start)
        if stay.last is None or judged.judged <= stay.last:
            findings.main.set(judged.judged, ruling)


@judges_each_stay(GroupSize)
def group_size(case: Case, rule: GroupSize, findings: RuleFindings, stay: PolicyStay) -> None:
    """I3: each group the client attended had 3 to 12 clients.

    A size that is not stated can still be stated: it is unknown from the first such group until the stay ends. A group
    that was too small or too large cannot be cured: it is listed for a time.
    """
    if rule.aggregation == "monthly_average":
        _average_size(case, rule, findings, stay)
        return
    least, most = rule.least, rule.most
    groups = case.chart.attended_in(stay, rule.services[0])
    if len(rule.services) > 1:
        groups = [session for session in case.chart.attended_in(stay) if session.service in rule.services]
    findings.main.set(stay.first, Ruling("not_applicable", "no group yet"))
    if groups:
        words = f"groups since {iso(groups[0].day)}: sizes in order"
        findings.main.set(groups[0].day, Ruling("met", words, f"{least} to {most} clients a group"))
    not_stated = False
    for group in groups:
        size, evidence = group.size, (group.version,)
        if not_stated if size is None else least <= size <= most:
            continue
        # a day shared by two stays is judged once, with the later of them
        if case.chart.stay_on(group.day) is not stay:
            continue
        if size is None:
            not_stated = True
            words = f"group_size not stated, first for the group of {iso(group.day)}"
            findings.note("group_size", group.day, stay.until, unknown(words, "group_size_missing", evidence))
            continue
        name = f"group of {iso(group.day)}" + (f" {group.start}" if group.start else "")
        cause = "group_too_small" if size < least else "group_too_large"
        words = f"{name}: {size} clients, {least} to {most} allowed"
        ruling = violation(words, cause, evidence, f"{least} <= {size} <= {most} fails")
        findings.note(name, group.day, group.day + case.notice, ruling)


def _average_size(case: Case, rule: GroupSize, findings: RuleFindings, stay: PolicyStay) -> None:
    """Judge the average size of the groups of each calendar month, from the day after it, without sizes not stated."""
    findings.main.set(stay.first, Ruling("not_applicable", "no month of groups yet"))
    months: dict[date, list[Session]] = {}
    for session in case.chart.attended_in(stay):
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
            findings.note(name, judged, judged + case.notice, violation(words, cause, evidence, arithmetic, first))
        if stay.last is None or judged <= stay.last:
            findings.main.set(judged, Ruling("met", f"{name} judged", arithmetic, evidence, anchor=first))
