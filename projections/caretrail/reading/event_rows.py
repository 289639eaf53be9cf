"""What later events did to an earlier one, each with its dates, author and reason; and how late an event came."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from caretrail.days import today_in
from caretrail.episode.amendments import Amendments, happened_on
from caretrail.episode.entry import Entry
from caretrail.events import Addendum, Corrected, EventBase, Voided
from caretrail.events.codec import payload_of
from caretrail.policy import Policy


@dataclass(frozen=True, slots=True)
class Amendment:
    """An event (of that version) that acts on an earlier one.

    `occurred_on` is the civil day it is dated, `recorded_at` when this store learned it; `author` states it, with role
    and credential as stated; `recorded_by` is the account that sent it.
    """

    version: int
    occurred_on: date
    recorded_at: datetime
    author: str
    role: str
    credential: str | None
    recorded_by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Correction(Amendment):
    """One field set right: what stood there before, and what counts now."""

    field: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class Added(Amendment):
    """Text that was added."""

    text: str


@dataclass(frozen=True, slots=True)
class Void(Amendment):
    """A void that strikes the event; `target` is what it names. Signatures and addenda of a document go with it."""

    target: int


@dataclass(frozen=True, slots=True)
class Withdrawn(Amendment):
    """A correction, addendum or void (`type`) of the event that acts no longer, for it was struck itself."""

    type: str
    by: Void


def corrections_of(entry: Entry, acting: Amendments) -> tuple[Correction, ...]:
    """Each field set right, with the value it had just before: the second correction shows the first one's value."""
    corrections = acting.corrections.get(entry.version, ())
    if not corrections:
        return ()
    found: list[Correction] = []
    values: Mapping[str, Any] = event_json(entry)
    for by in corrections:
        found += [
            Correction(*_stated(by, by.event.reason), field, values.get(field), new)
            for field, new in by.event.values.items()
        ]
        values = {**values, **by.event.values}
    return tuple(found)


def addenda_of(entry: Entry, acting: Amendments) -> tuple[Added, ...]:
    """The texts that were added, oldest first."""
    return tuple(Added(*_stated(by, by.event.reason), by.event.text) for by in acting.addenda.get(entry.version, ()))


def void_of(entry: Entry, entries: list[Entry], acting: Amendments) -> Void | None:
    """The void that strikes an event, if one does."""
    version = acting.voided_by.get(entry.version)
    by = entries[version - 1] if version is not None else None
    if by is None or not isinstance(by.event, Voided):
        return None
    return Void(*_stated(by, by.event.reason), by.event.target)


def withdrawn_of(entry: Entry, entries: list[Entry], acting: Amendments) -> tuple[Withdrawn, ...]:
    """What acted on an event once and acts no longer, oldest first."""
    found: list[Withdrawn] = []
    for version in sorted(acting.voided_by):
        by = entries[version - 1]
        if isinstance(by.event, Corrected | Voided | Addendum) and by.event.target == entry.version:
            void = void_of(by, entries, acting)
            if void is not None:
                found.append(Withdrawn(*_stated(by, by.event.reason), by.event.type, void))
    return tuple(found)


def _stated(by: Entry[EventBase], reason: str) -> tuple[int, date, datetime, str, str, str | None, str, str]:
    """What every amendment says of itself, in the order of the fields."""
    actor = by.event.actor
    return (
        by.version, by.event.occurred_on, by.recorded_at, actor.id, actor.role, actor.credential, by.recorded_by, reason
    )  # fmt: skip  # in the order of the fields


def event_json(entry: Entry) -> dict[str, Any]:
    """An event's own JSON, as sent."""
    payload: dict[str, Any] = json.loads(payload_of(entry.event))
    return payload


@dataclass(frozen=True, slots=True)
class Marks:
    """What must not be overlooked about an event, in short: late, and the versions of the events that amend it."""

    late: bool
    days_after: int
    corrected_by: tuple[int, ...]
    added_by: tuple[int, ...]
    voided_by: int | None


def marks_of(entry: Entry, acting: Amendments, zone: str | None, policy: Policy | None) -> Marks:
    """The marks of an event."""
    day = happened_on(entry, acting)
    return Marks(
        is_late(entry, day, zone, policy),
        days_after(entry, day, zone),
        tuple(by.version for by in acting.corrections.get(entry.version, ())),
        tuple(by.version for by in acting.addenda.get(entry.version, ())),
        acting.voided_by.get(entry.version),
    )


def days_after(entry: Entry, day: date, zone: str | None) -> int:
    """Civil days from the day on which an event happened until it was recorded."""
    return (today_in(zone, entry.recorded_at) - day).days


def is_late(entry: Entry, day: date, zone: str | None, policy: Policy | None) -> bool:
    """Whether an event that happened on that day is a late entry.

    It says so itself, or was recorded later than the pack allows and not by import. A date corrected later counts as
    corrected: who records today and then dates it back has recorded late.
    """
    if entry.event.late_reason is not None:
        return True
    if entry.imported or policy is None:
        return False
    return days_after(entry, day, zone) > policy.on(day).late_after_days
