"""Errors, one class per cause: a message built from ids and rules, never from values, and a way out.

Every error a caller may meet derives from `CaretrailError`. Its text is safe to print and to log: it names fields,
rules, versions and opaque ids, and never the content of an event.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final, Self

NO_EPISODE: Final = "no episode with that number"
NOT_AS_SENT: Final = "the database did not keep what was sent"
FOREIGN_OBJECTS: Final = (
    "look for triggers, rules and functions that 'caretrail init' did not make; run 'caretrail audit verify'"
)
VERIFY: Final = "stop writing, and run 'caretrail audit verify'"
SEE_CENSUS: Final = "'caretrail census' lists open episodes"


class CaretrailError(Exception):
    """Base of all our errors: `message` gives the cause, `hint` the next step, `code` the cause for programs."""

    code: ClassVar[str] = "error"
    reveals: Sequence[str] = ()
    """Case numbers in the text of the error: log them as viewed before showing it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


# --- a question cannot be answered ------------------------------------------------------------------------------


class UnknownName(CaretrailError):
    """A question names what does not exist: `kind` is program, clinician, author, rule, verdict, episode or client.

    `nearest` is the name probably meant, if any. Episodes and clients are never suggested: any case number belongs to
    a person.
    """

    code = "unknown_name"

    def __init__(self, message: str, hint: str, kind: str, nearest: str | None = None) -> None:
        super().__init__(message, f"did you mean {nearest}?" if nearest else hint)
        self.kind = kind
        self.nearest = nearest

    @classmethod
    def of_episode(cls) -> Self:
        """The error for a name that fits no episode."""
        return cls(NO_EPISODE, SEE_CENSUS, "episode")


class AmbiguousEpisode(CaretrailError):
    """The beginning of a case number fits several episodes; `reveals` names up to five."""

    code = "ambiguous_episode"

    def __init__(self, matches: Sequence[str], shown: int = 5) -> None:
        first = sorted(matches)[:shown]
        more = f" and {len(matches) - shown} more" if len(matches) > shown else ""
        words = f"{len(matches)} episodes begin like that: {', '.join(first)}{more}"
        super().__init__(words, "give more of the case number")
        self.reveals = tuple(first)


# --- an event cannot be taken -------------------------------------------------------------------------------------


class Refused(CaretrailError):
    """An event was not recorded; `index` is its place in a call that takes all or nothing, where one is to blame."""

    code = "refused"
    index: int | None = None

    def at(self, index: int) -> Self:
        """The same refusal, raised for the event at that place in the call."""
        same = type(self).__new__(type(self), *self.args)
        same.__dict__.update(self.__dict__, index=index)
        return same


class NotTold(Refused):
    """An event was refused; why would show another episode, and that access could not be recorded."""

    code = "not_told"

    def __init__(self) -> None:
        super().__init__(
            "refused, and the reason cannot be shown: it names another episode, and that access was not recorded",
            "send the event again once accesses can be recorded",
        )


class InvalidEvent(Refused):
    """An event is not of the published shape: the message names field and rule (see `caretrail schema`)."""

    code = "invalid"


class AccessAppended(InvalidEvent):
    """An access came as an event to append: only reading records accesses."""

    def __init__(self) -> None:
        super().__init__("an access is recorded by reading, never by append", "leave it out")


class VoidRefused(Refused):
    """A position that may not be voided, or an author who is no operator."""

    code = "void_refused"

    @classmethod
    def of_no_operator(cls) -> Self:
        """The refusal of whoever is no operator."""
        return cls("only an operator voids by position", "ask one: a login with the role caretrail_operator")


class Impossible(Refused):
    """An event contradicts recorded events, whose versions are `versions`."""

    code = "impossible"

    def __init__(self, message: str, hint: str = "", versions: Sequence[int] = ()) -> None:
        super().__init__(message, hint)
        self.versions = tuple(versions)


class UnknownEpisode(Refused):
    """No episode has that number."""

    code = "unknown_episode"

    def __init__(self, message: str = NO_EPISODE, hint: str = SEE_CENSUS) -> None:
        super().__init__(message, hint)


class CommandReused(Refused):
    """A `command_id` that is already recorded came again with other content."""

    code = "command_reused"

    def __init__(self, position: int) -> None:
        super().__init__(
            f"command_id is already recorded with other content, at position {position}",
            "send the first content again for its receipt, or choose a new command_id",
        )
        self.position = position


class ImportTooLate(Refused):
    """An import into an episode that has events recorded as they happened: it could date its reviews back."""

    code = "import_too_late"

    def __init__(self) -> None:
        super().__init__(
            "the episode already has events that were recorded as they happened, so nothing more is imported into it",
            "send it without --imported, or let an operator import it",
        )


class StayOverlap(Refused):
    """The client already has a stay in that program in these days, in the episode of `stream`."""

    code = "stay_overlap"

    def __init__(self, stream: str, episode: str = "") -> None:
        other = f"episode {episode}" if episode else "another episode"
        super().__init__(
            f"the client already has a stay in that program in these days, in {other}",
            "discharge that episode first, or correct the dates that overlap",
        )
        self.stream = stream
        self.episode = episode
        self.reveals = (episode,) if episode else ()


class ClientInTwoPlaces(Refused):
    """Merged, a client would have been twice in one program on the same days; `clashes` are two episodes, a program."""

    code = "client_in_two_places"

    def __init__(self, clashes: Sequence[tuple[str, str, str]]) -> None:
        pairs = "; ".join(dict.fromkeys(f"{one} and {other}" for one, other, _ in clashes))
        super().__init__(
            f"the client would have two stays in one program in the same days, in episodes {pairs}",
            "discharge one of each pair, correct the dates that overlap, or void what was entered for the wrong client",
        )
        self.clashes = tuple(clashes)
        self.reveals = tuple(dict.fromkeys(name for one, other, _ in clashes for name in (one, other)))


class VersionConflict(Refused):
    """Another writer appended to the episode after the caller read it; both versions are named."""

    code = "version_conflict"

    def __init__(self, stream: str, expected: int, actual: int) -> None:
        super().__init__(
            f"expected version {expected} of the episode, but it is at version {actual}",
            "read the episode again, then decide again",
        )
        self.stream = stream
        self.expected = expected
        self.actual = actual


# --- the store cannot be used -----------------------------------------------------------------------------------


class StoreError(CaretrailError):
    """The store could not be reached, is not ours, or is damaged."""

    code = "store"


class StoreUnreachable(StoreError):
    """No connection, a lock held too long, a disk that is full or read-only: trying again later may help."""

    code = "store_unreachable"


class StoreReadOnly(StoreUnreachable):
    """The store takes no writes: a standby, a copy, a file that may not be written."""

    code = "store_read_only"


class StoreForbidden(StoreError):
    """The login has no right to do that: trying again does not help, a grant does."""

    code = "store_forbidden"


class AccessNotRecorded(StoreError):
    """An access could not be recorded, so nothing was shown; `read_only` if the store takes no writes."""

    code = "access_not_recorded"

    def __init__(self, cause: CaretrailError, *, read_only: bool = False) -> None:
        super().__init__(f"nothing is shown, because this access cannot be recorded: {cause.message}", cause.hint)
        self.read_only = read_only


class StoreInsecure(StoreError):
    """The connection would leave this machine, and nothing would prove that the right server answers."""

    code = "store_insecure"


class StoreNotInitialized(StoreError):
    """There is no Caretrail store at that place yet."""

    code = "store_not_initialized"

    def __init__(self, store: str) -> None:
        super().__init__(f"there is no Caretrail store at {store}", "run 'caretrail init'")


class StoreForeign(StoreError):
    """Something other than a Caretrail store is at that place."""

    code = "store_foreign"


class StoreNewer(StoreError):
    """The store was written by a newer Caretrail."""

    code = "store_newer"


class StoreOlder(StoreError):
    """The store was made by an older Caretrail and has not been upgraded yet."""

    code = "store_older"

    def __init__(self, store: str, schema: int, needed: int) -> None:
        message = f"{store} was made by an older Caretrail (schema {schema}, this one needs {needed})"
        super().__init__(message, "back up the store and stop all writers, then run 'caretrail init' to upgrade it")


class StaleReadModel(StoreError):
    """The rows for a list are behind the log by `events` events, the oldest of them `seconds` old.

    Nothing is shown, unless the question allows it; the answer is then marked as stale.
    """

    code = "stale_read_model"

    def __init__(self, message: str, hint: str, events: int, seconds: int) -> None:
        super().__init__(message, hint)
        self.events = events
        self.seconds = seconds


class StoreDamaged(StoreError):
    """The store contains data that cannot have been recorded."""

    code = "store_damaged"


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


class RolesRefused(CaretrailError):
    """Roles cannot be made there: the store has none of its own, or the login may not."""

    code = "roles_refused"


# --- the rules cannot be read -----------------------------------------------------------------------------------


class PackInvalid(CaretrailError):
    """A policy pack is not usable: the message names file, rule and field; `problem` is the fault alone."""

    code = "pack_invalid"

    def __init__(self, message: str, hint: str = "", problem: str = "") -> None:
        super().__init__(message, hint)
        self.problem = problem


class PackUnknown(CaretrailError):
    """No policy pack of that name is installed."""

    code = "pack_unknown"
