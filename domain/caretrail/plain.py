"""Values as JSON: records become objects, their fields in order under their published names."""

from __future__ import annotations

import dataclasses
from datetime import date
from typing import Any
from uuid import UUID

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
    if dataclasses.is_dataclass(value):
        shown = (field.name for field in dataclasses.fields(value) if field.metadata.get("json", True))
        return {PUBLISHED.get(name, name): as_json(getattr(value, name)) for name in shown}
    if named := getattr(value, "_asdict", None):
        return as_json(named())
    if hasattr(value, "items"):  # a mapping
        return {PUBLISHED.get(key, key): as_json(item) for key, item in value.items()}
    if hasattr(value, "model_dump"):  # a part of an event
        return value.model_dump(mode="json", exclude_none=True)
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, bytes):
        return value.hex()
    return [as_json(item) for item in value]
