"""The one event that nobody states: somebody looked, or handed something out, and the reader wrote it down before."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StrictInt, model_validator

from caretrail.events.envelope import EventBase
from caretrail.events.fields import CaseNumber, Count, Text
from caretrail.events.values import Disclosure
from caretrail.tokens import Purpose


class Accessed(EventBase):
    """Somebody looked at episodes, or at the whole log; written by the reader before it shows anything, never appended.

    It lives in a stream of the account that looked. `actor` is who sat there, as claimed.
    """

    type: Literal["accessed"] = "accessed"
    command: Annotated[str, Field(strict=True, pattern=r"^[a-z0-9][a-z0-9 _-]*$", max_length=60)]
    purpose: Purpose
    episodes: tuple[CaseNumber, ...] = Field(default=(), description="Shown, in the order of their numbers.")
    found: Count = Field(
        description="Episodes the whole answer showed: more than `episodes` where it took several events to say which."
    )
    whole_log: Literal[True] | None = Field(default=None, description="Everything recorded after `after`.")
    after: Annotated[StrictInt, Field(ge=0, lt=2**63)] | None = Field(
        default=None, description="whole_log: from behind this position."
    )
    reason: Text | None = Field(default=None, description="Why glass was broken.")
    disclosure: Disclosure | None = None

    @model_validator(mode="after")
    def _emergency(self) -> Self:
        if (self.purpose == "emergency") != (self.reason is not None):
            raise ValueError("an emergency has a reason, and nothing else has")
        return self
