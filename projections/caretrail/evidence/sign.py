"""Sign checkpoints of both logs as they are now, if they continue the last ones that were signed.

Cheap: the tiles give the tree at the size of the last checkpoint, which must have the root that was signed; only what
was recorded since is read. So a row that was altered after it was signed is not signed again: what is signed is the
old tree with the new events behind it, and `verify` finds the row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from caretrail.aliases import Progress
from caretrail.errors import StoreError, StoreUnreachable
from caretrail.evidence.log_rows import RowFold, follow, stored_rows
from caretrail.evidence.root_fold import RootFold
from caretrail.evidence.signer_state import SignerState, SigningRefused
from caretrail.ledger.checkpoint import (
    EMPTY_PAIR,
    Checkpoint,
    CheckpointPair,
    Head,
    open_pair,
    origin_of_accesses,
    sign_pair,
)
from caretrail.ledger.note import OtherLog, SigningKey
from caretrail.ledger.tiles import stored_subtrees, tiled_position
from caretrail.ledger.tree import Frontier, Subtrees, consistency_path, consistent, frontier_at, root_at
from caretrail.log.archived import Archived, newest_archive
from caretrail.log.recorder import EventRecorder
from caretrail.log.records import NOUNS, Log

VERIFY = "run 'caretrail audit verify --checkpoints …' with the checkpoints you have: it says what is wrong and where"


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """The checkpoints of the events and of the accesses, and their notes, one after the other.

    `since` is the number of events of the one before, None if there was none.
    """

    checkpoint: Checkpoint
    accesses: Checkpoint
    note: str
    since: int | None


def sign(
    recorder: EventRecorder,
    keys: Sequence[SigningKey],
    state: SignerState,
    *,
    first: bool = False,
    full: bool = False,
    known: CheckpointPair | None = None,
    progress: Progress | None = None,
) -> SignedCheckpoint:
    """Sign both logs as they are now and save the checkpoints as the last ones, before anything is given out.

    `first` says that nothing was signed before, `known` are checkpoints that were given out and are still there, `full`
    reads the whole logs. `progress` counts events. Raises SigningRefused, StoreError; NotReplicated if the server is
    told to wait for a standby that may not have what would be signed: then nothing is.
    """
    for key in keys:
        if key.name != state.origin:
            raise OtherLog("the key is of another log", "make one for this log with 'caretrail audit key'")
    with state.locked():
        last = _last(state, keys, first=first, known=known)
        pair = _pair(recorder, last or EMPTY_PAIR, state.origin, full=full, progress=progress)
        recorder.confirm_kept()  # a failover must not lose what is signed: that would look like tampering
        note = sign_pair(pair, keys)
        if open_pair(note, [key.verifying for key in keys], state.origin) != pair:
            raise SigningRefused(
                "the signed checkpoint does not read back", "run this again; check the machine's memory"
            )
        state.save(note)
    return SignedCheckpoint(*pair, note, last.events.size if last else None)


def _last(
    state: SignerState, keys: Sequence[SigningKey], *, first: bool, known: CheckpointPair | None
) -> CheckpointPair | None:
    """The newest checkpoints that are known to have been signed."""
    saved = state.last([key.verifying for key in keys])
    if saved is None:
        if not first:
            raise SigningRefused(
                f"{state.path}: no earlier checkpoint of this log",
                "the first time, add --first; otherwise restore that file, or copy the newest checkpoint there",
            )
        return known
    if first:
        raise SigningRefused("a checkpoint of this log was signed before", "leave out --first")
    newer = [pair for pair in zip(known, saved, strict=True) if not _precedes(*pair)] if known else []
    if not newer:
        return saved
    given, kept = newer[0]
    raise SigningRefused(
        f"a checkpoint of size {given.size} was given out, and is not the last one saved, of size {kept.size}",
        f"{state.path} is of an older state: put the newest checkpoint that was given out there, as it is",
    )


def _precedes(given: Checkpoint, saved: Checkpoint) -> bool:
    """Whether a checkpoint of a log is the saved one, or of an earlier state."""
    return given.head == saved.head or given.size < saved.size


def _pair(
    recorder: EventRecorder, last: CheckpointPair, origin: str, *, full: bool, progress: Progress | None
) -> CheckpointPair:
    # where the accesses end is asked for first: the events they tell of are then within the head they name
    accesses, events = recorder.max_position(Log.ACCESSES), recorder.max_position()
    head = Head(events, _signable_root(recorder, Log.EVENTS, last.events, events, full=full, progress=progress))
    root = _signable_root(recorder, Log.ACCESSES, last.accesses, accesses, full=full, progress=None)
    return CheckpointPair(
        Checkpoint(origin, *head), Checkpoint(origin_of_accesses(origin), accesses, root, events=head)
    )


def _signable_root(
    recorder: EventRecorder, log: Log, last: Checkpoint, end: int, *, full: bool, progress: Progress | None
) -> bytes:
    """The root of a log up to its end, if that continues what was signed last. Raises SigningRefused."""
    if end < last.size:
        raise SigningRefused(f"{last.size} {NOUNS[log]} were signed, and the log ends at position {end}", VERIFY)
    subtrees = stored_subtrees(recorder, log)
    before = None if full else _before(subtrees, last)
    root = _root(recorder, log, last, before, end, progress)
    if tiled_position(recorder, log) and root_at(subtrees, end) != root:
        raise SigningRefused("the tiles of the ledger are not those of the log", VERIFY)
    if _root(recorder, log, last, before, end, None) != root:
        raise SigningRefused(
            f"reading the new {NOUNS[log]} twice gave two results",
            "run this again; if it comes again, check the machine's memory and disk",
        )
    return root


def _before(subtrees: Subtrees, last: Checkpoint) -> Frontier | None:
    """The tree that was signed last, by the tiles; None if they are not of that tree, so that all is read."""
    try:
        frontier = frontier_at(subtrees, last.size)
        return frontier if frontier.root() == last.root else None
    except StoreUnreachable:
        raise
    except (StoreError, ValueError):  # ValueError: a tile that is no tile
        return None


def _root(
    recorder: EventRecorder, log: Log, last: Checkpoint, before: Frontier | None, end: int, progress: Progress | None
) -> bytes:
    """The root over a log up to its end, from its rows on top of the tree before. Raises SigningRefused."""
    start = before.size if before else 0
    archive = newest_archive(recorder) if log is Log.ACCESSES else None
    if archive is not None and start <= archive.upto:
        _require_archived(recorder, archive, last)
        start, before = archive.upto, Frontier(archive.upto, archive.frontier)
    moment = archive.moment if archive and start == archive.upto else _moment(recorder, log, start)
    rows, tree = RowFold(start, moment, log), RootFold([last.size, end], before)
    for run in follow(recorder, rows, end, progress):
        tree.add(run)
    if rows.anomalies:
        raise SigningRefused(rows.anomalies[0].evidence, VERIFY)
    if last.size >= start and tree.roots[last.size] != last.root:
        raise SigningRefused(f"the first {last.size} {NOUNS[log]} are not those that were signed", VERIFY)
    return tree.roots[end]


def _require_archived(recorder: EventRecorder, archive: Archived, last: Checkpoint) -> None:
    """Refuse archived accesses that do not go on from what was signed last, if that was less than them."""
    if not 0 < last.size < archive.upto:
        return  # the rows after them tell
    root = Frontier(archive.upto, archive.frontier).root()
    try:
        path = consistency_path(stored_subtrees(recorder, Log.ACCESSES), last.size, archive.upto)
        goes_on = consistent(last.size, last.root, archive.upto, root, path)
    except StoreUnreachable:
        raise
    except (StoreError, ValueError):  # ValueError: a tile that is no tile
        goes_on = False
    if not goes_on:
        raise SigningRefused(f"the first {last.size} accesses are not those that were signed", VERIFY)


def _moment(recorder: EventRecorder, log: Log, position: int) -> int | None:
    """The time of the last row that was signed, which the next must be later than."""
    if position == 0:
        return None
    for found in stored_rows(recorder, position - 1, position, log=log):
        moment: object = None if isinstance(found, int) else found[0][5]
        if isinstance(moment, int):  # whatever the types say, it comes from a table that may have been altered
            return moment
    raise SigningRefused(f"position {position} is missing or cannot be read", VERIFY)
