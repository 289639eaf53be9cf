"""The files of packs on this machine: read once, and again once they have changed."""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
import time
from collections.abc import Callable
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from caretrail.errors import PackInvalid, PackUnknown
from caretrail.files import MOST_PACK_BYTES, regular_bytes

if TYPE_CHECKING:
    from caretrail.policy import Policy

CHECK_SECONDS = 10.0
"""How often a process that stays looks whether a file of a pack has changed."""

SETTLED_SECONDS = 2.0
"""How long a changed file must have rested: half of a pack would judge by half of its rules."""

Marks = tuple[tuple[str, int, int, int, int], ...]
"""What tells a file from what it was, without reading it: path, inode, size, and times of its content and its entry."""


def read_digest(but: frozenset[str] = frozenset()) -> str:
    """One digest of the pack files there are, but some names; read once a process, before any of them is loaded."""
    return _digest_read(_own_folder(), but)


class PackFiles:
    """Follows the pack files of a process that stays: `follow` reads all packs again once they have changed.

    Threads may share it. The clock is that of the machine, in seconds since 1970, as files have their times.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.time,
        check_seconds: float = CHECK_SECONDS,
        settled_seconds: float = SETTLED_SECONDS,
    ) -> None:
        self._clock = clock
        self._check_seconds = check_seconds
        self._settled_seconds = settled_seconds
        self._lock = threading.Lock()
        self._next: float | None = None
        self._known: Marks | None = None
        self._seen: Marks | None = None
        self._seen_since = 0.0

    def follow(self) -> bool:
        """Whether packs have changed, and from now on judge as they are on disk; looks every so many seconds."""
        with self._lock:
            now = self._clock()
            if self._next is None:  # they are read now, or soon
                self._next = now + self._check_seconds
            if self._next - self._check_seconds <= now < self._next:
                return False
            return self._checked(now)

    def _checked(self, now: float) -> bool:
        self._next = now + self._check_seconds
        marks = _marks(_own_folder())
        if marks == self._known:
            return False
        if marks != self._seen:
            self._seen, self._seen_since = marks, now
        changed = min(self._seen_since, max((max(mark[3:]) / 1e9 for mark in marks), default=now))
        if now - changed < self._settled_seconds:
            self._next = changed + self._settled_seconds
            return False
        self._known = marks
        if files_digest(_own_folder()) == read_digest():
            return False
        forget_packs()
        return True


INSTALLED = PackFiles()
"""Those of this process, whose packs all its stores share."""

_forgotten = 0


def forget_packs() -> None:
    """Read all packs from their files again."""
    global _forgotten  # as the packs themselves, which the process reads once
    from caretrail import policy

    _forgotten += 1
    _digest_read.cache_clear()
    policy.forget_packs()


def times_forgotten() -> int:
    """How often this process has read its packs again: what is judged between two equal numbers is of one reading."""
    return _forgotten


def _own_folder() -> str | None:
    return os.environ.get("CARETRAIL_PACKS")  # as in caretrail.policy.loader


def _marks(own: str | None) -> Marks:
    found: list[tuple[str, int, int, int, int]] = []
    for path in _files(own):
        with contextlib.suppress(OSError):  # gone since the folder was read
            stat = path.stat()
            found.append((str(path), stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns))
    return tuple(found)


def _files(own: str | None) -> list[Path]:
    """The files of packs that come with the program, then those in a folder of one's own."""
    spec = find_spec("caretrail.policy")
    folders = [Path(place, "packs") for place in (spec.submodule_search_locations or ())] if spec else []
    return [path for folder in (*folders, *([Path(own)] if own else ())) for path in sorted(folder.glob("*.toml"))]


def files_digest(own: str | None, but: frozenset[str] = frozenset()) -> str:
    """One digest of the pack files that come with the program and of those in a folder of one's own, but some names."""
    digest = hashlib.sha256()
    for path in (path for path in _files(own) if path.stem not in but):
        with contextlib.suppress(OSError):  # what cannot be read judges nothing, and says so where it is asked for
            digest.update(os.fsencode(path.name) + regular_bytes(path, MOST_PACK_BYTES))
    return digest.hexdigest()


_digest_read = lru_cache(maxsize=8)(files_digest)


def usable_policy(policy: str | None) -> Policy | None:
    """The policy of a name as installed; None if there is none that is usable."""
    from caretrail.policy import load_policy

    if policy is None:
        return None
    read_digest()  # before the first is loaded: a file that changes afterward is seen to differ
    try:
        return load_policy(policy)
    except (PackUnknown, PackInvalid):
        return None
