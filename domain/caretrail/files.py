"""Files that other people put into a folder of ours: read without waiting, and no further than makes sense."""

from __future__ import annotations

import os
import stat
from pathlib import Path

MOST_PACK_BYTES = 256 * 1024
"""Of a policy pack: fifteen times the longest that ships."""


class NotRegular(OSError):
    """There is no file of bytes there, but a folder, a pipe or a device."""


class TooLong(OSError):
    """The file is longer than anything of its kind."""


def regular_bytes(path: Path, most: int) -> bytes:
    """What is in a file; raises OSError. A pipe would wait for a writer, and a device might never end."""
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
