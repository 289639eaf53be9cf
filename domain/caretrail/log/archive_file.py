"""The file of an archive: a line about it, then one line for each access, all columns of its leaf, compressed.

Whether it is what it says is for `caretrail.evidence` to prove; here a file is only written and read.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
import zlib
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from caretrail.files import move_to_free_name, sync_folder
from caretrail.log.archived import Archived, ArchiveRefused
from caretrail.log.leaf import LogColumns

FORMAT: Final = "caretrail accesses 1"
MOST_LINE: Final = 1_000_000
"""Bytes of a line: twice the largest access."""
BATCH: Final = 1000
CHUNK: Final = 1 << 20
MODE: Final = 0o600


@dataclass(frozen=True, slots=True)
class ArchiveHead:
    """What an archive says of itself: accesses from above `after` up to `upto` of the log of an origin.

    `before` is the frontier of the tree at `after`. `checkpoint` is the note that was signed over a log that holds
    them, and `path` proves that its tree begins with the one that ends at `upto`.
    """

    origin: str
    after: int
    upto: int
    before: tuple[bytes, ...]
    checkpoint: str
    path: tuple[bytes, ...]


def archive_name(after: int, upto: int) -> str:
    """The name of the file that holds these accesses."""
    return f"accesses-{after + 1:012d}-{upto:012d}.jsonl.gz"


def write_archive(path: Path, head: ArchiveHead, rows: Iterable[LogColumns]) -> None:
    """Write a file that only its owner can read, on disk and under its name when this returns.

    Raises FileExistsError if there is one, OSError.
    """
    temporary = path.with_name(f".{path.name}.{os.urandom(4).hex()}")
    try:
        opened = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE)
        with os.fdopen(opened, "wb") as file:
            with gzip.GzipFile("", "wb", 6, file, mtime=0) as packed:
                packed.write(_line(_stated(head)))
                for row in rows:
                    packed.write(_line(_columns(row)))
            file.flush()
            os.fsync(file.fileno())
        move_to_free_name(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def digest_of(path: Path) -> str:
    """The SHA-256 of a file, in hex. Raises ArchiveRefused."""
    found = hashlib.sha256()
    with _unreadable(path.name), path.open("rb") as file:
        while chunk := file.read(CHUNK):
            found.update(chunk)
    return found.hexdigest()


def read_head(path: Path) -> ArchiveHead:
    """What a file says of itself. Raises ArchiveRefused."""
    with _unreadable(path.name), gzip.open(path) as file:
        return _head(file.readline(MOST_LINE))


def read_rows(path: Path) -> Iterator[list[LogColumns]]:
    """The accesses of a file in batches. Raises ArchiveRefused."""
    with _unreadable(path.name), gzip.open(path) as file:
        file.readline(MOST_LINE)
        rows: list[LogColumns] = []
        while line := file.readline(MOST_LINE):
            rows.append(_row(line))
            if len(rows) == BATCH:
                yield rows
                rows = []
        yield rows


def recorded_file(path: Path, known: Sequence[Archived]) -> Archived:
    """Which of the recorded archives a file is, byte for byte. Raises ArchiveRefused."""
    digest = digest_of(path)
    for archive in known:
        if archive.sha256 == digest:
            return archive
    raise ArchiveRefused(
        f"{path.name}: this is not a file that was archived here, or it was changed",
        "its SHA-256 is none of those that 'audit access' and the event accesses_archived name; use another copy of it",
    )


@contextmanager
def _unreadable(name: str) -> Generator[None]:
    try:
        yield
    except (OSError, EOFError, zlib.error, ValueError, TypeError, KeyError, RecursionError) as error:
        why = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else "it is not a whole archive"
        raise ArchiveRefused(
            f"{name}: the archive cannot be read: {why}", "use it as 'audit archive' made it"
        ) from None


def _line(content: Any) -> bytes:
    return json.dumps(content, separators=(",", ":")).encode() + b"\n"


def _stated(head: ArchiveHead) -> dict[str, object]:
    return {
        "format": FORMAT,
        "origin": head.origin,
        "after": head.after,
        "upto": head.upto,
        "before": [part.hex() for part in head.before],
        "checkpoint": head.checkpoint,
        "path": [part.hex() for part in head.path],
    }


def _head(line: bytes) -> ArchiveHead:
    found = json.loads(line)
    if found["format"] != FORMAT:
        raise ValueError
    before, path = (tuple(map(bytes.fromhex, found[name])) for name in ("before", "path"))
    return ArchiveHead(
        str(found["origin"]), int(found["after"]), int(found["upto"]), before, str(found["checkpoint"]), path
    )


def _columns(row: LogColumns) -> list[object]:
    position, stream, version, name, payload, moment, by, asserted_by, source, command_id, salt = row
    content = base64.b64encode(payload).decode()
    return [position, stream.hex(), version, name, content, moment, by, asserted_by, source, command_id, salt.hex()]


def _row(line: bytes) -> LogColumns:
    position, stream, version, name, content, moment, by, asserted_by, source, command_id, salt = json.loads(line)
    return (
        position, bytes.fromhex(stream), version, name, base64.b64decode(content, validate=True), moment, by,
        asserted_by, source, command_id, bytes.fromhex(salt),
    )  # fmt: skip  # in the order of the columns
