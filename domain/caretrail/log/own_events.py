"""The store's own events, read without their models: which contents of policy packs it records.

The command_id of an own event says what it is about, so that a list of them needs no payload, and so that nothing is
recorded twice: not even by two hosts at once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from caretrail.errors import HiddenEvents, StoreDamaged
from caretrail.log.recorder import EventRecorder
from caretrail.log.records import store_stream


class OwnEvent(NamedTuple):
    """An event of the store without its payload; `about` are the words of its command_id."""

    position: int
    version: int
    kind: str
    about: tuple[str, ...]
    recorded_at: datetime


class PackContent(NamedTuple):
    """A content of a pack as recorded: its SHA-256 in hex, and the event that keeps it."""

    name: str
    sha256: str
    position: int
    version: int
    recorded_at: datetime


def own_events(recorder: EventRecorder) -> list[OwnEvent]:
    """What the store recorded of itself, oldest first. Raises HiddenEvents if one is missing."""
    found = [
        OwnEvent(position, version, name.partition("/")[0], tuple(command.split(" ")), at)
        for position, version, name, command, at in recorder.read_outline(store_stream(recorder.namespace))
    ]
    for expected, event in enumerate(found, start=1):
        if event.version != expected:
            raise HiddenEvents.missing(expected)
    return found


def packs_in(events: Iterable[OwnEvent]) -> list[PackContent]:
    """The contents of packs that own events record, oldest first."""
    return [
        PackContent(event.about[0], event.about[1], event.position, event.version, event.recorded_at)
        for event in events
        if event.kind == "pack_recorded" and len(event.about) == 2
    ]


class VoidedPosition(NamedTuple):
    """An operator's void of an event that cannot be read: where it is recorded, and the reason that it states."""

    position: int
    reason: str


NO_VOIDS: Mapping[int, VoidedPosition] = MappingProxyType({})


def voids_in(recorder: EventRecorder, upto: int) -> dict[int, VoidedPosition]:
    """The voids recorded up to a position, by the position of the event that each is about."""
    stream = store_stream(recorder.namespace)
    found: dict[int, VoidedPosition] = {}
    for event in own_events(recorder):
        if event.kind == "position_voided" and event.position <= upto:
            [row] = recorder.select_events(stream, gt=event.version - 1, lte=event.version)
            with suppress(KeyError, TypeError, ValueError, RecursionError):  # what cannot be read voids nothing
                kept = json.loads(row.state)
                found[int(kept["target"])] = VoidedPosition(event.position, str(kept["reason"]))
    return found


def pack_content(recorder: EventRecorder, content: PackContent) -> bytes:
    """The bytes of a recorded pack. Raises StoreDamaged if the store does not hold what it says."""
    stream = store_stream(recorder.namespace)
    rows = recorder.select_events(stream, gt=content.version - 1, lte=content.version)
    try:
        kept = json.loads(rows[0].state)
        found: bytes = kept["content"].encode()
        is_it = kept["name"] == content.name and hashlib.sha256(found).hexdigest() == content.sha256
    except (IndexError, KeyError, TypeError, ValueError, AttributeError, RecursionError):
        found, is_it = b"", False
    if not is_it:
        raise StoreDamaged(
            f"{recorder.store}: a recorded policy pack is not the one that it says", "run 'caretrail audit verify'"
        )
    return found
