"""Everything that is kept of an episode as one value: compressed JSON, read back exactly as it was computed."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from caretrail.days import day_or_none
from caretrail.errors import StoreDamaged
from caretrail.findings import Doubt, Eligibility, Finding, Outcome, Ruling
from caretrail.readmodel.placed import Group
from caretrail.readmodel.rows import EpisodeRows, GroupRecord, Quarantined, Span, UnderPolicy

T = TypeVar("T", bound=NamedTuple)

FIELDS = tuple(EpisodeRows.__slots__)
FASTEST = 1
"""The level of compression: a tenth of the size for a hundredth of the time of judging."""

DAMAGED = "run 'caretrail projection check' to see what differs, and 'caretrail projection rebuild' to make it again"


def to_bytes(rows: EpisodeRows) -> bytes:
    """Write an episode as one value."""
    values = [getattr(rows, name) for name in FIELDS]
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":"), default=_plain)
    return zlib.compress(text.encode(), FASTEST)


def from_bytes(value: bytes) -> EpisodeRows:
    """Read an episode back. Raises StoreDamaged for anything that `to_bytes` did not write."""
    try:
        values = dict(zip(FIELDS, json.loads(zlib.decompress(value)), strict=True))
        return EpisodeRows(**{name: _READ[name](found) if name in _READ else found for name, found in values.items()})
    except (zlib.error, ValueError, TypeError, KeyError, AttributeError):
        raise StoreDamaged("what the read models keep of an episode cannot be read", DAMAGED) from None


def _plain(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError


def _each(kind: type[T], days: Iterable[str] = (), lists: Iterable[str] = ()) -> Callable[[Sequence[Any]], Any]:
    """Read a list of named tuples, of which some fields are days and some are lists."""
    names = kind._fields
    change = {names.index(name): day_or_none for name in days} | {names.index(name): tuple for name in lists}

    def one(values: list[Any]) -> T:
        for place, read in change.items():
            values[place] = read(values[place])
        return kind._make(values)

    return lambda found: tuple(map(one, found))


def _findings(found: Sequence[list[Any]]) -> tuple[Finding, ...]:
    return tuple(map(_finding, found))


def _finding(values: list[Any]) -> Finding:
    ruling = dict(zip(Ruling._fields, values.pop(), strict=True))
    ruling |= {name: day_or_none(ruling[name]) for name in ("due_on", "anchor")}
    ruling["evidence"] = tuple(ruling["evidence"])
    ruling["doubt"] = None if ruling["doubt"] is None else doubt_from(ruling["doubt"])
    own = dict(zip(Finding._fields, values, strict=False))
    own |= {name: day_or_none(own[name]) for name in ("start", "until")}
    return Finding(**own, ruling=Ruling(**ruling))


def doubt_from(values: Sequence[Any]) -> Doubt:
    """Read a doubt from the lists of its JSON."""
    documents, *outcomes = values
    counts, not_counts = (Outcome(verdict, day_or_none(due_on)) for verdict, due_on in outcomes)
    return Doubt(tuple(documents), counts, not_counts)


def _groups(found: Sequence[str | None]) -> tuple[Group | None, ...]:
    return tuple(None if name is None else Group(name) for name in found)


def _quarantined(found: Sequence[Any] | None) -> Quarantined | None:
    return None if found is None else Quarantined(UUID(found[0]), *found[1:])


_READ: dict[str, Callable[[Any], Any]] = {
    "stream": UUID,
    **dict.fromkeys(("first_day", "admitted_on", "ended_on"), day_or_none),
    "findings": _findings,
    "groups": _groups,
    "spans": _each(Span, days=("start", "until")),
    "eligibility": _each(Eligibility, days=("start", "until", "holds_through"), lists=("reasons", "evidence")),
    "quarantined": _quarantined,
    "under_policy": _each(UnderPolicy, days=("start", "end")),
    "group_records": _each(GroupRecord, days=("held_on",)),
}
"""How fields are read that JSON gives otherwise than they were."""
