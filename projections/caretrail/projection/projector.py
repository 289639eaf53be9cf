"""The projector: reads the log in batches, recomputes each episode touched, writes rows and position together."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from uuid import UUID

from caretrail.aliases import Progress
from caretrail.episode.episode import Episode
from caretrail.errors import StoreError
from caretrail.ledger.tiles import write_tiles
from caretrail.projection.programs import moves_programs, refresh
from caretrail.projection.rows import citations_of, computed
from caretrail.projection.shapes import EpisodeRows
from caretrail.projection.status import Status, status
from caretrail.projection.tables import (
    State,
    create_tables,
    delete_rows,
    read_citations,
    read_state,
    statements,
    write_citations,
    write_rows,
)
from caretrail.recording.database import Database
from caretrail.recording.events import ACCESS_PREFIX, RecordedEvent
from caretrail.recording.recorder import EventRecorder

CACHED_FACTS = 20_000
"""Folded facts kept between batches, so that an episode touched again is not read again; bounds the memory."""

FAR_BEHIND = 10_000
"""As many facts behind, and at least half of the log: making every episode once beats taking batch after batch."""

BATCH = 2048
"""Facts taken at once: whole tiles of the ledger."""

ATTEMPTS = 100


class Moved(Exception):  # not an error: somebody else did the work
    """Another projector moved the position first."""


def catch_up(
    recorder: EventRecorder, *, batch: int = BATCH, upto: int | None = None, progress: Progress | None = None
) -> Status:
    """Bring the rows up to the end of the log, or to position `upto`; safe beside other projectors and when killed.

    Raises StoreError.
    """
    create_tables(recorder.database)
    if upto is None and _far_behind(recorder):
        from caretrail.projection.rebuild import rebuild  # here: a rebuild ends with a catch-up

        return rebuild(recorder, progress)
    Projector(recorder).catch_up(batch=batch, upto=upto, progress=progress)
    return status(recorder)


def _far_behind(recorder: EventRecorder) -> bool:
    state = read_state(recorder.database)
    newest = recorder.max_position()
    behind = newest - state.position if state is not None else 0
    return behind > FAR_BEHIND and behind * 2 >= newest


def retry(recorder: EventRecorder, stream: UUID) -> bool:
    """Recompute one episode, as after a fix; True if it is readable now."""
    return Projector(recorder).retry(stream)


class Projector:
    """Moves one projection along the log; keeps the episodes it folded, so it is worth keeping."""

    def __init__(self, recorder: EventRecorder, name: str = "live") -> None:
        self._recorder = recorder
        self._database = recorder.database
        self._name = name
        self._sql = statements()
        self._folded = FoldedEpisodes(recorder)

    def catch_up(self, *, batch: int = BATCH, upto: int | None = None, progress: Progress | None = None) -> State:
        """Take batch after batch until the end; the position and the rows of a batch are written together."""
        state = self._state()
        goal = self._recorder.max_position() if upto is None else min(upto, self._recorder.max_position())
        start, moved = state.position, 0
        while state.position < goal:
            try:
                state = self._step(state, min(state.position + batch, goal))
            except Moved:
                moved += 1
                if moved > ATTEMPTS:
                    raise StoreError("other projectors keep moving this projection", "let one of them do it") from None
                state = self._state()
            if progress is not None:
                progress(min(state.position, goal) - start, goal - start)
        return state

    def retry(self, stream: UUID) -> bool:
        """Recompute one episode at the position the projection stands on."""
        state = self._state()
        self._folded.forget(stream)
        rows = self._folded.compute({stream: 0}, state.position)
        with self._database.transaction():
            self._advance(state, state.position)
            delete_rows(self._database, state.build, [stream])
            write_rows(self._database, state.build, rows)
            keep_citations(self._database, state.build, rows)
            refresh(self._recorder, state.build, state.position)
        return not any(row.quarantined for row in rows)

    def _step(self, state: State, upto: int) -> State:
        touched = self._recorder.touched(state.position, upto)
        rows = self._folded.compute(touched, upto)
        made = {row.stream: row for row in rows}
        old = [stream for stream, version in touched.items() if version > 1]
        with self._database.transaction():
            self._advance(state, upto)
            moved = moves_programs(self._database, state.build, dict.fromkeys(touched) | made)
            delete_rows(self._database, state.build, old)
            write_rows(self._database, state.build, rows)
            keep_citations(self._database, state.build, rows)
            if moved:
                refresh(self._recorder, state.build, upto)
            write_tiles(self._recorder, state.build, state.position, upto)
        return State(state.build, upto)

    def _advance(self, state: State, upto: int) -> None:
        """Move the position, if it is still where we started: the row stays locked until the transaction ends."""
        params = {"name": self._name, "build": state.build, "after": state.position, "upto": upto}
        if self._database.execute(self._sql["advance"], params) != 1:
            raise Moved

    def _state(self) -> State:
        state = read_state(self._database, self._name)
        if state is None:
            raise StoreError("the read models are not there", "run 'caretrail projection rebuild'")
        return state


def keep_citations(database: Database, build: int, episodes: Iterable[EpisodeRows]) -> None:
    """Keep the citations of the packs that judged these rows, unless they are kept already."""
    packs = {finding.pack for rows in episodes for finding in rows.findings} - {""}
    if packs and (missing := packs - read_citations(database, build).keys()):
        write_citations(database, build, citations_of(missing))


class FoldedEpisodes:
    """Episodes folded up to a position of the log; remembers the latest ones, within bounds."""

    def __init__(self, recorder: EventRecorder, cached_facts: int = CACHED_FACTS) -> None:
        self._recorder = recorder
        self._cached_facts = cached_facts
        self._cache: OrderedDict[UUID, Episode] = OrderedDict()
        self._facts = 0

    def compute(self, streams: Sequence[UUID] | dict[UUID, int], upto: int) -> list[EpisodeRows]:
        """Work out the rows of these streams from their facts up to a position; nothing for a program's own."""
        episodes = {stream: self._taken(stream) for stream in streams}
        newer = self._recorder.select_streams({stream: episode.version for stream, episode in episodes.items()})
        found: list[EpisodeRows] = []
        for stream, episode in episodes.items():
            # a look has no rows, whatever somebody may have put into the stream before it
            events: list[RecordedEvent] = [
                event
                for event in newer.get(stream, ())
                if event.position <= upto and not event.topic.startswith(ACCESS_PREFIX)
            ]
            if not events and not episode.version:
                continue
            rows = computed(episode, events)
            if rows is None or rows.quarantined is None:
                self._keep(stream, episode)
            if rows is not None:
                found.append(rows)
        return found

    def forget(self, stream: UUID) -> None:
        """Read the episode from the log again next time."""
        self._taken(stream)

    def _taken(self, stream: UUID) -> Episode:
        episode = self._cache.pop(stream, None)
        if episode is None:
            return Episode(stream)
        self._facts -= episode.version
        return episode

    def _keep(self, stream: UUID, episode: Episode) -> None:
        self._cache[stream] = episode
        self._facts += episode.version
        while self._facts > self._cached_facts:
            _, oldest = self._cache.popitem(last=False)
            self._facts -= oldest.version
