"""The timeline: every fact with both times and its author, and what was corrected, added or struck beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from caretrail.episode.history import Amendments, Entry
from caretrail.facts import Addendum, Corrected, Explained, Signed, Voided
from caretrail.facts.codec import payload_of
from caretrail.findings.explaining import names_rule
from caretrail.projection.days import today_in
from caretrail.projection.shapes import QUIET_VERDICTS
from caretrail.reading.answers import Answer
from caretrail.reading.view import EpisodeView

Order = Literal["recorded", "clinical"]


@dataclass(frozen=True, slots=True)
class Correction(Answer):
    """One field of a fact that a later fact set right: what stood there before, and what counts now."""

    version: int
    field: str
    old: Any
    new: Any
    author: str
    recorded_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Added(Answer):
    """Text that a later fact added."""

    version: int
    text: str
    author: str
    recorded_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class TimelineRow(Answer):
    """One fact as recorded: `occurred_on` is when it happened, `recorded_at` when this store learned it.

    `author` states it, `recorded_by` is the account that sent it. `late` is so if it says so itself, or came later
    than the pack allows and not by import. `explains_nothing` is so of an explanation of a rule of which nothing but
    met or not_applicable was up on the day it names. `fact` is the fact's own JSON, never changed by what came after.
    """

    position: int
    version: int
    type: str
    occurred_on: date
    recorded_at: datetime
    author: str
    role: str
    credential: str | None
    recorded_by: str
    late: bool
    late_reason: str | None
    imported: bool
    entered_at: datetime | None
    source: str
    target: int | None
    corrected_by: tuple[int, ...]
    corrections: tuple[Correction, ...]
    addenda: tuple[Added, ...]
    voided_by: int | None
    void_reason: str | None
    explains_nothing: bool
    fact: dict[str, Any]


def timeline_of(view: EpisodeView, as_of: date | None, order: Order) -> list[TimelineRow]:
    """List the facts that happened up to a day; amendments show wherever they act, whatever their date."""
    days = {item.version: item.day for item in view.history}
    rows = [
        _row(view, entry)
        for entry in view.entries
        if as_of is None or days.get(entry.version, entry.fact.occurred_on) <= as_of
    ]
    if order == "clinical":
        places = {item.version: place for place, item in enumerate(view.history)}
        last = len(places)
        rows.sort(key=lambda row: (days.get(row.version, row.occurred_on), places.get(row.version, last), row.version))
    return rows


def is_late(view: EpisodeView, entry: Entry) -> bool:
    """Whether a fact is a late entry: it says so, or it came later than the pack allows and not by import."""
    if entry.fact.late_reason is not None:
        return True
    if entry.imported or view.policy is None:
        return False
    recorded_on = today_in(view.rows.zone, entry.recorded_at)
    return recorded_on - entry.fact.occurred_on > timedelta(days=view.policy.on(entry.fact.occurred_on).late_after_days)


def _row(view: EpisodeView, entry: Entry) -> TimelineRow:
    fact, acting = entry.fact, view.episode.amendments
    void = acting.voided_by.get(entry.version)
    return TimelineRow(
        position=entry.position,
        version=entry.version,
        type=fact.type,
        occurred_on=fact.occurred_on,
        recorded_at=entry.recorded_at,
        author=fact.actor.id,
        role=fact.actor.role,
        credential=fact.actor.credential,
        recorded_by=entry.recorded_by,
        late=is_late(view, entry),
        late_reason=fact.late_reason,
        imported=entry.imported,
        entered_at=fact.entered_at,
        source=entry.source,
        target=fact.target if isinstance(fact, Corrected | Voided | Addendum | Signed) else None,
        corrected_by=tuple(by.version for by in acting.corrections.get(entry.version, ())),
        corrections=corrections_of(entry, acting),
        addenda=_addenda(entry, acting),
        voided_by=void,
        void_reason=_void_reason(view.entries, void),
        explains_nothing=_explains_nothing(view, entry),
        fact=fact_json(entry),
    )


def _explains_nothing(view: EpisodeView, entry: Entry) -> bool:
    """Whether an explanation, as it counts, names a rule and a day on which nothing of that rule was up."""
    if not isinstance(entry.fact, Explained):
        return False
    fact = next((item.fact for item in view.history if item.version == entry.version), None)
    return isinstance(fact, Explained) and not any(
        flag.start <= fact.on < flag.end and names_rule(flag.rule, fact.rule)
        for flag in view.findings
        if flag.verdict not in QUIET_VERDICTS
    )


def fact_json(entry: Entry) -> dict[str, Any]:
    """A fact's own JSON, as sent."""
    payload: dict[str, Any] = json.loads(payload_of(entry.fact))
    return payload


def corrections_of(entry: Entry, acting: Amendments) -> tuple[Correction, ...]:
    """Each field set right, with the value it had just before: the second correction shows the first one's value."""
    corrections = acting.corrections.get(entry.version, ())
    if not corrections:
        return ()
    found: list[Correction] = []
    values: Mapping[str, Any] = fact_json(entry)
    for by in corrections:
        if isinstance(by.fact, Corrected):
            found += [
                Correction(by.version, field, values.get(field), new, by.fact.actor.id, by.recorded_at, by.fact.reason)
                for field, new in by.fact.values.items()
            ]
            values = {**values, **by.fact.values}
    return tuple(found)


def _addenda(entry: Entry, acting: Amendments) -> tuple[Added, ...]:
    return tuple(
        Added(by.version, by.fact.text, by.fact.actor.id, by.recorded_at, by.fact.reason)
        for by in acting.addenda.get(entry.version, ())
        if isinstance(by.fact, Addendum)
    )


def _void_reason(entries: Sequence[Entry], void: int | None) -> str | None:
    fact = entries[void - 1].fact if void is not None else None
    return fact.reason if isinstance(fact, Voided) else None
