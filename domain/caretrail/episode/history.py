"""The effective history: the events of an episode with corrections and voids applied.

The original of every event stays readable in its `Entry`; `Effective` is the event as it counts. The order is clinical:
day, then rank, then start time, then position in the log. It never rests on a clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeVar, cast

from caretrail.episode.amendments import amendments, corrected_event
from caretrail.episode.entry import E_co, Entry
from caretrail.events import Assessed, EventBase, SessionAttended, SessionMissed

E = TypeVar("E", bound=EventBase)


@dataclass(frozen=True, slots=True)
class Effective(Generic[E_co]):
    """An event as it counts: with the corrections that act on it applied."""

    event: E_co
    entry: Entry
    corrected_by: tuple[int, ...] = ()

    @property
    def version(self) -> int:
        """The version of the original event."""
        return self.entry.version

    @property
    def day(self) -> date:
        """The civil day on which it happened, as corrected."""
        return self.event.occurred_on


def of_kind(history: Iterable[Effective], *kinds: type[E]) -> list[Effective[E]]:
    """The events of some kinds, in the order of the history."""
    return [cast("Effective[E]", item) for item in history if isinstance(item.event, kinds)]


def first_of(history: Iterable[Effective], *kinds: type[E]) -> Effective[E] | None:
    """The first event of some kinds; None if there is none."""
    return next((cast("Effective[E]", item) for item in history if isinstance(item.event, kinds)), None)


def effective_history(entries: Sequence[Entry]) -> list[Effective]:
    """Events with corrections and voids applied, in clinical order; amendments themselves are not among them."""
    acting = amendments(entries)
    voided, corrections = acting.voided_by, acting.corrections
    history: list[Effective] = []
    for entry in entries:
        version = entry.version
        if entry.kind.traits.amends or version in voided:
            continue
        if version in corrections:
            applied = corrections[version]
            event = corrected_event(entry.event, [by.event for by in applied])
            history.append(Effective(event, entry, tuple(by.version for by in applied)))
        else:
            history.append(Effective(entry.event, entry))
    history.sort(key=clinical_order)
    return history


_START_TIMES: dict[type[Any], str] = {SessionAttended: "start", SessionMissed: "start", Assessed: "at"}


def clinical_order(item: Effective) -> tuple[date, int, str, int, int]:
    """The key an effective history is sorted by."""
    event = item.event
    field = _START_TIMES.get(type(event))  # by type, which is faster than isinstance
    start: str | None = getattr(event, field) if field else None
    # an event that is being decided has no position yet: it comes last
    return event.occurred_on, event.traits.rank, start or "00:00", item.entry.position or 2**63, item.entry.version
