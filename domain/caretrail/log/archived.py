"""Archives of accesses, as the log of events records them: what went into which file, and what the log goes on from."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Self

from caretrail.errors import CaretrailError, StoreDamaged
from caretrail.log.leaf import EPOCH
from caretrail.log.own_events import own_events
from caretrail.log.recorder import EventRecorder
from caretrail.log.records import store_stream
from caretrail.log.sql import load_sql

KIND: Final = "accesses_archived"
NO_DISCLOSURES: Final = bytes(32)
DISCLOSES: Final = b'"disclosure"'
"""What the payload of every disclosure holds, and of no other access; the guards of the table look for the same."""


class ArchiveRefused(CaretrailError):
    """Accesses cannot be archived, or an archive cannot be used; nothing was dropped."""

    code = "archive_refused"

    @classmethod
    def of_no_operator(cls) -> Self:
        """The refusal of whoever is no operator."""
        return cls("only an operator archives accesses", "ask one: a login with the role caretrail_operator")


class ArchiveDamaged(StoreDamaged):
    """An event that records an archive is not one that Caretrail wrote."""


@dataclass(frozen=True, slots=True)
class Archived:
    """One archive: accesses from above `after` up to `upto`, in a file of this name and SHA-256.

    `moment` is when the last of them was recorded, in microseconds since 1970 UTC, and `frontier` that of the tree
    there. `disclosures` counts all up to there, which stayed in the store; `disclosed` is made of their leaves.
    """

    after: int
    upto: int
    moment: int
    frontier: tuple[bytes, ...]
    file: str
    sha256: str
    disclosures: int
    disclosed: bytes
    position: int
    """Of the event that records it."""
    recorded_at: datetime

    @property
    def until(self) -> datetime:
        """When the last access of it was recorded."""
        return EPOCH + timedelta(microseconds=self.moment)


def archives(recorder: EventRecorder) -> list[Archived]:
    """All archives, oldest first. Raises ArchiveDamaged or HiddenEvents."""
    found: list[Archived] = []
    stream = store_stream(recorder.namespace)
    for event in own_events(recorder):
        if event.kind == KIND:
            rows = recorder.select_events(stream, gt=event.version - 1, lte=event.version)
            payload = rows[0].state if rows else b""
            archive = _archived(recorder, payload, event.position, event.recorded_at)
            if archive.after != (found[-1].upto if found else 0):
                raise _damaged(recorder)
            found.append(archive)
    if (found[-1].upto if found else 0) != recorder.archived_upto():  # what the guards go by
        raise _damaged(recorder)
    return found


def newest_archive(recorder: EventRecorder) -> Archived | None:
    """The newest archive, None without one. Raises ArchiveDamaged or HiddenEvents."""
    if not recorder.archived_upto():
        return None
    return archives(recorder)[-1]


def is_unfinished(recorder: EventRecorder, archive: Archived) -> bool:
    """Whether accesses of an archive are here that `drop_archived` would drop."""
    sql = load_sql("caretrail.log", "queries.sql")["older_accesses"]
    asked = {"after": archive.after, "upto": archive.upto, "cut": recorder.archived_upto()}
    return any(DISCLOSES not in row[0] for row in recorder.database.stream(sql, asked))


def disclosed_with(disclosed: bytes, leaf: bytes) -> bytes:
    """The digest of disclosures with the leaf of one more."""
    return hashlib.sha256(disclosed + leaf).digest()


def _archived(recorder: EventRecorder, payload: bytes, position: int, recorded_at: datetime) -> Archived:
    try:
        kept = json.loads(payload)
        frontier = tuple(map(bytes.fromhex, kept["frontier"]))
        archive = Archived(
            int(kept["after"]), int(kept["upto"]), int(kept["moment"]), frontier, str(kept["file"]),
            str(kept["sha256"]), int(kept["disclosures"]), bytes.fromhex(kept["disclosed"]), position, recorded_at,
        )  # fmt: skip  # in the order of the fields
    except (KeyError, TypeError, ValueError, RecursionError):
        raise _damaged(recorder) from None
    if not 0 <= archive.after < archive.upto or len(frontier) != archive.upto.bit_count():
        raise _damaged(recorder)
    return archive


def _damaged(recorder: EventRecorder) -> ArchiveDamaged:
    message = f"{recorder.store}: a recorded archive of accesses is malformed"
    return ArchiveDamaged(message, "run 'caretrail audit verify'")
