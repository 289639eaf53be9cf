"""The time stamp of a packet: over its two checkpoints, one after the other, as they were given out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cryptography.x509 import Certificate

from caretrail.evidence.packet import verify
from caretrail.evidence.packet.terms import PacketRefused
from caretrail.evidence.time_stamp import TimeStampRefused, check, stamp_path
from caretrail.files import regular_bytes
from caretrail.ledger.note import MOST_BYTES
from caretrail.text import visible


def stamp_beside(checkpoint: Path) -> bytes:
    """The time stamp beside a file of checkpoints; empty if there is none. Raises PacketRefused."""
    try:
        return regular_bytes(stamp_path(checkpoint), MOST_BYTES)
    except FileNotFoundError:
        return b""
    except OSError:
        raise PacketRefused("the time stamp of the checkpoint cannot be read") from None


def stamp_line(packet: Path, roots: Sequence[Certificate]) -> verify.Line:
    """Whether an authority stamped the checkpoints of a packet that holds; None if nobody did.

    Raises TimeStampRefused where the library is missing.
    """
    found: list[verify.Line] = []

    def read(files: verify.Files) -> None:
        if verify.STAMP not in files.sizes:
            found.append((None, f"NOT STAMPED: no authority signed when the checkpoint was there. {ASK_AGAIN}"))
            return
        answer, *notes = (
            verify.whole(files, name, verify.MOST_NOTE) for name in (verify.STAMP, verify.CHECKPOINT, verify.ACCESSES)
        )
        stamp = check(answer, b"".join(notes), roots)
        found.append((True, f"the checkpoint was there by {visible(str(stamp))}"))

    try:
        verify.opened(str(packet), read)
    except TimeStampRefused as refusal:
        if refusal.missing:
            raise
        return False, f"the time stamp of the checkpoint: {refusal.message}"
    return found[0]


ASK_AGAIN = (
    "Ask for the packet again, made with 'caretrail audit packet --signed' and a checkpoint that has a time stamp"
)
