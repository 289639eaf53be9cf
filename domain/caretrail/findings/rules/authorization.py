"""Prior authorization (U1): what a payer decided, what is left of it, and when it ends; information, unless asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from operator import attrgetter

from caretrail.days import earlier, iso, later
from caretrail.episode.history import Effective
from caretrail.events import Authorized
from caretrail.findings.case import Case, judges_each_stay
from caretrail.findings.chart.authorizations import Grant, grants_of
from caretrail.findings.chart.chart import PolicyStay, Session
from caretrail.findings.chart.weeks import Weeks
from caretrail.findings.finding import Ruling
from caretrail.findings.intervals import RuleFindings
from caretrail.policy.rules.stay import Authorization


@judges_each_stay(Authorization)
def authorization(case: Case, rule: Authorization, findings: RuleFindings, stay: PolicyStay) -> None:
    """U1: on each day of the stay, what the payer decided on this level, as recorded by then.

    Events with one number are one authorization: requested, then approved, in part or whole, or denied, then ended.
    Sessions at this level use units from the first day of an authorization on; where several cover a session, it counts
    once: on the one that ends first and has units left. The end is announced `soon_days` before, unless another
    follows; so is the use of the last unit. All of it is information, unless the pack asks for one on each day.
    """
    chart = case.chart
    recorded = [item for item in chart.authorized if item.event.level == stay.level]
    if not recorded:
        findings.main.set(stay.first, _asked(rule, NONE_RECORDED, stay.first))
        return
    sessions = [item for item in chart.visits if (own := chart.stay_on(item.day)) and own.level == stay.level]
    days = {stay.first, *(session.day for session in sessions), *(item.day for item in recorded)}
    for item in recorded:
        event = item.event
        days |= {event.from_, earlier(event.to, rule.soon_days), event.to, later(event.to, 1)}
    book = _Book(case.weeks, recorded, sessions)
    for day in sorted(day for day in days if stay.covers(day)):
        findings.main.set(day, _asked(rule, _ruling(rule, stay, book, day), day))


NONE_RECORDED = Ruling("not_applicable", "no authorization recorded")
OPEN = ("authorization_ends", "authorization_requested", "authorization_used_up")
"""Causes for which nothing is missing on the day: it ends later, is not decided, or its last unit was used."""


def _asked(rule: Authorization, ruling: Ruling, day: date) -> Ruling:
    """The ruling where the text asks for an authorization on each day: what is missing is told as such."""
    if rule.asked == "where_recorded" or ruling.verdict == "met":
        return ruling
    if ruling is NONE_RECORDED or ruling.cause == "authorization_requested":
        return ruling._replace(verdict="unknown", cause=ruling.cause or "authorization_missing")
    if ruling.cause == "authorization_ends":
        return ruling._replace(verdict="due_today" if day == ruling.due_on else "due_soon")
    return ruling if ruling.cause in OPEN else ruling._replace(verdict="violation")


_last: Callable[[Grant], date] = attrgetter("last")


class _Book:
    """Grants and what is used of them, day after day: sessions are counted anew only when a decision is added."""

    def __init__(self, weeks: Weeks, recorded: Sequence[Effective[Authorized]], sessions: Sequence[Session]) -> None:
        self._weeks = weeks
        self._recorded = recorded
        self._sessions = sessions
        self.known: Sequence[Effective[Authorized]] = ()
        self.grants: list[Grant] = []
        self._place = 0

    def turn_to(self, day: date) -> None:
        """Take in what is recorded and attended up to a day; days are asked in order."""
        known = [item for item in self._recorded if item.day <= day]
        if len(known) > len(self.known):
            self.known, self.grants, self._place = known, grants_of(known), 0
        while self._place < len(self._sessions) and self._sessions[self._place].day <= day:
            self._count(self._sessions[self._place])
            self._place += 1

    def _count(self, session: Session) -> None:
        """Count a session once: on the grant that ends first and has units left, else on the last to end."""
        in_force = [one for one in self.grants if one.covers(session.day)]
        if not in_force:
            return
        in_force.sort(key=_last)
        minutes = session.minutes
        for grant in [one for one in in_force if one.left > 0 or self._counted(one, session)] or in_force[-1:]:
            if grant.unit != "hour":
                self._use(grant, session)
                return
            used = minutes if grant is in_force[-1] else min(minutes, max(grant.left, 0))
            grant.used += used
            minutes -= used
            if not minutes:
                return
        in_force[-1].used += minutes if in_force[-1].unit == "hour" else 0

    def _use(self, grant: Grant, session: Session) -> None:
        if not self._counted(grant, session):
            grant.used += 1
            if grant.unit in ("day", "week"):
                grant.counted.add(self._period(grant, session))

    def _counted(self, grant: Grant, session: Session) -> bool:
        return grant.unit in ("day", "week") and self._period(grant, session) in grant.counted

    def _period(self, grant: Grant, session: Session) -> date:
        return session.day if grant.unit == "day" else self._weeks.week_of(session.day)


def _ruling(rule: Authorization, stay: PolicyStay, book: _Book, day: date) -> Ruling:
    book.turn_to(day)
    if not book.known:
        return NONE_RECORDED
    in_force = [grant for grant in book.grants if grant.covers(day)]
    if not in_force:
        return _not_in_force(stay, book, day)
    left = [grant for grant in in_force if grant.left > 0]
    if not left:
        return _used_up(in_force)
    grant = max(left, key=lambda one: (one.last, one.version))
    next_day = later(grant.last, 1)
    follows = any(other.last > grant.last and other.first <= next_day for other in book.grants)
    what = "authorized in part" if grant.event.status == "partial" else "authorized"
    words = f"{what} through {iso(grant.last)}"
    if grant.event.service_code is not None:
        words += f", service {grant.event.service_code}"
    evidence, anchor = (grant.version,), max(grant.first, stay.first)
    met = Ruling("met", words, _arithmetic(grant), evidence, grant.last, "", None, anchor)
    if (grant.last - day).days > rule.soon_days or follows:
        return met
    return met._replace(verdict="info", message=f"authorization ends {iso(grant.last)}", cause="authorization_ends")


def _not_in_force(stay: PolicyStay, book: _Book, day: date) -> Ruling:
    """The ruling of a day without an authorization in force: by what was recorded last."""
    latest = book.known[-1]
    event, evidence = latest.event, tuple(item.version for item in book.known)
    ahead = [grant.first for grant in book.grants if grant.first > day]
    if ahead:
        words, cause = f"authorized from {iso(min(ahead))} on, not before", "authorization_none"
    elif event.status == "requested":
        words, cause = f"authorization requested {iso(latest.day)}, not decided", "authorization_requested"
    elif event.status == "denied":
        words, cause = f"authorization denied {iso(latest.day)}", "authorization_denied"
    else:
        ended = max((grant.last for grant in book.grants), default=event.to)
        words, cause = f"no authorization in force, the last ended {iso(ended)}", "authorization_none"
    return Ruling("info", f"level {stay.level}: {words}", "", evidence, None, cause)


def _used_up(in_force: Sequence[Grant]) -> Ruling:
    """The ruling without units left: used up, or exceeded once more were used."""
    grant = min(in_force, key=lambda one: (one.left, one.version))
    event = grant.event
    what, cause = ("exceeded", "authorization_exceeded") if grant.left < 0 else ("used up", "authorization_used_up")
    words = f"authorization of {iso(event.from_)} {what}: {event.units} {event.unit} units"
    return Ruling("info", words, _arithmetic(grant), (grant.version,), None, cause, None, event.from_)


def _arithmetic(grant: Grant) -> str:
    event = grant.event
    amount = f"{event.units} {event.unit} units" + (f" = {grant.granted} minutes" if event.unit == "hour" else "")
    return f"{iso(event.from_)} to {iso(grant.last)}, {amount}: {grant.used} used, {max(0, grant.left)} left"
