"""Rows of the store: an event to record, an event as recorded, a stay; their streams and limits."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum
from functools import lru_cache
from itertools import chain
from typing import Final, NamedTuple, TypeAlias
from uuid import UUID, uuid5

from eventsourcing.persistence import StoredEvent

from caretrail.errors import AccessAppended, InvalidEvent
from caretrail.tokens import ID_PATTERN

SALT_BYTES = 16
#: PostgreSQL keeps no index entry above 2,704 bytes; both stores refuse at the same, lower, length.
LONGEST_TEXT = 1000
LARGEST_PAYLOAD = 256 * 1024
"""Bytes of an access; other payloads are bounded where they are parsed."""
MOST_ACCESSES = 1000
MOST_EVENTS = 10_000
LARGEST_CALL = 16 * 1024 * 1024
"""Bytes of all payloads of one call: who appends holds everybody else up for as long as that takes."""
ACCESS_NAME = "accessed/1"
ACCESS_PREFIX = "accessed/"
ACCESS_SOURCE = "caretrail.access"
"""The source of every access, so that no command_id of another sender can collide with it."""

OWN_COMMAND_ID = "send the second event with its own command_id"


class Log(IntEnum):
    """Which log: each has positions, a tree and checkpoints of its own."""

    EVENTS = 1
    ACCESSES = 2


NOUNS: Final = {Log.EVENTS: "events", Log.ACCESSES: "accesses"}
"""What the rows of a log are called."""


CommandKey: TypeAlias = tuple[str, str]
"""`source` and `command_id`: the key of a sent event, unique in the store."""

#: Versions and positions are signed 64-bit integers in both stores.
LARGEST_NUMBER = 2**63 - 1


@dataclass(frozen=True)
class PendingEvent(StoredEvent):
    """One event as a client sends it; the payload is opaque bytes to the store."""

    originator_id: UUID
    source: str
    """The sending system, '' if none."""
    command_id: str
    """Idempotency key within the source, never empty."""
    salt: bytes
    """16 random bytes from the client, so that a leaf reveals nothing about the payload."""

    @property
    def key(self) -> CommandKey:
        """The source and command_id it is sent under."""
        return self.source, self.command_id


class PendingAccess(NamedTuple):
    """One access as a client sends it: the store chooses stream, version, name and source."""

    payload: bytes
    command_id: str
    salt: bytes

    def event(self, stream: UUID, version: int) -> PendingEvent:
        """The event that records it."""
        return PendingEvent(stream, version, ACCESS_NAME, self.payload, ACCESS_SOURCE, self.command_id, self.salt)


class StoodOn(NamedTuple):
    """What an answer rested on: its position and days, what knowledge was asked for, and the build that gave it.

    `known_at` is None for what is known now, `build` None for an answer from the log itself.
    """

    position: int
    as_of: Sequence[date] = ()
    known_at: int | None = None
    build: str | None = None


@dataclass(frozen=True)
class RecordedEvent(PendingEvent):
    """One event as the store keeps it, with position, time and author, which only the store sets."""

    position: int
    """Gapless over the whole log, from 1."""
    recorded_at: datetime
    """Aware, UTC, strictly rising with position."""
    recorded_by: str
    """Database role (`session_user`) or user of the operating system."""
    asserted_by: str = ""
    """An author that a gateway vouches for, empty where the login is the author's own; no gateway is there yet."""


def sent_again(event: RecordedEvent) -> PendingEvent:
    """A recorded event as it is sent once more, under a version that can be the next of no stream."""
    return PendingEvent(
        event.originator_id, LARGEST_NUMBER, event.topic, event.state, event.source, event.command_id, new_salt()
    )


class ProgramStay(NamedTuple):
    """The days a client spends in a program, as columns of the store; without a last day it is open."""

    client: str
    program: str
    first_day: date
    last_day: date | None


@lru_cache(maxsize=1000)
def episode_stream(namespace: UUID, episode: str) -> UUID:
    """The stream of a case number: opaque, and different in every store."""
    return uuid5(namespace, episode)


def case_number_in(payload: bytes) -> str | None:
    """The case number that a payload names, without a model of its event; None if it is none, or no JSON."""
    try:
        name = json.loads(payload).get("episode")
    except (ValueError, AttributeError, RecursionError):
        return None
    return name if isinstance(name, str) and re.fullmatch(ID_PATTERN, name) else None


@lru_cache(maxsize=1000)
def program_stream(namespace: UUID, program: str) -> UUID:
    """The stream of a program's own events, in a namespace of its own within that of the store."""
    return uuid5(uuid5(namespace, "program"), program)


def store_stream(namespace: UUID) -> UUID:
    """The one stream of the store's own events, in a namespace of its own within that of the store."""
    return uuid5(uuid5(namespace, "store"), "events")


def access_stream(namespace: UUID, account: str) -> UUID:
    """The stream of an account's accesses; `record_access` of PostgreSQL computes the same from the login."""
    return UUID(bytes=hashlib.sha256(b"caretrail access" + namespace.bytes + account.encode()).digest()[:16])


Stays: TypeAlias = Mapping[UUID, Sequence[ProgramStay]]
"""By stream, all its stays."""


def new_salt() -> bytes:
    """Make the salt of one event."""
    return os.urandom(SALT_BYTES)


def check_call(events: Sequence[PendingEvent], stays: Stays) -> None:
    """Refuse what one of the two stores could not keep, before either receives it; messages repeat no value."""
    if len(events) > MOST_EVENTS:
        raise too_large()
    _check_bytes([event.state for event in events])
    keys: set[CommandKey] = set()
    for event in events:
        if event.topic.startswith(ACCESS_PREFIX) or event.source == ACCESS_SOURCE:
            raise AccessAppended
        _check_text("name", event.topic, least=1)
        _check_text("source", event.source)
        _check_sending(event)
        if not 0 < event.originator_version <= LARGEST_NUMBER:
            raise InvalidEvent("version must be a positive 64-bit number")
        if event.key in keys:
            raise InvalidEvent("a command_id appears twice in one call", OWN_COMMAND_ID)
        keys.add(event.key)
    if not stays.keys() <= {event.originator_id for event in events}:
        raise InvalidEvent("stays change only with an event of their own episode")
    for stay in chain.from_iterable(stays.values()):
        _check_text("client", stay.client)
        _check_text("program", stay.program)
        if stay.last_day is not None and stay.last_day < stay.first_day:
            raise InvalidEvent("a stay must not end before it begins")


def check_accesses(accesses: Sequence[PendingAccess]) -> None:
    """Refuse accesses that one of the two stores could not keep, before either receives them."""
    if len(accesses) > MOST_ACCESSES or len({access.command_id for access in accesses}) < len(accesses):
        raise InvalidEvent(f"accesses of one call are at most {MOST_ACCESSES}, each with its own command_id")
    _check_bytes([access.payload for access in accesses])
    for access in accesses:
        _check_sending(access)
        if len(access.payload) > LARGEST_PAYLOAD:
            raise InvalidEvent(f"payload is larger than {LARGEST_PAYLOAD // 1024} KB")


def too_large() -> InvalidEvent:
    """The refusal of a call that would hold everybody else up."""
    return InvalidEvent(
        f"the call is too large: at most {MOST_EVENTS:,} events and {LARGEST_CALL // 1024**2} MB go together",
        "send it in parts",
    )


def _check_bytes(payloads: Sequence[bytes]) -> None:
    if sum(map(len, payloads)) > LARGEST_CALL:
        raise too_large()


def payload_unreadable() -> InvalidEvent:
    """The refusal of a payload that nobody could read back; a store finds it, whoever sends it."""
    return InvalidEvent("payload must be a JSON object in UTF-8", "send the event by Caretrail's own programs")


def _check_sending(sent: PendingEvent | PendingAccess) -> None:
    _check_text("command_id", sent.command_id, least=1)
    if len(sent.salt) != SALT_BYTES:
        raise InvalidEvent(f"salt must have {SALT_BYTES} bytes")


def _check_text(field: str, text: str, *, least: int = 0) -> None:
    encoded = text.encode(errors="ignore")
    if encoded.decode() != text:
        raise InvalidEvent(f"{field} must be valid Unicode")
    if len(encoded) < least:
        raise InvalidEvent(f"{field} must not be empty")
    if len(encoded) > LONGEST_TEXT:
        raise InvalidEvent(f"{field} must not exceed {LONGEST_TEXT} bytes")
    if "\0" in text:
        raise InvalidEvent(f"{field} must not contain the character NUL")
