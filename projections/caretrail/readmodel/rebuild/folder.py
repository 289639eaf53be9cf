"""The folder of a rebuild: spill files, and a manifest of what they were made for.

It is beside a store in a file, else in the system's folder for temporary files; CARETRAIL_SPILL names another. Nobody
but its owner can enter it. The events in it are removed when the rebuild ends in any way but by a kill; what a kill
leaves is used and removed by the next rebuild.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from caretrail.errors import StoreError
from caretrail.files import file_lock, regular_bytes, replace_file
from caretrail.log.recorder import EventRecorder
from caretrail.readmodel.packs import packs_digest
from caretrail.readmodel.rebuild.spill import Split, remove_events, unusable
from caretrail.readmodel.schema import VERSION, State, read_state

FOLDER_VARIABLE = "CARETRAIL_SPILL"
MANIFEST = "manifest.json"
LOCK = "lock"
_MOST_BYTES = 4096


class Manifest(NamedTuple):
    """What a rebuild is under way for: it goes on only for the same build, packs and program.

    `program` is the version of Caretrail and of Python, whose form the spill files have.
    """

    program: str
    store: str
    rows: int
    build: str
    epoch: int
    packs: str
    position: int
    stretch: int
    parts: int

    @property
    def state(self) -> State:
        """The build that is filled."""
        return State(self.build, self.epoch, self.position, self.packs)

    @property
    def split(self) -> Split:
        """How the log is split."""
        return Split(self.position, self.stretch, self.parts)


def manifest_of(recorder: EventRecorder, state: State, split: Split) -> Manifest:
    """The manifest of a rebuild that begins."""
    program = f"{version('caretrail')} {sys.implementation.cache_tag}"
    store = str(recorder.namespace)
    return Manifest(program, store, VERSION, state.build, state.epoch, state.packs, *split)


def resumable(recorder: EventRecorder, folder: Path) -> Manifest | None:
    """The manifest of a rebuild that can go on: of the build that is being filled, by these packs and this program."""
    try:
        found = Manifest(**json.loads(regular_bytes(folder / MANIFEST, _MOST_BYTES)))
        split = Split(*map(int, found.split))
    except (OSError, ValueError, TypeError):
        return None
    filling = read_state(recorder.database, "filling")
    if filling is None or filling.packs != packs_digest(recorder) or found != manifest_of(recorder, filling, split):
        return None
    return found if filling.position == found.position and split.stretch > 0 < split.parts else None


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest of a rebuild that begins. Raises StoreError."""
    try:
        replace_file(folder / MANIFEST, json.dumps(manifest._asdict()), 0o600)
    except OSError as error:
        raise unusable(error) from None


def forget(folder: Path) -> None:
    """Remove everything of a rebuild, so that the next one starts over."""
    (folder / MANIFEST).unlink(missing_ok=True)
    remove_events(folder)


@contextmanager
def private_folder(recorder: EventRecorder) -> Generator[Path]:
    """The folder of a store's rebuild, locked, and empty of events at the end; removed with its manifest.

    Raises StoreError if it cannot be made, is not private, or another rebuild is at work in it.
    """
    path = _place(recorder)
    try:
        path.mkdir(mode=0o700, exist_ok=True)
        _require_private(path)
    except OSError as error:
        raise unusable(error) from None
    with file_lock(path / LOCK) as taken:
        if not taken:
            raise StoreError("another rebuild of this store is under way", "let it finish")
        try:
            yield path
        finally:
            remove_events(path)
        if done := not (path / MANIFEST).exists():
            (path / LOCK).unlink(missing_ok=True)
    if done:
        with suppress(OSError):  # another rebuild begins
            path.rmdir()


def _place(recorder: EventRecorder) -> Path:
    named = os.environ.get(FOLDER_VARIABLE)
    if not named and recorder.database.dialect == "sqlite":
        return Path(f"{recorder.store}.rebuild")
    whose = f"{recorder.store} {recorder.namespace} {os.getuid() if hasattr(os, 'getuid') else ''}"
    name = f"caretrail-rebuild-{hashlib.sha256(whose.encode()).hexdigest()[:16]}"
    return Path(named or tempfile.gettempdir(), name)


def _require_private(path: Path) -> None:
    """Refuse a folder that others can read, or made: in a folder for everybody, anyone may take the name first."""
    found = path.lstat()
    ours = not hasattr(os, "getuid") or (found.st_uid == os.getuid() and not stat.S_IMODE(found.st_mode) & 0o077)
    if not stat.S_ISDIR(found.st_mode) or not ours:
        raise StoreError(
            "the folder for the rebuild's spill files is not private",
            f"remove it, or name another by {FOLDER_VARIABLE}",
        )
