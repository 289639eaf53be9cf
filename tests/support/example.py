"""The example episode as data, as facts, and as copies elsewhere and later."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any, cast

from caretrail.events import Event, event_from, parse_event

EXAMPLE = Path(__file__).parents[1] / "data" / "one-episode.jsonl"
NAME = "LNK-2026-0001"


def day(text: str) -> date:
    """A day of the example's year, from month and day."""
    return date.fromisoformat(f"2026-{text}")


def example() -> list[Event]:
    """The example as it stands."""
    return [parse_event(line) for line in EXAMPLE.read_bytes().splitlines()]


def copy_of_example(name: str, days: int = 0, events: int = 65) -> list[Event]:
    """The first events of the example under another case number and client, some days later."""
    found: list[Event] = []
    for line in EXAMPLE.read_text().splitlines()[:events]:
        data = _moved(json.loads(line), days) | {"episode": name}
        data["command_id"] = f"{name}/{data['command_id']}"
        found.append(event_from(json.loads(json.dumps(data).replace("cl-7f3a", f"cl-{name}"))))
    return found


def _moved(value: Any, days: int) -> Any:
    if isinstance(value, dict):
        return {key: _moved(item, days) for key, item in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [_moved(item, days) for item in cast("list[object]", value)]
    if isinstance(value, str) and len(value) == 10 and value[4] == value[7] == "-":
        return (date.fromisoformat(value) + timedelta(days=days)).isoformat()
    return value
