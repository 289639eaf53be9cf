"""The tree over a log as it is read: its root at every size asked for, and the roots of its complete tiles."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from caretrail.evidence.log_rows import LeafRun
from caretrail.ledger.tiles import HEIGHT, WIDTH
from caretrail.ledger.tree import Frontier

_NEVER: Final = 2**63


class RootFold:
    """Takes leaves in order, on top of a tree if one is given; after a gap it takes none, for the tree is unknown."""

    def __init__(self, sizes: Iterable[int] = (), before: Frontier | None = None) -> None:
        self.roots: dict[int, bytes] = {}
        """Root by size, for the sizes that were asked for and reached."""
        self.tile_roots: list[bytes] = []
        """The roots of the tiles completed since the beginning, in order."""
        before = before or Frontier()
        tiles = before.size >> HEIGHT
        self._tiles = Frontier(tiles, before.hashes[: tiles.bit_count()])
        self._open = Frontier(before.size % WIDTH, before.hashes[tiles.bit_count() :])
        self._sizes = sorted({*sizes}, reverse=True)
        self._reach()

    @property
    def size(self) -> int:
        """How many leaves the tree has."""
        return self._tiles.size * WIDTH + self._open.size

    def add(self, run: LeafRun) -> None:
        """Take a run of leaves, if it begins where the last one ended."""
        if run.first != self.size + 1:
            return
        done, leaves = 0, run.leaves
        while done < len(leaves):
            wanted = self._sizes[-1] if self._sizes else _NEVER
            take = min(WIDTH - self._open.size, wanted - self.size)
            self._open.extend(leaves[done : done + take])
            done += take
            if self._open.size == WIDTH:
                self.tile_roots.append(self._open.root())
                self._tiles.append(self.tile_roots[-1])
                self._open = Frontier()
            self._reach()

    def root(self) -> bytes:
        """The root over the leaves so far."""
        return Frontier(self.size, self._tiles.hashes + self._open.hashes).root()

    def _reach(self) -> None:
        while self._sizes and self._sizes[-1] <= self.size:
            if (size := self._sizes.pop()) == self.size:
                self.roots[size] = self.root()
