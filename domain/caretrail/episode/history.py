"""The effective history: what counts of an episode's facts once corrections and voids are applied.

The original of every fact stays readable in its `Entry`; `Effective` is the fact as it counts. The order is clinical:
day, then rank, then start time, then position in the log. It never rests on a clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Generic, TypeVar, cast

from caretrail.episode.amendments import amendments, corrected_fact
from caretrail.episode.entry import E_co, Entry
from caretrail.events import Assessed, FactBase, SessionAttended, SessionMissed

E = TypeVar("E", bound=FactBase)


@dataclass(frozen=True, slots=True)
class Effective(Generic[E_co]):
    """A fact as it counts: with the corrections that act on it applied."""

    fact: E_co
    entry: Entry
    corrected_by: tuple[int, ...] = ()

    @property
    def version(self) -> int:
        """The version of the original fact."""
        return self.entry.version

    @property
    def day(self) -> date:
        """The civil day on which it happened, as corrected."""
        return self.fact.occurred_on


def of_kind(history: Iterable[Effective], *kinds: type[E]) -> list[Effective[E]]:
    """The facts of some kinds, in the order of the history."""
    return [cast("Effective[E]", item) for item in history if isinstance(item.fact, kinds)]


def first_of(history: Iterable[Effective], *kinds: type[E]) -> Effective[E] | None:
    """The first fact of some kinds; None if there is none."""
    return next((cast("Effective[E]", item) for item in history if isinstance(item.fact, kinds)), None)


def effective_history(entries: Sequence[Entry]) -> list[Effective]:
    """Facts with corrections and voids applied, in clinical order; amendments themselves are not among them."""
    acting = amendments(entries)
    voided, corrections = acting.voided_by, acting.corrections
    history: list[Effective] = []
    for entry in entries:
        version = entry.version
        if entry.kind.traits.amends or version in voided:
            continue
        if version in corrections:
            applied = corrections[version]
            fact = corrected_fact(entry.fact, [by.fact for by in applied])
            history.append(Effective(fact, entry, tuple(by.version for by in applied)))
        else:
            history.append(Effective(entry.fact, entry))
    history.sort(key=clinical_order)
    return history


def clinical_order(item: Effective) -> tuple[date, int, str, int, int]:
    """The key an effective history is sorted by."""
    fact = item.fact
    kind = type(fact)
    start: str | None = None
    if kind is SessionAttended or kind is SessionMissed or kind is Assessed:  # by type, which is faster than isinstance
        start = getattr(fact, "at" if kind is Assessed else "start")
    # a fact that is being decided has no position yet: it comes last
    return fact.occurred_on, fact.traits.rank, start or "00:00", item.entry.position or 2**63, item.entry.version
