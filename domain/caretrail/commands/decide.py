"""Deciding one round: each command on its episode, then all accepted events saved in one append."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from caretrail.commands.command import Command, receipt_of
from caretrail.commands.library import EventMapper
from caretrail.commands.slips import require_known_rule
from caretrail.episode.entry import StoredPayload
from caretrail.episode.episode import Decided, Episode
from caretrail.errors import Refused, StayOverlap, StoreDamaged, StoreError, StoreNewer, VersionConflict
from caretrail.events import EpisodeEvent
from caretrail.events.codec import read_event
from caretrail.log.durability import Kept
from caretrail.log.program_stays import program_stays
from caretrail.log.recorder import EventRecorder
from caretrail.log.records import Stays


class UnreadableEpisode(Refused):
    """A recorded event of the episode cannot be read, so no decision can be made on it; other episodes go on."""

    code = "unreadable_episode"

    def __init__(self) -> None:
        super().__init__(
            "an event of the episode cannot be read, so nothing more can be decided on it",
            "see 'caretrail projection quarantine'; send it again after the repair",
        )


class Decision(NamedTuple):
    """The outcome of a round; it takes effect only when saved."""

    taken: list[tuple[Command, Decided]]
    refused: list[tuple[Command, Refused]]


# --- deciding ---------------------------------------------------------------------------------------------------


def decide(commands: Sequence[Command], episodes: Mapping[UUID, Episode], now: datetime, *, atomic: bool) -> Decision:
    """Decide on the commands in turn; an episode evolves by each event taken, before the next decision.

    With `atomic` they are judged together, and the first refusal is raised with its place in the call. A refusal of a
    hasty command is none: the episode may have changed, or the command may be recorded.
    """
    together = atomic and len(commands) > 1
    decision = Decision([], [])
    for command in commands:
        try:
            decided = _decided(command, episodes.get(command.stream), now, together=together)
        except Refused as refusal:
            if command.hasty:
                command.read_again()
                continue
            if atomic:
                raise refusal.at(command.index) from None
            decision.refused.append((command, refusal))
        else:
            decision.taken.append((command, decided))
    if together:
        _require_possible_together(commands, episodes)
    return decision


def _decided(command: Command, episode: Episode | None, now: datetime, *, together: bool) -> Decided:
    if episode is None:
        raise UnreadableEpisode
    expected = command.event.expected_version
    if expected is not None and expected != episode.version:  # the caller must decide again
        raise VersionConflict(str(command.stream), expected, episode.version)
    try:
        require_known_rule(command.event, episode)
        return episode.record(
            command.event,
            now=now,
            imported=command.imported,
            may_import=command.may_import,
            command_id=command.key[1],
            together=together,
        )
    except (StoreNewer, StoreDamaged):
        raise UnreadableEpisode from None


def _require_possible_together(commands: Sequence[Command], episodes: Mapping[UUID, Episode]) -> None:
    """Judge each episode as a whole; a refusal names the last event sent to that episode."""
    for stream, index in {command.stream: command.index for command in commands}.items():
        try:
            episodes[stream].require_possible()
        except (StoreNewer, StoreDamaged):
            raise UnreadableEpisode().at(index) from None
        except Refused as refusal:
            raise refusal.at(index) from None


def policies_of(decision: Decision, episodes: Mapping[UUID, Episode]) -> set[str]:
    """The policies that admissions name, of the episodes of accepted events."""
    admissions = (episodes[command.stream].outline.admitted for command, _ in decision.taken)
    return {admission.event.policy for admission in admissions if admission is not None}


# --- saving -----------------------------------------------------------------------------------------------------


def save(decision: Decision, episodes: dict[UUID, Episode], mapper: EventMapper, recorder: EventRecorder) -> None:
    """Append the accepted events, give every command its outcome, and drop episodes that another writer changed.

    Raises VersionConflict or CommandReused after another writer appended first, StayOverlap, or StoreError.
    """
    rows = _appended(decision, episodes, mapper, recorder) if decision.taken else Kept([], "local")
    for (command, decided), row in zip(decision.taken, rows, strict=True):
        decided.entry.confirm(StoredPayload(row.topic, row.state), row.position, row.recorded_at, row.recorded_by)
        command.outcome = receipt_of(command.event, row, rows.durability, command.warning)
        if row.originator_version != decided.entry.version:  # an earlier attempt recorded it
            episodes.pop(command.stream, None)
    for command, refusal in decision.refused:
        command.outcome = refusal


def _appended(
    decision: Decision, episodes: Mapping[UUID, Episode], mapper: EventMapper, recorder: EventRecorder
) -> Kept:
    commands = [command for command, _ in decision.taken]
    pending = [mapper.to_stored_event(decided) for _, decided in decision.taken]
    try:
        return recorder.append(pending, _moved_stays(commands, episodes))
    except StayOverlap as overlap:
        raise StayOverlap(overlap.stream, _episode_in_the_way(overlap, commands, recorder)) from None


def _moved_stays(commands: Iterable[Command], episodes: Mapping[UUID, Episode]) -> Stays:
    """The stays of every episode whose stays these events may have moved."""
    moving = dict.fromkeys(command.stream for command in commands if command.event.traits.moves_stays)
    return {stream: program_stays(episodes[stream]) for stream in moving}


def _episode_in_the_way(overlap: StayOverlap, commands: Iterable[Command], recorder: EventRecorder) -> str:
    """Find the case number of the other episode, perhaps in the same call; '' if it cannot be read."""
    for command in commands:
        if str(command.stream) == overlap.stream and isinstance(command.event, EpisodeEvent):
            return command.event.episode
    rows = recorder.select_events(UUID(overlap.stream), limit=1)
    try:
        event = read_event(rows[0].topic, rows[0].state) if rows else None
    except StoreError:
        return ""
    return event.episode if isinstance(event, EpisodeEvent) else ""
