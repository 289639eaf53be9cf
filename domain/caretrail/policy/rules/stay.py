"""Rules of a stay: what supports it, how long it lasts, and how it ends."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from caretrail.policy.rules.base import Rule
from caretrail.policy.values import PackCount, SomeDays


class ContinuedStay(Rule):
    """Continued stay is determined and supported."""

    check: Literal["continued_stay"]
    cleared_by = "a continued-stay determination signed by a clinician of the team"
    needs_clock = True
    holds: Literal["review_due", "authorization"] = "review_due"


class LengthOfStay(Rule):
    """There is no fixed length of stay."""

    check: Literal["length_of_stay"]
    cleared_by = "nothing is asked for"
    typical_weeks: Annotated[tuple[PackCount, PackCount], Field(description="Shown, never judged by.")] | None = None

    @model_validator(mode="after")
    def _order(self) -> Self:
        if self.typical_weeks is not None and self.typical_weeks[1] < self.typical_weeks[0]:
            raise ValueError("typical_weeks: the second must not be less than the first")
        return self


class Authorization(Rule):
    """A payer's authorization covers the stay."""

    check: Literal["authorization"]
    cleared_by = "an authorization for this level that covers the day and has units left"
    soon_days: SomeDays = 7


class EndingSupported(Rule):
    """The end of a stay has a reason and what that reason needs."""

    check: Literal["ending_supported"]
    cleared_by = "a correction of the transfer or discharge that states what is missing"
    group = "nowhere"
