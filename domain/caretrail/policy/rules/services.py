"""Rules of services beside the weekly hours: minutes of a service day, services due in each period, progress notes."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from caretrail.policy.rules.base import Rule, Services
from caretrail.policy.values import MOST_ENTRIES, PackMinutes
from caretrail.tokens import MissedCause


class ServiceDay(Rule):
    """Minutes of treatment on each day on which there is any."""

    check: Literal["service_day"]
    cleared_by = "nothing: the day is over; it can be explained, or a session that is missing recorded"
    group = "findings_only"
    several = True
    least: PackMinutes | None = None
    most: PackMinutes | None = None
    basis: Literal["offered", "attended"] = "offered"

    @model_validator(mode="after")
    def _order(self) -> Self:
        if self.least is None and self.most is None:
            raise ValueError("least: say least, most, or both")
        if self.least is not None and self.most is not None and self.most < self.least:
            raise ValueError("most must not be less than least")
        return self


class ServiceEvery(Rule):
    """A session of each service in each week or calendar month that the stay covers in full.

    `excused_by`: a session missed for such a cause stands for it, where the text makes that exception.
    """

    check: Literal["service_every"]
    cleared_by = "nothing: the period is over; it can be explained"
    group = "findings_only"
    several = True
    services: Services
    each: Literal["week", "calendar_month"]
    excused_by: Annotated[tuple[MissedCause, ...], Field(max_length=MOST_ENTRIES)] = ()


class ProgressNotes(Rule):
    """A progress note in each week in which the client attended anything."""

    check: Literal["progress_notes"]
    cleared_by = "a correction of a session of that week that says it is noted"
