"""The events that the store records of itself: appended one after the other, whoever records them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from caretrail.errors import CommandReused, InvalidEvent, VersionConflict
from caretrail.events import (
    STORE_SOURCE,
    AccessesArchived,
    ClockConfirmed,
    PackRecorded,
    PositionVoided,
    payload_of,
    stored_name,
)
from caretrail.log.own_events import OwnEvent, own_events
from caretrail.log.recorder import EventRecorder
from caretrail.log.records import PendingEvent, RecordedEvent, new_salt, store_stream

ATTEMPTS = 20


class PendingOwnEvent(NamedTuple):
    """An event of the store to record; its command_id `about` tells it from all other own events."""

    event: AccessesArchived | ClockConfirmed | PackRecorded | PositionVoided
    about: str


def append_own(
    recorder: EventRecorder, decide: Callable[[Sequence[OwnEvent]], Sequence[PendingOwnEvent]]
) -> list[RecordedEvent]:
    """Append what is decided on the store's own events as they are, and decide anew where others came first.

    Raises what `decide` raises, InvalidEvent where others never cease to come, and StoreError.
    """
    for _ in range(ATTEMPTS):
        known = own_events(recorder)  # before it is decided: whatever comes after is a conflict
        rows = [
            PendingEvent(
                store_stream(recorder.namespace), version, stored_name(event), payload_of(event),
                STORE_SOURCE, about, new_salt(),
            )
            for version, (event, about) in enumerate(decide(known), start=len(known) + 1)
        ]  # fmt: skip  # in the order of the columns
        try:
            return list(recorder.append(rows)) if rows else []
        except (VersionConflict, CommandReused):  # another host records it, or something else of the store
            continue
    raise InvalidEvent("others keep recording events of the store", "try again")
