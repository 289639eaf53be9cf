"""The leaf of one row in the Merkle tree over its log, to which a receipt commits."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from struct import Struct
from uuid import UUID

from caretrail.log.records import Log, RecordedEvent

#: RFC 9162 puts this byte before a leaf, so that a leaf can never pass for an inner node.
LEAF_PREFIX = b"\x00"
#: Number of the layout below; a second layout would get a second number.
FORMAT = b"\x01"

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_NUMBERS = Struct(">BQ16sQq")
_LENGTH = Struct(">I")

LogColumns = tuple[int, bytes, int, str, bytes, int, str, str, str, str, bytes]
"""The columns that make a leaf: position, stream, version, name, payload, µs since 1970, recorded_by,
asserted_by, source, command_id, salt."""


def microseconds(moment: datetime) -> int:
    """Count whole microseconds since 1970 UTC, without the rounding of a float."""
    return (moment - EPOCH) // _MICROSECOND


def leaf_hash(event: RecordedEvent, log: Log = Log.EVENTS) -> bytes:
    """Hash the columns of a recorded event into its leaf; the payload enters by its salted hash only."""
    return leaf_of(columns_of(event), log)


def columns_of(e: RecordedEvent) -> LogColumns:
    """The columns of an event as they enter its leaf."""
    head = (e.position, e.originator_id.bytes, e.originator_version, e.topic, e.state)
    return (*head, microseconds(e.recorded_at), e.recorded_by, e.asserted_by, e.source, e.command_id, e.salt)


def event_of(columns: LogColumns) -> RecordedEvent:
    """The event that has these columns."""
    position, stream, version, name, payload, moment, recorded_by, asserted_by, source, command_id, salt = columns
    # `RecordedEvent(...)` sets each field past the guard of a frozen class, and takes three times as long
    event = object.__new__(RecordedEvent)
    vars(event).update(
        originator_id=_stream(stream),
        originator_version=version,
        topic=name,
        state=payload,
        source=source,
        command_id=command_id,
        salt=salt,
        position=position,
        recorded_at=EPOCH + timedelta(microseconds=moment),
        recorded_by=recorded_by,
        asserted_by=asserted_by,
    )
    return event


@lru_cache(maxsize=256)  # events are read stream by stream
def _stream(value: bytes) -> UUID:
    return UUID(bytes=value)


def leaf_of(columns: LogColumns, log: Log = Log.EVENTS) -> bytes:
    """Hash a row of a log into its leaf."""
    position, stream, version, name, payload, moment, recorded_by, asserted_by, source, command_id, salt = columns
    return hashlib.sha256(
        LEAF_PREFIX
        + FORMAT
        + _NUMBERS.pack(log, position, stream, version, moment)
        + _text(name)
        + _text(recorded_by)
        + _text(asserted_by)
        + _text(source)
        + _prefixed(command_id)
        + payload_hash(salt, payload)
    ).digest()


def payload_hash(salt: bytes, payload: bytes) -> bytes:
    """Hash a payload with its salt: it proves a leaf without the payload."""
    return hashlib.sha256(salt + payload).digest()


def _prefixed(text: str) -> bytes:
    """Encode a text, preceded by its length in bytes."""
    encoded = text.encode()
    return _LENGTH.pack(len(encoded)) + encoded


_text = lru_cache(maxsize=256)(_prefixed)  # for names, accounts and sources, which are few
