"""Authorizations by the payer: what the decisions recorded by a day grant."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from caretrail.episode.history import Effective
from caretrail.events import Authorized
from caretrail.findings.chart.terms import MINUTES_AN_HOUR
from caretrail.tokens import AuthorizedUnit

GRANTS = ("approved", "partial")


@dataclass(slots=True)
class Grant:
    """One authorization as decided by a day: what it grants, from which day to which, and what is used of it.

    `granted` and `used` count units; hours are counted in minutes. `counted` are the days or weeks counted already.
    """

    version: int
    event: Authorized
    first: date
    last: date
    unit: AuthorizedUnit
    granted: int
    used: int = 0
    counted: set[date] = field(default_factory=set[date])

    @property
    def left(self) -> int:
        """The units left; less than none where more were used."""
        return self.granted - self.used

    def covers(self, day: date) -> bool:
        """Whether it is in force on a day."""
        return self.first <= day <= self.last


def grants_of(known: Iterable[Effective[Authorized]]) -> list[Grant]:
    """What is granted by the latest decision on each authorization; an end recorded later shortens it."""
    found: dict[tuple[str, str], Grant] = {}
    for item in known:
        event, number = item.event, (item.event.payer, item.event.number)
        if event.status in GRANTS:
            granted = event.units * MINUTES_AN_HOUR if event.unit == "hour" else event.units
            found[number] = Grant(item.version, event, event.from_, event.to, event.unit, granted)
        elif event.status == "denied":
            found.pop(number, None)
        elif event.status == "ended" and number in found:
            found[number].last = min(found[number].last, event.to)
    return list(found.values())
