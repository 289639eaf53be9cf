"""Every fact of a treatment episode: this list is the table of contents of the domain.

A fact says what happened, in the past tense, with the civil date on which it happened in the clinic. It is frozen,
and its JSON is the same in the Python API, in a JSON Lines file and in the store. Stored names never change.
"""

from __future__ import annotations

import re
from typing import ClassVar, Literal, Self

from pydantic import ConfigDict, Field, StrictBool, field_validator, model_validator

from caretrail.facts.accessed import Accessed
from caretrail.facts.envelope import EpisodeFact
from caretrail.facts.parts import (
    CaseNumber,
    Code,
    Count,
    Date,
    Diagnosis,
    Dimension,
    DimensionKey,
    Level,
    Minutes,
    OpaqueId,
    Outcome,
    Person,
    PolicyName,
    Referral,
    RuleId,
    Schedule,
    Sections,
    Signature,
    Text,
    TimeOfDay,
    TransferIn,
    Values,
    Version,
    Zone,
    check_level,
    no_signer_twice,
)
from caretrail.facts.program import ProgramAttested
from caretrail.tokens import (
    RATING_PATTERNS,
    AssessmentKind,
    AuthorizedUnit,
    CareKind,
    Decision,
    DischargeReason,
    Dsm,
    Edition,
    HoldReason,
    MissedCause,
    Modality,
    Participant,
    Population,
    ReviewUnit,
    Route,
    Screen,
    Service,
    Supports,
    VoidReason,
)


class Assessed(EpisodeFact):
    """A substance use assessment was completed, or a prior one accepted."""

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
    discharge_plan: StrictBool | None = None
    from_: OpaqueId | None = Field(default=None, alias="from", description="prior_accepted: who made it.")
    on: Date | None = Field(default=None, description="prior_accepted: the day of the prior assessment.")
    relevant: StrictBool | None = Field(default=None, description="prior_accepted: found clinically relevant.")
    current_diagnosis: StrictBool | None = None
    level_recommendation: StrictBool | None = None

    @model_validator(mode="after")
    def _editions(self) -> Self:
        check_level(self.recommended_level, self.edition)
        check_level(self.clinician_level, self.edition)
        pattern = re.compile(RATING_PATTERNS[self.edition])
        for key, dimension in self.dimensions.items():
            if self.edition == "asam-3" and len(key) > 1:
                raise ValueError("dimensions of the 3rd edition are 1 to 6")
            if dimension.rating is not None and not pattern.match(dimension.rating):
                raise ValueError("a rating is not one of its edition's ratings")
        return self


class Admitted(EpisodeFact):
    """The client was admitted to the program: the episode's stay begins."""

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
    clinician: OpaqueId | None = Field(default=None, description="Who carries the case.")
    schedule: Schedule | None = None
    expects_progress: StrictBool | None = None
    dual_diagnosis_enhanced: StrictBool | None = Field(
        default=None, description="Admitted to dual diagnosis enhanced services."
    )

    @model_validator(mode="after")
    def _edition(self) -> Self:
        check_level(self.level, self.edition)
        return self


class _SignedDocument(EpisodeFact):
    """A fact that carries signatures."""

    must_be_signed: ClassVar[bool] = False

    signatures: tuple[Signature, ...] = Field(default=(), validate_default=True)

    @field_validator("signatures")
    @classmethod
    def _once(cls, signatures: tuple[Signature, ...]) -> tuple[Signature, ...]:
        no_signer_twice(signatures)
        if cls.must_be_signed and not signatures:
            raise ValueError("needs at least one signature")
        return signatures


class PlanSigned(_SignedDocument):
    """A version of the treatment plan was signed."""

    must_be_signed: ClassVar[bool] = True

    type: Literal["plan_signed"] = "plan_signed"
    plan_version: Version
    effective_on: Date
    sections: Sections
    required_signers: tuple[OpaqueId, ...] | None = None
    review_unit: ReviewUnit | None = Field(default=None, description="In what the plan says its review falls due.")


class Signed(_SignedDocument):
    """Signatures were added to a plan, a review or a determination."""

    must_be_signed: ClassVar[bool] = True

    type: Literal["signed"] = "signed"
    target: Version


class PlanReviewed(_SignedDocument):
    """The plan was reviewed, and updated or left as it is for a reason."""

    type: Literal["plan_reviewed"] = "plan_reviewed"
    plan_version: Version
    participants: tuple[Participant, ...] = ()
    supports: Supports | None = None
    updated: StrictBool | None = None
    no_change_reason: Text | None = None
    progress: Text | None = None
    next_review_by: Date | None = None
    review_unit: ReviewUnit | None = Field(default=None, description="From this review on, if it changes it.")


class ContinuedStayDetermined(_SignedDocument):
    """A clinician judged whether the client may stay at this level; null means not judged."""

    type: Literal["continued_stay_determined"] = "continued_stay_determined"
    progressing: StrictBool | None = None
    goals_remain: StrictBool | None = None
    level_needed: StrictBool | None = None
    has_capacity: StrictBool | None = None
    actively_working: StrictBool | None = None
    new_problems: StrictBool | None = None
    treatable_here: StrictBool | None = None
    least_intensive: StrictBool | None = None
    decision: Decision
    leave_by: Date | None = None
    rationale: Text | None = None
    ratings: dict[DimensionKey, Dimension] | None = None

    @model_validator(mode="after")
    def _leave_by(self) -> Self:
        if self.decision == "leave" and self.leave_by is None:
            raise ValueError("decision leave needs leave_by")
        return self


class SessionAttended(EpisodeFact):
    """The client attended a session; `group_size` counts the clients present."""

    type: Literal["session_attended"] = "session_attended"
    service: Service
    start: TimeOfDay | None = None
    minutes: Minutes
    group_size: Count | None = None
    group_session: OpaqueId | None = None
    modality: Modality | None = None
    place: Text | None = None


class SessionMissed(EpisodeFact):
    """A session on the client's schedule did not take place for the client."""

    type: Literal["session_missed"] = "session_missed"
    service: Service
    start: TimeOfDay | None = None
    minutes: Minutes
    modality: Modality | None = None
    cause: MissedCause
    reason: Text | None = None


class CareCoordinated(EpisodeFact):
    """Care was coordinated with another professional."""

    type: Literal["care_coordinated"] = "care_coordinated"
    kind: CareKind
    outcome: Text | None = None


class ScheduleSet(EpisodeFact):
    """The client's weekly schedule was set anew."""

    type: Literal["schedule_set"] = "schedule_set"
    schedule: Schedule


class TeamChanged(EpisodeFact):
    """Who treats the client changed."""

    type: Literal["team_changed"] = "team_changed"
    joins: tuple[Person, ...] = ()
    leaves: tuple[OpaqueId, ...] = ()
    clinician: OpaqueId | None = Field(default=None, description="Who carries the case from now on.")


class Held(EpisodeFact):
    """Treatment was put on hold."""

    type: Literal["held"] = "held"
    reason: HoldReason


class Resumed(EpisodeFact):
    """Treatment went on after a hold."""

    type: Literal["resumed"] = "resumed"
    reason: Text | None = None


class Authorized(EpisodeFact):
    """A payer authorized services."""

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


class Transferred(EpisodeFact):
    """The client moved to another level, or to another program of ours."""

    type: Literal["transferred"] = "transferred"
    from_level: Level
    to_level: Level
    edition: Edition
    to_program: OpaqueId | None = None
    reason: Code | None = None
    outcome: Outcome | None = None

    @model_validator(mode="after")
    def _levels(self) -> Self:
        check_level(self.from_level, self.edition)
        check_level(self.to_level, self.edition)
        if self.from_level == self.to_level:
            raise ValueError("to_level must differ from from_level")
        return self


class Discharged(EpisodeFact):
    """The episode ended; the seven reasons are those of TEDS."""

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


class Explained(EpisodeFact):
    """Somebody explained a finding: quiets it, never deletes it."""

    type: Literal["explained"] = "explained"
    rule: RuleId
    on: Date = Field(description="A day on which the finding was up.")
    code: Code
    note: Text | None = None


class Corrected(EpisodeFact):
    """Values of an earlier fact were wrong: the original stays readable."""

    type: Literal["corrected"] = "corrected"
    target: Version
    values: Values
    reason: Text


class Voided(EpisodeFact):
    """An earlier fact should not be in this record: it counts nowhere and stays readable."""

    type: Literal["voided"] = "voided"
    target: Version
    reason: VoidReason


class Addendum(EpisodeFact):
    """Text was added to an earlier fact."""

    type: Literal["addendum"] = "addendum"
    target: Version
    text: Text
    reason: Text


Fact = (
    Assessed
    | Admitted
    | PlanSigned
    | Signed
    | PlanReviewed
    | ContinuedStayDetermined
    | SessionAttended
    | SessionMissed
    | CareCoordinated
    | ScheduleSet
    | TeamChanged
    | Held
    | Resumed
    | Authorized
    | Transferred
    | Discharged
    | Explained
    | Corrected
    | Voided
    | Addendum
    | ProgramAttested
    | Accessed
)
"""Any fact; the union is told apart by `type`."""

Amendment = Corrected | Voided | Addendum
SignedDocument = PlanSigned | PlanReviewed | ContinuedStayDetermined
ProgramFact = ProgramAttested
