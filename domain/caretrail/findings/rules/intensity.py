"""Intensity rules: hours a week (I1) and days a week (I2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

from caretrail.days import FOREVER, iso
from caretrail.findings.case import Case, judges_each_stay
from caretrail.findings.chart.chart import PolicyStay
from caretrail.findings.chart.weeks import DAYS_INTO, EMPTY, WEEK, JudgedWeek, Totals, Week
from caretrail.findings.finding import Doubt, Outcome, Ruling, Verdict, unknown, violation
from caretrail.findings.intervals import RuleFindings
from caretrail.policy.rules.treatment import Weekly, WeeklyDays, WeeklyHours
from caretrail.text import plural

NO_FULL_WEEK = Ruling("not_applicable", "no full week yet")
JudgeTotals = Callable[[JudgedWeek, Week, Totals], Ruling]


@judges_each_stay(WeeklyHours)
def weekly_hours(case: Case, rule: WeeklyHours, findings: RuleFindings, stay: PolicyStay) -> None:
    """I1: the program offers 540 minutes of skilled treatment in each week that the stay covers in full.

    Offered is what the client attended or missed; what the program canceled was not. Of the schedule the rest is not
    accounted for: a week that could reach enough with it is unknown, and so is a short week without a schedule.
    Attending less than needed though enough was offered is information, unless the pack requires attendance. A schedule
    that can never reach enough is a violation from the day it is set until it is replaced.
    """
    if rule.basis == "scheduled":
        _judge_by_schedule(case, rule, findings, stay)
        return
    for since, until, minutes, version in _schedules(case, stay):
        if minutes < rule.least:
            findings.note(f"schedule of {iso(since)}", since, until, _too_short(rule, since, minutes, version))
    needed, most, bound = rule.least, rule.most, rule.basis

    def judge(judged: JudgedWeek, week: Week, totals: Totals) -> Ruling:
        offered, attended = totals.offered, totals.attended
        words = f"{judged.name}: offered {offered}, attended {attended} minutes, {needed} needed"
        counted = offered if bound == "offered" else attended
        if counted < needed:
            cause, arithmetic = "attended_short", f"attended {attended} - {needed} = {attended - needed}"
            if offered < needed:
                cause, arithmetic = "offered_short", f"offered {offered} - {needed} = {offered - needed}"
            ruling = violation(words, cause, week.evidence, arithmetic, judged.start)
            left = max(0, judged.scheduled.minutes - totals.accounted) if judged.scheduled else None
            return _short(ruling, judged, counted, needed, left, "minute")
        verdict: Verdict = "met"
        cause = ""
        arithmetic = f"{bound} {counted} - {needed} = {counted - needed}"
        if attended < needed:
            verdict, cause = "info", "attended_short"
            arithmetic = f"attended {attended} - {needed} = {attended - needed}"
        elif most is not None and counted > most:
            verdict, cause = rule.above, "above_range"
            words += f", {most} at most"
            arithmetic = f"{bound} {counted} - {most} = {counted - most}"
        return Ruling(verdict, words, arithmetic, week.evidence, None, cause, None, judged.start)

    _judge_weeks(case, rule, findings, stay, judge)


@judges_each_stay(WeeklyDays)
def weekly_days(case: Case, rule: WeeklyDays, findings: RuleFindings, stay: PolicyStay) -> None:
    """I2: the program offers sessions on three to five days of each week that the stay covers in full.

    More than five is information, unless the pack says otherwise; what is not accounted for is as in I1.
    """
    least, most, allowed = rule.low, rule.high, rule.allowed
    for since, until, scheduled, version in _schedules(case, stay, days=True):
        if scheduled < least:
            words = f"{plural(scheduled, 'day')} a week scheduled since {iso(since)}, {allowed} needed"
            arithmetic = f"scheduled {scheduled} - {least} = {scheduled - least}"
            ruling = violation(words, "schedule_short", (version,), arithmetic)
            findings.note(f"schedule of {iso(since)}", since, until, ruling)

    def judge(judged: JudgedWeek, week: Week, totals: Totals) -> Ruling:
        days = f"days: {', '.join(map(iso, totals.days)) or 'none'}"
        counted, offered = len(totals.days), f"sessions offered on {plural(len(totals.days), 'day')}"
        if rule.counts == "sessions":
            counted, offered = totals.sessions, f"{plural(totals.sessions, 'session')} offered"
        words = f"{judged.name}: {offered}, {allowed} needed"
        if counted < least:
            ruling = violation(words, "frequency_low", week.evidence, days, judged.start)
            left = max(0, judged.scheduled.days - totals.accounted_days) if judged.scheduled else None
            return _short(ruling, judged, counted, least, left, "day")
        verdict: Verdict = "met"
        cause = ""
        if counted > most:
            verdict, cause = rule.above, "frequency_high"
        return Ruling(verdict, words, days, week.evidence, None, cause, None, judged.start)

    _judge_weeks(case, rule, findings, stay, judge)


def _short(ruling: Ruling, judged: JudgedWeek, counted: int, needed: int, left: int | None, unit: str) -> Ruling:
    """The ruling on a week that is short: what is `left` of the schedule may have been offered, too; None: no schedule.

    Nothing says what else was offered without a schedule, nor for what of it neither a session nor a no-show stands.
    """
    if judged.scheduled is None or left is None:
        words = f"{ruling.message}; no schedule recorded"
        return ruling._replace(verdict="unknown", message=words, cause="schedule_missing")
    evidence = tuple(sorted({*ruling.evidence, *judged.scheduled.versions}))
    if counted + left >= needed:
        words = f"{ruling.message}; {plural(left, f'more {unit}')} scheduled, with no attendance or no-show on record"
        arithmetic = f"{counted} + {left} = {counted + left}, {needed} needed"
        return ruling._replace(
            verdict="unknown", message=words, arithmetic=arithmetic, evidence=evidence, cause="sessions_missing"
        )
    if judged.on_hold:
        words = f"{ruling.message}; on hold {', '.join(map(iso, judged.on_hold))}"
        return ruling._replace(verdict="info", message=words, evidence=evidence, cause="short_on_hold")
    return ruling._replace(evidence=evidence)


def _judge_weeks(case: Case, rule: Weekly, findings: RuleFindings, stay: PolicyStay, judge: JudgeTotals) -> None:
    """Judge each full week; a problem is a finding of its week, and no word of the weeks as a whole stands beside it.

    What nothing can cure is told for a time and then breached; what is not known can be recorded until the stay ends.
    """
    findings.main.set(stay.first, NO_FULL_WEEK)
    for judged in case.weeks.judged_in(stay):
        start, day, week = judged.start, judged.judged, judged.week or EMPTY
        if excused(rule, judged):
            ruling = Ruling("not_applicable", f"on hold in the {judged.name}: not judged", anchor=start)
        else:
            ruling = _with_doubt(judge, judged, week)
        calm = ruling.verdict in ("met", "not_applicable")
        if stay.last is None or day <= stay.last:
            findings.main.set(day, ruling if calm else None)
        if calm:
            continue
        if judged.until is None:
            findings.note(judged.name, day, stay.until, ruling)
            continue
        scheduled = judged.scheduled.versions if judged.scheduled else ()
        told_until = case.notice_until(judged.until - WEEK, *week.evidence, *scheduled, since=start)
        if ruling.verdict == "violation":
            findings.note_breach(judged.name, day, told_until, stay.until, ruling)
        elif ruling.verdict == "info":
            findings.note(judged.name, day, told_until, ruling)
        else:
            findings.note(judged.name, day, stay.until and max(stay.until, told_until), ruling)


def excused(rule: Weekly, judged: JudgedWeek) -> bool:
    """Whether a hold leaves too few days of a week to judge it."""
    if rule.holds == "any_day_excuses":
        return bool(judged.on_hold)
    return len(DAYS_INTO) - len(judged.on_hold) < rule.days_left


def _with_doubt(judge: JudgeTotals, judged: JudgedWeek, week: Week) -> Ruling:
    """The ruling on a week, without the sessions in doubt and with them: unknown if they decide."""
    ruling = judge(judged, week, week.sure)
    if not week.doubtful:
        return ruling
    other, why = judge(judged, week, week.every), " and ".join(week.why)
    if ruling.verdict == other.verdict:
        return ruling._replace(message=f"{ruling.message}; not counted, as in doubt: sessions {why}")
    words = f"{ruling.message}; it rests on sessions {why}"
    doubt = Doubt(week.doubtful, Outcome(other.verdict, None), Outcome(ruling.verdict, None))
    found = unknown(words, "sessions_in_doubt", week.evidence, judged.start)
    return found._replace(arithmetic=f"without them: {ruling.arithmetic}; with them: {other.arithmetic}", doubt=doubt)


# --- schedules ----------------------------------------------------------------------------------------------------


def _schedules(case: Case, stay: PolicyStay, *, days: bool = False) -> Iterator[tuple[date, date | None, int, int]]:
    """Each schedule of a stay: from a day until another (exclusive), its minutes (or days) a week, and its version."""
    schedules = case.chart.schedules
    for place, (since, schedule, version) in enumerate(schedules):
        replaced = schedules[place + 1][0] if place + 1 < len(schedules) else None
        first = max(since, stay.first)
        until = min(replaced or FOREVER, stay.until or FOREVER)
        if first < until:
            offered = schedule.days_per_week if days else schedule.minutes_per_week
            yield first, None if until == FOREVER else until, offered, version


def _too_short(rule: WeeklyHours, since: date, minutes: int, version: int) -> Ruling:
    words = f"{minutes} minutes a week scheduled since {iso(since)}, {rule.least} needed"
    arithmetic = f"scheduled {minutes} - {rule.least} = {minutes - rule.least}"
    return violation(words, "schedule_short", (version,), arithmetic)


def _judge_by_schedule(case: Case, rule: WeeklyHours, findings: RuleFindings, stay: PolicyStay) -> None:
    """Judge each full week by the schedule in force on its first day.

    A schedule outside the range is told from the day it is set until it is replaced; one that was too short for a full
    week is then breached.
    """
    findings.main.set(stay.first, NO_FULL_WEEK)
    judged_by: dict[int, date] = {}
    latest: tuple[Ruling | None, date] | None = None
    for judged in case.weeks.full_weeks(stay):
        ruling = _by_schedule(case, rule, judged, judged_by)
        # a run of weeks is judged by its first day, but each version of the rules judges the weeks of its own days
        policy = case.chart.policy
        if latest is not None and latest[0] == ruling and policy.on(latest[1]) is policy.on(judged.start):
            continue
        latest = ruling, judged.start
        if stay.last is None or judged.judged <= stay.last:
            findings.main.set(judged.judged, ruling and ruling._replace(anchor=judged.start))
    for since, until, minutes, version in _schedules(case, stay):
        name = f"schedule of {iso(since)}"
        if minutes < rule.least:
            ruling = _too_short(rule, since, minutes, version)
            intervals = findings.note(name, since, until, ruling)
            breached_from = max(until, judged_by.get(version, FOREVER)) if until else FOREVER
            if breached_from < (stay.until or FOREVER):
                intervals.set(breached_from, ruling._replace(verdict="breached"))
                if stay.until is not None:
                    intervals.set(stay.until, None)
        elif rule.most is not None and minutes > rule.most:
            words = f"{minutes} minutes a week scheduled since {iso(since)}, {rule.most} at most"
            arithmetic = f"scheduled {minutes} - {rule.most} = {minutes - rule.most}"
            findings.note(name, since, until, Ruling(rule.above, words, arithmetic, (version,), cause="above_range"))


def _by_schedule(case: Case, rule: WeeklyHours, judged: JudgedWeek, judged_by: dict[int, date]) -> Ruling | None:
    """The ruling on a week, in words that fit every week of its schedule; None if that schedule is too short.

    `judged_by` keeps the day on which the first full week of each schedule is judged.
    """
    if excused(rule, judged):
        return Ruling("not_applicable", "on hold: the week is not judged")
    schedule = [item for item in case.chart.schedules if item[0] <= judged.start]
    if not schedule:
        return unknown("no schedule recorded", "schedule_missing")
    since, scheduled, version = schedule[-1]
    judged_by.setdefault(version, judged.judged)
    minutes = scheduled.minutes_per_week
    words = f"{minutes} minutes a week scheduled since {iso(since)}, {rule.least} needed"
    if minutes < rule.least:
        return None
    return Ruling("met", words, f"scheduled {minutes} - {rule.least} = {minutes - rule.least}", (version,))
