"""Session at a terminal for the fields of an event that are missing, required ones first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from caretrail.cli.terminal.fields import ENVELOPE, Leaf, fields_of, has, put
from caretrail.cli.terminal.screen import say
from caretrail.events.values import Value
from caretrail.text import visible

DIMENSIONS = ("1", "2", "3", "4", "5", "6")


def ask_missing(cls: type[Value], data: dict[str, Any], defaults: Mapping[str, str], *, optional: bool) -> None:
    """Ask for what is missing in `data`, and put the answers there."""
    leaves = [leaf for leaf in fields_of(cls) if leaf.name not in ENVELOPE]
    say("Enter leaves a field out where there is no * before it." if optional else "")
    for leaf in sorted(leaves, key=lambda leaf: not leaf.required):
        if leaf.required or optional:
            _ask(leaf, data, defaults)


def _ask(leaf: Leaf, data: dict[str, Any], defaults: Mapping[str, str]) -> None:
    if leaf.kind == "part" and leaf.part is not None:
        if leaf.required or has(data, leaf.path) or wants(f"Enter {leaf.name}?"):
            for inner in fields_of(leaf.part, leaf.path):
                _ask(inner, data, defaults)
    elif has(data, leaf.path) and leaf.name != "signatures":
        return
    elif leaf.kind == "parts" and leaf.part is not None:
        _ask_parts(leaf, leaf.part, data)
    elif leaf.kind == "keyed" and leaf.part is not None:
        _ask_keyed(leaf, leaf.part, data)
    elif leaf.kind == "json":
        _ask_pairs(leaf, data)
    else:
        value = _ask_value(leaf, defaults.get(leaf.name, ""))
        if value is not None:
            put(data, leaf.path, value)


def _ask_value(leaf: Leaf, default: str) -> object:
    """Ask until the answer is valid; None for a field left out."""
    choices = "/".join(leaf.tokens) if leaf.kind in ("tokens", "yes_no") else ""
    many = f" ({', '.join(leaf.tokens) or 'ids'}; commas between)" if leaf.kind == "many" else ""
    label = f"{'* ' if leaf.required else '  '}{leaf.name}{f' ({choices})' if choices else many}"
    while True:
        text = click.prompt(label, default=default, show_default=bool(default), err=True).strip()
        if not text:
            if not leaf.required:
                return None
            say("    is required")
            continue
        value = [part.strip() for part in text.split(",") if part.strip()] if leaf.kind == "many" else leaf.read(text)
        problem = leaf.problem(value)
        if not problem:
            return value
        say(f"    {visible(problem)}")


def _ask_parts(leaf: Leaf, part: type[Value], data: dict[str, Any]) -> None:
    items: list[dict[str, Any]] = list(data.get(leaf.name, ()))  # one's own signature may be there
    while wants(f"Add {'one more' if items else 'one'} to {leaf.name}?", default=leaf.required and not items):
        items.append(_ask_part(part))
    if items:
        put(data, leaf.path, items)


def _ask_keyed(leaf: Leaf, part: type[Value], data: dict[str, Any]) -> None:
    if wants(f"Enter {leaf.name} now?"):
        for key in DIMENSIONS:
            say(f"  {leaf.name} {key}")
            put(data, (*leaf.path, key), _ask_part(part))


def _ask_part(part: type[Value]) -> dict[str, Any]:
    item: dict[str, Any] = {}
    for inner in fields_of(part, ("",)):
        _ask(
            Leaf(inner.path[1:], inner.kind, inner.required, inner.tokens, inner.help, inner.annotation, inner.part),
            item,
            {},
        )
    return item


def _ask_pairs(leaf: Leaf, data: dict[str, Any]) -> None:
    """Ask for the new values of a correction, one field at a time."""
    say(f"  {leaf.name}: one NAME=VALUE a line, an empty line ends")
    while text := click.prompt("  ", default="", show_default=False, err=True, prompt_suffix="").strip():
        name, equals, value = text.partition("=")
        if equals and name:
            put(data, (*leaf.path, name.strip()), from_json(value.strip()))
        else:
            say("    write NAME=VALUE")


def from_json(text: str) -> object:
    """Read JSON; what is not JSON is a text."""
    import json

    try:
        return json.loads(text)
    except ValueError:
        return text


def wants(question: str, *, default: bool = False) -> bool:
    """Ask a question of yes or no."""
    return click.confirm(f"  {question}", default=default, err=True)
