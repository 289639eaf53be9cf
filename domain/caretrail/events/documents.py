"""Documents of the stay: plans, reviews, determinations; and signatures added to a document."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import Field, StrictBool, model_validator

from caretrail.events.envelope import SignedEvent, TargetedEvent, Traits
from caretrail.events.fields import DimensionKey, OpaqueId, OpenDate, Text, Version
from caretrail.events.values import Dimension, Goal, GoalStatus, Sections, check_goals
from caretrail.tokens import Decision, Participant, PlanScope, ReviewUnit, Supports


class PlanSigned(SignedEvent):
    """A version of the treatment plan was signed."""

    traits: ClassVar[Traits] = Traits(needs_admission=True, signable=True, must_be_signed=True)

    type: Literal["plan_signed"] = "plan_signed"
    plan_version: Version
    effective_on: OpenDate
    scope: PlanScope | None = Field(
        default=None, description="An initial plan for what is immediate, or the comprehensive one."
    )
    sections: Sections
    goals: tuple[Goal, ...] | None = None
    required_signers: tuple[OpaqueId, ...] | None = None
    review_unit: ReviewUnit | None = Field(default=None, description="Unit in which the plan sets its next review.")

    @model_validator(mode="after")
    def _goals(self) -> Self:
        check_goals(self.goals)
        return self


class Signed(TargetedEvent, SignedEvent):
    """Signatures were added to a plan, review, determination, assessment, transfer or discharge."""

    traits: ClassVar[Traits] = Traits(after_discharge=True, must_be_signed=True)

    type: Literal["signed"] = "signed"


class PlanReviewed(SignedEvent):
    """The plan was reviewed, and updated or kept for a stated reason."""

    traits: ClassVar[Traits] = Traits(needs_admission=True, not_before_admission=True, signable=True)

    type: Literal["plan_reviewed"] = "plan_reviewed"
    plan_version: Version
    participants: tuple[Participant, ...] = ()
    supports: Supports | None = None
    updated: StrictBool | None = None
    no_change_reason: Text | None = None
    goals: tuple[GoalStatus, ...] | None = Field(default=None, description="Goals as they stand on that day.")
    progress: Text | None = None
    next_review_by: OpenDate | None = None
    review_unit: ReviewUnit | None = Field(default=None, description="New unit from this review on.")

    @model_validator(mode="after")
    def _goals(self) -> Self:
        check_goals(self.goals)
        return self


class ContinuedStayDetermined(SignedEvent):
    """A clinician judged whether the client may stay at this level; null means not judged."""

    traits: ClassVar[Traits] = Traits(needs_admission=True, not_before_admission=True, signable=True)

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
    leave_by: OpenDate | None = None
    rationale: Text | None = None
    ratings: dict[DimensionKey, Dimension] | None = None

    @model_validator(mode="after")
    def _leave_by(self) -> Self:
        if self.decision == "leave" and self.leave_by is None:
            raise ValueError("decision leave needs leave_by")
        return self
