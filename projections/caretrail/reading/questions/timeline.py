"""The timeline: every event with both times and its author, and each amendment beside the event it acts on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Literal

from caretrail.days import today_in
from caretrail.episode.amendments import happened_on
from caretrail.episode.entry import Entry
from caretrail.episode.history import Effective, clinical_order
from caretrail.reading.episode_view import EpisodeView
from caretrail.reading.event_rows import EventRow, event_row
from caretrail.reading.query import TODAY, Query
from caretrail.reading.question import OneEpisode
from caretrail.reading.questions.reviews import reviews_of
from caretrail.reading.snapshot import Snapshot

Order = Literal["recorded", "clinical"]


@dataclass(frozen=True, slots=True)
class Timeline(OneEpisode[tuple[EventRow, ...]]):
    """The events of an episode that happened up to a day; amendments show on their target whatever their date.

    In clinical order an event comes where it counts, a struck one where it would; an amendment at the end of its own
    day.
    """

    name: ClassVar[str] = "timeline"
    episode: str
    query: Query = TODAY
    order: Order = "recorded"

    def answer(self, snapshot: Snapshot) -> tuple[EventRow, ...]:
        """List the events."""
        return tuple(timeline_of(snapshot.view(self.episode), self.query.as_of, self.order))


def timeline_of(view: EpisodeView, as_of: date | None, order: Order) -> list[EventRow]:
    """The events up to a day (None: all), in the order of recording or of the days on which they happened."""
    acting, entries = view.episode.amendments, view.entries
    if order == "clinical":
        counts = {item.version: item for item in view.history}

        def place(entry: Entry) -> tuple[object, ...]:
            effective = counts.get(entry.version) or Effective(entry.event, entry)
            return happened_on(entry, acting), entry.traits.amends, clinical_order(effective)

        entries = sorted(entries, key=place)
    day = as_of or today_in(view.rows.zone, view.entries[-1].recorded_at)
    done = {version: review for review in reviews_of(view, day) for version in review.done_by}
    return [
        event_row(view, entry, done.get(entry.version))
        for entry in entries
        if as_of is None or happened_on(entry, acting) <= as_of
    ]
