"""What a question asks for, and whether a finding is part of the answer: one filter for stored and computed rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import NamedTuple
from uuid import UUID

from caretrail.projection.days import ONE_DAY, today_in
from caretrail.projection.shapes import EpisodeRows, Flag, Span
from caretrail.reading.answers import FindingRow

FARTHEST_WEST = timezone(timedelta(hours=-12))


class Hit(NamedTuple):
    """A finding in force, with whose it is and who had the episode on that day."""

    stream: UUID | bytes
    episode: str
    client: str | None
    zone: str | None
    program: str | None
    level: str | None
    clinician: str | None
    flag: Flag


@dataclass(frozen=True, slots=True)
class Scope:
    """A question: one day (default: today in each episode's zone) or a period, and filters that must all hold."""

    now: datetime
    as_of: date | None = None
    start: date | None = None
    end: date | None = None
    closed: bool = False
    all_verdicts: bool = False
    work: bool = False
    program: str | None = None
    clinician: str | None = None
    rule: str | None = None
    verdict: str | None = None
    due_within: int | None = None
    episode: str | None = None
    client: str | None = None

    @property
    def is_period(self) -> bool:
        """Whether a period is asked for, not a day."""
        return self.start is not None or self.end is not None

    def days(self, zone: str | None) -> tuple[date, date]:
        """The first and the last day asked for, for an episode in that zone."""
        if not self.is_period:
            day = self.as_of or today_in(zone, self.now)
            return day, day
        return self.start or date.min, self.end or self.as_of or today_in(zone, self.now)

    def reach(self) -> tuple[date, date, date]:
        """Over all zones: the lowest first day, the highest first day, the highest last day."""
        low, _ = self._at(FARTHEST_WEST)
        high, last = self._at(timezone(timedelta(hours=14)))
        return low, high, last

    def _at(self, zone: timezone) -> tuple[date, date]:
        today = self.now.astimezone(zone).date()
        if not self.is_period:
            day = self.as_of or today
            return day, day
        return self.start or date.min, self.end or self.as_of or today


def holds_rule(asked: str, rule: str) -> bool:
    """Whether "R1" or "NE21-R1" means that rule."""
    asked, rule = asked.upper(), rule.upper()
    return rule == asked or rule.endswith(f"-{asked}")


def wanted(hit: Hit, scope: Scope) -> bool:
    """Whether the filters let a finding pass; the days are judged elsewhere."""
    flag = hit.flag
    return not (
        (scope.program is not None and hit.program != scope.program)
        or (scope.clinician is not None and scope.clinician not in (hit.clinician, flag.owner))
        or (scope.rule is not None and not holds_rule(scope.rule, flag.rule))
        or (scope.verdict is not None and flag.verdict != scope.verdict)
        or (scope.episode is not None and hit.episode != scope.episode)
        or (scope.client is not None and hit.client != scope.client)
        or (scope.due_within is not None and not _due(flag, scope, hit.zone))
    )


def _due(flag: Flag, scope: Scope, zone: str | None) -> bool:
    return flag.due_on is not None and flag.due_on <= scope.days(zone)[1] + timedelta(days=scope.due_within or 0)


def hits_of(rows: EpisodeRows, scope: Scope) -> Iterator[Hit]:
    """The findings of one episode that a question asks for."""
    first, last = scope.days(rows.zone)
    for flag in (*rows.flags, *rows.settled) if scope.all_verdicts else rows.flags:
        end = flag.end if scope.closed else min(flag.end, rows.live_end)
        if flag.start > last or end <= first or (scope.work and not flag.work):
            continue
        span = rows.span_on(max(flag.start, first)) or Span(first, None, None, None, None, "assessed")
        hit = Hit(rows.stream, rows.episode, rows.client, rows.zone, span.program, span.level, span.clinician, flag)
        if wanted(hit, scope):
            yield hit


def shown_day(flag: Flag, last: date) -> date:
    """The day for which a finding is told: the last one asked for on which it was in force."""
    return last if flag.until is None else min(last, flag.until - ONE_DAY)


def days_overdue(flag: Flag, day: date) -> int:
    """Whole days past the due date; what ended unmet stays at what it was when it ended."""
    if flag.due_on is None or flag.verdict not in ("overdue", "not_met"):
        return 0
    if flag.verdict == "not_met":
        day = flag.start
    return max(0, (day - flag.due_on).days)


def finding_row(hit: Hit, last: date) -> FindingRow:
    """A finding as it is told on the last day asked for."""
    flag = hit.flag
    return FindingRow(
        hit.episode, hit.client, hit.program, hit.level, hit.clinician, flag.owner, flag.rule, flag.verdict,
        flag.due_on, days_overdue(flag, shown_day(flag, last)), flag.start, flag.until, flag.message, flag.citation,
        flag.evidence, flag.arithmetic, flag.cause, flag.subject, flag.quiet,
    )  # fmt: skip  # in the order of the fields
