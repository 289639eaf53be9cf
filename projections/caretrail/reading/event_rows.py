"""Events as rows: both times, author, lateness, and what later events did to each; one shape for every answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from caretrail.days import today_in
from caretrail.episode.amendments import Amendments, happened_on
from caretrail.episode.entry import Entry
from caretrail.events import Addendum, Corrected, EventBase, Explained, Signed, Voided
from caretrail.events.codec import payload_of
from caretrail.findings import QUIET_VERDICTS
from caretrail.findings.explanations import names_rule
from caretrail.policy import Policy
from caretrail.reading.due_review import DueReview
from caretrail.reading.episode_view import EpisodeView


@dataclass(frozen=True, slots=True)
class Amendment:
    """An event, by its version, that acts on an earlier one.

    `occurred_on` is its civil day, `recorded_at` the time of recording; `author` states it, with role and credential as
    stated; `recorded_by` is the account that sent it.
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
    """One corrected field: the value just before, and the new one."""

    field: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class Added(Amendment):
    """Added text."""

    text: str


@dataclass(frozen=True, slots=True)
class Void(Amendment):
    """The void that strikes an event; a document takes its signatures and addenda along, so `target` may differ."""

    target: int


@dataclass(frozen=True, slots=True)
class Withdrawn(Amendment):
    """A correction, addendum or void (`type`) of the event that was itself struck, `by` a void."""

    type: str
    by: Void


def corrections_of(entry: Entry, acting: Amendments) -> tuple[Correction, ...]:
    """Each corrected field, with the value just before: the second correction shows that of the first."""
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


def void_of(entry: Entry, entries: list[Entry], acting: Amendments) -> Void | None:
    """The void that strikes an event, if any."""
    version = acting.voided_by.get(entry.version)
    by = entries[version - 1] if version is not None else None
    if by is None or not isinstance(by.event, Voided):
        return None
    return Void(*_stated(by, by.event.reason), by.event.target)


def withdrawn_of(entry: Entry, entries: list[Entry], acting: Amendments) -> tuple[Withdrawn, ...]:
    """Amendments of an event that were struck themselves, oldest first."""
    found: list[Withdrawn] = []
    for version in sorted(acting.voided_by):
        by = entries[version - 1]
        if isinstance(by.event, Corrected | Voided | Addendum) and by.event.target == entry.version:
            void = void_of(by, entries, acting)
            if void is not None:
                found.append(Withdrawn(*_stated(by, by.event.reason), by.event.type, void))
    return tuple(found)


def _stated(by: Entry[EventBase], reason: str) -> tuple[int, date, datetime, str, str, str | None, str, str]:
    """The fields of Amendment, in their order."""
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
    """Warnings about an event: a late entry, `days_after` it happened, and the versions of the events that amend it.

    `imported`: it came as a historical load, which is never late.
    """

    late: bool
    imported: bool
    days_after: int
    corrected_by: tuple[int, ...]
    added_by: tuple[int, ...]
    voided_by: int | None


@dataclass(frozen=True, slots=True)
class Recorded(Marks):
    """An event as recorded: `occurred_on` is its civil day as stated, `recorded_at` the time of recording.

    `happened_on` is the day as corrected. `author` states the event, `recorded_by` is the account that sent it.
    `target` is the version of the event that it signs or amends.
    """

    position: int
    version: int
    type: str
    occurred_on: date
    happened_on: date
    recorded_at: datetime
    author: str
    role: str
    credential: str | None
    recorded_by: str
    late_reason: str | None
    target: int | None


@dataclass(frozen=True, slots=True)
class EventRow(Recorded):
    """An event with its content (`event` is its JSON as sent) and each amendment.

    `corrections`, `addenda` and `void` act on it; `withdrawn` ones were struck. `explains_nothing`: it explains a rule
    that had no finding on the day it names. `entered_at` is the time the sender claims. `review` is what a review that
    was due became by this one.
    """

    entered_at: datetime | None
    source: str
    corrections: tuple[Correction, ...]
    addenda: tuple[Added, ...]
    void: Void | None
    withdrawn: tuple[Withdrawn, ...]
    explains_nothing: bool
    review: DueReview | None
    event: dict[str, Any]


def event_row(view: EpisodeView, entry: Entry, review: DueReview | None = None) -> EventRow:
    """An event of an episode as a row."""
    acting = view.episode.amendments
    return EventRow(
        **recorded_fields(entry, acting, view.rows.zone, view.policy),
        entered_at=entry.event.entered_at,
        source=entry.source,
        corrections=corrections_of(entry, acting),
        addenda=tuple(
            Added(*_stated(by, by.event.reason), by.event.text) for by in acting.addenda.get(entry.version, ())
        ),
        void=void_of(entry, view.entries, acting),
        withdrawn=withdrawn_of(entry, view.entries, acting),
        explains_nothing=_explains_nothing(view, entry),
        review=review,
        event=event_json(entry),
    )


def recorded_fields(entry: Entry, acting: Amendments, zone: str | None, policy: Policy | None) -> dict[str, Any]:
    """The fields of Recorded, by name."""
    event = entry.event
    return mark_fields(entry, acting, zone, policy) | {
        "position": entry.position,
        "version": entry.version,
        "type": event.type,
        "occurred_on": event.occurred_on,
        "happened_on": happened_on(entry, acting),
        "recorded_at": entry.recorded_at,
        "author": event.actor.id,
        "role": event.actor.role,
        "credential": event.actor.credential,
        "recorded_by": entry.recorded_by,
        "late_reason": event.late_reason,
        "target": event.target if isinstance(event, Corrected | Voided | Addendum | Signed) else None,
    }


def mark_fields(entry: Entry, acting: Amendments, zone: str | None, policy: Policy | None) -> dict[str, Any]:
    """The fields of Marks, by name.

    An event is late if it states a reason, or was recorded later than the pack allows and not by import. The day as
    corrected counts: who records today and then dates it back has recorded late.
    """
    day = happened_on(entry, acting)
    after = (today_in(zone, entry.recorded_at) - day).days
    judged = policy is not None and not entry.imported and after > policy.on(day).late_after_days
    return {
        "late": entry.event.late_reason is not None or judged,
        "imported": entry.imported,
        "days_after": after,
        "corrected_by": tuple(by.version for by in acting.corrections.get(entry.version, ())),
        "added_by": tuple(by.version for by in acting.addenda.get(entry.version, ())),
        "voided_by": acting.voided_by.get(entry.version),
    }


def _explains_nothing(view: EpisodeView, entry: Entry) -> bool:
    """Whether an explanation, as corrected, names a rule and a day on which that rule had no finding."""
    if not isinstance(entry.event, Explained):
        return False
    event = next((item.event for item in view.history if item.version == entry.version), None)
    return isinstance(event, Explained) and not any(
        finding.holds(event.on) and names_rule(finding.rule, event.rule)
        for finding in view.findings
        if finding.verdict not in QUIET_VERDICTS
    )
