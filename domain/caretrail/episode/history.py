"""The effective history: the events of an episode with corrections and voids applied.

The original of every event stays readable in its `Entry`; `Effective` is the event as it counts. The order is clinical:
day, then rank, then start time, then position in the log. It never rests on a clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Generic, NamedTuple, TypeVar, cast

from caretrail.episode.amendments import amendments, corrected_event, signed_as
from caretrail.episode.entry import E_co, Entry
from caretrail.events import Admitted, Assessed, Corrected, EventBase, SessionAttended, SessionMissed
from caretrail.events.catalog import EVENT_TYPES

E = TypeVar("E", bound=EventBase)


@dataclass(slots=True)
class Effective(Generic[E_co]):
    """An event as it counts: with the corrections that act on it applied. Nothing changes it.

    `day` is the civil day on which it happened, as corrected; `version` that of the original event.
    """

    event: E_co
    entry: Entry
    corrected_by: tuple[int, ...] = ()
    amended_at: datetime | None = None
    """When the latest of those corrections was recorded."""
    day: date = field(init=False)
    version: int = field(init=False)

    def __post_init__(self) -> None:
        # every rule asks for them, many times
        self.day = self.event.occurred_on
        self.version = self.entry.version

    @property
    def known_at(self) -> datetime | None:
        """When it became known as it counts now; None for a historical load, which counts as known when it happened."""
        return self.amended_at or (None if self.entry.imported else self.entry.recorded_at)


def of_kind(history: Iterable[Effective], *kinds: type[E]) -> list[Effective[E]]:
    """The events of some kinds, in the order of the history."""
    of_kinds = _models(kinds)
    return [cast("Effective[E]", item) for item in history if type(item.event) in of_kinds]


def first_of(history: Iterable[Effective], *kinds: type[E]) -> Effective[E] | None:
    """The first event of some kinds; None if there is none."""
    of_kinds = _models(kinds)
    for item in history:
        if type(item.event) in of_kinds:
            return cast("Effective[E]", item)
    return None


@lru_cache(maxsize=100)
def _models(kinds: tuple[type[EventBase], ...]) -> frozenset[type[EventBase]]:
    """The models of some kinds: to ask for the exact type is quick, to ask pydantic models `isinstance` is slow."""
    return frozenset(model for model in EVENT_TYPES.values() if issubclass(model, kinds))


class Struck(NamedTuple):
    """An event that was voided, or moved away by a correction: the day it stood on, and when that became known."""

    kind: type[EventBase]
    day: date
    known_at: datetime


class History(list[Effective]):
    """The effective history, with what was struck from it: what is missing from a week may have become known late."""

    struck: tuple[Struck, ...] = ()


def effective_history(entries: Sequence[Entry]) -> History:
    """Events with corrections and voids applied, in clinical order; amendments themselves are not among them.

    Where the client's number was corrected, the client's own signatures are under the corrected one.
    """
    acting = amendments(entries)
    voided, corrections = acting.voided_by, acting.corrections
    history = History()
    struck: list[Struck] = []
    at = {entry.version: entry.recorded_at for entry in entries if not entry.imported} if voided or corrections else {}
    for entry in entries:
        version = entry.version
        if entry.traits.amends:
            continue
        if version in voided:
            if (known_at := at.get(voided[version])) is not None:
                struck.append(Struck(entry.kind, entry.event.occurred_on, known_at))
        elif version in corrections:
            applied = corrections[version]
            event = corrected_event(entry.event, [by.event for by in applied])
            amended_at = at.get(applied[-1].version)
            history.append(Effective(event, entry, tuple(by.version for by in applied), amended_at))
            if amended_at is not None and event.occurred_on != entry.event.occurred_on:
                struck.append(Struck(entry.kind, entry.event.occurred_on, amended_at))
        else:
            history.append(Effective(entry.event, entry))
    history.sort(key=clinical_order)
    history.struck = tuple(struck)
    if any("client" in by.event.values for applied in corrections.values() for by in applied):
        _carry_own_signatures(history, corrections)
    return history


def _carry_own_signatures(history: History, corrections: Mapping[int, Sequence[Entry[Corrected]]]) -> None:
    """Carry the client's own signatures to the client's corrected number."""
    numbers: set[str] = set()
    client = ""
    for item in history:
        given, event = item.entry.event, item.event
        if isinstance(given, Assessed | Admitted) and isinstance(event, Assessed | Admitted):
            client = event.client
            numbers.add(given.client)
            changed = [by.event.values for by in corrections.get(item.version, ())]
            numbers |= {str(values["client"]) for values in changed if "client" in values}
    for place, item in enumerate(history):
        history[place] = replace(item, event=signed_as(item.event, numbers - {client}, client))


_START_TIMES: dict[type[Any], str] = {SessionAttended: "start", SessionMissed: "start", Assessed: "at"}


def clinical_order(item: Effective) -> tuple[date, int, str, int, int]:
    """The key an effective history is sorted by."""
    event = item.event
    name = _START_TIMES.get(type(event))  # by type, which is faster than isinstance
    start: str | None = getattr(event, name) if name else None
    # an event that is being decided has no position yet: it comes last
    entry = item.entry
    return item.day, entry.traits.rank, start or "00:00", entry.position or 2**63, entry.version
