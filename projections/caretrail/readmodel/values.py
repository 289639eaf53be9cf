"""Values of the tables: columns as both databases give them, and placed findings made of them.

Both give and take the same values but for days, ids and flags, which SQLite keeps as text, bytes and numbers.
Values are read a column at a time: a list of findings costs a third of what it costs row by row.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pydantic_core import to_json

from caretrail.days import FOREVER, day_or_none, end_or_none
from caretrail.findings import Doubt, Finding, Outcome, Ruling
from caretrail.named import maker
from caretrail.readmodel.placed import Group, Placed
from caretrail.readmodel.schema import PLACED_COLUMNS

if TYPE_CHECKING:
    from caretrail.log.database import Row


@lru_cache(maxsize=20_000)
def stream_of(value: Any) -> UUID:
    """A stored stream id: SQLite gives its 16 bytes."""
    return UUID(bytes=value) if isinstance(value, bytes) else value


@lru_cache(maxsize=20_000)
def versions_of(text: str) -> tuple[int, ...]:
    """Read a JSON list of versions; there are many, and json.loads is slow on short texts."""
    return tuple(map(int, text[1:-1].split(","))) if len(text) > 2 else ()


@lru_cache(maxsize=2000)
def doubt_of(text: str | None) -> Doubt | None:
    """Read a doubt from its JSON; most findings have none."""
    return None if text is None else doubt_from(json.loads(text))


def doubt_from(values: Sequence[Any]) -> Doubt:
    """Read a doubt from the lists of its JSON."""
    documents, *outcomes = values
    counts, not_counts = (Outcome(verdict, day_or_none(due_on)) for verdict, due_on in outcomes)
    return Doubt(tuple(documents), counts, not_counts)


_day = lru_cache(maxsize=20_000)(day_or_none)
_end = lru_cache(maxsize=20_000)(end_or_none)


@lru_cache(maxsize=20_000)
def _shared(name: str | None) -> str | None:
    """One text for all that are alike: a long list has few programs and people, many times over."""
    return name


_GROUPS: dict[str | None, Group | None] = {None: None, **{group.value: group for group in Group}}

_READ: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("start_on", "first_on", "end_on", "due_on", "anchor", "held_on", "admitted_on"), _day),
    **dict.fromkeys(("first_day", "live_end"), _day),
    **dict.fromkeys(("program", "level", "clinician", "zone", "status"), _shared),
    "stream": stream_of,
    "until_on": _end,
    **dict.fromkeys(("quiet", "explained", "closed", "quarantined"), bool),
    "evidence": versions_of,
    "doubt": doubt_of,
    "in_group": _GROUPS.__getitem__,
}
"""How columns are read back, where the databases give something else than what was written."""

_WRITTEN: dict[str, Callable[[Any], Any]] = {
    "until_on": lambda day: day or FOREVER,
    "in_group": lambda group: None if group is None else str(group),
    "evidence": lru_cache(maxsize=20_000)(json.dumps),
    "doubt": lambda doubt: None if doubt is None else json.dumps(doubt, default=date.isoformat),
}
"""What columns hold, where that is something else than the value."""


def _each(
    change: Mapping[str, Callable[[Any], Any]], names: Iterable[str], columns: Iterable[Iterable[Any]]
) -> list[Iterable[Any]]:
    return [map(change[name], values) if name in change else values for name, values in zip(names, columns)]  # noqa: B905  # no rows have no columns


def read_values(names: Sequence[str], rows: Sequence[Row]) -> Iterator[tuple[Any, ...]]:
    """Rows of columns with these names, as the values that were written."""
    return zip(*_each(_READ, names, zip(*rows, strict=True)), strict=True)


def written(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]]:
    """Rows of values, as columns with these names hold them."""
    return list(zip(*_each(_WRITTEN, names, zip(*rows, strict=True)), strict=True))


_OWN = len(Placed._fields) - 1


def placed_from(rows: Sequence[Row]) -> Iterator[Placed]:
    """Read placed findings from PLACED_COLUMNS."""
    columns = _each(_READ, PLACED_COLUMNS, zip(*rows, strict=True))
    own = len(Finding._fields) - 1
    found = columns[_OWN:]
    rulings = map(maker(Ruling), zip(*found[own:], strict=True))
    findings = map(maker(Finding), zip(*found[:own], rulings, strict=True))
    return map(maker(Placed), zip(findings, *columns[:_OWN], strict=True))


def placed_values(placed: Iterable[Placed]) -> list[tuple[Any, ...]]:
    """The values of placed findings by PLACED_COLUMNS."""
    return [(*one[1:], *one.finding[:-1], *one.finding.ruling) for one in placed]


def digests(rows: Iterable[Sequence[Any]]) -> list[int]:
    """A number for each row that stands for its values: 64 bits of a hash; equal rows of one list get others."""
    numbers: dict[int, None] = {}
    for row in rows:
        text = to_json(row)
        number = _digest(text)
        while number in numbers:
            text += b"+"
            number = _digest(text)
        numbers[number] = None
    return list(numbers)


def _digest(text: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), signed=True)
