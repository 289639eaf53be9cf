"""The application: events in, receipts out. It decides on each event, and records the decided ones.

It is an `eventsourcing` application over our own recorder; it reads nothing from the process environment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from eventsourcing.application import Application
from eventsourcing.persistence import InfrastructureFactory, JSONTranscoder
from eventsourcing.utils import Environment, EnvType

from caretrail.aliases import Clock
from caretrail.commands import attempts
from caretrail.commands.cache import EpisodeCache
from caretrail.commands.combining import Combiner
from caretrail.commands.command import Command, Receipt, require_own_keys
from caretrail.commands.decide import Decision, UnreadableEpisode, decide, policies_of, save
from caretrail.commands.library import EventMapper, RecorderFactory
from caretrail.commands.packs import Installed, PackRecords
from caretrail.commands.rounds import decidable, needs_whole, read_episodes, undecided
from caretrail.commands.slips import Slips
from caretrail.episode.episode import Episode
from caretrail.errors import AccessAppended, Refused, UnknownEpisode
from caretrail.events import Accessed, Event, ProgramEvent, StoreEvent
from caretrail.events.store import StoreEventAppended
from caretrail.log.entries import fold
from caretrail.log.own_events import NO_VOIDS, VoidedPosition, voids_in
from caretrail.log.recorder import EventRecorder
from caretrail.log.records import episode_stream, program_stream


class Commands(Application[UUID]):
    """Events in, receipts out, over one recorder. `clock` returns the aware instant that decides "today".

    `packs` gives the contents of the packs of this machine (`caretrail.commands.packs.installed`): each is recorded
    before the first event that uses it. Without it none is, and answers about the past say so.
    Threads may share one: events that they send alone at the same time are appended together.
    """

    name = "caretrail"

    def __init__(self, recorder: EventRecorder, clock: Clock, packs: Installed | None = None) -> None:
        self._recorder = recorder
        self._packs = None if packs is None else PackRecords(recorder, packs)
        self._clock = clock
        self._mapper = EventMapper(JSONTranscoder())
        self._slips = Slips(recorder)
        self._voids: Mapping[int, VoidedPosition] = NO_VOIDS
        self.cache = EpisodeCache()
        self.combiner = Combiner(partial(self._decide_round, remembered=True))
        super().__init__({})

    # --- wiring of the library -----------------------------------------------------------------------------------

    def construct_env(self, name: str, env: EnvType | None = None) -> Environment:
        """Read nothing from the process: its variables must not change the place of the store."""
        return Environment(name, dict(env or {}))

    def construct_factory(self, env: Environment) -> InfrastructureFactory[Any]:
        """Use our own recorder."""
        return RecorderFactory(env, self._recorder)

    def construct_mapper(self) -> EventMapper:
        """Use our own stored names and payloads."""
        return self._mapper

    # --- reading ---------------------------------------------------------------------------------------------------

    def stream_of(self, event: Event) -> UUID:
        """The stream an event belongs to."""
        if isinstance(event, Accessed):
            raise AccessAppended
        if isinstance(event, StoreEvent):
            raise StoreEventAppended
        if isinstance(event, ProgramEvent):
            return program_stream(self._recorder.namespace, event.program)
        return self.episode_stream(event.episode)

    def episode_stream(self, episode: str) -> UUID:
        """The stream of a case number: opaque, and different in every store."""
        return episode_stream(self._recorder.namespace, episode)

    def episode(self, name: str) -> Episode:
        """Read an episode as recorded, for a decision; screens get theirs from the reader.

        Raises UnknownEpisode.
        """
        stream = self.episode_stream(name)
        rows = self._recorder.select_events(stream)
        if not rows:
            raise UnknownEpisode
        return fold(self._recorder.namespace, stream, rows)

    def warning(self, event: Event) -> str | None:
        """What of an event may be misspelt, as its receipt would say it; None if nothing is."""
        stream = self.stream_of(event)
        rows = self._recorder.select_events(stream)
        return self._slips.warning(event, fold(self._recorder.namespace, stream, rows) if rows else None)

    # --- appending -------------------------------------------------------------------------------------------------

    def append(self, events: Sequence[Event], *, imported: bool = False) -> list[Receipt]:
        """Record all the events, or none of them; events of one call are judged together.

        Events already recorded under their `command_id` return their first receipts. Raises Refused.
        """
        commands = self._commands(events, imported=imported)
        require_own_keys(commands)
        self._run(commands, atomic=True)
        for command in commands:
            if isinstance(command.outcome, Refused):
                raise command.outcome.at(command.index)
        return [command.outcome for command in commands if isinstance(command.outcome, Receipt)]

    def append_each(self, events: Sequence[Event], *, imported: bool = False) -> list[Receipt | Refused]:
        """Decide on each event alone, and record all accepted ones together: a receipt or refusal each, in order."""
        commands = self._commands(events, imported=imported)
        self._run(commands, atomic=False)
        return [command.outcome for command in commands if command.outcome is not None]

    def _commands(self, events: Sequence[Event], *, imported: bool) -> list[Command]:
        return [
            Command(
                index,
                event,
                self.stream_of(event),
                (event.source, event.command_id or uuid4().hex),
                searched=event.command_id is None,
                imported=imported,
                may_import=imported and self._recorder.may_import(event.actor.role),
                hasty=len(events) == 1,
            )
            for index, event in enumerate(events)
        ]

    def _run(self, commands: Sequence[Command], *, atomic: bool) -> None:
        if len(commands) == 1:
            attempts.run(commands, self._decide_one, atomic=False)
        else:
            attempts.run(commands, partial(self._decide_round, atomic=atomic), atomic=atomic)

    def _decide_one(self, commands: Sequence[Command]) -> None:
        """Decide on an event sent alone: read its episode in this thread, then append it with others that wait."""
        [command] = commands
        if command.alone:
            self._decide_round(commands)
            return
        needs = needs_whole(commands, atomic=False)[command.stream]
        if not command.hasty or not self.cache.holds(command.stream, whole=needs):
            self.cache.put_back(read_episodes(commands, self.cache, self._recorder, atomic=False).values())
        if command.outcome is None:
            self.combiner.add(command)

    def _decided(
        self, commands: Sequence[Command], *, atomic: bool, remembered: bool
    ) -> tuple[dict[UUID, Episode], Decision]:
        episodes = read_episodes(
            commands, self.cache, self._recorder, atomic=atomic, remembered=remembered, voids=self._voids
        )
        todo = undecided(commands)
        round_ = todo if atomic else decidable(todo, episodes)
        return episodes, decide(round_, episodes, self._clock(), atomic=atomic)

    def _voids_are_new(self) -> bool:
        """Whether an operator has voided events since this was last asked: it is only where one cannot be read."""
        before, self._voids = self._voids, voids_in(self._recorder, self._recorder.max_position())
        return before != self._voids

    def _decide_round(self, commands: Sequence[Command], *, atomic: bool = False, remembered: bool = False) -> None:
        try:
            episodes, decision = self._decided(commands, atomic=atomic, remembered=remembered)
        except UnreadableEpisode:
            if not self._voids_are_new():
                raise
            episodes, decision = self._decided(commands, atomic=atomic, remembered=remembered)
        if any(isinstance(refusal, UnreadableEpisode) for _, refusal in decision.refused) and self._voids_are_new():
            episodes, decision = self._decided(commands, atomic=atomic, remembered=remembered)
        for command, _ in decision.taken:
            episode = episodes[command.stream]
            command.warning = command.warning or self._slips.warning(command.event, episode)
            self._slips.add(command.event, episode)
        if self._packs is not None:
            self._packs.record(policies_of(decision, episodes), self._clock())
        save(decision, episodes, self._mapper, self._recorder)
        self.cache.put_back(episodes.values())
