"""The worklist: from findings in force to what a clinician has to do, one row per episode and rule, in order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from caretrail.projection.work import CHECK, NOW, QUIET, SOON
from caretrail.reading.answers import Worklist, WorkRow
from caretrail.reading.scope import Hit, Scope, days_overdue

Keyed = tuple[str, int, str]


def worklist_of(hits: Iterable[Hit], scope: Scope, *, all_quiet: bool) -> Worklist:
    """Fold findings into rows, sort them, and count the quiet rows left out."""
    groups: dict[Keyed, list[Hit]] = {}
    for hit in hits:
        groups.setdefault(_key(hit), []).append(hit)
    quiet = sum(1 for key in groups if key[1] == QUIET)
    rows = [_row(group, scope) for key, group in groups.items() if all_quiet or key[1] != QUIET]
    rows.sort(key=_order)
    return Worklist(tuple(rows), 0 if all_quiet else quiet)


def _key(hit: Hit) -> Keyed:
    """Records to check are one row an episode; everything else one row an episode and rule, quiet or not."""
    work = hit.flag.work
    if work == CHECK:
        return hit.episode, CHECK, ""
    return hit.episode, QUIET if work == QUIET else NOW, hit.flag.rule


def _row(group: Sequence[Hit], scope: Scope) -> WorkRow:
    day = scope.days(group[0].zone)[1]
    first = min(group, key=lambda hit: _urgency(hit, day)) if len(group) > 1 else group[0]
    flag = first.flag
    return WorkRow(
        first.episode, first.client, first.program, first.level, first.clinician, _owners(group), flag.rule,
        flag.verdict, flag.due_on, days_overdue(flag, day), flag.start, flag.until, _message(group, first),
        flag.citation, flag.evidence, flag.arithmetic, flag.cause, flag.subject, flag.quiet,
        len(group), min(hit.flag.start for hit in group), flag.work,
    )  # fmt: skip  # in the order of the fields


def _urgency(hit: Hit, day: date) -> tuple[int, int, date, date, str, str]:
    flag = hit.flag
    return flag.work, -days_overdue(flag, day), flag.due_on or date.max, flag.start, flag.rule, flag.subject


def _owners(group: Sequence[Hit]) -> str | None:
    if len(group) == 1:
        return group[0].flag.owner
    return ", ".join(sorted({hit.flag.owner for hit in group if hit.flag.owner})) or None


def _message(group: Sequence[Hit], first: Hit) -> str:
    """Records to check name all their rules; other rows say what is most urgent."""
    rules = sorted({hit.flag.rule for hit in group})
    if first.flag.work != CHECK or len(rules) == 1:
        return first.flag.message
    return f"{len(rules)} records to check: {', '.join(rules)}"


def _order(row: WorkRow) -> tuple[int, int, date, str, str]:
    """Longest overdue or longest without an assessment first; then by due date; then by how long it is up."""
    if row.group == NOW:
        overdue = row.verdict in ("overdue", "due_today")
        return NOW, 0, row.due_on if overdue and row.due_on else row.since, row.episode, row.rule
    if row.group == SOON:
        return SOON, 0 if row.verdict == "due_soon" else 1, row.due_on or row.since, row.episode, row.rule
    return row.group, 0, row.since, row.episode, row.rule
