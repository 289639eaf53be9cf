"""Episodes folded from the log and cached, and the rows worked out from them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from uuid import UUID

from caretrail.episode.episode import Episode
from caretrail.log.own_events import voids_in
from caretrail.log.recorder import EventRecorder
from caretrail.readmodel.compute import computed
from caretrail.readmodel.packs import PolicyOf, policies_of
from caretrail.readmodel.rows import EpisodeRows
from caretrail.readmodel.schema import PAGE, REGISTRY, statements
from caretrail.readmodel.values import stream_of

CACHED_EVENTS = 20_000
"""Folded events kept between batches, so that an episode touched again is not read again; bounds the memory."""


ZERO = UUID(int=0)


def log_streams(recorder: EventRecorder, page: int = PAGE, after: UUID = ZERO) -> Iterator[list[UUID]]:
    """Every stream of the log after one, a page at a time."""
    sql = statements(REGISTRY)["streams"]
    while rows := recorder.database.query(sql, {"after": after, "limit": page}):
        streams = [stream_of(row[0]) for row in rows]
        yield streams
        after = streams[-1]


class FoldedEpisodes:
    """Episodes folded up to a position of the log; remembers the latest ones, within bounds.

    `policies` judge them, by default those that judge the store at the time.
    """

    def __init__(
        self, recorder: EventRecorder, cached_events: int = CACHED_EVENTS, policies: PolicyOf | None = None
    ) -> None:
        self._recorder = recorder
        self._policies = policies
        self._cached_events = cached_events
        self._cache: OrderedDict[UUID, Episode] = OrderedDict()
        self._events = 0

    def compute(self, streams: Sequence[UUID] | dict[UUID, int], upto: int) -> list[EpisodeRows]:
        """Work out the rows of these streams from their events up to a position; nothing for what is no episode."""
        episodes = {stream: self._taken(stream) for stream in streams}
        newer = self._recorder.select_streams({stream: episode.version for stream, episode in episodes.items()})
        policies, voids = self._policies or policies_of(self._recorder), voids_in(self._recorder, upto)
        made: list[EpisodeRows] = []
        for stream, episode in episodes.items():
            events = [one for one in newer.get(stream, ()) if one.position <= upto]
            if not events and not episode.version:
                continue
            rows = computed(self._recorder.namespace, episode, events, policies, voids)
            if rows is None or rows.quarantined is None:
                self._keep(stream, episode)
            if rows is not None:
                made.append(rows)
        return made

    def forget(self, stream: UUID) -> None:
        """Read the episode from the log again next time."""
        self._taken(stream)

    def _taken(self, stream: UUID) -> Episode:
        episode = self._cache.pop(stream, None)
        if episode is None:
            return Episode(stream)
        self._events -= episode.version
        return episode

    def _keep(self, stream: UUID, episode: Episode) -> None:
        self._cache[stream] = episode
        self._events += episode.version
        while self._events > self._cached_events:
            _, oldest = self._cache.popitem(last=False)
            self._events -= oldest.version
