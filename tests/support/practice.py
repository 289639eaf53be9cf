"""The demo's practice in memory, for tests that need episodes and no store."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from uuid import NAMESPACE_URL, uuid5

from caretrail.demo import IMPORT_SOURCE, episodes
from caretrail.episode.entry import StoredPayload
from caretrail.episode.episode import Episode
from caretrail.events import EpisodeEvent, payload_of, stored_name


def folded(today: date, count: int) -> Mapping[str, Episode]:
    """Every episode, decided event by event at its instant, as a store would."""
    found: dict[str, Episode] = {}
    for position, (at, event) in enumerate(episodes(today, count), start=1):
        if not isinstance(event, EpisodeEvent):
            continue
        episode = found.setdefault(event.episode, Episode(uuid5(NAMESPACE_URL, event.episode)))
        decided = episode.record(event, now=at, imported=event.source == IMPORT_SOURCE)
        decided.entry.confirm(StoredPayload(stored_name(event), payload_of(event)), position, at, "demo")
    return found
