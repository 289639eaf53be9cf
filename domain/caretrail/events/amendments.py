"""Events about earlier events and findings: explanations, corrections, voids, addenda."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from caretrail.events.envelope import EpisodeEvent, TargetedEvent, Traits
from caretrail.events.fields import Code, Date, RuleId, Text, Values
from caretrail.tokens import VoidReason


class Explained(EpisodeEvent):
    """A finding was explained: it becomes quiet, and is never deleted."""

    traits: ClassVar[Traits] = Traits(plain=True, after_discharge=True)

    type: Literal["explained"] = "explained"
    rule: RuleId
    on: Date = Field(description="A day on which the finding was open.")
    code: Code
    note: Text | None = None


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
