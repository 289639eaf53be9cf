"""The care given: sessions, coordination, schedule, team, holds, authorizations."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from caretrail.events.envelope import EpisodeEvent, Traits
from caretrail.events.fields import Count, Date, Level, Minutes, OpaqueId, Text, TimeOfDay
from caretrail.events.values import Person, Schedule
from caretrail.tokens import AuthorizedUnit, CareKind, HoldReason, MissedCause, Modality, Service


class SessionAttended(EpisodeEvent):
    """The client attended a session; `group_size` counts the clients present."""

    traits: ClassVar[Traits] = Traits(plain=True)

    type: Literal["session_attended"] = "session_attended"
    service: Service
    start: TimeOfDay | None = None
    minutes: Minutes
    group_size: Count | None = None
    group_session: OpaqueId | None = None
    modality: Modality | None = None
    place: Text | None = None


class SessionMissed(EpisodeEvent):
    """A session on the client's schedule did not take place for the client."""

    traits: ClassVar[Traits] = Traits(plain=True)

    type: Literal["session_missed"] = "session_missed"
    service: Service
    start: TimeOfDay | None = None
    minutes: Minutes
    modality: Modality | None = None
    cause: MissedCause
    reason: Text | None = None


class CareCoordinated(EpisodeEvent):
    """Care was coordinated with another professional."""

    traits: ClassVar[Traits] = Traits(plain=True)

    type: Literal["care_coordinated"] = "care_coordinated"
    kind: CareKind
    outcome: Text | None = None


class ScheduleSet(EpisodeEvent):
    """The client's weekly schedule was set or changed."""

    traits: ClassVar[Traits] = Traits(plain=True, needs_admission=True)

    type: Literal["schedule_set"] = "schedule_set"
    schedule: Schedule


class TeamChanged(EpisodeEvent):
    """The treatment team changed."""

    traits: ClassVar[Traits] = Traits(plain=True, needs_admission=True)

    type: Literal["team_changed"] = "team_changed"
    joins: tuple[Person, ...] = ()
    leaves: tuple[OpaqueId, ...] = ()
    clinician: OpaqueId | None = Field(default=None, description="New case owner.")


class Held(EpisodeEvent):
    """Treatment was put on hold."""

    traits: ClassVar[Traits] = Traits(needs_admission=True, not_before_admission=True, turn=1)

    type: Literal["held"] = "held"
    reason: HoldReason


class Resumed(EpisodeEvent):
    """Treatment resumed after a hold."""

    traits: ClassVar[Traits] = Traits(needs_admission=True, not_before_admission=True, turn=-1)

    type: Literal["resumed"] = "resumed"
    reason: Text | None = None


class Authorized(EpisodeEvent):
    """A payer authorized services."""

    traits: ClassVar[Traits] = Traits(plain=True, needs_admission=True)

    model_config = ConfigDict(populate_by_name=True)

    type: Literal["authorized"] = "authorized"
    payer: OpaqueId
    number: OpaqueId
    units: Count
    unit: AuthorizedUnit
    from_: Date = Field(alias="from")
    to: Date
    level: Level

    @model_validator(mode="after")
    def _order(self) -> Self:
        if self.to < self.from_:
            raise ValueError("to must not be before from")
        return self
