"""Program rules, judged once for each program: what it attests of itself (S2 to S4), and its group sessions (K4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from caretrail.days import ONE_DAY, earlier, iso
from caretrail.episode.history import Effective, first_of, of_kind
from caretrail.episode.stays import LevelStay, level_stays
from caretrail.events import Admitted, ProgramAttested
from caretrail.findings.finding import Finding, Ruling, Verdict, unknown
from caretrail.findings.intervals import Interval, Intervals
from caretrail.policy import Pack, Policy
from caretrail.policy.rules.record import GroupCounted
from caretrail.policy.rules.staff import Attested
from caretrail.text import plural
from caretrail.tokens import AttestationKind

WORDS: dict[AttestationKind, str] = {
    "access_24_7": "access at all hours",
    "license": "license",
    "staff_training": "staff training",
    "medical_consultation": "medical consultation",
    "crisis_intervention": "crisis intervention",
    "caseload": "clients to a counselor",
}
"""Attestation kinds in words."""


def stays_under_policy(history: Sequence[Effective], policy: Policy) -> list[LevelStay]:
    """The stays of an episode that a policy judges: while they last, their program needs its attestations."""
    admitted = first_of(history, Admitted)
    if admitted is None or not policy.in_force(admitted.day):
        return []
    if not policy.on(admitted.day).is_for(admitted.event.population):
        return []
    return [stay for stay in level_stays(history) if stay.level in policy.on(stay.first_day).levels]


def program_findings(history: Sequence[Effective], policy: Policy | Pack, since: date) -> list[Finding]:
    """The findings on a program from the day it first has a client under the policy.

    `history` is the events of the program's own stream, in clinical order. A program must be able to show an
    attestation on every day, so each day is judged by the version of the policy in force on it.
    """
    if isinstance(policy, Pack):
        policy = Policy((policy,))
    found: list[Finding] = []
    for pack in policy.versions:
        for rule in pack.judged:
            if isinstance(rule, Attested):
                intervals = _judged(history, rule, since).intervals()
                found += [
                    Finding(rule.id, pack.name, subject, start, until, False, False, ruling)
                    for subject, start, until, ruling in _in_force(intervals, policy, pack, since)
                ]
    return found


class GroupChart(NamedTuple):
    """What one chart has on record of a group session: of which chart is never shown to another."""

    chart: UUID
    day: date
    group_session: str
    size: int | None


def group_findings(charts: Iterable[GroupChart], policy: Policy | Pack) -> list[Finding]:
    """K4: the charts of one group session are no more than the size they state, and state one size.

    It is unknown from the day of the session until the charts are mended. No finding names a chart.
    """
    if isinstance(policy, Pack):
        policy = Policy((policy,))
    sessions: dict[tuple[date, str], list[GroupChart]] = {}
    for chart in charts:
        sessions.setdefault((chart.day, chart.group_session), []).append(chart)
    found: list[Finding] = []
    for (day, name), same in sorted(sessions.items()):
        pack = policy.on(day)
        subject = f"group session {name} of {iso(day)}"
        rule, ruling = pack.rule(GroupCounted), _counted(subject, same)
        if rule is not None and ruling is not None:
            found.append(Finding(rule.id, pack.name, subject, day, None, False, False, ruling))
    return found


def _counted(name: str, same: Sequence[GroupChart]) -> Ruling | None:
    number = len({chart.chart for chart in same})
    sizes = sorted({chart.size for chart in same if chart.size is not None})
    charts = plural(number, "chart")
    if len(sizes) > 1:
        words = f"{name}: {charts} with {' and '.join(map(str, sizes))} clients"
        return unknown(words, "sizes_differ")
    if sizes and number > sizes[0]:
        words = f"{name}: {charts}, with {plural(sizes[0], 'client')}"
        return Ruling("unknown", words, f"{number} <= {sizes[0]} fails", cause="more_charts_than_clients")
    return None


def _in_force(intervals: Iterable[Interval], policy: Policy, pack: Pack, since: date) -> Iterator[Interval]:
    """The intervals, cut to the days on which one version of the policy judges."""
    place = policy.versions.index(pack)
    later = policy.versions[place + 1] if place + 1 < len(policy.versions) else None
    first = since if place == 0 else max(since, pack.effective_from or since)
    end = later.effective_from if later else None
    for subject, start, until, ruling in intervals:
        low = max(start, first)
        high = until if end is None else end if until is None else min(until, end)
        if high is None or low < high:
            yield subject, low, high, ruling


def _judged(history: Sequence[Effective], rule: Attested, since: date) -> Intervals:
    """S2 to S4: on each day an attestation made by then is valid; the end of the last is announced."""
    found = Intervals()
    made = [
        (item.version, item.day, item.event)
        for item in of_kind(history, ProgramAttested)
        if item.event.kind == rule.kind
    ]
    soon = rule.soon_days
    days = {since}
    for _, day, event in made:
        ends = _ends(event)
        days |= {day, event.valid_from}
        if ends is not None:
            days |= {earlier(ends, soon), ends, ends + ONE_DAY}
    for day in sorted(day for day in days if day >= since):
        known = [(version, event) for version, made_on, event in made if made_on <= day]
        found.set(day, _ruling(known, WORDS[rule.kind], soon, day))
    return found


Known = Sequence[tuple[int, ProgramAttested]]


def _ruling(known: Known, what: str, soon: int, day: date) -> Ruling:
    begun = [(version, event) for version, event in known if event.valid_from <= day]
    if not begun:
        return _not_begun(known, what)
    version, event = max(begun, key=_lasts)
    ends = _ends(event)
    if ends is not None and ends < day:
        words = f"{what}: the attestation ended {iso(ends)}"
        return Ruling("overdue", words, _arithmetic(event), (version,), ends, "attestation_ended")
    evidence = [version]
    while ends is not None and (following := _following(known, ends)) is not None:
        version, event = following
        ends = _ends(event)
        evidence.append(version)
    if ends is None:
        return Ruling("met", f"{what}: attested without an end", _arithmetic(event), tuple(evidence))
    if day < earlier(ends, soon):
        words = f"{what}: attested through {iso(ends)}"
        return Ruling("met", words, _arithmetic(event), tuple(evidence), ends)
    verdict: Verdict = "due_today" if day == ends else "due_soon"
    words = f"{what}: the attestation ends {iso(ends)}"
    return Ruling(verdict, words, _arithmetic(event), tuple(evidence), ends, "attestation_ends")


def _not_begun(known: Known, what: str) -> Ruling:
    if not known:
        return unknown(f"{what}: no attestation on file", "attestation_missing")
    version, event = min(known, key=lambda item: (item[1].valid_from, item[0]))
    words = f"{what}: attested from {iso(event.valid_from)} only"
    return Ruling("unknown", words, _arithmetic(event), (version,), None, "attestation_not_valid_yet")


def _following(known: Known, ends: date) -> tuple[int, ProgramAttested] | None:
    """The attestation that follows without a gap where one ends: the longest."""
    followers = [item for item in known if item[1].valid_from <= ends + ONE_DAY and (_ends(item[1]) or date.max) > ends]
    return max(followers, key=_lasts, default=None)


def _lasts(item: tuple[int, ProgramAttested]) -> tuple[date, int]:
    return _ends(item[1]) or date.max, item[0]


def _ends(event: ProgramAttested) -> date | None:
    """The last valid day; None for "no end", written as the last day of the calendar."""
    return None if event.valid_to == date.max else event.valid_to


def _arithmetic(event: ProgramAttested) -> str:
    ends = _ends(event)
    return f"valid from {iso(event.valid_from)} {f'through {iso(ends)}' if ends else 'on'}"
