"""Writing small files so that a kill or a power cut leaves the old one or the new one, and never half of one."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from caretrail.errors import CaretrailError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


class FileRefused(CaretrailError):
    """A file cannot be written, or another is there already."""

    code = "file_refused"


def replace_file(path: Path, text: str, mode: int) -> None:
    """Put a text in the place of what the file held. Raises OSError; when it returns, the text is on disk."""
    temporary = _written(path, text, mode)
    try:
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def create_file(path: Path, text: str, mode: int) -> bool:
    """Make a file with a text; False if that very text is there already. Raises FileRefused if another one is."""
    temporary = _written(path, text, mode)
    try:
        os.link(temporary, path)  # unlike a rename it never takes the place of another
    except FileExistsError:
        if path.read_bytes() != text.encode():
            raise FileRefused(f"{path.name} is there already and holds something else", _LOOK) from None
        return False
    finally:
        temporary.unlink(missing_ok=True)
        sync_folder(path.parent)
    return True


_LOOK = "nothing was overwritten; look at that file, or choose another folder"


def _written(path: Path, text: str, mode: int) -> Path:
    """Write the text beside a file, and see that it is on disk."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def sync_folder(folder: Path) -> None:
    """See that the names in a folder are on disk, where the system lets a folder be opened."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def held(path: Path) -> Generator[bool]:
    """Hold a file as a lock, without waiting; False if somebody else holds it. A killed holder lets go."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        taken = False
        with suppress(OSError):
            if sys.platform == "win32":
                msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
            else:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            taken = True
        yield taken
    finally:
        os.close(descriptor)
