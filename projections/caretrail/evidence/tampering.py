"""What a difference looks like: rows as they stand now, held against leaves as they were once.

Pure. A leaf pins position and time of its row, so a row that was moved can be recognised: hashed with another
position, and if need be another time, it gives a leaf that is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from caretrail.evidence.log_rows import Run
from caretrail.evidence.result import Kind
from caretrail.recording.leaf import LogColumns, leaf_of

NEAR = 64
"""Rows after the first difference that are looked at."""
MOST_DIFFERENCES = 10_000


@dataclass(slots=True)
class Differences:
    """Where the rows are not what a witness says, and up to where they are."""

    known: dict[int, bytes] = field(default_factory=dict[int, bytes])
    """The leaf the witness knows, by position, of the first differences."""
    held: int = 0
    """Leaves that are as the witness says."""
    last_held: int = 0
    """The last position of those."""

    @property
    def first(self) -> int | None:
        """The first position that differs."""
        return min(self.known, default=None)

    def compare(self, run: Run, witness: Iterable[tuple[int, bytes]]) -> None:
        """Compare leaves with what a witness knows at positions of this run, in rising order."""
        for position, leaf in witness:
            if run.leaves[position - run.first] == leaf:
                self.held += 1
                self.last_held = max(self.last_held, position)
            elif len(self.known) < MOST_DIFFERENCES:
                self.known.setdefault(position, leaf)


def likeness(differences: Differences, rows: Sequence[LogColumns]) -> Kind:
    """What the first difference looks like, from the rows at and after it."""
    first = differences.first
    assert first is not None, "there is a difference"  # noqa: S101  # the caller's promise
    near = {row[0]: row for row in rows if first <= row[0] <= first + NEAR}
    known = differences.known
    here = near.get(first)
    rest = [row for position, row in near.items() if position > first]
    was_later = here is not None and any(_moved(here, near, known, place) for place in known if place > first)
    was_here = any(_moved(row, near, known, first) for row in rest)
    if was_later:
        return Kind.REORDERED if was_here or differences.last_held > first else Kind.DELETED
    if was_here or any(_moved(row, near, known, row[0] - 1) for row in rest):
        return Kind.INSERTED
    if any(_moved(row, near, known, row[0] + 1) for row in rest):
        return Kind.DELETED  # each row stands one place before its own
    if differences.last_held > first or len(known) == 1:
        return Kind.EDITED
    return Kind.REWRITTEN if not differences.held else Kind.FORKED


def _moved(row: LogColumns, near: Mapping[int, LogColumns], known: Mapping[int, bytes], place: int) -> bool:
    """Whether a row is what once stood at another place: with its own time, or with the time that stands there now."""
    leaf = known.get(place)
    if leaf is None or place == row[0]:
        return False
    times = [row[5], near[place][5]] if place in near else [row[5]]
    return any(_leaf_at(row, place, moment) == leaf for moment in times)


def _leaf_at(row: LogColumns, place: int, moment: int) -> bytes:
    return leaf_of((place, *row[1:5], moment, *row[6:]))
