"""The episodes decided on last, kept in the form they are stored in."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from uuid import UUID

from caretrail.episode.episode import Episode

CACHED_EPISODES = 1000


class EpisodeCache:
    """At most `size` episodes, for one thread at a time. The version each append names protects against an old copy.

    Whoever decides on episodes takes them out and puts them back once they are as stored: what breaks off in between
    leaves nothing here, and the next decision rests on what the store has. Events are kept in their stored form.
    """

    def __init__(self, size: int = CACHED_EPISODES) -> None:
        self._size = size
        self._episodes: OrderedDict[UUID, Episode] = OrderedDict()

    def __len__(self) -> int:
        return len(self._episodes)

    def take(self, streams: Iterable[UUID]) -> dict[UUID, Episode]:
        """Take episodes out; one that is not here starts empty, at version 0."""
        kept = self._episodes
        return {stream: kept.pop(stream) if stream in kept else Episode(stream) for stream in streams}

    def put_back(self, episodes: Iterable[Episode]) -> None:
        """Keep episodes that are as stored, and forget those used longest ago."""
        for episode in episodes:
            self._episodes[episode.id] = episode
        while len(self._episodes) > self._size:
            self._episodes.popitem(last=False)
