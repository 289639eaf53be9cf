"""Episodes: which one is meant, those of a client or a program, and those that begin alike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from caretrail.errors import AmbiguousEpisode, UnknownName
from caretrail.reading.names import require
from caretrail.reading.query import NO_FILTERS, TODAY, Filters, Query, Selection
from caretrail.reading.question import Question
from caretrail.reading.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class CaseNumber(Question[str]):
    """The case number that is meant: exactly this one, or the only one beginning so.

    What is then asked about it is recorded, this is not. Raises UnknownName, or AmbiguousEpisode, which shows case
    numbers and is recorded.
    """

    name: ClassVar[str] = "case number"
    beginning: str
    query: Query = TODAY

    def answer(self, snapshot: Snapshot) -> str:
        """Find it."""
        if snapshot.rows(self.beginning) is not None:
            return self.beginning
        matches = snapshot.names(prefix=self.beginning) if self.beginning else []
        if not matches:
            raise UnknownName.of_episode()
        if len(matches) > 1:
            raise AmbiguousEpisode(matches)
        return matches[0]

    def shows(self, value: str, snapshot: Snapshot) -> Iterable[str]:
        """None: who asks named it."""
        del value, snapshot
        return ()


@dataclass(frozen=True, slots=True)
class EpisodesOfClient(Question[tuple[str, ...]]):
    """Case numbers of a client's episodes, in their order. Raises UnknownName."""

    name: ClassVar[str] = "episodes of a client"
    client: str
    query: Query = TODAY

    def answer(self, snapshot: Snapshot) -> tuple[str, ...]:
        """Find them."""
        require("client", self.client, snapshot)
        return tuple(sorted(snapshot.names(client=self.client)))

    def shows(self, value: tuple[str, ...], snapshot: Snapshot) -> Iterable[str]:
        """All of them."""
        del snapshot
        return value


@dataclass(frozen=True, slots=True)
class EpisodesOfProgram(Question[tuple[str, ...]]):
    """Case numbers of the episodes a program had on any day of the query's period, in their order.

    Like that of CaseNumber the answer is not recorded: what is asked about them, or handed out of them, is. Raises
    UnknownName.
    """

    name: ClassVar[str] = "episodes of a program"
    program: str
    query: Query

    def answer(self, snapshot: Snapshot) -> tuple[str, ...]:
        """Find them."""
        filters = Filters(programs={self.program}, closed=True)
        require("program", self.program, snapshot)
        return tuple(sorted(set(snapshot.in_program(Selection(snapshot.now, self.query, filters)))))

    def shows(self, value: tuple[str, ...], snapshot: Snapshot) -> Iterable[str]:
        """None."""
        del value, snapshot
        return ()


@dataclass(frozen=True, slots=True)
class OpenBeginning(Question[tuple[str, ...]]):
    """Case numbers of open episodes that begin so, at most `most`, in their order: for a shell that completes words."""

    name: ClassVar[str] = "completion"
    beginning: str
    most: int
    query: Query = TODAY

    def answer(self, snapshot: Snapshot) -> tuple[str, ...]:
        """Find them."""
        present = snapshot.open_on(Selection(snapshot.now, self.query, NO_FILTERS))
        return tuple(sorted(one.episode for one in present if one.episode.startswith(self.beginning))[: self.most])

    def shows(self, value: tuple[str, ...], snapshot: Snapshot) -> Iterable[str]:
        """All of them."""
        del snapshot
        return value
