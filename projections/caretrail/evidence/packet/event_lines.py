"""The events of one episode as lines of JSON, from which every leaf can be made again; docs/reference/packet.md."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date

from caretrail.aliases import Json
from caretrail.errors import StoreDamaged
from caretrail.evidence.packet.redaction import Shown
from caretrail.evidence.packet.terms import STATEMENT_2
from caretrail.log.leaf import leaf_hash, payload_hash
from caretrail.log.records import RecordedEvent


def json_bytes(value: Json) -> bytes:
    """JSON for people and programs: keys in their given order, one a line; days as ISO text."""
    return (json.dumps(value, indent=1, default=date.isoformat) + "\n").encode()


def event_lines(
    rows: Sequence[RecordedEvent], shown: Mapping[int, Shown], *, client: str | None, episode: str
) -> bytes:
    """The file `events.jsonl`: whose events these are in the first line, then one event a line."""
    head = {
        "notice": STATEMENT_2,
        "client": client,
        "episode": episode,
        "stream": rows[0].originator_id.hex,
        "events": len(rows),
    }
    lines = [_json(head), *(_line(row, shown[row.originator_version]) for row in rows)]
    return b"\n".join(lines) + b"\n"


def _json(value: Json) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _line(row: RecordedEvent, shown: Shown) -> bytes:
    line: Json = {
        "position": row.position,
        "version": row.originator_version,
        "recorded_at": row.recorded_at.isoformat(timespec="microseconds"),
        "recorded_by": row.recorded_by,
        "asserted_by": row.asserted_by,
        "name": row.topic,
    }
    if shown.sealed:
        line["sealed"] = True
    else:
        line |= {"source": row.source, "command_id": row.command_id}
    if shown.whole:
        line["salt"] = row.salt.hex()
    elif not shown.sealed:
        line["payload_hash"] = payload_hash(row.salt, row.state).hex()
    if shown.withheld is not None:
        line["withheld"] = shown.withheld
    elif shown.stated is not None:
        line |= {"stated": shown.stated, "left_out": list(shown.left_out)}
    line["leaf"] = leaf_hash(row).hex()
    if not shown.whole:
        return _json(line)
    if b"\n" in row.state:
        raise StoreDamaged("a stored event is not in one line", "run 'caretrail audit verify'")
    return _json(line)[:-1] + b',"payload":' + row.state + b"}"  # byte for byte, and last, so that it can be cut out
