"""From rows to entries and episodes; a stored event is decoded on demand, or at once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date
from typing import cast
from uuid import UUID

from caretrail.episode.entry import Entry, StoredPayload
from caretrail.episode.episode import Episode
from caretrail.episode.sealed import NOBODY, Sealed
from caretrail.errors import HiddenEvents, StoreDamaged, StoreNewer
from caretrail.events import EpisodeEvent, Event, ProgramEvent, StoreEvent, read_event
from caretrail.events.codec import is_imported
from caretrail.events.fields import FIRST_DAY, LAST_DAY
from caretrail.log.leaf import leaf_hash
from caretrail.log.own_events import VoidedPosition
from caretrail.log.records import RecordedEvent, episode_stream, program_stream, store_stream


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


def readable_entry(row: RecordedEvent, voids: Mapping[int, VoidedPosition]) -> Entry:
    """Make the entry of a stored row with its event decoded, or sealed if that cannot be read.

    `voids` are those of an operator, by position; one of a newer release may say anything, so none takes it away.
    """
    try:
        return decoded_entry_of(row)
    except StoreNewer as error:
        return _sealed(row, error.code, None)
    except StoreDamaged as error:
        return _sealed(row, error.code, voids.get(row.position))


def _sealed(row: RecordedEvent, code: str, void: VoidedPosition | None) -> Entry:
    sealed = Sealed(
        occurred_on=day_in(row), actor=NOBODY, name=row.topic, leaf=leaf_hash(row).hex(), code=code,
        voided_at=void.position if void else None, reason=void.reason if void else None,
    )  # fmt: skip  # one value
    entry = Entry(
        row.originator_version, row.position, sealed, row.recorded_at, row.recorded_by, is_imported(row.topic),
        row.source, row.command_id,
    )  # fmt: skip  # in the order of the fields
    return cast(Entry, entry)  # it stands where an event stands


def day_in(row: RecordedEvent) -> date:
    """The day an event states, if that much can be read of it; else the day it was recorded."""
    try:
        day = date.fromisoformat(json.loads(row.state)["occurred_on"])
        return day if FIRST_DAY <= day <= LAST_DAY else row.recorded_at.date()
    except (ValueError, TypeError, KeyError, RecursionError):
        return row.recorded_at.date()


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


def require_next(episode: Episode, row: RecordedEvent) -> None:
    """Refuse a row that is not the next event of an episode: the ones between are hidden. Raises HiddenEvents."""
    if row.originator_version != episode.version + 1:
        raise HiddenEvents.missing(episode.version + 1)


def require_own(namespace: UUID, stream: UUID, event: Event, version: int) -> None:
    """Refuse an event in another stream than that of the episode, program or store it is of. Raises HiddenEvents."""
    if isinstance(event, EpisodeEvent):
        own = episode_stream(namespace, event.episode)
    elif isinstance(event, ProgramEvent):
        own = program_stream(namespace, event.program)
    elif isinstance(event, StoreEvent):
        own = store_stream(namespace)
    else:
        return  # an access among the events, which is refused wherever it is read
    if own != stream:
        raise HiddenEvents.foreign(version)


def fold(namespace: UUID, stream: UUID, rows: Iterable[RecordedEvent]) -> Episode:
    """Evolve an episode from its rows, without a gap; only the first is read, and must be of this stream.

    Raises StoreNewer, StoreDamaged.
    """
    episode = Episode(stream)
    for row in rows:
        require_next(episode, row)
        episode.evolve(entry_of(row))
    if episode.entries:
        require_own(namespace, stream, episode.entries[0].event, 1)
    return episode
