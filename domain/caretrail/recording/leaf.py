"""The leaf of one event in the Merkle tree over the log: what a receipt commits to."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from struct import Struct

from caretrail.recording.events import RecordedEvent

#: RFC 9162 puts this byte before a leaf, so that a leaf can never pass for an inner node.
LEAF_PREFIX = b"\x00"
#: Number of the layout below; a second layout would get a second number.
FORMAT = b"\x01"

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_POSITION = Struct(">Q")
_VERSION_AND_TIME = Struct(">Qq")
_LENGTH = Struct(">I")


def microseconds(moment: datetime) -> int:
    """Count whole microseconds since 1970 UTC, without the rounding of a float."""
    return (moment - EPOCH) // _MICROSECOND


def leaf_hash(event: RecordedEvent) -> bytes:
    """Hash the columns of a recorded event into its leaf; the payload enters by its salted hash only."""
    parts = [
        LEAF_PREFIX,
        FORMAT,
        _POSITION.pack(event.position),
        event.originator_id.bytes,
        _VERSION_AND_TIME.pack(event.originator_version, microseconds(event.recorded_at)),
    ]
    for text in (event.topic, event.recorded_by, event.source, event.command_id):
        encoded = text.encode()
        parts.append(_LENGTH.pack(len(encoded)))
        parts.append(encoded)
    parts.append(hashlib.sha256(event.salt + event.state).digest())
    return hashlib.sha256(b"".join(parts)).digest()
