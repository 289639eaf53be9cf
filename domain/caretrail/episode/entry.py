"""An event as recorded: where it stands in the log, and what it says, decoded on demand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Generic, cast

from typing_extensions import TypeVar

from caretrail.events import Event, EventBase, read_event
from caretrail.events.codec import kind_of

E_co = TypeVar("E_co", bound=EventBase, covariant=True, default=Event)


@dataclass(frozen=True, slots=True)
class StoredPayload:
    """An event as the store holds it: read only when somebody asks what it says."""

    name: str
    payload: bytes


DECODED_EVENTS = 2000
"""A few megabytes: whoever decides on a plan or an amendment reads the same events again and again."""

_decoded = lru_cache(maxsize=DECODED_EVENTS)(read_event)


class Entry(Generic[E_co]):
    """An event as recorded; its `kind` is known without decoding it.

    A stored event stays in its stored form, so that an episode in memory takes no more than its payloads; `decode` is
    for those who read all of it, and often.
    """

    __slots__ = (
        "_event", "_stored", "command_id", "imported", "kind",
        "position", "recorded_at", "recorded_by", "source", "version",
    )  # fmt: skip

    def __init__(
        self,
        version: int,
        position: int,
        event: E_co | StoredPayload,
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
        self._stored: StoredPayload | None = event if isinstance(event, StoredPayload) else None
        self._event: E_co | None = None if isinstance(event, StoredPayload) else event
        self.kind = kind_of(event.name) if isinstance(event, StoredPayload) else type(event)

    @property
    def event(self) -> E_co:
        """What was recorded. Raises StoreNewer or StoreDamaged if the stored payload cannot be read."""
        if self._event is None:
            assert self._stored is not None  # noqa: S101  # one of the two is always there
            return cast(E_co, _decoded(self._stored.name, self._stored.payload))
        return self._event

    def decode(self) -> None:
        """Read the stored payload now, and keep the event. Raises StoreNewer or StoreDamaged if it cannot be read."""
        if self._stored is not None:
            self._event = cast(E_co, read_event(self._stored.name, self._stored.payload))

    def confirm(self, stored: StoredPayload, position: int, recorded_at: datetime, recorded_by: str) -> None:
        """Turn an event just saved into its stored form, with what the store says about it."""
        self._stored, self._event = stored, None
        self.position, self.recorded_at, self.recorded_by = position, recorded_at, recorded_by
