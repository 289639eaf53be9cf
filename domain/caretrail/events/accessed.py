"""The access event, written by the reader before it shows or hands out anything; no sender can state it."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StrictInt, model_validator

from caretrail.events.envelope import EventBase
from caretrail.events.fields import CaseNumber, Count, Date, OpaqueId, Text, short
from caretrail.events.values import Disclosure, Value
from caretrail.tokens import Purpose

Place = Annotated[StrictInt, Field(ge=0, lt=2**63)]


class StoodOn(Value):
    """What of the record an answer rested on."""

    position: Place = Field(description="The newest event it included.")
    as_of: tuple[Date, ...] = Field(default=(), description="Its days: one, or two around midnight between zones.")
    known_at: Place | None = Field(default=None, description="The position at which what was known was asked for.")
    build: Annotated[str, short(r"^[a-z0-9.]+$", 40)] | None = Field(
        default=None, description="The build of the read models that gave it, and which filling of it; null: the log."
    )


class Accessed(EventBase):
    """A person viewed episodes, or the whole log; recorded by the reader before it shows anything, never appended.

    Each account has its own stream of accesses. `actor` is the person at the screen, as claimed.
    """

    type: Literal["accessed"] = "accessed"
    command: Annotated[str, Field(strict=True, pattern=r"^[a-z0-9][a-z0-9 _-]*$", max_length=60)]
    purpose: Purpose
    episodes: tuple[CaseNumber, ...] = Field(default=(), description="Shown, in the order of their numbers.")
    found: Count = Field(
        description="Episodes the whole answer showed: more than `episodes` where they fill several events."
    )
    attempted: tuple[OpaqueId, ...] = Field(
        default=(), description="Asked for by these numbers, which no episode or client has."
    )
    whole_log: Literal[True] | None = Field(default=None, description="Everything recorded after `after`.")
    after: Place | None = Field(default=None, description="whole_log: the position after which it begins.")
    stood_on: StoodOn
    reason: Text | None = Field(default=None, description="Reason for breaking the glass.")
    disclosure: Disclosure | None = None

    @model_validator(mode="after")
    def _emergency(self) -> Self:
        if (self.purpose == "emergency") != (self.reason is not None):
            raise ValueError("an emergency has a reason, and nothing else has")
        return self
