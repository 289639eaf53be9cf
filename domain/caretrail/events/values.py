"""The values events are made of, and the rules each of them must keep."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, model_validator

from caretrail.events.fields import Credential, Date, DimensionKey, Level, OpaqueId, OpenDate, Text, short
from caretrail.tokens import LEVELS, Basis, Edition, GoalState, Meaning, Method, PersonRole, SignerRole


class Value(BaseModel):
    """Base of all values inside an event: frozen, no unknown fields, and errors that never repeat a value."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Person(Value):
    """A person: an opaque id, and role and credential as of that day."""

    id: OpaqueId
    role: PersonRole
    credential: Credential | None = None


class Performer(Value):
    """The person who did the work: an opaque id and the credential as of that day."""

    id: OpaqueId
    role: PersonRole | None = None
    credential: Credential | None = None


class Signature(Value):
    """A signature given (`signed_on`), still owed (`deferred`) or refused before a witness (`declined`)."""

    signer: OpaqueId
    role: SignerRole
    credential: Credential | None = None
    signed_on: Date | None = None
    method: Method | None = None
    meaning: Meaning | None = None
    deferred: Text | None = None
    declined: Text | None = None
    witness: OpaqueId | None = None

    @model_validator(mode="after")
    def _one_state(self) -> Self:
        if (self.signed_on is not None) + (self.deferred is not None) + (self.declined is not None) != 1:
            raise ValueError("needs exactly one of signed_on, deferred, declined")
        if self.signed_on is not None and (self.method is None or self.meaning is None):
            raise ValueError("a signature given needs method and meaning")
        if self.declined is not None and self.witness is None:
            raise ValueError("a declined signature needs a witness")
        return self


class Disclosure(Value):
    """What was handed out: date, recipient, description and purpose as 45 CFR 164.528 asks for, and on what basis."""

    recipient: Annotated[str, short(r"^[^\x00]*$", 200)]
    address: Annotated[str, short(r"^[^\x00]*$", 400)] | None = None
    basis: Basis
    consent: Annotated[str, short(r"^[^\x00]*$", 200)] | None = Field(
        default=None, description="The event of the consent it is based on."
    )
    scope: Text | None = Field(default=None, description="What the consent, or the order, covers.")
    description: Text
    digest: Annotated[str, short(r"^[0-9a-f]{64}$", 64)] | None = Field(
        default=None, description="SHA-256 of what was handed out, in hex."
    )
    disclosed_on: Date | None = Field(default=None, description="The day, if it was recorded later.")


class Dimension(Value):
    """One ASAM dimension as the clinician rated it; `problem` null means not known."""

    rating: Annotated[str, short(r"^[0-9A-Z-]+$", 20)] | None = None
    problem: StrictBool | None = None
    meets_level: StrictBool | None = None


class Referral(Value):
    """A referral to a clinician who can diagnose and treat co-occurring disorders."""

    to: OpaqueId
    credential: Credential | None = None
    on: Date


class Schedule(Value):
    """What the program offers the client each week."""

    minutes_per_week: Annotated[StrictInt, Field(ge=0, le=7 * 24 * 60)]
    days_per_week: Annotated[StrictInt, Field(ge=0, le=7)]


class TransferIn(Value):
    """Why a client came from another level of care."""

    from_level: Level | None = None
    objectives_met: StrictBool | None = None
    level1_insufficient: StrictBool | None = None
    level1_preparatory: StrictBool | None = None
    dimension: DimensionKey | None = None


class Sections(Value):
    """Which required sections a plan holds."""

    discharge: StrictBool | None = None
    relapse_prevention: StrictBool | None = None
    supports: StrictBool | None = None
    problems: StrictBool | None = Field(default=None, description="The client's problems, one by one.")
    diagnosis: StrictBool | None = None
    goals: StrictBool | None = Field(default=None, description="Default: whether `goals` of the plan lists any.")
    objectives: StrictBool | None = Field(default=None, description="Measurable ones.")
    strategies: StrictBool | None = None
    services: StrictBool | None = Field(default=None, description="Services and how often.")
    target_dates: StrictBool | None = Field(default=None, description="Default: whether each of `goals` has one.")
    responsible_staff: StrictBool | None = None
    client_involvement: StrictBool | None = Field(default=None, description="How the client took part in making it.")
    safety: StrictBool | None = Field(default=None, description="A safety plan.")
    crisis: StrictBool | None = Field(default=None, description="A crisis plan.")


class Goal(Value):
    """A goal of a plan, by an id of the provider's own."""

    id: OpaqueId
    target_on: OpenDate | None = None


class GoalStatus(Value):
    """What became of a goal by the day of a review."""

    id: OpaqueId
    status: GoalState


class Outcome(Value):
    """How a stay ended; null means not stated."""

    goals_met: StrictBool | None = None
    precipitating_condition_stabilized: StrictBool | None = None
    relapse_potential_stabilized: StrictBool | None = None


def check_goals(goals: Sequence[Goal | GoalStatus] | None) -> None:
    """Refuse goals of which two have one id."""
    if goals and len({goal.id for goal in goals}) < len(goals):
        raise ValueError("goals must not list one id twice")


def check_level(level: str | None, edition: Edition | None) -> None:
    """Refuse a level code that its edition does not have."""
    if level is not None and edition is not None and level not in LEVELS[edition]:
        raise ValueError("level is not one of its edition's levels")
