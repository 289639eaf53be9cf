"""The worklist: from what asks for something to what a clinician has to do, one row per episode and rule, in order.

What asks a program stands between the episodes, in rows of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from caretrail.days import FOREVER
from caretrail.findings import Finding
from caretrail.reading.answers import Work, WorkRow
from caretrail.reading.query import NO_FILTERS, TODAY, Filters, Query, Selection
from caretrail.reading.question import Question, named_by
from caretrail.reading.questions.findings import row_fields
from caretrail.reading.snapshot import Snapshot
from caretrail.readmodel.placed import Group, Placed

_RANK = {group: place for place, group in enumerate(Group)}

_Key = tuple[str | tuple[str, str | None], str, Group]
"""Whose it is (an episode's, or a program's), the rule, and the kind of row."""


@dataclass(frozen=True, slots=True)
class Worklist(Question[Work]):
    """What is to be done on a day, one row per episode and rule, most pressing first.

    What a program must attest is a row of the program's. `all_quiet` adds what is quiet: explained findings, and the
    first short week. `limit` bounds the rows worded (`total` counts all): a screen of fifty costs less than ten
    thousand.
    """

    name: ClassVar[str] = "worklist"
    query: Query = TODAY
    filters: Filters = NO_FILTERS
    all_quiet: bool = False
    limit: int | None = None

    def answer(self, snapshot: Snapshot) -> Work:
        """Fold what asks for something into rows."""
        selection = Selection(snapshot.now, self.query, self.filters)
        return work_rows(
            snapshot.work(selection), selection, snapshot.citation, all_quiet=self.all_quiet, limit=self.limit
        )

    def shows(self, value: Work, snapshot: Snapshot) -> Iterable[str]:
        """Episodes with a row, and those asked for by name: that there is nothing to do says something, too."""
        return (*named_by(self.filters, snapshot), *(row.episode for row in value.rows if row.episode is not None))


def work_rows(
    work: Iterable[Placed],
    selection: Selection,
    citation: Callable[[Finding], str],
    *,
    all_quiet: bool,
    limit: int | None,
) -> Work:
    """Fold findings into rows, sort them, and count the quiet rows left out; only rows asked for are worded."""
    groups: dict[_Key, list[Placed]] = {}
    for placed in work:
        groups.setdefault(_key(placed), []).append(placed)
    quiet = sum(1 for key in groups if key[2] is Group.QUIET)
    shown = [_led(group) for key, group in groups.items() if all_quiet or key[2] is not Group.QUIET]
    shown.sort(key=_order)
    shown_now = shown if limit is None else shown[:limit]
    rows = tuple(_row(group, selection.days(group[0].zone)[1], citation(group[0].finding)) for group in shown_now)
    return Work(rows, 0 if all_quiet else quiet, len(shown))


def _key(placed: Placed) -> _Key:
    """Records to check are one row an episode; everything else one row an episode and rule, quiet or not."""
    whose = placed.episode if placed.episode is not None else ("program", placed.program)
    if placed.group is Group.DOCUMENTATION:
        return whose, "", Group.DOCUMENTATION
    return whose, placed.finding.rule, Group.QUIET if placed.group is Group.QUIET else Group.NOW


def _led(group: list[Placed]) -> list[Placed]:
    """Put the most pressing first: what it says is what the row says."""
    if len(group) > 1:
        group.sort(key=_pressing)
    return group


def _pressing(placed: Placed) -> tuple[int, date, date, str, str]:
    finding = placed.finding
    return _rank(placed), finding.due_on or FOREVER, finding.start, finding.rule, finding.subject


def _rank(placed: Placed) -> int:
    return _RANK[placed.group or Group.QUIET]


def _order(group: Sequence[Placed]) -> tuple[int, int, date, str, str]:
    """Longest overdue or longest without an assessment first; then by due date; then by how long it is up."""
    first = group[0]
    finding = first.finding
    since = _since(group)
    name = first.episode or first.program or ""
    if first.group is Group.NOW:
        return _rank(first), 0, finding.due_on or since, name, finding.rule
    soon = 0 if finding.verdict == "due_soon" else 1
    return _rank(first), soon, (finding.due_on or since) if soon == 0 else since, name, finding.rule


def _since(group: Sequence[Placed]) -> date:
    return group[0].finding.start if len(group) == 1 else min(placed.finding.start for placed in group)


def _row(group: Sequence[Placed], day: date, citation: str) -> WorkRow:
    first = group[0]
    told = row_fields(first, first.finding.days_overdue(day), citation)
    told.update(owner=_owners(group), message=_message(group))
    return WorkRow(**told, count=len(group), since=_since(group), group=first.group or Group.QUIET)


def _owners(group: Sequence[Placed]) -> str | None:
    if len(group) == 1:
        return group[0].finding.owner
    return ", ".join(sorted({placed.finding.owner for placed in group if placed.finding.owner})) or None


def _message(group: Sequence[Placed]) -> str:
    """Records to check name all their rules; other rows say what is most pressing."""
    first = group[0]
    rules = sorted({placed.finding.rule for placed in group})
    if first.group is not Group.DOCUMENTATION or len(rules) == 1:
        return first.finding.message
    return f"{len(rules)} records to check: {', '.join(rules)}"
