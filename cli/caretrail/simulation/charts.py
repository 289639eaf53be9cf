"""What the simulation remembers of a client in treatment, a group and a team: as little as it can.

A chart is held from its assessment to its discharge, so memory grows with the episodes that are open, not with those
there were.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from caretrail.simulation.forms import Json
from caretrail.simulation.programs import Program
from caretrail.tokens import DischargeReason

SEATS = 12
"""The most clients of a group."""

EARLY, MIDDAY, EVENING = "09:00", "13:00", "17:30"


@dataclass(slots=True, eq=False)
class Stream:
    """What has events numbered from 1: a chart, or a program's own events."""

    name: str
    """The case number, or the program."""
    version: int = field(default=0, kw_only=True)
    """Of the event recorded last."""


@dataclass(slots=True, eq=False)
class Mark:
    """An event that later ones may be about: its version once it is recorded."""

    version: int = 0


@dataclass(slots=True, eq=False)
class Team:
    """A case owner and a second clinician, with three groups a day and clients at level 1."""

    program: Program
    site: int
    """The number of the program in its network, from 0."""
    number: int
    """Its number in the program, from 0."""
    owner: Json
    second: Json
    groups: tuple[Group, ...] = ()
    outpatients: list[Chart] = field(default_factory=list["Chart"])
    left: int = 0
    """How many case owners have left."""

    @classmethod
    def of(cls, program: Program, site: int, number: int) -> Team:
        """A team as it begins."""
        team = cls(program, site, number, *program.team(number))
        other = MIDDAY if program.start < MIDDAY else EARLY
        team.groups = tuple(Group(team, start) for start in (program.start, other, EVENING))
        return team

    @property
    def charts(self) -> list[Chart]:
        """The charts of its clients."""
        return [*(chart for group in self.groups for chart in group.members), *self.outpatients]


@dataclass(slots=True, eq=False)
class Group:
    """Up to twelve clients at level 2.1 who meet three times a week."""

    team: Team
    start: str
    members: list[Chart] = field(default_factory=list["Chart"])


@dataclass(slots=True, eq=False)
class Chart(Stream):
    """One client's treatment: `end` is the day of the discharge, which may lie after all that is simulated."""

    client: str
    group: Group
    start: date
    end: date
    reason: DischargeReason
    down_on: date
    """The day from which the client is ready for level 1."""
    plan_after: int
    """Sessions before there is a plan."""
    outpatient: bool = False
    came: bool = True
    """To the session planned last."""
    attended: int = 0
    last_contact: date = date.min
    away_until: date = date.min
    """The last day of a hold."""
    plan: Mark | None = None
    review_on: date = date.max
    reviews: int = 0
    consent: str | None = None
    """The recipient of a consent that may still be revoked."""

    @property
    def team(self) -> Team:
        """The team that treats the client."""
        return self.group.team
