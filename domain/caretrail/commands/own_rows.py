"""The row of an event that the store records of itself."""

from __future__ import annotations

from uuid import UUID

from caretrail.events import (
    STORE_SOURCE,
    AccessesArchived,
    ClockConfirmed,
    PackRecorded,
    PositionVoided,
    payload_of,
    stored_name,
)
from caretrail.log.records import PendingEvent, new_salt, store_stream


def own_row(
    namespace: UUID,
    version: int,
    event: AccessesArchived | PackRecorded | PositionVoided | ClockConfirmed,
    about: str,
) -> PendingEvent:
    """The row at a version of the store's stream; its command_id `about` tells it from all other own events."""
    return PendingEvent(
        store_stream(namespace), version, stored_name(event), payload_of(event), STORE_SOURCE, about, new_salt()
    )
