"""The episodes decided on last, in their stored form."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from uuid import UUID

from caretrail.episode.episode import Episode

CACHED_EPISODES = 1000


class EpisodeCache:
    """At most `size` episodes, shared by threads. The version in each append protects against an old copy.

    A decision takes its episodes out and puts them back once they are stored: meanwhile no other thread has them, and
    after a failure they are not cached, so that the next decision reads them from the store. Events are kept in their
    stored form.
    """

    def __init__(self, size: int = CACHED_EPISODES) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._episodes: OrderedDict[UUID, Episode] = OrderedDict()
        self._connections = 0

    def __len__(self) -> int:
        return len(self._episodes)

    def renew(self, replaced: int) -> None:
        """Drop everything if connections were replaced meanwhile, as `replaced` counts them.

        Another server may lead by now, without the last events of the one before.
        """
        with self._lock:
            if replaced != self._connections:
                self._connections = replaced
                self._episodes.clear()

    def holds(self, stream: UUID, *, whole: bool) -> bool:
        """Whether an episode is here, and whole if it must be."""
        with self._lock:
            episode = self._episodes.get(stream)
            return episode is not None and (episode.whole or not whole)

    def take(self, streams: Mapping[UUID, bool]) -> dict[UUID, Episode]:
        """Take those episodes out that are here. A True means: only if it is whole, or it must be read anew."""
        with self._lock:
            found = {stream: self._episodes.pop(stream) for stream in streams if stream in self._episodes}
        return {stream: episode for stream, episode in found.items() if episode.whole or not streams[stream]}

    def put_back(self, episodes: Iterable[Episode]) -> None:
        """Cache stored episodes, and drop those used longest ago."""
        with self._lock:
            kept = self._episodes
            for episode in episodes:
                if (other := kept.get(episode.id)) is None or other.version <= episode.version:
                    kept[episode.id] = episode
                kept.move_to_end(episode.id)
            while len(kept) > self._size:
                kept.popitem(last=False)
