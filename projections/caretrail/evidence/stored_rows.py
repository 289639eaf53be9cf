"""Rows of the log as they are stored, read so that one that cannot be read costs that one and not the verdict."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from caretrail.errors import StoreError, StoreUnreachable
from caretrail.recording.leaf import LogColumns
from caretrail.recording.recorder import EventRecorder

BATCH: Final = 4096
"""Rows read at once: whole tiles of the ledger."""
MOST_UNREADABLE: Final = 100
BELOW: Final = -(2**63)
"""Below every position, also below those no append would give."""


def stored_rows(recorder: EventRecorder, after: int, end: int, batch: int = BATCH) -> Iterator[list[LogColumns] | int]:
    """Read the log from above a position up to another, by position: it only grows, so no snapshot is held.

    Yields lists of rows, in order, and for a row that the database cannot read its position. Raises StoreUnreachable.
    """
    unreadable = 0
    while after < end:
        limit = batch - after % batch if after > 0 else batch
        found = _read(recorder, after, limit)
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


def _read(recorder: EventRecorder, after: int, limit: int) -> list[LogColumns] | int:
    """Read a piece; the half of it if that fails, and so on down to the row that is at fault."""
    while True:
        try:
            return recorder.read_columns(after, limit)
        except StoreUnreachable:
            raise
        except StoreError:
            if limit == 1:
                return max(after, 0) + 1
            limit //= 2
