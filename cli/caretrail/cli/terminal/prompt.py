"""Prompts at a terminal for the missing fields of an event, required ones first."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import click

from caretrail.cli.terminal.fields import ENVELOPE, EventField, fields_of, has, put
from caretrail.cli.terminal.screen import say
from caretrail.events.values import Value
from caretrail.text import visible

DIMENSIONS = ("1", "2", "3", "4", "5", "6")


def ask_missing(cls: type[Value], data: dict[str, Any], defaults: Mapping[str, str], *, optional: bool) -> None:
    """Prompt for fields missing in `data`, and put the answers there."""
    fields = [field for field in fields_of(cls) if field.name not in ENVELOPE]
    say("Press Enter to skip a field without *." if optional else "")
    for field in sorted(fields, key=lambda field: not field.required):
        if field.required or optional:
            _ask(field, data, defaults)


def _ask(field: EventField, data: dict[str, Any], defaults: Mapping[str, str]) -> None:
    if field.kind == "object" and field.model is not None:
        if field.required or has(data, field.path) or wants(f"Enter {field.name}?"):
            for inner in fields_of(field.model, field.path):
                _ask(inner, data, defaults)
    elif has(data, field.path) and field.name != "signatures":
        return
    elif field.kind == "objects" and field.model is not None:
        _ask_objects(field, field.model, data)
    elif field.kind == "map" and field.model is not None:
        _ask_map(field, field.model, data)
    elif field.kind == "json":
        _ask_pairs(field, data)
    else:
        value = _ask_value(field, defaults.get(field.name, ""))
        if value is not None:
            put(data, field.path, value)


def _ask_value(field: EventField, default: str) -> object:
    """Prompt until the answer is valid; None for a skipped field."""
    choices = "/".join(field.tokens) if field.kind in ("tokens", "yes_no") else ""
    many = f" ({', '.join(field.tokens) or 'ids'}; separated by commas)" if field.kind == "many" else ""
    label = f"{'* ' if field.required else '  '}{field.name}{f' ({choices})' if choices else many}"
    while True:
        text = click.prompt(label, default=default, show_default=bool(default), err=True).strip()
        if not text:
            if not field.required:
                return None
            say("    required")
            continue
        value = [part.strip() for part in text.split(",") if part.strip()] if field.kind == "many" else field.read(text)
        problem = field.problem(value)
        if not problem:
            return value
        say(f"    {visible(problem)}")


def _ask_objects(field: EventField, model: type[Value], data: dict[str, Any]) -> None:
    items: list[dict[str, Any]] = list(data.get(field.name, ()))  # with --sign, one signature
    while wants(f"Add {'another' if items else 'one'} to {field.name}?", default=field.required and not items):
        items.append(_ask_object(model))
    if items:
        put(data, field.path, items)


def _ask_map(field: EventField, model: type[Value], data: dict[str, Any]) -> None:
    if wants(f"Enter {field.name} now?"):
        for key in _keys(field, sub_dimensions=data.get("edition") == "asam-4"):
            say(f"  {field.name} {key}")
            put(data, (*field.path, key), _ask_object(model))


def _keys(field: EventField, *, sub_dimensions: bool) -> Iterable[str]:
    """The six dimensions, or the keys that the user names."""
    if not sub_dimensions:
        return DIMENSIONS
    return iter(lambda: click.prompt(f"  {field.name}, key such as 3.1", default="", show_default=False, err=True), "")


def _ask_object(model: type[Value]) -> dict[str, Any]:
    item: dict[str, Any] = {}
    for inner in fields_of(model, ("",)):
        _ask(replace(inner, path=inner.path[1:]), item, {})
    return item


def _ask_pairs(field: EventField, data: dict[str, Any]) -> None:
    """Prompt for the new values of a correction, one field a line."""
    say(f"  {field.name}: one NAME=VALUE a line; an empty line ends")
    while text := click.prompt("  ", default="", show_default=False, err=True, prompt_suffix="").strip():
        name, equals, value = text.partition("=")
        if equals and name:
            put(data, (*field.path, name.strip()), from_json(value.strip()))
        else:
            say("    write NAME=VALUE")


def from_json(text: str) -> object:
    """Read JSON; anything else is a text."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def wants(question: str, *, default: bool = False) -> bool:
    """Ask a yes-or-no question."""
    return click.confirm(f"  {question}", default=default, err=True)
