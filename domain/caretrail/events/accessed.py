"""The access event, written by the reader before it shows or hands out anything; no sender can state it."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StrictInt, model_validator

from caretrail.events.envelope import EventBase
from caretrail.events.fields import CaseNumber, Count, Text
from caretrail.events.values import Disclosure
from caretrail.tokens import Purpose


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
    whole_log: Literal[True] | None = Field(default=None, description="Everything recorded after `after`.")
    after: Annotated[StrictInt, Field(ge=0, lt=2**63)] | None = Field(
        default=None, description="whole_log: the position after which it begins."
    )
    reason: Text | None = Field(default=None, description="Reason for breaking the glass.")
    disclosure: Disclosure | None = None

    @model_validator(mode="after")
    def _emergency(self) -> Self:
        if (self.purpose == "emergency") != (self.reason is not None):
            raise ValueError("an emergency has a reason, and nothing else has")
        return self
