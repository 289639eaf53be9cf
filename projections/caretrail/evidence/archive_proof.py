"""Whether the file of an archive is what it says: its accesses, one by one, under a signed checkpoint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from caretrail.evidence.log_rows import RowFold, leaf_or_none
from caretrail.ledger.checkpoint import open_pair, origin_of_accesses
from caretrail.ledger.note import NoteRefused, VerifyingKey
from caretrail.ledger.tree import Frontier, consistent
from caretrail.log.archive_file import ArchiveHead, digest_of, read_head, read_rows
from caretrail.log.archived import DISCLOSES, NO_DISCLOSURES, Archived, ArchiveRefused, disclosed_with
from caretrail.log.leaf import LogColumns
from caretrail.log.records import Log


@dataclass(frozen=True, slots=True)
class Proven:
    """What the accesses of a file come to: the frontier after the last, its time, and all disclosures up to there."""

    head: ArchiveHead
    sha256: str
    frontier: tuple[bytes, ...]
    moment: int
    disclosures: int
    disclosed: bytes


def proven(path: Path, origin: str, keys: Sequence[VerifyingKey], last: Archived | None) -> Proven:
    """Read a file, and prove that it goes on from the archive `last`, under a checkpoint that one of the keys signed.

    `origin` is that of the events. Raises ArchiveRefused.
    """
    head = read_head(path)
    fold = Disclosures(last)
    rows = RowFold(head.after, last.moment if last else None, Log.ACCESSES)
    try:
        tree = Frontier(head.after, head.before)
    except ValueError:
        raise _not_proven(path, "its beginning is malformed") from None
    if head.origin != origin_of_accesses(origin):
        raise _not_proven(path, "it is of another log")
    if head.after != (last.upto if last else 0) or tuple(head.before) != (last.frontier if last else ()):
        raise _not_proven(path, "it does not go on from the archive before")
    moment = 0
    for found in read_rows(path):
        for run in rows.add(found):
            tree.extend(run.leaves)
        fold.add(found)
        moment = found[-1][5] if found else moment
    if rows.anomalies or tree.size != head.upto or rows.position != head.upto:
        raise _not_proven(path, rows.anomalies[0].evidence if rows.anomalies else "accesses are missing")
    try:
        signed = open_pair(head.checkpoint, keys, origin).accesses
    except NoteRefused as refusal:
        raise _not_proven(path, refusal.message) from None
    if not consistent(head.upto, tree.root(), signed.size, signed.root, head.path):
        raise _not_proven(path, "its accesses are not those that were signed")
    return Proven(head, digest_of(path), tuple(tree.hashes), moment, fold.count, fold.digest)


class Disclosures:
    """Counts the disclosures among accesses in order, going on from an archive, and digests their leaves."""

    def __init__(self, last: Archived | None = None) -> None:
        self.count, self.digest = (last.disclosures, last.disclosed) if last else (0, NO_DISCLOSURES)

    def add(self, rows: Sequence[LogColumns]) -> None:
        """Take the next accesses."""
        for row in rows:
            leaf = leaf_or_none(row, Log.ACCESSES)
            if leaf is not None and DISCLOSES in row[4]:
                self.count += 1
                self.digest = disclosed_with(self.digest, leaf)


def _not_proven(path: Path, why: str) -> ArchiveRefused:
    return ArchiveRefused(f"{path.name}: the archive is not proven: {why}", "nothing was dropped; verify the store")
