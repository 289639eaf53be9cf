"""The packs that judge: those installed, whether their files have changed, and whether they judged the rows.

Packs are loaded inside the functions: a list is read without the rules.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
import time
from collections.abc import Callable, Iterable
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from caretrail.errors import PackInvalid, PackUnknown
from caretrail.files import MOST_PACK_BYTES, regular_bytes
from caretrail.readmodel.schema import State, statements

if TYPE_CHECKING:
    from caretrail.log.database import Database
    from caretrail.policy import Policy

JUDGED_AGAIN = ""
"""Instead of a digest: the rows are being judged again, so they are of several packs. Empty builds say so, too."""


CHECK_SECONDS = 10.0
"""How often a process that stays looks whether a file of a pack has changed."""

SETTLED_SECONDS = 2.0
"""How long a changed file must have rested: half of a pack would judge by half of its rules."""

Marks = tuple[tuple[str, int, int, int, int], ...]
"""What tells a file from what it was, without reading it: path, inode, size, and times of its content and its entry."""


def packs_digest() -> str:
    """One digest of all pack files there are, read once a process, and before any of them is loaded."""
    return _digest_read(_own_folder())


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
        if files_digest(_own_folder()) == packs_digest():
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


def files_digest(own: str | None) -> str:
    """One digest of the pack files that come with the program and of those in a folder of one's own."""
    digest = hashlib.sha256()
    for path in _files(own):
        with contextlib.suppress(OSError):  # what cannot be read judges nothing, and says so where it is asked for
            digest.update(os.fsencode(path.name) + regular_bytes(path, MOST_PACK_BYTES))
    return digest.hexdigest()


_digest_read = lru_cache(maxsize=8)(files_digest)


def usable_policy(policy: str | None) -> Policy | None:
    """The policy an admission names; None if it names none that is installed and usable."""
    from caretrail.policy import load_policy

    if policy is None:
        return None
    packs_digest()  # before the first is loaded: a file that changes afterward is seen to differ
    try:
        return load_policy(policy)
    except (PackUnknown, PackInvalid):
        return None


def digest_of(policy: Policy | None) -> str:
    """One digest of all that the packs of a policy say; empty without a policy."""
    return policy.digest if policy else ""


def stale_policies(database: Database, state: State) -> tuple[str, ...]:
    """The policies, as admissions name them, whose packs are not those by which the rows were judged, in order."""
    if state.packs == packs_digest():
        return ()
    judged = database.query(statements(state.build)["judged_by"])
    return tuple(sorted({policy for policy, packs in judged if packs != digest_of(usable_policy(policy))}))


def citations_of(packs: Iterable[str]) -> dict[str, dict[str, str]]:
    """Where the rules of installed packs are to be found: citations by rule, by the name of the pack."""
    from caretrail.policy import load_pack

    found: dict[str, dict[str, str]] = {}
    for name in packs:
        with contextlib.suppress(PackUnknown, PackInvalid):
            found[name] = {rule.id: rule.citation for rule in load_pack(name).rules.values()}
    return found
