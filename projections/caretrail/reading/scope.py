"""What a question asks for, and whether a finding is part of the answer: one filter for stored and computed rows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import NamedTuple
from uuid import UUID

from caretrail.days import ONE_DAY, day_of, today_in
from caretrail.projection.shapes import QUIET_VERDICTS, EpisodeRows, Flag, Piece, ProgramFlag, Span
from caretrail.reading.answers import FindingRow

FARTHEST_WEST = timezone(timedelta(hours=-12))


class Hit(NamedTuple):
    """A finding in force, with whose it is and who had the episode on that day; a program's own has no episode."""

    stream: UUID | bytes
    episode: str | None
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

    @property
    def asks_of_programs(self) -> bool:
        """Whether what is of a program, and of nobody's case there, can be part of the answer."""
        return self.clinician is None and self.client is None and self.episode is None

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


def wanted(item: Hit | Piece, flag: Flag | Piece, scope: Scope) -> bool:
    """Whether the filters let a finding pass; the days are judged elsewhere."""
    return not (
        (scope.program is not None and item.program != scope.program)
        or (scope.clinician is not None and scope.clinician not in (item.clinician, flag.owner))
        or (scope.rule is not None and not holds_rule(scope.rule, flag.rule))
        or (scope.verdict is not None and flag.verdict != scope.verdict)
        or (scope.episode is not None and item.episode != scope.episode)
        or (scope.client is not None and item.client != scope.client)
        or (scope.due_within is not None and not _due(flag.due_on, scope, item.zone))
    )


def _due(due_on: date | str | None, scope: Scope, zone: str | None) -> bool:
    return due_on is not None and day_of(due_on) <= scope.days(zone)[1] + timedelta(days=scope.due_within or 0)


def pieces_of(rows: EpisodeRows, scope: Scope) -> Iterator[Piece]:
    """What one episode puts into the worklist of the day a question asks for."""
    day = scope.days(rows.zone)[1]
    for piece in rows.pieces():
        if day_of(piece.first) <= day < day_of(piece.end) and wanted(piece, piece, scope):
            yield piece


def hits_of(rows: EpisodeRows, scope: Scope) -> Iterator[Hit]:
    """The findings of one episode that a question asks for."""
    first, last = scope.days(rows.zone)
    for flag in (*rows.flags, *rows.settled) if scope.all_verdicts else rows.flags:
        end = flag.end if scope.closed else min(flag.end, rows.live_end)
        if flag.start > last or end <= first:
            continue
        span = rows.span_on(max(flag.start, first)) or Span(first, None, None, None, None, "assessed")
        hit = Hit(rows.stream, rows.episode, rows.client, rows.zone, span.program, span.level, span.clinician, flag)
        if wanted(hit, flag, scope):
            yield hit


def program_hits(flags: Iterable[ProgramFlag], scope: Scope) -> Iterator[Hit]:
    """The findings of programs that a question asks for, each once."""
    told: set[tuple[str, Flag]] = set()
    for first, end, stream, program, zone, flag in flags:
        low, high = scope.days(zone)
        if first > high or end <= low or (flag.verdict in QUIET_VERDICTS and not scope.all_verdicts):
            continue
        hit = Hit(stream, None, None, zone, program, None, None, flag)
        if (program, flag) not in told and wanted(hit, flag, scope):
            told.add((program, flag))
            yield hit


def program_pieces(flags: Iterable[ProgramFlag], scope: Scope) -> Iterator[Piece]:
    """What programs put into the worklist of the day a question asks for."""
    for first, end, stream, program, zone, flag in flags:
        if flag.work and first <= scope.days(zone)[1] < end:
            piece = Piece(
                first, end, stream, None, None, zone, program, None, None, flag.rule, flag.subject, flag.verdict,
                flag.start, flag.end, flag.due_on, flag.owner, flag.cause, flag.quiet, flag.work, flag.message,
                flag.arithmetic, json.dumps(flag.evidence), flag.citation, flag.pack,
            )  # fmt: skip  # in the order of the fields
            if wanted(piece, piece, scope):
                yield piece


def shown_day(flag: Flag, last: date) -> date:
    """The day for which a finding is told: the last one asked for on which it was in force."""
    return last if flag.until is None else min(last, flag.until - ONE_DAY)


def days_overdue(verdict: str, due_on: date | None, start: date, day: date) -> int:
    """Whole days past the due date; what ended unmet stays at what it was when it ended."""
    if due_on is None or verdict not in ("overdue", "not_met"):
        return 0
    return max(0, ((start if verdict == "not_met" else day) - due_on).days)


def finding_row(hit: Hit, last: date) -> FindingRow:
    """A finding as it is told on the last day asked for."""
    flag = hit.flag
    overdue = days_overdue(flag.verdict, flag.due_on, flag.start, shown_day(flag, last))
    return FindingRow(
        hit.episode, hit.client, hit.program, hit.level, hit.clinician, flag.owner, flag.rule, flag.verdict,
        flag.due_on, overdue, flag.start, flag.until, flag.message, flag.citation, flag.evidence, flag.arithmetic,
        flag.cause, flag.subject, flag.quiet, flag.pack,
    )  # fmt: skip  # in the order of the fields
