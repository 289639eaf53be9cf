"""Whatever is done to a packet is found, by verify.py and by the second verifier, and ends in a verdict.

A byte of the zip itself that leaves every file as it was, such as a time in its directory, is no part of the packet.
"""

from __future__ import annotations

import ast
import json
import os
import random
import shutil
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from datetime import date
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from caretrail.ledger.note import SigningKey, new_key, sign_note
from caretrail.packet import verify
from caretrail.recording import init_store, open_recorder
from packet.packets import Desk, FakeFiles, Files, laid_out, packed, problems, status, unpacked
from projections.given import NAME, copy_of_example, example

NODE = shutil.which("node")
SCRIPT = Path(__file__).with_name("verify.mjs")
VECTORS = Path(__file__).parent.parent / "ledger" / "vectors"
FACTS = f"client-cl-7f3a/episode-{NAME}/facts.jsonl"
SMALL = 2_000
"""Of a file of so many bytes each is changed; of a larger one some, chosen by a seed."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The desk of a store with two episodes."""
    folder = tmp_path_factory.mktemp("packets")
    url = f"sqlite://{folder}/store/care.db"
    init_store(url)
    with open_recorder(url) as recorder:
        desk = Desk(recorder, folder)
        desk.record(*example())
        desk.record(*copy_of_example("C-1"))
        yield desk


@pytest.fixture(scope="module")
def packet(shop: Desk) -> Path:
    return shop.make(NAME, as_of=date(2026, 5, 4))


@pytest.fixture(scope="module")
def files(packet: Path) -> Files:
    return unpacked(packet)


@pytest.fixture(autouse=True)
def remembered_signatures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Check a signature once: most damages leave the three of a packet as they are."""
    monkeypatch.setattr(verify, "signed_by", lru_cache(verify.signed_by))


def verdict(files: Files, key: str) -> int:
    """What verify.py says of files in memory."""
    report = verify.Report()
    report.check("", verify.check_files, report, FakeFiles(files), key)
    return report.status


def node_verdicts(*packets: tuple[Path, str]) -> list[int]:
    """What the second verifier says."""
    if NODE is None:
        pytest.skip("the second verifier needs Node.js")
    lines = "".join(f"{path}\t{key}\n" for path, key in packets)
    done = subprocess.run([NODE, str(SCRIPT), "--many"], input=lines, capture_output=True, text=True, check=True)
    return [int(line) for line in done.stdout.split()]


def resealed(files: Files, key: SigningKey, change: Callable[[dict[str, Any]], None] = lambda _: None) -> Files:
    """The files under a new manifest that says what they are now, signed anew, as the holder of that key could."""
    manifest = json.loads(files["manifest.json"])
    names = [name for name in files if not name.startswith("manifest.")]
    manifest["files"] = [
        {"path": name, "bytes": len(files[name]), "sha256": sha256(files[name]).hexdigest()} for name in names
    ]
    manifest["keys"] = [str(key.verifying)]
    change(manifest)
    data = json.dumps(manifest).encode()
    digest = f"{sha256(data).hexdigest()} {len(data)}"
    text = f"caretrail.packet/manifest\n{verify.NOTICE}\n{manifest['origin']}\n{digest}\n"
    return {
        **{name: files[name] for name in names},
        "manifest.json": data,
        "manifest.note": sign_note(text, [key]).encode(),
    }


def test_it_holds_as_a_zip_and_as_a_folder(packet: Path, files: Files, shop: Desk, tmp_path: Path) -> None:
    folder, again = laid_out(files, tmp_path / "folder"), packed(files, tmp_path / "again.zip")
    assert status(packet, shop.public) == status(folder, shop.public) == status(again, shop.public) == 0
    assert verdict(files, shop.public) == 0
    assert verdict(resealed(files, shop.key), shop.public) == 0  # the control of what follows
    assert node_verdicts(*((path, shop.public) for path in (packet, folder, again))) == [0, 0, 0]


def places(name: str, size: int) -> list[int]:
    chance = random.Random(name)  # noqa: S311  # a test's choice, the same in each run
    return list(range(size)) if size <= SMALL else sorted(chance.sample(range(size), 100))


def test_every_changed_byte_of_every_file_is_found(files: Files, shop: Desk) -> None:
    chance = random.Random(7)  # noqa: S311
    tried = 0
    for name, data in files.items():
        for place in places(name, len(data)):
            changed = bytearray(data)
            changed[place] ^= chance.randrange(1, 256)
            assert verdict({**files, name: bytes(changed)}, shop.public) == 1, f"{name}, byte {place}"
            tried += 1
    assert tried > 3_000


def test_cut_and_grown_files_are_found(files: Files, shop: Desk) -> None:
    for name, data in files.items():
        for changed in (data[:-1], data + b"\n", b"", data + data):
            assert verdict({**files, name: changed}, shop.public) == 1, name


def test_removed_added_renamed_and_swapped_files_are_found(files: Files, shop: Desk) -> None:
    names = list(files)
    for name, other in zip(names, names[1:] + names[:1], strict=True):
        rest = {key: data for key, data in files.items() if key != name}
        assert verdict(rest, shop.public) == 1
        assert verdict({**rest, f"{name}2": files[name]}, shop.public) == 1
        assert verdict({**files, f"{name}2": files[name]}, shop.public) == 1
        assert verdict({**files, name: files[other], other: files[name]}, shop.public) == 1


def test_parts_of_another_packet_of_the_same_key_are_found(files: Files, shop: Desk) -> None:
    """Given a packet of the other episode and an older one of the same, each of them valid."""
    for other in (unpacked(shop.make("C-1", name="other.zip")), unpacked(shop.make(NAME, name="old.zip", size=66))):
        assert verdict(other, shop.public) == 0
        for name in files.keys() & other.keys():
            if files[name] != other[name]:
                assert verdict({**files, name: other[name]}, shop.public) == 1, name


def edited(files: Files, edit: Callable[[list[str]], list[str]]) -> Files:
    """The files with other lines of facts, which the first line and the manifest count."""
    head, *lines = files[FACTS].decode().split("\n")[:-1]
    lines = edit(lines)
    first = json.dumps(json.loads(head) | {"facts": len(lines)}, separators=(",", ":"))
    return {**files, FACTS: ("\n".join([first, *lines]) + "\n").encode()}


def renumbered(lines: list[str]) -> list[str]:
    return [
        json.dumps(json.loads(line) | {"version": n}, separators=(",", ":")) for n, line in enumerate(lines, start=1)
    ]


def each(old: str, new: str) -> Callable[[list[str]], list[str]]:
    """Replace in every line."""
    return lambda lines: [line.replace(old, new) for line in lines]


EDITS: dict[str, Callable[[list[str]], list[str]]] = {
    "a fact left out": lambda lines: lines[:5] + lines[6:],
    "the last left out": lambda lines: lines[:-1],
    "a fact left out and the rest counted anew": lambda lines: renumbered(lines[:5] + lines[6:]),
    "a fact twice": lambda lines: [*lines, lines[-1]],
    "two in another order": lambda lines: [*lines[:3], lines[4], lines[3], *lines[5:]],
    "another time": each('"recorded_at":"2026-', '"recorded_at":"2025-'),
    "another author": each('"recorded_by":"', '"recorded_by":"x'),
    "another content": each('"minutes":180', '"minutes":181'),
    "another hash": each('"payload_hash":"', '"payload_hash":"00'),
    "a byte moved from the payload to the salt": lambda lines: [
        line.replace('","leaf"', '7b","leaf"').replace('"payload":{', '"payload":') for line in lines
    ],
    "a withheld fact as a fact": each('"withheld":"wrong_client"', '"stated":{}'),
    "a number as a text": each('"version":7', '"version":"7"'),
    "an unknown column": each('"version":', '"note":"x","version":'),
    "no JSON": lambda lines: [*lines[:-1], lines[-1][:-2]],
    "deep JSON": lambda lines: [*lines[:-1], "[" * 100_000],
    "two facts in a line": lambda lines: [*lines[:-2], f"{lines[-2]},{lines[-1]}"],
}  # fmt: skip


@pytest.mark.parametrize("edit", EDITS)
def test_even_who_may_sign_cannot_change_what_the_checkpoint_fixed(
    edit: str, files: Files, shop: Desk, tmp_path: Path
) -> None:
    """Given facts edited under a manifest and a statement of completeness that were signed anew by the same key."""
    changed = edited(files, EDITS[edit])
    assert changed[FACTS] != files[FACTS]
    count = json.loads(changed[FACTS].split(b"\n")[0])["facts"]
    [entry] = json.loads(files["manifest.json"])["streams"]
    old = files["completeness.note"].decode().rpartition("\n\n")[0] + "\n"
    text = old.replace(f"{entry['stream']} 65\n", f"{entry['stream']} {count}\n")
    changed["completeness.note"] = sign_note(text, [shop.key]).encode()
    changed = resealed(changed, shop.key, lambda manifest: manifest["streams"][0].update(facts=count))
    assert verdict(changed, shop.public) == 1
    assert node_verdicts((packed(changed, tmp_path / "p.zip"), shop.public)) == [1]


def _extra(files: Files, _key: SigningKey) -> Files:
    return {**files, "extra": b"x"}


def _altered(files: Files, _key: SigningKey) -> Files:
    return {**files, "README.txt": files["README.txt"].replace(b"State auditor", b"State auditoR")}


def _forged(files: Files, _key: SigningKey) -> Files:
    return resealed(_altered(files, _key), new_key(_key.name))


def _last_left_out(files: Files, key: SigningKey) -> Files:
    changed = edited(files, EDITS["the last left out"])
    return resealed(changed, key, lambda manifest: manifest["streams"][0].update(facts=64))


def _other_checkpoint(files: Files, key: SigningKey) -> Files:
    return resealed({**files, "checkpoint": files["checkpoint"].replace(b"\n\n", b"\nmore\n\n")}, key)


PROTECTIONS: dict[str, Callable[[Files, SigningKey], Files]] = {
    "manifest_signed": _forged,
    "listed": _extra,
    "read_all": _altered,
    "checkpoint": _other_checkpoint,
    "proven": _last_left_out,
    "complete": _last_left_out,
}
"""Each step of verify.py, and a damage that it finds."""


@pytest.mark.parametrize("step", PROTECTIONS)
def test_each_step_finds_what_it_is_there_for(
    step: str, files: Files, shop: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    damaged = PROTECTIONS[step](files, shop.key)
    root = verify.unpacked(files["checkpoint"].split(b"\n")[2].decode())

    def passing(*_: object) -> bytes:
        return root

    assert verdict(damaged, shop.public) == 1
    for name, damage in PROTECTIONS.items():  # the control: without it, and what finds the same, the damage passes
        if damage is PROTECTIONS[step]:
            monkeypatch.setattr(verify, name, _read_without_hashes if name == "read_all" else passing)
    assert verdict(damaged, shop.public) == 0


def _read_without_hashes(files: verify.Files, manifest: Any, leaves: dict[int, bytes], counts: dict[str, int]) -> None:
    for entry in manifest["streams"]:
        name = f"{entry['folder']}/facts.jsonl"
        verify.read_facts(files.read(name), name, entry, leaves, counts)


def test_completeness_is_the_keys_word(files: Files, shop: Desk) -> None:
    note = files["completeness.note"].decode().replace(" 65\n", " 64\n")
    assert verdict(resealed({**files, "completeness.note": note.encode()}, shop.key), shop.public) == 1
    other = sign_note(note.rpartition("\n\n")[0] + "\n", [shop.key]).encode()
    assert verdict(resealed({**files, "completeness.note": other}, shop.key), shop.public) == 1


def test_a_part_without_the_notice_is_found(files: Files, shop: Desk) -> None:
    for name in files.keys() - {"checkpoint", "manifest.json", "manifest.note", "completeness.note"}:
        bare = files[name].replace(verify.NOTICE.encode(), b"")
        assert verdict(resealed({**files, name: bare}, shop.key), shop.public) == 1, name


def test_another_key_and_another_log(files: Files, shop: Desk, packet: Path, tmp_path: Path) -> None:
    forger = new_key(shop.key.name)  # of the same name
    text, _, _ = files["completeness.note"].decode().rpartition("\n\n")
    root, _, _ = files["checkpoint"].decode().rpartition("\n\n")
    forged = resealed(
        {
            **files,
            "completeness.note": sign_note(text + "\n", [forger]).encode(),
            "checkpoint": sign_note(root + "\n", [forger]).encode(),
        },
        forger,
    )
    assert verdict(forged, shop.public) == 1
    assert verdict(forged, str(forger.verifying)) == 0  # which is why the key must come on another way
    forged_zip = packed(forged, tmp_path / "forged.zip")
    report = verify.verify(str(forged_zip))
    assert report.status == 2
    assert "WHO SIGNED IS NOT CHECKED" in report.lines[0][1]
    assert "not signed by the key" in problems(packet, str(forger.verifying))
    other_log = sign_note("caretrail.log/0000\n" + root.split("\n", 1)[1] + "\n", [shop.key]).encode()
    assert verdict(resealed({**files, "checkpoint": other_log}, shop.key), shop.public) == 1
    assert node_verdicts((forged_zip, shop.public), (packet, str(forger.verifying))) == [1, 1]


def test_a_proof_with_other_hashes_is_found(shop: Desk) -> None:
    files = unpacked(shop.make("C-1", name="c1.zip"))
    proof = json.loads(files["proof.json"])
    hashes = proof["hashes"]
    assert hashes
    for changed in (
        hashes[:-1],
        [*hashes, hashes[0]],
        [*hashes[:-1], verify.packed(bytes(32))],
        ["AA=="],
        [7],
        "x",
        None,
    ):
        damaged = {**files, "proof.json": json.dumps(proof | {"hashes": changed}).encode()}
        assert verdict(resealed(damaged, shop.key), shop.public) == 1, changed


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
    "nothing": (lambda _: None, "manifest.json is missing"),
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
        for name, data in [*files.items(), (FACTS, b"another")]:
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
        if held == 0:  # only what leaves every file as it was may pass
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
    assert int(done.stdout) == len(rows["leaves"]) + len(rows["inclusion"]) + len(rows["notes"]) + trees


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
