"""Cosignatures of witnesses, in the format of C2SP tlog-cosignature, with Ed25519.

A witness is somebody else than the log: it signs along on each checkpoint that continues the last one it signed, and
on no other. Whoever finds its line on a checkpoint knows that the log showed both of them one history.

What it signs is the text of the checkpoint after two lines, `cosignature/v1` and `time …`, the seconds since 1970. Its
line holds these seconds in eight bytes before the signature. Cosignatures of other kinds (ML-DSA-44) are passed over.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from caretrail.ledger.note import COSIGNATURE, ID_BYTES, BadSignature, SigningKey, VerifyingKey, part_note

TIME_BYTES = 8


class Cosignature(NamedTuple):
    """Which witness signed along, and when by its own clock (UTC, whole seconds)."""

    witness: VerifyingKey
    at: datetime


def cosign_note(note: str, key: SigningKey, at: datetime) -> str:
    """Add the line of a witness to a note; what is in it has been checked. Raises BadNote."""
    if key.kind != COSIGNATURE:
        raise ValueError("only the key of a witness cosigns")
    text, _ = part_note(note)
    seconds = int(at.timestamp())
    return note + key.line(seconds.to_bytes(TIME_BYTES, "big") + key.sign(_signed(text, seconds)))


def cosignatures(note: str, witnesses: Sequence[VerifyingKey]) -> list[Cosignature]:
    """The cosignatures of these witnesses on a note; lines of anybody else are passed over.

    Raises BadNote, and BadSignature if the line of one of them is not for this text.
    """
    text, signatures = part_note(note)
    return [
        Cosignature(witness, _checked(witness, signature[ID_BYTES:], text))
        for witness in witnesses
        for name, signature in signatures
        if (witness.name, witness.id) == (name, signature[:ID_BYTES])
    ]


def _checked(witness: VerifyingKey, signature: bytes, text: str) -> datetime:
    seconds = int.from_bytes(signature[:TIME_BYTES], "big")
    witness.check(signature[TIME_BYTES:], _signed(text, seconds).encode())
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        raise BadSignature("the time of a cosignature is in no calendar") from None


def _signed(text: str, seconds: int) -> str:
    return f"cosignature/v1\ntime {seconds}\n{text}"
