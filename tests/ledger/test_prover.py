"""A prover that lies: forged proofs against a tree whose size and root are signed; not one may hold.

20,000 in a test run; CARETRAIL_FORGED=100000 makes as many as asked for. What is true can never be refused a proof, so
each forgery claims something false: a leaf that is not there, or an old tree that was never signed.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Sequence

import pytest

from caretrail.ledger.tree import (
    consistency_path,
    consistent,
    includes,
    inclusion_path,
    node,
    root_of,
    subtrees_of,
)
from tests.ledger.naive import leaf_of_input

FORGED = int(os.environ.get("CARETRAIL_FORGED", "20000"))
LEAVES = [leaf_of_input(b"%d" % number) for number in range(300)]
ROOTS = [root_of(LEAVES[:size]) for size in range(len(LEAVES) + 1)]
TREE = subtrees_of(LEAVES)


def scrambled(chance: random.Random, path: Sequence[bytes], stock: Sequence[bytes]) -> list[bytes]:
    """A path after one to three changes, each of a kind that a forger would try."""
    found = list(path)
    for _ in range(chance.randint(1, 3)):
        match chance.randrange(7):
            case 0 if found:
                found[chance.randrange(len(found))] = chance.choice(stock)
            case 1 if found:
                place = chance.randrange(len(found))
                byte = chance.randrange(32)
                item = found[place]
                found[place] = item[:byte] + bytes([item[byte] ^ (1 << chance.randrange(8))]) + item[byte + 1 :]
            case 2 if found:
                del found[chance.randrange(len(found))]
            case 3:
                found.insert(chance.randint(0, len(found)), chance.choice(stock))
            case 4 if len(found) > 1:
                one, other = chance.sample(range(len(found)), 2)
                found[one], found[other] = found[other], found[one]
            case 5:
                found = found[: chance.randint(0, len(found))]
            case _:
                found += [chance.choice(stock) for _ in range(chance.randint(1, 4))]
    return found


def inner_nodes(chance: random.Random, size: int) -> list[bytes]:
    """Hashes that are in the tree, above its leaves: what could pass for a leaf if prefixes did not part them."""
    return [node(LEAVES[at], LEAVES[at + 1]) for at in chance.sample(range(0, size - 1, 2), min(8, size // 2))]


def forged_inclusion(chance: random.Random) -> bool:
    """Claim that a leaf stands where another does, of a tree that is signed."""
    size = chance.randint(2, len(LEAVES))
    index = chance.randrange(size)
    nodes = inner_nodes(chance, size)
    stock = [*LEAVES[:size], *nodes, ROOTS[size], ROOTS[chance.randrange(size)]]
    honest = inclusion_path(TREE, index, size)
    claimed = chance.choice([*nodes, LEAVES[(index + chance.randint(1, size - 1)) % size], leaf_of_input(b"forged")])
    match chance.randrange(5):
        case 0:
            path = honest
        case 1:
            path = inclusion_path(TREE, chance.randrange(size), size)
        case 2:  # a node for a leaf, with the path from it up
            claimed, path = node(LEAVES[index & ~1], LEAVES[index | 1]) if index | 1 < size else claimed, honest[1:]
        case 3:
            other = chance.randint(1, len(LEAVES))
            path = inclusion_path(TREE, min(index, other - 1), other)
        case _:
            path = scrambled(chance, honest, stock)
    at = chance.choice([index, index, index >> 1, size, -1, size - 1])
    if 0 <= at < size and claimed == LEAVES[at]:
        return False
    return includes(claimed, at, size, ROOTS[size], path)


def forged_consistency(chance: random.Random) -> bool:
    """Claim that a tree begins with one that it does not begin with: another history, an older tree replayed."""
    new = chance.randint(2, len(LEAVES))
    old = chance.randint(1, new)
    other = [*LEAVES[:old]]
    other[chance.randrange(old)] = leaf_of_input(b"forged")
    stock = [*LEAVES[:new], ROOTS[new], ROOTS[old], root_of(other)]
    claimed = chance.choice([root_of(other), ROOTS[old - 1], ROOTS[min(old + 1, new)], ROOTS[new], LEAVES[0]])
    honest = consistency_path(TREE, old, new)
    match chance.randrange(4):
        case 0:
            path = honest
        case 1:
            path = [claimed, *honest]
        case 2:
            path = consistency_path(TREE, chance.randint(1, new), new)
        case _:
            path = scrambled(chance, honest, stock)
    if claimed == ROOTS[old]:
        return False
    return consistent(old, claimed, new, ROOTS[new], path)


@pytest.mark.slow
@pytest.mark.parametrize("forge", [forged_inclusion, forged_consistency])
def test_no_forged_proof_is_accepted(forge: Callable[[random.Random], bool]) -> None:
    chance = random.Random(20_260_301)
    accepted = sum(forge(chance) for _ in range(FORGED // 2))
    assert accepted == 0


def test_a_changed_path_never_proves_what_is_true_either() -> None:
    """A proof is one: any other path for the same claim is refused."""
    chance = random.Random(7)
    for _ in range(FORGED // 20):
        size = chance.randint(2, len(LEAVES))
        index, old = chance.randrange(size), chance.randint(1, size - 1)
        honest = inclusion_path(TREE, index, size)
        forged = scrambled(chance, honest, LEAVES[:size])
        assert includes(LEAVES[index], index, size, ROOTS[size], forged) is (forged == honest)
        honest = consistency_path(TREE, old, size)
        forged = scrambled(chance, honest, LEAVES[:size])
        assert consistent(old, ROOTS[old], size, ROOTS[size], forged) is (forged == honest)


def test_the_forger_can_win_where_a_check_is_left_out() -> None:
    """The control: a verifier that takes any path which ends in the root takes a node for a leaf."""

    def careless(leaf: bytes, path: Sequence[bytes], root: bytes) -> bool:
        for step in path:
            leaf = node(leaf, step)
        return leaf == root

    above, path = node(LEAVES[0], LEAVES[1]), inclusion_path(TREE, 0, 256)[1:]
    assert careless(above, path, ROOTS[256])
    assert not includes(above, 0, 256, ROOTS[256], path)
