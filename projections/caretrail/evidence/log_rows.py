"""Rows of the log as stored, checked one by one: what a row must be by itself and after the rows before it.

`RowFold` is pure: a store, a packet and a list in a test are judged by the same lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from struct import error as StructError  # noqa: N812  # its name in the library says nothing
from typing import Final, NamedTuple

from caretrail.aliases import Progress
from caretrail.errors import StoreError, StoreUnreachable
from caretrail.evidence.result import Discrepancy, Tampering
from caretrail.log.leaf import LogColumns, leaf_of
from caretrail.log.recorder import EventRecorder
from caretrail.log.records import LARGEST_NUMBER, SALT_BYTES, Log

BATCH: Final = 4096
"""Rows read at once: whole tiles of the ledger."""
MOST_UNREADABLE: Final = 100
BELOW: Final = -(2**63)
"""Below every position, also below those no append would give."""
MOST_ANOMALIES: Final = 100
STREAM_BYTES: Final = 16
_TYPES = (int, bytes, int, str, bytes, int, str, str, str, str, bytes)


Own = Callable[[LogColumns], bool]
"""Whether a row stands in the stream of the episode, the program or the account it is of."""


class LeafRun(NamedTuple):
    """Leaves of consecutive positions, from `first` on."""

    first: int
    leaves: list[bytes]


class RowFold:
    """Takes the rows of a log in order and notes anomalies: rows that no append would have written.

    `start` and `moment` are the position and the time, in microseconds, of the row before the first. `own` says whether
    a row stands in the stream it belongs to, `versions` at which version each stream is before the first.
    """

    def __init__(
        self,
        start: int = 0,
        moment: int | None = None,
        log: Log = Log.EVENTS,
        own: Own = lambda _: True,
        versions: dict[bytes, int] | None = None,
    ) -> None:
        self.log = log
        self.position = start
        self.count = 0
        """Anomalies in all; the first of them are kept."""
        self.anomalies: list[Discrepancy] = []
        self._moment = -(2**63) - 1 if moment is None else moment
        self._own = own
        self._versions = {} if versions is None else versions
        self._knows_versions = start == 0 or versions is not None
        self._blind = False

    @property
    def streams(self) -> int:
        """Streams seen."""
        return len(self._versions)

    def add(self, rows: Sequence[LogColumns]) -> list[LeafRun]:
        """Take the next rows; return their leaves, in runs of consecutive positions."""
        runs: list[LeafRun] = []
        leaves: list[bytes] = []
        position, moment, versions, knows = self.position, self._moment, self._versions, self._knows_versions
        own = self._own
        for row in rows:
            leaf = leaf_or_none(row, self.log)
            place, stream, version = row[:3]
            if leaf is None and type(place) is not int:
                place = position + 1  # its place is unknown: here, or it would not have come now
            if place != position + 1:
                if place <= position:
                    self._note(place, Tampering.INSERTED, "the position is there twice, or is below 1")
                    continue
                self._note_missing(position + 1, place - 1)
            if leaf is None or place != position + 1 or not leaves:
                leaves = []
                runs.append(LeafRun(place, leaves))
            position = place
            if leaf is None:
                self._note(position, Tampering.EDITED, "a column holds what Caretrail never writes")
                continue
            leaves.append(leaf)
            if row[5] <= moment:
                self._note(position, Tampering.BACK_DATED, "its time is not later than that of the event before")
            moment = row[5]
            if knows and version != versions.get(stream, 0) + 1:
                self._note_version(position, versions.get(stream, 0) + 1, version)
            versions[stream] = version
            if not own(row):
                self._note(position, Tampering.EDITED, "it stands in the stream of another episode or account")
        self.position, self._moment, self._blind = position, moment, False
        return [run for run in runs if run.leaves]

    def skip(self, position: int) -> None:
        """Skip a row that the database cannot read."""
        self._note(position, Tampering.UNREADABLE, "the database cannot read it")
        self.position = position
        self._knows_versions = False  # it was the next version of some stream
        self._blind = True

    def end(self, position: int) -> None:
        """Finish at the position where the log should end: rows that have not come until now are missing."""
        if self.position < position and not self._blind:
            self._note_missing(self.position + 1, position)

    def _note_missing(self, first: int, last: int) -> None:
        which = "nothing is there" if first == last else f"nothing is there, up to position {last}"
        self._note(first, Tampering.DELETED, which)

    def _note_version(self, position: int, expected: int, version: int) -> None:
        words = f"it is version {version} of its stream, and version {expected} should be next"
        self._note(position, Tampering.DELETED if version > expected else Tampering.INSERTED, words)

    def _note(self, position: int, tampering: Tampering, words: str) -> None:
        self.count += 1
        if len(self.anomalies) < MOST_ANOMALIES:
            self.anomalies.append(Discrepancy(tampering, f"position {position}: {words}", position))


def leaf_or_none(row: LogColumns, log: Log = Log.EVENTS) -> bytes | None:
    """The leaf of a row; None if a column holds what none can."""
    if tuple(map(type, row)) != _TYPES or len(row[1]) != STREAM_BYTES or len(row[10]) != SALT_BYTES:
        return None
    try:
        return leaf_of(row, log)
    except (StructError, UnicodeEncodeError):  # a negative number, half a character
        return None


# --- reading --------------------------------------------------------------------------------------------------------


def follow(recorder: EventRecorder, rows: RowFold, end: int, progress: Progress | None) -> Iterator[LeafRun]:
    """Read the log from where `rows` is up to a position, and yield its leaves. Raises StoreUnreachable.

    `end` is LARGEST_NUMBER if nobody knows where the log ends.
    """
    start = rows.position
    for found in stored_rows(recorder, start or BELOW, end, log=rows.log):
        if isinstance(found, int):
            rows.skip(found)
        else:
            yield from rows.add(found)
        if progress is not None:
            progress(min(rows.position, end) - start, end - start)
    if end != LARGEST_NUMBER:
        rows.end(end)


def stored_rows(
    recorder: EventRecorder, after: int, end: int, batch: int = BATCH, log: Log = Log.EVENTS
) -> Iterator[list[LogColumns] | int]:
    """Read a log from above a position up to another, by position: it only grows, so no snapshot is held.

    Yields lists of rows, in order, and for a row that the database cannot read its position. Raises StoreUnreachable.
    """
    unreadable = 0
    while after < end:
        limit = batch - after % batch if after > 0 else batch
        found = _read(recorder, after, limit, log)
        if isinstance(found, int):
            yield found
            unreadable += 1
            if unreadable >= MOST_UNREADABLE:
                return
            after = found
            continue
        if not found:
            return
        last = found[-1][0]
        if type(last) is not int or last <= after:  # an altered table may give anything
            yield found
            return
        rows = found if last <= end else [row for row in found if row[0] <= end]
        if rows:
            yield rows
        after = last


def _read(recorder: EventRecorder, after: int, limit: int, log: Log) -> list[LogColumns] | int:
    """Read a batch; half of it if that fails, and so on down to the row at fault, whose position is returned."""
    while True:
        try:
            return recorder.read_columns(after, limit, log)
        except StoreUnreachable:
            raise
        except StoreError:
            if limit == 1:
                return max(after, 0) + 1
            limit //= 2
