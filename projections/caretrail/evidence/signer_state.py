"""What a signer remembers of a log, outside its database: the last checkpoint it signed, in a file that is that note.

A log must not sign a checkpoint that contradicts one it signed before (C2SP tlog-checkpoint). So the memory is written,
and on disk, before a note is given out, and what cannot be read or is of another log is never taken for none.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from caretrail.errors import CaretrailError
from caretrail.evidence.durable import held, replace_file
from caretrail.files import regular_bytes
from caretrail.ledger.checkpoint import Checkpoint, open_checkpoint
from caretrail.ledger.note import MOST_BYTES, NoteRefused, UnknownKey, VerifyingKey

FILE_MODE = 0o600
FOLDER_MODE = 0o700


class SigningRefused(CaretrailError):
    """Nothing was signed, because it might contradict what was signed before."""

    code = "signing_refused"


class Memory:
    """The file that remembers the last checkpoint of one log."""

    def __init__(self, path: Path, origin: str) -> None:
        self.path = path
        self.origin = origin

    @contextmanager
    def alone(self) -> Generator[None]:
        """Keep other signers out. Raises SigningRefused."""
        try:
            self.path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            lock = held(self.path.with_name(f"{self.path.name}.lock"))
            taken = lock.__enter__()
        except OSError as error:
            raise self._failed("written", error) from None
        try:
            if not taken:
                raise SigningRefused("another signer of this log is at work", "let it finish, then run this again")
            yield
        finally:
            lock.__exit__(None, None, None)

    def recall(self, keys: Sequence[VerifyingKey]) -> tuple[Checkpoint, str] | None:
        """The last checkpoint that was signed and its note; None if there is no such file. Raises SigningRefused."""
        try:
            note = regular_bytes(self.path, MOST_BYTES).decode()
            return open_checkpoint(note, keys, self.origin), note
        except FileNotFoundError:
            return None
        except UnknownKey:
            raise SigningRefused(
                "the last checkpoint was signed by another key",
                "to change keys, sign once with both: --key NEW --key OLD",
            ) from None
        except NoteRefused as refusal:
            raise SigningRefused(
                f"{self.path}: what was signed last is not readable: {refusal.message}", _FIND
            ) from None
        except UnicodeDecodeError:
            raise SigningRefused(f"{self.path}: what was signed last is not readable", _FIND) from None
        except OSError as error:
            raise self._failed("read", error) from None

    def remember(self, note: str) -> None:
        """Remember a note as the last one; when this returns, it is on disk. Raises SigningRefused."""
        try:
            replace_file(self.path, note, FILE_MODE)
        except OSError as error:
            raise self._failed("written", error) from None

    def _failed(self, done: str, error: OSError) -> SigningRefused:
        why = os.strerror(error.errno) if error.errno else "it is not a file of bytes"
        return SigningRefused(f"{self.path}: what was signed last cannot be {done}: {why}", "nothing was signed")


_FIND = "nothing was signed; put the newest checkpoint that was given out in its place, as it is"
