"""The access log: who viewed which episode.

The database scans the accesses between two moments once, and returns those that may name the episode.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from caretrail.errors import StoreError
from caretrail.events import Accessed, Disclosure, Person, StoodOn
from caretrail.events.codec import read_event
from caretrail.log.archive_file import read_rows, recorded_file
from caretrail.log.archived import archives
from caretrail.log.leaf import event_of
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
    asked about some, those only. `found` counts all that the answer showed. With `whole_log` every event behind
    position `after` was shown. `attempted` are numbers asked for that nothing had. `reason` is why glass was broken,
    `stood_on` what the answer rested on. Of a record that cannot be read `error` says why, and the rest of what
    somebody claimed is empty.
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
    attempted: tuple[str, ...] = ()
    error: str | None = None


class AccessRows:
    """The accesses recorded from `start` up to `end` (aware; both inclusive) and by now; each time over, the same ones.

    Of archived accesses those in `files` are read, of others what stayed here. `episodes` keeps those that showed one
    of them, and those at the whole log; `actor` is an id as claimed, and `disclosed` keeps disclosures. A record that
    cannot be read is told wherever it might be meant. Raises ArchiveRefused for a file that is not as it was archived.
    """

    def __init__(
        self,
        recorder: EventRecorder,
        *,
        episodes: Collection[str] | None = None,
        actor: str | None = None,
        account: str | None = None,
        disclosed: bool = False,
        start: datetime | None = None,
        end: datetime | None = None,
        files: Sequence[Path] = (),
    ) -> None:
        self._recorder = recorder
        self._episodes = None if episodes is None else frozenset(episodes)
        self._actor, self._account, self._disclosed = actor, account, disclosed
        self.events = recorder.max_position()
        """The newest event when this was made."""
        log = Log.ACCESSES
        known = archives(recorder)
        self._archives = [
            archive
            for before, archive in zip([None, *known], known, strict=False)
            if (start is None or start <= archive.until) and (before is None or end is None or end > before.until)
        ]
        self._files = {recorded_file(path, known): path for path in files}
        self.not_read = tuple(archive for archive in self._archives if archive not in self._files)
        """Archives of the time asked about without their files: of these only what stayed in the store is told."""
        self._start, self._end = start, end
        self._after = 0 if start is None else recorder.position_at(start - timedelta(microseconds=1), log)
        self._upto = recorder.max_position(log) if end is None else recorder.position_at(end, log)

    def __iter__(self) -> Iterator[AccessRow]:
        after = self._after
        for archive in self._archives:
            if (path := self._files.get(archive)) is not None:
                yield from self._stored(after, min(archive.after, self._upto))
                yield from self._archived(path)
                after = max(after, archive.upto)
        yield from self._stored(after, self._upto)

    def _archived(self, path: Path) -> Iterator[AccessRow]:
        for rows in read_rows(path):
            for columns in rows:
                event = event_of(columns)
                if (self._start is None or event.recorded_at >= self._start) and (
                    self._end is None or event.recorded_at <= self._end
                ):
                    yield from self._asked(event)

    def _asked(self, event: RecordedEvent) -> Iterator[AccessRow]:
        row = access_row(event, self._episodes)
        if row is not None and self._asks_for(row):
            yield row

    def _stored(self, after: int, upto: int) -> Iterator[AccessRow]:
        # the database looks for one number; of several, each access is looked at here
        [only] = self._episodes if self._episodes is not None and len(self._episodes) == 1 else [None]
        holding = None if only is None else f'"{only}"'.encode()
        while events := self._recorder.read_accesses(after, upto, holding=holding, limit=BATCH):
            for event in events:
                yield from self._asked(event)
            after = events[-1].position

    def _asks_for(self, row: AccessRow) -> bool:
        claimed = row.actor is None or self._actor in (None, row.actor.id)
        wanted = not self._disclosed or row.disclosure is not None or row.error is not None
        return claimed and wanted and self._account in (None, row.account)


def access_row(row: RecordedEvent, episodes: frozenset[str] | None = None) -> AccessRow | None:
    """Read one access; None if it showed none of the episodes."""
    problem = "store_damaged"
    try:
        event = read_event(row.topic, row.state)
    except StoreError as error:
        event, problem = None, error.code
    # an account may have written what it likes under this name, into its own stream
    if not isinstance(event, Accessed):
        return AccessRow(row.position, row.recorded_at, row.recorded_by, None, "", "", (), 0, error=problem)
    whole_log = bool(event.whole_log)
    shown = tuple(name for name in event.episodes if episodes is None or name in episodes)
    if episodes is not None and not shown and not whole_log and episodes.isdisjoint(event.attempted):
        return None
    return AccessRow(
        row.position, row.recorded_at, row.recorded_by, event.actor, event.command, event.purpose, shown,
        event.found, whole_log, event.after, event.reason, event.disclosure, event.stood_on, event.attempted,
    )  # fmt: skip  # in the order of the fields
