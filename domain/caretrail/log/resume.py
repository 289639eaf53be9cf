"""Where a reader of the log stopped, and whether the log still goes on from there.

A position alone does not tell: where a standby took over that lacked the last events, or an old backup was restored,
other events get their positions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from eventsourcing.persistence import Notification

from caretrail.errors import LogDiverged, StoreUnreachable
from caretrail.log.database import Database
from caretrail.log.leaf import leaf_hash
from caretrail.log.records import RecordedEvent


class ResumeToken(NamedTuple):
    """The last event a reader has: its position, and its leaf; without a leaf nothing is compared."""

    position: int
    leaf: bytes | None = None

    def __str__(self) -> str:
        """Write it as `log --after` takes it: `@POSITION:LEAF`, or `@POSITION`."""
        return f"@{self.position}" if self.leaf is None else f"@{self.position}:{self.leaf.hex()}"


START = ResumeToken(0)
"""Before the first event."""


@dataclass(frozen=True)
class LogNotification(Notification):
    """The library's notification, whose id is our position, with the leaf of its event."""

    leaf: bytes


class Followed(Protocol):
    """What a reader follows: a recorder."""

    store: str
    database: Database


def require_continued(recorder: Followed, token: ResumeToken, found: Sequence[RecordedEvent]) -> None:
    """Refuse a log that does not go on from a token; `found` are the events read from its position on.

    Raises LogDiverged; StoreUnreachable for a copy, such as a standby, that has not got there yet.
    """
    if token.leaf is None or token.position == 0:
        return
    if not found and recorder.database.is_read_only():
        raise StoreUnreachable(f"{recorder.store} has not reached position {token.position} yet", "try again")
    if not found or found[0].position != token.position:
        raise LogDiverged.without(recorder.store, token.position)
    if leaf_hash(found[0]) != token.leaf:
        raise LogDiverged.at(recorder.store, token.position)
