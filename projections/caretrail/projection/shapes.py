"""What the projection keeps of one episode, as plain values: the same whether read back or computed a moment ago."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple
from uuid import UUID

from caretrail.projection.days import FOREVER, next_day

QUIET_VERDICTS = frozenset({"met", "not_applicable"})
"""Verdicts that ask nothing of anybody: kept beside the flags, and read only when asked for."""


class Flag(NamedTuple):
    """A finding with its citation and its place in the worklist (`work`, 0 for none); `until` is exclusive."""

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

    @property
    def end(self) -> date:
        """`until`, or FOREVER."""
        return self.until or FOREVER


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

    @property
    def live_end(self) -> date:
        """The day after the episode ended, or FOREVER."""
        return FOREVER if self.ended_on is None else next_day(self.ended_on)

    def span_on(self, day: date) -> Span | None:
        """The span that holds a day."""
        return next((span for span in self.spans if span.start <= day < span.end), None)
