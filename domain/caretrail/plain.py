"""Values as JSON: records become objects, their fields in order under their published names."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Iterable, Mapping
from datetime import date
from functools import cache
from typing import Any, cast
from uuid import UUID

_SCALARS = frozenset({str, int, float, bool, type(None)})

PUBLISHED = {"start": "from"}
"""Fields that are called otherwise in JSON."""


def as_json(value: Any) -> Any:
    """A value as JSON holds it: days and instants as ISO text, bytes in hex.

    A record hides a field with `metadata={"json": False}`.
    """
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, date):  # an instant is one, too
        return value.isoformat()
    if (fields := fields_of(value)) is not None:
        return {name: item if type(item) in _SCALARS else as_json(item) for name, item in fields}
    if hasattr(value, "model_dump"):  # a part of an event
        return value.model_dump(mode="json", exclude_none=True)
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, bytes):
        return value.hex()
    return [as_json(item) for item in value]


def fields_of(value: Any) -> Iterable[tuple[str, Any]] | None:
    """The fields of a record or a mapping under their published names, their values as they are; None for others."""
    if shown := _shown(cast(Hashable, type(value))):
        return [(published, getattr(value, name)) for name, published in shown]
    if named := getattr(value, "_asdict", None):
        value = named()
    if hasattr(value, "items"):
        mapping = cast("Mapping[str, Any]", value)
        return [(PUBLISHED.get(key, key), item) for key, item in mapping.items()]
    return None


def field_names(kind: type) -> list[str]:
    """The published names of the fields of a kind of record, in their order."""
    return [published for _, published in _shown(cast(Hashable, kind))]


@cache
def _shown(kind: Any) -> tuple[tuple[str, str], ...]:
    """The fields of a record that are shown, with their published names; looked up once, as lists have many rows."""
    if not dataclasses.is_dataclass(kind):
        return ()
    shown = (field.name for field in dataclasses.fields(kind) if field.metadata.get("json", True))
    return tuple((name, PUBLISHED.get(name, name)) for name in shown)
