"""Coming in and going out: assessment, admission, transfer, discharge."""

from __future__ import annotations

import re
from typing import ClassVar, Literal, Self

from pydantic import ConfigDict, Field, StrictBool, model_validator

from caretrail.events.envelope import EpisodeEvent, SignedEvent, Traits
from caretrail.events.fields import (
    CaseNumber,
    Code,
    Date,
    Diagnosis,
    DimensionKey,
    Level,
    OpaqueId,
    PolicyName,
    Text,
    TimeOfDay,
    Zone,
)
from caretrail.events.values import Dimension, Outcome, Person, Referral, Schedule, TransferIn, check_level
from caretrail.tokens import (
    DIMENSION_PATTERNS,
    RATING_PATTERNS,
    AssessmentKind,
    DischargeReason,
    Dsm,
    Edition,
    Employment,
    Population,
    Residence,
    Route,
    Screen,
)


class Assessed(SignedEvent):
    """A substance use assessment was completed, added to, or a prior one accepted.

    An addendum gives the items it supplies.
    """

    traits: ClassVar[Traits] = Traits(begins=True, moves_outline=True, signable=True, rank=0)

    model_config = ConfigDict(populate_by_name=True)

    type: Literal["assessed"] = "assessed"
    kind: AssessmentKind
    client: OpaqueId
    program: OpaqueId
    at: TimeOfDay | None = None
    edition: Edition
    dimensions: dict[DimensionKey, Dimension] = Field(default_factory=dict)
    diagnoses: tuple[Diagnosis, ...] = ()
    dsm: Dsm | None = None
    recommended_level: Level | None = None
    clinician_level: Level | None = None
    co_occurring_screen: Screen | None = None
    mental_health_suspected: StrictBool | None = None
    referral: Referral | None = None
    discharge_plan: StrictBool | None = Field(default=None, description="A discharge plan is given.")
    from_: OpaqueId | None = Field(default=None, alias="from", description="prior_accepted: the author.")
    on: Date | None = Field(default=None, description="prior_accepted: the day of the prior assessment.")
    relevant: StrictBool | None = Field(
        default=None, description="prior_accepted, addendum: the prior assessment is clinically relevant."
    )
    current_diagnosis: StrictBool | None = Field(
        default=None, description="prior_accepted, addendum: a current diagnosis is given."
    )
    level_recommendation: StrictBool | None = Field(
        default=None, description="prior_accepted, addendum: a level of care is recommended."
    )

    @model_validator(mode="after")
    def _editions(self) -> Self:
        check_level(self.recommended_level, self.edition)
        check_level(self.clinician_level, self.edition)
        for key, dimension in self.dimensions.items():
            if not re.match(DIMENSION_PATTERNS[self.edition], key):
                raise ValueError("a dimension is not one of its edition's dimensions")
            if dimension.rating is not None and not re.match(RATING_PATTERNS[self.edition], dimension.rating):
                raise ValueError("a rating is not one of its edition's ratings")
        return self


class Admitted(EpisodeEvent):
    """The client was admitted to the program: the episode's stay begins."""

    traits: ClassVar[Traits] = Traits(begins=True, moves_outline=True, moves_stays=True, rank=1)

    type: Literal["admitted"] = "admitted"
    client: OpaqueId
    program: OpaqueId
    prior_episode: CaseNumber | None = None
    zone: Zone
    level: Level
    edition: Edition
    route: Route
    transfer_in: TransferIn | None = None
    population: Population
    policy: PolicyName
    medicaid_eligible: StrictBool | None = None
    team: tuple[Person, ...] = ()
    clinician: OpaqueId | None = Field(default=None, description="Case owner.")
    schedule: Schedule | None = None
    expects_progress: StrictBool | None = None
    dual_diagnosis_enhanced: StrictBool | None = Field(
        default=None, description="Admitted to dual diagnosis enhanced services."
    )
    residence: Residence | None = Field(default=None, description="Living arrangement at admission (TEDS).")
    employment: Employment | None = Field(default=None, description="Employment at admission (TEDS).")

    @model_validator(mode="after")
    def _edition(self) -> Self:
        check_level(self.level, self.edition)
        return self


class Transferred(SignedEvent):
    """The client moved to another level, or to another program of this provider."""

    traits: ClassVar[Traits] = Traits(
        needs_admission=True, not_before_admission=True, moves_outline=True, moves_stays=True, signable=True, rank=3
    )

    type: Literal["transferred"] = "transferred"
    from_level: Level
    to_level: Level
    edition: Edition
    to_program: OpaqueId | None = None
    transfer_in: TransferIn | None = None
    reason: Code | None = None
    outcome: Outcome | None = None

    @model_validator(mode="after")
    def _levels(self) -> Self:
        check_level(self.from_level, self.edition)
        check_level(self.to_level, self.edition)
        if self.from_level == self.to_level:
            raise ValueError("to_level must differ from from_level")
        return self


class Discharged(SignedEvent):
    """The episode ended, for one of the seven TEDS reasons."""

    traits: ClassVar[Traits] = Traits(
        needs_admission=True, not_before_admission=True, moves_outline=True, moves_stays=True, signable=True, rank=4
    )

    type: Literal["discharged"] = "discharged"
    reason: DischargeReason
    last_contact_on: Date | None = None
    outcome: Outcome | None = None
    aftercare: Text | None = None

    @model_validator(mode="after")
    def _last_contact(self) -> Self:
        if self.last_contact_on is not None and self.last_contact_on > self.occurred_on:
            raise ValueError("last_contact_on must not be after the discharge")
        return self
