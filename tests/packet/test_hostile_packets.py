"""Zips, folders and manifests of somebody hostile end in a verdict, and so do what is no packet at all."""

from __future__ import annotations

import ast
import json
import os
import random
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from caretrail.evidence.packet import verify
from tests.packet.damaging import EVENTS, NODE, SCRIPT, VECTORS, node_verdicts, resealed, verdict
from tests.packet.packets import Desk, Files, laid_out, packed, problems, status, unpacked

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("remembered_signatures")]


def _zip(tmp_path: Path, fill: Callable[[zipfile.ZipFile], None]) -> Path:
    path = tmp_path / "hostile.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        fill(made)
    return path


def _entry(name: str, kind: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.external_attr = (kind | 0o777) << 16
    entry.create_system = 3
    return entry


HOSTILE: dict[str, tuple[Callable[[zipfile.ZipFile], Any], str]] = {
    "nothing": (lambda _: None, "manifest.note is missing"),
    "a bomb": (lambda z: z.writestr("manifest.json", bytes(50_000_000)), "a zip bomb"),
    "a way out": (lambda z: z.writestr("../../escape", b"x"), "leaves the folder"),
    "an absolute path": (lambda z: z.writestr("/etc/escape", b"x"), "leaves the folder"),
    "a backslash": (lambda z: z.writestr("..\\escape", b"x"), "leaves the folder"),
    "a drive": (lambda z: z.writestr("C:escape", b"x"), "leaves the folder"),
    "a control character": (lambda z: z.writestr("a\x1b[2J", b"x"), "leaves the folder"),
    "a link": (lambda z: z.writestr(_entry("link", 0o120000), "/etc/passwd"), "is a folder, a link or encrypted"),
    "a device": (lambda z: z.writestr(_entry("device", 0o020000), ""), "is a folder, a link or encrypted"),
    "a folder": (lambda z: z.writestr("folder/", b""), "is a folder, a link or encrypted"),
    "an extra file": (lambda z: z.writestr("extra", b"x"), "extra is not listed"),
    "another packing": (lambda z: z.writestr("lzma", b"x" * 99, zipfile.ZIP_LZMA), "packed in a way packets are not"),
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_zip_ends_in_a_verdict(what: str, files: Files, shop: Desk, tmp_path: Path) -> None:
    add, words = HOSTILE[what]

    def fill(made: zipfile.ZipFile) -> None:
        if what not in ("nothing", "a bomb"):
            for name, data in files.items():
                made.writestr(name, data)
        add(made)

    path = _zip(tmp_path, fill)
    assert status(path, shop.public) == 1
    assert words in problems(path, shop.public)
    assert "\x1b" not in problems(path, shop.public)
    assert list(tmp_path.iterdir()) == [path]  # nothing is unpacked to disk
    assert node_verdicts((path, shop.public)) == [1]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_files_of_one_name_are_refused(files: Files, shop: Desk, tmp_path: Path) -> None:
    def fill(made: zipfile.ZipFile) -> None:
        for name, data in [*files.items(), (EVENTS, b"another")]:
            made.writestr(name, data)

    path = _zip(tmp_path, fill)
    assert "two files of one name" in problems(path, shop.public)
    assert node_verdicts((path, shop.public)) == [1]


def test_sizes_that_lie_and_bytes_used_twice_are_refused(packet: Path, shop: Desk, tmp_path: Path) -> None:
    data = packet.read_bytes()
    entry = data.index(b"PK\x01\x02")
    for offset, value in ((24, 2**32 - 2), (24, 1), (20, 2**32 - 2), (20, 1), (42, 2**31), (28, 65_535)):
        changed = bytearray(data)
        struct.pack_into("<I" if offset != 28 else "<H", changed, entry + offset, value)
        path = tmp_path / f"{offset}-{value}.zip"
        path.write_bytes(changed)
        assert status(path, shop.public) == 1


def test_bytes_of_chance_in_the_zip_end_in_a_verdict(packet: Path, shop: Desk, tmp_path: Path) -> None:
    data, chance = packet.read_bytes(), random.Random(3)  # noqa: S311
    found: dict[int, int] = {0: 0, 1: 0}
    path = tmp_path / "changed.zip"
    wanted = unpacked(packet)
    for _ in range(200):
        changed = bytearray(data)
        for _ in range(chance.choice((1, 1, 1, 40))):
            changed[chance.randrange(len(data))] ^= chance.randrange(1, 256)
        path.write_bytes(changed)
        held = status(path, shop.public)
        found[held] += 1
        if held == 0:  # only what leaves every file as it was may pass, or what another program does not unpack at all
            with suppress(NotImplementedError):  # the number of a newer kind of zip
                assert unpacked(path) == wanted
    assert found[1] > 150
    for size in (0, 1, 21, 22, 1000, len(data) - 1):
        path.write_bytes(data[:size])
        assert status(path, shop.public) == 1


def test_hostile_folders_end_in_a_verdict(files: Files, shop: Desk, tmp_path: Path) -> None:
    folder = laid_out(files, tmp_path / "folder")
    target = folder / "README.txt"
    target.rename(tmp_path / "elsewhere.txt")
    target.symlink_to(tmp_path / "elsewhere.txt")  # the same bytes, by a link
    assert "is a link or a device" in problems(folder, shop.public)
    target.unlink()
    os.mkfifo(target)
    assert "is a link or a device" in problems(folder, shop.public)
    target.unlink()
    target.mkdir()
    assert "README.txt is missing" in problems(folder, shop.public)
    target.rmdir()
    with target.open("wb") as sparse:
        sparse.truncate(10**12)
    assert "does not have the size it should" in problems(folder, shop.public)
    assert status(tmp_path / "elsewhere.txt", shop.public) == 1  # no zip at all


@pytest.mark.parametrize(
    "change",
    [
        {"size": -1}, {"size": 2**70}, {"size": "65"}, {"size": 1.5}, {"streams": None}, {"streams": [7]},
        {"files": {}},
        {"files": [{"path": 7}]}, {"files": [{"path": "a", "bytes": 2**60, "sha256": "x"}]}, {"origin": ["x"]},
        {"keys": []}, {"keys": 7}, {"format": "caretrail.packet/2"}, {"notice": ""},
    ],
)  # fmt: skip
def test_a_manifest_of_nonsense_that_is_signed_ends_in_a_verdict(
    change: dict[str, Any], files: Files, shop: Desk, tmp_path: Path
) -> None:
    changed = resealed(files, shop.key, lambda manifest: manifest.update(change))
    assert verdict(changed, shop.public) == 1
    assert node_verdicts((packed(changed, tmp_path / "p.zip"), shop.public)) == [1]


@pytest.mark.slow
def test_the_second_verifier_agrees_on_a_sample_of_damages(files: Files, shop: Desk, tmp_path: Path) -> None:
    chance = random.Random(11)  # noqa: S311
    packets: list[tuple[Path, str]] = []
    for number, (name, data) in enumerate(files.items()):
        for place in chance.sample(range(len(data)), 8):
            changed = bytearray(data)
            changed[place] ^= chance.randrange(1, 256)
            path = packed({**files, name: bytes(changed)}, tmp_path / f"{number}-{place}.zip")
            packets.append((path, shop.public))
    assert node_verdicts(*packets) == [status(path, key) for path, key in packets] == [1] * len(packets)


def test_the_second_verifier_agrees_on_the_vectors_of_the_ledger() -> None:
    if NODE is None:
        pytest.skip("the second verifier needs Node.js")
    done = subprocess.run([NODE, str(SCRIPT), "--vectors", str(VECTORS)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = {path.stem: json.loads(path.read_text()) for path in VECTORS.glob("*.json")}
    trees = sum(size != "0" for tree in rows["trees"] for size in tree["roots"])
    assert int(done.stdout) == trees + sum(len(rows[name]) for name in ("leaves", "inclusion", "consistency", "notes"))


def test_what_is_no_file_at_all_ends_in_a_verdict(shop: Desk, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "neither a file nor a folder" in problems(tmp_path / "pipe", shop.public)  # and does not wait for a writer
    assert status(tmp_path / "absent", shop.public) == 1


def test_the_status_is_told_even_if_nobody_reads_the_rest(packet: Path, shop: Desk) -> None:
    script = Path(verify.__file__)
    command = f'{{ {sys.executable} {script} {packet} --key "{shop.public}"; echo $? >&2; }} | true'
    done = subprocess.run(["bash", "-c", f"set -o pipefail; {command}"], capture_output=True, text=True, check=False)
    assert done.stderr == "0\n"
    ascii_only = {"PYTHONIOENCODING": "ascii", "PATH": os.environ["PATH"]}
    plain = [sys.executable, str(script), str(packet)]
    narrow = subprocess.run(plain, capture_output=True, env=ascii_only, check=False)
    assert (narrow.returncode, narrow.stderr) == (2, b"")


def test_it_is_written_for_python_3_9(tmp_path: Path) -> None:
    text = Path(verify.__file__).read_text()
    ast.parse(text, feature_version=(3, 9))
    newer = {"UTC", "StrEnum", "tomllib", "ExceptionGroup", "file_digest", "pairwise"}  # names that came later
    assert newer.isdisjoint(node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name))
    with pytest.raises(SyntaxError):  # the control
        ast.parse("match x:\n    case 1: pass", feature_version=(3, 9))
