"""What of each fact a packet may show: all of it, part of it, or only that it is there.

A leaf holds the salted hash of a payload, so a payload can be proven while it is withheld. A payload goes out whole
or not at all: where part of it must stay behind, a copy of the rest is shown, which the packet states and the leaf does
not prove. Its salt stays behind, too: most payloads could be guessed by whoever has salt and hash.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, cast, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from caretrail.episode.entry import Entry
from caretrail.evidence.packet.others import GROUP, OTHER_CLIENT, Json, Others
from caretrail.facts import Corrected, FactBase
from caretrail.facts.codec import kind_of
from caretrail.facts.fields import Text
from caretrail.recording.events import RecordedEvent

Shape = dict[str, Any]
"""For each key of a model that is text, or holds some: True, or the shape of what it holds."""

WITHHELD: Literal["[withheld]"] = "[withheld]"
"""Stands where text stood."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a packet shows of one fact.

    `whole`: its payload as stored, with the salt. Else `stated` is a copy without what must stay behind, which
    `left_out` names, or None if nothing is shown, because of `withheld`. Of a `sealed` fact not even source and
    command_id are shown: they hold an id that must stay behind.
    """

    whole: bool = False
    stated: Json | None = None
    left_out: tuple[str, ...] = ()
    withheld: str | None = None
    sealed: bool = False


def shown_facts(
    events: Sequence[RecordedEvent], entries: Sequence[Entry], others: Others, *, with_text: bool
) -> dict[int, Shown]:
    """Say of each fact, by version, what may be shown of it; `others` is what is of somebody else."""
    kinds = {entry.version: entry.kind for entry in entries}
    found: dict[int, Shown] = {}
    for event in events:
        sealed = others.named_in(f"{event.source}\n{event.command_id}")
        if event.originator_version in others.facts:
            found[event.originator_version] = Shown(withheld="wrong_client", sealed=sealed)
        else:
            found[event.originator_version] = _shown(event, kinds, _Copy(others, with_text), sealed)
    return found


def _shown(event: RecordedEvent, kinds: Mapping[int, type[FactBase]], copy: _Copy, sealed: bool) -> Shown:
    payload: Json = json.loads(event.state)
    kind = kind_of(event.topic)
    stated = copy.of(payload, _shape_of(kind), ())
    if kind is Corrected:  # what it says is of the kind of its target
        target = kinds.get(payload["target"])
        stated["values"] = copy.of(payload["values"], _shape_of(target) if target else {}, ("values",))
    if not copy.left_out and not sealed:
        return Shown(whole=True)
    return Shown(stated=stated, left_out=tuple(sorted(set(copy.left_out))), sealed=sealed)


class _Copy:
    """Makes a copy of a payload without what must stay behind, and remembers what that was."""

    def __init__(self, others: Others, with_text: bool) -> None:
        self._others = others
        self._with_text = with_text
        self.left_out: list[str] = []

    def of(self, value: Mapping[str, Any], shape: Shape, path: tuple[str, ...]) -> Json:
        """Copy an object. A key that its model does not have is treated as text: nobody has said what it holds."""
        copy: Json = {}
        for key, inner in value.items():
            here = (*path, key)
            if key == GROUP:
                self.left_out.append(".".join(here))
            else:
                copy[key] = self._value(inner, shape.get(key, True), here)
        return copy

    def _value(self, value: object, shape: Any, path: tuple[str, ...]) -> Any:
        if isinstance(value, dict):
            found = cast(Json, value)
            if shape is True:  # not known: what is in it is text, too
                return self.of(found, {}, path)
            if _EACH in shape:
                return {key: self._value(inner, shape[_EACH], (*path, key)) for key, inner in found.items()}
            return self.of(found, shape, path)
        if isinstance(value, list):
            return [self._value(inner, shape, (*path, str(n))) for n, inner in enumerate(cast("list[object]", value))]
        if isinstance(value, str):
            return self._string(value, shape is True, path)
        return value

    def _string(self, value: str, is_text: bool, path: tuple[str, ...]) -> str:
        if not self._others.named_in(value) and not (is_text and not self._with_text):
            return value
        self.left_out.append(".".join(path))
        return WITHHELD if is_text else OTHER_CLIENT


_EACH = "*"
"""The key of a shape that stands for every key of an object whose keys are data."""


@lru_cache(maxsize=100)
def _shape_of(model: type[BaseModel]) -> Shape:
    """Where the text of a model is, read off the types of its fields."""
    hints = get_type_hints(model, include_extras=True)
    return {field.alias or name: _shape(hints[name]) for name, field in model.model_fields.items()}


def _shape(hint: Any) -> Any:
    """True for text, else the shape of the objects in it."""
    if hint == Text:
        return True
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return _shape_of(hint)
    arguments = get_args(hint)
    if get_origin(hint) is dict:
        return {_EACH: _shape(arguments[1])}
    found: list[Any] = [shape for shape in map(_shape, arguments) if shape]
    return True if True in found else found[0] if found else {}
