"""Commands: the events of one call, each with the key it was sent under, and their receipts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from caretrail.errors import InvalidEvent, Refused
from caretrail.events import EpisodeEvent, Event
from caretrail.events.codec import payload_of
from caretrail.log.leaf import leaf_hash
from caretrail.log.records import OWN_COMMAND_ID, CommandKey, RecordedEvent
from caretrail.tokens import Durability


@dataclass(frozen=True, slots=True)
class Receipt:
    """A recorded event by episode, version, position and time; `leaf` is its hex SHA-256 in the audit ledger.

    `episode` is the case number (None for a program's own events). `version` counts events in the episode, `position`
    in the whole store; `recorded_at` is UTC. `durability` says how far the event is kept: "replicated" on a standby,
    too, "local" in a file or on a server that is told to wait for no standby. `warning` says what is probably a typing
    error: a policy that is not installed, a program new to the store, a date far from its document. A repeated call
    gets its first receipts without it.
    """

    episode: str | None
    version: int
    position: int
    recorded_at: datetime
    leaf: str
    durability: Durability = field(compare=False)
    warning: str | None = field(default=None, compare=False)


@dataclass(slots=True)
class Command:
    """One event to record, at its place in a call; its key stays the same over all attempts."""

    index: int
    event: Event
    stream: UUID
    key: CommandKey
    searched: bool
    """Whether its key was searched in the store; a key made here cannot exist before a first attempt."""
    imported: bool = False
    may_import: bool = False
    """Whether the sender may import into an episode that has events recorded as they happened."""
    hasty: bool = False
    """Decided on the episode as remembered: `append` settles it, and a refusal is decided again on the episode as read.

    Only an event sent alone may be, since nothing sent with it waits for its outcome.
    """
    alone: bool = False
    """Appended without the events of other threads: together with them it failed."""
    warning: str | None = None
    outcome: Receipt | Refused | None = None

    def read_again(self) -> None:
        """Search its key and read its episode before the next decision, as after a conflict."""
        self.searched = self.hasty = False

    def decide_alone(self) -> None:
        """Let the next decision be on this command alone."""
        self.read_again()
        self.alone = True


def receipt_of(event: Event, row: RecordedEvent, durability: Durability, warning: str | None = None) -> Receipt:
    """Make the receipt of an event from its row, as `append` returned it: a row that is only read may be lost yet."""
    episode = event.episode if isinstance(event, EpisodeEvent) else None
    place = row.originator_version, row.position, row.recorded_at
    return Receipt(episode, *place, leaf_hash(row).hex(), durability, warning)


def require_own_keys(commands: Iterable[Command]) -> None:
    """Refuse two different events under one key before anything is kept: the second could only fail later."""
    first: dict[CommandKey, Command] = {}
    for command in commands:
        earlier = first.setdefault(command.key, command)
        if earlier is not command and payload_of(earlier.event) != payload_of(command.event):
            message = "a command_id appears twice in one call with different content"
            raise InvalidEvent(message, OWN_COMMAND_ID).at(command.index)
