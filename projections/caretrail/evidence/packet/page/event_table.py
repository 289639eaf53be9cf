"""The table of events: each as recorded, with both times, its author, and what later events did to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple, cast

from caretrail.aliases import Json
from caretrail.describe import Detail, describe, spoken, value_in_words
from caretrail.reading.event_rows import EventRow


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field that a later event corrected: its value before, and since."""

    name: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Remark:
    """A remark on an event, such as late or voided; `by` is the version of the event that caused it.

    `kind` is late, imported, claimed, corrected, added, voided, nothing_explained or in_part.
    """

    kind: str
    words: str
    text: str = ""
    by: int | None = None
    on: date | None = None
    who: str = ""
    changes: tuple[FieldChange, ...] = ()


@dataclass(frozen=True, slots=True)
class EventLine:
    """An event of the table; one withheld has only its numbers, the time of its recording, its leaf and its void.

    `leaf` is the hash of the event in the ledger, in hex.
    """

    version: int
    position: int
    recorded_at: datetime
    recorded_by: str
    leaf: str
    remarks: tuple[Remark, ...]
    withheld: bool = True
    unreadable: bool = False
    void: str = ""
    type: str = ""
    occurred_on: date | None = None
    title: str = ""
    target: int | None = None
    details: tuple[Detail, ...] = ()
    author: str = ""
    credential: str = ""
    role: str = ""

    def has(self, kind: str) -> bool:
        """Whether there is a remark of that kind."""
        return any(remark.kind == kind for remark in self.remarks)


class _Shown(NamedTuple):
    """A row of the timeline and as much of its event as may be shown; None if it is withheld whole."""

    row: EventRow
    content: Json | None


_ByVersion = Mapping[int, _Shown]


def table_lines(
    rows: Sequence[EventRow],
    content: Mapping[int, Json | None],
    leaves: Mapping[int, str],
    left_out: Mapping[int, tuple[str, ...]] | None = None,
) -> list[EventLine]:
    """Join the rows of a timeline, in recorded order, with what may be shown of each event and with its leaf.

    The three mappings are by version. An event that is not in `content`, or is None there, is withheld whole.
    `left_out` names what an event shown in part does not show: what remains is stated, and not proven by its leaf.
    """
    shown = {row.version: _Shown(row, content.get(row.version)) for row in rows}
    return [_line(*item, leaves[version], (left_out or {}).get(version, ()), shown) for version, item in shown.items()]


def _line(row: EventRow, content: Json | None, leaf: str, left_out: tuple[str, ...], shown: _ByVersion) -> EventLine:
    numbers = row.version, row.position, row.recorded_at, row.recorded_by, leaf
    if content is None and row.type == "sealed":
        void = row.event.get("voided_at")
        return EventLine(*numbers, remarks=(), unreadable=True, void=f"voided by an operator, @{void}" if void else "")
    if content is None:
        return EventLine(*numbers, remarks=_void(row, shown))
    in_words, who, target = describe(content), _author(content), content.get("target")
    return EventLine(
        *numbers,
        remarks=(*_own(row, content, left_out), *_corrections(row, content, shown), *_additions(row, shown),
                 *_void(row, shown)),
        withheld=False,
        type=str(content["type"]),
        occurred_on=row.occurred_on,
        title=in_words.title,
        target=target if isinstance(target, int) else None,
        details=in_words.details,
        author=str(who.get("id", "")),
        credential=str(who.get("credential") or ""),
        role=spoken(who.get("role")),
    )  # fmt: skip  # remarks in their order


def _own(row: EventRow, content: Json, left_out: tuple[str, ...]) -> list[Remark]:
    """What is remarkable about the event itself."""
    found: list[Remark] = []
    if row.late:
        found.append(Remark("late", "Late entry", value_in_words(content.get("late_reason") or "")))
    if row.imported:
        found.append(Remark("imported", "Historical load"))
    if content.get("entered_at"):
        found.append(Remark("claimed", "Entered at, as its sender claims", str(content["entered_at"])))
    if left_out:
        words = "Shown in part; what is shown is stated, not proven by the leaf. Left out"
        found.append(Remark("in_part", words, ", ".join(left_out)))
    if row.explains_nothing:
        found.append(Remark("nothing_explained", "Explains nothing: no finding of that rule was open on that day"))
    return found


def _corrections(row: EventRow, content: Json, shown: _ByVersion) -> list[Remark]:
    """Each correction, with the values just before it: the second shows the first one's."""
    values: dict[str, Any] = dict(content)
    found: list[Remark] = []
    for version in row.corrected_by:
        by = shown[version].content or {}
        new = cast(Json, by.get("values") or {})
        changes = tuple(
            FieldChange(spoken(name), value_in_words(values.get(name)), value_in_words(value))
            for name, value in new.items()
        )
        found.append(_remark("corrected", "Corrected", shown[version], lambda event: event.get("reason"), changes))
        values |= new
    return found


def _additions(row: EventRow, shown: _ByVersion) -> list[Remark]:
    def text(event: Json) -> str:
        return " – ".join(value_in_words(event[name]) for name in ("text", "reason") if event.get(name))

    return [_remark("added", "Added to", shown[added.version], text) for added in row.addenda]


def _void(row: EventRow, shown: _ByVersion) -> tuple[Remark, ...]:
    if row.voided_by is None:
        return ()
    return (_remark("voided", "Voided", shown[row.voided_by], lambda event: spoken(event.get("reason"))),)


def _remark(
    kind: str, words: str, by: _Shown, text: Callable[[Json], object], changes: tuple[FieldChange, ...] = ()
) -> Remark:
    """What a later event did, as far as that may be shown."""
    if by.content is None:
        return Remark(kind, words, by=by.row.version)
    who = _author(by.content)
    named = ", ".join(str(who[name]) for name in ("id", "credential") if who.get(name))
    return Remark(
        kind, words, value_in_words(text(by.content) or ""), by.row.version, by.row.occurred_on, named, changes
    )


def _author(event: Json) -> Json:
    """Who states the event; empty where that is withheld."""
    found = event.get("actor")
    return cast(Json, found) if isinstance(found, Mapping) else {}
