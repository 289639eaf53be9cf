"""The facts of one episode as lines of JSON, from which every leaf can be made again; docs/reference/packet.md."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from caretrail.errors import StoreDamaged
from caretrail.evidence.packet.notice import STATEMENT_2
from caretrail.evidence.packet.redaction import Shown
from caretrail.recording.events import RecordedEvent
from caretrail.recording.leaf import leaf_hash, payload_hash


def json_bytes(value: Mapping[str, Any]) -> bytes:
    """JSON for people and programs: keys in their given order, one a line."""
    return (json.dumps(value, indent=1) + "\n").encode()


def fact_lines(
    events: Sequence[RecordedEvent], shown: Mapping[int, Shown], *, client: str | None, episode: str
) -> bytes:
    """The file `facts.jsonl`: whose facts these are in the first line, then one fact a line."""
    head = {
        "notice": STATEMENT_2,
        "client": client,
        "episode": episode,
        "stream": events[0].originator_id.hex,
        "facts": len(events),
    }
    rows = [_json(head), *(_line(event, shown[event.originator_version]) for event in events)]
    return b"\n".join(rows) + b"\n"


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _line(event: RecordedEvent, shown: Shown) -> bytes:
    line: dict[str, Any] = {
        "position": event.position,
        "version": event.originator_version,
        "recorded_at": event.recorded_at.isoformat(timespec="microseconds"),
        "recorded_by": event.recorded_by,
        "name": event.topic,
    }
    if shown.sealed:
        line["sealed"] = True
    else:
        line |= {"source": event.source, "command_id": event.command_id}
    if shown.whole:
        line["salt"] = event.salt.hex()
    elif not shown.sealed:
        line["payload_hash"] = payload_hash(event.salt, event.state).hex()
    if shown.withheld is not None:
        line["withheld"] = shown.withheld
    elif shown.stated is not None:
        line |= {"stated": shown.stated, "left_out": list(shown.left_out)}
    line["leaf"] = leaf_hash(event).hex()
    if not shown.whole:
        return _json(line)
    if b"\n" in event.state:
        raise StoreDamaged("a stored fact is not in one line", "run 'caretrail audit verify'")
    return _json(line)[:-1] + b',"payload":' + event.state + b"}"  # byte for byte, and last, so that it can be cut out
