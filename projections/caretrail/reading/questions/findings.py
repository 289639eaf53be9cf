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
from caretrail.reading.question import Question, named_by
from caretrail.reading.snapshot import Snapshot
from caretrail.readmodel.placed import Placed


@dataclass(frozen=True, slots=True)
class Findings(Question[tuple[FindingRow, ...]]):
    """Everything in force on a day, or on any day of a period: every verdict but met and not_applicable.

    What programs must attest comes last, while they have an open episode; filters of a case leave it out.
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

    def shows(self, value: tuple[FindingRow, ...], snapshot: Snapshot) -> Iterable[str]:
        """Episodes with a row, and those asked for by name: to have nothing to say of one says something of it."""
        return (*named_by(self.filters, snapshot), *(row.episode for row in value if row.episode is not None))


_WORKED_OUT = ("days_overdue", "citation")
_NAMES = [field.name for field in fields(FindingRow) if field.name not in _WORKED_OUT]
_PLACES = (Placed, ""), (Finding, "finding."), (Ruling, "finding.ruling.")
_VALUES = attrgetter(*(next(f"{path}{name}" for kept, path in _PLACES if name in kept._fields) for name in _NAMES))
"""The fields of a row that are a field of the placed finding, of its finding or of its ruling."""


def _by_name(row: FindingRow) -> tuple[bool, str, str, date, str, str]:
    """By episode, then what is of programs."""
    name = row.program or "" if row.episode is None else row.episode
    return row.episode is None, name, row.rule, row.start, row.subject, row.verdict


def shown_day(finding: Finding, last: date) -> date:
    """The day for which a finding is told: the last one asked for on which it was in force."""
    return last if finding.until is None else min(last, finding.until - ONE_DAY)


def finding_row(placed: Placed, last: date, citation: str) -> FindingRow:
    """A finding as it is told on the last day asked for."""
    finding = placed.finding
    return FindingRow(**row_fields(placed, finding.days_overdue(shown_day(finding, last)), citation))


def row_fields(placed: Placed, days_overdue: int, citation: str) -> dict[str, Any]:
    """The fields of a FindingRow, by name."""
    values = dict(zip(_NAMES, _VALUES(placed), strict=True))
    values.update(days_overdue=days_overdue, citation=citation)
    return values
