"""The store holds, or returns, what cannot have been recorded: nothing is acknowledged, and nothing shown."""

from __future__ import annotations

from typing import Final, Self

from caretrail.errors.store import StoreError

NOT_AS_SENT: Final = "the database did not keep what was sent"
FOREIGN_OBJECTS: Final = (
    "look for triggers, rules and functions that 'caretrail init' did not make; run 'caretrail audit verify'"
)
SEE_WHICH_LOG: Final = (
    "find the last event that both have, by its leaf, and go on from there; run 'caretrail audit verify'"
)
VERIFY: Final = "stop writing, and run 'caretrail audit verify'"


class StoreDamaged(StoreError):
    """The store contains data that cannot have been recorded."""

    code = "store_damaged"


class LogDiverged(StoreDamaged):
    """The log does not go on from where its reader stopped: there is another event at that place, or none.

    So it is where a standby took over that lacked the last events, where an old backup was restored, and where the log
    was altered. What the reader has of it may be in no log any more.
    """

    code = "log_diverged"

    @classmethod
    def at(cls, store: str, position: int) -> Self:
        """The error for another event at the position."""
        return cls(f"{store}: position {position} holds another event than the one that was read there", SEE_WHICH_LOG)

    @classmethod
    def without(cls, store: str, position: int) -> Self:
        """The error for no event at the position."""
        return cls(f"{store}: position {position}, which was read, is not in the log", SEE_WHICH_LOG)


class HiddenEvents(StoreDamaged):
    """An event of an episode is hidden, gone, altered, or among those of another episode."""

    code = "hidden_events"

    @classmethod
    def missing(cls, version: int) -> Self:
        """The error for a version that is not there, or not where it belongs."""
        return cls(f"event {version} of the episode is hidden or gone", VERIFY)

    @classmethod
    def missing_at(cls, position: int) -> Self:
        """The error for a position within the log at which there is no event."""
        return cls(f"the event at position {position} is hidden or gone", VERIFY)

    @classmethod
    def cut_off(cls, store: str, position: int, newest: int) -> Self:
        """The error for a log that ends before a position that rows were made from."""
        return cls(
            f"{store}: the read models are at position {position}, but the log ends at position {newest}",
            "events are missing: change nothing, and run 'caretrail audit verify'",
        )

    @classmethod
    def missing_after(cls, version: int, newest: int) -> Self:
        """The error for an episode that ends at a version, where the rows made from it hold more."""
        return cls(f"the rows of the episode hold event {newest}, and the log shows none after {version}", VERIFY)

    @classmethod
    def upto(cls, version: int) -> Self:
        """The error for an episode that cannot be judged because of an event, or of one before it."""
        return cls(f"event {version} of the episode, or one before it, is hidden, gone or of another one", VERIFY)

    @classmethod
    def altered(cls, version: int) -> Self:
        """The error for an event whose leaf is not the one in the tiles of the ledger."""
        return cls(f"event {version} of the episode is not the one in the ledger's tiles", VERIFY)

    @classmethod
    def foreign(cls, version: int) -> Self:
        """The error for an event that names another episode than the one it is read for."""
        return cls(f"event {version} of the episode is of another one: the log was changed", VERIFY)


class RowsDiffer(StoreDamaged):
    """The rows that an answer rests on are not what the log says: nothing is shown."""

    code = "rows_differ"

    @classmethod
    def of(cls, store: str, who: str) -> Self:
        """The error for a store, and who may make the rows again."""
        return cls(
            f"{store}: nothing is shown, because rows of the read models are not what the log says",
            "run 'caretrail projection check' to see which; "
            f"'caretrail projection rebuild', run as {who}, makes them again",
        )


class NotStored(StoreDamaged):
    """The database did not keep what it was sent, or does not say so: nothing is acknowledged, and nothing shown."""

    code = "not_stored"

    @classmethod
    def of(cls, store: str, what: str = NOT_AS_SENT) -> Self:
        """The error for a store, and what of its reply tells."""
        return cls(f"{store}: {what}", FOREIGN_OBJECTS)
