"""What tests of screens share: histories recorded day by day, and literal screens."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from unittest.mock import patch

from caretrail.commands.application import Commands
from caretrail.events.parsing import parse_event
from caretrail.log.stores import open_recorder
from tests.support.program import Caretrail
from tests.support.stores import Clock, believed, machine_clock


def load(caretrail: Caretrail, events: Iterable[str]) -> Caretrail:
    """Record each event in the evening of its day; an event of an earlier day comes when it comes.

    Commands that follow in this process are given an hour after the last.
    """
    clock = Clock(datetime(2026, 1, 1, tzinfo=UTC))
    rules = patch("caretrail.log.sqlite.recorder.require_stamping", believed)  # the store itself was made today
    with machine_clock(clock), rules, open_recorder(caretrail.url) as recorder:
        commands = Commands(recorder, clock)
        for line in events:
            day = date.fromisoformat(json.loads(line)["occurred_on"])
            clock.now = max(clock.now + timedelta(seconds=1), datetime.combine(day, time(23), UTC))
            commands.append([parse_event(line)])
    clock.advance(hours=1)
    caretrail.clock = clock
    return caretrail


ME = {"id": "c-ortiz", "role": "clinician", "credential": "LADC"}


def amended() -> list[str]:
    """A short episode in which everything was changed that can be."""
    session: dict[str, object] = {"type": "session_attended", "service": "group", "minutes": 180, "group_size": 13}
    events: list[dict[str, object]] = [
        {
            "type": "admitted",
            "occurred_on": "2026-01-05",
            "client": "cl-1",
            "program": "lincoln-iop",
            "zone": "America/Chicago",
            "level": "2.1",
            "edition": "asam-3",
            "route": "direct",
            "population": "adult",
            "policy": "ne-medicaid-2.1-adult",
        },
        session | {"occurred_on": "2026-01-07"},
        session | {"occurred_on": "2026-01-05", "late_reason": "paper sheet found"},
        {
            "type": "corrected",
            "occurred_on": "2026-01-08",
            "target": 3,
            "values": {"group_size": 11},
            "reason": "staff were counted",
        },
        {"type": "session_attended", "occurred_on": "2026-01-09", "service": "family", "minutes": 60},
        {"type": "voided", "occurred_on": "2026-01-12", "target": 5, "reason": "wrong_client"},
        {
            "type": "addendum",
            "occurred_on": "2026-01-12",
            "target": 2,
            "text": "left early",
            "reason": "asked by payer",
        },
    ]
    return [json.dumps({"episode": "A-1", "actor": ME} | event) for event in events]


def screen(text: str) -> str:
    """A literal screen of a test, without the newline it begins with."""
    return text.removeprefix("\n")
