"""What a question asks for, and whether a finding is part of the answer: one filter for stored and computed rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta, timezone
from typing import Any

from caretrail.days import ONE_DAY, today_in
from caretrail.findings import QUIET_VERDICTS, Finding, finding_values
from caretrail.projection.placed import Placed
from caretrail.projection.shapes import EpisodeRows, Span
from caretrail.reading.answers import FindingRow

FARTHEST_WEST = timezone(timedelta(hours=-12))


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


def wanted(placed: Placed, scope: Scope) -> bool:
    """Whether the filters let a finding pass; the days are judged elsewhere."""
    finding = placed.finding
    return not (
        (scope.program is not None and placed.program != scope.program)
        or (scope.clinician is not None and scope.clinician not in (placed.clinician, finding.owner))
        or (scope.rule is not None and not holds_rule(scope.rule, finding.rule))
        or (scope.verdict is not None and finding.verdict != scope.verdict)
        or (scope.episode is not None and placed.episode != scope.episode)
        or (scope.client is not None and placed.client != scope.client)
        or (scope.due_within is not None and not _due(finding.due_on, scope, placed.zone))
    )


def _due(due_on: date | None, scope: Scope, zone: str | None) -> bool:
    return due_on is not None and due_on <= scope.days(zone)[1] + timedelta(days=scope.due_within or 0)


def work_on(placed: Iterable[Placed], scope: Scope) -> Iterator[Placed]:
    """What is in the worklist of the day a question asks for."""
    for one in placed:
        if one.group is not None and one.first <= scope.days(one.zone)[1] < one.end and wanted(one, scope):
            yield one


def findings_of(rows: EpisodeRows, scope: Scope) -> Iterator[Placed]:
    """The findings of one episode that a question asks for, each once, with who had the episode on the first day."""
    first, last = scope.days(rows.zone)
    for finding in rows.findings if scope.all_verdicts else rows.problems:
        end = finding.end if scope.closed else min(finding.end, rows.live_end)
        if finding.start > last or end <= first:
            continue
        begun = max(finding.start, first)
        span = rows.span_on(begun) or Span(begun, None, None, None, None, "assessed")
        placed = rows.place(finding, span, begun, end)
        if wanted(placed, scope):
            yield placed


def findings_of_programs(placed: Iterable[Placed], scope: Scope) -> Iterator[Placed]:
    """The findings of programs that a question asks for, each once."""
    told: set[tuple[str | None, Finding]] = set()
    for one in placed:
        low, high = scope.days(one.zone)
        if one.first > high or one.end <= low or (one.finding.verdict in QUIET_VERDICTS and not scope.all_verdicts):
            continue
        if (one.program, one.finding) not in told and wanted(one, scope):
            told.add((one.program, one.finding))
            yield one


def shown_day(finding: Finding, last: date) -> date:
    """The day for which a finding is told: the last one asked for on which it was in force."""
    return last if finding.until is None else min(last, finding.until - ONE_DAY)


def finding_row(placed: Placed, last: date, citation: str) -> FindingRow:
    """A finding as it is told on the last day asked for."""
    finding = placed.finding
    return FindingRow(**row_fields(placed, finding.days_overdue(shown_day(finding, last)), citation))


def row_fields(placed: Placed, days_overdue: int, citation: str) -> dict[str, Any]:
    """The fields of a FindingRow, by name."""
    values = {**placed._asdict(), **finding_values(placed.finding)}
    values.update(days_overdue=days_overdue, citation=citation)
    return {field.name: values[field.name] for field in fields(FindingRow)}
