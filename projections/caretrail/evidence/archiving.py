"""Archiving: the first accesses go into a file, proven under a signed checkpoint, and then out of the store.

The order makes it safe to kill at any place: file, proof from the file, record, drop. What is recorded and not yet
dropped is dropped the next time, again only with its file in hand; a file without a record is proven again, and used.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from caretrail.aliases import Progress
from caretrail.commands.archiving import record_archive
from caretrail.events import Person
from caretrail.evidence.archive_proof import Proven, proven
from caretrail.evidence.log_rows import stored_rows
from caretrail.evidence.sign import VERIFY
from caretrail.files import FileRefused
from caretrail.ledger.checkpoint import Checkpoint, origin_of
from caretrail.ledger.note import VerifyingKey
from caretrail.ledger.tiles import HEIGHT, stored_subtrees, tiled_position
from caretrail.ledger.tree import consistency_path, frontier_at, root_at
from caretrail.log.archive_file import ArchiveHead, archive_name, recorded_file, write_archive
from caretrail.log.archived import Archived, ArchiveRefused, archives, is_unfinished
from caretrail.log.leaf import LogColumns
from caretrail.log.recorder import EventRecorder
from caretrail.log.records import Log

DROPPED_AT_ONCE = 4096


@dataclass(frozen=True, slots=True)
class SignedAccesses:
    """The newest signed checkpoint of the accesses, its note, and the keys that may have signed it."""

    checkpoint: Checkpoint
    note: str
    keys: Sequence[VerifyingKey]


@dataclass(frozen=True, slots=True)
class ArchiveDone:
    """What was archived, and how many accesses were dropped; `finished` where an earlier, interrupted one was ended."""

    archive: Archived
    dropped: int
    finished: bool


def archive_accesses(
    recorder: EventRecorder,
    before: datetime,
    folder: Path,
    signed: SignedAccesses,
    actor: Person,
    now: datetime,
    progress: Progress,
) -> ArchiveDone:
    """Archive the accesses recorded before a moment, in whole tiles of 256, into a new file of a folder.

    Where an earlier archive was interrupted, that one is finished instead. `progress` counts accesses dropped. Raises
    ArchiveRefused, FileRefused or StoreError.
    """
    if not recorder.may_import(actor.role):
        raise ArchiveRefused.of_no_operator()
    known = archives(recorder)
    last = known[-1] if known else None
    if last is not None and is_unfinished(recorder, last):
        return ArchiveDone(last, _drop(recorder, folder, last, progress), finished=True)
    cut = _cut(recorder, before, signed.checkpoint, last)
    proof = _exported(recorder, folder, cut, signed, last)
    name = archive_name(proof.head.after, cut)
    archive = Archived(
        proof.head.after, cut, proof.moment, proof.frontier, name, proof.sha256, proof.disclosures, proof.disclosed,
        0, now,
    )  # fmt: skip  # in the order of the fields
    record_archive(recorder, archive, actor, now)
    recorded = archives(recorder)[-1]
    return ArchiveDone(recorded, _drop(recorder, folder, recorded, progress), finished=False)


def _cut(recorder: EventRecorder, before: datetime, signed: Checkpoint, last: Archived | None) -> int:
    """The last access to archive: before the moment, signed, and in a whole tile. Raises ArchiveRefused."""
    bounds = {
        "fewer than 256 more were recorded before that day": recorder.position_at(
            before - timedelta(microseconds=1), Log.ACCESSES
        ),
        "the newest checkpoint in that folder is older: sign both logs again": signed.size,
        "the tiles of the ledger are behind: run 'caretrail projection catch-up'": tiled_position(
            recorder, Log.ACCESSES
        ),
    }
    why, bound = min(bounds.items(), key=lambda item: item[1])
    cut = bound >> HEIGHT << HEIGHT
    if cut <= (last.upto if last else 0):
        raise ArchiveRefused("there are no accesses to archive", why)
    return cut


def _exported(recorder: EventRecorder, folder: Path, cut: int, signed: SignedAccesses, last: Archived | None) -> Proven:
    """Write the accesses up to a cut into their file, unless it is there, and prove them from it."""
    after, origin = (last.upto if last else 0), origin_of(recorder.namespace)
    subtrees = stored_subtrees(recorder, Log.ACCESSES)
    size, root = signed.checkpoint.head
    if root_at(subtrees, size) != root:
        raise ArchiveRefused("the accesses are not those that were signed; nothing was dropped", VERIFY)
    path = tuple(consistency_path(subtrees, cut, size))
    head = ArchiveHead(signed.checkpoint.origin, after, cut, last.frontier if last else (), signed.note, path)
    place = folder / archive_name(after, cut)
    try:
        if not place.exists():  # else an earlier run was killed before it was recorded: what counts is the proof
            write_archive(place, head, _rows(recorder, after, cut))
    except OSError as error:
        hint = "nothing was dropped; create the folder, with room for the file"
        raise FileRefused(f"the archive cannot be written: {error.strerror}", hint) from None
    proof = proven(place, origin, signed.keys, last)
    if (proof.head.upto, proof.frontier) != (cut, tuple(frontier_at(subtrees, cut).hashes)):
        raise ArchiveRefused(f"{place.name}: the file is not of the accesses in the store; nothing was dropped", VERIFY)
    return proof


def _rows(recorder: EventRecorder, after: int, cut: int) -> Iterator[LogColumns]:
    for found in stored_rows(recorder, after, cut, log=Log.ACCESSES):
        if isinstance(found, int):
            raise ArchiveRefused(f"access {found} cannot be read; nothing was dropped", VERIFY)
        yield from found


def _drop(recorder: EventRecorder, folder: Path, archive: Archived, progress: Progress) -> int:
    """Drop the accesses of a recorded archive whose file is in the folder, as it was recorded."""
    try:
        recorded_file(folder / archive.file, [archive])
    except ArchiveRefused as refusal:
        raise ArchiveRefused(
            f"the archive {archive.file} is recorded, its accesses are not dropped yet, and it is needed for that: "
            f"{refusal.message}",
            "put the file as it was made into the folder of --to, then run this again",
        ) from None
    dropped = 0
    for start in range(archive.after, archive.upto, DROPPED_AT_ONCE):
        end = min(start + DROPPED_AT_ONCE, archive.upto)
        dropped += recorder.drop_archived(start, end)
        progress(end - archive.after, archive.upto - archive.after)
    return dropped
