"""A fact as recorded: where it stands in the log, and what it says, decoded on demand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Generic, cast

from typing_extensions import TypeVar

from caretrail.events import Fact, FactBase, read_fact
from caretrail.events.codec import kind_of

E_co = TypeVar("E_co", bound=FactBase, covariant=True, default=Fact)


@dataclass(frozen=True, slots=True)
class StoredFact:
    """A fact as the store holds it: read only when somebody asks what it says."""

    name: str
    payload: bytes


DECODED_FACTS = 2000
"""A few megabytes: whoever decides on a plan or an amendment reads the same facts again and again."""

_decoded = lru_cache(maxsize=DECODED_FACTS)(read_fact)


class Entry(Generic[E_co]):
    """A fact as recorded; its `kind` is known without decoding it.

    A stored fact stays in its stored form, so that an episode in memory takes no more than its payloads; `decode` is
    for those who read all of it, and often.
    """

    __slots__ = (
        "_fact", "_stored", "command_id", "imported", "kind",
        "position", "recorded_at", "recorded_by", "source", "version",
    )  # fmt: skip

    def __init__(
        self,
        version: int,
        position: int,
        fact: E_co | StoredFact,
        recorded_at: datetime,
        recorded_by: str,
        imported: bool = False,
        source: str = "",
        command_id: str = "",
    ) -> None:
        self.version = version
        self.position = position
        self.recorded_at = recorded_at
        self.recorded_by = recorded_by
        self.imported = imported
        self.source = source
        self.command_id = command_id
        self._stored: StoredFact | None = fact if isinstance(fact, StoredFact) else None
        self._fact: E_co | None = None if isinstance(fact, StoredFact) else fact
        self.kind = kind_of(fact.name) if isinstance(fact, StoredFact) else type(fact)

    @property
    def fact(self) -> E_co:
        """What was recorded. Raises StoreNewer or StoreDamaged if the stored payload cannot be read."""
        if self._fact is None:
            assert self._stored is not None  # noqa: S101  # one of the two is always there
            return cast(E_co, _decoded(self._stored.name, self._stored.payload))
        return self._fact

    def decode(self) -> None:
        """Read the stored payload now, and keep the fact. Raises StoreNewer or StoreDamaged if it cannot be read."""
        if self._stored is not None:
            self._fact = cast(E_co, read_fact(self._stored.name, self._stored.payload))

    def confirm(self, stored: StoredFact, position: int, recorded_at: datetime, recorded_by: str) -> None:
        """Turn a fact just saved into its stored form, with what the store says about it."""
        self._stored, self._fact = stored, None
        self.position, self.recorded_at, self.recorded_by = position, recorded_at, recorded_by
