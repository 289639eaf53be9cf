"""Authorizations by the payer: what the decisions recorded by a day grant."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from caretrail.episode.history import Effective
from caretrail.events import Authorized
from caretrail.findings.chart.terms import MINUTES_AN_HOUR

GRANTS = ("approved", "partial")


@dataclass(slots=True)
class Grant:
    """One authorization as decided by a day: what it grants, from which day to which, and what is used of it.

    `used` counts units; hours are counted in minutes. `counted` are the days or weeks that were counted already.
    """

    version: int
    event: Authorized
    last: date
    used: int = 0
    counted: set[date] = field(default_factory=set[date])

    @property
    def granted(self) -> int:
        """The units granted; hours as minutes."""
        return self.event.units * MINUTES_AN_HOUR if self.event.unit == "hour" else self.event.units

    @property
    def left(self) -> int:
        """The units left; less than none where more were used."""
        return self.granted - self.used

    def covers(self, day: date) -> bool:
        """Whether it is in force on a day."""
        return self.event.from_ <= day <= self.last


def grants_of(known: Iterable[Effective[Authorized]]) -> list[Grant]:
    """What is granted by the latest decision on each authorization; an end recorded later shortens it."""
    found: dict[tuple[str, str], Grant] = {}
    for item in known:
        event, number = item.event, (item.event.payer, item.event.number)
        if event.status in GRANTS:
            found[number] = Grant(item.version, event, event.to)
        elif event.status == "denied":
            found.pop(number, None)
        elif event.status == "ended" and number in found:
            found[number].last = min(found[number].last, event.to)
    return list(found.values())
