"""Spill files: the log, split by streams into parts that fit into memory.

One file holds one stretch of the log: for each part the events of its streams, in the order of the log, then a table of
where each part begins. A file has its name only when it is whole and on disk, so a killed rebuild goes on with those
that are there. They hold clinical data: see `caretrail.readmodel.rebuild.folder` for who can read them, and how long.
"""

from __future__ import annotations

import marshal
import os
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from struct import Struct
from typing import NamedTuple

from caretrail.errors import StoreError
from caretrail.files import sync_folder
from caretrail.log.leaf import LogColumns

_PLACE = Struct("<QII")
"""Of a part in a file: where it begins, how many bytes it has, and their CRC-32."""

SUFFIX = ".events"


class Split(NamedTuple):
    """How a log up to a position is split: into stretches of so many events, and these into parts by stream."""

    position: int
    stretch: int
    parts: int

    @property
    def stretches(self) -> range:
        """The numbers of the stretches."""
        return range(-(-self.position // self.stretch))

    def part_of(self, stream: bytes) -> int:
        """The part of a stream. Parts follow the order of stream ids, so that rows are written in that order, too."""
        return int.from_bytes(stream[:4]) * self.parts >> 32

    def bounds(self, number: int) -> tuple[int, int]:
        """The positions that a stretch lies between: after the first, up to the second."""
        return number * self.stretch, min((number + 1) * self.stretch, self.position)


def write_stretch(folder: Path, split: Split, number: int, rows: Sequence[LogColumns]) -> None:
    """Write the events of a stretch into its spill file, which then is on disk. Raises StoreError."""
    parts: list[list[LogColumns]] = [[] for _ in range(split.parts)]
    for row in rows:
        parts[split.part_of(row[1])].append(row)
    path = _path(folder, number)
    temporary = path.with_suffix(".partial")
    places = bytearray()
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            begins = 0
            for part in parts:
                content = marshal.dumps(part) if part else b""
                file.write(content)
                places += _PLACE.pack(begins, len(content), zlib.crc32(content))
                begins += len(content)
            file.write(places)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise unusable(error) from None
    sync_folder(folder)


def stretches_written(folder: Path) -> set[int]:
    """The numbers of the stretches that have their spill file."""
    return {int(path.stem) for path in folder.glob(f"*{SUFFIX}") if path.stem.isdecimal()}


def read_part(folder: Path, split: Split, part: int) -> Iterator[list[LogColumns]]:
    """Read the events of a part, stretch by stretch. Raises StoreError if a file is not as it was written."""
    for number in split.stretches:
        try:
            with _path(folder, number).open("rb") as file:
                file.seek((part - split.parts) * _PLACE.size, os.SEEK_END)
                begins, length, checksum = _PLACE.unpack(file.read(_PLACE.size))
                if not length:
                    continue
                file.seek(begins)
                content = file.read(length)
        except OSError as error:
            raise unusable(error) from None
        if zlib.crc32(content) != checksum:
            raise StoreError("a spill file of the rebuild is damaged", "run it again: it splits the log anew")
        yield marshal.loads(content)  # noqa: S302  # our own, in a folder of our own, and whole


def remove_events(folder: Path) -> None:
    """Remove all spill files."""
    for path in folder.iterdir():
        if path.suffix in (SUFFIX, ".partial"):
            path.unlink(missing_ok=True)


def unusable(error: OSError) -> StoreError:
    """The error for a folder that cannot be written or read."""
    return StoreError(
        f"the rebuild cannot use its folder for spill files: {os.strerror(error.errno or 0)}",
        "name a folder with room for the whole log by CARETRAIL_SPILL, and run it again",
    )


def _path(folder: Path, number: int) -> Path:
    return folder / f"{number}{SUFFIX}"
