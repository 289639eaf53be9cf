"""The zip of a packet: written to a temporary file for its owner only, and moved into place when complete."""

from __future__ import annotations

import hashlib
import os
import tempfile
import zipfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from caretrail.evidence.packet.terms import PacketRefused
from caretrail.files import move_to_free_name, sync_folder

EARLIEST: Final = (1980, 1, 1, 0, 0, 0)
"""The time of every file in the zip, so that the same content gives the same bytes."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A file as the manifest lists it."""

    path: str
    bytes: int
    sha256: str


@dataclass(slots=True)
class Archive:
    """A zip that is being written; `listed` are its files so far."""

    path: Path
    _file: IO[bytes]
    _zip: zipfile.ZipFile
    listed: list[Listed] = field(default_factory=list[Listed])

    def add(self, path: str, data: bytes) -> None:
        """Add a file."""
        entry = zipfile.ZipInfo(path, EARLIEST)
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.external_attr = 0o100600 << 16
        self._zip.writestr(entry, data)
        self.listed.append(Listed(path, len(data), hashlib.sha256(data).hexdigest()))

    def close(self) -> None:
        """Finish the zip, on the disk."""
        self._zip.close()
        self._file.flush()
        os.fsync(self._file.fileno())

    def digest(self) -> str:
        """The SHA-256 of the finished zip, in hex."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def place(self, target: Path, *, replace: bool) -> None:
        """Put the finished zip where it belongs; over another file only with `replace`. Raises PacketRefused."""
        try:
            if replace:
                self.path.replace(target)
            else:
                move_to_free_name(self.path, target)
            sync_folder(target.parent)
        except OSError as error:
            raise _refused(error) from None


@contextmanager
def archive_for(target: Path, *, replace: bool) -> Generator[Archive]:
    """Write a zip to a temporary file that is removed unless it was moved into place. Raises PacketRefused."""
    if target.exists() and not replace:
        raise _refused(FileExistsError())
    try:
        # made for its owner only, which is what mkstemp does
        descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
    except OSError as error:
        raise _refused(error) from None
    path = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file, zipfile.ZipFile(file, "w", allowZip64=True) as opened:
            yield Archive(path, file, opened)
    finally:
        path.unlink(missing_ok=True)


def _refused(error: OSError) -> PacketRefused:
    if isinstance(error, FileExistsError):
        return PacketRefused("the file already exists", "choose another name, or replace it with --force")
    return PacketRefused(f"the packet cannot be written: {os.strerror(error.errno or 0)}")
