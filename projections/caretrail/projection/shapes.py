"""What the projection keeps of one episode, as plain values: the same whether read back or computed a moment ago."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple
from uuid import UUID

from caretrail.days import FOREVER, next_day

QUIET_VERDICTS = frozenset({"met", "not_applicable"})
"""Verdicts that ask nothing of anybody: kept beside the flags, and read only when asked for."""


class Flag(NamedTuple):
    """A finding with its citation and its place in the worklist (`work`, 0 for none); `until` is exclusive.

    `pack` names the version of the rules that judged.
    """

    rule: str
    subject: str
    verdict: str
    start: date
    until: date | None
    due_on: date | None
    owner: str | None
    cause: str
    quiet: bool
    work: int
    message: str
    arithmetic: str
    evidence: tuple[int, ...]
    citation: str
    pack: str

    @property
    def end(self) -> date:
        """`until`, or FOREVER."""
        return self.until or FOREVER


class Piece(NamedTuple):
    """A flag of the worklist, with whose it is, for days on which the same people have the episode (`end` exclusive).

    A program's own flag has no episode.
    The days are `date`, or the ISO text they are stored as: either kind sorts, and pieces of one question are of one
    kind. `evidence` is JSON.
    """

    first: date | str
    end: date | str
    stream: UUID | bytes
    episode: str | None
    client: str | None
    zone: str | None
    program: str | None
    level: str | None
    clinician: str | None
    rule: str
    subject: str
    verdict: str
    start: date | str
    until: date | str
    due_on: date | str | None
    owner: str | None
    cause: str
    quiet: bool
    work: int
    message: str
    arithmetic: str
    evidence: str
    citation: str
    pack: str


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


class Governed(NamedTuple):
    """Days (`end` exclusive) on which a policy, named by its oldest version, judges an episode in a program."""

    start: date
    end: date
    program: str
    policy: str


class ProgramFlag(NamedTuple):
    """A finding of a program, on the days from `first` until `end` (exclusive) on which a policy judges there.

    `stream` is that of the program's own facts.
    """

    first: date
    end: date
    stream: UUID
    program: str
    zone: str | None
    flag: Flag


class EligibilitySpan(NamedTuple):
    """Days on which the answer to "is continued stay supported" stays the same."""

    start: date
    until: date | None
    verdict: str
    basis: str
    holds_through: date | None
    reasons: tuple[str, ...]
    evidence: tuple[int, ...]

    @property
    def end(self) -> date:
        """`until`, or FOREVER."""
        return self.until or FOREVER


class Quarantined(NamedTuple):
    """An episode that cannot be read: the fact in the way, a stable word why, and when the store recorded it."""

    stream: UUID
    episode: str | None
    position: int
    version: int
    reason_code: str
    since: str


@dataclass(frozen=True, slots=True)
class EpisodeRows:
    """Everything the projection keeps of one episode, standing on its facts up to `position`."""

    stream: UUID
    episode: str
    client: str | None
    zone: str | None
    policy: str | None
    first_day: date
    admitted_on: date | None
    ended_on: date | None
    version: int
    position: int
    flags: tuple[Flag, ...] = ()
    settled: tuple[Flag, ...] = ()
    spans: tuple[Span, ...] = ()
    eligibility: tuple[EligibilitySpan, ...] = ()
    quarantined: Quarantined | None = None
    governed: tuple[Governed, ...] = ()

    @property
    def live_end(self) -> date:
        """The day after the episode ended, or FOREVER."""
        return FOREVER if self.ended_on is None else next_day(self.ended_on)

    def pieces(self) -> Iterator[Piece]:
        """What goes into the worklist, cut where the episode changes hands and where a flag changes its group."""
        from caretrail.projection.work import stretches

        for flag in self.flags:
            if not flag.work:
                continue
            for start, until, work in stretches(flag, self.flags):
                last = min(until, self.live_end)
                for span in self.spans:
                    first, end = max(start, span.start), min(last, span.end)
                    if first < end:
                        yield Piece(
                            first, end, self.stream, self.episode, self.client, self.zone, span.program, span.level,
                            span.clinician, flag.rule, flag.subject, flag.verdict, flag.start, flag.end, flag.due_on,
                            flag.owner, flag.cause, flag.quiet, work, flag.message, flag.arithmetic,
                            json.dumps(flag.evidence), flag.citation, flag.pack,
                        )  # fmt: skip  # in the order of the fields

    def span_on(self, day: date) -> Span | None:
        """The span that holds a day."""
        return next((span for span in self.spans if span.start <= day < span.end), None)
