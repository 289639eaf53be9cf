"""Zips written byte by byte, each as somebody hostile would write one that programs read in two ways."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Entry:
    """A file of a zip as its two headers say: `before` it, and in the `directory`; normally they agree."""

    name: bytes
    packed: bytes
    size: int
    crc: int
    method: int = 8
    bits: int = 0
    time: int = 0
    outside: int = 0o100600 << 16
    extra: bytes = b""
    remark: bytes = b""
    between: bytes = b""
    """Bytes after its own, before the next file."""
    before: Mapping[str, object] = field(default_factory=dict[str, object])
    """What the header before the file says otherwise."""

    def local(self) -> bytes:
        """The header before the file, and the file."""
        said = replace(self, **self.before) if self.before else self  # type: ignore[arg-type]  # its fields by name
        sizes = (said.crc, len(said.packed), said.size, len(said.name), len(said.extra))
        head = struct.pack("<4s5H3I2H", b"PK\3\4", 20, said.bits, said.method, said.time, 33, *sizes)
        return head + said.name + said.extra + self.packed + self.between

    def listed(self, place: int) -> bytes:
        """The header in the directory, for a file that begins at a place."""
        sizes = (self.crc, len(self.packed), self.size, len(self.name), len(self.extra), len(self.remark), 0, 0)
        head = struct.pack("<4s6H3I5H", b"PK\1\2", 788, 20, self.bits, self.method, self.time, 33, *sizes)
        return head + struct.pack("<2I", self.outside, place) + self.name + self.extra + self.remark


def entry(name: str, data: bytes) -> Entry:
    """An honest entry."""
    deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return Entry(name.encode(), deflate.compress(data) + deflate.flush(), len(data), zlib.crc32(data))


@dataclass(frozen=True)
class Layout:
    """A zip: its entries, the order in which its directory names them, and what stands around them."""

    entries: tuple[Entry, ...]
    order: Callable[[list[int]], list[int]] = list
    prefix: bytes = b""
    """Before the first file; places count from the first byte all the same."""
    before_directory: bytes = b""
    after_directory: bytes = b""
    remark: bytes = b""
    suffix: bytes = b""
    count: int | None = None
    moved: int = 0
    """How much further the places in the directory lie than the files."""

    def written(self) -> bytes:
        """The bytes of the zip."""
        body, places = self.prefix, list[int]()
        for item in self.entries:
            places.append(len(body))
            body += item.local()
        body += self.before_directory
        order = self.order(list(range(len(self.entries))))
        directory = b"".join(self.entries[number].listed(places[number] + self.moved) for number in order)
        count = len(self.entries) if self.count is None else self.count
        numbers = (count, count, len(directory), len(body) + self.moved, len(self.remark))
        end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, *numbers)
        return body + directory + self.after_directory + end + self.remark + self.suffix


def layout(files: Mapping[str, bytes]) -> Layout:
    """The honest zip of these files."""
    return Layout(tuple(entry(name, data) for name, data in files.items()))
