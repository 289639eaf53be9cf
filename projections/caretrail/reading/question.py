"""The base classes of questions: frozen values that are answered from a snapshot of the store."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from caretrail.reading.query import NO_FILTERS, TODAY, Filters, Query

if TYPE_CHECKING:
    from caretrail.reading.snapshot import Snapshot

T = TypeVar("T")


class Question(ABC, Generic[T]):
    """A question about episodes, as a frozen dataclass.

    `name` is its name in the access log. `needs_record` is false for a question that is answered even when the store
    takes no writes and the access cannot be logged: only the census, so that a standby can still tell who is in care.
    `is_sampled` and `needs_day` are false for a question that only finds a case number: what is asked about it next is
    checked, and needs a day.
    """

    __slots__ = ()

    name: ClassVar[str]
    needs_record: ClassVar[bool] = True
    is_sampled: ClassVar[bool] = True
    needs_day: ClassVar[bool] = True
    query: Query
    filters: Filters = NO_FILTERS

    @abstractmethod
    def answer(self, snapshot: Snapshot) -> T:
        """Answer from a snapshot."""

    @abstractmethod
    def shows(self, value: T) -> Iterable[str | None]:
        """Case numbers of the episodes in the answer, for the access log; None for a row of a program.

        The reader adds the episodes that the filters name: an empty list about them is an access, too.
        """

    def moments(self) -> Iterable[datetime]:
        """The times whose knowledge it asks for: before it is answered, appends in progress then are waited for."""
        return [self.query.known_at] if isinstance(self.query.known_at, datetime) else []

    def about(self) -> Iterable[str]:
        """Case numbers that a failure to answer tells something about."""
        return ()

    def numbers(self) -> Iterable[str]:
        """Numbers of episodes and clients that it names: where nothing has them, that is an attempt to record."""
        return {*self.filters.episodes, *self.filters.clients}


@dataclass(frozen=True, slots=True)
class ListQuestion(Question[T]):
    """A question about many episodes: its days and knowledge, and which of the episodes it is about."""

    query: Query = TODAY
    filters: Filters = NO_FILTERS


class PartedQuestion(Question[T]):
    """A question whose answer may be too long to be held: it is given in parts, from the log alone.

    Each part is a value by itself; `Reader.parts` records the access of each before it gives it.
    """

    __slots__ = ()

    @abstractmethod
    def parts(self, snapshot: Snapshot) -> Iterator[T]:
        """The parts of the answer, at least one."""

    @abstractmethod
    def joined(self, parts: Iterable[T]) -> T:
        """The whole answer."""

    def answer(self, snapshot: Snapshot) -> T:
        """Answer from a snapshot, at once."""
        return self.joined(self.parts(snapshot))


class ShowsNoEpisode(Question[T]):
    """A question whose answer shows no record: a count, or a case number the caller named."""

    __slots__ = ()

    def shows(self, value: T) -> Iterable[str]:
        """None."""
        del value
        return ()


class OneEpisode(Question[T]):
    """A question about one episode; a failure to answer is an access to that episode, too."""

    __slots__ = ()

    episode: str

    def shows(self, value: T) -> Iterable[str]:
        """The episode."""
        del value
        return (self.episode,)

    def about(self) -> Iterable[str]:
        """The episode."""
        return (self.episode,)

    def numbers(self) -> Iterable[str]:
        """The episode."""
        return (self.episode,)
