"""The application: facts in, receipts out. Decide on each fact, record what was decided, decide again after a conflict.

It is an `eventsourcing` application over our own recorder; it reads nothing from the process environment.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
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
    InvalidFact,
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
from caretrail.recording.events import RecordedEvent, Stay
from caretrail.recording.infrastructure import RecorderFactory
from caretrail.recording.leaf import leaf_hash
from caretrail.recording.mapper import FactMapper, entry_of
from caretrail.recording.program_stays import MOVES_STAYS, client_of, program_stays, program_stream
from caretrail.recording.recorder import EventRecorder

ATTEMPTS = 12
"""How often a decision is made again after others appended first."""

PAUSE = 0.001
"""Seconds: the longest pause before the second decision; it doubles, so that writers of one episode get out of step."""

CACHED_EPISODES = 1000

Command = tuple[str, str]
"""`(source, command_id)`: names one act of a sender, however often it is sent."""


class UnreadableEpisode(Refused):
    """A fact the episode already holds cannot be read, so nothing more can be decided on it; other episodes go on."""

    code = "unreadable_episode"

    def __init__(self) -> None:
        super().__init__(
            "a fact of the episode cannot be read, so nothing more can be decided on it",
            "see 'caretrail projection quarantine'; send it again once that is mended",
        )


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the store says of a recorded fact; `leaf` is the hex SHA-256 the audit ledger holds for it.

    `episode` is the case number (None for a program's own facts). `version` counts facts in the episode, `position`
    in the whole store; `recorded_at` is UTC.
    """

    episode: str | None
    version: int
    position: int
    recorded_at: datetime
    leaf: str


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
        return uuid5(self._recorder.namespace, episode)

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
            _Act(number, fact, self.stream_of(fact), (fact.source, fact.command_id or uuid4().hex))
            for number, fact in enumerate(facts)
        ]
        if atomic:
            _require_own_commands(acts)
        with self._lock:
            self._settle(acts, imported=imported, atomic=atomic)
        return [act.outcome for act in acts if act.outcome is not None]

    def _settle(self, acts: Sequence[_Act], *, imported: bool, atomic: bool) -> None:
        """Give every act its outcome; decide again, boundedly, when somebody else appended first."""
        conflicts = 0
        while remaining := [act for act in acts if act.outcome is None]:
            self._answer_known(remaining, atomic=atomic)
            # an act that stands twice in one call waits for the next round, where its first receipt is known
            todo = _first_of_each([act for act in remaining if act.outcome is None])
            try:
                self._decide_and_save(todo, imported=imported, atomic=atomic)
            except (VersionConflict, CommandReused):
                conflicts += 1
                if conflicts >= ATTEMPTS:
                    raise
                sleep(uniform(0, PAUSE * 2**conflicts))  # noqa: S311  # nothing is secret about a pause
            except StayOverlap as overlap:
                if atomic:
                    raise self._named(overlap, todo) from None
                if len(todo) == 1:
                    todo[0].outcome = self._named(overlap, todo)
                else:  # find out whose it is: from here on each fact for itself
                    for act in todo:
                        act.outcome = None
                        self._settle([act], imported=imported, atomic=False)

    def _answer_known(self, acts: Sequence[_Act], *, atomic: bool) -> None:
        """Answer acts whose command is recorded already, before anything is decided.

        A command id made here cannot be known before a first attempt.
        """
        wanted = [act for act in acts if act.fact.command_id or act.tried]
        found = self._recorder.find_commands([act.command for act in wanted]) if wanted else {}
        for act in wanted:
            row = found.get(act.command)
            if row is not None:
                act.outcome = self._first_receipt(act, row)
                if atomic and isinstance(act.outcome, Refused):
                    act.outcome.index = act.number
                    raise act.outcome

    def _first_receipt(self, act: _Act, row: RecordedEvent) -> Receipt | Refused:
        same = (
            row.originator_id == act.stream
            and row.topic.removesuffix(IMPORTED) == stored_name(act.fact)
            and row.state == payload_of(act.fact)
        )
        return _receipt(act.fact, row) if same else CommandReused(row.position)

    def _decide_and_save(self, acts: Sequence[_Act], *, imported: bool, atomic: bool) -> None:
        episodes = self._load({act.stream for act in acts})
        try:
            taken, events = self._decide(acts, episodes, imported=imported, atomic=atomic)
            if events:
                recorded: list[RecordedEvent] = []
                self.events.put(events, stays=_moved_stays(taken, episodes), recorded=recorded)
                for act, event, row in zip(taken, events, recorded, strict=True):
                    stored = StoredFact(row.topic, row.state)
                    event.entry.settle(stored, row.position, row.recorded_at, row.recorded_by)
                    act.outcome = _receipt(act.fact, row)
            for episode in episodes.values():
                episode.shed()
        except BaseException:
            # what was evolved was not stored: the next reader starts from what is
            for stream in episodes:
                self._evict(stream)
            raise

    def _decide(
        self, acts: Sequence[_Act], episodes: Mapping[UUID, Episode], *, imported: bool, atomic: bool
    ) -> tuple[list[_Act], list[FactRecorded]]:
        now = self._clock()
        together = atomic and len(acts) > 1
        taken: list[_Act] = []
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
            act.tried = True
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

    def _load(self, streams: Iterable[UUID]) -> dict[UUID, Episode]:
        """Bring remembered episodes up to date and read the others, in one query; without those it cannot read."""
        cache = self.repository.cache
        assert cache is not None  # noqa: S101  # construct_repository makes one
        episodes: dict[UUID, Episode] = {}
        for stream in streams:
            try:
                episodes[stream] = cache.get(stream)  # type: ignore[assignment]
            except KeyError:
                episodes[stream] = Episode(stream)
        newer = self._recorder.select_streams({stream: episode.version for stream, episode in episodes.items()})
        for stream, rows in newer.items():
            try:
                for row in rows:
                    episodes[stream].evolve(entry_of(row))
            except (StoreNewer, StoreDamaged):  # it must not stop the others; what is sent to it is refused
                del episodes[stream]
                self._evict(stream)
        for stream, episode in episodes.items():
            cache.put(stream, episode)
        return episodes

    def _evict(self, stream: UUID) -> None:
        if self.repository.cache is not None:
            with contextlib.suppress(KeyError):
                self.repository.cache.get(stream, evict=True)

    def _named(self, overlap: StayOverlap, acts: Iterable[_Act]) -> StayOverlap:
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


@dataclass(slots=True)
class _Act:
    """One fact on its way: the command it is sent under stays the same over all attempts."""

    number: int
    fact: Fact
    stream: UUID
    command: Command
    outcome: Receipt | Refused | None = None
    tried: bool = False


def _require_own_commands(acts: Iterable[_Act]) -> None:
    """Refuse two different facts under one command before anything is kept: the second could only fail later."""
    first: dict[Command, _Act] = {}
    for act in acts:
        earlier = first.setdefault(act.command, act)
        if earlier is not act and payload_of(earlier.fact) != payload_of(act.fact):
            refusal = InvalidFact(
                "a command_id appears twice in one call with different content",
                "send the second fact with its own command_id",
            )
            refusal.index = act.number
            raise refusal


def _decided(act: _Act, episode: Episode | None, now: datetime, *, imported: bool, together: bool) -> FactRecorded:
    if episode is None:
        raise UnreadableEpisode
    try:
        return episode.record(act.fact, now=now, imported=imported, command_id=act.command[1], together=together)
    except (StoreNewer, StoreDamaged):
        raise UnreadableEpisode from None


def _require_possible_together(acts: Sequence[_Act], episodes: Mapping[UUID, Episode]) -> None:
    """Judge each episode as a whole; the last fact sent to the impossible one is named."""
    for stream, number in {act.stream: act.number for act in acts}.items():
        try:
            episodes[stream].require_possible()
        except (StoreNewer, StoreDamaged):
            raise UnreadableEpisode from None
        except Refused as refusal:
            refusal.index = number
            raise


def _first_of_each(acts: Iterable[_Act]) -> list[_Act]:
    first: dict[Command, _Act] = {}
    for act in acts:
        first.setdefault(act.command, act)
    return list(first.values())


def _receipt(fact: Fact, row: RecordedEvent) -> Receipt:
    episode = fact.episode if isinstance(fact, EpisodeFact) else None
    return Receipt(episode, row.originator_version, row.position, row.recorded_at, leaf_hash(row).hex())


def _moved_stays(acts: Iterable[_Act], episodes: Mapping[UUID, Episode]) -> dict[UUID, list[Stay]]:
    """The stays of every episode whose stays these facts may have moved."""
    return {act.stream: program_stays(episodes[act.stream]) for act in acts if isinstance(act.fact, MOVES_STAYS)}


def fold(stream: UUID, entries: Iterable[Entry]) -> Episode:
    """Evolve an episode from its recorded facts."""
    episode = Episode(stream)
    for entry in entries:
        episode.evolve(entry)
    return episode
