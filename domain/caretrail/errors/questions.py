"""A question cannot be answered, because it names what does not exist, or not one thing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from caretrail.errors.base import NO_EPISODE, SEE_CENSUS, CaretrailError


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
