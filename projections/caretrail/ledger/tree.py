"""The Merkle tree of RFC 9162, section 2.1: roots, inclusion proofs and consistency proofs over SHA-256.

Leaf hashes come from `caretrail.log.leaf` (prefix 0x00 and all). An inner node is SHA-256(0x01 ‖ left ‖ right).
The tree over the first n leaves of a log never changes, so one root commits to all of them and their order.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence

NODE_PREFIX = b"\x01"
EMPTY_ROOT = hashlib.sha256().digest()
"""The root of the tree without leaves."""

Subtrees = Callable[[int, int], bytes]
"""`(height, number)` → the root of the complete subtree over the 2**height leaves from number · 2**height on."""


def node(left: bytes, right: bytes) -> bytes:
    """Hash two subtrees into the one above them."""
    return hashlib.sha256(NODE_PREFIX + left + right).digest()


class Frontier:
    """The tree as it grows: the roots of its complete subtrees, highest first, enough to go on and to name the root."""

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        self.size = size
        self.hashes = list(hashes)
        if len(self.hashes) != size.bit_count():
            raise ValueError("a frontier has one hash for each bit that is set in its size")

    def append(self, leaf: bytes) -> None:
        """Add the next leaf."""
        hashes, rest = self.hashes, self.size
        while rest & 1:
            leaf = hashlib.sha256(NODE_PREFIX + hashes.pop() + leaf).digest()
            rest >>= 1
        hashes.append(leaf)
        self.size += 1

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Add the next leaves."""
        for leaf in leaves:
            self.append(leaf)

    def root(self) -> bytes:
        """The root of the tree over the leaves so far."""
        if not self.hashes:
            return EMPTY_ROOT
        *rest, root = self.hashes
        for left in reversed(rest):
            root = node(left, root)
        return root


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root of the tree over these leaf hashes."""
    frontier = Frontier()
    frontier.extend(leaves)
    return frontier.root()


def subtrees_of(leaves: Sequence[bytes]) -> Subtrees:
    """The subtrees of a tree that is in memory whole."""
    return lambda height, number: root_of(leaves[number << height : (number + 1) << height])


# --- proving --------------------------------------------------------------------------------------------------------


def root_at(subtrees: Subtrees, size: int) -> bytes:
    """The root of the tree over the first `size` leaves."""
    return _range(subtrees, 0, size) if size else EMPTY_ROOT


def frontier_at(subtrees: Subtrees, size: int) -> Frontier:
    """The frontier of the tree over the first `size` leaves."""
    hashes: list[bytes] = []
    start = 0
    for height in reversed(range(size.bit_length())):
        if size >> height & 1:
            hashes.append(subtrees(height, start >> height))
            start += 1 << height
    return Frontier(size, hashes)


def inclusion_path(subtrees: Subtrees, index: int, size: int) -> list[bytes]:
    """The audit path of leaf `index` (from 0) in the tree over the first `size` leaves, lowest hash first."""
    if not 0 <= index < size:
        raise ValueError("the leaf is not in the tree")
    return _path(subtrees, index, size, 0)[0]


def folded(subtrees: Subtrees, indexes: Sequence[int], size: int) -> list[bytes]:
    """One proof for many leaves: the roots of the largest subtrees that hold none of them, from left to right.

    `indexes` (from 0) rise strictly. With those leaves the hashes make the root over the first `size` leaves.
    """
    if not indexes or not 0 <= indexes[0] <= indexes[-1] < size:
        raise ValueError("the leaves are not in the tree")
    found: list[bytes] = []

    def fold(start: int, end: int, first: int, last: int) -> None:
        """Leaves `start` up to `end`; indexes[first:last] are among them."""
        if first == last:
            found.append(_range(subtrees, start, end))
        elif end - start > 1:
            middle = start + _split(end - start)
            split = bisect_left(indexes, middle, first, last)
            fold(start, middle, first, split)
            fold(middle, end, split, last)

    fold(0, size, 0, len(indexes))
    return found


def consistency_path(subtrees: Subtrees, old: int, new: int) -> list[bytes]:
    """The proof that the tree over `new` leaves begins with the tree over the first `old`; empty if they are equal."""
    if not 0 < old <= new:
        raise ValueError("the old tree must have leaves, and not more than the new one")
    path, start = _path(subtrees, old - 1, new, old)
    return [_range(subtrees, start, old), *path] if start else path


def _path(subtrees: Subtrees, index: int, size: int, until: int) -> tuple[list[bytes], int]:
    """The hashes beside the way from the root to leaf `index`, lowest first, and where the last subtree begins.

    The way ends early at a subtree that ends with leaf `until` (exclusive).
    """
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1 and end != until:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_range(subtrees, middle, end))
            end = middle
        else:
            path.append(_range(subtrees, start, middle))
            start = middle
    return path[::-1], start


def _split(count: int) -> int:
    """The largest power of two below a count of at least two."""
    return 1 << (count - 1).bit_length() - 1


def _range(subtrees: Subtrees, start: int, end: int) -> bytes:
    """The root over leaves `start` up to `end`, where `start` is a multiple of a power of two not below their count."""
    count = end - start
    if count & (count - 1) == 0:
        height = count.bit_length() - 1
        return subtrees(height, start >> height)
    middle = start + _split(count)
    return node(_range(subtrees, start, middle), _range(subtrees, middle, end))


# --- checking -------------------------------------------------------------------------------------------------------


def includes(leaf: bytes, index: int, size: int, root: bytes, path: Sequence[bytes]) -> bool:
    """Whether a path proves that `leaf` stands at `index` in the tree of that size and root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    climbed = _climb(index, size - 1, leaf, path)
    return climbed is not None and climbed[1] == root


def consistent(old: int, old_root: bytes, new: int, new_root: bytes, path: Sequence[bytes]) -> bool:
    """Whether a path proves that the new tree begins with the old one (RFC 9162, 2.1.4.2)."""
    if old == new:
        return not path and old_root == new_root
    if old == 0:
        return not path and old_root == EMPTY_ROOT
    if not 0 < old < new:
        return False
    steps = [old_root, *path] if old & (old - 1) == 0 else list(path)
    if not steps:
        return False
    number, last = old - 1, new - 1
    while number & 1:
        number, last = number >> 1, last >> 1
    return _climb(number, last, steps[0], steps[1:]) == (old_root, new_root)


def _climb(number: int, last: int, start: bytes, path: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    """Climb from a node to the root, as 2.1.3.2 and 2.1.4.2 do; None if the path has not the length it should.

    Returns the root without and the root with the hashes to the right of the node.
    """
    first = second = start
    for step in path:
        if last == 0:
            return None
        if number & 1 or number == last:
            first, second = node(step, first), node(step, second)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            second = node(second, step)
        number, last = number >> 1, last >> 1
    return (first, second) if last == 0 else None
