"""The application: facts in, receipts out. Decide on each fact, record what was decided, decide again after a conflict.

It is an `eventsourcing` application over our own recorder; it reads nothing from the process environment.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from random import uniform
from time import sleep
from typing import Any
from uuid import UUID, uuid4, uuid5

from eventsourcing.application import Application, Repository
from eventsourcing.persistence import InfrastructureFactory, JSONTranscoder
from eventsourcing.utils import Environment, EnvType

from caretrail.episode.episode import Episode, FactRecorded
from caretrail.episode.history import Entry, StoredFact
from caretrail.errors import (
    CommandReused,
    Refused,
    StayOverlap,
    StoreDamaged,
    StoreError,
    StoreNewer,
    UnknownEpisode,
    VersionConflict,
)
from caretrail.facts import Accessed, EpisodeFact, Fact, ProgramFact
from caretrail.facts.codec import IMPORTED, access_is_not_stated, payload_of, read_fact, stored_name
from caretrail.recording.acts import Act, Receipt, first_of_each, receipt_of, require_own_commands
from caretrail.recording.events import RecordedEvent, Stay
from caretrail.recording.infrastructure import RecorderFactory
from caretrail.recording.mapper import FactMapper, entry_of
from caretrail.recording.program_stays import MOVES_STAYS, client_of, program_stays, program_stream
from caretrail.recording.recorder import EventRecorder

__all__ = ["ATTEMPTS", "CACHED_EPISODES", "PAUSE", "Receipt", "Records", "UnreadableEpisode", "fold"]

ATTEMPTS = 40
"""How often a decision is made, when others append first."""

PAUSE = 0.001
"""Seconds: half the longest pause before the second decision; it doubles, so that writers of one episode get out of
step."""

LONGEST_PAUSE = 0.05
"""Seconds: several times what deciding again takes; longer pauses would only make everybody wait."""

CACHED_EPISODES = 1000


class UnreadableEpisode(Refused):
    """A fact the episode already holds cannot be read, so nothing more can be decided on it; other episodes go on."""

    code = "unreadable_episode"

    def __init__(self) -> None:
        super().__init__(
            "a fact of the episode cannot be read, so nothing more can be decided on it",
            "see 'caretrail projection quarantine'; send it again once that is mended",
        )


class Records(Application[UUID]):
    """Facts in, receipts out, over one recorder. `clock` returns the instant "today" is judged by (aware).

    Threads may share one: their calls take turns.
    """

    name = "caretrail"

    def __init__(self, recorder: EventRecorder, clock: Callable[[], datetime]) -> None:
        self._recorder = recorder
        self._clock = clock
        self._lock = threading.RLock()  # remembered episodes are shared by the threads of a service
        super().__init__({})

    # --- wiring of the library -----------------------------------------------------------------------------------

    def construct_env(self, name: str, env: EnvType | None = None) -> Environment:
        """Read nothing from the process: a host's variables must not change where we store."""
        return Environment(name, dict(env or {}))

    def construct_factory(self, env: Environment) -> InfrastructureFactory[Any]:
        """Use our own recorder."""
        return RecorderFactory(env, self._recorder)

    def construct_mapper(self) -> FactMapper:
        """Use our own stored names and payloads."""
        return FactMapper(JSONTranscoder())

    def construct_repository(self) -> Repository[UUID]:
        """Keep episodes in memory; the version each append names protects against a copy that is out of date."""
        return Repository(self.events, cache_maxsize=CACHED_EPISODES, fastforward=False, deepcopy_from_cache=False)

    # --- reading ---------------------------------------------------------------------------------------------------

    def stream_of(self, fact: Fact) -> UUID:
        """The stream a fact belongs to."""
        if isinstance(fact, Accessed):
            raise access_is_not_stated()
        return self.program_stream(fact.program) if isinstance(fact, ProgramFact) else self.episode_stream(fact.episode)

    def episode_stream(self, episode: str) -> UUID:
        """The stream of a case number: opaque, and different in every store."""
        return _stream(self._recorder.namespace, episode)

    def program_stream(self, program: str) -> UUID:
        """The stream of a program's own facts, in a namespace of its own."""
        return program_stream(self._recorder.namespace, program)

    def episode(self, name: str) -> Episode:
        """Read an episode as recorded, to decide on it; what is shown to people goes through the reader.

        Raises UnknownEpisode.
        """
        stream = self.episode_stream(name)
        rows = self._recorder.select_streams({stream: 0}).get(stream, [])
        if not rows:
            raise UnknownEpisode(
                "no episode of that number is recorded", "see 'caretrail census' for the episodes there are"
            )
        return fold(stream, map(entry_of, rows))

    # --- appending -------------------------------------------------------------------------------------------------

    def append(self, facts: Sequence[Fact], *, imported: bool = False) -> list[Receipt]:
        """Record all the facts, or none of them; facts of one call are judged together.

        Facts already recorded under their `command_id` return their first receipts. Raises Refused.
        """
        outcomes = self._append(facts, imported=imported, atomic=True)
        return [outcome for outcome in outcomes if isinstance(outcome, Receipt)]

    def append_each(self, facts: Sequence[Fact], *, imported: bool = False) -> list[Receipt | Refused]:
        """Record each fact on its own merits, durable together: a receipt or a refusal for each, in their order."""
        return self._append(facts, imported=imported, atomic=False)

    def _append(self, facts: Sequence[Fact], *, imported: bool, atomic: bool) -> list[Receipt | Refused]:
        acts = [
            Act(
                number,
                fact,
                self.stream_of(fact),
                (fact.source, fact.command_id or uuid4().hex),
                asked=fact.command_id is None,
            )
            for number, fact in enumerate(facts)
        ]
        if atomic:
            require_own_commands(acts)
        with self._lock:
            self._settle(acts, imported=imported, atomic=atomic)
        return [act.outcome for act in acts if act.outcome is not None]

    def _settle(self, acts: Sequence[Act], *, imported: bool, atomic: bool) -> None:
        """Give every act its outcome; decide again, boundedly, when somebody else appended first."""
        conflicts = 0
        # an act that stands twice in one call waits for the next round, where its first receipt is known
        while todo := first_of_each(act for act in acts if act.outcome is None):
            episodes = self._look(todo, atomic=atomic)
            undecided = [act for act in todo if act.outcome is None]
            try:
                self._decide_and_save(undecided, episodes, imported=imported, atomic=atomic)
            except (VersionConflict, CommandReused) as conflict:
                conflicts += 1
                if conflict.index is not None or conflicts >= ATTEMPTS:  # a place is named by what we decided here
                    raise
                _forget_refusals(undecided)
                for act in undecided:
                    act.asked = False
                sleep(uniform(0, min(PAUSE * 2**conflicts, LONGEST_PAUSE)))  # noqa: S311  # nothing is secret about a pause
            except StayOverlap as overlap:
                if atomic:
                    raise self._named(overlap, undecided) from None
                if len(undecided) == 1:
                    undecided[0].outcome = self._named(overlap, undecided)
                else:  # find out whose it is: from here on each fact for itself
                    _forget_refusals(undecided)
                    for act in undecided:
                        self._settle([act], imported=imported, atomic=False)

    def _look(self, acts: Sequence[Act], *, atomic: bool) -> dict[UUID, Episode]:
        """Answer acts whose command is recorded already, before anything is decided; return the episodes of all.

        A command is looked up once, and again after a conflict. What was recorded since then in one of the episodes is
        seen as it is read; what was recorded elsewhere, the append refuses.
        """
        episodes = self._remembered({act.stream for act in acts})
        found, newer = self._recorder.look(
            [act.command for act in acts if not act.asked],
            {stream: episode.version for stream, episode in episodes.items()},
        )
        known = dict(found)
        for rows in newer.values():
            known.update(((row.source, row.command_id), row) for row in rows)
        self._bring_up_to_date(episodes, newer)
        for act in acts:
            act.asked = True
            row = known.get(act.command)
            if row is not None:
                act.outcome = self._first_receipt(act, row)
                if atomic and isinstance(act.outcome, Refused):
                    act.outcome.index = act.number
                    raise act.outcome
        return episodes

    def _first_receipt(self, act: Act, row: RecordedEvent) -> Receipt | Refused:
        same = (
            row.originator_id == act.stream
            and row.topic.removesuffix(IMPORTED) == stored_name(act.fact)
            and row.state == payload_of(act.fact)
        )
        return receipt_of(act.fact, row) if same else CommandReused(row.position)

    def _decide_and_save(
        self, acts: Sequence[Act], episodes: Mapping[UUID, Episode], *, imported: bool, atomic: bool
    ) -> None:
        try:
            taken, events = self._decide(acts, episodes, imported=imported, atomic=atomic)
            if events:
                # as `self.events.put` does, but without the notification it makes of each event for nobody
                recorded: list[RecordedEvent] = []
                pending = list(map(self.mapper.to_stored_event, events))
                self._recorder.insert_events(pending, stays=_moved_stays(taken, episodes), recorded=recorded)
                self._settle_recorded(taken, events, recorded)
            for episode in episodes.values():
                episode.shed()
        except BaseException:
            # what was evolved was not stored: the next reader starts from what is
            for stream in episodes:
                self._evict(stream)
            raise

    def _settle_recorded(
        self, acts: Sequence[Act], events: Sequence[FactRecorded], recorded: Sequence[RecordedEvent]
    ) -> None:
        for act, event, row in zip(acts, events, recorded, strict=True):
            event.entry.settle(StoredFact(row.topic, row.state), row.position, row.recorded_at, row.recorded_by)
            act.outcome = receipt_of(act.fact, row)
            if row.originator_version != event.entry.version:  # recorded by another in between: not as decided here
                self._evict(act.stream)

    def _decide(
        self, acts: Sequence[Act], episodes: Mapping[UUID, Episode], *, imported: bool, atomic: bool
    ) -> tuple[list[Act], list[FactRecorded]]:
        now = self._clock()
        together = atomic and len(acts) > 1
        taken: list[Act] = []
        events: list[FactRecorded] = []
        moved: set[str] = set()
        for act in acts:
            if not atomic and isinstance(act.fact, MOVES_STAYS):
                client = client_of(act.fact, episodes.get(act.stream)) or str(act.stream)
                if client in moved:
                    # the store judges stays once a call: what moves the same client's again waits for the next round,
                    # so that each fact fares as if it had been sent alone
                    break
                moved.add(client)
            try:
                event = _decided(act, episodes.get(act.stream), now, imported=imported, together=together)
            except Refused as refusal:
                if atomic:
                    refusal.index = act.number
                    raise
                act.outcome = refusal
            else:
                taken.append(act)
                events.append(event)
        if together:
            _require_possible_together(taken, episodes)
        return taken, events

    def _remembered(self, streams: Iterable[UUID]) -> dict[UUID, Episode]:
        """The episodes as remembered, empty ones where nothing is."""
        cache = self.repository.cache
        assert cache is not None  # noqa: S101  # construct_repository makes one
        episodes: dict[UUID, Episode] = {}
        for stream in streams:
            try:
                episodes[stream] = cache.get(stream)  # type: ignore[assignment]
            except KeyError:
                episodes[stream] = Episode(stream)
        return episodes

    def _bring_up_to_date(self, episodes: dict[UUID, Episode], newer: Mapping[UUID, Sequence[RecordedEvent]]) -> None:
        """Evolve episodes by what is newer, and remember them; leave out those that cannot be read."""
        cache = self.repository.cache
        assert cache is not None  # noqa: S101  # construct_repository makes one
        for stream, rows in newer.items():
            try:
                for row in rows:
                    episodes[stream].evolve(entry_of(row))
            except (StoreNewer, StoreDamaged):  # it must not stop the others; what is sent to it is refused
                del episodes[stream]
                self._evict(stream)
        for stream, episode in episodes.items():
            cache.put(stream, episode)

    def _evict(self, stream: UUID) -> None:
        if self.repository.cache is not None:
            with contextlib.suppress(KeyError):
                self.repository.cache.get(stream, evict=True)

    def _named(self, overlap: StayOverlap, acts: Iterable[Act]) -> StayOverlap:
        """Say which episode is in the way; it may be one of the same call."""
        for act in acts:
            if str(act.stream) == overlap.stream and isinstance(act.fact, EpisodeFact):
                return StayOverlap(overlap.stream, act.fact.episode)
        rows = self._recorder.select_events(UUID(overlap.stream), limit=1)
        try:
            fact = read_fact(rows[0].topic, rows[0].state) if rows else None
        except StoreError:
            return overlap
        return StayOverlap(overlap.stream, fact.episode) if isinstance(fact, EpisodeFact) else overlap


@lru_cache(maxsize=CACHED_EPISODES)
def _stream(namespace: UUID, episode: str) -> UUID:
    return uuid5(namespace, episode)


def _decided(act: Act, episode: Episode | None, now: datetime, *, imported: bool, together: bool) -> FactRecorded:
    if episode is None:
        raise UnreadableEpisode
    expected = act.fact.expected_version
    if expected is not None and expected != episode.version:  # the caller decided, so it is the caller's to do again
        raise VersionConflict(str(act.stream), expected, episode.version)
    try:
        return episode.record(act.fact, now=now, imported=imported, command_id=act.command[1], together=together)
    except (StoreNewer, StoreDamaged):
        raise UnreadableEpisode from None


def _require_possible_together(acts: Sequence[Act], episodes: Mapping[UUID, Episode]) -> None:
    """Judge each episode as a whole; the last fact sent to the impossible one is named."""
    for stream, number in {act.stream: act.number for act in acts}.items():
        try:
            episodes[stream].require_possible()
        except (StoreNewer, StoreDamaged):
            raise UnreadableEpisode from None
        except Refused as refusal:
            refusal.index = number
            raise


def _forget_refusals(acts: Iterable[Act]) -> None:
    """Take back what was refused beside facts that were not stored after all: it may have rested on them."""
    for act in acts:
        if isinstance(act.outcome, Refused):
            act.outcome = None


def _moved_stays(acts: Iterable[Act], episodes: Mapping[UUID, Episode]) -> dict[UUID, list[Stay]]:
    """The stays of every episode whose stays these facts may have moved."""
    return {act.stream: program_stays(episodes[act.stream]) for act in acts if isinstance(act.fact, MOVES_STAYS)}


def fold(stream: UUID, entries: Iterable[Entry]) -> Episode:
    """Evolve an episode from its recorded facts."""
    episode = Episode(stream)
    for entry in entries:
        episode.evolve(entry)
    return episode
