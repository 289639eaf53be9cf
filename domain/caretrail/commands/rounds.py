"""Rounds: which commands of a call are decided next, and the episodes they are decided on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from caretrail.commands.cache import EpisodeCache
from caretrail.commands.command import Command, receipt_of
from caretrail.episode.episode import Episode
from caretrail.episode.outline import BESIDE_OUTLINE
from caretrail.episode.sealed import Sealed
from caretrail.errors import CommandReused, StoreDamaged, StoreNewer
from caretrail.events import Admitted
from caretrail.events.codec import IMPORTED, payload_of, stored_name
from caretrail.log.entries import entry_of, readable_entry, require_next, require_own
from caretrail.log.own_events import NO_VOIDS, VoidedPosition
from caretrail.log.program_stays import client_of
from caretrail.log.recorder import EventRecorder
from caretrail.log.records import CommandKey, RecordedEvent


def undecided(commands: Iterable[Command]) -> list[Command]:
    """The commands without an outcome; of several under one key the first, as the others may get its receipt."""
    first: dict[CommandKey, Command] = {}
    for command in commands:
        if command.outcome is None:
            first.setdefault(command.key, command)
    return list(first.values())


def needs_whole(commands: Sequence[Command], *, atomic: bool) -> dict[UUID, bool]:
    """By stream, whether a decision on these commands asks for the whole episode, or for its outline only."""
    together = atomic and len(commands) > 1
    needs: dict[UUID, bool] = {}
    for command in commands:
        outline_is_enough = command.event.traits.plain and not command.imported
        needs[command.stream] = needs.get(command.stream, together) or not outline_is_enough
    return needs


def read_episodes(
    commands: Sequence[Command],
    cache: EpisodeCache,
    recorder: EventRecorder,
    *,
    atomic: bool,
    remembered: bool = False,
    voids: Mapping[int, VoidedPosition] = NO_VOIDS,
) -> dict[UUID, Episode]:
    """Take the episodes of these commands, brought up to date, without those that cannot be read.

    `voids` are events that cannot be read and count for nothing. With `remembered`, those in the cache are taken as
    they are, and only the others are read. Commands that are recorded already get their outcome, from `append`; with
    `atomic`, CommandReused is raised with its place in the call. A key is looked up once, and again after a conflict:
    an event recorded since then shows up as its episode is read, or is refused by the append.
    """
    needs = needs_whole(commands, atomic=atomic)
    cache.renew(connections := recorder.database.replaced)
    episodes = cache.take(needs)
    reading = [command for command in commands if not remembered or command.stream not in episodes]
    if not reading:
        return episodes
    after = {
        command.stream: episodes[command.stream].version if command.stream in episodes else 0 for command in reading
    }
    cached = bool(episodes)
    outlines = [stream for stream in after if stream not in episodes and not needs[stream]]
    for stream in after:
        episodes.setdefault(stream, Episode(stream))
    found, newer = recorder.read_for_decision(
        [command.key for command in reading if not command.searched],
        {stream: version for stream, version in after.items() if stream not in outlines},
        outlines,
        BESIDE_OUTLINE,
    )
    if cached and recorder.database.replaced != connections:  # what was cached may be of a server that is gone
        return read_episodes(commands, cache, recorder, atomic=atomic, remembered=remembered, voids=voids)
    known = dict(found)
    for rows in newer.values():
        known.update((row.key, row) for row in rows)
    for command in reading:
        command.searched, command.hasty = True, False
        row = known.get(command.key)
        if row is not None and not _is_same(command, row):
            command.outcome = CommandReused(row.position)
            if atomic:
                raise command.outcome.at(command.index)
    _confirm_recorded(
        [command for command in reading if command.outcome is None and command.key in known], known, recorder
    )
    return {
        stream: episode
        for stream, episode in episodes.items()
        if _evolves(recorder.namespace, episode, newer.get(stream, ()), voids, outline=stream in outlines)
    }


def _is_same(command: Command, row: RecordedEvent) -> bool:
    return (
        row.originator_id == command.stream
        and row.topic.removesuffix(IMPORTED) == stored_name(command.event)
        and row.state == payload_of(command.event)
    )


def _confirm_recorded(
    commands: Sequence[Command], known: Mapping[CommandKey, RecordedEvent], recorder: EventRecorder
) -> None:
    """Give recorded commands their first receipts, by `append`: what was read may be on no standby yet."""
    if not commands:
        return
    rows = recorder.append_again([known[key] for key in dict.fromkeys(command.key for command in commands)])
    kept = {row.key: row for row in rows}
    for command in commands:
        command.outcome = receipt_of(command.event, kept[command.key], rows.durability)


def _evolves(
    namespace: UUID,
    episode: Episode,
    rows: Sequence[RecordedEvent],
    voids: Mapping[int, VoidedPosition],
    *,
    outline: bool,
) -> bool:
    """Evolve an episode by newer rows; False if one of them cannot be read or is missing, so that other episodes go on.

    An `outline` has gaps by its nature.
    """
    anew = episode.version == 0
    try:
        for row in rows:
            if not outline:
                require_next(episode, row)
            episode.evolve(readable_entry(row, voids) if row.position in voids else entry_of(row))
        first = next((entry for entry in episode.entries if entry.kind is not Sealed), None)
        if anew and first is not None:
            require_own(namespace, episode.id, first.event, first.version)
    except (StoreNewer, StoreDamaged):
        return False
    return True


def decidable(commands: Sequence[Command], episodes: Mapping[UUID, Episode]) -> Sequence[Command]:
    """The leading commands that can be decided in one round: they move no client's stays twice.

    The store judges stays once a call. So what moves the same client's again waits for the next round, and each event
    is decided as if sent alone.
    """
    moved: set[str] = set()
    admitted: dict[UUID, str] = {}
    for number, command in enumerate(commands):
        if command.event.traits.moves_stays:
            stream = command.stream
            client = client_of(command.event, episodes.get(stream)) or admitted.get(stream) or str(stream)
            if isinstance(command.event, Admitted):
                admitted[stream] = client
            if client in moved:
                return commands[:number]
            moved.add(client)
    return commands
