"""The episodes decided on last, in their stored form."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from uuid import UUID

from caretrail.episode.episode import Episode

CACHED_EPISODES = 1000


class EpisodeCache:
    """At most `size` episodes, for one thread at a time. The version in each append protects against an old copy.

    A decision takes its episodes out and puts them back once they are stored: after a failure in between they are not
    cached, and the next decision reads them from the store. Events are kept in their stored form.
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
        """Cache stored episodes, and drop those used longest ago."""
        for episode in episodes:
            self._episodes[episode.id] = episode
        while len(self._episodes) > self._size:
            self._episodes.popitem(last=False)
