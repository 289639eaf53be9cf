"""Prior authorization (U1): a payer's authorization covers the stay, and has units left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta

from caretrail.facts import Authorized
from caretrail.findings.case import Case
from caretrail.findings.chart import Session, Stay
from caretrail.findings.days import iso
from caretrail.findings.finding import Verdict
from caretrail.findings.track import DAY, Say, Sheet
from caretrail.policy.rules import Authorization as AuthorizationRule

MINUTES_AN_HOUR = 60


def authorization(case: Case, rule: AuthorizationRule) -> Sheet:
    """U1: on each day of the stay an authorization for this level is in force and has units left.

    Units are used by what the client attended from its first day on. It is announced `soon_days` before the last one
    ends, unless another follows.
    """
    sheet, chart = Sheet(), case.chart
    for stay in chart.stays:
        days = {stay.first, *(session.day for session in chart.visits), *(item.day for item in chart.authorized)}
        for item in chart.authorized:
            if isinstance(item.fact, Authorized):
                fact = item.fact
                days |= {fact.from_, fact.to - timedelta(days=rule.soon_days), fact.to, fact.to + DAY}
        for day in sorted(day for day in days if stay.covers(day)):
            sheet.main.set(day, _say(case, rule, stay, day))
        sheet.leave(stay)
    return sheet


def _say(case: Case, rule: AuthorizationRule, stay: Stay, day: date) -> Say:
    known = [
        (item.version, item.fact)
        for item in case.chart.authorized
        if isinstance(item.fact, Authorized) and item.day <= day and item.fact.level == stay.level
    ]
    sessions = [session for session in case.chart.visits if session.day <= day]
    in_force = [(version, fact) for version, fact in known if fact.from_ <= day <= fact.to]
    left = [(version, fact) for version, fact in in_force if _used(fact, sessions, day) < fact.units]
    if not in_force:
        evidence = tuple(version for version, _ in known)
        return Say(
            "violation",
            f"no authorization in force from {iso(day)}",
            "",
            evidence,
            None,
            "authorization_none",
            None,
            day,
        )
    if not left:
        version, fact = in_force[-1]
        words = f"authorization of {iso(fact.from_)} used up: {fact.units} {fact.unit} units"
        return Say(
            "violation", words, _arithmetic(fact, sessions, day), (version,), None, "authorization_used_up", None, day
        )
    version, fact = max(left, key=lambda item: item[1].to)
    follows = any(other.from_ <= fact.to + DAY and other.to > fact.to for _, other in known)
    arithmetic = _arithmetic(fact, sessions, day)
    if fact.to - timedelta(days=rule.soon_days) <= day and not follows:
        verdict: Verdict = "due_today" if day == fact.to else "due_soon"
        words = f"authorization ends {iso(fact.to)}"
        return Say(verdict, words, arithmetic, (version,), fact.to, "authorization_ends", None, day)
    return Say("met", f"authorized through {iso(fact.to)}", arithmetic, (version,), fact.to, "", None, day)


def _used(fact: Authorized, sessions: Sequence[Session], day: date) -> int:
    """Units used from the authorization's first day to a day."""
    return _USED[fact.unit]([session for session in sessions if fact.from_ <= session.day <= min(day, fact.to)])


def _arithmetic(fact: Authorized, sessions: Sequence[Session], day: date) -> str:
    used = _used(fact, sessions, day)
    left = max(0, fact.units - used)
    return f"{iso(fact.from_)} to {iso(fact.to)}, {fact.units} {fact.unit} units: {used} used, {left} left"


_USED: dict[str, Callable[[Sequence[Session]], int]] = {
    "session": len,
    "visit": len,
    "day": lambda sessions: len({session.day for session in sessions}),
    "hour": lambda sessions: -(-sum(session.minutes for session in sessions) // MINUTES_AN_HOUR),
    "week": lambda sessions: len(
        {session.day - timedelta(days=(session.day.weekday() + 1) % 7) for session in sessions}
    ),
}
