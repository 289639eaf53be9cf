"""Checkpoints in the format of C2SP tlog-checkpoint: what a log held at a size, in three lines, signed.

caretrail.log/5f1c…
1042
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from caretrail.ledger.note import BadNote, OtherLog, SigningKey, VerifyingKey, open_note, sign_note

HASH_BYTES = 32
MOST_DIGITS = 19


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The root of the tree over the first `size` events of the log that `origin` names."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """What is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def origin_of(namespace: UUID) -> str:
    """The permanent name of a log: the same for every copy of a store, and it reveals nothing."""
    return f"caretrail.log/{hashlib.sha256(b'caretrail origin' + namespace.bytes).hexdigest()[:32]}"


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
    checkpoint = Checkpoint(name, int(number), root)
    if len(root) != HASH_BYTES or not text.startswith(checkpoint.text):
        raise _bad_checkpoint()
    if origin is not None and name != origin:
        raise OtherLog("the checkpoint is of another log", "use the checkpoints of this store")
    return checkpoint


def _bad_checkpoint() -> BadNote:
    return BadNote("this is not a checkpoint", "it has an origin, a size and a root, one a line")
