"""Findings: every finding in force on a day or in a period."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date
from operator import attrgetter
from typing import Any, ClassVar

from caretrail.days import ONE_DAY
from caretrail.findings import Finding, Ruling
from caretrail.reading.answers import FindingRow
from caretrail.reading.query import NO_FILTERS, TODAY, Filters, Query, Selection
from caretrail.reading.question import Question
from caretrail.reading.snapshot import Snapshot
from caretrail.readmodel.placed import Placed


@dataclass(frozen=True, slots=True)
class Findings(Question[tuple[FindingRow, ...]]):
    """Findings in force on a day, or on any day of a period: all verdicts but met and not_applicable.

    Findings of programs come last, while they have an open episode; filters of a case leave them out.
    """

    name: ClassVar[str] = "findings"
    query: Query = TODAY
    filters: Filters = NO_FILTERS

    def answer(self, snapshot: Snapshot) -> tuple[FindingRow, ...]:
        """List the findings by episode."""
        selection = Selection(snapshot.now, self.query, self.filters)
        rows = [
            finding_row(placed, selection.days(placed.zone)[1], snapshot.citation(placed.finding))
            for placed in snapshot.findings(selection)
        ]
        return tuple(sorted(rows, key=_by_name))

    def shows(self, value: tuple[FindingRow, ...]) -> Iterable[str | None]:
        """Episodes with a row."""
        return (row.episode for row in value)


_WORKED_OUT = ("days_overdue", "citation")
_NAMES = [field.name for field in fields(FindingRow) if field.name not in _WORKED_OUT]
_PLACES = (Placed, ""), (Finding, "finding."), (Ruling, "finding.ruling.")
_VALUES = attrgetter(*(next(f"{path}{name}" for kept, path in _PLACES if name in kept._fields) for name in _NAMES))
"""The fields of a row that are a field of the placed finding, of its finding or of its ruling."""


def _by_name(row: FindingRow) -> tuple[bool, str, str, date, str, str]:
    """Episodes before programs."""
    name = row.program or "" if row.episode is None else row.episode
    return row.episode is None, name, row.rule, row.start, row.subject, row.verdict


def shown_day(finding: Finding, last: date) -> date:
    """The day a row describes: the last selected day on which the finding was in force."""
    return last if finding.until is None else min(last, finding.until - ONE_DAY)


def finding_row(placed: Placed, last: date, citation: str) -> FindingRow:
    """A finding as a row, counted to the last selected day."""
    finding = placed.finding
    return FindingRow(**row_fields(placed, finding.days_overdue(shown_day(finding, last)), citation))


def row_fields(placed: Placed, days_overdue: int, citation: str) -> dict[str, Any]:
    """The fields of a FindingRow, by name."""
    values = dict(zip(_NAMES, _VALUES(placed), strict=True))
    values.update(days_overdue=days_overdue, citation=citation)
    return values
