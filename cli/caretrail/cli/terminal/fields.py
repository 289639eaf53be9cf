"""The fields of an event for entry by hand: flat names, choices, and which are required."""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import to_json

from caretrail.events import EventBase
from caretrail.events.parsing import invalid_event
from caretrail.events.values import Value

Json = Mapping[str, Any]
FieldKind = Literal["text", "number", "date", "yes_no", "tokens", "many", "object", "objects", "map", "json"]

ENVELOPE = frozenset(EventBase.model_fields) - {"occurred_on"}
"""Fields of every event: options, but never prompted for."""

NESTED = frozenset({"objects", "map", "json"})
"""Kinds without options of their own."""

GIVEN_ELSEWHERE = frozenset({"type", "episode", "actor"})
YES_NO = {"yes": True, "no": False, "unknown": None}


@dataclass(frozen=True)
class EventField:
    """A field of an event, or of an object inside it."""

    path: tuple[str, ...]
    kind: FieldKind
    required: bool
    tokens: tuple[str, ...]
    help: str
    annotation: Any
    model: type[Value] | None = None

    @property
    def name(self) -> str:
        """Its name in JSON, with dots for nested fields."""
        return ".".join(self.path)

    @property
    def option(self) -> str:
        """Its name on the command line."""
        return "--" + "-".join(self.path).replace("_", "-")

    @property
    def given_by(self) -> str:
        """The option that gives it, `--set` for a nested one."""
        return self.option if self.kind not in NESTED else f"--set {self.name}=JSON"

    def read(self, text: str) -> object:
        """Convert typed text to JSON's types; text that does not fit stays, for the model to refuse."""
        if self.kind == "number" and text.strip().lstrip("-").isdecimal():
            return int(text)
        if self.kind == "yes_no":
            return YES_NO.get(text, text)
        return text

    def problem(self, value: object) -> str:
        """The error of a value, which never repeats it; empty if valid."""
        try:
            TypeAdapter(self.annotation).validate_json(to_json(value))
        except ValidationError as error:
            return invalid_event(error).message
        return ""


def fields_of(cls: type[BaseModel], inside: tuple[str, ...] = ()) -> list[EventField]:
    """List the fields of a model in order, nested objects as one field."""
    signed = issubclass(cls, EventBase) and cls.traits.must_be_signed  # the fields alone do not say so
    return [
        _field((*inside, info.alias or name), info, required=info.is_required() or (signed and name == "signatures"))
        for name, info in cls.model_fields.items()
        if inside or name not in GIVEN_ELSEWHERE
    ]


def options_of(cls: type[BaseModel]) -> list[EventField]:
    """List the fields that get options: simple ones, and those of nested objects, which an event may leave out."""
    fields: list[EventField] = []
    for field in fields_of(cls):
        if field.kind == "object" and field.model is not None:
            simple = (inner for inner in fields_of(field.model, field.path) if inner.kind not in NESTED)
            fields.extend(replace(inner, required=inner.required and field.required) for inner in simple)
        elif field.kind not in NESTED:
            fields.append(field)
    return fields


def put(data: dict[str, Any], path: Sequence[str], value: object) -> None:
    """Set a value in nested objects, creating missing ones."""
    for name in path[:-1]:
        if not isinstance(data.get(name), dict):
            data[name] = {}
        data = data[name]
    data[path[-1]] = value


def has(data: Mapping[str, Any], path: Sequence[str]) -> bool:
    """Whether nested objects hold a value at a path."""
    inner = data.get(path[0])
    return path[0] in data if len(path) == 1 else isinstance(inner, Mapping) and has(cast(Json, inner), path[1:])


def missing(cls: type[BaseModel], data: Mapping[str, Any]) -> list[EventField]:
    """List the required fields missing from `data`."""
    absent: list[EventField] = []
    for field in fields_of(cls):
        if field.kind == "object" and field.model is not None and (field.required or field.name in data):
            nested = fields_of(field.model, field.path)
            inner = [one for one in nested if one.required and not has(data, one.path)]
            absent.extend(inner)
            if not inner and field.name not in data:
                absent.append(field)
        elif field.required and field.name not in data:
            absent.append(field)
    return absent


def _field(path: tuple[str, ...], info: FieldInfo, *, required: bool) -> EventField:
    annotation: Any = Annotated[(info.annotation, *info.metadata)] if info.metadata else info.annotation
    inner = _bare(annotation)
    kind, tokens, model = _kind(inner)
    return EventField(path, kind, required, tokens, info.description or "", annotation, model)


def _bare(annotation: Any) -> Any:
    """The type without `Annotated` and without `None`."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _bare(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        others = [arg for arg in get_args(annotation) if arg is not type(None)]
        return _bare(others[0]) if len(others) == 1 else annotation
    return annotation


def _kind(inner: Any) -> tuple[FieldKind, tuple[str, ...], type[Value] | None]:
    origin, args = get_origin(inner), get_args(inner)
    if origin is Literal:
        return "tokens", tuple(map(str, args)), None
    if inner is bool:
        return "yes_no", tuple(YES_NO), None
    if isinstance(inner, type) and issubclass(inner, Value):
        return "object", (), inner
    if origin is tuple:
        kind, tokens, model = _kind(_bare(args[0]))
        return ("objects", (), model) if kind == "object" else ("many", tokens, None)
    if origin is dict:
        model = _kind(_bare(args[1]))[2]
        return ("map", (), model) if model else ("json", (), None)
    simple: dict[Any, FieldKind] = {int: "number", date: "date"}
    return simple.get(inner, "text"), (), None
