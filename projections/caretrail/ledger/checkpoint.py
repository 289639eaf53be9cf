"""Checkpoints in the format of C2SP tlog-checkpoint: what a log held at a size, in three lines, signed.

caretrail.log/5f1c…
1042
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

The two logs of a store are always signed together. The checkpoint of the accesses names, in a fourth line, the head of
the events: nothing they tell of is behind it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from caretrail.ledger.note import BadNote, OtherLog, SigningKey, VerifyingKey, open_note, sign_note, split_notes
from caretrail.ledger.tree import EMPTY_ROOT
from caretrail.log.records import Log

HASH_BYTES = 32
EVENTS_LINE = "events"
MOST_DIGITS = 19
_EVENTS = re.compile(rf"{EVENTS_LINE} (0|[1-9][0-9]{{0,18}}) ([A-Za-z0-9+/]{{43}}=)")


class Head(NamedTuple):
    """The size of a log, and the root of the tree over all of it."""

    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The root of the tree over the first `size` rows of the log that `origin` names; of accesses with `events`."""

    origin: str
    size: int
    root: bytes
    events: Head | None = field(default=None, metadata={"json": False})

    @property
    def head(self) -> Head:
        """Its size and root."""
        return Head(self.size, self.root)

    @property
    def text(self) -> str:
        """What is signed."""
        lines = [self.origin, str(self.size), _base64(self.root)]
        if self.events is not None:
            lines.append(f"{EVENTS_LINE} {self.events.size} {_base64(self.events.root)}")
        return "".join(f"{line}\n" for line in lines)


class CheckpointPair(NamedTuple):
    """The checkpoints of both logs, signed together."""

    events: Checkpoint
    accesses: Checkpoint


EMPTY_PAIR = CheckpointPair(Checkpoint("", 0, EMPTY_ROOT), Checkpoint("", 0, EMPTY_ROOT))
"""What was signed of a store before its first checkpoints."""

NamedCheckpoints = Mapping[Log, Sequence[Checkpoint]]
"""Checkpoints of each log that somebody kept and names; no signature of them was checked."""


def origin_of(namespace: UUID) -> str:
    """The permanent name of a log of events: the same for every copy of a store, and it reveals nothing."""
    return f"caretrail.log/{hashlib.sha256(b'caretrail origin' + namespace.bytes).hexdigest()[:32]}"


def origin_of_accesses(origin: str) -> str:
    """The name of the accesses beside a log of events; the keys of that one sign them under this name."""
    return f"{origin}/accesses"


def log_origin(origin: str, log: Log) -> str:
    """The name of a log of the store whose events have this one."""
    return origin if log is Log.EVENTS else origin_of_accesses(origin)


def sign_pair(pair: CheckpointPair, keys: Sequence[SigningKey]) -> str:
    """Sign both checkpoints, each in the name of its log: two notes, one after the other."""
    return "".join(sign_checkpoint(one, [key.named(one.origin) for key in keys]) for one in pair)


def open_pair(text: str, keys: Sequence[VerifyingKey], origin: str) -> CheckpointPair:
    """Read what `sign_pair` wrote for the logs of an origin.

    Raises as `open_checkpoint` does, and BadNote where the two were not signed together.
    """
    notes = split_notes(text)
    if len(notes) != 2:
        raise BadNote("these are not the two checkpoints of a store", "one of the events and one of the accesses")
    found = [
        open_checkpoint(note, [key.named(name) for key in keys], name)
        for note, name in zip(notes, (origin, origin_of_accesses(origin)), strict=True)
    ]
    pair = CheckpointPair(*found)
    if pair.accesses.events != pair.events.head:
        raise BadNote("these two checkpoints were not signed together", "keep both as they were given out")
    return pair


def sign_checkpoint(checkpoint: Checkpoint, keys: Iterable[SigningKey]) -> str:
    """Sign a checkpoint; during a change of keys with the old one and the new one."""
    return sign_note(checkpoint.text, keys)


def open_checkpoint(note: str, keys: Sequence[VerifyingKey], origin: str | None = None) -> Checkpoint:
    """Read a checkpoint that one of the keys signed; of that log, if an origin is given.

    Raises as `open_note` does, BadNote for another kind of note, OtherLog for another origin.
    """
    text, _ = open_note(note, keys)
    return read_checkpoint(text, origin)


def read_checkpoint(text: str, origin: str | None = None) -> Checkpoint:
    """Read the text of a checkpoint, whose signature has been checked."""
    lines = text.split("\n")
    if len(lines) < 4 or not lines[0]:
        raise _bad_checkpoint()
    name, number, encoded = lines[:3]
    if not (number.isascii() and number.isdecimal() and str(int(number[: MOST_DIGITS + 1])) == number):
        raise _bad_checkpoint()
    try:
        root = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise _bad_checkpoint() from None
    checkpoint = Checkpoint(name, int(number), root, _events(lines[3:-1]))
    if len(root) != HASH_BYTES or not text.startswith(Checkpoint(name, int(number), root).text):
        raise _bad_checkpoint()
    if origin is not None and name != origin:
        raise OtherLog("the checkpoint is of another log", "use the checkpoints of this store")
    return checkpoint


def _events(more: Sequence[str]) -> Head | None:
    """The head of the events, if the further lines of a checkpoint begin with it."""
    match = _EVENTS.fullmatch(more[0]) if more else None
    if match is None:
        return None
    root = base64.b64decode(match[2])
    return Head(int(match[1]), root) if len(root) == HASH_BYTES and _base64(root) == match[2] else None


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bad_checkpoint() -> BadNote:
    return BadNote("this is not a checkpoint", "it has an origin, a size and a root, one a line")
