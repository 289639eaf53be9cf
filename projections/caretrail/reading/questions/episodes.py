"""Episodes: one whole, which one is meant, those of a client or a program, and those that begin alike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from caretrail.errors import AmbiguousEpisode, UnknownName
from caretrail.reading.names import require
from caretrail.reading.query import NO_FILTERS, TODAY, Filters, Query, Selection
from caretrail.reading.question import OneEpisode, Question, ShowsNoEpisode
from caretrail.reading.snapshot import Snapshot

if TYPE_CHECKING:
    from caretrail.reading.episode_view import EpisodeView


@dataclass(frozen=True, slots=True)
class WholeEpisode(OneEpisode["EpisodeView"]):
    """One episode whole: its events, how they count, and everything the rules say of it. Raises UnknownName."""

    name: ClassVar[str] = "episode"
    episode: str
    query: Query = TODAY

    def answer(self, snapshot: Snapshot) -> EpisodeView:
        """Fold it from the log."""
        return snapshot.view(self.episode)


@dataclass(frozen=True, slots=True)
class CaseNumber(ShowsNoEpisode[str]):
    """The case number that equals a text, or the only one that begins with it.

    The next question, about that episode, is recorded. Raises UnknownName, or AmbiguousEpisode, which shows case
    numbers and is recorded.
    """

    name: ClassVar[str] = "case number"
    is_sampled: ClassVar[bool] = False
    needs_day: ClassVar[bool] = False
    beginning: str
    query: Query = TODAY

    def answer(self, snapshot: Snapshot) -> str:
        """Find it."""
        if snapshot.exists(self.beginning):
            return self.beginning
        matches = snapshot.names(prefix=self.beginning) if self.beginning else []
        if not matches:
            raise UnknownName.of_episode()
        if len(matches) > 1:
            raise AmbiguousEpisode(matches)
        return matches[0]

    def numbers(self) -> Iterable[str]:
        """What was asked for."""
        return (self.beginning,)


@dataclass(frozen=True, slots=True)
class EpisodesOfClient(Question[tuple[str, ...]]):
    """Case numbers of a client's episodes, sorted. Raises UnknownName."""

    name: ClassVar[str] = "episodes of a client"
    client: str
    query: Query = TODAY

    def answer(self, snapshot: Snapshot) -> tuple[str, ...]:
        """Find them."""
        require("client", self.client, snapshot)
        return tuple(sorted(snapshot.names(client=self.client)))

    def numbers(self) -> Iterable[str]:
        """The client."""
        return (self.client,)

    def shows(self, value: tuple[str, ...]) -> Iterable[str]:
        """All of them."""
        return value


@dataclass(frozen=True, slots=True)
class EpisodesOfProgram(ShowsNoEpisode[tuple[str, ...]]):
    """Case numbers of the episodes a program had on any day of the query's period, sorted.

    As with CaseNumber, the next question about them is recorded. Raises UnknownName.
    """

    name: ClassVar[str] = "episodes of a program"
    program: str
    query: Query

    def answer(self, snapshot: Snapshot) -> tuple[str, ...]:
        """Find them."""
        require("program", self.program, snapshot)
        selection = Selection(snapshot.now, self.query, Filters(programs={self.program}))
        return tuple(sorted({one.episode for one in snapshot.open_in(selection)}))


@dataclass(frozen=True, slots=True)
class OpenBeginning(Question[tuple[str, ...]]):
    """Case numbers of open episodes that begin with a text, sorted, at most `most`: for completion in a shell."""

    name: ClassVar[str] = "completion"
    is_sampled: ClassVar[bool] = False
    needs_day: ClassVar[bool] = False
    beginning: str
    most: int
    query: Query = TODAY

    def answer(self, snapshot: Snapshot) -> tuple[str, ...]:
        """Find them."""
        present = snapshot.open_in(Selection(snapshot.now, self.query, NO_FILTERS))
        return tuple(sorted(one.episode for one in present if one.episode.startswith(self.beginning))[: self.most])

    def shows(self, value: tuple[str, ...]) -> Iterable[str]:
        """All of them."""
        return value
