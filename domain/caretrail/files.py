"""Small files: read safely, and written whole, even across a kill or a power cut."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from caretrail.errors import CaretrailError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

MOST_PACK_BYTES = 256 * 1024
"""Largest policy pack read: fifteen times the longest that ships."""


class NotRegular(OSError):
    """The path is not a regular file, but a folder, a pipe or a device."""


class TooLong(OSError):
    """The file is longer than any of its kind."""


class FileRefused(CaretrailError):
    """A file cannot be written, or another file has its name."""

    code = "file_refused"


def regular_bytes(path: Path, most: int) -> bytes:
    """Read a file of at most so many bytes. Raises OSError; a pipe would block, and a device might never end."""
    opened = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        if not stat.S_ISREG(os.fstat(opened).st_mode):
            raise NotRegular
        with os.fdopen(opened, "rb", closefd=False) as file:
            content = file.read(most + 1)
    finally:
        os.close(opened)
    if len(content) > most:
        raise TooLong
    return content


# --- writing --------------------------------------------------------------------------------------------------------


def replace_file(path: Path, text: str, mode: int) -> None:
    """Replace the content of a file. Raises OSError; when it returns, the text is on disk."""
    temporary = _written(path, text.encode(), mode)
    try:
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def create_file(path: Path, content: str | bytes, mode: int) -> bool:
    """Create a file; False if it exists with that very content. Raises FileRefused if it has another one."""
    data = content.encode() if isinstance(content, str) else content
    temporary = _written(path, data, mode)
    try:
        move_to_free_name(temporary, path)
    except FileExistsError:
        if path.read_bytes() != data:
            hint = "nothing was overwritten; check that file, or choose another folder"
            raise FileRefused(f"{path.name} already exists with other content", hint) from None
        return False
    finally:
        temporary.unlink(missing_ok=True)
        sync_folder(path.parent)
    return True


def move_to_free_name(path: Path, target: Path) -> None:
    """Rename a file. Raises FileExistsError if the name is taken, OSError if it cannot be done."""
    try:
        os.link(path, target)  # unlike a rename it never replaces another file
    except FileExistsError:
        raise
    except OSError:  # the file system has no links; now another process may take the name in between
        if os.path.lexists(target):
            raise FileExistsError from None
        path.replace(target)
    else:
        path.unlink()


def _written(path: Path, data: bytes, mode: int) -> Path:
    """Write the bytes, on disk, to a new file beside this one."""
    temporary = path.with_name(f".{path.name}.{os.urandom(4).hex()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def sync_folder(folder: Path) -> None:
    """Flush the names in a folder to disk, where the system can open folders."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def file_lock(path: Path) -> Generator[bool]:
    """Lock a file; False, without waiting, if another process has locked it. A killed process releases its lock."""
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
