"""Rules of treatment: hours and days per week, groups, services, contact."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from caretrail.policy.rules.base import PlaceByCause, Rule, Services
from caretrail.policy.values import MOST_DAYS, PackCount, PackMinutes, QuietTerm


class _Range(Rule):
    least: Any  # each kind of rule gives their type
    most: Any

    @model_validator(mode="after")
    def _order(self) -> Self:
        if self.most is not None and self.most < self.least:
            raise ValueError("most must not be less than least")
        return self


class WeeklyHours(_Range):
    """Minutes of treatment in each full week."""

    check: Literal["weekly_hours"]
    cleared_by = "nothing: the week is over; it can be explained"
    group = "findings_only"
    group_by_cause: ClassVar[PlaceByCause] = {
        "offered_short": "second_week",
        "attended_short": "second_week",
    }
    several = True
    least: PackMinutes
    most: PackMinutes | None = None
    basis: Literal["offered", "attended", "scheduled"] = "offered"


class WeeklyDays(_Range):
    """Days with treatment in each full week."""

    check: Literal["weekly_days"]
    cleared_by = "nothing: the week is over; it can be explained"
    group = "findings_only"
    least: Annotated[PackCount, Field(le=7)]
    most: Annotated[PackCount, Field(le=7)]


class GroupSize(_Range):
    """Clients in a group: each session, or on average over a calendar month."""

    check: Literal["group_size"]
    cleared_by = "nothing, if the count is right: it can be explained, or corrected if it is wrong"
    group = "findings_only"
    several = True
    least: PackCount
    most: PackCount
    services: Services = ("group",)
    aggregation: Literal["each_session", "monthly_average"] = "each_session"


class OneToOne(Rule):
    """One client to one clinician."""

    check: Literal["one_to_one"]
    cleared_by = "nothing, if the count is right: it can be explained, or corrected if it is wrong"
    group = "findings_only"
    several = True
    services: Services


class ServiceMix(Rule):
    """Every kind of service is part of treatment."""

    check: Literal["service_mix"]
    cleared_by = "a session of each kind of service that is missing"
    services: Services
    after_weeks: Annotated[PackCount, Field(le=MOST_DAYS // 7)]

    @model_validator(mode="after")
    def _information_only(self) -> Self:
        if self.strength == "must":
            raise ValueError("strength: a missing kind of service is information, so the rule is no must")
        return self


class CareCoordination(Rule):
    """Care is coordinated with other professionals, once in each review period."""

    check: Literal["care_coordination"]
    cleared_by = "nothing: the period is over; care coordinated in the next period is recorded there"

    @property
    def needs_clock(self) -> bool:
        """It speaks of the review periods."""
        return True


class NoContact(Rule):
    """The client has attended nothing for some time."""

    check: Literal["no_contact"]
    cleared_by = "a session, or the discharge"
    after: QuietTerm
