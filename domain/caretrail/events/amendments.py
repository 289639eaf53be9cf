"""Events about earlier events and findings: explanations, corrections, voids, addenda."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from caretrail.events.envelope import EpisodeEvent, TargetedEvent, Traits
from caretrail.events.fields import Code, Date, OpenDate, RuleId, Text, Values
from caretrail.tokens import VoidReason


class Explained(EpisodeEvent):
    """A finding was explained; it stays on record."""

    traits: ClassVar[Traits] = Traits(plain=True, after_discharge=True)

    type: Literal["explained"] = "explained"
    rule: RuleId = Field(description="In full or without the prefix of its policy.")
    on: Date = Field(description="A day on which the finding was open; of a week any day, or the day after.")
    code: Code
    until: OpenDate | None = Field(default=None, description="Last day of a lasting cause; needed for a schedule.")
    note: Text | None = None

    @model_validator(mode="after")
    def _order(self) -> Self:
        if self.until is not None and self.until < self.on:
            raise ValueError("until must not be before on")
        return self


class Corrected(TargetedEvent):
    """Values of an earlier event were wrong: the original stays readable."""

    traits: ClassVar[Traits] = Traits(amends=True, moves_outline=True, moves_stays=True)

    type: Literal["corrected"] = "corrected"
    values: Values
    reason: Text


class Voided(TargetedEvent):
    """An earlier event does not belong in this record: it no longer counts, but stays readable."""

    traits: ClassVar[Traits] = Traits(amends=True, moves_outline=True, moves_stays=True)

    type: Literal["voided"] = "voided"
    reason: VoidReason


class Addendum(TargetedEvent):
    """Text was added to an earlier event."""

    traits: ClassVar[Traits] = Traits(amends=True)

    type: Literal["addendum"] = "addendum"
    text: Text
    reason: Text
