"""Verify: recompute the whole log from its stored rows and hold it against everything that was kept of it."""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from caretrail.aliases import Progress
from caretrail.errors import StoreDamaged, StoreError, StoreUnreachable
from caretrail.evidence.external import Kept, Witnesses
from caretrail.evidence.log_rows import RowFold, Run, leaf_or_none
from caretrail.evidence.result import Kind, Problem, Verdict
from caretrail.evidence.root_fold import WIDTH, TreeFold
from caretrail.evidence.stored_rows import BELOW, stored_rows
from caretrail.evidence.tampering import NEAR, Differences, likeness
from caretrail.ledger.checkpoint import origin_of
from caretrail.ledger.tree import root_of
from caretrail.projection.status import status
from caretrail.projection.tables import PACKAGE, State, read_state, tables_exist
from caretrail.recording.events import LARGEST_NUMBER
from caretrail.recording.leaf import LogColumns
from caretrail.recording.recorder import EventRecorder
from caretrail.recording.statements import load_sql

HASH_BYTES = 32
PATIENCE, PAUSE = 60, 0.5
"""How often and how long, in seconds, a standby that is behind the witnesses is waited for."""


def verify(recorder: EventRecorder, witnesses: Witnesses | None = None, progress: Progress | None = None) -> Verdict:
    """Verify the log up to where it ends now; writers may go on. Raises StoreUnreachable."""
    return _Verification(recorder, witnesses or Witnesses()).run(progress)


class _Verification:
    """One verification on its way."""

    def __init__(self, recorder: EventRecorder, witnesses: Witnesses) -> None:
        self._recorder, self._witnesses = recorder, witnesses
        self._tiles = _Tiles(recorder)  # before the end is asked for: the read models never stand beyond the log
        self._end = _end_of(
            recorder, max([0, *witnesses.receipts, *(k.checkpoint.size for k in witnesses.checkpoints)])
        )
        self._rows = RowFold()
        self._tree = TreeFold(kept.checkpoint.size for kept in witnesses.checkpoints)
        self._receipts = Differences()
        self._positions = sorted(witnesses.receipts)

    def run(self, progress: Progress | None) -> Verdict:
        for found in stored_rows(self._recorder, BELOW, self._end):
            if isinstance(found, int):
                self._rows.skip(found)
            else:
                for run in self._rows.add(found):
                    self._take(run)
            if progress is not None:
                progress(min(self._rows.position, self._end), self._end)
        self._end = self._rows.position if self._end == LARGEST_NUMBER else self._end
        self._rows.end(self._end)
        self._tiles.compare_upper(self._tree.tile_roots)
        return self._verdict()

    def _take(self, run: Run) -> None:
        self._tree.add(run)
        self._tiles.compare(run)
        first = bisect_left(self._positions, run.first)
        last = bisect_right(self._positions, run.first + len(run.leaves) - 1)
        self._receipts.compare(run, ((p, self._witnesses.receipts[p]) for p in self._positions[first:last]))

    # --- judging ----------------------------------------------------------------------------------------------------

    def _verdict(self) -> Verdict:
        holding = [
            k for k in self._witnesses.checkpoints if self._tree.roots.get(k.checkpoint.size) == k.checkpoint.root
        ]
        covered = max((kept.checkpoint.size for kept in holding), default=0)
        problems = [*self._witnesses.problems, *self._of_rows(), *self._of_checkpoints(), *self._of_receipts(covered)]
        problems += [*self._of_tiles(covered), *self._of_statements()]
        root = self._tree.root() if self._tree.size == self._end else None
        return Verdict(
            origin_of(self._recorder.namespace), self._end, root, self._rows.streams, len(holding), covered,
            self._receipts.held, self._tiles.same, tuple(_ordered(problems)), tuple(self._notes(holding)),
        )  # fmt: skip  # in the order of the fields

    def _of_rows(self) -> Iterator[Problem]:
        for anomaly in self._rows.anomalies:
            yield Problem(anomaly.kind, f"position {anomaly.position}: {anomaly.words}", anomaly.position)

    def _of_checkpoints(self) -> Iterator[Problem]:
        """The first checkpoint that does not hold bounds where it begins; one beyond the end says what is gone."""
        held, differs, gone = 0, False, False
        for kept in sorted(self._witnesses.checkpoints, key=lambda kept: kept.checkpoint.size):
            size = kept.checkpoint.size
            root = self._tree.roots.get(size)
            if size > self._end:
                if not gone:
                    evidence = f"{kept.file}: {size} facts were signed, and the log ends at position {self._end}"
                    yield Problem(self._end_is_gone(), evidence, self._end + 1, size)
                gone = True
            elif root == kept.checkpoint.root:
                held = size
            elif root is not None and not differs:
                evidence = f"{kept.file}: the root over {size} facts is not the one that was signed"
                yield Problem(Kind.ALTERED, evidence, held + 1, size)
                differs = True

    def _end_is_gone(self) -> Kind:
        return Kind.TRUNCATED if self._tiles.position > self._end else Kind.RESTORED

    def _of_receipts(self, covered: int) -> Iterator[Problem]:
        first = self._receipts.first
        if first is not None:
            count = len(self._receipts.known)
            evidence = f"{count} receipt{'' if count == 1 else 's'}, the first of position {first}: the leaf is another"
            kind = Kind.RECEIPT if first <= covered else self._likeness(self._receipts)
            yield Problem(kind, evidence, first)
        beyond = self._positions[bisect_right(self._positions, self._end) :]
        if beyond:
            evidence = f"there are receipts up to position {beyond[-1]}, and the log ends at position {self._end}"
            yield Problem(self._end_is_gone(), evidence, self._end + 1, beyond[-1])

    def _of_tiles(self, covered: int) -> Iterator[Problem]:
        tiles = self._tiles
        if tiles.position > self._end:
            evidence = f"the read models stand on position {tiles.position}, and the log ends at position {self._end}"
            yield Problem(Kind.TRUNCATED, evidence, self._end + 1, tiles.position)
        first = tiles.differences.first
        if first is not None and first > covered:
            evidence = f"position {first}: the leaf is not that of the stored tile"
            yield Problem(self._likeness(tiles.differences), evidence, first)
        elif first is not None or tiles.wrong:
            wrong = tiles.wrong or f"the tile of position {first}"
            yield Problem(Kind.TILES, f"{wrong} is not what the log gives")

    def _of_statements(self) -> Iterator[Problem]:
        """What the database finds by itself, whose guards may have been taken away."""
        sql, query = load_sql(__package__ or "", "queries.sql"), self._recorder.database.query
        try:
            if query(sql["same_command"], {"end": self._end}):
                yield Problem(Kind.INSERTED, "a command_id is there twice, which no append would record")
            if (count := query(sql["without_position"])[0][0]) != 0:
                yield Problem(Kind.INSERTED, f"there are rows without a position: {count}")
        except StoreUnreachable:
            raise
        except StoreError:
            if not any(anomaly.kind is Kind.UNREADABLE for anomaly in self._rows.anomalies):
                yield Problem(Kind.UNREADABLE, "the database could not look through all rows")

    def _likeness(self, differences: Differences) -> Kind:
        first = differences.first or 1
        near: list[LogColumns] = []
        for found in stored_rows(self._recorder, first - 1, min(first + NEAR, self._end)):
            near += [] if isinstance(found, int) else [row for row in found if leaf_or_none(row) is not None]
        return likeness(differences, near)

    # --- what cannot be known ---------------------------------------------------------------------------------------

    def _notes(self, holding: Sequence[Kept]) -> Iterator[str]:
        yield from self._witnesses.notes
        if not self._witnesses.checkpoints:
            yield (
                "no checkpoint was given: a database can be rewritten so that all of it fits, or put back to an older "
                "state, and that would not show here"
            )
        elif len(holding) == len(self._witnesses.checkpoints):
            beyond = self._end - max(kept.checkpoint.size for kept in holding)
            if beyond:
                yield f"{beyond} of the newest facts are behind the last checkpoint: only receipts vouch for them"
        if self._tiles.missing:
            yield f"{self._tiles.missing} tiles are not there: 'caretrail projection rebuild' makes them again"
        if self._tiles.quarantined:
            yield f"{self._tiles.quarantined} episodes cannot be read: see 'caretrail projection quarantine'"


def _end_of(recorder: EventRecorder, wanted: int) -> int:
    """Where the log ends; beyond every position if the newest is no number, so that what can be read is.

    A standby is given time to get as far as the witnesses: what was signed on its primary may be new to it.
    """
    try:
        end = recorder.max_position()
        for _ in range(PATIENCE):
            if end >= wanted or not _follows(recorder):
                break
            time.sleep(PAUSE)
            end = recorder.max_position()
    except StoreDamaged:
        return LARGEST_NUMBER
    return end


def _follows(recorder: EventRecorder) -> bool:
    sql = load_sql(__package__ or "", "queries.sql")["follows_postgresql"]
    return recorder.database.dialect == "postgresql" and bool(recorder.database.query(sql)[0][0])


class _Tile(NamedTuple):
    hashes: bytes
    root: bytes


class _Tiles:
    """The stored tiles beside the log they should be of: no evidence, but they tell where an edit is."""

    def __init__(self, recorder: EventRecorder) -> None:
        self._database = recorder.database
        self._sql = load_sql(PACKAGE, "statements.sql")
        there = tables_exist(self._database)
        state = (read_state(self._database) if there else None) or State(0, 0)
        self._generation, self.position = state
        self.quarantined = len(status(recorder).quarantined) if there and state.position else 0
        self.differences = Differences()
        self.same = self.missing = 0
        self.wrong = ""
        self._roots: dict[int, bytes] = {}

    def compare(self, run: Run) -> None:
        """Compare the leaves of a run with the tiles they are in."""
        start, end = (run.first - 1) // WIDTH, (run.first + len(run.leaves) - 2) // WIDTH + 1
        for number, tile in self._read(0, start, min(end, self.position // WIDTH)):
            low = max(number * WIDTH + 1, run.first)
            high = min(number * WIDTH + WIDTH, run.first + len(run.leaves) - 1)
            ours = run.leaves[low - run.first : high - run.first + 1]
            theirs = tile.hashes[(low - 1) % WIDTH * HASH_BYTES :][: len(ours) * HASH_BYTES]
            self._roots[number] = tile.root
            if b"".join(ours) != theirs or len(tile.hashes) != WIDTH * HASH_BYTES:
                positions = range(low, high + 1)
                self.differences.compare(run, ((p, theirs[(p - low) * 32 :][:32]) for p in positions))
            else:
                self.differences.held += len(ours)
                self.differences.last_held = high
                self.same += len(ours) == WIDTH

    def compare_upper(self, roots: list[bytes]) -> None:
        """Compare the tiles above with the roots of those below, and what each tile says its own root is."""
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
            found = dict(self._read(level, 0, expected))
            self.missing += expected - len(found)
            for number, tile in found.items():
                if tile != (b"".join(hashes[number]), roots[number]):
                    self.wrong = self.wrong or f"tile {number} of level {level}"
                else:
                    self.same += 1

    def _read(self, level: int, start: int, end: int) -> list[tuple[int, _Tile]]:
        """Stored tiles of a level; nothing where they cannot be read, for they can be made again."""
        if start >= end:
            return []
        params = {"generation": self._generation, "level": level, "start": start, "end": end}
        try:
            rows = self._database.query(self._sql["tiles"], params)
        except StoreUnreachable:
            raise
        except StoreError:
            return []
        return [(number, _Tile(*map(_bytes, tile))) for number, *tile in rows]


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else b""


def _ordered(problems: Sequence[Problem]) -> list[Problem]:
    """In the order of positions, an exact one before a stretch that begins there or before it and holds it.

    The first is what is shown as the finding, so the one that says most precisely where it begins comes first.
    """
    exact = [p for p in problems if p.first is not None and p.last in (None, p.first)]
    ranges = [p for p in problems if p.first is not None and p.last not in (None, p.first)]
    placed = {id(p): (p.first or 0, 0) for p in exact}
    for problem in ranges:
        inside = [p.first or 0 for p in exact if (problem.first or 0) <= (p.first or 0) <= (problem.last or 0)]
        placed[id(problem)] = (min(inside), 1) if inside else (problem.first or 0, 0)
    return sorted(problems, key=lambda p: placed.get(id(p), (2**63, 0)))
