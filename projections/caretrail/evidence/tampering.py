"""What a difference looks like: rows as they are now, compared with leaves as they once were.

Pure. A leaf pins position and time of its row, so a row that was moved can be recognized: hashed with another
position, and if need be another time, it gives a leaf that is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from caretrail.evidence.log_rows import LeafRun
from caretrail.evidence.result import Tampering
from caretrail.log.leaf import LogColumns, leaf_of
from caretrail.log.records import Log

NEAR = 64
"""Rows after the first difference that are examined."""
MOST_DIFFERENCES = 10_000


@dataclass(slots=True)
class Differences:
    """Where the log differs from leaves known from elsewhere, such as receipts or tiles."""

    known: dict[int, bytes] = field(default_factory=dict[int, bytes])
    """The leaf known from elsewhere, by position, of the first differences."""
    held: int = 0
    """Leaves that are the same."""
    last_held: int = 0
    """The last position of those."""

    @property
    def first(self) -> int | None:
        """The first position that differs."""
        return min(self.known, default=None)

    def compare(self, run: LeafRun, known: Iterable[tuple[int, bytes]]) -> None:
        """Compare a run with the leaves known at some of its positions, which must rise."""
        for position, leaf in known:
            if run.leaves[position - run.first] == leaf:
                self.held += 1
                self.last_held = max(self.last_held, position)
            elif len(self.known) < MOST_DIFFERENCES:
                self.known.setdefault(position, leaf)


def classify(differences: Differences, rows: Sequence[LogColumns], log: Log = Log.EVENTS) -> Tampering:
    """Say what the first difference looks like, from the rows at and after it; there must be a difference."""
    known = differences.known
    first = min(known)
    near = {row[0]: row for row in rows if first <= row[0] <= first + NEAR}
    here = near.get(first)
    rest = [row for position, row in near.items() if position > first]
    moved = partial(_moved, near=near, known=known, log=log)
    was_later = here is not None and any(moved(here, place) for place in known if place > first)
    was_here = any(moved(row, first) for row in rest)
    if was_later:
        return Tampering.REORDERED if was_here or differences.last_held > first else Tampering.DELETED
    if was_here or any(moved(row, row[0] - 1) for row in rest):
        return Tampering.INSERTED
    if any(moved(row, row[0] + 1) for row in rest):
        return Tampering.DELETED  # each row is one place before its own
    if differences.last_held > first or len(known) == 1:
        return Tampering.EDITED
    return Tampering.REWRITTEN if not differences.held else Tampering.FORKED


def _moved(row: LogColumns, place: int, near: Mapping[int, LogColumns], known: Mapping[int, bytes], log: Log) -> bool:
    """Whether a row once was at another place: with its own time, or with the time that is there now."""
    leaf = known.get(place)
    if leaf is None or place == row[0]:
        return False
    times = [row[5], near[place][5]] if place in near else [row[5]]
    return any(leaf_of((place, *row[1:5], moment, *row[6:]), log) == leaf for moment in times)
