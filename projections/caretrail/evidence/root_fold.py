"""The tree over a log as it is read: its root at every size asked for, and the roots of its complete tiles."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from caretrail.evidence.log_rows import Run
from caretrail.ledger.tree import Frontier, root_of

WIDTH: Final = 256
_NEVER: Final = 2**63


class TreeFold:
    """Takes leaves in order; after a gap it stands still, for the tree of such a log is not known."""

    def __init__(self, sizes: Iterable[int] = ()) -> None:
        self.roots: dict[int, bytes] = {}
        """Root by size, for the sizes that were asked for and reached."""
        self.tile_roots: list[bytes] = []
        """The roots over 256 leaves each, in order."""
        self._tiles = Frontier()
        self._open: list[bytes] = []
        self._sizes = sorted({*sizes}, reverse=True)
        self._reach()

    @property
    def size(self) -> int:
        """How many leaves the tree has."""
        return self._tiles.size * WIDTH + len(self._open)

    def add(self, run: Run) -> None:
        """Take a run of leaves, if it goes on where the last one ended."""
        if run.first != self.size + 1:
            return
        done, leaves = 0, run.leaves
        while done < len(leaves):
            wanted = self._sizes[-1] if self._sizes else _NEVER
            take = min(WIDTH - len(self._open), wanted - self.size)
            self._open += leaves[done : done + take]
            done += take
            if len(self._open) == WIDTH:
                self.tile_roots.append(root_of(self._open))
                self._tiles.append(self.tile_roots[-1])
                self._open = []
            self._reach()

    def root(self) -> bytes:
        """The root over the leaves so far."""
        rest = Frontier()
        rest.extend(self._open)
        return Frontier(self.size, self._tiles.hashes + rest.hashes).root()

    def _reach(self) -> None:
        while self._sizes and self._sizes[-1] <= self.size:
            if (size := self._sizes.pop()) == self.size:
                self.roots[size] = self.root()
