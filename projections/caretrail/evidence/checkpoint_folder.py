"""The folder of published checkpoints: one file for each pair of sizes, never overwritten."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from caretrail.evidence.external import SUFFIX
from caretrail.evidence.sign import SignedCheckpoint
from caretrail.files import FileRefused, create_file, regular_bytes
from caretrail.ledger.checkpoint import CheckpointPair, open_pair
from caretrail.ledger.note import MOST_BYTES, NoteRefused, SigningKey, VerifyingKey, note_text, split_notes

MODE = 0o644


def newest_in(folder: Path, keys: Sequence[SigningKey], origin: str) -> CheckpointPair | None:
    """The newest checkpoints of a store in the folder that one of the keys signed. Raises FileRefused."""
    found = newest_signed(folder, [key.verifying for key in keys], origin)
    return found[0] if found else None


def newest_signed(folder: Path, keys: Sequence[VerifyingKey], origin: str) -> tuple[CheckpointPair, str] | None:
    """The newest checkpoints in the folder that one of the keys signed, and their note. Raises FileRefused."""
    try:
        files = sorted((path for path in folder.iterdir() if path.suffix == SUFFIX), reverse=True)
    except OSError as error:
        hint = "nothing was signed; first create the folder, out of reach of the database administrators"
        raise FileRefused(f"cannot read the checkpoint folder: {_why(error)}", hint) from None
    for path in files:
        with suppress(NoteRefused, OSError, UnicodeDecodeError):
            note = regular_bytes(path, MOST_BYTES).decode()
            return open_pair(note, keys, origin), note
    return None


def publish(folder: Path, signed: SignedCheckpoint, keys: Sequence[SigningKey]) -> Path:
    """Put the notes into the folder, on disk when this returns; the same again changes nothing. Raises FileRefused."""
    path = folder / f"{signed.checkpoint.size:012d}-{signed.accesses.size:012d}{SUFFIX}"
    try:
        if path.exists() and _same_text(path, signed):  # the same checkpoint, signed by others: a change of keys
            ids = "-".join(key.verifying.id.hex() for key in keys)
            path = path.with_name(f"{path.stem}-{ids}{SUFFIX}")
        create_file(path, signed.note, MODE)
    except OSError as error:
        hint = "the checkpoint is saved: run this again, and the same one is given out"
        raise FileRefused(f"the folder for checkpoints cannot be written: {_why(error)}", hint) from None
    return path


def _same_text(path: Path, signed: SignedCheckpoint) -> bool:
    with suppress(NoteRefused, UnicodeDecodeError):
        note = regular_bytes(path, MOST_BYTES).decode()
        texts = list(map(note_text, split_notes(note)))
        return note != signed.note and texts == [signed.checkpoint.text, signed.accesses.text]
    return False


def _why(error: OSError) -> str:
    return os.strerror(error.errno or 0)
