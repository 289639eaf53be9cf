"""Duties with a term beside plan and regular review: assessments, reviews upon a change, summaries of an end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, StrictBool, model_validator

from caretrail.policy.rules.base import Rule
from caretrail.policy.values import MOST_ENTRIES, CivilTerm, QuietTerm, Term, Words
from caretrail.tokens import DischargeReason


class AssessmentDue(Rule):
    """An acceptable assessment within a term from the first day of the stay, or no later than the first plan."""

    check: Literal["assessment_due"]
    cleared_by = "an assessment, or a prior one accepted"
    deadline = True
    within: Term | None = None
    before_plan: StrictBool = False
    first_day: Literal["counts", "excluded"] = "counts"

    @model_validator(mode="after")
    def _one_day(self) -> Self:
        if (self.within is None) is not self.before_plan:
            raise ValueError("within: say either a term or before_plan = true")
        return self

    def without_effect(self) -> Mapping[str, str]:
        """The first day matters only to a term that counts what was attended."""
        found = dict(super().without_effect())
        if self.within is None or self.within.civil:
            found["first_day"] = "within is no term of sessions"
        return found


class AssessmentSigned(Rule):
    """Someone who gives clinical guidance signs an assessment within a term.

    `made_by` are the credentials whose assessments need it; without them every one does. `signed_by` are those who may
    give it, where not everyone who gives clinical guidance may.
    """

    check: Literal["assessment_signed"]
    cleared_by = "the signature under clinical guidance"
    deadline = True
    made_by: Annotated[tuple[Words, ...], Field(max_length=MOST_ENTRIES)] = ()
    signed_by: Annotated[tuple[Words, ...], Field(max_length=MOST_ENTRIES)] = ()
    within: CivilTerm

    @property
    def outlasts(self) -> bool:
        """The signature may be given after the stay."""
        return True


class ReviewAfter(Rule):
    """A review that counts within a term after an assessment was revised."""

    check: Literal["review_after"]
    cleared_by = "a review that counts, held on or after the day of the revised assessment"
    deadline = True
    trigger: Literal["reassessment"] = "reassessment"
    within: CivilTerm


class ReviewBeforeDischarge(Rule):
    """A review that counts within a term before a planned discharge, which its reason tells."""

    check: Literal["review_before_discharge"]
    cleared_by = "a review that counts, held in time, or a correction of the discharge"
    deadline = True
    reasons: Annotated[tuple[DischargeReason, ...], Field(min_length=1, max_length=MOST_ENTRIES)] = (
        "completed",
        "transferred",
    )
    within: QuietTerm


class ReviewDocumented(Rule):
    """A review is signed under clinical guidance within a term from the day on which it was due."""

    check: Literal["review_documented"]
    cleared_by = "the signature under clinical guidance"
    deadline = True
    within: CivilTerm

    @property
    def outlasts(self) -> bool:
        """The signature may be given after the stay."""
        return True

    @property
    def needs_clock(self) -> bool:
        """It counts from the day on which the review was due."""
        return True


class SummaryDue(Rule):
    """A summary of the stay, signed under clinical guidance, within a term after its end."""

    check: Literal["summary_due"]
    cleared_by = "a signature under clinical guidance on the discharge or the transfer"
    deadline = True
    ends: Annotated[tuple[Literal["discharge", "transfer"], ...], Field(min_length=1, max_length=MOST_ENTRIES)] = (
        "discharge",
    )
    within: CivilTerm

    @property
    def outlasts(self) -> bool:
        """The signature may be given after the stay."""
        return True
