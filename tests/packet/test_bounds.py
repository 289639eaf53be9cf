"""What a hostile packet costs whoever checks it is bounded: memory, time, and what is parsed at all."""

from __future__ import annotations

import json
import random
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from caretrail.evidence.packet import verify
from caretrail.ledger.note import SigningKey, new_key, sign_note
from tests.packet.damaging import EVENTS, NODE, SCRIPT, resealed
from tests.packet.packets import Desk, Files, laid_out, packed
from tests.packet.test_ed25519 import SMALL, line_of
from tests.packet.zips import Layout, entry

pytestmark = pytest.mark.slow

MOST_MEGABYTES = 100
CHILD = """
import re, sys, time
sys.path.insert(0, sys.argv[1])
import verify
report = verify.verify(sys.argv[2], sys.argv[3] or None)
peak = int(re.search("VmHWM:\\\\s*(\\\\d+)", open("/proc/self/status").read()).group(1))
print(report.status, peak // 1024, time.process_time(), report.lines[-1][1], sep="\\t")
"""
"""Checks a packet in a process of its own, as a stranger does."""


class Cost(NamedTuple):
    """What a check ended with and what it took; seconds are of CPU time."""

    status: int
    megabytes: int
    seconds: float
    last: str


def cost(packet: Path, key: str | None) -> Cost:
    """Check a packet and say what that took."""
    if sys.platform != "linux":
        pytest.skip("the peak of memory is read from /proc")
    command = [sys.executable, "-I", "-S", "-c", CHILD, str(Path(verify.__file__).parent), str(packet), key or ""]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    status, megabytes, seconds, last = done.stdout.rstrip("\n").split("\t")
    return Cost(int(status), int(megabytes), float(seconds), last)


def bomb(target: Path, megabytes: int) -> Path:
    """The zip of the attack: so many megabytes of short lines, padded so that no file looks like a bomb; unsigned."""
    line, count = b'{"a":1}\n', megabytes * 125_000
    head = json.dumps({"notice": verify.NOTICE, "client": "c", "episode": "e", "stream": "00" * 16, "events": count})
    padding = random.Random(5).randbytes(megabytes * 3_800).hex()  # noqa: S311
    body = head.encode() + b"\n" + line * (count - 1) + b'{"p":"' + padding.encode() + b'"}\n'
    manifest = {
        "format": "caretrail.packet/1", "keys": [str(new_key("caretrail.log/x").verifying)], "size": 1,
        "origin": "caretrail.log/x", "notice": verify.NOTICE,
        "streams": [{"folder": "a", "client": "c", "episode": "e", "stream": "00" * 16, "events": count}],
        "files": [{"path": "a/events.jsonl", "bytes": len(body), "sha256": sha256(body).hexdigest()}],
    }  # fmt: skip
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("a/events.jsonl", body)
        made.writestr("manifest.json", json.dumps(manifest))
        made.writestr("manifest.note", "x\n\n— k QQ==\n")
    return target


def test_the_measure_sees_what_is_used(packet: Path, shop: Desk, files: Files, tmp_path: Path) -> None:
    """The control: an honest packet is far below the bound, and a large file read whole would be above it."""
    honest = cost(packet, shop.public)
    assert honest.status == 0
    assert honest.megabytes < MOST_MEGABYTES / 2
    large = laid_out({**files, "manifest.note": b"x" * 1000}, tmp_path / "large")
    with (large / "manifest.json").open("wb") as sparse:
        sparse.truncate(verify.MOST_LIST)  # without a key it is searched for one, so it is read
    assert cost(large, None).megabytes > verify.MOST_LIST >> 20


@pytest.mark.parametrize("given", [True, False], ids=["with a key", "without one"])
def test_a_bomb_that_nobody_signed_is_not_even_read(given: bool, shop: Desk, tmp_path: Path) -> None:
    """Given 500 MB in 2.9 MB, which once took 8.9 GB and 89 seconds."""
    path = bomb(tmp_path / "bomb.zip", 500)
    assert 2_500_000 < path.stat().st_size < 3_500_000
    found = cost(path, shop.public if given else None)
    assert found.status == 1
    assert "manifest.note is not" in found.last
    assert found.seconds < 1
    assert found.megabytes < MOST_MEGABYTES


def short_lines(files: Files) -> bytes:
    count = 12_000_000
    return first_line(files, count) + b'{"a":1}\n' * count


def one_long_line(files: Files) -> bytes:
    return first_line(files, 1) + b'{"a":"' + b"x" * 90_000_000 + b'"}\n'


def many_objects(files: Files) -> bytes:
    return first_line(files, 1) + b'{"a":[' + b"[]," * 1_300_000 + b"[]]}\n"


def a_long_number(files: Files) -> bytes:
    return first_line(files, 1) + b'{"a":' + b"9" * 4_000_000 + b"}\n"


def no_lines(_files: Files) -> bytes:
    return b"\n" * 90_000_000


def first_line(files: Files, events: int) -> bytes:
    """The first line of the events, of so many."""
    head = json.loads(files[EVENTS].split(b"\n")[0])
    return json.dumps(head | {"events": events}).encode() + b"\n"


SIGNED: dict[str, tuple[Callable[[Files], bytes], str]] = {
    "short lines": (short_lines, "event 1 is not of any known form"),
    "one long line": (one_long_line, "a line that is longer than any"),
    "many objects": (many_objects, "event 1 is not of any known form"),
    "a long number": (a_long_number, "is not JSON"),
    "no lines": (no_lines, "does not carry the notice"),
}


@pytest.mark.parametrize("what", SIGNED)
def test_a_bomb_that_its_maker_signed_stays_in_its_bounds(what: str, files: Files, tmp_path: Path) -> None:
    """Given a key of the maker's own, and nobody who gives another one."""
    fill, words = SIGNED[what]
    content = fill(files)
    events = json.loads(content.split(b"\n")[0] or b"{}").get("events", 1)
    forger = new_key(json.loads(files["manifest.json"])["origin"])
    pair = {name: files[name] for name in ("checkpoint", "checkpoint-accesses")}
    changed = resealed(
        {**files, EVENTS: content, **forged_pair(pair, forger)}, forger,
        lambda manifest: manifest["streams"][0].update(events=events),
    )  # fmt: skip
    found = cost(laid_out(changed, tmp_path / "folder"), None)
    assert found.status == 1
    assert words in found.last
    assert found.seconds < 5
    assert found.megabytes < 1.5 * MOST_MEGABYTES


def forged_pair(pair: Files, forger: SigningKey) -> Files:
    """The same checkpoints, signed by another key of the same name."""
    return {
        name: sign_note(
            note.decode().rpartition("\n\n")[0] + "\n", [forger.named(note.decode().partition("\n")[0])]
        ).encode()
        for name, note in pair.items()
    }


def test_a_directory_of_more_files_than_any_packet_is_not_read(tmp_path: Path) -> None:
    """Given an end that speaks of ten million files, and a directory of 460 MB."""
    path, count = tmp_path / "many.zip", 10_000_000
    with path.open("wb") as made:
        made.truncate(46 * count)
        made.seek(46 * count)
        made.write(struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, 46 * count, 0))
        made.write(struct.pack("<4sIQI", b"PK\6\7", 0, 46 * count, 1))
        made.write(struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 2**16 - 1, 2**16 - 1, 46 * count, 0, 0))
    found = cost(path, None)
    assert (found.status, found.last) == (1, "the zip has more files, or longer names, than any packet")
    assert found.seconds < 1
    assert found.megabytes < MOST_MEGABYTES


def test_many_files_that_each_unpack_to_little_are_a_bomb_together(tmp_path: Path) -> None:
    """Given files of a thousandth of their size, of which each is small enough by itself."""
    one = entry("f", bytes(999_999))
    for count, words in ((300, "far more than its size: a zip bomb"), (1, "manifest.json is missing")):
        path = tmp_path / f"{count}.zip"
        path.write_bytes(Layout(tuple(replace(one, name=f"f{number}".encode()) for number in range(count))).written())
        assert words in verify.verify(str(path)).lines[-1][1]


def test_a_number_of_json_has_at_most_nineteen_digits() -> None:
    assert verify.loaded('{"a":9223372036854775807}', "it") == {"a": 2**63 - 1}
    with pytest.raises(verify.Problem, match="it is not JSON"):
        verify.loaded('{"a":92233720368547758070}', "it")


def test_nothing_is_parsed_that_nobody_signed(
    files: Files, shop: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a packet of another key: no JSON of it is read, with a key or without one; of an honest one all is."""
    parsed: list[str] = []
    loaded = verify.loaded

    def remembered(text: str, what: str) -> Any:
        parsed.append(what)
        return loaded(text, what)

    monkeypatch.setattr(verify, "loaded", remembered)
    forged = resealed(files, new_key(shop.key.name))
    for key in (shop.public, None):
        unsigned = {**forged, "manifest.note": files["manifest.note"]}
        assert verify.verify(str(packed(unsigned, tmp_path / "forged.zip")), key).status == 1
        assert parsed == []
    assert verify.verify(str(packed(files, tmp_path / "honest.zip")), shop.public).status == 0
    assert parsed[0] == "manifest.json"


@pytest.mark.parametrize("name", ["manifest.json", EVENTS, "proof.json"])
def test_a_key_of_json_that_is_there_twice_is_refused(name: str, files: Files, shop: Desk, tmp_path: Path) -> None:
    """Given objects of which programs would read one value or the other."""
    doubled = b'{"notice":"","notice":' if name != EVENTS else b'{"notice":1,"notice":'
    changed = {**files, name: files[name].replace(b'{"notice":', doubled, 1).replace(b'{\n "notice":', doubled, 1)}
    assert changed[name] != files[name]
    if name == "manifest.json":
        signed = resealed(files, shop.key)
        data = signed[name].replace(b'{"notice":', doubled, 1)
        digest = f"{sha256(data).hexdigest()} {len(data)}"
        text = f"caretrail.packet/manifest\n{verify.NOTICE}\n{shop.key.name}\n{digest}\n"
        changed = {**signed, name: data, "manifest.note": sign_note(text, [shop.key]).encode()}
    else:
        changed = resealed(changed, shop.key)
    report = verify.verify(str(packed(changed, tmp_path / "p.zip")), shop.public)
    assert report.status == 1
    assert "is not JSON" in report.lines[-1][1]


def test_both_verifiers_refuse_a_key_with_torsion(packet: Path, shop: Desk) -> None:
    key = verify.point(shop.key.verifying.public)
    assert key is not None
    hostile = line_of(verify.encoded(verify.add(key, SMALL)))
    with pytest.raises(verify.Problem, match="unsafe"):
        verify.Key(hostile)
    if NODE is None:
        pytest.skip("the second verifier needs Node.js")
    for line, said in ((hostile, "unsafe key\n"), (shop.public, "ok\n")):
        done = subprocess.run([NODE, str(SCRIPT), str(packet), line], capture_output=True, text=True, check=False)
        assert done.stdout == said
