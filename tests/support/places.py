"""Where tests keep what they make: in memory where there is room, since a suite waits for disks more than it computes.

Every flush to disk is still asked for. What a disk keeps after a power cut is for tests/faults, which has disks of its
own making.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

MEMORY = Path("/dev/shm")  # noqa: S108  # a file system in memory; nothing secret is kept there
ROOM = 2 << 30
"""Bytes that are free there before tests use it: all at once they fill half of one."""

DISK = Path("/tmp")  # noqa: S108  # as above


def short_folder() -> Path:
    """A folder for what tests make; its path is short, for the sockets of servers."""
    writable = MEMORY.is_dir() and os.access(MEMORY, os.W_OK | os.X_OK)
    return MEMORY if writable and shutil.disk_usage(MEMORY).free >= ROOM else DISK
