"""Test vectors of the ledger as JSON, for every verifier there is: `python -m tests.ledger.vectors`.

Bytes are hexadecimal. A vector says whether it is `valid`; what is not says in `why` what was done to it. They are made
from the definitions by `naive.py`, not by the code they test.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.ledger import naive

FOLDER = Path(__file__).parent / "vectors"

CT_INPUTS = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
"""Eight entries on which the libraries of certificate transparency have been tested since 2013."""

LARGE = 600
"""Leaves of a tree of several tiles: leaf i is SHA-256(0x00 ‖ i as eight bytes)."""
SIZES = (1, 2, 3, 5, 8, 255, 256, 257, 300, 511, 512, 513, 600)

ORIGIN = "caretrail.log/0123456789abcdef0123456789abcdef"
SEED, NEW_SEED, STRANGE_SEED = bytes(range(32)), bytes(range(32, 64)), bytes(range(64, 96))

Json = dict[str, Any]


def rows() -> list[Json]:
    """Rows of a log: the plain ones, and each column at its edges."""
    plain: Json = {
        "log": 1, "position": 1, "stream": "00112233445566778899aabbccddeeff", "version": 1, "name": "admitted/1",
        "payload": b'{"type":"admitted"}'.hex(), "recorded_at": 1_772_442_000_000_000, "recorded_by": "intake",
        "asserted_by": "", "source": "ehr-7", "command_id": "c-0001", "salt": "000102030405060708090a0b0c0d0e0f",
    }  # fmt: skip  # in the order of the columns
    return [
        plain,
        plain | {"position": 2, "version": 2, "name": "plan_signed/1", "source": "", "command_id": "c-0002"},
        plain | {"salt": "f" * 32},
        plain | {"payload": ""},
        plain | {"recorded_at": 0},
        plain | {"recorded_at": -1},
        plain | {"recorded_by": "Zoë Ångström", "command_id": "日本-💊"},
        plain | {"log": 2, "name": "accessed/1", "source": "caretrail.access"},
        plain | {"asserted_by": "c-ortiz"},
        plain | {"recorded_by": "intakec-ortiz"},
        plain | {"name": "ab", "recorded_by": "c"},
        plain | {"name": "a", "recorded_by": "bc"},
        plain | {"position": 2**63 - 1, "version": 2**63 - 1, "stream": "f" * 32},
        plain | {"payload": bytes(range(256)).hex() * 8, "command_id": "x" * 1000},
    ]


def leaves() -> list[Json]:
    """Each row with its leaf, and with the salted hash by which its payload can be withheld."""
    return [row | {"payload_hash": naive.payload_hash(row).hex(), "leaf": naive.leaf(row).hex()} for row in rows()]


def ct_leaves() -> list[bytes]:
    return [naive.leaf_of_input(bytes.fromhex(data)) for data in CT_INPUTS]


def large_leaves() -> list[bytes]:
    return [naive.leaf_of_input(number.to_bytes(8, "big")) for number in range(LARGE)]


def trees() -> list[Json]:
    """Roots by size over one list of leaves."""
    small, large = ct_leaves(), large_leaves()
    return [
        {
            "inputs": list(CT_INPUTS), "leaves": _hex(small),
            "roots": {str(size): naive.root(small[:size]).hex() for size in range(len(small) + 1)},
        },
        {
            "inputs": [number.to_bytes(8, "big").hex() for number in range(LARGE)], "leaves": _hex(large),
            "roots": {str(size): naive.root(large[:size]).hex() for size in SIZES},
        },
    ]  # fmt: skip  # one tree, one block


def inclusion() -> list[Json]:
    """Proofs that a leaf stands at an index (from 0) of a tree, and what is none."""
    small, large = ct_leaves(), large_leaves()
    found = [_included(small, index, size) for size in range(1, 9) for index in range(size)]
    found += [_included(large, index, size) for size in SIZES[5:] for index in (0, size // 2, size - 1)]
    good = _included(small, 5, 8)
    path = list(good["path"])
    left, right = naive.root(small[:2]), naive.root(small[2:4])
    found += [
        _spoiled(good, "another index", index=4),
        _spoiled(good, "an index that is not in the tree", index=8),
        _spoiled(good, "an index below zero", index=-1),
        _spoiled(good, "a smaller tree", size=6),
        _spoiled(good, "a larger tree", size=16),
        _spoiled(good, "an empty tree", size=0),
        _spoiled(good, "another leaf", leaf=small[4].hex()),
        _spoiled(good, "the root of another tree", root=naive.root(small[:7]).hex()),
        _spoiled(good, "a path too short", path=path[:-1]),
        _spoiled(good, "a path too long", path=[*path, path[0]]),
        _spoiled(good, "a path in another order", path=path[::-1]),
        _spoiled(good, "no path", path=[]),
        _spoiled(_included(small, 0, 4), "a node for a leaf", leaf=left.hex(), path=[right.hex()]),
    ]
    return found


def _included(tree: Sequence[bytes], index: int, size: int) -> Json:
    return {
        "leaf": tree[index].hex(), "index": index, "size": size, "root": naive.root(tree[:size]).hex(),
        "path": _hex(naive.path(index, tree[:size])), "valid": True,
    }  # fmt: skip  # in their published order


def consistency() -> list[Json]:
    """Proofs that a tree begins with a smaller one, and what is none."""
    small, large = ct_leaves(), large_leaves()
    found = [_consistent(small, old, new) for new in range(1, 9) for old in range(1, new + 1)]
    found += [_consistent(large, old, new) for new in SIZES[7:] for old in SIZES if old <= new]
    good, power = _consistent(small, 6, 8), _consistent(small, 4, 7)
    path = list(good["path"])
    found += [
        _spoiled(good, "another old size", old=5),
        _spoiled(good, "another new size", new=16),
        _spoiled(good, "the larger tree first", old=8, new=6, old_root=good["new_root"], new_root=good["old_root"]),
        _spoiled(good, "the root of another old tree", old_root=naive.root(small[:5]).hex()),
        _spoiled(good, "the root of another new tree", new_root=naive.root(small[:7]).hex()),
        _spoiled(good, "both roots the new one", old_root=good["new_root"]),
        _spoiled(good, "both roots the old one", new_root=good["old_root"]),
        _spoiled(good, "a path too short", path=path[:-1]),
        _spoiled(good, "a path too long", path=[*path, path[0]]),
        _spoiled(good, "no path", path=[]),
        _spoiled(good, "one size, two roots", old=8),
        _spoiled(
            power, "a path that begins with the old root, which is known", path=[power["old_root"], *power["path"]]
        ),
        _spoiled(power, "another root of a complete old tree", old_root=naive.root(small[:3]).hex()),
    ]
    return found


def _consistent(tree: Sequence[bytes], old: int, new: int) -> Json:
    return {
        "old": old, "old_root": naive.root(tree[:old]).hex(), "new": new, "new_root": naive.root(tree[:new]).hex(),
        "path": _hex(naive.proof(old, tree[:new])), "valid": True,
    }  # fmt: skip  # in their published order


def _spoiled(good: Json, why: str, **other: object) -> Json:
    return good | other | {"valid": False, "why": why}


def notes() -> list[Json]:
    """Signed checkpoints, the public keys that are trusted, and what is said of them."""
    text = naive.checkpoint_text(ORIGIN, 8, naive.root(ct_leaves()))
    old, new = naive.signature_line(ORIGIN, SEED, text), naive.signature_line(ORIGIN, NEW_SEED, text)
    strange = naive.signature_line("elsewhere.example/log", STRANGE_SEED, text)
    key, new_key = naive.key_line(ORIGIN, SEED), naive.key_line(ORIGIN, NEW_SEED)
    note = f"{text}\n{old}"
    other = naive.checkpoint_text(ORIGIN, 7, naive.root(ct_leaves()[:7]))
    fine: Json = {"keys": [key], "note": note, "origin": ORIGIN, "size": 8, "root": naive.root(ct_leaves()).hex()}
    fine["valid"] = True
    return [
        fine,
        fine | {"note": note + new, "why": "two signatures, as in a change of keys: the old key is trusted"},
        fine | {"note": note + new, "keys": [new_key], "why": "the same: the new key is trusted"},
        fine | {"note": note + strange, "why": "a signature of a key nobody asked for is passed over"},
        _spoiled(fine, "no key that is trusted signed", keys=[new_key]),
        _spoiled(fine, "another text under the signature", note=f"{other}\n{old}"),
        _spoiled(fine, "one letter of the root", note=note.replace("\n8\n", "\n8\nA", 1)),
        _spoiled(fine, "another size", note=note.replace("\n8\n", "\n9\n", 1)),
        _spoiled(fine, "a size with a zero before it", note=_note(text.replace("\n8\n", "\n08\n", 1))),
        _spoiled(fine, "a size below zero", note=_note(text.replace("\n8\n", "\n-8\n", 1))),
        _spoiled(fine, "a root of 31 bytes", note=_note(naive.checkpoint_text(ORIGIN, 8, bytes(31)))),
        _spoiled(fine, "no root", note=_note(f"{ORIGIN}\n8\n")),
        _spoiled(fine, "no blank line", note=text + old),
        _spoiled(fine, "no signature", note=f"{text}\n"),
        _spoiled(fine, "no newline at the end", note=note[:-1]),
        _spoiled(fine, "a carriage return", note=note.replace("\n", "\r\n")),
        _spoiled(fine, "the key id of another key", note=f"{text}\n{_with_id(old, new)}"),
        _spoiled(fine, "one bit of the signature", note=f"{text}\n{_flipped(old)}"),
        _spoiled(fine, "an empty note", note=""),
    ]


def _note(text: str) -> str:
    return f"{text}\n{naive.signature_line(ORIGIN, SEED, text)}"


def _with_id(line: str, other: str) -> str:
    """The signature of one line under the key id of another: the first five letters of base64 hold it and more."""
    start = line.rindex(" ") + 1
    return line[:start] + other[start : start + 5] + line[start + 5 :]


def _flipped(line: str) -> str:
    return line[:60] + ("A" if line[60] != "A" else "B") + line[61:]


def _hex(hashes: Sequence[bytes]) -> list[str]:
    return [item.hex() for item in hashes]


ALL = {"leaves": leaves, "trees": trees, "inclusion": inclusion, "consistency": consistency, "notes": notes}


def text_of(name: str) -> str:
    """The file of that name, one vector a line."""
    lines = (json.dumps(vector, ensure_ascii=False) for vector in ALL[name]())
    return "[\n" + ",\n".join(lines) + "\n]\n"


def main() -> None:
    """Write all files."""
    FOLDER.mkdir(exist_ok=True)
    for name in ALL:
        (FOLDER / f"{name}.json").write_text(text_of(name))


if __name__ == "__main__":
    main()
