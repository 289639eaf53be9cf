"""Episodes for tests of the read models: the example, copies of it elsewhere and later."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from caretrail.commands.application import Commands
from caretrail.commands.command import Receipt
from caretrail.events import Event, event_from, parse_event
from caretrail.log import EventRecorder
from caretrail.reading.gate import unrecorded
from caretrail.readmodel.schema import create_tables
from tests.support.reading import Asking, asking

EXAMPLE = Path(__file__).parent.parent / "data" / "one-episode.jsonl"
NAME = "LNK-2026-0001"
NOW = datetime(2026, 6, 1, 18, 0, tzinfo=UTC)


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


class Care:
    """A store under test: record events, then ask."""

    def __init__(self, recorder: EventRecorder, now: datetime = NOW) -> None:
        self.recorder = recorder
        self.now = now
        self.commands = Commands(recorder, lambda: self.now)
        create_tables(recorder.database)

    def record(self, events: Sequence[Event], *, imported: bool = True) -> list[Receipt]:
        """Record events; a refusal fails the test."""
        outcomes = self.commands.append_each(events, imported=imported)
        receipts = [outcome for outcome in outcomes if isinstance(outcome, Receipt)]
        assert len(receipts) == len(events), [o for o in outcomes if not isinstance(o, Receipt)]
        return receipts

    @property
    def reader(self) -> Asking:
        """A reader at this instant."""
        return asking(self.recorder, self.now, unrecorded)

    @property
    def onlooker(self) -> Asking:
        """A reader that writes nothing."""
        return asking(self.recorder, self.now, unrecorded, write=False)
