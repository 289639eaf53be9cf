"""Queries and filters: the days, the knowledge and the policy of a question, and which findings it selects."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from caretrail.days import today_in

if TYPE_CHECKING:
    from caretrail.policy import Policy
    from caretrail.readmodel.placed import Placed

FARTHEST_WEST = timezone(timedelta(hours=-12))
FARTHEST_EAST = timezone(timedelta(hours=14))
NONE: AbstractSet[str] = frozenset()


class ReceiptLike(Protocol):
    """What of a receipt tells one event from all others: its position, and its leaf in hex."""

    @property
    def position(self) -> int:
        """Where the event is in the log."""
        ...

    @property
    def leaf(self) -> str:
        """The leaf of the event, in hex."""
        ...


@dataclass(frozen=True, slots=True)
class Query:
    """A day or a period, and the knowledge to use.

    `as_of` is a civil day, None for today in the zone of each episode; `start` and `end`, both inclusive, are a period
    instead. `known_at` is a position of the log or an aware instant, None for the whole log. `policy` judges every
    episode as if always in force. `at_least` is a receipt whose event the answer must include, or a position; a log
    with another event in the receipt's place is refused. `allow_stale` accepts a list whose rows are behind the log;
    its standing is then marked stale.
    """

    as_of: date | None = None
    start: date | None = None
    end: date | None = None
    known_at: int | datetime | None = None
    policy: Policy | None = None
    at_least: int | ReceiptLike = 0
    allow_stale: bool = False

    @property
    def least(self) -> int:
        """The position of what the answer must include."""
        return self.at_least if isinstance(self.at_least, int) else self.at_least.position

    @property
    def last_day(self) -> date | None:
        """The day of the query, or the last of its period; None for today."""
        return self.end or self.as_of


@dataclass(frozen=True, slots=True)
class Filters:
    """Which findings to list: names of one kind are a union, all kinds must match, an empty set matches everything.

    `clinicians` match the case owner or the owner of a finding. `rules` may leave out the prefix of the pack.
    `due_within` is in days. `closed` adds ended episodes, `all_verdicts` adds met and not_applicable.
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

    @property
    def ask_of_programs(self) -> bool:
        """Whether findings of programs can be selected: filters of a case leave them out."""
        return not (self.clinicians or self.clients or self.episodes)


TODAY = Query()
NO_FILTERS = Filters()


class Selection(NamedTuple):
    """A query with its filters at an instant: its days in a zone, and the findings it selects."""

    now: datetime
    query: Query
    filters: Filters = NO_FILTERS

    @property
    def is_period(self) -> bool:
        """Whether the query has a period, not a day."""
        return self.query.start is not None or self.query.end is not None

    @property
    def all_verdicts(self) -> bool:
        """Whether met and not_applicable findings are selected."""
        return self.filters.all_verdicts or not self.filters.verdicts.isdisjoint(("met", "not_applicable"))

    @property
    def asks_of_programs(self) -> bool:
        """Whether findings of programs can be selected."""
        return self.filters.ask_of_programs

    def days(self, zone: str | None) -> tuple[date, date]:
        """The first and the last selected day in a zone."""
        query = self.query
        if query.start is None and query.end is None:  # most lists, once a row
            day = query.as_of or today_in(zone, self.now)
            return day, day
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

    def is_of(self, whose: Any, owner: str | None = None) -> bool:
        """Whether the filters select an episode, or a program, by its clinician or by the owner of a finding."""
        filters = self.filters
        return not (
            (filters.programs and whose.program not in filters.programs)
            or (filters.clinicians and filters.clinicians.isdisjoint((whose.clinician, owner)))
            or (filters.episodes and whose.episode not in filters.episodes)
            or (filters.clients and whose.client not in filters.clients)
        )

    def wants(self, placed: Placed) -> bool:
        """Whether the filters select a finding; its days are checked elsewhere."""
        filters, finding = self.filters, placed.finding
        return self.is_of(placed, finding.owner) and not (
            (filters.rules and not any(is_rule(rule, finding.rule) for rule in filters.rules))
            or (filters.verdicts and finding.verdict not in filters.verdicts)
            or (filters.due_within is not None and not self._due(finding.due_on, placed.zone, filters.due_within))
        )

    def _due(self, due_on: date | None, zone: str | None, within: int) -> bool:
        return due_on is not None and (due_on - self.days(zone)[1]).days <= within


@lru_cache(maxsize=10_000)
def is_rule(asked: str, rule: str) -> bool:
    """Whether "R1" or "NE21-R1" means that rule."""
    asked, rule = asked.upper(), rule.upper()
    return rule == asked or rule.endswith(f"-{asked}")
