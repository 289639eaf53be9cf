"""What a question asks for: which days, what was known, by which policy, and of whom."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from caretrail.days import today_in
from caretrail.readmodel.placed import Placed

if TYPE_CHECKING:
    from caretrail.policy import Policy

FARTHEST_WEST = timezone(timedelta(hours=-12))
FARTHEST_EAST = timezone(timedelta(hours=14))
NONE: AbstractSet[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Query:
    """A day, or a period of days, and what was known.

    `as_of` is a civil day, None for today in each episode's zone. `start` and `end`, both inclusive, ask for a period
    instead. `known_at` is a position of the log or an aware instant, None for all there is. By `policy` every episode
    is judged as if it had been in force all along. `at_least` is a position the answer must hold, as from a receipt.
    With `allow_stale` a list may rest on rows that are behind the log; it says so.
    """

    as_of: date | None = None
    start: date | None = None
    end: date | None = None
    known_at: int | datetime | None = None
    policy: Policy | None = None
    at_least: int = 0
    allow_stale: bool = False

    @property
    def last_day(self) -> date | None:
        """The day asked for, or the last of a period; None for today."""
        return self.end or self.as_of


@dataclass(frozen=True, slots=True)
class Filters:
    """Whose findings, and which: names of one kind are a union, and all kinds must hold; an empty set asks nothing.

    `clinicians` carry the case or owe something. `rules` may leave out the pack's prefix. `due_within` counts days.
    `closed` adds episodes that ended before, `all_verdicts` adds met and not_applicable.
    """

    programs: AbstractSet[str] = NONE
    clinicians: AbstractSet[str] = NONE
    rules: AbstractSet[str] = NONE
    verdicts: AbstractSet[str] = NONE
    episodes: AbstractSet[str] = NONE
    clients: AbstractSet[str] = NONE
    due_within: int | None = None
    closed: bool = False
    all_verdicts: bool = False


TODAY = Query()
NO_FILTERS = Filters()


@dataclass(frozen=True, slots=True)
class Selection:
    """A query with its filters at an instant: which days it asks for in a zone, and which findings pass."""

    now: datetime
    query: Query
    filters: Filters = NO_FILTERS

    @property
    def is_period(self) -> bool:
        """Whether a period is asked for, not a day."""
        return self.query.start is not None or self.query.end is not None

    @property
    def all_verdicts(self) -> bool:
        """Whether findings that ask nothing of anybody are part of the answer."""
        return self.filters.all_verdicts or not self.filters.verdicts.isdisjoint(("met", "not_applicable"))

    @property
    def asks_of_programs(self) -> bool:
        """Whether what is of a program, and of nobody's case there, can be part of the answer."""
        return not (self.filters.clinicians or self.filters.clients or self.filters.episodes)

    def days(self, zone: str | None) -> tuple[date, date]:
        """The first and the last day asked for, for an episode in that zone."""
        return self._days(today_in(zone, self.now))

    def reach(self) -> tuple[date, date, date]:
        """Over all zones: the lowest first day, the highest first day, the highest last day."""
        low, _ = self._days(self.now.astimezone(FARTHEST_WEST).date())
        high, last = self._days(self.now.astimezone(FARTHEST_EAST).date())
        return low, high, last

    def _days(self, today: date) -> tuple[date, date]:
        query = self.query
        if not self.is_period:
            day = query.as_of or today
            return day, day
        return query.start or date.min, query.last_day or today

    def is_of(self, whose: Any) -> bool:
        """Whether the filters let an episode, or a program, pass."""
        asked = self.filters
        return not (
            (asked.programs and whose.program not in asked.programs)
            or (asked.clinicians and whose.clinician not in asked.clinicians)
            or (asked.clients and whose.client not in asked.clients)
            or (asked.episodes and whose.episode not in asked.episodes)
        )

    def wants(self, placed: Placed) -> bool:
        """Whether the filters let a finding pass; the days are judged elsewhere."""
        asked, finding = self.filters, placed.finding
        return not (
            (asked.programs and placed.program not in asked.programs)
            or (asked.clinicians and asked.clinicians.isdisjoint((placed.clinician, finding.owner)))
            or (asked.rules and not any(is_rule(rule, finding.rule) for rule in asked.rules))
            or (asked.verdicts and finding.verdict not in asked.verdicts)
            or (asked.episodes and placed.episode not in asked.episodes)
            or (asked.clients and placed.client not in asked.clients)
            or (asked.due_within is not None and not self._due(finding.due_on, placed.zone, asked.due_within))
        )

    def _due(self, due_on: date | None, zone: str | None, within: int) -> bool:
        return due_on is not None and (due_on - self.days(zone)[1]).days <= within


@lru_cache(maxsize=10_000)
def is_rule(asked: str, rule: str) -> bool:
    """Whether "R1" or "NE21-R1" means that rule."""
    asked, rule = asked.upper(), rule.upper()
    return rule == asked or rule.endswith(f"-{asked}")
