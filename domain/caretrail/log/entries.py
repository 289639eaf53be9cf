"""From rows to entries and episodes; a stored event is decoded on demand, or at once."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from caretrail.episode.entry import Entry, StoredPayload
from caretrail.episode.episode import Episode
from caretrail.events import Event, read_event
from caretrail.events.codec import is_imported
from caretrail.log.records import RecordedEvent


def entry_of(row: RecordedEvent) -> Entry:
    """Make the entry of a stored row.

    Raises StoreNewer for a stored name this program does not know.
    """
    return _entry(row, StoredPayload(row.topic, row.state))


def decoded_entry_of(row: RecordedEvent) -> Entry:
    """Make the entry of a stored row with its event decoded, for a caller that reads all of them.

    Raises StoreNewer or StoreDamaged for a row that cannot be read.
    """
    return _entry(row, read_event(row.topic, row.state))


def _entry(row: RecordedEvent, content: Event | StoredPayload) -> Entry:
    return Entry(
        row.originator_version,
        row.position,
        content,
        row.recorded_at,
        row.recorded_by,
        is_imported(row.topic),
        row.source,
        row.command_id,
    )


def fold(stream: UUID, rows: Iterable[RecordedEvent]) -> Episode:
    """Evolve an episode from its rows. Raises StoreNewer."""
    episode = Episode(stream)
    for row in rows:
        episode.evolve(entry_of(row))
    return episode
