"""Services beside the weekly hours: minutes of a service day, services due in each period, progress notes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import NamedTuple

from caretrail.days import FOREVER, iso, later
from caretrail.episode.history import Effective
from caretrail.events import SessionAttended, SessionMissed
from caretrail.findings.case import Case, judges_each_stay
from caretrail.findings.chart.chart import PolicyStay
from caretrail.findings.chart.sessions import MINUTES_A_DAY, Clock, Session
from caretrail.findings.chart.terms import months_after
from caretrail.findings.finding import Ruling, unknown, violation
from caretrail.findings.intervals import RuleFindings
from caretrail.policy.rules.services import ProgressNotes, ServiceDay, ServiceEvery
from caretrail.text import plural

WEEK = timedelta(days=7)


# --- a day ------------------------------------------------------------------------------------------------------------


class _Day(NamedTuple):
    """Minutes of treatment of one day, each counted once, and the versions of its sessions.

    `accounted` are those of every session on record; what the program canceled is among them, and was not offered.
    """

    day: date
    offered: int
    attended: int
    accounted: int
    evidence: tuple[int, ...]


@judges_each_stay(ServiceDay)
def service_day(case: Case, rule: ServiceDay, findings: RuleFindings, stay: PolicyStay) -> None:
    """Each day with treatment has its minutes; judged from the day after, and listed for a time.

    Of the client's schedule the rest is not accounted for: a day that could reach the minutes with it is unknown, and
    so is a short day without a schedule. It can still be recorded, so the first such day is told until the stay ends.
    More than the most is information, not a violation.
    """
    findings.main.set(stay.first, Ruling("not_applicable", "no day of treatment yet"))
    not_known = False
    for day in _service_days(case, stay):
        told, name = later(day.day, 1), f"day {iso(day.day)}"
        if stay.last is not None and told > stay.last:
            break
        findings.main.set(told, Ruling("met", f"{name} judged", "", day.evidence, anchor=day.day))
        ruling = _of_day(case, rule, day)
        if ruling is None:
            continue
        told_until = case.notice_until(told, *day.evidence, since=day.day)
        if ruling.verdict == "violation":
            findings.note_breach(name, told, told_until, stay.until, ruling)
        elif ruling.verdict == "info":
            findings.note(name, told, told_until, ruling)
        elif not not_known:
            not_known = True
            findings.note(name, told, stay.until, ruling)


def _service_days(case: Case, stay: PolicyStay) -> Iterator[_Day]:
    """The days of a stay on which treatment was offered."""
    for day, sessions in groupby(case.chart.own(case.chart.sessions, stay), key=lambda session: session.day):
        held = list(sessions)
        causes = case.pack.offered_causes
        offered = _minutes(one for one in held if one.attended or one.cause in causes)
        attended = _minutes(one for one in held if one.attended)
        if offered:
            evidence = tuple(sorted(session.version for session in held))
            yield _Day(day, offered, attended, _minutes(held), evidence)


def _minutes(sessions: Iterable[Session]) -> int:
    clock = Clock()
    return min(sum(clock.add(session)[0] for session in sessions), MINUTES_A_DAY)


def _of_day(case: Case, rule: ServiceDay, day: _Day) -> Ruling | None:
    """What is wrong with a day; None if nothing is."""
    minutes = day.offered if rule.basis == "offered" else day.attended
    words = f"day {iso(day.day)}: {rule.basis} {minutes} minutes"
    if rule.least is not None and minutes < rule.least:
        words += f", {rule.least} needed"
        arithmetic = f"{rule.basis} {minutes} - {rule.least} = {minutes - rule.least}"
        scheduled = _scheduled(case, day.day)
        if rule.basis == "offered" and (scheduled is None or minutes + scheduled - day.accounted >= rule.least):
            why = "no schedule recorded" if scheduled is None else f"of {scheduled} scheduled the rest is not on record"
            words += f"; {why}"
            return Ruling("unknown", words, arithmetic, day.evidence, None, "service_day_unknown", anchor=day.day)
        return violation(words, "service_day_short", day.evidence, arithmetic, day.day)
    if rule.most is not None and minutes > rule.most:
        arithmetic = f"{rule.basis} {minutes} - {rule.most} = {minutes - rule.most}"
        words += f", {rule.most} at most"
        return Ruling("info", words, arithmetic, day.evidence, None, "service_day_long", anchor=day.day)
    return None


def _scheduled(case: Case, day: date) -> int | None:
    """Minutes a day of the schedule in force, on average over its days; None without a schedule."""
    schedule = next((item[1] for item in reversed(case.chart.schedules) if item[0] <= day), None)
    if schedule is None:
        return None
    return schedule.minutes_per_week // schedule.days_per_week if schedule.days_per_week else 0


# --- a period ---------------------------------------------------------------------------------------------------------


class _Period(NamedTuple):
    """A week or calendar month: its first day, the day after its last, and the services it lacks.

    `lacking` is None where a hold touches it.
    """

    first: date
    until: date
    lacking: tuple[str, ...] | None


@judges_each_stay(ServiceEvery)
def service_every(case: Case, rule: ServiceEvery, findings: RuleFindings, stay: PolicyStay) -> None:
    """Each service was attended, or excused, in each week or calendar month that the stay covers without a hold.

    A period is judged from the day after its last. Periods that lack the same, one after another, are one finding,
    which nothing can cure: time passes without events.
    """
    what = rule.each.replace("_", " ")
    findings.main.set(stay.first, Ruling("not_applicable", f"no full {what} yet"))
    periods = list(_periods(case, rule, stay))
    opened: _Period | None = None
    for place, period in enumerate(periods):
        if period.lacking is None:
            # in words that fit every such period: time passes without events
            ruling = Ruling("not_applicable", f"on hold: the {what} is not judged", anchor=period.first)
        else:
            ruling = Ruling("met", f"{what} from {iso(period.first)}: judged", anchor=period.first)
        findings.main.set(period.until, ruling)
        if not period.lacking:
            opened = None
        elif opened is None or opened.lacking != period.lacking:
            opened = period
            ended = next((item.until for item in periods[place + 1 :] if item.lacking != period.lacking), None)
            words = f"no {' and no '.join(period.lacking)} session in the {what} from {iso(period.first)}, nor since"
            ruling = violation(words, "service_not_given", (stay.opened_by,), anchor=period.first)
            told = case.notice_until(period.until, since=period.first)
            name = f"from {iso(period.first)}"
            if ended is None:
                findings.note(name, period.until, stay.until, ruling)
            else:
                findings.note_breach(name, period.until, max(told, ended), stay.until, ruling)


def _periods(case: Case, rule: ServiceEvery, stay: PolicyStay) -> Iterator[_Period]:
    """The periods that the stay covers in full; of an open stay the last, after all events, stands for what follows."""
    weekly = rule.each == "week"

    def first_of(day: date) -> date:
        return case.weeks.week_of(day) if weekly else day.replace(day=1)

    given = {(first_of(item.day), item.service) for item in case.chart.attended_in(stay)}
    given |= {
        (first_of(item.day), item.event.service)
        for item in case.chart.history
        if isinstance(item.event, SessionMissed) and item.event.cause in rule.excused_by and stay.covers(item.day)
    }
    latest = max((item.day for item in case.chart.history), default=stay.first)
    first = first_of(stay.first)
    while True:
        until = first + WEEK if weekly else months_after(first, 1)
        if until <= first or (stay.last is not None and until > stay.last):
            return
        if first >= stay.first:
            on_hold = any(start < until and (end or FOREVER) > first for start, end in case.chart.holds)
            lacking = tuple(service for service in rule.services if (first, service) not in given)
            yield _Period(first, until, None if on_hold else lacking)
        if stay.last is None and first > latest:
            return
        first = until


# --- notes ------------------------------------------------------------------------------------------------------------


@judges_each_stay(ProgressNotes)
def progress_notes(case: Case, _: ProgressNotes, findings: RuleFindings, stay: PolicyStay) -> None:
    """Each week in which the client attended anything has a progress note; judged from the day after the week.

    A note can still be written, and stated: a week without one stays on the list until then, or until the stay ends.
    Of weeks in which it is not stated the first is told.
    """
    findings.main.set(stay.first, Ruling("not_applicable", "no week with a session yet"))
    not_stated = False
    visits = case.chart.own(case.chart.visited, stay)
    for start, items in groupby(visits, key=lambda item: case.weeks.week_of(item.day)):
        told = later(start, 7)
        held = list(items)
        if stay.last is not None and told > stay.last:
            break
        name = f"week of {iso(start)}"
        findings.main.set(told, Ruling("met", f"{name} judged", "", tuple(i.version for i in held), anchor=start))
        ruling = _unnoted(name, held, start)
        if ruling is None or (not_stated and ruling.verdict == "unknown"):
            continue
        not_stated = not_stated or ruling.verdict == "unknown"
        findings.note(name, told, stay.until, ruling)


def _unnoted(name: str, held: Sequence[Effective[SessionAttended]], start: date) -> Ruling | None:
    """The ruling on a week without a note; None if it has one."""
    noted = [item.event.noted for item in held]
    evidence = tuple(item.version for item in held)
    if any(noted):
        return None
    words = f"{name}: {plural(len(held), 'session')}"
    if None in noted:
        return unknown(f"{words}, whether any is noted is not stated", "note_not_stated", evidence, start)
    return violation(f"{words}, none with a progress note", "note_missing", evidence, anchor=start)
