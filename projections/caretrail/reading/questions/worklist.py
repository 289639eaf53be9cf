"""The worklist: findings folded to one row per episode and rule, in the order of urgency; programs have their own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from caretrail.days import FOREVER
from caretrail.reading.answers import Work, WorkRow
from caretrail.reading.query import Selection
from caretrail.reading.question import ListQuestion
from caretrail.reading.questions.findings import row_values
from caretrail.reading.snapshot import Snapshot
from caretrail.readmodel.placed import Group, Placed

_RANK = {group: place for place, group in enumerate(Group)}
_NOW, _DOCUMENTATION, _QUIET = Group.NOW, Group.DOCUMENTATION, Group.QUIET
"""Looked up once: a member of an enum takes as long as a call."""

_Key = tuple[str | tuple[str, str | None], str, Group]
"""The episode or program, the rule, and the kind of row."""


@dataclass(frozen=True, slots=True)
class Worklist(ListQuestion[Work]):
    """What to do on a day, one row per episode and rule, most urgent first.

    What a program must attest is a row of the program. `all_quiet` adds explained findings and the first short week.
    `limit` bounds the rows written out, `total` counts all: fifty rows cost less than ten thousand.
    """

    name: ClassVar[str] = "worklist"
    all_quiet: bool = False
    limit: int | None = None

    def answer(self, snapshot: Snapshot) -> Work:
        """Fold findings into rows, sort them, and count the quiet rows left out."""
        selection = Selection(snapshot.now, self.query, self.filters)
        groups: dict[_Key, list[Placed]] = {}
        for placed in snapshot.work(selection):
            groups.setdefault(_key(placed), []).append(placed)
        shown = [group for key, group in groups.items() if self.all_quiet or key[2] is not _QUIET]
        for group in shown:
            if len(group) > 1:
                group.sort(key=_pressing)
        shown.sort(key=_order)
        days = {zone: selection.days(zone)[1] for zone in {group[0].zone for group in shown[: self.limit]}}
        rows = tuple(
            _row(group, days[group[0].zone], snapshot.citation(group[0].finding)) for group in shown[: self.limit]
        )
        return Work(rows, len(groups) - len(shown), len(shown))

    def shows(self, value: Work) -> Iterable[str | None]:
        """Episodes with a row."""
        return (row.episode for row in value.rows)


def _key(placed: Placed) -> _Key:
    """Documentation is one row an episode; everything else one row an episode and rule, quiet rows apart."""
    whose = placed.episode if placed.episode is not None else ("program", placed.program)
    if placed.group is _DOCUMENTATION:
        return whose, "", _DOCUMENTATION
    return whose, placed.finding.rule, _QUIET if placed.group is _QUIET else _NOW


def _pressing(placed: Placed) -> tuple[int, date, date, str, str]:
    """Most urgent first: the row shows the first finding of its group."""
    finding = placed.finding
    return _rank(placed), finding.due_on or FOREVER, finding.start, finding.rule, finding.subject


def _rank(placed: Placed) -> int:
    return _RANK[placed.group or _QUIET]


def _order(group: Sequence[Placed]) -> tuple[int, int, date, str, str]:
    """Longest overdue or longest without an assessment first; then by due date; then by the first day."""
    first = group[0]
    finding = first.finding
    since = finding.start if len(group) == 1 else _since(group)
    name = first.episode or first.program or ""
    if first.group is _NOW:
        return _rank(first), 0, finding.due_on or since, name, finding.rule
    soon = 0 if finding.verdict == "due_soon" else 1
    return _rank(first), soon, (finding.due_on or since) if soon == 0 else since, name, finding.rule


def _since(group: Sequence[Placed]) -> date:
    return min(placed.finding.start for placed in group)


def _row(group: Sequence[Placed], day: date, citation: str) -> WorkRow:
    first, finding = group[0], group[0].finding
    owner, message, since = finding.owner, finding.message, finding.start
    if len(group) > 1:
        owner, message, since = _owners(group), _message(group), _since(group)
    own: tuple[Any, ...] = len(group), since, first.group or _QUIET
    return WorkRow(*row_values(first, owner, finding.days_overdue(day), message, citation) + own)


def _owners(group: Sequence[Placed]) -> str | None:
    return ", ".join(sorted({placed.finding.owner for placed in group if placed.finding.owner})) or None


def _message(group: Sequence[Placed]) -> str:
    """A row of documentation names all its rules; other rows show the most urgent finding."""
    first = group[0]
    if first.group is not _DOCUMENTATION:
        return first.finding.message
    rules = sorted({placed.finding.rule for placed in group})
    if len(rules) == 1:
        return first.finding.message
    return f"{len(rules)} items to document: {', '.join(rules)}"
