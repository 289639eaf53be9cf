"""The record of sessions against itself: on record once (K1), attended while away (K2), providers on the roster (K10).

No text asks for these rules. A contradiction is unknown from the day on which both of its sides are on record until one
of them is mended.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from caretrail.days import FOREVER, iso
from caretrail.episode.history import Effective, of_kind
from caretrail.events import Held, Person, TeamChanged
from caretrail.findings.case import Case, judges, judges_each_stay
from caretrail.findings.chart.chart import Chart, PolicyStay, from_until
from caretrail.findings.chart.sessions import MINUTES_A_DAY, Clock, Session, orderly, same_session
from caretrail.findings.finding import Ruling, unknown
from caretrail.findings.intervals import RuleFindings
from caretrail.policy.rules.record import AttendedWhileAway, ProviderOnRoster, SessionOnce


@judges(SessionOnce)
def session_once(case: Case, _: SessionOnce, findings: RuleFindings) -> None:
    """K1: no session is on record twice, no two attended overlap, no day has more than 24 hours of them.

    Whatever is found, time and sessions count once.
    """
    chart = case.chart
    findings.write_over(chart.stays, [(date.min, Ruling("met", "each session is on record once"))])
    if chart.orderly:
        return
    before: Session | None = None
    for day, records in groupby(chart.sessions, key=attrgetter("day")):
        of_day = list(records)
        if before is None and orderly(of_day):
            before = _past_midnight(of_day)
            continue
        if chart.stay_on(day) is not None:
            _note_contradictions(findings, day, list(_contradictions(of_day, before)))
        before = _past_midnight(of_day)


class Contradiction(NamedTuple):
    """What cannot all be true, with the versions of the events that say it."""

    cause: str
    words: str
    versions: tuple[int, ...]


def _note_contradictions(findings: RuleFindings, day: date, found: Sequence[Contradiction]) -> None:
    """Add one finding for each cause."""
    for cause in dict.fromkeys(one.cause for one in found):
        alike = [one for one in found if one.cause == cause]
        words = f"sessions of {iso(day)}: {'; '.join(one.words for one in alike)}"
        versions = tuple(sorted({version for one in alike for version in one.versions}))
        findings.note(f"sessions of {iso(day)}", day, None, unknown(words, cause, versions))


def _past_midnight(records: Iterable[Session]) -> Session | None:
    """The attended session of a day that goes on longest after its midnight."""
    found: Session | None = None
    latest = 0
    for session in records:
        begin = session.begin
        if session.attended and begin is not None:
            left = begin % MINUTES_A_DAY + session.minutes - MINUTES_A_DAY
            if left > latest:
                found, latest = session, left
    return found


def _contradictions(records: Sequence[Session], before: Session | None) -> Iterator[Contradiction]:
    """What cannot all be true of the sessions of a day.

    `before` is the session of the day before that goes on longest.
    """
    twice: dict[int, list[Session]] = {}
    for place, session in enumerate(records):
        first = next((one for one in range(place) if same_session(records[one], session)), place)
        twice.setdefault(first, []).append(session)
    for same in twice.values():
        if len(same) > 1:
            both = len({session.attended for session in same}) > 1
            words = "recorded as attended and as missed" if both else "on record more than once"
            versions = tuple([session.version for session in same])
            yield Contradiction("session_twice", f"{_named(same[0])} is {words}", versions)
    clock, total = Clock(), 0
    latest = before
    attended_once = [attended[0] for same in twice.values() if (attended := [one for one in same if one.attended])]
    for session in attended_once:
        total += clock.add(session)[0]
        begin = session.begin
        if begin is None:
            continue
        if latest is not None and begin < _ends(latest):
            words = f"{_named(session)} overlaps {_named(latest)}"
            yield Contradiction("sessions_overlap", words, (latest.version, session.version))
        if latest is None or _ends(session) > _ends(latest):
            latest = session
    if total > MINUTES_A_DAY:
        versions = tuple([session.version for session in records if session.attended])
        words = f"{total} minutes attended, and a day has {MINUTES_A_DAY}"
        yield Contradiction("over_24_hours", words, versions)


def _ends(session: Session) -> int:
    return (session.begin or 0) + session.minutes


def _named(session: Session) -> str:
    return f"{session.service.replace('_', ' ')}" + (f" {session.start}" if session.start else "")


@judges(AttendedWhileAway)
def attended_while_away(case: Case, _: AttendedWhileAway, findings: RuleFindings) -> None:
    """K2: no treatment is attended while on hold, and nothing after the last contact that a discharge names."""
    chart = case.chart
    findings.write_over(chart.stays, [(date.min, Ruling("met", "nothing attended while away"))])
    for begin, end in chart.holds:
        held = [one for one in from_until(chart.held, begin, end) if chart.stay_on(one.day)]
        holds = tuple([item.version for item in of_kind(chart.history, Held) if item.day == begin]) if held else ()
        for session in held:
            name = f"session of {iso(session.day)}"
            words = f"{name}: attended while on hold since {iso(begin)}"
            ruling = unknown(words, "attended_on_hold", (*holds, session.version))
            findings.note(name, session.day, None, ruling)
    discharge = chart.discharge
    contact = discharge.event.last_contact_on if discharge is not None else None
    if discharge is None or contact is None or chart.stay_on(discharge.day) is None:
        return
    for session in chart.visits:
        if contact < session.day <= discharge.day:
            name = f"session of {iso(session.day)}"
            words = f"{name}: attended after the last contact, which the discharge says was {iso(contact)}"
            ruling = unknown(words, "attended_after_last_contact", (session.version, discharge.version))
            findings.note(name, discharge.day, None, ruling)


@judges_each_stay(ProviderOnRoster)
def provider_on_roster(case: Case, _: ProviderOnRoster, findings: RuleFindings, stay: PolicyStay) -> None:
    """K10: whoever provides a session of treatment is on the roster of the day; where there is one, else nobody asks.

    It is information, from the first session of a person until they join or the stay ends.
    """
    chart = case.chart
    findings.main.set(stay.first, Ruling("met", "each provider of a session is on the roster, where there is one"))
    named: set[str] = set()
    treated = chart.own(chart.treated, stay)
    # most have been there all the time, and need no look at each session
    always = chart.team.throughout(treated[0].day, treated[-1].day) if treated else ()
    for item in treated:
        for person in item.event.performers:
            if person.id in always or person.id in named or chart.team.has(person.id, item.day):
                continue
            roster = _roster(chart, item.day)
            if roster is None or person.id in roster:
                continue
            named.add(person.id)
            joined = _joins(chart, person.id, item.day)
            until = min(joined or FOREVER, stay.until or FOREVER)
            words = f"{person.id} provided a session on {iso(item.day)} and was not on the roster"
            ruling = Ruling("info", words, "", (item.version,), cause="not_on_roster")
            findings.note(f"provider {person.id}", item.day, None if until == FOREVER else until, ruling)


def _changes(chart: Chart) -> list[Effective[TeamChanged]]:
    return of_kind(chart.history, TeamChanged)


def _roster(chart: Chart, day: date) -> set[str] | None:
    """Everybody listed with the team at some time of a day, whatever their role; None if nobody ever was by then.

    A case owner alone is no roster.
    """
    listed: set[str] = set()
    ever = False
    if chart.admission is not None and chart.admission.day <= day:
        listed = _ids(chart.admission.event.team)
        ever = bool(listed)
        if chart.admission.event.clinician and ever:
            listed.add(chart.admission.event.clinician)
    for change in _changes(chart):
        if change.day > day:
            break
        listed |= _ids(change.event.joins)
        ever = ever or bool(listed)
        if change.day < day:
            listed -= set(change.event.leaves)
        if change.event.clinician and ever:
            listed.add(change.event.clinician)
    return listed if ever else None


def _ids(people: Iterable[Person]) -> set[str]:
    return {person.id for person in people}


def _joins(chart: Chart, person: str, after: date) -> date | None:
    """The day on which a person joins the team after a day."""
    for change in _changes(chart):
        if change.day > after and (person == change.event.clinician or person in _ids(change.event.joins)):
            return change.day
    return None
