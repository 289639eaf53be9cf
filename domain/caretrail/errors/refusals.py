"""An event cannot be taken: what of it, or of the record, is in the way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from caretrail.errors.base import NO_EPISODE, SEE_CENSUS, CaretrailError


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
