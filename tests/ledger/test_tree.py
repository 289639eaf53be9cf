"""The tree against its definitions and against another implementation, at every size and of any leaves."""

from __future__ import annotations

import itertools
from typing import Any

import pymerkle  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from caretrail.ledger.tree import (
    EMPTY_ROOT,
    Frontier,
    consistency_path,
    consistent,
    frontier_at,
    includes,
    inclusion_path,
    root_at,
    root_of,
    subtrees_of,
)
from tests.ledger import naive

SIZE = 130
INPUTS = [b"%d" % number for number in range(SIZE)]
LEAVES = [naive.leaf_of_input(data) for data in INPUTS]
TREE = subtrees_of(LEAVES)
PYMERKLE: Any = pymerkle  # it has no types
hashes = st.binary(min_size=32, max_size=32)


def test_every_root_proof_and_consistency_up_to_a_size_is_as_defined() -> None:
    for size in range(1, SIZE + 1):
        root = naive.root(LEAVES[:size])
        assert root_at(TREE, size) == root == frontier_at(TREE, size).root()
        for index in {0, size // 3, size // 2, size - 1}:
            path = inclusion_path(TREE, index, size)
            assert path == naive.path(index, LEAVES[:size])
            assert includes(LEAVES[index], index, size, root, path)
        for old in {1, size // 3 or 1, size // 2 or 1, size}:
            path = consistency_path(TREE, old, size)
            assert path == naive.proof(old, LEAVES[:size])
            assert consistent(old, naive.root(LEAVES[:old]), size, root, path)


def test_another_implementation_names_the_same_roots_and_takes_the_same_proofs() -> None:
    tree = PYMERKLE.InmemoryTree(algorithm="sha256")
    for data in INPUTS:
        tree.append_entry(data)
    for size in range(1, SIZE + 1):
        assert tree.get_root(size) == root_at(TREE, size)
    for index, size in itertools.product((0, 1, 63, 64, 99), (100, 127, 128, 129, 130)):
        theirs: Any = tree.prove_inclusion(index + 1, size)
        assert includes(LEAVES[index], index, size, root_at(TREE, size), list(theirs.path[1:]))
        assert inclusion_path(TREE, index, size) == list(theirs.path[1:])
    for old, new in ((1, 2), (3, 7), (6, 8), (63, 64), (64, 128), (65, 130), (129, 130)):
        PYMERKLE.verify_consistency(root_at(TREE, old), root_at(TREE, new), tree.prove_consistency(old, new))
        assert consistent(old, tree.get_root(old), new, tree.get_root(new), consistency_path(TREE, old, new))


@given(st.lists(hashes, max_size=40))
def test_a_frontier_grows_as_the_tree_does(leaves: list[bytes]) -> None:
    frontier = Frontier()
    for size, leaf in enumerate(leaves):
        assert frontier.root() == naive.root(leaves[:size])
        frontier.append(leaf)
    assert frontier.root() == root_of(leaves) == naive.root(leaves)


@given(st.lists(hashes, min_size=1, max_size=70), st.data())
def test_what_is_proven_holds_and_nothing_else_does(leaves: list[bytes], data: st.DataObject) -> None:
    size = len(leaves)
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    tree, root = subtrees_of(leaves), naive.root(leaves)
    path = inclusion_path(tree, index, size)
    assert includes(leaves[index], index, size, root, path)
    for other in range(size):
        assert includes(leaves[other], index, size, root, path) is (leaves[other] == leaves[index])
    proof = consistency_path(tree, old, size)
    assert consistent(old, naive.root(leaves[:old]), size, root, proof)
    assert not consistent(old, naive.leaf_of_input(b""), size, root, proof)


def test_a_tree_begins_with_no_leaves() -> None:
    assert root_of([]) == EMPTY_ROOT == naive.root([])
    assert consistent(0, EMPTY_ROOT, 5, root_at(TREE, 5), [])
    assert not consistent(0, bytes(32), 5, root_at(TREE, 5), [])
    assert not consistent(0, EMPTY_ROOT, 5, root_at(TREE, 5), [bytes(32)])


def test_what_is_not_in_the_tree_cannot_be_proven() -> None:
    for index, size in ((5, 5), (-1, 5), (0, 0)):
        with pytest.raises(ValueError, match="not in the tree"):
            inclusion_path(TREE, index, size)
    for old, new in ((0, 5), (6, 5)):
        with pytest.raises(ValueError, match="old tree"):
            consistency_path(TREE, old, new)
    with pytest.raises(ValueError, match="one hash for each bit"):
        Frontier(3, [bytes(32)])
