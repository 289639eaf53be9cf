"""The care given: sessions, referrals, coordination, consents, schedule, team, holds, authorizations."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import ConfigDict, Field, StrictBool, model_validator

from caretrail.events.envelope import EpisodeEvent, Traits
from caretrail.events.fields import Count, Credential, Level, Minutes, OpaqueId, OpenDate, ServiceCode, Text, TimeOfDay
from caretrail.events.values import Person, Schedule
from caretrail.tokens import (
    AuthorizationStatus,
    AuthorizedUnit,
    CareKind,
    HoldReason,
    MissedCause,
    Modality,
    Purpose,
    Service,
)


class SessionAttended(EpisodeEvent):
    """The client attended a session; `group_size` counts the clients present."""

    traits: ClassVar[Traits] = Traits(plain=True)

    type: Literal["session_attended"] = "session_attended"
    service: Service
    topic: Text | None = None
    start: TimeOfDay | None = None
    minutes: Minutes
    group_size: Count | None = None
    group_session: OpaqueId | None = None
    modality: Modality | None = None
    place: Text | None = None
    noted: StrictBool | None = Field(default=None, description="A progress note of it is in the record.")


class SessionMissed(EpisodeEvent):
    """A session on the client's schedule did not take place for the client."""

    traits: ClassVar[Traits] = Traits(plain=True)

    type: Literal["session_missed"] = "session_missed"
    service: Service
    topic: Text | None = None
    start: TimeOfDay | None = None
    minutes: Minutes
    modality: Modality | None = None
    cause: MissedCause
    reason: Text | None = None


class Referred(EpisodeEvent):
    """The client was referred to another professional."""

    traits: ClassVar[Traits] = Traits(plain=True)

    type: Literal["referred"] = "referred"
    to: OpaqueId = Field(description="The professional or agency.")
    credential: Credential | None = Field(default=None, description="Credential of the professional.")
    kind: CareKind
    outcome: Text | None = None


class CareCoordinated(EpisodeEvent):
    """Care was coordinated with another professional."""

    traits: ClassVar[Traits] = Traits(plain=True)

    type: Literal["care_coordinated"] = "care_coordinated"
    to: OpaqueId | None = Field(default=None, description="The professional or agency.")
    credential: Credential | None = Field(default=None, description="Credential of the professional.")
    kind: CareKind
    outcome: Text | None = None


class Consented(EpisodeEvent):
    """The client consented to a disclosure of the record (42 CFR 2.31)."""

    type: Literal["consented"] = "consented"
    recipient: OpaqueId
    purpose: Purpose
    scope: Text = Field(description="What may be disclosed.")
    expires_on: OpenDate | None = None


class ConsentRevoked(EpisodeEvent):
    """The client revoked a consent, from that day on."""

    type: Literal["consent_revoked"] = "consent_revoked"
    recipient: OpaqueId
    purpose: Purpose | None = Field(default=None, description="Default: every purpose consented to.")
    scope: Text | None = Field(default=None, description="What may no longer be disclosed.")
    expires_on: OpenDate | None = Field(default=None, description="Of the consent.")


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
    """A payer was asked to authorize services, or decided on that.

    Events with one `number` are one authorization; one that ended early gives its last day in `to`.
    """

    traits: ClassVar[Traits] = Traits(plain=True, needs_admission=True)

    model_config = ConfigDict(populate_by_name=True)

    type: Literal["authorized"] = "authorized"
    payer: OpaqueId
    number: OpaqueId
    status: AuthorizationStatus = "approved"
    service_code: ServiceCode | None = Field(default=None, description="Billing code, for example H0015.")
    units: Count = Field(description="Units asked for, or granted.")
    unit: AuthorizedUnit
    from_: OpenDate = Field(alias="from")
    to: OpenDate
    level: Level

    @model_validator(mode="after")
    def _order(self) -> Self:
        if self.to < self.from_:
            raise ValueError("to must not be before from")
        return self
