"""What stands in an episode for a recorded event that cannot be read: its place and its hash, and nothing of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Literal, cast

from caretrail.episode.entry import Entry
from caretrail.events.envelope import EventBase, Traits
from caretrail.events.values import Person

NOBODY = Person(id="unknown", role="service")
"""Who states an event that cannot be read."""


class Sealed(EventBase):
    """A recorded event that cannot be read; it is never stored, and no part of the effective history.

    `leaf` is its hash in the ledger, `code` a stable word why it cannot be read. `occurred_on` is the day that it
    states, if that much can be read, else the day of recording. `voided_at` is the position of an operator's void, from
    which on it counts for nothing, and `reason` what that void states.
    """

    traits: ClassVar[Traits] = Traits(amends=True)

    type: Literal["sealed"] = "sealed"
    name: str
    leaf: str
    code: str
    voided_at: int | None = None
    reason: str | None = None


def unread(entries: Iterable[Entry]) -> list[Entry[Sealed]]:
    """The sealed events of an episode that no operator has voided, by version."""
    sealed = (cast("Entry[Sealed]", entry) for entry in entries if entry.kind is Sealed)
    return [entry for entry in sealed if entry.event.voided_at is None]
