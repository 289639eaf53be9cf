"""Events of the store itself, in the one stream that every store has for them; Caretrail records them, no sender."""

from __future__ import annotations

import hashlib
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, StrictInt, model_validator

from caretrail.errors import InvalidEvent
from caretrail.events.envelope import EventBase, Traits
from caretrail.events.fields import Instant, PolicyName, Text
from caretrail.files import MOST_PACK_BYTES

STORE_SOURCE = "caretrail.store"
"""The source of every event of a store, so that no command_id of a sender can collide with it."""


class StoreEventAppended(InvalidEvent):
    """An event of the store itself came as one to append: only Caretrail records those."""

    def __init__(self) -> None:
        super().__init__("an event of the store is recorded by Caretrail itself, never by append", "leave it out")


Place = Annotated[StrictInt, Field(ge=1, lt=2**63)]
"""A position of the log."""


class StoreEvent(EventBase):
    """An event of the store itself; it is of no episode and of no program."""


class PackRecorded(StoreEvent):
    """A policy pack was used here with this content for the first time; recorded before the event that uses it.

    Answers about what was known judge by the contents recorded by then, and packets carry them.
    """

    traits: ClassVar[Traits] = Traits(begins=True)

    type: Literal["pack_recorded"] = "pack_recorded"
    name: PolicyName
    sha256: Annotated[str, Field(strict=True, pattern=r"^[0-9a-f]{64}$")]
    content: Annotated[str, Field(strict=True, max_length=MOST_PACK_BYTES)] = Field(
        description="The whole file, in UTF-8; its SHA-256 is `sha256`."
    )

    @model_validator(mode="after")
    def _is_its_content(self) -> Self:
        if hashlib.sha256(self.content.encode(errors="replace")).hexdigest() != self.sha256:
            raise ValueError("sha256 must be that of the content")
        return self


class PositionVoided(StoreEvent):
    """An operator voided an event that cannot be read: from here on it counts for nothing, and stays where it is.

    It is the one void by position, as such an event cannot be the target of one of its episode.
    """

    type: Literal["position_voided"] = "position_voided"
    target: Place = Field(description="The position of the event that cannot be read.")
    leaf: Annotated[str, Field(strict=True, pattern=r"^[0-9a-f]{64}$")] = Field(description="Its leaf in the ledger.")
    reason: Text


class ClockConfirmed(StoreEvent):
    """An operator confirmed the clock that stamps, where the log alone says that it may be wrong.

    Of a clock that is behind, the events that follow are stamped from `newest` on, not by the clock, until it has
    passed that time.
    """

    type: Literal["clock_confirmed"] = "clock_confirmed"
    state: Literal["ahead", "behind"] = Field(description="What the log said of the clock.")
    clock: Instant = Field(description="The time by the clock that stamps.")
    operator_clock: Instant = Field(description="The time by the clock of the operator's machine.")
    newest: Instant = Field(description="The time of the record that the clock was held against.")


Hash = Annotated[str, Field(strict=True, pattern=r"^[0-9a-f]{64}$")]


class AccessesArchived(StoreEvent):
    """Accesses up to a position are in a file kept elsewhere, and are dropped from the store.

    It keeps what the log of accesses goes on from: where the file ends, when that access was recorded, and the frontier
    of the tree there, highest subtree first. Disclosures, and the newest of each account among them, stay.
    """

    type: Literal["accesses_archived"] = "accesses_archived"
    after: Annotated[StrictInt, Field(ge=0, lt=2**63)] = Field(description="The access before the first in the file.")
    upto: Place = Field(description="The last access in the file: a multiple of 256.")
    moment: StrictInt = Field(description="When that one was recorded, in microseconds since 1970 UTC.")
    frontier: Annotated[tuple[Hash, ...], Field(min_length=1, max_length=63)]
    file: Annotated[str, Field(strict=True, pattern=r"^[A-Za-z0-9._-]+$", max_length=100)]
    sha256: Hash = Field(description="Of the bytes of the file.")
    disclosures: Annotated[StrictInt, Field(ge=0, lt=2**63)] = Field(
        description="Disclosures up to `upto`, all of which stay."
    )
    disclosed: Hash = Field(description="Their leaves, each hashed onto what came before, from 32 zero bytes on.")
