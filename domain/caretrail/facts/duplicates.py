"""Whether a line says something twice: JSON allows it, parsers differ in which of the two counts, so it is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, cast

from caretrail.facts.parts import Part

_APART = re.compile(rb'"[ \t\r\n]+:')


def names_twice(data: bytes, parsed: Part) -> bool:
    """Whether an object in a line has two members of one name; `parsed` is what was read of the line.

    Usually counting is enough: where nothing is escaped, every name stands right before a colon.
    """
    if b"\\" not in data and data.count(b'":') == _members(parsed) and not _APART.search(data):
        return False
    try:
        json.loads(data, object_pairs_hook=_object)
    except _TwiceError:
        return True
    return False


class _TwiceError(Exception):
    """A name came again."""


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _TwiceError
    return members


def _members(value: object) -> int:
    """How many members the objects of a value have, each name of an object once."""
    if isinstance(value, Part):
        count, held = len(value.__pydantic_fields_set__), value.__dict__
        for name in _composite(type(value)):
            if (inner := held[name]) is not None:
                count += _members(inner)
        return count
    if isinstance(value, dict):
        inside = cast("dict[str, object]", value).values()
        return len(inside) + sum(map(_members, inside))
    if isinstance(value, list | tuple):
        return sum(map(_members, cast("Sequence[object]", value)))
    return 0


@lru_cache(maxsize=100)
def _composite(cls: type[Part]) -> tuple[str, ...]:
    """The fields of a part that may hold objects; one missed here would only make the look at its line a slow one."""
    return tuple(
        name for name, field in cls.model_fields.items() if re.search(r"dict|tuple|parts\.", str(field.annotation))
    )
