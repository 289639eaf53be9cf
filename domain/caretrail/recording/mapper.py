"""Between facts and rows: stored names from a closed registry, payloads read only when somebody asks."""

from __future__ import annotations

import os
from typing import Any
from uuid import UUID

from eventsourcing.persistence import Mapper, StoredEvent

from caretrail.episode.episode import FactRecorded
from caretrail.episode.history import Entry, StoredFact
from caretrail.facts.codec import is_imported, payload_of, stored_name
from caretrail.recording.events import PendingEvent, RecordedEvent


class FactMapper(Mapper[UUID]):
    """Between facts and rows: a closed registry of stored names, so that reading a row imports nothing."""

    def to_stored_event(self, domain_event: Any) -> PendingEvent:
        """Make the row of a decided fact, with a fresh salt."""
        event: FactRecorded = domain_event
        entry = event.entry
        return PendingEvent(
            originator_id=event.originator_id,
            originator_version=entry.version,
            topic=stored_name(entry.fact, imported=entry.imported),
            state=payload_of(entry.fact),
            source=entry.source,
            command_id=entry.command_id,
            salt=os.urandom(16),
        )

    def to_domain_event(self, stored_event: StoredEvent) -> FactRecorded:
        """Read a stored row; what the fact says is read when somebody asks.

        Raises StoreNewer for a stored name this program does not know.
        """
        assert isinstance(stored_event, RecordedEvent)  # noqa: S101  # our recorder returns nothing else
        assert isinstance(stored_event.originator_id, UUID)  # noqa: S101
        return FactRecorded(stored_event.originator_id, entry_of(stored_event))


def entry_of(row: RecordedEvent) -> Entry:
    """The fact of a stored row, with what the store said of it."""
    return Entry(
        row.originator_version,
        row.position,
        StoredFact(row.topic, row.state),
        row.recorded_at,
        row.recorded_by,
        is_imported(row.topic),
        row.source,
        row.command_id,
    )
