"""An operator's void of an event that cannot be read: an event of the store that names it by position."""

from __future__ import annotations

from datetime import UTC, datetime

from caretrail.commands.own_rows import PendingOwnEvent, append_own
from caretrail.errors import StoreDamaged, StoreNewer, VoidRefused
from caretrail.events import STORE_SOURCE, Person, PositionVoided, read_event
from caretrail.log.leaf import leaf_hash
from caretrail.log.recorder import EventRecorder
from caretrail.log.records import RecordedEvent


def unreadable_at(recorder: EventRecorder, position: int) -> RecordedEvent:
    """The event at a position, if it cannot be read by any release up to this one. Raises VoidRefused."""
    row = next(iter(recorder.read_log(position - 1, limit=1)), None) if position > 0 else None
    if row is None or row.position != position:
        raise VoidRefused(f"nothing is recorded at @{position}", "see 'caretrail projection quarantine'")
    try:
        read_event(row.topic, row.state)
    except StoreNewer:
        raise VoidRefused(
            f"the event at @{position} is of a newer Caretrail, which can read it", "upgrade this one"
        ) from None
    except StoreDamaged:
        return row
    raise VoidRefused(
        f"the event at @{position} can be read", "void it by its number in its episode: 'caretrail record voided'"
    )


def void_position(recorder: EventRecorder, position: int, actor: Person, reason: str, now: datetime) -> RecordedEvent:
    """Record that an event that cannot be read counts for nothing. Raises Refused or StoreError."""
    if not recorder.may_import(actor.role):
        raise VoidRefused.of_no_operator()
    row = unreadable_at(recorder, position)
    event = PositionVoided(
        occurred_on=now.astimezone(UTC).date(), actor=actor, target=position, leaf=leaf_hash(row).hex(), reason=reason
    )
    key = (STORE_SOURCE, f"void {position}")

    def decide(_: object) -> list[PendingOwnEvent]:
        if known := recorder.find_commands([key]):
            recorder.append_again([known[key]])  # whoever is told that it is recorded may rely on it
            raise VoidRefused(f"the event at @{position} is voided already, by @{known[key].position}")
        return [PendingOwnEvent(event, key[1])]

    return append_own(recorder, decide)[0]
