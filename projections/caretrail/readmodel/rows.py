"""What the projection keeps of one episode, as plain values: the same whether read back or computed a moment ago."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple
from uuid import UUID

from caretrail.days import FOREVER, next_day
from caretrail.findings import Eligibility, Finding
from caretrail.readmodel.placed import Group, Placed
from caretrail.readmodel.worklist_groups import spans_of_groups

FALLS_DUE: frozenset[str] = frozenset({"due_soon", "due_today", "overdue"})
"""Verdicts of a duty that runs out, and is owed even if the episode has ended by then."""


class Span(NamedTuple):
    """Days on which an episode's program, level, clinician and status stay the same."""

    start: date
    until: date | None
    program: str | None
    level: str | None
    clinician: str | None
    status: str

    @property
    def end(self) -> date:
        """`until`, or FOREVER."""
        return self.until or FOREVER


class UnderPolicy(NamedTuple):
    """Days (`end` exclusive) on which a policy, named by its oldest version, judges an episode in a program.

    `zone` is the episode's.
    """

    start: date
    end: date
    program: str
    policy: str
    zone: str | None


class GroupRecord(NamedTuple):
    """What an episode has on record of a group session attended under a policy, named by its oldest version."""

    held_on: date
    program: str
    policy: str
    group_session: str
    group_size: int | None
    version: int
    zone: str | None


class Quarantined(NamedTuple):
    """An episode that cannot be read: the unreadable event, a stable word why, and when the store recorded it."""

    stream: UUID
    episode: str | None
    position: int
    version: int
    reason_code: str
    since: str


@dataclass(frozen=True, slots=True)
class EpisodeRows:
    """Everything the read models keep of one episode, computed from its events up to `position`.

    `packs` is the digest of the packs that judged, empty if none could.
    `findings` are first the problems, then those met or not applicable. `groups` are those of the problems.
    """

    stream: UUID
    episode: str
    client: str | None
    zone: str | None
    first_day: date
    version: int
    position: int
    policy: str | None = None
    admitted_on: date | None = None
    ended_on: date | None = None
    packs: str = ""
    findings: tuple[Finding, ...] = ()
    groups: tuple[Group | None, ...] = ()
    spans: tuple[Span, ...] = ()
    eligibility: tuple[Eligibility, ...] = ()
    quarantined: Quarantined | None = None
    under_policy: tuple[UnderPolicy, ...] = ()
    group_records: tuple[GroupRecord, ...] = ()

    @property
    def live_end(self) -> date:
        """The day after the episode ended, or FOREVER."""
        return FOREVER if self.ended_on is None else next_day(self.ended_on)

    def live_until(self, finding: Finding) -> date:
        """The end of a finding as work to do: that of the episode, unless it falls due after the episode ended."""
        after_end = finding.start >= self.live_end and finding.verdict in FALLS_DUE
        return finding.end if after_end else min(finding.end, self.live_end)

    @property
    def problems(self) -> tuple[Finding, ...]:
        """Every finding but those met and not applicable."""
        return self.findings[: len(self.groups)]

    def placed(self, *, quiet: bool = False) -> Iterator[Placed]:
        """Every problem, and with `quiet` every other finding, in pieces of which the same people have the episode.

        They are also cut where a finding changes its group, and where the episode ended.
        """
        hands = [(whose.start, whose.end, whose) for whose in self._in_hands()]
        problems = self.problems
        for finding, group in zip(problems, self.groups, strict=True):
            for start, end, group_then in spans_of_groups(finding, group, problems):
                yield from self._cut(finding, start, end, group_then, hands)
        for finding in self.findings[len(self.groups) :] if quiet else ():
            yield from self._cut(finding, finding.start, finding.end, None, hands)

    def _cut(
        self,
        finding: Finding,
        start: date,
        end: date,
        group: Group | None,
        hands: Iterable[tuple[date, date, Span]],
    ) -> Iterator[Placed]:
        live = self.live_until(finding)
        for begins, ends, whose in hands:
            first, last = max(start, begins), min(end, ends)
            if first >= last:
                continue
            if first < live:
                yield self.place(finding, whose, first, min(last, live), group, closed=False)
            if live < last:
                yield self.place(finding, whose, max(first, live), last, None, closed=True)

    def _in_hands(self) -> Iterator[Span]:
        """The spans, joined where program, level and clinician stay; before the first nobody has the episode."""
        held = Span(date.min, None, None, None, None, "assessed")
        for span in self.spans:
            if span[2:5] == held[2:5]:
                continue
            if held.start < span.start:
                yield held._replace(until=span.start)
            held = span
        yield held._replace(until=None)

    def place(
        self, finding: Finding, whose: Span, first: date, end: date, group: Group | None = None, *, closed: bool = False
    ) -> Placed:
        """Place a finding on days on which the people of a span have the episode."""
        return Placed(
            finding, self.stream, self.episode, self.client, self.zone, whose.program, whose.level, whose.clinician,
            first, end, group, closed,
        )  # fmt: skip  # one line would be too long

    def span_on(self, day: date) -> Span | None:
        """The span that holds a day."""
        return next((span for span in self.spans if span.start <= day < span.end), None)
