"""Rules of services beside the weekly hours: minutes of a service day, services due in each period, progress notes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from caretrail.policy.rules.base import Rule, Services
from caretrail.policy.rules.treatment import Range
from caretrail.policy.values import MOST_ENTRIES, PackMinutes
from caretrail.tokens import MissedCause


class ServiceDay(Range):
    """Minutes of treatment on each day on which there is any."""

    check: Literal["service_day"]
    cleared_by = "nothing: the day is over; it can be explained, or a session that is missing recorded"
    group = "findings_only"
    several = True
    least: PackMinutes | None = None
    most: PackMinutes | None = None
    basis: Literal["offered", "attended"] = "offered"


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
