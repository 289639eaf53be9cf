"""What was shown then: the verdicts on an episode as the log told them at the time, day after day.

What is recorded later changes what is known of a day, never what somebody could see on it. Each stretch of the log
between two recordings is judged as it was, and asked only about the days on which it was the newest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import pairwise
from typing import NamedTuple, TypeAlias

from caretrail.days import earlier, next_day, today_in
from caretrail.episode.entry import Entry
from caretrail.episode.history import effective_history
from caretrail.findings import Finding
from caretrail.findings.judge import judge
from caretrail.policy import Policy
from caretrail.readmodel.packs import PolicyChange


@dataclass(frozen=True, slots=True)
class ShownThen:
    """A verdict that was to be seen from one civil day through another, and what is known of its first day now.

    `known_from` (UTC) is when it became known; `ended_by` is the version of the event whose recording took it away,
    None if a day passed that changes it, or if it still stands. `now` is None where the rule says nothing of that day
    any more.
    """

    rule: str
    pack: str
    subject: str
    verdict: str
    due_on: date | None
    message: str
    first_day: date
    last_day: date
    known_from: datetime
    ended_by: int | None
    now: str | None

    @property
    def differs(self) -> bool:
        """Whether something else is known of its first day today."""
        return self.verdict != self.now


_Matters: TypeAlias = dict[tuple[str, str, str], list[Finding]]
"""Findings by pack, rule and subject."""


class _Stage(NamedTuple):
    """The first `known` events and a policy: all there was from an instant until the event of version `next`.

    `next` is None if another policy ended it, or nothing yet.
    """

    known: int
    since: datetime
    policy: Policy | None
    first: date
    last: date
    next: int | None


def shown_then(
    entries: Sequence[Entry],
    zone: str | None,
    policy: Policy,
    until: date,
    left_out: Callable[[int], bool],
    changes: Sequence[PolicyChange] = (),
) -> list[ShownThen]:
    """The verdicts shown from the first recording through a day, by rule, subject and day; not_applicable is none.

    `entries` are the events in the order of recording. `policy` judges what is known now, and then too until the
    first of its `changes`. Nothing is told of what was known after so many events if they are `left_out`.
    """
    now = _by_matter(judge(effective_history(entries), policy).findings)
    found: dict[tuple[object, ...], list[ShownThen]] = {}
    for stage in _stages(entries, zone, policy, changes, until):
        if left_out(stage.known):
            continue
        judged = judge(effective_history(entries[: stage.known]), stage.policy).findings
        for finding in sorted(judged, key=lambda one: one.start):
            if finding.verdict != "not_applicable" and (shown := _shown(finding, stage, now)) is not None:
                matter = shown.pack, shown.rule, shown.subject, shown.verdict, shown.due_on
                _add(found.setdefault(matter, []), shown)
    every = (one for stretches in found.values() for one in stretches)
    return sorted(every, key=lambda one: (one.rule, one.subject, one.first_day, one.known_from))


class _Step(NamedTuple):
    """Something that changed what was to be seen: so many events were `known` by then, or a policy became known."""

    at: datetime
    known: int | None
    change: PolicyChange | None


def _stages(
    entries: Sequence[Entry], zone: str | None, policy: Policy, changes: Sequence[PolicyChange], until: date
) -> Iterator[_Stage]:
    """The stages through a day; what was recorded within one minute came at once."""
    steps = [
        *(_Step(change.recorded_at, None, change) for change in changes),
        *(_Step(entry.recorded_at, known, None) for known, entry in enumerate(entries, 1)),
    ]
    steps.sort(key=lambda step: step.at)
    judging: Policy | None = policy
    known = 0
    for step, following in pairwise([*steps, None]):
        if step is None:
            return
        known = known if step.known is None else step.known
        judging = judging if step.change is None else step.change.policy
        if known == 0 or (following is not None and _minute(step.at) == _minute(following.at)):
            continue
        first = today_in(zone, step.at)
        if first > until:
            return
        last = until if following is None else min(until, today_in(zone, following.at))
        ended_by = following.known if following is not None else None
        yield _Stage(known, step.at, judging, first, last, ended_by)


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


def _shown(finding: Finding, stage: _Stage, now: _Matters) -> ShownThen | None:
    """The days of a stage on which a finding of it was to be seen."""
    first = max(finding.start, stage.first)
    last = min(stage.last, earlier(finding.end, 1))
    if first > last:
        return None
    said = next((one.verdict for one in now.get(_matter(finding), ()) if one.holds(first)), None)
    ended_by = stage.next if last == stage.last and finding.holds(next_day(last)) else None
    return ShownThen(
        finding.rule, finding.pack, finding.subject, finding.verdict, finding.due_on, finding.message, first, last,
        stage.since, ended_by, said,
    )  # fmt: skip  # in the order of the fields


def _add(stretches: list[ShownThen], shown: ShownThen) -> None:
    """Lengthen the last stretch if this one goes on where it ends, and the same is known of it now.

    Two reviews of one day are one matter: the one that stands longer tells how long.
    """
    if stretches and shown.first_day <= next_day(stretches[-1].last_day) and shown.now == stretches[-1].now:
        if shown.last_day >= stretches[-1].last_day:
            stretches[-1] = replace(stretches[-1], last_day=shown.last_day, ended_by=shown.ended_by)
    else:
        stretches.append(shown)


def _matter(finding: Finding) -> tuple[str, str, str]:
    return finding.pack, finding.rule, finding.subject


def _by_matter(findings: Iterable[Finding]) -> _Matters:
    found: _Matters = {}
    for finding in findings:
        found.setdefault(_matter(finding), []).append(finding)
    return found
