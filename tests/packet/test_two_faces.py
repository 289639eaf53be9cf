"""A zip that programs can read in two ways is no packet, whatever the verifier itself would read in it."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from caretrail.evidence.packet import verify
from tests.packet.damaging import node_verdicts
from tests.packet.packets import Desk, Files, packed, problems, status, unpacked
from tests.packet.zips import Entry, Layout, entry, layout

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("remembered_signatures")]

FORGED = entry("README.txt", b"nothing is late")
UNICODE_NAME = struct.pack("<HHBI", 0x7075, 5 + 9, 1, zlib.crc32(b"README.txt")) + b"other.txt"


def first(change: Callable[[Entry], Entry]) -> Callable[[Layout], Layout]:
    """Change the first entry."""
    return lambda zipped: replace(zipped, entries=(change(zipped.entries[0]), *zipped.entries[1:]))


def says_before(**otherwise: object) -> Callable[[Layout], Layout]:
    """Let the header before the first file say something else than the directory."""
    return first(lambda item: replace(item, before=otherwise))


def in_order(order: Callable[[list[int]], list[int]]) -> Callable[[Layout], Layout]:
    """Let the directory name the files in another order."""
    return lambda zipped: replace(zipped, order=order)


def longer(item: Entry) -> Entry:
    """An entry whose deflated stream makes more bytes than both headers say."""
    more = entry("x", zlib.decompress(item.packed, -zlib.MAX_WBITS) + b"and more")
    return replace(item, packed=more.packed)


def inner(zipped: Layout) -> bytes:
    """Another whole zip, which a program that looks for the last directory might find."""
    return replace(zipped, entries=(FORGED, *zipped.entries[1:])).written()


TWO_FACES: dict[str, Callable[[Layout], Layout]] = {
    "another file before it, in no directory": lambda zipped: replace(zipped, prefix=FORGED.local()),
    "the same, with places counted from behind it": lambda zipped: replace(
        zipped, prefix=FORGED.local(), moved=-len(FORGED.local())
    ),
    "a program before it": lambda zipped: replace(zipped, prefix=b"#!/bin/sh\nexit\n"),
    "bytes between two files": first(lambda item: replace(item, between=b"x")),
    "a file between two files, in no directory": first(lambda item: replace(item, between=FORGED.local())),
    "bytes before the directory": lambda zipped: replace(zipped, before_directory=b"x"),
    "a file before the directory, in none": lambda zipped: replace(zipped, before_directory=FORGED.local()),
    "bytes behind the directory": lambda zipped: replace(zipped, after_directory=b"x"),
    "bytes behind its end": lambda zipped: replace(zipped, suffix=b"\n"),
    "another zip behind its end": lambda zipped: replace(zipped, suffix=inner(zipped)),
    "a comment": lambda zipped: replace(zipped, remark=b"x"),
    "a comment that is another zip": lambda zipped: replace(zipped, remark=inner(layout({"x": b"x"}))),
    "a remark on a file": first(lambda item: replace(item, remark=b"x")),
    "fewer files than its directory names": lambda zipped: replace(zipped, count=len(zipped.entries) - 1),
    "more files than its directory names": lambda zipped: replace(zipped, count=len(zipped.entries) + 1),
    "a directory in another order": in_order(lambda numbers: numbers[::-1]),
    "a file that the directory names twice": in_order(lambda numbers: [*numbers, 0]),
    "a file that the directory leaves out": in_order(lambda numbers: numbers[1:]),
    "another name before the file": says_before(name=b"CHANGES.txt"),
    "a shorter name before the file": says_before(name=b"README"),
    "another size before the file": says_before(size=1),
    "another packed size before the file": says_before(packed=b"x"),
    "another checksum before the file": says_before(crc=1),
    "another packing before the file": says_before(method=0),
    "another time before the file": says_before(time=1),
    "sizes that come behind the file": says_before(bits=8),
    "a name that is longer before the file": says_before(extra=b"\x01\x00\x00\x00"),
    "a second name beside the first": first(lambda item: replace(item, extra=UNICODE_NAME)),
    "a field beside the name": first(lambda item: replace(item, extra=struct.pack("<HH4s", 0x5455, 4, b"time"))),
    "a place that needs no long form in it": first(lambda item: replace(item, extra=struct.pack("<HHQ", 1, 8, 0))),
    "a file that unpacks to more than it says": first(longer),
    "bytes behind the end of what is deflated": first(lambda item: replace(item, packed=item.packed + b"x")),
    "a file cut off": first(lambda item: replace(item, packed=item.packed[:-1])),
    "another checksum": first(lambda item: replace(item, crc=item.crc ^ 1)),
    "a folder by its mark alone": first(lambda item: replace(item, outside=item.outside | 0x10)),
    "patched data": first(lambda item: replace(item, bits=0x20)),
}


def honest(files: Files) -> Layout:
    return layout({"README.txt": files["README.txt"], **files})


def test_the_honest_layout_holds(files: Files, shop: Desk, tmp_path: Path) -> None:
    """The control of what follows."""
    path = tmp_path / "honest.zip"
    path.write_bytes(honest(files).written())
    assert unpacked(path) == files
    assert status(path, shop.public) == 0
    stored = packed(files, tmp_path / "stored.zip")
    with zipfile.ZipFile(stored, "w") as made:  # not deflated
        for name, data in files.items():
            made.writestr(name, data)
    assert status(stored, shop.public) == 0
    assert node_verdicts((path, shop.public), (stored, shop.public)) == [0, 0]


@pytest.mark.parametrize("what", TWO_FACES)
def test_a_zip_with_two_faces_is_refused(what: str, files: Files, shop: Desk, tmp_path: Path) -> None:
    path = tmp_path / "two.zip"
    path.write_bytes(TWO_FACES[what](honest(files)).written())
    report = verify.verify(str(path), shop.public)
    assert report.status == 1
    if what not in {"a file that unpacks to more than it says", "a file cut off"} and "checksum" not in what:
        assert report.manifest == {} or "behind the end of what" in what  # nothing of it was read
    assert node_verdicts((path, shop.public)) == [1]


def test_the_face_that_other_programs_show_is_another(files: Files, shop: Desk, tmp_path: Path) -> None:
    """Given the zip of the attack: a reader of the stream sees the forged file, a reader of the directory the other."""
    path = tmp_path / "poly.zip"
    twist = TWO_FACES["the same, with places counted from behind it"](honest(files))
    path.write_bytes(twist.written())
    assert unpacked(path) == files  # by the directory, as Python's own library and most unpackers read it
    assert path.read_bytes()[30:].startswith(b"README.txt" + FORGED.packed)  # from the first byte on, as a stream
    assert "two ways" in problems(path, shop.public)


def test_a_zip_of_more_files_than_fit_into_two_bytes_is_read(tmp_path: Path) -> None:
    """Given 65,536 files, for which a zip has a longer form of its end."""
    names = [f"f{number}" for number in range(65_536)]
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as zipped:
        for name in names:
            zipped.writestr(name, b"x")
    data = made.getvalue()
    files = verify.files_of_zip(io.BytesIO(data), len(data))
    assert list(files.sizes) == names
    assert b"".join(files.chunks(names[-1])) == b"x"
    end = len(data) - 98
    for place in (end + 4, end + 24, end + 32, end + 40, end + 48, end + 56, end + 64, end + 72, end + 84):
        changed = bytearray(data)
        changed[place] ^= 1
        with pytest.raises(verify.Problem):
            verify.files_of_zip(io.BytesIO(bytes(changed)), len(changed))


def test_a_zip_of_more_than_four_gigabytes_is_read(tmp_path: Path) -> None:
    """Given a file without content on the disk but for its headers: ten files of 500 MB, stored."""
    size, path = 500_000_000, tmp_path / "large.zip"
    directory = b""
    with path.open("wb") as zipped:
        for number in range(10):
            name, place = f"f{number}".encode(), zipped.tell()
            zipped.write(struct.pack("<4s5H3I2H", b"PK\3\4", 20, 0, 0, 0, 33, 0, size, size, len(name), 0) + name)
            zipped.seek(size, io.SEEK_CUR)
            extra = struct.pack("<HHQ", 1, 8, place) if place > 2**31 - 1 else b""
            sizes = (0, size, size, len(name), len(extra), 0, 0, 0, 0o100600 << 16, 2**32 - 1 if extra else place)
            directory += struct.pack("<4s6H3I5H2I", b"PK\1\2", 788, 20, 0, 0, 0, 33, *sizes) + name + extra
        start = zipped.tell()
        zipped.write(directory)
        numbers = (10, 10, len(directory), start)
        zipped.write(struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 45, 45, 0, 0, *numbers))
        zipped.write(struct.pack("<4sIQI", b"PK\6\7", 0, start + len(directory), 1))
        zipped.write(struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 10, 10, len(directory), 2**32 - 1, 0))
    with zipfile.ZipFile(path) as control:
        assert [item.file_size for item in control.infolist()] == [size] * 10
    with path.open("rb") as zipped:
        files = verify.files_of_zip(zipped, path.stat().st_size)
        assert files.sizes == {f"f{number}": size for number in range(10)}
        assert next(files.chunks("f9")) == bytes(verify.CHUNK)
