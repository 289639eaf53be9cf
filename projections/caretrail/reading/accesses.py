"""The access log: who viewed which episode.

The database scans the accesses between two moments once, and returns those that may name the episode.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from caretrail.errors import StoreError
from caretrail.events import Accessed, Disclosure, Person, StoodOn
from caretrail.events.codec import read_event
from caretrail.log.records import Log

if TYPE_CHECKING:
    from caretrail.log.recorder import EventRecorder
    from caretrail.log.records import RecordedEvent

BATCH = 200
"""Accesses read at once. One may have 256 KB, so this bounds the memory."""


@dataclass(frozen=True, slots=True)
class AccessRow:
    """One access, at its position in the log of accesses; `recorded_at` is UTC.

    `account` is the login as the store saw it, `actor` the person as claimed. `episodes` are those that were shown;
    asked about one episode, that one only. `found` counts all that the answer showed. With `whole_log` every event
    behind position `after` was shown. `reason` is why glass was broken, `stood_on` what the answer rested on. Of a
    record that cannot be read `error` says why, and the rest of what somebody claimed is empty.
    """

    position: int
    recorded_at: datetime
    account: str
    actor: Person | None
    command: str
    purpose: str
    episodes: tuple[str, ...]
    found: int
    whole_log: bool = False
    after: int | None = None
    reason: str | None = None
    disclosure: Disclosure | None = None
    stood_on: StoodOn | None = None
    error: str | None = None


class AccessRows:
    """The accesses recorded from `start` up to `end` (aware; both inclusive) and by now; each time over, the same ones.

    `episode` keeps those that showed it, and those at the whole log; `actor` is an id as claimed. A record that cannot
    be read is told wherever it might be meant.
    """

    def __init__(
        self,
        recorder: EventRecorder,
        *,
        episode: str | None = None,
        actor: str | None = None,
        account: str | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> None:
        self._recorder = recorder
        self._episode, self._actor, self._account = episode, actor, account
        self.events = recorder.max_position()
        """The newest event when this was made."""
        log = Log.ACCESSES
        self._after = 0 if start is None else recorder.position_at(start - timedelta(microseconds=1), log)
        self._upto = recorder.max_position(log) if end is None else recorder.position_at(end, log)

    def __iter__(self) -> Iterator[AccessRow]:
        after = self._after
        holding = None if self._episode is None else f'"{self._episode}"'.encode()
        while events := self._recorder.read_accesses(after, self._upto, holding=holding, limit=BATCH):
            for event in events:
                row = access_row(event, self._episode)
                if row is not None and self._asks_for(row):
                    yield row
            after = events[-1].position

    def _asks_for(self, row: AccessRow) -> bool:
        claimed = row.actor is None or self._actor in (None, row.actor.id)
        return claimed and self._account in (None, row.account)


def access_row(row: RecordedEvent, episode: str | None = None) -> AccessRow | None:
    """Read one access; None if it did not show the episode."""
    problem = "store_damaged"
    try:
        event = read_event(row.topic, row.state)
    except StoreError as error:
        event, problem = None, error.code
    # an account may have written what it likes under this name, into its own stream
    if not isinstance(event, Accessed):
        return AccessRow(row.position, row.recorded_at, row.recorded_by, None, "", "", (), 0, error=problem)
    whole_log = bool(event.whole_log)
    if episode is not None and episode not in event.episodes and not whole_log:
        return None
    shown = event.episodes if episode is None else tuple(name for name in event.episodes if name == episode)
    return AccessRow(
        row.position, row.recorded_at, row.recorded_by, event.actor, event.command, event.purpose, shown,
        event.found, whole_log, event.after, event.reason, event.disclosure, event.stood_on,
    )  # fmt: skip  # in the order of the fields
