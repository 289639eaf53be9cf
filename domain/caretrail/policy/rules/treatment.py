"""Rules of treatment: hours and days per week, groups, services, contact."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self, get_args

from pydantic import Field, model_validator

from caretrail.policy.rules.admission import DimensionNumber
from caretrail.policy.rules.base import PlaceByCause, Rule, Services
from caretrail.policy.values import MINUTES_A_WEEK, MOST_DAYS, PackCount, PackMinutes, QuietTerm
from caretrail.tokens import CareKind


class Range(Rule):
    """A range with two sides, or one."""

    least: Any  # each kind of rule gives their type
    most: Any

    @model_validator(mode="after")
    def _order(self) -> Self:
        if self.least is None and self.most is None:
            raise ValueError("least: say least, most, or both")
        if self.least is not None and self.most is not None and self.most < self.least:
            raise ValueError("most must not be less than least")
        return self

    @property
    def low(self) -> int:
        """The least; 0 where the range has no such side."""
        return 0 if self.least is None else self.least

    @property
    def high(self) -> int:
        """The most; more than there can be where the range has no such side."""
        return MINUTES_A_WEEK + 1 if self.most is None else self.most

    @property
    def allowed(self) -> str:
        """The range in words: `3 to 12`, `at least 3`, `at most 12`."""
        if self.least is None or self.most is None:
            return f"at most {self.most}" if self.least is None else f"at least {self.least}"
        return f"{self.least} to {self.most}"


class Weekly(Range):
    """What each full week of a stay holds; `days_left`: how many days a hold must leave for a week to be judged."""

    holds: Literal["enough_days_left", "any_day_excuses"] = "enough_days_left"
    days_left: Annotated[PackCount, Field(le=7)] = 3
    above: Literal["info", "violation"] = "info"

    def without_effect(self) -> Mapping[str, str]:
        """No number of days matters if any day excuses the week, and nothing passes a most that is not there."""
        found = dict(super().without_effect())
        if self.holds == "any_day_excuses":
            found["days_left"] = "any day on hold excuses a week"
        if self.most is None:
            found["above"] = "there is no most that could be passed"
        return found


class WeeklyHours(Weekly):
    """Minutes of treatment in each full week."""

    check: Literal["weekly_hours"]
    cleared_by = "nothing: the week is over; what is missing can be recorded, or the week explained"
    group = "findings_only"
    group_by_cause: ClassVar[PlaceByCause] = {
        "offered_short": "second_week",
        "attended_short": "second_week",
        "schedule_short": "by_verdict",
    }
    several = True
    least: PackMinutes
    most: PackMinutes | None = None
    basis: Literal["offered", "attended", "scheduled"] = "offered"


class WeeklyDays(Weekly):
    """Days with treatment in each full week."""

    check: Literal["weekly_days"]
    cleared_by = "nothing: the week is over; what is missing can be recorded, or the week explained"
    least: Annotated[PackCount | None, Field(le=7)] = None
    most: Annotated[PackCount | None, Field(le=7)] = None
    counts: Literal["days", "sessions"] = "days"


class GroupSize(Range):
    """Clients in a group: each session, or on average over a calendar month.

    With `other_groups` a session of any other treatment is one, too, if it states a size of several or a group session,
    unless a rule of the pack holds that service to one client.
    """

    check: Literal["group_size"]
    cleared_by = "nothing, if the count is right: it can be explained, or corrected if it is wrong"
    several = True
    least: PackCount | None = None
    most: PackCount | None = None
    services: Services = ("group",)
    other_groups: Literal["count", "left_out"] = "count"
    aggregation: Literal["each_session", "monthly_average"] = "each_session"


class OneToOne(Rule):
    """One client to one clinician."""

    check: Literal["one_to_one"]
    cleared_by = "nothing, if the count is right: it can be explained, or corrected if it is wrong"
    several = True
    services: Services


class GroupBased(Rule):
    """Some treatment is in groups, by the end of so many full weeks of treatment."""

    check: Literal["group_based"]
    cleared_by = "a session in a group"
    services: Services = ("group",)
    after_weeks: Annotated[PackCount, Field(le=MOST_DAYS // 7)]


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


CareKinds = Annotated[tuple[CareKind, ...], Field(min_length=1, max_length=len(get_args(CareKind)))]


class CareCoordination(Rule):
    """Care is coordinated with other professionals, and needs are monitored or referred."""

    check: Literal["care_coordination"]
    cleared_by = "care coordinated with another professional, or a referral"
    period: Literal["review_period", "stay"] = "review_period"
    needs: Mapping[DimensionNumber, CareKinds] = Field(
        default_factory=dict[DimensionNumber, CareKinds],
        description="Kinds of contact looked for where a dimension has a problem.",
    )

    @property
    def needs_clock(self) -> bool:
        """It speaks of the review periods."""
        return True


class NoContact(Rule):
    """The client has attended nothing for some time."""

    check: Literal["no_contact"]
    cleared_by = "a session, or the discharge"
    after: QuietTerm
