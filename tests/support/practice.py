"""The demo's practice in memory, for tests that need episodes and no store."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from uuid import NAMESPACE_URL, uuid5

from caretrail.demo import arrivals
from caretrail.episode.entry import StoredPayload
from caretrail.episode.episode import Episode
from caretrail.events import EpisodeEvent, parse_event, payload_of, stored_name


def folded(today: date, count: int) -> Mapping[str, Episode]:
    """Every episode, decided event by event at its instant, as a store would."""
    found: dict[str, Episode] = {}
    for position, arrival in enumerate(arrivals(today, count), start=1):
        event = parse_event(arrival.sent())
        if not isinstance(event, EpisodeEvent):
            continue
        episode = found.setdefault(event.episode, Episode(uuid5(NAMESPACE_URL, event.episode)))
        decided = episode.record(event, now=arrival.instant, imported=arrival.imported)
        stored = StoredPayload(stored_name(event, imported=arrival.imported), payload_of(event))
        decided.entry.confirm(stored, position, arrival.instant, "demo")
    return found
