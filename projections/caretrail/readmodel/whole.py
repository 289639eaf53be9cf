"""Everything that is kept of an episode as one value: compressed JSON, read back exactly as it was computed.

Named tuples are written column by column: that takes half of the time of writing them one by one.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple
from uuid import UUID

from pydantic_core import to_json

from caretrail.days import day_or_none
from caretrail.errors import StoreDamaged
from caretrail.findings import Eligibility, Finding, Ruling
from caretrail.named import maker
from caretrail.readmodel.placed import Group
from caretrail.readmodel.rows import EpisodeRows, GroupRecord, Quarantined, Span, UnderPolicy
from caretrail.readmodel.values import doubt_from

FIELDS = tuple(EpisodeRows.__slots__)
FASTEST = 1
"""The level of compression: a tenth of the size for a hundredth of the time of judging."""

DAMAGED = "run 'caretrail projection check' to see what differs, and 'caretrail projection rebuild' to make it again"


def to_bytes(rows: EpisodeRows) -> bytes:
    """Write an episode as one value."""
    values = {name: getattr(rows, name) for name in FIELDS}
    values |= {name: _columns(values[name]) for name in _TABLES}
    # of an enumeration `to_json` asks each value by a property in Python
    values["groups"] = [None if group is None else str(group) for group in rows.groups]
    if rows.findings:
        *own, rulings = values["findings"]
        values["findings"] = [*own, _columns(rulings)]
    return zlib.compress(to_json([*values.values()]), FASTEST)


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The values of named tuples, field by field; nothing if there are none."""
    return list(zip(*rows, strict=True))


def from_bytes(value: bytes) -> EpisodeRows:
    """Read an episode back. Raises StoreDamaged for anything that `to_bytes` did not write."""
    try:
        values = dict(zip(FIELDS, json.loads(zlib.decompress(value)), strict=True))
        return EpisodeRows(**{name: _READ[name](found) if name in _READ else found for name, found in values.items()})
    except (zlib.error, ValueError, TypeError, KeyError, AttributeError):
        raise StoreDamaged("what the read models keep of an episode cannot be read", DAMAGED) from None


_TABLES: Final = ("findings", "spans", "eligibility", "under_policy", "group_records")
"""Fields that are named tuples of one kind."""

_DAYS: Final = frozenset({"start", "until", "end", "due_on", "anchor", "holds_through", "held_on"})
"""Fields of named tuples that are days."""

_day = lru_cache(maxsize=20_000)(day_or_none)


def _rows(kind: type[NamedTuple], columns: Sequence[Sequence[Any]], **read: Callable[[Any], Any]) -> tuple[Any, ...]:
    """Named tuples from their columns; `read` is for fields that JSON gives otherwise, but for days."""
    if not columns:
        return ()
    change = dict.fromkeys(_DAYS, _day) | read
    named = zip(kind._fields, columns, strict=True)
    read_back = (map(change[name], one) if name in change else one for name, one in named)
    return tuple(map(maker(kind), zip(*read_back, strict=True)))


def _findings(columns: Sequence[Any]) -> tuple[Finding, ...]:
    if not columns:
        return ()
    rulings = _rows(Ruling, columns[-1], evidence=tuple, doubt=lambda found: found and doubt_from(found))
    return _rows(Finding, [*columns[:-1], rulings])


def _groups(found: Sequence[str | None]) -> tuple[Group | None, ...]:
    return tuple(None if name is None else Group(name) for name in found)


def _quarantined(found: Sequence[Any] | None) -> Quarantined | None:
    return None if found is None else Quarantined(UUID(found[0]), *found[1:])


_READ: dict[str, Callable[[Any], Any]] = {
    "stream": UUID,
    **dict.fromkeys(("first_day", "admitted_on", "ended_on"), day_or_none),
    "findings": _findings,
    "groups": _groups,
    "spans": lambda found: _rows(Span, found),
    "eligibility": lambda found: _rows(Eligibility, found, reasons=tuple, evidence=tuple),
    "quarantined": _quarantined,
    "under_policy": lambda found: _rows(UnderPolicy, found),
    "group_records": lambda found: _rows(GroupRecord, found),
}
"""How fields are read that JSON gives otherwise than they were."""
