"""Whatever is done to a packet is found, by verify.py and by the second verifier, and ends in a verdict.

A byte of the zip itself that leaves every file as it was, such as a time in its directory, is no part of the packet.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from caretrail.evidence.packet import verify
from caretrail.ledger.checkpoint import origin_of_accesses
from caretrail.ledger.note import SigningKey, new_key, sign_note
from tests.packet.damaging import EVENTS, SMALL, node_verdicts, resealed, verdict
from tests.packet.packets import Desk, Files, laid_out, packed, problems, status, unpacked
from tests.support.example import NAME

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("remembered_signatures")]


def test_it_holds_as_a_zip_and_as_a_folder(packet: Path, files: Files, shop: Desk, tmp_path: Path) -> None:
    folder, again = laid_out(files, tmp_path / "folder"), packed(files, tmp_path / "again.zip")
    assert status(packet, shop.public) == status(folder, shop.public) == status(again, shop.public) == 0
    assert verdict(files, shop.public) == 0
    assert verdict(resealed(files, shop.key), shop.public) == 0  # the control of what follows
    assert node_verdicts(*((path, shop.public) for path in (packet, folder, again))) == [0, 0, 0]


def places(name: str, size: int) -> list[int]:
    chance = random.Random(name)  # noqa: S311  # a test's choice, the same in each run
    return list(range(size)) if size <= SMALL else sorted(chance.sample(range(size), 100))


@pytest.mark.slow
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
    """The files with other lines of events, which the first line and the manifest count."""
    head, *lines = files[EVENTS].decode().split("\n")[:-1]
    lines = edit(lines)
    first = json.dumps(json.loads(head) | {"events": len(lines)}, separators=(",", ":"))
    return {**files, EVENTS: ("\n".join([first, *lines]) + "\n").encode()}


def renumbered(lines: list[str]) -> list[str]:
    return [
        json.dumps(json.loads(line) | {"version": n}, separators=(",", ":")) for n, line in enumerate(lines, start=1)
    ]


def each(old: str, new: str) -> Callable[[list[str]], list[str]]:
    """Replace in every line."""
    return lambda lines: [line.replace(old, new) for line in lines]


EDITS: dict[str, Callable[[list[str]], list[str]]] = {
    "an event left out": lambda lines: lines[:5] + lines[6:],
    "the last left out": lambda lines: lines[:-1],
    "an event left out and the rest counted anew": lambda lines: renumbered(lines[:5] + lines[6:]),
    "an event twice": lambda lines: [*lines, lines[-1]],
    "two in another order": lambda lines: [*lines[:3], lines[4], lines[3], *lines[5:]],
    "another time": each('"recorded_at":"2026-', '"recorded_at":"2025-'),
    "another author": each('"recorded_by":"', '"recorded_by":"x'),
    "another content": each('"minutes":180', '"minutes":181'),
    "another hash": each('"payload_hash":"', '"payload_hash":"00'),
    "a byte moved from the payload to the salt": lambda lines: [
        line.replace('","leaf"', '7b","leaf"').replace('"payload":{', '"payload":') for line in lines
    ],
    "a withheld event as an event": each('"withheld":"wrong_client"', '"stated":{}'),
    "a number as a text": each('"version":7', '"version":"7"'),
    "an unknown column": each('"version":', '"note":"x","version":'),
    "no JSON": lambda lines: [*lines[:-1], lines[-1][:-2]],
    "deep JSON": lambda lines: [*lines[:-1], "[" * 100_000],
    "two events in a line": lambda lines: [*lines[:-2], f"{lines[-2]},{lines[-1]}"],
}  # fmt: skip


@pytest.mark.parametrize("edit", EDITS)
def test_even_who_may_sign_cannot_change_what_the_checkpoint_fixed(
    edit: str, files: Files, shop: Desk, tmp_path: Path
) -> None:
    """Given events edited under a manifest and a statement of completeness that were signed anew by the same key."""
    changed = edited(files, EDITS[edit])
    assert changed[EVENTS] != files[EVENTS]
    count = json.loads(changed[EVENTS].split(b"\n")[0])["events"]
    [entry] = json.loads(files["manifest.json"])["streams"]
    old = files["completeness.note"].decode().rpartition("\n\n")[0] + "\n"
    text = old.replace(f"{entry['stream']} 65\n", f"{entry['stream']} {count}\n")
    changed["completeness.note"] = sign_note(text, [shop.key]).encode()
    changed = resealed(changed, shop.key, lambda manifest: manifest["streams"][0].update(events=count))
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
    return resealed(changed, key, lambda manifest: manifest["streams"][0].update(events=64))


def _other_checkpoint(files: Files, key: SigningKey) -> Files:
    return resealed({**files, "checkpoint": files["checkpoint"].replace(b"\n\n", b"\nmore\n\n")}, key)


def _other_accesses(files: Files, key: SigningKey) -> Files:
    text, _, _ = files["checkpoint-accesses"].decode().rpartition("\n\n")
    earlier = re.sub(r"\nevents \d+ ", "\nevents 64 ", text) + "\n"
    note = sign_note(earlier, [key.named(origin_of_accesses(key.name))])
    return resealed({**files, "checkpoint-accesses": note.encode()}, key)


PROTECTIONS: dict[str, Callable[[Files, SigningKey], Files]] = {
    "signed_manifest": _forged,
    "listed": _extra,
    "unchanged": _altered,
    "checkpoint": _other_checkpoint,
    "accesses": _other_accesses,
    "proven": _last_left_out,
    "complete": _last_left_out,
}
"""Each step of verify.py, and a damage that it finds."""


@pytest.mark.parametrize("step", PROTECTIONS)
def test_each_step_finds_what_it_is_there_for(
    step: str, files: Files, shop: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    damaged = PROTECTIONS[step](files, shop.key)
    _, size, root, *_ = files["checkpoint"].decode().split("\n")
    head = verify.Head(int(size), verify.unpacked(root))

    def passing(*_: object) -> verify.Head:
        return head

    assert verdict(damaged, shop.public) == 1
    for name, damage in PROTECTIONS.items():  # the control: without it, and what finds the same, the damage passes
        if damage is PROTECTIONS[step]:
            monkeypatch.setattr(verify, name, passing if name != "signed_manifest" else _unsigned)
    assert verdict(damaged, shop.public) == 0


def _unsigned(files: verify.Files, *_: object) -> Any:
    return json.loads(verify.whole(files, "manifest.json", SMALL * 100))


def test_completeness_is_the_keys_word(files: Files, shop: Desk) -> None:
    note = files["completeness.note"].decode().replace(" 65\n", " 64\n")
    assert verdict(resealed({**files, "completeness.note": note.encode()}, shop.key), shop.public) == 1
    other = sign_note(note.rpartition("\n\n")[0] + "\n", [shop.key]).encode()
    assert verdict(resealed({**files, "completeness.note": other}, shop.key), shop.public) == 1


def test_a_part_without_the_notice_is_found(files: Files, shop: Desk) -> None:
    bare_by_nature = {"checkpoint", "checkpoint-accesses"}
    for name in files.keys() - bare_by_nature - {"manifest.json", "manifest.note", "completeness.note"}:
        bare = files[name].replace(verify.NOTICE.encode(), b"")
        assert verdict(resealed({**files, name: bare}, shop.key), shop.public) == 1, name


def test_another_key_and_another_log(files: Files, shop: Desk, packet: Path, tmp_path: Path) -> None:
    forger = new_key(shop.key.name)  # of the same name
    text, _, _ = files["completeness.note"].decode().rpartition("\n\n")
    root, _, _ = files["checkpoint"].decode().rpartition("\n\n")
    accesses, _, _ = files["checkpoint-accesses"].decode().rpartition("\n\n")
    forged = resealed(
        {
            **files,
            "completeness.note": sign_note(text + "\n", [forger]).encode(),
            "checkpoint": sign_note(root + "\n", [forger]).encode(),
            "checkpoint-accesses": sign_note(accesses + "\n", [forger.named(f"{forger.name}/accesses")]).encode(),
        },
        forger,
    )
    assert verdict(forged, shop.public) == 1
    assert verdict(forged, str(forger.verifying)) == 0  # which is why the key must come on another way
    forged_zip = packed(forged, tmp_path / "forged.zip")
    report = verify.verify(str(forged_zip))
    assert report.status == 2
    assert "SIGNER NOT VERIFIED" in report.lines[0][1]
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
