"""Prior authorization (U1): a payer's authorization covers the stay, and has units left."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from caretrail.days import ONE_DAY, earlier, iso, later
from caretrail.events import Authorized
from caretrail.findings.case import Case, judges_each_stay
from caretrail.findings.chart.chart import PolicyStay, Session
from caretrail.findings.chart.terms import MINUTES_AN_HOUR
from caretrail.findings.finding import Ruling, Verdict, violation
from caretrail.findings.intervals import RuleFindings
from caretrail.policy.rules.stay import Authorization


@judges_each_stay(Authorization)
def authorization(case: Case, rule: Authorization, findings: RuleFindings, stay: PolicyStay) -> None:
    """U1: on each day of the stay an authorization for this level is in force and covers the sessions attended.

    Sessions at this level use its units from its first day on; hours are counted in minutes. The end of the last one
    is announced `soon_days` before, unless another follows. So is the use of the last unit: the next session would
    not be covered.
    """
    chart = case.chart
    sessions = [item for item in chart.visits if (own := chart.stay_on(item.day)) and own.level == stay.level]
    days = {stay.first, *(session.day for session in sessions), *(item.day for item in chart.authorized)}
    for item in chart.authorized:
        event = item.event
        days |= {event.from_, earlier(event.to, rule.soon_days), event.to, later(event.to, 1)}
    for day in sorted(day for day in days if stay.covers(day)):
        findings.main.set(day, _ruling(case, rule, stay, sessions, day))


def _ruling(case: Case, rule: Authorization, stay: PolicyStay, sessions: Sequence[Session], day: date) -> Ruling:
    known = [
        (item.version, item.event)
        for item in case.chart.authorized
        if item.day <= day and item.event.level == stay.level
    ]
    in_force = [(version, event) for version, event in known if event.from_ <= day <= event.to]
    if not in_force:
        ended = [event.to for _, event in known if event.to < day]
        words = f"no authorization for level {stay.level} in force"
        if ended:
            words += f", the last ended {iso(max(ended))}"
        begun = max([stay.first, *(end + ONE_DAY for end in ended)])
        evidence = tuple(version for version, _ in known) or (stay.opened_by,)
        return violation(words, "authorization_none", evidence, anchor=begun)
    used = {version: _used(case, event, sessions, day) for version, event in in_force}
    left = [(version, event) for version, event in in_force if used[version] < _granted(event)]
    if not left:
        return _used_up(in_force, used)
    version, event = max(left, key=lambda item: item[1].to)
    follows = any(other.from_ <= later(event.to, 1) and other.to > event.to for _, other in known)
    arithmetic = _arithmetic(event, used[version])
    if earlier(event.to, rule.soon_days) <= day and not follows:
        verdict: Verdict = "due_today" if day == event.to else "due_soon"
        words = f"authorization ends {iso(event.to)}"
        return Ruling(verdict, words, arithmetic, (version,), event.to, "authorization_ends", None, event.from_)
    return Ruling("met", f"authorized through {iso(event.to)}", arithmetic, (version,), event.to, "", None, event.from_)


def _used_up(in_force: Sequence[tuple[int, Authorized]], used: dict[int, int]) -> Ruling:
    """The ruling without units left: due soon if they covered all so far, a violation once more were used."""
    version, event = max(in_force, key=lambda item: (used[item[0]] <= _granted(item[1]), item[1].to))
    arithmetic = _arithmetic(event, used[version])
    enough = used[version] <= _granted(event)
    words = (
        f"authorization of {iso(event.from_)} {'used up' if enough else 'exceeded'}: {event.units} {event.unit} units"
    )
    verdict: Verdict = "due_soon" if enough else "violation"
    return Ruling(verdict, words, arithmetic, (version,), None, "authorization_used_up", None, event.from_)


def _granted(event: Authorized) -> int:
    """The units granted; hours as minutes."""
    return event.units * MINUTES_AN_HOUR if event.unit == "hour" else event.units


def _used(case: Case, event: Authorized, sessions: Sequence[Session], day: date) -> int:
    """The units used from the authorization's first day to a day; hours as minutes."""
    until = min(day, event.to)
    held = [session for session in sessions if event.from_ <= session.day <= until]
    if event.unit == "hour":
        return sum(session.minutes for session in held)
    if event.unit == "day":
        return len({session.day for session in held})
    if event.unit == "week":
        return len({case.weeks.week_of(session.day) for session in held})
    return len(held)


def _arithmetic(event: Authorized, used: int) -> str:
    granted = _granted(event)
    amount = f"{event.units} {event.unit} units" + (f" = {granted} minutes" if event.unit == "hour" else "")
    return f"{iso(event.from_)} to {iso(event.to)}, {amount}: {used} used, {max(0, granted - used)} left"
