"""The worklist: from what asks for something to what a clinician has to do, one row per episode and rule, in order.

What asks a program stands between the episodes, in rows of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from caretrail.days import FOREVER, day_of, day_or_none, end_or_none
from caretrail.projection.shapes import Piece
from caretrail.projection.tables import versions_of
from caretrail.projection.work import CHECK, NOW, QUIET
from caretrail.reading.answers import Worklist, WorkRow
from caretrail.reading.scope import Scope, days_overdue

_NEVER = FOREVER.isoformat()

_Key = tuple[str | tuple[str, str | None], str, int]
"""Whose it is (an episode's, or a program's), the rule, and the kind of row."""


def worklist_of(pieces: Iterable[Piece], scope: Scope, *, all_quiet: bool, limit: int | None) -> Worklist:
    """Fold pieces into rows, sort them, and count the quiet rows left out; only rows asked for are worded."""
    groups: dict[_Key, list[Piece]] = {}
    for piece in pieces:
        groups.setdefault(_key(piece), []).append(piece)
    quiet = sum(1 for key in groups if key[2] == QUIET)
    shown = [_led(group) for key, group in groups.items() if all_quiet or key[2] != QUIET]
    shown.sort(key=_order)
    shown_now = shown if limit is None else shown[:limit]
    days = {zone: scope.days(zone)[1] for zone in {group[0].zone for group in shown_now}}
    rows = tuple(_row(group, days[group[0].zone]) for group in shown_now)
    return Worklist(rows, 0 if all_quiet else quiet, len(shown))


def _key(piece: Piece) -> _Key:
    """Records to check are one row an episode; everything else one row an episode and rule, quiet or not."""
    work, episode = piece.work, piece.episode
    whose = episode if episode is not None else ("program", piece.program)
    if work == CHECK:
        return whose, "", CHECK
    return whose, piece.rule, QUIET if work == QUIET else NOW


def _led(group: list[Piece]) -> list[Piece]:
    """Put the most pressing first: what it says is what the row says."""
    if len(group) > 1:
        group.sort(key=lambda piece: (piece.work, str(piece.due_on or _NEVER), piece.start, piece.rule, piece.subject))
    return group


def _order(group: Sequence[Piece]) -> tuple[int, int, Any, str, str]:
    """Longest overdue or longest without an assessment first; then by due date; then by how long it is up."""
    first = group[0]
    since = min(piece.start for piece in group) if len(group) > 1 else first.start
    name = first.episode or first.program or ""
    if first.work == NOW:
        return NOW, 0, first.due_on or since, name, first.rule
    soon = 0 if first.verdict == "due_soon" else 1
    return first.work, soon, (first.due_on or since) if soon == 0 else since, name, first.rule


def _row(group: Sequence[Piece], day: date) -> WorkRow:
    first = group[0]
    start, due_on = day_of(first.start), day_or_none(first.due_on)
    return WorkRow(
        first.episode, first.client, first.program, first.level, first.clinician, _owners(group), first.rule,
        first.verdict, due_on, days_overdue(first.verdict, due_on, start, day), start, end_or_none(first.until),
        _message(group), first.citation, versions_of(first.evidence), first.arithmetic, first.cause,
        first.subject, bool(first.quiet), first.pack, len(group),
        start if len(group) == 1 else min(day_of(piece.start) for piece in group), first.work,
    )  # fmt: skip  # in the order of the fields


def _owners(group: Sequence[Piece]) -> str | None:
    if len(group) == 1:
        return group[0].owner
    return ", ".join(sorted({piece.owner for piece in group if piece.owner})) or None


def _message(group: Sequence[Piece]) -> str:
    """Records to check name all their rules; other rows say what is most pressing."""
    first = group[0]
    if first.work != CHECK or len(group) == 1:
        return first.message
    rules = sorted({piece.rule for piece in group})
    if len(rules) == 1:
        return first.message
    return f"{len(rules)} records to check: {', '.join(rules)}"
