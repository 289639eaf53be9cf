"""Acts: facts on their way through one call, each under the command it is sent by, and the receipts they end with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from caretrail.errors import InvalidFact, Refused
from caretrail.facts import EpisodeFact, Fact
from caretrail.facts.codec import payload_of
from caretrail.recording.events import RecordedEvent
from caretrail.recording.leaf import leaf_hash
from caretrail.recording.recorder import Command


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


@dataclass(slots=True)
class Act:
    """One fact on its way: the command it is sent under stays the same over all attempts."""

    number: int
    fact: Fact
    stream: UUID
    command: Command
    asked: bool
    """Whether its command has been looked up; one made here cannot be known before a first attempt."""
    outcome: Receipt | Refused | None = None


def receipt_of(fact: Fact, row: RecordedEvent) -> Receipt:
    """Say what the store says of the fact of this row."""
    episode = fact.episode if isinstance(fact, EpisodeFact) else None
    return Receipt(episode, row.originator_version, row.position, row.recorded_at, leaf_hash(row).hex())


def require_own_commands(acts: Iterable[Act]) -> None:
    """Refuse two different facts under one command before anything is kept: the second could only fail later."""
    first: dict[Command, Act] = {}
    for act in acts:
        earlier = first.setdefault(act.command, act)
        if earlier is not act and payload_of(earlier.fact) != payload_of(act.fact):
            refusal = InvalidFact(
                "a command_id appears twice in one call with different content",
                "send the second fact with its own command_id",
            )
            refusal.index = act.number
            raise refusal


def first_of_each(acts: Iterable[Act]) -> list[Act]:
    """Keep the first act of each command."""
    first: dict[Command, Act] = {}
    for act in acts:
        first.setdefault(act.command, act)
    return list(first.values())
