"""The state of a signer, kept outside the database: the last checkpoints it signed, in a file of their two notes.

A log must not sign a checkpoint that contradicts one it signed before (C2SP tlog-checkpoint). So the state is on disk
before a note is given out, and a file that cannot be read, or is of another log, is never taken for a missing one.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from caretrail.errors import CaretrailError
from caretrail.files import file_lock, regular_bytes, replace_file
from caretrail.ledger.checkpoint import CheckpointPair, open_pair
from caretrail.ledger.note import MOST_BYTES, NoteRefused, UnknownKey, VerifyingKey

FILE_MODE = 0o600
FOLDER_MODE = 0o700


class SigningRefused(CaretrailError):
    """Nothing was signed, because it might contradict an earlier checkpoint."""

    code = "signing_refused"


class SignerState:
    """The file that holds the last checkpoints of one store that were signed, by its log or by a witness.

    `origin` is that of the events. `changed` says what to do where another key than those given signed them.
    """

    def __init__(
        self, path: Path, origin: str, changed: str = "to change keys, sign once with both: --key NEW --key OLD"
    ) -> None:
        self.path = path
        self.origin = origin
        self.changed = changed

    @contextmanager
    def locked(self) -> Generator[None]:
        """Keep other signers out. Raises SigningRefused."""
        with ExitStack() as stack:
            try:
                self.path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
                taken = stack.enter_context(file_lock(self.path.with_name(f"{self.path.name}.lock")))
            except OSError as error:
                raise self._failed("written", error) from None
            if not taken:
                raise SigningRefused("another signer of this log is at work", "let it finish, then run this again")
            yield

    def last(self, keys: Sequence[VerifyingKey]) -> CheckpointPair | None:
        """The last checkpoints that were signed; None if there is no such file. Raises SigningRefused."""
        try:
            return open_pair(regular_bytes(self.path, MOST_BYTES).decode(), keys, self.origin)
        except FileNotFoundError:
            return None
        except UnknownKey:
            raise SigningRefused("the last checkpoint was signed by another key", self.changed) from None
        except (NoteRefused, UnicodeDecodeError) as refusal:
            why = f": {refusal.message}" if isinstance(refusal, NoteRefused) else ""
            raise SigningRefused(
                f"{self.path}: the last checkpoint is not readable{why}",
                "nothing was signed; put the newest checkpoint that was given out in its place, as it is",
            ) from None
        except OSError as error:
            raise self._failed("read", error) from None

    def save(self, note: str) -> None:
        """Save two notes as the last ones; when this returns, they are on disk. Raises SigningRefused."""
        try:
            replace_file(self.path, note, FILE_MODE)
        except OSError as error:
            raise self._failed("written", error) from None

    def _failed(self, done: str, error: OSError) -> SigningRefused:
        why = os.strerror(error.errno) if error.errno else "it is not a file of bytes"
        return SigningRefused(f"{self.path}: the last checkpoint cannot be {done}: {why}", "nothing was signed")
