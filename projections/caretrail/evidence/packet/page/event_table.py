"""The table of facts: each as recorded, with both times and its author, and what later facts did to it beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from caretrail.aliases import Json
from caretrail.describe import Detail, describe, spoken, value_in_words
from caretrail.evidence.packet.page.given import FactLine


@dataclass(frozen=True, slots=True)
class Change:
    """A field that a later fact set right: what stood there before, and what counts since."""

    name: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Remark:
    """What must not be overlooked about a fact. `by` is the version of the fact that did it, with its day and author.

    `kind` is late, imported, claimed, corrected, added, voided, nothing_explained or in_part.
    """

    kind: str
    words: str
    text: str = ""
    by: int | None = None
    on: date | None = None
    who: str = ""
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """A fact of the table; one withheld has only its numbers, the time of its recording and its leaf."""

    version: int
    position: int
    recorded_at: datetime
    recorded_by: str
    leaf: str
    withheld: bool
    occurred_on: date | None = None
    title: str = ""
    target: int | None = None
    details: tuple[Detail, ...] = ()
    remarks: tuple[Remark, ...] = ()
    struck: bool = False
    author: str = ""
    credential: str = ""
    role: str = ""


def rows_of(lines: Sequence[FactLine]) -> list[Row]:
    """The rows of the table, in the order given."""
    by_version = {line.version: line for line in lines}
    return [_row(line, by_version) for line in lines]


def _row(line: FactLine, by_version: Mapping[int, FactLine]) -> Row:
    if line.fact is None:
        remarks = _void(line, by_version)
        return Row(
            line.version, line.position, line.recorded_at, line.recorded_by, line.leaf, withheld=True, remarks=remarks
        )
    said, who = describe(line.fact), _author(line.fact)
    target = line.fact.get("target")
    return Row(
        version=line.version,
        position=line.position,
        recorded_at=line.recorded_at,
        recorded_by=line.recorded_by,
        leaf=line.leaf,
        withheld=False,
        occurred_on=line.occurred_on,
        title=said.title,
        target=target if isinstance(target, int) else None,
        details=said.details,
        remarks=(*_own(line, line.fact), *_corrections(line, line.fact, by_version), *_additions(line, by_version),
                 *_void(line, by_version)),
        struck=line.voided_by is not None,
        author=str(who.get("id", "")),
        credential=str(who.get("credential") or ""),
        role=spoken(who.get("role")),
    )  # fmt: skip  # remarks in their order


def _own(line: FactLine, fact: Json) -> list[Remark]:
    """What the fact says of itself."""
    found: list[Remark] = []
    if line.late:
        found.append(Remark("late", "Late entry", value_in_words(fact.get("late_reason") or "")))
    if line.imported:
        found.append(Remark("imported", "Historical load"))
    if fact.get("entered_at"):
        found.append(Remark("claimed", "Entered at, as its sender claims", str(fact["entered_at"])))
    if line.left_out:
        words = "Shown in part; what is shown is stated, not proven by the leaf. Left out"
        found.append(Remark("in_part", words, ", ".join(line.left_out)))
    if line.explains_nothing:
        found.append(Remark("nothing_explained", "Explains nothing: no finding of that rule was up on that day"))
    return found


def _corrections(line: FactLine, fact: Json, by_version: Mapping[int, FactLine]) -> list[Remark]:
    """Each correction, with the values that stood just before it: the second shows the first one's."""
    values: dict[str, Any] = dict(fact)
    found: list[Remark] = []
    for version in line.corrected_by:
        by = by_version.get(version)
        if by is None or by.fact is None:
            found.append(Remark("corrected", "Corrected", by=version))
            continue
        new = cast(Json, by.fact.get("values") or {})
        changes = tuple(
            Change(spoken(name), value_in_words(values.get(name)), value_in_words(value)) for name, value in new.items()
        )
        found.append(_acted("corrected", "Corrected", by, by.fact, by.fact.get("reason"), changes))
        values |= new
    return found


def _additions(line: FactLine, by_version: Mapping[int, FactLine]) -> list[Remark]:
    found: list[Remark] = []
    for version in line.added_by:
        by = by_version.get(version)
        if by is None or by.fact is None:
            found.append(Remark("added", "Added to", by=version))
            continue
        parts = [value_in_words(by.fact[name]) for name in ("text", "reason") if by.fact.get(name)]
        found.append(_acted("added", "Added to", by, by.fact, " – ".join(parts)))
    return found


def _void(line: FactLine, by_version: Mapping[int, FactLine]) -> tuple[Remark, ...]:
    if line.voided_by is None:
        return ()
    by = by_version.get(line.voided_by)
    if by is None or by.fact is None:
        return (Remark("voided", "Voided", by=line.voided_by),)
    return (_acted("voided", "Voided", by, by.fact, spoken(by.fact.get("reason"))),)


def _acted(kind: str, words: str, by: FactLine, fact: Json, text: object, changes: tuple[Change, ...] = ()) -> Remark:
    who = _author(fact)
    named = ", ".join(str(who[name]) for name in ("id", "credential") if who.get(name))
    return Remark(kind, words, value_in_words(text or ""), by.version, by.occurred_on, named, changes)


def _author(fact: Json) -> Json:
    """Who states the fact; empty where that is withheld."""
    found = fact.get("actor")
    return cast(Json, found) if isinstance(found, Mapping) else {}
