"""Events to and from the store: one canonical payload, a closed registry of stored names with upcasts.

A stored name is `type/schema`, for example `plan_reviewed/1`; `;imported` behind it marks a historical load. A name
that is not in the registry is refused: reading a row never imports anything.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from pydantic import ValidationError

from caretrail.errors import StoreDamaged, StoreNewer
from caretrail.events.catalog import EVENT_TYPES, Event
from caretrail.events.envelope import EventBase

IMPORTED = ";imported"

_OF_THE_COMMAND = {"command_id", "source", "expected_version"}
"""The first two have columns of their own; the last is true before the event is recorded, and never afterward."""

UPCASTS: dict[tuple[str, int], Callable[[dict[str, Any]], dict[str, Any]]] = {}
"""`(type, schema)` of an old payload → the payload one schema later. Every released schema stays readable for ever."""


def payload_of(event: Event) -> bytes:
    """The canonical JSON of an event, as stored: without nulls, and without the fields of the sending."""
    return event.model_dump_json(by_alias=True, exclude_none=True, exclude=_OF_THE_COMMAND).encode()


def stored_name(event: Event, *, imported: bool = False) -> str:
    """The stable name an event is stored under."""
    return f"{event.type}/{event.schema_number}{IMPORTED if imported else ''}"


def is_imported(name: str) -> bool:
    """Whether a stored name marks a historical load."""
    return name.endswith(IMPORTED)


def stored_names(kinds: Iterable[type[EventBase]]) -> list[str]:
    """Every name that events of these kinds are stored under, of every schema this program knows."""
    return [
        f"{cls.model_fields['type'].default}/{schema}{imported}"
        for cls in kinds
        for schema in range(1, cls.schema_number + 1)
        for imported in ("", IMPORTED)
    ]


@lru_cache(maxsize=1000)
def kind_of(name: str) -> type[EventBase]:
    """The model of a stored name, without reading anything.

    Raises StoreNewer for a name or schema this program does not know yet.
    """
    kind, _, schema = name.removesuffix(IMPORTED).partition("/")
    cls = EVENT_TYPES.get(kind)
    if cls is None or not schema.isdecimal():
        raise StoreNewer("a stored event has a name this program does not know", "upgrade Caretrail, then try again")
    if int(schema) > cls.schema_number:
        raise StoreNewer("a stored event was written by a newer Caretrail", "upgrade Caretrail, then try again")
    return cls


def read_event(name: str, payload: bytes) -> Event:
    """Read a stored event, upcasting an old schema.

    Raises StoreNewer as `kind_of` does, StoreDamaged for a payload that is not such an event.
    """
    cls = kind_of(name)
    schema = _schema_of(name)
    try:
        if schema < cls.schema_number:
            payload = _upcast(cls.model_fields["type"].default, schema, cls.schema_number, payload)
        event = cls.__pydantic_validator__.validate_json(payload)  # half a microsecond less than by the method
    except (ValidationError, ValueError, KeyError):
        raise StoreDamaged(
            f"a stored {cls.model_fields['type'].default} cannot be read",
            "run 'caretrail projection check' to see which episodes are affected",
        ) from None
    return event  # type: ignore[no-any-return]  # the registry holds exactly the members of the union


@lru_cache(maxsize=1000)
def _schema_of(name: str) -> int:
    """The schema number of a stored name that is known."""
    return int(name.removesuffix(IMPORTED).partition("/")[2])


def _upcast(kind: str, schema: int, newest: int, payload: bytes) -> bytes:
    data = json.loads(payload)
    for number in range(schema, newest):
        data = UPCASTS[kind, number](data)
    return json.dumps(data).encode()
