"""The reference page of the events, written from their published JSON Schema.

`make pages` writes `docs/reference/events.md`; a test compares.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import click

from caretrail.events import EventBase, json_schema
from caretrail.events.catalog import EVENT_TYPES

HEADING = """# The events

Generated from the published schema by `make pages`; a test compares. `caretrail schema` prints the schema itself. An
event is one JSON object of at most 256 KB. Unknown fields and fields named twice are refused. Null and absent mean the
same: not stated. Dates are civil dates in the program's time zone, `YYYY-MM-DD`; durations are whole minutes.

The fields that every event has are listed once, first. `episode` is in every event but `program_attested` and
`accessed`. The store writes `accessed` before it shows an episode; `append` refuses it.
"""

WORDS = {
    r"^[A-Za-z0-9._-]+$": "id",
    r"^([01][0-9]|2[0-3]):[0-5][0-9]$": "time, `HH:MM`",
    r"^[A-TV-Z][0-9][0-9A-Z](\.[0-9A-Z]{1,4})?$": "ICD-10-CM code",
    r"^[0-9A-Z.-]+$": "level code",
    r"^[A-Za-z0-9+/_-]+$": "IANA time zone",
    r"^[a-z0-9_]+$": "token",
}

Schema = dict[str, Any]


def events_page() -> str:
    """The whole page as Markdown."""
    schema = json_schema()
    definitions: dict[str, Schema] = schema["$defs"]
    events = {kind: definitions[cls.__name__] for kind, cls in EVENT_TYPES.items()}
    envelope = set(EventBase.model_fields)
    shared = next(iter(events.values()))
    lines = [
        HEADING,
        "## Fields of every event\n",
        *_table(shared, lambda name: name in envelope or name == "episode"),
    ]
    for kind, event in events.items():
        lines += [f"\n## `{kind}`\n", str(event["description"]).split("\n\n")[0] + "\n"]
        lines += _table(event, lambda name: name not in envelope | {"type", "episode"})
    used = {name for name in definitions if definitions[name] not in events.values()}
    lines.append("\n# Parts of events")
    for name in sorted(used):
        lines += [f"\n## {name}\n", str(definitions[name].get("description", "")).split("\n\n")[0] + "\n"]
        lines += _table(definitions[name], bool)
    return "\n".join(lines) + "\n"


def _table(schema: Schema, wanted: Callable[[str], bool]) -> Iterator[str]:
    rows = [(name, prop) for name, prop in schema.get("properties", {}).items() if wanted(name)]
    if not rows:
        yield "No fields of its own."
        return
    yield "| field | value | |\n|---|---|---|"
    required = set(schema.get("required", ()))
    for name, prop in rows:
        note = "; ".join(filter(None, ["required" if name in required else "", str(prop.get("description", ""))]))
        yield f"| `{name}` | {_words(prop)} | {note} |"


def _words(prop: Schema) -> str:
    """Say in words what a value may be."""
    if "anyOf" in prop:
        return " or ".join(_words(choice) for choice in prop["anyOf"] if choice.get("type") != "null")
    if "$ref" in prop:
        name = str(prop["$ref"]).rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "enum" in prop:
        return ", ".join(f"`{token}`" for token in prop["enum"])
    if "items" in prop:
        return f"list of {_words(prop['items'])}"
    if "patternProperties" in prop:
        return f"map of {_words(next(iter(prop['patternProperties'].values())))}"
    if prop.get("type") == "string":
        return _text(prop)
    return {"boolean": "true or false", "integer": "whole number", "object": "field names and values"}[prop["type"]]


def _text(prop: Schema) -> str:
    """Say in words what a text may be."""
    if "format" in prop:
        return {"date": "date", "date-time": "instant with zone"}[prop["format"]]
    return WORDS.get(prop.get("pattern", ""), f"text, at most {prop.get('maxLength')} characters")


if __name__ == "__main__":
    click.echo(events_page(), nl=False)
