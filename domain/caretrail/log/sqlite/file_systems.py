"""The file system of a path: SQLite's locks and shared memory do not work over a network."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

MOUNTS: Final = Path("/proc/self/mountinfo")

_NETWORK: Final = frozenset({
    "afs", "beegfs", "ceph", "cifs", "coda", "fuse.ceph", "fuse.glusterfs", "fuse.rclone", "fuse.s3fs",
    "fuse.smbnetfs", "fuse.sshfs", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "orangefs", "pvfs2", "smb3",
    "smbfs",
})  # fmt: skip
"""Types of Linux whose files another machine may write at the same time. 9p is none: it also carries local folders."""

_OCTAL: Final = re.compile(r"\\([0-7]{3})")


def network_file_system(path: Path, mounts: Path | None = None) -> str | None:
    """The type of the network file system a path lies on; None if it is local or unknown.

    Known on Linux, from its table of mounts, and for the network shares of Windows.
    """
    if path.drive.startswith("\\\\"):
        return "a share"
    try:
        table = (mounts or MOUNTS).read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return None
    kind = mount_type(table, path.resolve())
    return kind if kind in _NETWORK else None


def mount_type(table: str, path: Path) -> str | None:
    """The type of the file system mounted at a path, by a table in the form of `/proc/self/mountinfo`.

    The deepest mount point above the path counts; of several mounts at one point, the latest hides the others.
    """
    found: tuple[int, str] | None = None
    for line in table.splitlines():
        before, _, after = line.partition(" - ")
        fields = before.split(" ")
        if len(fields) < 5 or not after:
            continue
        point = Path(_OCTAL.sub(lambda match: chr(int(match[1], 8)), fields[4]))
        depth = len(point.parts)
        if path.is_relative_to(point) and (found is None or depth >= found[0]):
            found = depth, after.split(" ")[0]
    return found[1] if found else None
