"""The stored tiles compared with the log they should be of: no evidence, but they tell where an edit is."""

from __future__ import annotations

from caretrail.errors import StoreError, StoreUnreachable
from caretrail.evidence.log_rows import LeafRun
from caretrail.evidence.tampering import Differences
from caretrail.ledger.tiles import HASH_BYTES, WIDTH, read_tiles, tiled_position
from caretrail.ledger.tree import root_of
from caretrail.log.recorder import EventRecorder
from caretrail.log.records import Log


class StoredTiles:
    """The tiles of a log as they are stored when this is made, and what was found of them."""

    def __init__(self, recorder: EventRecorder, log: Log = Log.EVENTS) -> None:
        self._recorder, self._log = recorder, log
        self.position = self._tiled_position()
        self.differences = Differences()
        self.same = self.missing = 0
        self.wrong = ""
        """The first tile above the lowest level that is wrong, or the first wrong root; empty if none is."""
        self._roots: dict[int, bytes] = {}

    def _tiled_position(self) -> int:
        """Up to where tiles are made; 0 where that cannot be read, for they can be made again."""
        try:
            return tiled_position(self._recorder, self._log)
        except StoreUnreachable:
            raise
        except StoreError:
            return 0

    def compare(self, run: LeafRun) -> None:
        """Compare the leaves of a run with the tiles they are in."""
        start, end = (run.first - 1) // WIDTH, (run.first + len(run.leaves) - 2) // WIDTH + 1
        for number, hashes, root in self._read(0, start, min(end, self.position // WIDTH)):
            low = max(number * WIDTH + 1, run.first)
            high = min(number * WIDTH + WIDTH, run.first + len(run.leaves) - 1)
            ours = run.leaves[low - run.first : high - run.first + 1]
            theirs = hashes[(low - 1) % WIDTH * HASH_BYTES :][: len(ours) * HASH_BYTES]
            self._roots[number] = root
            if b"".join(ours) != theirs or len(hashes) != WIDTH * HASH_BYTES:
                positions = range(low, high + 1)
                self.differences.compare(run, ((p, theirs[(p - low) * HASH_BYTES :][:HASH_BYTES]) for p in positions))
            else:
                self.differences.held += len(ours)
                self.differences.last_held = high
                self.same += len(ours) == WIDTH

    def compare_upper(self, roots: list[bytes]) -> None:
        """Compare the tiles of higher levels with the roots of those below, and each root with that of its tile."""
        for number, root in self._roots.items():
            if number < len(roots) and root != roots[number]:
                self.wrong = self.wrong or f"the root of tile {number}"
        self.missing = max(0, min(len(roots), self.position // WIDTH) - len(self._roots))
        level = 0
        while len(roots) >= WIDTH:
            level += 1
            hashes = [roots[at : at + WIDTH] for at in range(0, len(roots) // WIDTH * WIDTH, WIDTH)]
            roots = [root_of(part) for part in hashes]
            expected = min(len(roots), self.position // WIDTH ** (level + 1))
            found = self._read(level, 0, expected)
            self.missing += expected - len(found)
            for number, *tile in found:
                if tile != [b"".join(hashes[number]), roots[number]]:
                    self.wrong = self.wrong or f"tile {number} of level {level}"
                else:
                    self.same += 1

    def _read(self, level: int, start: int, end: int) -> list[tuple[int, bytes, bytes]]:
        """Stored tiles of a level; nothing where they cannot be read, for they can be made again."""
        if start >= end:
            return []
        try:
            rows = read_tiles(self._recorder, self._log, level, start, end)
        except StoreUnreachable:
            raise
        except StoreError:
            return []
        return [(number, _bytes(hashes), _bytes(root)) for number, hashes, root in rows]


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else b""
