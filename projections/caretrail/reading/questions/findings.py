"""Findings: every finding in force on a day or in a period."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from caretrail.days import ONE_DAY
from caretrail.findings import Finding
from caretrail.reading.answers import FindingRow
from caretrail.reading.query import Selection
from caretrail.reading.question import ListQuestion
from caretrail.reading.snapshot import Snapshot
from caretrail.readmodel.placed import Placed


@dataclass(frozen=True, slots=True)
class Findings(ListQuestion[tuple[FindingRow, ...]]):
    """Findings in force on a day, or on any day of a period: all verdicts but met, breached and not_applicable.

    Findings of programs come last, while they have an open episode; filters of a case leave them out.
    """

    name: ClassVar[str] = "findings"

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
    overdue = finding.days_overdue(shown_day(finding, last))
    return FindingRow(*row_values(placed, finding.owner, overdue, finding.message, citation))


def row_values(placed: Placed, owner: str | None, overdue: int, message: str, citation: str) -> tuple[Any, ...]:
    """The fields of a FindingRow, in their order: by name they take half as long again."""
    finding, ruling = placed.finding, placed.finding.ruling
    return (
        placed.episode, placed.client, placed.program, placed.level, placed.clinician, owner, finding.rule,
        ruling.verdict, ruling.due_on, overdue, finding.start, finding.until, message, citation, ruling.evidence,
        ruling.arithmetic, ruling.cause, finding.subject, finding.quiet, finding.explained, finding.pack, ruling.doubt,
    )  # fmt: skip  # as in FindingRow
