"""The archived beginning of the accesses, for verification: leaves from archive files or else from the tiles.

What an archive left in the store must have the leaves that were archived; its disclosures must all be there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from caretrail.errors import CaretrailError, HiddenEvents, StoreError, StoreUnreachable
from caretrail.evidence.archive_proof import Disclosures
from caretrail.evidence.log_rows import BELOW, LeafRun, Own, RowFold, leaf_or_none, stored_rows
from caretrail.evidence.result import Discrepancy, Tampering
from caretrail.ledger.tiles import WIDTH, archived_leaves
from caretrail.ledger.tree import Frontier
from caretrail.log.archive_file import read_rows, recorded_file
from caretrail.log.archived import Archived, ArchiveDamaged, archives
from caretrail.log.recorder import EventRecorder
from caretrail.log.records import Log

MOST_TOLD: Final = 100


class ArchivedRows:
    """The accesses of a store up to where its newest archive ends, and what is wrong with them."""

    def __init__(self, recorder: EventRecorder, own: Own, files: Sequence[Path] = ()) -> None:
        self._recorder, self._own = recorder, own
        self.discrepancies: list[Discrepancy] = []
        self.notes: list[str] = []
        self.rows = 0
        """Accesses read from archive files."""
        self.known = self._known()
        self.upto = self.known[-1].upto if self.known else 0
        self._files = self._recorded(files)
        self._kept: dict[int, bytes] = {}
        self._versions: dict[bytes, int] = {}

    @property
    def end(self) -> Frontier:
        """The tree as it was recorded at the end of the newest archive."""
        return Frontier(self.upto, self.known[-1].frontier) if self.known else Frontier()

    def rest(self) -> RowFold:
        """What the accesses after the archives go on from: position, time, and the version of each account."""
        moment = self.known[-1].moment if self.known else None
        return RowFold(self.upto, moment, Log.ACCESSES, self._own, self._versions)

    def runs(self) -> Iterator[LeafRun]:
        """The archived leaves in order; what was left in the store is compared with them as they come."""
        if not self.known:
            return
        self._read_kept()
        tree = Frontier()
        for run in self._leaves():
            self._compare(run)
            if run.first == tree.size + 1:
                tree.extend(run.leaves)
            yield run
        if (tree.size, tuple(tree.hashes)) != (self.upto, self.known[-1].frontier):
            evidence = "the leaves of the archived accesses are not those that were archived, or some are missing"
            self._tell(evidence, 1, self.upto)

    # --- what was left ----------------------------------------------------------------------------------------------

    def _read_kept(self) -> None:
        """Read what the archives left in the store: few rows, which their guard let stay."""
        disclosures, before, moment = Disclosures(), 0, BELOW
        for found in stored_rows(self._recorder, BELOW, self.upto, log=Log.ACCESSES):
            if isinstance(found, int):
                self._tell(f"position {found}: the database cannot read it", found)
                continue
            disclosures.add(found)
            for row in found:
                leaf, place = leaf_or_none(row, Log.ACCESSES), row[0]
                if leaf is None or place <= before or row[5] <= moment or not self._own(row):
                    self._tell(f"position {place}: no access that an archive would have left", None)
                    continue
                before, moment = place, row[5]
                self._kept[place] = leaf
                self._versions[row[1]] = row[2]
        newest = self.known[-1]
        if (disclosures.count, disclosures.digest) != (newest.disclosures, newest.disclosed):
            evidence = f"{newest.disclosures} disclosures stayed when accesses were archived, and now others are here"
            self._tell(evidence, 1, self.upto)

    def _compare(self, run: LeafRun) -> None:
        for place, leaf in enumerate(run.leaves, start=run.first):
            if self._kept.pop(place, leaf) != leaf:
                self._tell(f"position {place}: it is not the access that was archived", place)

    # --- the leaves -------------------------------------------------------------------------------------------------

    def _leaves(self) -> Iterator[LeafRun]:
        if not self._files:
            self.notes.append(
                f"{self.upto} accesses are archived: --archive FILE verifies them, too; here are only their hashes"
            )
        tiles = archived_leaves(self._recorder, self.upto)
        for archive in self.known:
            path = self._files.get(archive.after)
            if path is None:
                yield from self._of_tiles(tiles, archive)
                continue
            rows = RowFold(archive.after, None, Log.ACCESSES, self._own)
            try:
                for found in read_rows(path):
                    yield from rows.add(found)
                    self.rows += len(found)
            except CaretrailError as error:
                self._tell(error.message, archive.after + 1, archive.upto)
            rows.end(archive.upto)
            self.discrepancies += rows.anomalies[:MOST_TOLD]

    def _of_tiles(self, tiles: Iterator[tuple[int, list[bytes]]], archive: Archived) -> Iterator[LeafRun]:
        for number, leaves in tiles:
            first = number * WIDTH + 1
            if first > archive.after:
                yield LeafRun(first, leaves)
            if first + WIDTH > archive.upto:
                return

    def _known(self) -> list[Archived]:
        try:
            return archives(self._recorder)
        except StoreUnreachable:
            raise
        except (ArchiveDamaged, HiddenEvents) as error:
            self._tell(error.message, None)
        except StoreError:
            evidence = "the database cannot read which accesses are archived"
            self.discrepancies.append(Discrepancy(Tampering.UNREADABLE, evidence))
        return []

    def _recorded(self, files: Sequence[Path]) -> dict[int, Path]:
        found: dict[int, Path] = {}
        for path in files:
            try:
                found[recorded_file(path, self.known).after] = path
            except CaretrailError as error:
                self._tell(error.message, None)
        return found

    def _tell(self, evidence: str, first: int | None, last: int | None = None) -> None:
        if len(self.discrepancies) < MOST_TOLD:
            self.discrepancies.append(Discrepancy(Tampering.ARCHIVED, evidence, first, last))
