"""Verify: recompute both logs from their stored rows and compare them with all external evidence and the tiles."""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path

from caretrail.aliases import Progress
from caretrail.errors import StoreDamaged, StoreError, StoreUnreachable
from caretrail.evidence.archived_rows import ArchivedRows
from caretrail.evidence.checks.all_checks import evidence_checks
from caretrail.evidence.external import ExternalEvidence, KeptCheckpoint
from caretrail.evidence.log_rows import LeafRun, RowFold, follow, leaf_or_none, stored_rows
from caretrail.evidence.own_streams import OwnStreams
from caretrail.evidence.result import Discrepancy, LogVerification, Tampering, Verification
from caretrail.evidence.root_fold import RootFold
from caretrail.evidence.stored_tiles import StoredTiles
from caretrail.evidence.tampering import NEAR, Differences, classify
from caretrail.ledger.checkpoint import log_origin, origin_of
from caretrail.log.leaf import LogColumns
from caretrail.log.recorder import EventRecorder, over
from caretrail.log.records import LARGEST_NUMBER, NOUNS, Log
from caretrail.log.sql import load_sql
from caretrail.readmodel.schema import tables_exist
from caretrail.readmodel.status import status

STANDBY_TRIES, STANDBY_PAUSE = 60, 0.5
"""How often, and how many seconds, to wait for a standby that is behind the external evidence."""


def verify(
    recorder: EventRecorder,
    external: ExternalEvidence | None = None,
    progress: Progress | None = None,
    archives: Sequence[Path] = (),
) -> Verification:
    """Verify both logs up to where they end now; writers may go on.

    Beside the rows it checks what answers rest on: the schema, rights, indexes, the mark of the store and stays.
    Archived accesses are verified by the files of `archives`, or else by the hashes that were kept of them. `progress`
    counts the rows of both. Raises StoreUnreachable.
    """
    given = external or ExternalEvidence()
    events, accesses = (_Verifier(recorder, given.of(log), log, archives) for log in Log)
    total = events.end + accesses.end
    found = _run(events, progress, 0, total)
    values = {field.name: getattr(found, field.name) for field in fields(found)}
    found_of_accesses = _run(accesses, progress, events.end, total)
    return Verification(**values, accesses=found_of_accesses, checks=evidence_checks(recorder))


def _run(verifier: _Verifier, progress: Progress | None, before: int, total: int) -> LogVerification:
    """Run one of the verifiers; `before` rows of the others were counted."""
    return verifier.run(None if progress is None else lambda done, _: progress(before + done, total))


class _Verifier:
    """The verification of one log in progress."""

    def __init__(self, recorder: EventRecorder, external: ExternalEvidence, log: Log, archives: Sequence[Path]) -> None:
        self._recorder, self._external, self._log = recorder, external, log
        self._noun = NOUNS[log]
        # before the end is asked for: what is derived is never ahead of the log
        projected = log is Log.EVENTS and tables_exist(recorder.database)
        self._projected = status(recorder) if projected else None
        self._tiles = StoredTiles(recorder, log)
        sizes = [kept.checkpoint.size for kept in external.checkpoints]
        self._end = _end_of(recorder, log, max([0, *external.receipts, *sizes]))
        own = OwnStreams(recorder.namespace, log)
        # asked for before the rows are read: an archive is recorded before anything is dropped
        self._archived = ArchivedRows(recorder, own, archives) if log is Log.ACCESSES else None
        self._rows = self._archived.rest() if self._archived else RowFold(log=log, own=own)
        self._tree = RootFold(sizes)
        self._from_beginning = True
        self._receipts = Differences()
        self._positions = sorted(external.receipts)

    @property
    def end(self) -> int:
        """How many rows there are to verify, as far as that is known."""
        return 0 if self._end == LARGEST_NUMBER else self._end

    def run(self, progress: Progress | None) -> LogVerification:
        for run in self._runs(progress):
            self._tree.add(run)
            self._tiles.compare(run)
            self._compare_receipts(run)
        self._end = self._rows.position if self._end == LARGEST_NUMBER else self._end
        if self._from_beginning:
            self._tiles.compare_upper(self._tree.tile_roots)
        return self._verification()

    def _runs(self, progress: Progress | None) -> Iterator[LeafRun]:
        archived = self._archived
        if archived is not None and archived.known:
            yield from archived.runs()
            if self._tree.size != archived.upto or self._tree.root() != archived.end.root():  # told by its runs
                sizes = [kept.checkpoint.size for kept in self._external.checkpoints]
                self._tree = RootFold([size for size in sizes if size >= archived.upto], archived.end)
                self._from_beginning = False
        yield from follow(self._recorder, self._rows, self._end, progress)

    def _compare_receipts(self, run: LeafRun) -> None:
        first = bisect_left(self._positions, run.first)
        last = bisect_right(self._positions, run.first + len(run.leaves) - 1)
        self._receipts.compare(run, ((p, self._external.receipts[p]) for p in self._positions[first:last]))

    # --- judging ----------------------------------------------------------------------------------------------------

    def _verification(self) -> LogVerification:
        roots = self._tree.roots
        holding = [k for k in self._external.checkpoints if roots.get(k.checkpoint.size) == k.checkpoint.root]
        covered = max((kept.checkpoint.size for kept in holding), default=0)
        found = [
            *self._external.discrepancies,
            *(self._archived.discrepancies if self._archived else ()),
            *self._rows.anomalies,
            *self._of_checkpoints(),
            *self._of_receipts(covered),
        ]
        known = self._archived.upto if self._archived and not self._archived.discrepancies else 0
        found += [*self._of_tiles(max(covered, known)), *self._of_statements()]
        root = self._tree.root() if self._tree.size == self._end else None
        origin = log_origin(origin_of(self._recorder.namespace), self._log)
        return LogVerification(
            origin, self._end, root, self._rows.streams, len(holding), covered, self._receipts.held,
            self._tiles.same, tuple(_ordered(found)), tuple(self._notes(holding)),
        )  # fmt: skip  # in the order of the fields

    def _of_checkpoints(self) -> Iterator[Discrepancy]:
        """The first checkpoint that does not hold bounds where it begins; one beyond the end says what is gone."""
        held, differs, gone = 0, False, False
        for kept in sorted(self._external.checkpoints, key=lambda kept: kept.checkpoint.size):
            size = kept.checkpoint.size
            root = self._tree.roots.get(size)
            if size > self._end:
                if not gone:
                    evidence = f"{kept.file}: {size} {self._noun} were signed, and the log ends at position {self._end}"
                    yield Discrepancy(self._end_is_gone(), evidence, self._end + 1, size)
                gone = True
            elif root == kept.checkpoint.root:
                held = size
            elif root is not None and not differs:
                evidence = f"{kept.file}: the root over {size} {self._noun} is not the one that was signed"
                yield Discrepancy(Tampering.ALTERED, evidence, held + 1, size)
                differs = True

    def _end_is_gone(self) -> Tampering:
        return Tampering.TRUNCATED if self._derived()[0] > self._end else Tampering.RESTORED

    def _derived(self) -> tuple[int, str]:
        """How far anything has come that is derived from the log, and what it is."""
        projected = self._projected.position if self._projected else 0
        return max((projected, "the read models"), (self._tiles.position, "the tiles of the ledger"))

    def _of_receipts(self, covered: int) -> Iterator[Discrepancy]:
        first = self._receipts.first
        if first is not None:
            count = len(self._receipts.known)
            evidence = f"{count} receipt{'' if count == 1 else 's'}, the first of position {first}: the leaf differs"
            tampering = Tampering.RECEIPT if first <= covered else self._classify(self._receipts)
            yield Discrepancy(tampering, evidence, first)
        beyond = self._positions[bisect_right(self._positions, self._end) :]
        if beyond:
            evidence = f"there are receipts up to position {beyond[-1]}, and the log ends at position {self._end}"
            yield Discrepancy(self._end_is_gone(), evidence, self._end + 1, beyond[-1])

    def _of_tiles(self, covered: int) -> Iterator[Discrepancy]:
        tiles = self._tiles
        reached, name = self._derived()
        if reached > self._end:
            evidence = f"{name} are at position {reached}, and the log ends at position {self._end}"
            yield Discrepancy(Tampering.TRUNCATED, evidence, self._end + 1, reached)
        first = tiles.differences.first
        if first is not None and first > covered:
            evidence = f"position {first}: the leaf is not that of the stored tile"
            yield Discrepancy(self._classify(tiles.differences), evidence, first)
        elif first is not None or tiles.wrong:
            wrong = tiles.wrong or f"the tile of position {first}"
            yield Discrepancy(Tampering.TILES, f"{wrong} is not what the log gives")

    def _of_statements(self) -> Iterator[Discrepancy]:
        """What the database can find by itself: its constraints may have been dropped."""
        sql, query = load_sql(__package__ or "", "queries.sql"), self._recorder.database.query
        same, without = (over(self._log, sql[name]) for name in ("same_command", "without_position"))
        try:
            if query(same, {"end": self._end}):
                yield Discrepancy(Tampering.INSERTED, "a command_id is there twice, which no append would record")
            if (count := query(without)[0][0]) != 0:
                yield Discrepancy(Tampering.INSERTED, f"there are rows without a position: {count}")
        except StoreUnreachable:
            raise
        except StoreError:
            if not any(anomaly.tampering is Tampering.UNREADABLE for anomaly in self._rows.anomalies):
                yield Discrepancy(Tampering.UNREADABLE, "the database could not search all rows")

    def _classify(self, differences: Differences) -> Tampering:
        first = differences.first or 1
        near: list[LogColumns] = []
        for found in stored_rows(self._recorder, first - 1, min(first + NEAR, self._end), log=self._log):
            near += [] if isinstance(found, int) else [row for row in found if leaf_or_none(row, self._log) is not None]
        return classify(differences, near, self._log)

    # --- what cannot be known ---------------------------------------------------------------------------------------

    def _notes(self, holding: Sequence[KeptCheckpoint]) -> Iterator[str]:
        yield from self._external.notes
        yield from self._archived.notes if self._archived else ()
        if not self._external.checkpoints and (self._log is Log.EVENTS or self._end):
            yield (
                "without checkpoints, a consistent rewrite of the database or a restored older backup is not detected"
            )
        elif holding and len(holding) == len(self._external.checkpoints):
            beyond = self._end - max(kept.checkpoint.size for kept in holding)
            covered = "only receipts cover them" if self._log is Log.EVENTS else "nothing covers them"
            if beyond:
                yield f"{beyond} of the newest {self._noun} are after the last checkpoint: {covered}"
        if self._tiles.missing:
            yield f"{self._tiles.missing} tiles are missing: 'caretrail projection tiles' makes them again"
        if self._projected and (unreadable := len(self._projected.quarantined)):
            yield f"{unreadable} episodes cannot be read: see 'caretrail projection quarantine'"


def _end_of(recorder: EventRecorder, log: Log, wanted: int) -> int:
    """Where the log ends; beyond every position if the newest is no number, so that what can be read is.

    A standby is given time to get as far as the external evidence: what was signed on its primary may be new to it.
    """
    try:
        end = recorder.max_position(log)
        for _ in range(STANDBY_TRIES):
            if end >= wanted or not _follows(recorder):
                break
            time.sleep(STANDBY_PAUSE)
            end = recorder.max_position(log)
    except StoreDamaged:
        return LARGEST_NUMBER
    return end


def _follows(recorder: EventRecorder) -> bool:
    sql = load_sql(__package__ or "", "queries.sql")["follows_postgresql"]
    return recorder.database.dialect == "postgresql" and bool(recorder.database.query(sql)[0][0])


def _ordered(found: Sequence[Discrepancy]) -> list[Discrepancy]:
    """In the order of positions, an exact one before a range that begins there or before it and holds it.

    The first is what is shown first, so the one that says most precisely where it begins comes first.
    """
    exact = [item.first for item in found if item.first is not None and item.exact]

    def place(item: Discrepancy) -> tuple[int, bool]:
        if item.first is None:
            return 2**63, False
        inside = [] if item.exact else [first for first in exact if item.first <= first <= (item.last or 0)]
        return (min(inside), True) if inside else (item.first, False)

    return sorted(found, key=place)
