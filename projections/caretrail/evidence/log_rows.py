"""A fold over the rows of a log: what each row must be by itself and beside those before it, and its leaf.

Pure: it takes rows from wherever they come, so a store, a packet and a list in a test are judged by the same lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from struct import error as StructError  # noqa: N812  # its name in the library says nothing
from typing import NamedTuple

from caretrail.evidence.result import Kind
from caretrail.recording.events import SALT_BYTES
from caretrail.recording.leaf import LogColumns, leaf_of

MOST_ANOMALIES = 100
STREAM_BYTES = 16
_TYPES = (int, bytes, int, str, bytes, int, str, str, str, bytes)


class Run(NamedTuple):
    """Leaves of positions that follow each other, from `first` on."""

    first: int
    leaves: list[bytes]


@dataclass(frozen=True, slots=True)
class Anomaly:
    """A row that cannot stand where it stands."""

    position: int
    kind: Kind
    words: str


class RowFold:
    """Takes the rows of a log in order and notes what cannot be; knows nothing of where they come from.

    `start` and `moment` say what came before: a position, and its time in microseconds.
    """

    def __init__(self, start: int = 0, moment: int | None = None) -> None:
        self.position = start
        self.count = 0
        """Anomalies in all; the first of them are kept."""
        self.anomalies: list[Anomaly] = []
        self._moment = -(2**63) - 1 if moment is None else moment
        self._versions: dict[bytes, int] = {}
        self._knows_versions = start == 0
        self._blind = False

    @property
    def streams(self) -> int:
        """Streams seen."""
        return len(self._versions)

    def add(self, rows: Sequence[LogColumns]) -> list[Run]:
        """Take the next rows; return their leaves, in runs of positions that follow each other."""
        runs: list[Run] = []
        leaves: list[bytes] = []
        position, moment, versions, knows = self.position, self._moment, self._versions, self._knows_versions
        for row in rows:
            leaf = leaf_or_none(row)
            place, stream, version = row[:3]
            if leaf is None and type(place) is not int:
                place = position + 1  # it stands somewhere: here, or it would not have come now
            if place != position + 1:
                if place <= position:
                    self._note(place, Kind.INSERTED, "the position is there twice, or is below 1")
                    continue
                self._note_missing(position + 1, place - 1)
            if leaf is None or place != position + 1 or not leaves:
                leaves = []
                runs.append(Run(place, leaves))
            position = place
            if leaf is None:
                self._note(position, Kind.EDITED, "a column holds what Caretrail never writes")
                continue
            leaves.append(leaf)
            if row[5] <= moment:
                self._note(position, Kind.BACK_DATED, "its time is not later than that of the fact before")
            moment = row[5]
            if knows and version != versions.get(stream, 0) + 1:
                self._note_version(position, versions.get(stream, 0) + 1, version)
            versions[stream] = version
        self.position, self._moment, self._blind = position, moment, False
        return [run for run in runs if run.leaves]

    def skip(self, position: int) -> None:
        """Pass over a row that the database cannot read."""
        self._note(position, Kind.UNREADABLE, "the database cannot read it")
        self.position = position
        self._knows_versions = False  # it was the next version of some stream
        self._blind = True

    def end(self, position: int) -> None:
        """Say where the log should end: what has not come until now is missing."""
        if self.position < position and not self._blind:
            self._note_missing(self.position + 1, position)

    def _note_missing(self, first: int, last: int) -> None:
        which = "nothing is there" if first == last else f"nothing is there, up to position {last}"
        self._note(first, Kind.DELETED, which)

    def _note_version(self, position: int, expected: int, version: int) -> None:
        words = f"it is version {version} of its stream, and version {expected} should be next"
        self._note(position, Kind.DELETED if version > expected else Kind.INSERTED, words)

    def _note(self, position: int, kind: Kind, words: str) -> None:
        self.count += 1
        if len(self.anomalies) < MOST_ANOMALIES:
            self.anomalies.append(Anomaly(position, kind, words))


def leaf_or_none(row: LogColumns) -> bytes | None:
    """The leaf of a row; None if a column holds what none can."""
    if tuple(map(type, row)) != _TYPES or len(row[1]) != STREAM_BYTES or len(row[9]) != SALT_BYTES:
        return None
    try:
        return leaf_of(row)
    except (StructError, UnicodeEncodeError):  # a negative number, half a character
        return None
