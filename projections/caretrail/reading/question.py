"""What a question is: a frozen value that can be answered from a snapshot of the store."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from caretrail.reading.query import NO_FILTERS, Filters, Query

if TYPE_CHECKING:
    from caretrail.reading.snapshot import Snapshot

T = TypeVar("T")


class Question(ABC, Generic[T]):
    """A question about episodes: a frozen dataclass, so that it can be kept, compared and sent.

    `name` is how the access log calls it. `needs_record` is false where an answer is given even though no access can
    be recorded, as while the primary is away: only of a census, or nobody would know who is in care.
    """

    __slots__ = ()

    name: ClassVar[str]
    needs_record: ClassVar[bool] = True
    query: Query
    filters: Filters = NO_FILTERS

    @abstractmethod
    def answer(self, snapshot: Snapshot) -> T:
        """Answer from a snapshot."""

    @abstractmethod
    def shows(self, value: T, snapshot: Snapshot) -> Iterable[str]:
        """Case numbers of the episodes whose record the answer shows."""

    def about(self) -> Iterable[str]:
        """Case numbers of which already a failure says something."""
        return ()


class OneEpisode(Question[T]):
    """A question about one episode: what goes wrong with one that is there says something of it, too."""

    __slots__ = ()

    episode: str

    def shows(self, value: T, snapshot: Snapshot) -> Iterable[str]:
        """The episode."""
        del value, snapshot
        return (self.episode,)

    def about(self) -> Iterable[str]:
        """The episode."""
        return (self.episode,)


def named_by(filters: Filters, snapshot: Snapshot) -> list[str]:
    """Episodes that filters ask for by number or client, as far as there are such."""
    named = [name for name in filters.episodes if snapshot.rows(name) is not None]
    return named + [name for client in filters.clients for name in snapshot.names(client=client)]
