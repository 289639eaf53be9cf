"""The fields of an event as a person enters them: flat names, the words to choose from, and what is required."""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import to_json

from caretrail.events import EventBase
from caretrail.events.parsing import invalid_event
from caretrail.events.values import Value

Json = Mapping[str, Any]
Kind = Literal["text", "number", "date", "yes_no", "tokens", "many", "part", "parts", "keyed", "json"]

ENVELOPE = frozenset(EventBase.model_fields) - {"occurred_on"}
"""Fields every event has: offered as options, never asked for."""

GIVEN_ELSEWHERE = frozenset({"type", "episode", "actor"})
YES_NO = {"yes": True, "no": False, "unknown": None}


@dataclass(frozen=True)
class Leaf:
    """One field of an event or of a part of it."""

    path: tuple[str, ...]
    kind: Kind
    required: bool
    tokens: tuple[str, ...]
    help: str
    annotation: Any
    part: type[Value] | None = None

    @property
    def name(self) -> str:
        """Its name in the JSON, with dots for what lies inside."""
        return ".".join(self.path)

    @property
    def option(self) -> str:
        """Its name on the command line."""
        return "--" + "-".join(self.path).replace("_", "-")

    @property
    def way_in(self) -> str:
        """How to give it on the command line."""
        return self.option if self.kind not in ("parts", "keyed", "json") else f"--set {self.name}=JSON"

    def read(self, text: str) -> object:
        """Turn what a person typed into JSON's terms; what does not fit stays text, for the model to refuse."""
        if self.kind == "number" and text.strip().lstrip("-").isdecimal():
            return int(text)
        if self.kind == "yes_no":
            return YES_NO.get(text, text)
        return text

    def problem(self, value: object) -> str:
        """What is wrong with a value, in words that do not repeat it; '' if nothing is."""
        try:
            TypeAdapter(self.annotation).validate_json(to_json(value))
        except ValidationError as error:
            return invalid_event(error).message
        return ""


def fields_of(cls: type[BaseModel], inside: tuple[str, ...] = ()) -> list[Leaf]:
    """List the fields of a model in their order; parts are listed as they are, not opened."""
    signed = issubclass(cls, EventBase) and cls.traits.must_be_signed  # a rule that the fields alone do not show
    return [
        _leaf((*inside, info.alias or name), info, required=info.is_required() or (signed and name == "signatures"))
        for name, info in cls.model_fields.items()
        if inside or name not in GIVEN_ELSEWHERE
    ]


def options_of(cls: type[BaseModel]) -> list[Leaf]:
    """List what gets an option of its own: simple fields, and the simple fields of parts."""
    leaves: list[Leaf] = []
    for leaf in fields_of(cls):
        if leaf.kind == "part" and leaf.part is not None:
            leaves.extend(
                inner for inner in fields_of(leaf.part, leaf.path) if inner.kind not in ("parts", "keyed", "json")
            )
        elif leaf.kind not in ("parts", "keyed", "json"):
            leaves.append(leaf)
    return leaves


def put(data: dict[str, Any], path: Sequence[str], value: object) -> None:
    """Set a value inside nested objects, making those that are not there."""
    for name in path[:-1]:
        if not isinstance(data.get(name), dict):
            data[name] = {}
        data = data[name]
    data[path[-1]] = value


def has(data: Mapping[str, Any], path: Sequence[str]) -> bool:
    """Whether there is a value inside nested objects."""
    inner = data.get(path[0])
    return path[0] in data if len(path) == 1 else isinstance(inner, Mapping) and has(cast(Json, inner), path[1:])


def missing(cls: type[BaseModel], data: Mapping[str, Any]) -> list[Leaf]:
    """The required fields that are not given yet."""
    absent: list[Leaf] = []
    for leaf in fields_of(cls):
        if leaf.kind == "part" and leaf.part is not None and (leaf.required or leaf.name in data):
            inner = [field for field in fields_of(leaf.part, leaf.path) if field.required and not has(data, field.path)]
            absent.extend(inner)
            if not inner and leaf.name not in data:
                absent.append(leaf)
        elif leaf.required and leaf.name not in data:
            absent.append(leaf)
    return absent


def _leaf(path: tuple[str, ...], info: FieldInfo, *, required: bool) -> Leaf:
    annotation: Any = Annotated[(info.annotation, *info.metadata)] if info.metadata else info.annotation
    inner = _bare(annotation)
    kind, tokens, part = _kind(inner)
    return Leaf(path, kind, required, tokens, info.description or "", annotation, part)


def _bare(annotation: Any) -> Any:
    """The type without `Annotated` and without `None`."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _bare(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        others = [arg for arg in get_args(annotation) if arg is not type(None)]
        return _bare(others[0]) if len(others) == 1 else annotation
    return annotation


def _kind(inner: Any) -> tuple[Kind, tuple[str, ...], type[Value] | None]:
    origin, args = get_origin(inner), get_args(inner)
    if origin is Literal:
        return "tokens", tuple(map(str, args)), None
    if inner is bool:
        return "yes_no", tuple(YES_NO), None
    if isinstance(inner, type) and issubclass(inner, Value):
        return "part", (), inner
    if origin is tuple:
        kind, tokens, part = _kind(_bare(args[0]))
        return ("parts", (), part) if kind == "part" else ("many", tokens, None)
    if origin is dict:
        part = _kind(_bare(args[1]))[2]
        return ("keyed", (), part) if part else ("json", (), None)
    simple: dict[Any, Kind] = {int: "number", date: "date"}
    return simple.get(inner, "text"), (), None
