#!/usr/bin/env python3
"""Check an evidence packet of Caretrail, with Python's standard library and nothing else.

    python3 verify.py PACKET.zip --key KEY        (or the unpacked folder; Python 3.9 or newer)
    python3 verify.py PACKET.zip --key KEY --checkpoint kept-in-march.checkpoint
    python3 verify.py PACKET.zip --key KEY --witness WITNESS

KEY is the public key of the log, a line such as `caretrail.log/…+1a2b3c4d+AQ…` or a file that holds it; after a change
of keys a file with all of them, one a line. Get it, and this script, from a source you trust and not out of the packet:
whoever forges a packet puts another key into it. With --checkpoint the packet is held against checkpoints that you got
earlier and kept yourself: one key that signed two histories of a log cannot hide it from you then. With --witness, the
public key of somebody who signs along on what continues earlier checkpoints only, their line must be on the packet's.

Ends with 0 if everything holds, 1 if something does not, 2 if it could not be decided (unreadable, no key given, no
proof that joins a checkpoint of yours to the packet, or a witness that did not sign).

What is checked, in this order: that a zip has one reading only; who signed the manifest; that the files are those of
the manifest, and no others; that the checkpoint, a signed statement of what the whole log held, is of the same key;
that each file is unchanged, byte for byte, and carries the notice of 42 CFR 2.32; that the log continues the
checkpoints you kept; that each event, hashed with its place, time and author, belongs to the log of the checkpoint; and
that of each episode all events are there, as the key states. Each step rests on the ones before: the first that fails
ends the verification, and nothing is parsed that was not signed. Memory and time are bounded by the size of what is
checked. Every format is in docs/reference/packet.md.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import re
import stat
import struct
import sys
import zlib
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from hashlib import sha256, sha512
from pathlib import Path
from typing import IO, Any, NamedTuple, Optional, cast

Json = dict[str, Any]
Point = tuple[int, int, int, int]
Line = tuple[Optional[bool], str]  # noqa: UP045  # the shorter form is of Python 3.10

NOTICE = "42 CFR part 2 prohibits unauthorized use or disclosure of these records."
MANIFEST, MANIFEST_NOTE, CHECKPOINT, ACCESSES, STAMP, COMPLETENESS, PROOF, CONSISTENCY = (
    "manifest.json", "manifest.note", "checkpoint", "checkpoint-accesses", "checkpoint.tsr", "completeness.note",
    "proof.json", "consistency.json",
)  # fmt: skip
MOST_FILES = 200_000
MOST_BYTES = 512 * 1024 * 1024  # of one file
MOST_RATIO = 200  # of what a file unpacks to: salts and hashes hardly shrink
MOST_NOTE = 64 * 1024
MOST_LIST = 64 * 1024 * 1024  # of the manifest and of the statement of completeness, a line for each episode
MOST_KEPT = 1024 * 1024  # of a file of checkpoints, and a sixteenth of all proofs that join the packet to them
MOST_NAME = 300
MOST_LINE = 4 * 1024 * 1024  # of one event
MOST_DIGITS = 19
WITNESS = b"\x04"  # the kind of a witness's key
CHUNK = 256 * 1024  # what is read, unpacked and parsed at once


class Problem(Exception):
    """Something does not hold; its text says what."""


class Stop(Exception):
    """A step failed and was reported; whatever comes after it would rest on it."""


# --- the signature: Ed25519, as in RFC 8032, section 5.1; slow, and the same for everybody --------------------------
#
# Stricter than the RFC in one respect: a key must lie in the group of prime order. With any other key, which only a
# hostile holder can make, verifiers disagree about what it signed (ed25519-speccheck). With such a key, the first half
# of a signature that holds lies in that group, too, and is written in the one proper way.

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def point(data: bytes) -> Point | None:
    """Read a point of the curve in extended coordinates (5.1.3); None if it is none."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


def add(p: Point, q: Point) -> Point:
    """Add two points (5.1.4)."""
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def multiply(scalar: int, p: Point) -> Point:
    """Multiply a point by a scalar."""
    total: Point = (0, 1, 1, 0)
    while scalar:
        total = add(total, p) if scalar & 1 else total
        p = add(p, p)
        scalar >>= 1
    return total


def encoded(p: Point) -> bytes:
    """Write a point in its 32 bytes (5.1.2)."""
    inverse = pow(p[2], P - 2, P)
    x, y = p[0] * inverse % P, p[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


BASE = point(bytes([0x58]) + bytes([0x66]) * 31) or (0, 1, 1, 0)
NEUTRAL = encoded((0, 1, 1, 0))


@lru_cache(maxsize=100)
def key_point(public: bytes) -> Point | None:
    """The point of a public key; None if it is none, of small order, or has a part of small order (torsion)."""
    key = point(public) if len(public) == 32 else None
    return key if key and public != NEUTRAL and encoded(multiply(ORDER, key)) == NEUTRAL else None


def signed_by(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the signature is that of the public key for the message (5.1.7)."""
    key, s = key_point(public), int.from_bytes(signature[32:], "little")
    if key is None or len(signature) != 64 or s >= ORDER or signature[:32] == NEUTRAL:
        return False
    h = int.from_bytes(sha512(signature[:32] + public + message).digest(), "little") % ORDER
    minus_key = (P - key[0], key[1], 1, P - key[3])  # not ORDER - h times the key: that is right in the group only
    return encoded(add(multiply(s, BASE), multiply(h, minus_key))) == signature[:32]


def unpacked(text: str) -> bytes:
    """Decode base64 that is written in the one proper way."""
    data = base64.b64decode(text, validate=True)  # a ValueError if it is not base64
    if packed(data) != text:
        raise Problem("base64 is not written in the proper way")
    return data


def packed(data: bytes) -> str:
    """Encode base64."""
    return base64.b64encode(data).decode()


class Key:
    """A public key: name+id+base64; of a log, or of another kind: of a witness."""

    def __init__(self, line: str, kind: bytes = b"\x01") -> None:
        try:
            self.name, number, encoded = line.strip().split("+", 2)
            material = unpacked(encoded)
            self.id = sha256(self.name.encode() + b"\n" + material).digest()[:4]
            if material[:1] != kind or len(material) != 33 or self.id.hex() != number:
                raise ValueError
        except (ValueError, Problem):
            raise Problem("the key is not readable: it is one line, name+8 hex digits+base64") from None
        if key_point(material[1:]) is None:
            raise Problem("the key is unsafe: it is not in the group of prime order, as no honest key can be")
        self.public, self.line = material[1:], line.strip()

    def named(self, name: str) -> Key:
        """The same key under the name of another log."""
        number = sha256(name.encode() + b"\n\x01" + self.public).hexdigest()[:8]
        return Key(f"{name}+{number}+{packed(bytes([1]) + self.public)}")

    def signature(self, note: bytes, what: str) -> tuple[str, bytes | None]:
        """The text of a note and its first signature by this key, unchecked; None if it has none."""
        text, lines = parts_of_note(note, what)
        return text, next(self.own(lines, what), None)

    def own(self, lines: Sequence[str], what: str) -> Iterator[bytes]:
        """The signatures by this key in the lines of a note, unchecked."""
        for line in lines:
            match = re.fullmatch(r"— (\S+) (\S+)", line)
            if not match:
                raise Problem(f"{what} is not a signed note")
            try:
                signature = unpacked(match.group(2))
            except ValueError:
                raise Problem(f"{what} is not a signed note") from None
            if match.group(1) == self.name and signature[:4] == self.id:
                yield signature[4:]

    def open(self, note: bytes, what: str) -> str:
        """Return the text of a note that this key signed."""
        text, signature = self.signature(note, what)
        if signature is None:
            raise Problem(f"{what} is not signed by the key")
        if not signed_by(self.public, (text + "\n").encode(), signature):
            raise Problem(f"the signature on {what} is not that of the key: it was altered, or signed by another")
        return text

    def cosigned(self, note: bytes, what: str) -> datetime | None:
        """When this key of a witness signed a note, by the witness's clock; None if it did not (C2SP tlog-cosignature).

        Its line holds the seconds since 1970 in eight bytes, then the signature. Of several lines each must hold.
        """
        text, lines = parts_of_note(note, what)
        times = [self.signed_at(signature, text, what) for signature in self.own(lines, what)]
        return times[0] if times else None

    def signed_at(self, signature: bytes, text: str, what: str) -> datetime:
        """The time in a cosignature by this key, which must be for this text."""
        seconds = int.from_bytes(signature[:8], "big")
        if not signed_by(self.public, f"cosignature/v1\ntime {seconds}\n{text}\n".encode(), signature[8:]):
            raise Problem(f"the cosignature of {shown(self.name)} on {what} is not for it: somebody made it up")
        try:
            return datetime.fromtimestamp(seconds, timezone.utc)  # noqa: UP017  # the shorter form is of Python 3.11
        except (ValueError, OverflowError, OSError):
            raise Problem(f"the time of the cosignature on {what} is in no calendar") from None


def parts_of_note(note: bytes, what: str) -> tuple[str, list[str]]:
    """The two parts of a note: a text and, after a blank line, lines of signatures."""
    text, blank, signatures = decoded(note, what).rpartition("\n\n")
    if not blank or not signatures.endswith("\n"):
        raise Problem(f"{what} is not a signed note")
    return text, signatures[:-1].split("\n")


# --- the files: of a zip or of a folder, and nothing in either is trusted --------------------------------------------


class Files:
    """The files of a packet: their sizes by name, and how one of them is read, a chunk at a time."""

    def __init__(self, sizes: dict[str, int], chunks: Callable[[str], Iterator[bytes]]) -> None:
        self.sizes, self.chunks = sizes, chunks

    def lines(self, name: str) -> Iterator[str]:
        """The lines of a file of UTF-8, of which each ends with a newline."""
        rest, what = b"", shown(name)
        for chunk in self.chunks(name):
            *lines, rest = (rest + chunk).split(b"\n")
            if len(rest) > MOST_LINE or any(len(line) > MOST_LINE for line in lines):
                raise Problem(f"{what} has a line that is longer than any of a packet")
            yield from (decoded(line, what) for line in lines)
        if rest:
            raise Problem(f"{what} does not end with a newline")


LOCAL, ENTRY = struct.Struct("<4s5H3I2H"), struct.Struct("<4s6H3I5H2I")  # before each file; in the directory
END, END_64, LOCATOR = struct.Struct("<4s4H2IH"), struct.Struct("<4sQ2H2I4Q"), struct.Struct("<4sIQI")
"""The records of a zip, as in APPNOTE.TXT of PKWARE, 4.3."""
BITS = 0x0806  # how well it was deflated, and a name in UTF-8: neither changes what is read


class Packed(NamedTuple):
    """Where a file lies in a zip: from `start` on, so many bytes `packed` and so many unpacked."""

    start: int
    packed: int
    size: int
    deflated: bool
    crc: int


def files_of_zip(zipped: IO[bytes], size: int) -> Files:
    """The files of a zip, read where they are: nothing is unpacked to disk.

    A zip says twice what it holds, before each file and in a directory at its end, and programs differ in what they
    believe. So only one layout is taken, in which all must agree: file after file from the first byte on, then the
    directory in the same order, then its end, and nothing before, between, behind or beside them.
    """
    count, start, length = directory_of(zipped, size)
    if count > MOST_FILES or length > count * (ENTRY.size + MOST_NAME + 12):
        raise Problem("the zip has more files, or longer names, than any packet")
    zipped.seek(start)
    directory, at, place = zipped.read(length), 0, 0
    found: dict[str, Packed] = {}
    for _ in range(count):
        signature, _, _, *same, name_size, more, remark, disk, _, outside, offset = ENTRY.unpack_from(directory, at)
        bits, method, _, _, crc, packed, unpacked_size = same
        at += ENTRY.size
        raw, extra = directory[at : at + name_size], directory[at + name_size : at + name_size + more]
        name, at = raw.decode("ascii", "replace"), at + name_size + more
        if offset == 2**32 - 1 and extra == struct.pack("<HHQ", 1, 8, place):  # a place that needs more than 4 bytes
            offset, extra = place, b""
        kind = stat.S_IFMT(outside >> 16)
        if name.endswith("/") or kind not in (0, stat.S_IFREG) or outside & 0x10 or bits & 1:
            raise Problem(f"{shown(name)} is a folder, a link or encrypted, not a plain file")
        if method not in (0, 8) or (method == 0 and packed != unpacked_size) or bits & ~BITS:
            raise Problem(f"{shown(name)} is packed in a way packets are not")
        if unpacked_size > MOST_RATIO * packed + 1_000_000:
            raise Problem(f"{shown(name)} would unpack to far more than its packed size: a zip bomb")
        if name in found:
            raise Problem("the zip has two files of one name")
        zipped.seek(place)
        before = zipped.read(LOCAL.size + name_size)
        first, _, *again, again_size, none = LOCAL.unpack(before[: LOCAL.size])
        said = (signature, first, offset, again, again_size, before[LOCAL.size :])
        if said != (b"PK\1\2", b"PK\3\4", place, same, name_size, raw) or extra or remark or disk or none:
            raise two_faced(name)
        found[name] = Packed(place + len(before), packed, unpacked_size, method == 8, crc)
        place += len(before) + packed
    if at != length or place != start:
        raise two_faced("what lies between the files")
    sizes = {name: entry.size for name, entry in found.items()}
    if sum(sizes.values()) > MOST_RATIO * size + 1_000_000:
        raise Problem("the zip would unpack to far more than its size: a zip bomb")
    return Files(sizes, lambda name: chunks_of_entry(zipped, found[name], shown(name)))


def two_faced(name: str) -> Problem:
    """What a zip is refused for that programs can read in two ways."""
    return Problem(f"the zip can be read in two ways, or was packed anew (check the folder instead): {shown(name)}")


def directory_of(zipped: IO[bytes], size: int) -> tuple[int, int, int]:
    """How many files a zip has, where its directory starts, and how many bytes it has."""
    tail_size = min(size, END_64.size + LOCATOR.size + END.size)
    zipped.seek(size - tail_size)
    tail = zipped.read(tail_size)
    if len(tail) < END.size or tail[-END.size :][:4] != b"PK\5\6":
        raise Problem("this is no zip, or something stands behind its end")
    _, *disks, here, count, length, start, remark = END.unpack(tail[-END.size :])
    end = size - END.size
    if tail[:4] == b"PK\6\6" and len(tail) == END_64.size + LOCATOR.size + END.size:  # of many files, or behind 4 GiB
        _, own, _, _, *disks_64, here_64, count_64, length_64, start_64 = END_64.unpack(tail[: END_64.size])
        end = size - tail_size
        short = (min(here_64, 2**16 - 1), min(count_64, 2**16 - 1), min(length_64, 2**32 - 1), min(start_64, 2**32 - 1))
        locator = LOCATOR.pack(b"PK\6\7", 0, end, 1)
        if short != (here, count, length, start) or tail[END_64.size : -END.size] != locator or own != 44:
            raise two_faced("its end")
        disks, here, count, length, start = disks + disks_64, here_64, count_64, length_64, start_64
    if any(disks) or here != count or remark or start + length != end:
        raise two_faced("its end")
    return count, start, length


def chunks_of_entry(zipped: IO[bytes], entry: Packed, name: str) -> Iterator[bytes]:
    """Unpack a file of a zip a chunk at a time: just the bytes it should have, out of just its packed ones."""
    unpack = zlib.decompressobj(-zlib.MAX_WBITS)
    at, end, total, crc, waiting, ended = entry.start, entry.start + entry.packed, 0, 0, b"", False
    while not ended:
        if not waiting:
            zipped.seek(at)
            waiting = zipped.read(min(CHUNK, end - at))
            at += len(waiting)
        given = waiting
        if entry.deflated:
            chunk, waiting = unpack.decompress(given, CHUNK), unpack.unconsumed_tail
            ended = unpack.eof
        else:
            chunk, waiting = given, b""
            ended = at == end
        total, crc = total + len(chunk), zlib.crc32(chunk, crc)
        if total > entry.size or not (given or chunk or ended):
            raise Problem(f"{name} is damaged")
        yield chunk
    if (total, crc, at) != (entry.size, entry.crc, end) or waiting or unpack.unused_data:
        raise Problem(f"{name} is damaged")


def files_of_folder(path: str) -> Files:
    """The files of an unpacked packet; links are not followed."""
    sizes: dict[str, int] = {}
    count = 0
    for place, folders, files in os.walk(path):
        for full in (Path(place, name) for name in folders + files):
            about, inside, count = full.lstat(), full.relative_to(path).as_posix(), count + 1
            if stat.S_ISREG(about.st_mode):
                sizes[inside] = about.st_size
            elif not stat.S_ISDIR(about.st_mode):
                raise Problem(f"{shown(inside)} is a link or a device: a packet has plain files only")
            if count > 2 * MOST_FILES:
                raise Problem("the folder has more files than any packet")
    return Files(sizes, lambda name: chunks_of_file(Path(path, name), sizes[name], shown(name)))


def chunks_of_file(path: Path, size: int, name: str) -> Iterator[bytes]:
    """Read a file a chunk at a time: just the bytes it had when the folder was listed."""
    total = 0
    with path.open("rb") as file:
        while chunk := file.read(min(CHUNK, size + 1 - total)):
            total += len(chunk)
            yield chunk
    if total != size:
        raise Problem(f"{name} is damaged")


def shown(text: object) -> str:
    """Text of the packet as it may go to a screen."""
    return "".join(c if c.isprintable() else "?" for c in str(text)[:200])


def whole(files: Files, name: str, most: int) -> bytes:
    """Read a file that must exist and have at most `most` bytes."""
    if name not in files.sizes:
        raise Problem(f"{shown(name)} is missing")
    if files.sizes[name] > most:
        raise Problem(f"{shown(name)} is larger than it may be")
    return b"".join(files.chunks(name))


def decoded(data: bytes, what: str) -> str:
    """Read UTF-8."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise Problem(f"{what} is not text in UTF-8") from None


def single(pairs: list[tuple[str, Any]]) -> Json:
    """An object of JSON, of which no key is there twice."""
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError
    return value


def number(digits: str) -> int:
    """A number of JSON, of which none is longer than any of a packet."""
    if len(digits) > MOST_DIGITS:
        raise ValueError
    return int(digits)


def loaded(text: str, what: str) -> Json:
    """Read a JSON object."""
    try:
        value: Any = json.loads(text, object_pairs_hook=single, parse_int=number)
    except (ValueError, RecursionError):
        raise Problem(f"{what} is not JSON") from None
    if not isinstance(value, dict):
        raise Problem(f"{what} is not a JSON object")
    return cast(Json, value)


# --- the events and the tree over them --------------------------------------------------------------------------------

COLUMNS = {"position", "version", "recorded_at", "recorded_by", "asserted_by", "name", "leaf"}
HASHED = COLUMNS | {"source", "command_id"}
FORMS = {
    frozenset(HASHED | {"salt"}): "proven",
    frozenset(HASHED | {"payload_hash", "stated", "left_out"}): "stated",
    frozenset(HASHED | {"payload_hash", "withheld"}): "withheld",
    frozenset(COLUMNS | {"sealed", "stated", "left_out"}): "sealed",
    frozenset(COLUMNS | {"sealed", "withheld"}): "sealed",
}
"""The keys of a line of events.jsonl, and how much of it is proven; the most frequent first."""

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)  # noqa: UP017  # the shorter name is of Python 3.11
MICROSECOND = timedelta(microseconds=1)
NUMBERS, LENGTH = struct.Struct(">Q16sQq"), struct.Struct(">I")


@lru_cache(maxsize=1000)  # names, accounts and sources are few
def prefixed(*texts: str) -> bytes:
    """Texts as they enter a leaf: of each its length, then its bytes."""
    return b"".join(LENGTH.pack(len(data)) + data for data in (text.encode() for text in texts))


def leaf_of(event: Json, payload: str, stream: bytes) -> bytes:
    """Hash an event into its leaf, byte by byte as docs/reference/packet.md says."""
    if payload:
        salt = bytes.fromhex(event["salt"])
        hashed = sha256(salt + payload.encode()).digest() if len(salt) == 16 else b""  # or one could be cut elsewhere
    else:
        hashed = bytes.fromhex(event["payload_hash"])
    recorded_at, command_id = event["recorded_at"], event["command_id"].encode()
    if len(hashed) != 32 or not recorded_at.endswith("+00:00"):
        raise ValueError
    moment = (datetime.fromisoformat(recorded_at) - EPOCH) // MICROSECOND
    return sha256(
        b"\x00\x01\x01"  # a leaf, of the first layout, of the log of events
        + NUMBERS.pack(event["position"], stream, event["version"], moment)
        + prefixed(event["name"], event["recorded_by"], event["asserted_by"], event["source"])
        + LENGTH.pack(len(command_id))
        + command_id
        + hashed
    ).digest()


def read_events(lines: Iterator[str], what: str, expected: Json, leaves: dict[int, bytes]) -> dict[str, int]:
    """Recompute the leaf of every line of an events.jsonl, and put it at its position in `leaves`.

    Returns how many events are of which form. Reads no more lines than there should be, and a few at once.
    """
    head = loaded(next(lines, ""), what)
    if any(head.get(name) != expected[name] for name in ("client", "episode", "stream", "events")):
        raise Problem(f"{what}: its first line does not say what the manifest says")
    stream, counts, done, before = bytes.fromhex(expected["stream"]), dict.fromkeys(FORMS_IN_WORDS, 0), 0, 0
    while batch := batch_of(lines):
        if done + len(batch) > expected["events"]:
            break
        for event, payload in parted(batch, what):
            done += 1
            where = f"{what}: event {done}"
            form, leaf = checked(event, payload, stream, expected["episode"], where)
            position = event["position"]
            if event["version"] != done or type(position) is not int or position <= before or position in leaves:
                raise Problem(f"{where}: the events are not numbered 1, 2, 3 … in the order of the log")
            leaves[position] = leaf
            before = position
            counts[form] += 1
    if batch or done != expected["events"]:
        raise Problem(f"{what} does not have the events it should")
    return counts


def batch_of(lines: Iterator[str]) -> list[str]:
    """The next lines, as many as are read at once; none at the end."""
    batch: list[str] = []
    size = 0
    while size < CHUNK and (line := next(lines, None)) is not None:
        batch.append(line)
        size += len(line) + 1
    return batch


def parted(lines: Sequence[str], what: str) -> Iterator[tuple[Json, str | None]]:
    """Each line as its event without the payload, and the payload, if the line has one.

    The payload comes last in its line, byte for byte as it was stored: it is cut out, not read.
    """
    cut = [line.partition(',"payload":') for line in lines]
    texts = [before + "}" if mark else before for before, mark, _ in cut]
    events = loaded('{"lines":[' + ",".join(texts) + "]}", what)["lines"]  # all at once is quicker
    if len(events) != len(lines):
        raise Problem(f"{what} does not have one event in each line")
    for event, (_, mark, rest) in zip(events, cut):  # noqa: B905  # as many: seen above
        yield event, (rest[:-1] if rest[-1:] == "}" else "") if mark else None


def checked(event: Json, payload: str | None, stream: bytes, episode: str, where: str) -> tuple[str, bytes]:
    """The form of an event, and its leaf, if it hashes to that and is of the episode."""
    try:
        form, leaf = FORMS[frozenset(event)], bytes.fromhex(event["leaf"])
        if (payload is not None) != (form == "proven"):
            raise ValueError
        if form != "sealed" and (payload == "" or leaf_of(event, payload or "", stream) != leaf):
            raise Problem(f"{where} does not hash to its leaf")
        if len(leaf) != 32 or leaf.hex() != event["leaf"]:
            raise ValueError
        # a payload is stored without spaces, and an id needs no escapes
        same = (
            f'"episode":"{episode}"' in payload
            if payload
            else event.get("stated", {"episode": episode})["episode"] == episode
        )
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, struct.error):
        raise Problem(f"{where} is not of any known form") from None
    if not same:
        raise Problem(f"{where} is of another episode")
    return form, leaf


def root_of(leaves: dict[int, bytes], size: int, hashes: Sequence[bytes]) -> bytes:
    """The root of the tree of RFC 9162 over `size` leaves, of which some are known, by position from 1.

    `hashes` are those of the largest subtrees without a known leaf, from left to right.
    """
    known, rest = sorted(leaves), iter(hashes)

    def root(start: int, end: int, first: int, last: int) -> bytes:
        """The root over leaves `start` up to `end`, of which known[first:last] are known."""
        if first == last:
            return next(rest)
        if end - start == 1:
            return leaves[start + 1]
        middle = start + (1 << (end - start - 1).bit_length() - 1)  # the largest power of two below their number
        split = first
        if known[last - 1] <= middle:
            split = last
        elif known[first] <= middle:
            split = bisect_right(known, middle, first, last)
        left, right = root(start, middle, first, split), root(middle, end, split, last)
        return sha256(b"\x01" + left + right).digest()

    if not known or known[0] < 1 or known[-1] > size or size >= 1 << 63:
        raise Problem("the proof is not one for these events")
    try:
        found = root(0, size, 0, len(known))
    except StopIteration:
        raise Problem("the proof has too few hashes") from None
    if next(rest, None) is not None:
        raise Problem("the proof has too many hashes")
    return found


class Head(NamedTuple):
    """The size of a log, and the root of the tree over all of it."""

    size: int
    root: bytes


EMPTY = sha256().digest()  # the root of a tree without leaves


def consistent(old: Head, new: Head, path: Sequence[bytes]) -> bool:
    """Whether a path proves that the new tree begins with the old one (RFC 9162, 2.1.4.2)."""
    if old.size == new.size or old.size == 0:
        return not path and old.root == (new.root if old.size else EMPTY)
    if not 0 < old.size < new.size < 1 << 63:
        return False
    number, last, steps = old.size - 1, new.size - 1, list(path)
    while number & 1:
        number, last = number >> 1, last >> 1
    if number:
        if not steps:
            return False
        first = second = steps.pop(0)
    else:  # the old tree is a subtree of the new one
        first = second = old.root
    for step in steps:
        if last == 0:
            return False
        if number & 1 or number == last:
            first, second = sha256(b"\x01" + step + first).digest(), sha256(b"\x01" + step + second).digest()
            while number and not number & 1:
                number, last = number >> 1, last >> 1
        else:
            second = sha256(b"\x01" + second + step).digest()
        number, last = number >> 1, last >> 1
    return last == 0 and (first, second) == (old.root, new.root)


# --- the packet -------------------------------------------------------------------------------------------------------


class Report:
    """What was checked, each in one line: it holds (True), does not (False), or could not be decided (None)."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.manifest: Json = {}
        self.counts = dict.fromkeys(FORMS_IN_WORDS, 0)

    def check(self, text: str, step: Callable[..., Any], *given: Any) -> Any:
        """Run a step and return what it returns; what it finds wrong becomes a line, and the end."""
        try:
            found = step(*given)
        except Problem as problem:
            self.lines.append((False, str(problem)))
        except Exception as error:  # whatever a damaged file does to the libraries that read it
            self.lines.append((False, f"{text}: not so, and what is there is damaged ({type(error).__name__})"))
        else:
            self.lines.append((True, text))
            return found
        raise Stop

    @property
    def status(self) -> int:
        """0 everything holds, 1 something does not, 2 it could not be decided."""
        states = [holds for holds, _ in self.lines]
        return 1 if False in states else 2 if None in states or not states else 0


class Kept(NamedTuple):
    """A file of checkpoints that the reader of a packet kept: its name, and its bytes."""

    name: str
    content: bytes


def opened(path: str, read: Callable[[Files], None]) -> None:
    """Read the files of a packet, a zip or a folder. Raises Problem, and what damaged files raise."""
    kind = Path(path).stat()
    if stat.S_ISDIR(kind.st_mode):
        read(files_of_folder(path))
    elif stat.S_ISREG(kind.st_mode):
        with Path(path).open("rb") as zipped:
            read(files_of_zip(zipped, kind.st_size))
    else:
        raise Problem("this is neither a file nor a folder")


def verify(path: str, key_lines: str | None = None, kept: Sequence[Kept] = (), witnesses: Sequence[str] = ()) -> Report:
    """Check a packet, by the public key of its log, or by one of several, one a line; None if none was given.

    The packet is held against the checkpoints that were `kept`, and each of the `witnesses`, public keys in their
    lines, must have cosigned.
    """
    report = Report()
    try:
        opened(path, lambda files: check_files(report, files, key_lines, kept, witnesses))
    except Stop:
        pass
    except Problem as problem:
        report.lines.append((False, str(problem)))
    except Exception as error:  # whatever a damaged file does to the libraries that read it
        report.lines.append((False, f"this is no packet, or a damaged one ({type(error).__name__})"))
    return report


def check_files(
    report: Report, files: Files, key_lines: str | None, kept: Sequence[Kept] = (), witnesses: Sequence[str] = ()
) -> None:
    """Check the files of a packet, step by step; raises Stop at the first that fails."""
    keys = keys_in(key_in(files) if key_lines is None else key_lines)
    note = whole(files, MANIFEST_NOTE, MOST_NOTE)
    key = next((key for key in keys if key.signature(note, MANIFEST_NOTE)[1] is not None), keys[0])
    if key_lines is None:
        report.lines.append((None, f"SIGNER NOT VERIFIED: give --key. The packet itself names {shown(key.line)}"))
    manifest = report.check("the manifest is signed by the key", signed_manifest, files, key, note)
    report.manifest = manifest
    origin, size = manifest["origin"], manifest["size"]
    report.check("the files are those of the manifest, and no others", listed, files, manifest)
    head = report.check("the checkpoint is signed by the key, for this log", checkpoint, files, key, origin, size)
    other = report.check("the log of accesses was signed together with it", accesses, files, key, origin, head)
    report.check("each file is unchanged, byte for byte", unchanged, files, manifest)
    report.lines += [witnessed(files, line) for line in witnesses]
    if report.status == 1:
        raise Stop
    heads = {"events": head, "accesses": other}
    if CONSISTENCY in files.sizes or kept:
        joined = report.check("the proofs that join it to earlier checkpoints hold", proven_heads, files, heads)
        report.lines += compared(kept, keys, origin, heads, joined)
        if report.status == 1:
            raise Stop
    leaves: dict[int, bytes] = report.check("each event hashes to its leaf", read_all, files, manifest, report.counts)
    report.check("every event is in the log of the checkpoint", proven, files, leaves, head)
    report.check("all events of each episode are there, as the key states", complete, files, key, manifest)


def keys_in(lines: str, kind: bytes = b"\x01") -> list[Key]:
    """The public keys in a text, one a line."""
    keys = [Key(line, kind) for line in lines.splitlines() if line.strip() and not line.startswith("#")]
    if not keys:
        raise Problem("there is no key: it is one line, name+8 hex digits+base64")
    return keys


def key_in(files: Files) -> str:
    """The key that a packet names for itself, which proves nothing; found without parsing what nobody signed."""
    match = re.search(rb'"keys":\s*\[\s*"([^"\\]{1,500})"', whole(files, MANIFEST, MOST_LIST))
    if match is None:
        raise Problem("the manifest names no key")
    return decoded(match.group(1), MANIFEST)


def signed_manifest(files: Files, key: Key, note: bytes) -> Json:
    """The manifest, if the note over it names its hash and is signed by the key and by all keys the manifest names."""
    text = key.open(note, MANIFEST_NOTE)
    data = whole(files, MANIFEST, MOST_LIST)
    stated = f"{sha256(data).hexdigest()} {len(data)}"
    first, notice, origin, last, *more = text.split("\n") + [""] * 4
    if (first, notice, last) != ("caretrail.packet/manifest", NOTICE, stated) or any(more):
        raise Problem("the signature on the manifest is for another manifest")
    manifest = loaded(decoded(data, MANIFEST), MANIFEST)
    if manifest["format"] != "caretrail.packet/1":
        raise Problem("the packet is of a form this script does not know")
    if key.line not in manifest["keys"] or note.count(b"\n") != 5 + len(manifest["keys"]):
        raise Problem("the manifest is signed by others than it says")
    if manifest["origin"] != origin or any(Key(line).open(note, MANIFEST_NOTE) != text for line in manifest["keys"]):
        raise Problem("the signature on the manifest is for another manifest")  # while keys change there are two
    if origin != key.name:
        raise Problem("the packet is of another log than the key")
    return manifest


def listed(files: Files, manifest: Json) -> None:
    """The names are safe, and just those of the manifest."""
    names = [entry["path"] for entry in manifest["files"]]
    expected = {*names, MANIFEST, MANIFEST_NOTE}
    for name in sorted(expected | set(files.sizes)):
        parts = name.split("/")
        if not re.fullmatch(r"[A-Za-z0-9._/-]{1,300}", name) or any(part in ("", ".", "..") for part in parts):
            raise Problem(f"{shown(name)} leaves the folder, or is no name packets have")
    missing, extra = sorted(expected - set(files.sizes)), sorted(set(files.sizes) - expected)
    if missing or extra:
        wrong = [f"{shown(name)} is missing" for name in missing] + [f"{shown(name)} is not listed" for name in extra]
        raise Problem("; ".join(wrong[:5]))
    if len(set(names)) != len(names) or {MANIFEST, MANIFEST_NOTE} & set(names) or manifest["notice"] != NOTICE:
        raise Problem("the manifest lists a file twice, or has no notice")


def unchanged(files: Files, manifest: Json) -> None:
    """Each file has its size, its hash and the notice."""
    for entry in manifest["files"]:
        name, digest, size, noticed, before = entry["path"], sha256(), 0, False, b""
        if files.sizes.get(name) != entry["bytes"]:
            raise Problem(f"{shown(name)} does not have the size it should")
        if entry["bytes"] > MOST_BYTES:
            raise Problem(f"{shown(name)} is larger than it may be")
        for chunk in files.chunks(name):
            digest.update(chunk)
            size += len(chunk)
            before += chunk
            noticed = noticed or NOTICE.encode() in before
            before = before[-len(NOTICE) :]
        if digest.hexdigest() != entry["sha256"] or size != entry["bytes"]:
            raise Problem(f"{shown(name)} was altered")
        if name not in (CHECKPOINT, ACCESSES, STAMP) and not noticed:
            raise Problem(f"{shown(name)} does not carry the notice of 42 CFR 2.32")


def read_all(files: Files, manifest: Json, counts: dict[str, int]) -> dict[int, bytes]:
    """The leaves of all events by position, recomputed; `counts` is how many events are of which form."""
    leaves: dict[int, bytes] = {}
    listed = {entry["path"] for entry in manifest["files"]}
    for entry in manifest["streams"]:
        name = entry["folder"] + "/events.jsonl"
        if name not in listed:
            raise Problem(f"{shown(name)} is missing")
        for form, count in read_events(files.lines(name), shown(name), entry, leaves).items():
            counts[form] += count
    if len({entry["folder"] for entry in manifest["streams"]}) != len(manifest["streams"]):
        raise Problem("the manifest lists an episode twice")
    return leaves


def head_in(text: str, name: str, what: str) -> Head:
    """The head that the text of a checkpoint states: name of the log, size, root, one a line."""
    lines = text.split("\n")
    if lines[0] != name:
        raise Problem(f"{what} is of another log")
    if len(lines) < 3 or not re.fullmatch(r"0|[1-9][0-9]{0,18}", lines[1]) or len(unpacked(lines[2])) != 32:
        raise Problem(f"{what} has no size, or no root")
    return Head(int(lines[1]), unpacked(lines[2]))


def checkpoint(files: Files, key: Key, origin: str, size: int) -> Head:
    """The head of the log of events, as the key signed it."""
    head = head_in(key.open(whole(files, CHECKPOINT, MOST_NOTE), "the checkpoint"), origin, "the checkpoint")
    if head.size != size:
        raise Problem("the checkpoint is of another size than the manifest says")
    return head


def accesses(files: Files, key: Key, origin: str, head: Head) -> Head:
    """The head of the log of who viewed what, signed by the same key in a checkpoint that names that of the events."""
    name, what = f"{origin}/accesses", "the checkpoint of the accesses"
    text = key.named(name).open(whole(files, ACCESSES, MOST_NOTE), what)
    other = head_in(text, name, what)
    if text.split("\n")[3:4] != [f"events {head.size} {packed(head.root)}"]:
        raise Problem("the checkpoint of the accesses was not signed together with that of the events")
    return other


def witnessed(files: Files, line: str) -> Line:
    """Whether a witness cosigned both checkpoints, in words; None if it did not."""
    found: list[str] = []
    try:
        witness = Key(line, WITNESS)
        for name, what in ((CHECKPOINT, "the checkpoint"), (ACCESSES, "the checkpoint of the accesses")):
            at = witness.cosigned(whole(files, name, MOST_NOTE), what)
            if at is None:
                return None, f"NOT COSIGNED: the witness {shown(witness.name)} did not sign {what}. {NO_WITNESS}"
            found.append(at.strftime("%Y-%m-%d %H:%M UTC"))
    except Problem as problem:
        return False, str(problem)
    return True, f"cosigned by the witness {shown(witness.name)}, by its clock at {found[0]}"


def proven(files: Files, leaves: dict[int, bytes], head: Head) -> None:
    """The leaves of the events and the hashes of the proof make the root that was signed."""
    most = MOST_NOTE + 64 * 64 * len(leaves)  # of each leaf at most 63 hashes
    proof = loaded(decoded(whole(files, PROOF, most), PROOF), PROOF)
    hashes = [unpacked(text) for text in proof["hashes"]]
    if any(len(item) != 32 for item in hashes):
        raise Problem("the proof is not made of hashes")
    if root_of(leaves, head.size, hashes) != head.root:
        raise Problem("the events are not those of the log of the checkpoint")


def complete(files: Files, key: Key, manifest: Json) -> None:
    """The key states how many events each stream has in the log of that size, and so many are there."""
    lines = [f"{entry['stream']} {entry['events']}" for entry in manifest["streams"]]
    stated = ["caretrail.packet/completeness", NOTICE, manifest["origin"], str(manifest["size"]), *lines]
    if key.open(whole(files, COMPLETENESS, MOST_LIST), COMPLETENESS).split("\n") != stated:
        raise Problem("the statement of completeness is not about these events")


# --- the checkpoints that the reader kept -----------------------------------------------------------------------------

Heads = dict[str, Head]  # by the name of the log: events, accesses
Joined = dict[tuple[str, int], bytes]  # by log and size: the root that is proven to be of the packet's own history


def proven_heads(files: Files, heads: Heads) -> Joined:
    """The heads that are proven to be of one history with the packet; its own and the empty ones always are."""
    found = {(log, 0): EMPTY for log in heads}
    found.update(((log, head.size), head.root) for log, head in heads.items())
    if CONSISTENCY not in files.sizes:
        return found
    for proof in loaded(decoded(whole(files, CONSISTENCY, 16 * MOST_KEPT), CONSISTENCY), CONSISTENCY)["proofs"]:
        log, size, root, path = proof["log"], proof["size"], unpacked(proof["root"]), list(map(unpacked, proof["path"]))
        if type(size) is not int or any(len(item) != 32 for item in (root, *path)):
            raise Problem(f"{CONSISTENCY} is not made of hashes")
        old, new = sorted((Head(size, root), heads[log]))
        if not consistent(old, new, path):
            raise Problem(f"the packet's own proof for a checkpoint of {size} {shown(log)} does not hold")
        found[log, size] = root
    return found


def kept_in(paths: Sequence[str]) -> list[Kept]:
    """Read files of checkpoints; of a folder all that end in .checkpoint. Raises Problem or OSError."""
    found: list[Kept] = []
    for path in map(Path, paths):
        files = sorted(path.glob("*.checkpoint")) if path.is_dir() else [path]
        if not files or not all(file.is_file() for file in files):
            raise Problem(f"there is no checkpoint in {shown(path.name)}: a folder has some that end in .checkpoint")
        for file in files:
            with file.open("rb") as opened:
                found.append(Kept(shown(file.name), opened.read(MOST_KEPT + 1)))
    return found


def notes_in(content: bytes) -> list[str]:
    """The notes that stand in a file one after the other: each ends with its lines of signatures."""
    if len(content) > MOST_KEPT:
        raise Problem("it is too long")
    notes: list[list[str]] = [[]]
    signed = False
    for line in decoded(content, "it").splitlines(keepends=True):
        if signed and not line.startswith("— "):
            notes.append([])
        signed = line.startswith("— ")
        notes[-1].append(line)
    return ["".join(lines) for lines in notes]


def heads_in(note: str, keys: Sequence[Key], origin: str) -> list[tuple[str, Head]]:
    """The heads that a note states which one of the keys signed; a checkpoint of accesses names one of events, too."""
    log, name = ("accesses", f"{origin}/accesses") if note.startswith(f"{origin}/accesses\n") else ("events", origin)
    named = [key.named(name) for key in keys]
    signer = next((key for key in named if key.signature(note.encode(), "it")[1] is not None), named[0])
    text = signer.open(note.encode(), "it")
    found = [(log, head_in(text, name, "it"))]
    match = re.search(r"\nevents (\d+) (\S+)", text) if log == "accesses" else None
    if match:
        found.append(("events", head_in("\n".join((origin, *match.groups())), origin, "it")))
    return found


def compared(kept: Sequence[Kept], keys: Sequence[Key], origin: str, heads: Heads, joined: Joined) -> list[Line]:
    """Hold the packet against each checkpoint that was kept, and these against each other."""
    found: list[Line] = []
    before: dict[tuple[str, int], tuple[str, bytes]] = {}
    for name, content in kept:
        try:
            notes = [heads_in(note, keys, origin) for note in notes_in(content)]
        except (Problem, ValueError) as problem:
            found.append((None, f"NOT COMPARED with {name}: it proves nothing about this packet ({problem})"))
            continue
        for log, head in sorted({one for note in notes for one in note}, reverse=True):
            found.append(judged(name, log, head, heads[log], joined))
            other, root = before.setdefault((log, head.size), (name, head.root))
            if root != head.root:
                first = f"the first {head.size:,} {log}"
                found.append((False, f"SPLIT VIEW: {other} and {name} {TWO_HISTORIES.format(first)}"))
        for note in notes:  # the logs are signed together, and none ever shrinks
            grown = [heads[log].size - head.size for log, head in note]
            if min(grown) < 0 < max(grown):
                found.append((False, f"SPLIT VIEW: from {name} to the packet one log grew and the other shrank"))
    return found


def judged(name: str, log: str, head: Head, now: Head, joined: Joined) -> Line:
    """Whether a head that was kept and the packet are of one history, in words; None if nothing proves it."""
    first, root = f"the first {head.size:,} {log}", joined.get((log, head.size))
    if root == head.root or not now.size:
        return True, f"{name} and the packet are of one history: {first}"
    if root is not None and head.size <= now.size:
        return False, f"SPLIT VIEW: {name} and the packet {TWO_HISTORIES.format(first)}"
    return None, f"NOT COMPARED with {name}: the packet has no proof that joins it to {first}. {NO_PROOF}"


# --- in words ---------------------------------------------------------------------------------------------------------

FORMS_IN_WORDS = {
    "proven": "proven in full",
    "stated": "shown in part: a hash proves that they are in the log; the visible copy is stated, not proven",
    "withheld": "withheld as another client's, or unreadable: a hash proves that they are in the log",
    "sealed": "sealed: their place in the log is proven, everything else about them is stated",
}
TWO_HISTORIES = (
    "are signed by one key, and for {} of one log they have two roots. The key signed two histories: one was shown "
    "before, another is shown now. Keep both files as they are, and compare with everybody who keeps checkpoints"
)
NO_PROOF = (
    "Ask for the packet again, made with 'caretrail audit packet --checkpoint' and this file: a key that signed two "
    "histories cannot give that proof"
)
NO_WITNESS = (
    "Ask for the packet again, made with 'caretrail audit packet --signed' and a checkpoint that the witness cosigned"
)
TERMS = "mark", "recipient", "purpose", "basis", "consent", "scope", "made_at", "as_of", "known_at", "origin", "size"
PROVES = """\
What this proves: the events are those in the log when the checkpoint was signed, unaltered, with the position, time and
account that the store recorded, and no event of these episodes is missing, as the log's key states; and that the log of
who viewed what was fixed together with it: whoever keeps this packet can tell if it is changed later. What it does not
prove: that the record is true; who viewed these episodes, for accesses are not in a packet; that the key never signed
another history of the same log (hold the packet against checkpoints you kept, with --checkpoint, or have the keeper run
'caretrail audit verify'); who the people behind the ids are; or that the findings, eligibility and page are right:
these are signed, not proven."""


def words(report: Report) -> Iterator[str]:
    """The whole report, for people."""
    signs = {True: "ok     ", False: "FAILED ", None: "OPEN   "}
    yield from (f"{signs[holds]}{text}" for holds, text in report.lines)
    if report.status != 1:
        counts, manifest = report.counts, report.manifest
        yield "\nEvents:"
        yield from (f"  {counts[form]:>8,} {means}" for form, means in FORMS_IN_WORDS.items() if counts[form])
        yield "\nAs the packet states:"
        yield from (f"  {name}: {shown(manifest[name])}" for name in TERMS if manifest.get(name) is not None)
        yield f"\n{PROVES}\n\n{NOTICE}"
    yield "\n" + ("THE PACKET IS VALID", "THE PACKET IS NOT VALID", "NOT DECIDED")[report.status]


def key_text(given: str) -> str:
    """The text of a key that was given itself, or as the name of a file that holds it."""
    return given if "+" in given else Path(given).read_text(encoding="utf-8")[:10_000].strip()


def main(arguments: Sequence[str] | None = None) -> int:
    """Check the packet that is named; return the status to end with."""
    parser = argparse.ArgumentParser(description="Check an evidence packet of Caretrail.")
    parser.add_argument("packet", help="the zip, or the folder it was unpacked to")
    parser.add_argument("--key", help="the public key of the log, or a file that holds it; of several, one a line")
    parser.add_argument(
        "--checkpoint", action="append", default=[], metavar="FILE",
        help="checkpoints that you kept from earlier, a file or a folder; may be given again",
    )  # fmt: skip  # one option, one thought
    parser.add_argument(
        "--witness", action="append", default=[], metavar="KEY",
        help="the public key of a witness that must have cosigned, or a file that holds it; may be given again",
    )  # fmt: skip  # one option, one thought
    given = parser.parse_args(arguments)
    try:
        key: str | None = key_text(given.key) if given.key is not None else None
        if key is not None:
            keys_in(key)
        witnesses = [one.line for text in given.witness for one in keys_in(key_text(text), WITNESS)]
        kept = kept_in(given.checkpoint)
        Path(given.packet).stat()
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 2
    except (OSError, ValueError):
        print("the packet, the key or a checkpoint cannot be read", file=sys.stderr)
        return 2
    report = verify(given.packet, key, kept, witnesses)
    try:
        sys.stdout.buffer.write(("\n".join(words(report)) + "\n").encode(sys.stdout.encoding or "utf-8", "replace"))
        sys.stdout.buffer.flush()
    except BrokenPipeError:  # the reader left; the exit status still tells
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return report.status


if __name__ == "__main__":
    sys.exit(main())
