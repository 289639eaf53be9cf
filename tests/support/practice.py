"""The demo's practice in memory, for tests that need episodes and no store."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from uuid import NAMESPACE_URL, uuid5

from caretrail.demo import IMPORT_SOURCE, episodes
from caretrail.episode.entry import StoredFact
from caretrail.episode.episode import Episode
from caretrail.events import EpisodeFact, payload_of, stored_name


def folded(today: date, count: int) -> Mapping[str, Episode]:
    """Every episode, decided fact by fact at its instant, as a store would."""
    found: dict[str, Episode] = {}
    for position, (at, fact) in enumerate(episodes(today, count), start=1):
        if not isinstance(fact, EpisodeFact):
            continue
        episode = found.setdefault(fact.episode, Episode(uuid5(NAMESPACE_URL, fact.episode)))
        decided = episode.record(fact, now=at, imported=fact.source == IMPORT_SOURCE)
        decided.entry.confirm(StoredFact(stored_name(fact), payload_of(fact)), position, at, "demo")
    return found
