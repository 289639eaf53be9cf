"""How far a call is kept: on the server that took it, or on a standby too, where that server is told to wait for one.

PostgreSQL acknowledges a commit also when the wait for the standby was cut short, with no more than a warning. So each
writing statement says under which settings it ran, and what its commit warned of is heard.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final, NamedTuple

from caretrail.errors import NotReplicated
from caretrail.log.records import RecordedEvent
from caretrail.tokens import Durability

WAITING: Final = frozenset({"on", "remote_write", "remote_apply"})
"""Values of `synchronous_commit` by which a commit waits for a standby."""

HIDING: Final = frozenset({"error", "fatal", "panic"})
"""Values of `client_min_messages` by which the warning of a wait cut short is not sent."""


class Kept(list[RecordedEvent]):
    """The rows that a call has stored, or had stored by an earlier attempt, and how far they are kept."""

    def __init__(self, rows: Iterable[RecordedEvent], durability: Durability) -> None:
        super().__init__(rows)
        self.durability: Durability = durability


class Commit(NamedTuple):
    """The settings of a call, as the server told in the statement that wrote, and when, by its clock."""

    synchronous_commit: str
    synchronous_standby_names: str
    max_wal_senders: str
    client_min_messages: str
    at: datetime

    @property
    def waits_for_standbys(self) -> bool:
        """Whether the server is told to wait for standbys; one that may send nothing does not."""
        return self.synchronous_standby_names != "" and self.max_wal_senders != "0"


def durability_of(commit: Commit, store: str, *, cut_short: bool) -> Durability:
    """Tell how far a committed call is kept; `cut_short` is whether the server warned that it did not wait.

    Raises NotReplicated if the server is told to wait for a standby, and that cannot be said to have happened.
    """
    if not commit.waits_for_standbys:
        return "local"
    if commit.synchronous_commit not in WAITING:
        raise NotReplicated.weakened(store, "synchronous_commit", commit.synchronous_commit)
    if commit.client_min_messages in HIDING:
        raise NotReplicated.weakened(store, "client_min_messages", commit.client_min_messages)
    if cut_short:
        raise NotReplicated.cut_short(store)
    return "replicated"
