"""An event as recorded: its place in the log, and its content, decoded on demand."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Generic, cast

from typing_extensions import TypeVar

from caretrail.events import Event, EventBase, read_event
from caretrail.events.codec import kind_of
from caretrail.events.envelope import Traits

E_co = TypeVar("E_co", bound=EventBase, covariant=True, default=Event)


@dataclass(frozen=True, slots=True)
class StoredPayload:
    """The content of an event in its stored form: stored name, and canonical JSON."""

    name: str
    payload: bytes


DECODED_EVENTS = 2000
"""A few megabytes: deciding on a plan or an amendment reads the same events again and again."""

_decoded = lru_cache(maxsize=DECODED_EVENTS)(read_event)


@dataclass(slots=True, eq=False)
class Entry(Generic[E_co]):
    """An event as recorded; its `kind` is known without decoding it.

    A stored event stays in its stored form, so that an episode in memory takes no more than its payloads; a caller that
    reads all of it, and often, makes it of the event itself.
    """

    version: int
    position: int
    content: E_co | StoredPayload
    recorded_at: datetime
    recorded_by: str
    imported: bool = False
    source: str = ""
    command_id: str = ""
    kind: type[EventBase] = field(init=False)
    traits: Traits = field(init=False)
    """Those of its kind; to ask a pydantic class for them takes ten times as long."""

    def __post_init__(self) -> None:
        content = self.content
        # to ask a pydantic model `isinstance` is slow
        stored = content if type(content) is StoredPayload else None
        self.kind = cast("type[EventBase]", type(content)) if stored is None else kind_of(stored.name)
        self.traits = self.kind.traits

    @property
    def event(self) -> E_co:
        """The recorded event. Raises StoreNewer or StoreDamaged for a stored payload that cannot be read."""
        content = self.content
        if type(content) is StoredPayload:
            return cast(E_co, _decoded(content.name, content.payload))
        return cast(E_co, content)

    def confirm(self, stored: StoredPayload, position: int, recorded_at: datetime, recorded_by: str) -> None:
        """Turn an event just saved into its stored form, with its place, time and author from the store."""
        self.content = stored
        self.position, self.recorded_at, self.recorded_by = position, recorded_at, recorded_by
