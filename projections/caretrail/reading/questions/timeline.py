"""The timeline: every event with both times and its author, and what was corrected, added or struck beside it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, ClassVar, Literal

from caretrail.episode.amendments import happened_on
from caretrail.episode.entry import Entry
from caretrail.episode.history import Effective, clinical_order
from caretrail.events import Addendum, Corrected, Explained, Signed, Voided
from caretrail.findings import QUIET_VERDICTS
from caretrail.findings.explanations import names_rule
from caretrail.reading.episode_view import EpisodeView
from caretrail.reading.event_rows import (
    Added,
    Correction,
    Void,
    Withdrawn,
    addenda_of,
    corrections_of,
    days_after,
    event_json,
    is_late,
    void_of,
    withdrawn_of,
)
from caretrail.reading.query import TODAY, Query
from caretrail.reading.question import OneEpisode
from caretrail.reading.snapshot import Snapshot

Order = Literal["recorded", "clinical"]


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """One event as recorded: `occurred_on` is when it happened, `recorded_at` when this store learned it.

    `happened_on` is `occurred_on` as corrected: by it an event stands in clinical order, and `days_after` counts from
    it to the day it was recorded. `author` states it, `recorded_by` is the account that sent it. `late` is so if it
    says so itself, or came later than the pack allows and not by import. `corrections`, `addenda` and `void` act on it;
    `withdrawn` did once. `explains_nothing` is so of an explanation of a rule of which nothing but met or
    not_applicable was up on the day it names. `event` is the event's own JSON, never changed by what came after.
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
    late: bool
    days_after: int
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
    void: Void | None
    withdrawn: tuple[Withdrawn, ...]
    explains_nothing: bool
    event: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Timeline(OneEpisode[tuple[TimelineRow, ...]]):
    """Every event with both times, its author, and what was corrected, added or struck."""

    name: ClassVar[str] = "timeline"
    episode: str
    query: Query = TODAY
    order: Order = "recorded"

    def answer(self, snapshot: Snapshot) -> tuple[TimelineRow, ...]:
        """List the events, those up to a day if one is asked for."""
        return tuple(timeline_of(snapshot.view(self.episode), self.query.as_of, self.order))


def timeline_of(view: EpisodeView, as_of: date | None, order: Order) -> list[TimelineRow]:
    """List the events that happened up to a day; amendments show wherever they act, whatever their date.

    In clinical order an event stands where it counts, a struck one where it would; an amendment at the end of its own
    day, for what it says is about another.
    """
    acting = view.episode.amendments
    counts = {item.version: item for item in view.history}
    entries = view.entries
    if order == "clinical":
        places = [(happened_on(entry, acting), entry.kind.traits.amends, entry) for entry in entries]
        places.sort(key=lambda place: (*place[:2], clinical_order(counts.get(place[2].version) or _struck(place[2]))))
        entries = [entry for *_, entry in places]
    return [_row(view, entry) for entry in entries if as_of is None or happened_on(entry, acting) <= as_of]


def _struck(entry: Entry) -> Effective:
    """An event that does not count, to be put in order beside those that do."""
    return Effective(entry.event, entry)


def _row(view: EpisodeView, entry: Entry) -> TimelineRow:
    event, acting, zone = entry.event, view.episode.amendments, view.rows.zone
    void, day = void_of(entry, view.entries, acting), happened_on(entry, acting)
    return TimelineRow(
        position=entry.position,
        version=entry.version,
        type=event.type,
        occurred_on=event.occurred_on,
        happened_on=day,
        recorded_at=entry.recorded_at,
        author=event.actor.id,
        role=event.actor.role,
        credential=event.actor.credential,
        recorded_by=entry.recorded_by,
        late=is_late(entry, day, zone, view.policy),
        days_after=days_after(entry, day, zone),
        late_reason=event.late_reason,
        imported=entry.imported,
        entered_at=event.entered_at,
        source=entry.source,
        target=event.target if isinstance(event, Corrected | Voided | Addendum | Signed) else None,
        corrected_by=tuple(by.version for by in acting.corrections.get(entry.version, ())),
        corrections=corrections_of(entry, acting),
        addenda=addenda_of(entry, acting),
        voided_by=void.version if void else None,
        void_reason=void.reason if void else None,
        void=void,
        withdrawn=withdrawn_of(entry, view.entries, acting),
        explains_nothing=_explains_nothing(view, entry),
        event=event_json(entry),
    )


def _explains_nothing(view: EpisodeView, entry: Entry) -> bool:
    """Whether an explanation, as it counts, names a rule and a day on which nothing of that rule was up."""
    if not isinstance(entry.event, Explained):
        return False
    event = next((item.event for item in view.history if item.version == entry.version), None)
    return isinstance(event, Explained) and not any(
        finding.start <= event.on < finding.end and names_rule(finding.rule, event.rule)
        for finding in view.findings
        if finding.verdict not in QUIET_VERDICTS
    )
