"""One proof for many leaves: with them it makes the root, and nothing else does."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caretrail.evidence.packet import verify
from caretrail.ledger.tree import EMPTY_ROOT, folded, inclusion_path, root_of, subtrees_of
from tests.ledger.vectors import FOLDER


def leaves_of(count: int) -> list[bytes]:
    return [sha256(number.to_bytes(4, "big")).digest() for number in range(count)]


@st.composite
def trees_with_some_leaves(draw: st.DrawFn) -> tuple[int, list[int]]:
    size = draw(st.integers(1, 300))
    return size, sorted(draw(st.sets(st.integers(0, size - 1), min_size=1)))


@given(trees_with_some_leaves())
def test_the_leaves_and_the_hashes_make_the_root(drawn: tuple[int, list[int]]) -> None:
    size, indexes = drawn
    leaves = leaves_of(size)
    hashes = folded(subtrees_of(leaves), indexes, size)
    known = {index + 1: leaves[index] for index in indexes}
    root = root_of(leaves)
    assert verify.root_of(known, size, hashes) == root
    # none is more than needed: of one leaf it is the audit path, of all leaves nothing
    if len(indexes) == 1:
        assert sorted(hashes) == sorted(inclusion_path(subtrees_of(leaves), indexes[0], size))
    if len(indexes) == size:
        assert hashes == []
    place = indexes[len(indexes) // 2]
    assert verify.root_of(known | {place + 1: bytes(32)}, size, hashes) != root
    for wrong in (hashes[:-1] if hashes else [bytes(32)], [*hashes, bytes(32)]):
        with pytest.raises(verify.Problem):
            verify.root_of(known, size, wrong)


@given(trees_with_some_leaves(), st.data())
def test_leaves_at_other_places_make_another_root(drawn: tuple[int, list[int]], data: st.DataObject) -> None:
    size, indexes = drawn
    leaves = leaves_of(size)
    hashes = folded(subtrees_of(leaves), indexes, size)
    shift = data.draw(st.integers(1, 5))
    moved = {index + 1 + shift: leaves[index] for index in indexes}
    try:
        found = verify.root_of(moved, size, hashes)
    except verify.Problem:
        return
    assert found != root_of(leaves)


@pytest.mark.parametrize(("indexes", "size"), [([], 3), ([3], 3), ([-1], 3), ([0], 0)])
def test_leaves_that_are_not_in_the_tree_have_no_proof(indexes: list[int], size: int) -> None:
    with pytest.raises(ValueError, match="not in the tree"):
        folded(subtrees_of(leaves_of(size)), indexes, size)


@pytest.mark.parametrize("size", [0, -1, 2**63, 2**70])
def test_sizes_that_no_log_has(size: int) -> None:
    with pytest.raises(verify.Problem):
        verify.root_of({1: EMPTY_ROOT}, size, [])


def rows(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((FOLDER / f"{name}.json").read_text())
    return found


def from_left(index: int, size: int, path: list[bytes]) -> list[bytes]:
    """An audit path goes from the leaf up; a packet has the same hashes from left to right."""
    left: list[bytes] = []
    right: list[bytes] = []
    start, end, rest = 0, size, list(path)
    while end - start > 1 and rest:
        middle = start + (1 << (end - start - 1).bit_length() - 1)
        if index < middle:
            right.insert(0, rest.pop())
            end = middle
        else:
            left.append(rest.pop())
            start = middle
    return rest + left + right


@pytest.mark.parametrize("row", rows("inclusion"))
def test_verify_py_agrees_on_the_vectors_of_inclusion(row: dict[str, Any]) -> None:
    leaf, root = bytes.fromhex(row["leaf"]), bytes.fromhex(row["root"])
    hashes = from_left(row["index"], row["size"], [bytes.fromhex(text) for text in row["path"]])
    try:
        found = verify.root_of({row["index"] + 1: leaf}, row["size"], hashes) == root
    except verify.Problem:
        found = False
    assert found is row["valid"]


@pytest.mark.parametrize("row", rows("leaves"))
def test_verify_py_agrees_on_the_vectors_of_leaves(row: dict[str, Any]) -> None:
    """Given rows whose time a datetime can hold, and whose payload is a text."""
    try:
        moment = verify.EPOCH + row["recorded_at"] * verify.MICROSECOND
        payload = bytes.fromhex(row["payload"]).decode()
    except (OverflowError, UnicodeDecodeError):
        return
    if row["log"] != 1:
        return
    event = {
        "position": row["position"], "version": row["version"], "name": row["name"], "recorded_by": row["recorded_by"],
        "asserted_by": row["asserted_by"],
        "source": row["source"], "command_id": row["command_id"], "salt": row["salt"],
        "recorded_at": moment.isoformat(timespec="microseconds"), "payload_hash": row["payload_hash"],
    }  # fmt: skip
    stream = bytes.fromhex(row["stream"])
    assert verify.leaf_of(event, "", stream).hex() == row["leaf"]
    if payload:
        assert verify.leaf_of(event, payload, stream).hex() == row["leaf"]


@pytest.mark.parametrize("row", rows("notes"))
def test_verify_py_agrees_on_the_vectors_of_notes(row: dict[str, Any]) -> None:
    def holds(line: str) -> bool:
        try:
            origin, size, root = verify.Key(line).open(row["note"].encode(), "the note").split("\n")[:3]
            return origin == row["origin"] and size == str(row["size"]) and verify.unpacked(root).hex() == row["root"]
        except (verify.Problem, ValueError):
            return False

    assert any(map(holds, row["keys"])) is row["valid"]
