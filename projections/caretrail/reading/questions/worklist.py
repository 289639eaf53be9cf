"""The worklist: findings folded to one row per episode and rule, in the order of urgency; programs have their own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from caretrail.days import FOREVER
from caretrail.reading.answers import Work, WorkRow
from caretrail.reading.query import NO_FILTERS, TODAY, Filters, Query, Selection
from caretrail.reading.question import Question
from caretrail.reading.questions.findings import row_values
from caretrail.reading.snapshot import Snapshot
from caretrail.readmodel.placed import Group, Placed

_RANK = {group: place for place, group in enumerate(Group)}

_Key = tuple[str | tuple[str, str | None], str, Group]
"""The episode or program, the rule, and the kind of row."""


@dataclass(frozen=True, slots=True)
class Worklist(Question[Work]):
    """What to do on a day, one row per episode and rule, most urgent first.

    What a program must attest is a row of the program. `all_quiet` adds explained findings and the first short week.
    `limit` bounds the rows written out, `total` counts all: fifty rows cost less than ten thousand.
    """

    name: ClassVar[str] = "worklist"
    query: Query = TODAY
    filters: Filters = NO_FILTERS
    all_quiet: bool = False
    limit: int | None = None

    def answer(self, snapshot: Snapshot) -> Work:
        """Fold findings into rows, sort them, and count the quiet rows left out."""
        selection = Selection(snapshot.now, self.query, self.filters)
        groups: dict[_Key, list[Placed]] = {}
        for placed in snapshot.work(selection):
            groups.setdefault(_key(placed), []).append(placed)
        shown = [_led(group) for key, group in groups.items() if self.all_quiet or key[2] is not Group.QUIET]
        shown.sort(key=_order)
        rows = tuple(
            _row(group, selection.days(group[0].zone)[1], snapshot.citation(group[0].finding))
            for group in shown[: self.limit]
        )
        return Work(rows, len(groups) - len(shown), len(shown))

    def shows(self, value: Work) -> Iterable[str | None]:
        """Episodes with a row."""
        return (row.episode for row in value.rows)


def _key(placed: Placed) -> _Key:
    """Documentation is one row an episode; everything else one row an episode and rule, quiet rows apart."""
    whose = placed.episode if placed.episode is not None else ("program", placed.program)
    if placed.group is Group.DOCUMENTATION:
        return whose, "", Group.DOCUMENTATION
    return whose, placed.finding.rule, Group.QUIET if placed.group is Group.QUIET else Group.NOW


def _led(group: list[Placed]) -> list[Placed]:
    """Put the most urgent finding first: the row shows it."""
    if len(group) > 1:
        group.sort(key=_pressing)
    return group


def _pressing(placed: Placed) -> tuple[int, date, date, str, str]:
    finding = placed.finding
    return _rank(placed), finding.due_on or FOREVER, finding.start, finding.rule, finding.subject


def _rank(placed: Placed) -> int:
    return _RANK[placed.group or Group.QUIET]


def _order(group: Sequence[Placed]) -> tuple[int, int, date, str, str]:
    """Longest overdue or longest without an assessment first; then by due date; then by the first day."""
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
    own: tuple[Any, ...] = len(group), _since(group), first.group or Group.QUIET
    return WorkRow(
        *(row_values(first, _owners(group), first.finding.days_overdue(day), _message(group), citation) + own)
    )


def _owners(group: Sequence[Placed]) -> str | None:
    if len(group) == 1:
        return group[0].finding.owner
    return ", ".join(sorted({placed.finding.owner for placed in group if placed.finding.owner})) or None


def _message(group: Sequence[Placed]) -> str:
    """A row of documentation names all its rules; other rows show the most urgent finding."""
    first = group[0]
    if first.group is not Group.DOCUMENTATION:
        return first.finding.message
    rules = sorted({placed.finding.rule for placed in group})
    if len(rules) == 1:
        return first.finding.message
    return f"{len(rules)} items to document: {', '.join(rules)}"
