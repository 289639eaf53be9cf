"""Sign a checkpoint of the log as it is now, if it continues the last one that was signed.

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
from caretrail.ledger.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from caretrail.ledger.note import OtherLog, SigningKey
from caretrail.ledger.tiles import stored_subtrees, tiled_position
from caretrail.ledger.tree import Frontier, Subtrees, frontier_at, root_at
from caretrail.log.recorder import EventRecorder

VERIFY = "run 'caretrail audit verify --checkpoints …' with the checkpoints you have: it says what is wrong and where"
NOTHING = Checkpoint("", 0, Frontier().root())


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A checkpoint and its note; `since` is the size of the one before, None if there was none."""

    checkpoint: Checkpoint
    note: str
    since: int | None


def sign(
    recorder: EventRecorder,
    keys: Sequence[SigningKey],
    state: SignerState,
    *,
    first: bool = False,
    full: bool = False,
    known: Checkpoint | None = None,
    progress: Progress | None = None,
) -> SignedCheckpoint:
    """Sign the log as it is now and save the checkpoint as the last one, before anything is given out.

    `first` says that nothing was signed before, `known` is a checkpoint that was given out and is still there, `full`
    reads the whole log. `progress` counts events. Raises SigningRefused, StoreError.
    """
    for key in keys:
        if key.name != state.origin:
            raise OtherLog("the key is of another log", "make one for this log with 'caretrail audit key'")
    with state.locked():
        last = _last(state, keys, first=first, known=known)
        checkpoint = _checkpoint(recorder, last or NOTHING, state.origin, full=full, progress=progress)
        note = sign_checkpoint(checkpoint, keys)
        if open_checkpoint(note, [key.verifying for key in keys], state.origin) != checkpoint:
            raise SigningRefused(
                "the signed checkpoint does not read back", "run this again; check the machine's memory"
            )
        state.save(note)
    return SignedCheckpoint(checkpoint, note, last.size if last else None)


def _last(
    state: SignerState, keys: Sequence[SigningKey], *, first: bool, known: Checkpoint | None
) -> Checkpoint | None:
    """The newest checkpoint that is known to have been signed."""
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
    if known is None or known == saved or known.size < saved.size:
        return saved
    raise SigningRefused(
        f"a checkpoint of size {known.size} was given out, and is not the last one saved, of size {saved.size}",
        f"{state.path} is of an older state: put the newest checkpoint that was given out there, as it is",
    )


def _checkpoint(
    recorder: EventRecorder, last: Checkpoint, origin: str, *, full: bool, progress: Progress | None
) -> Checkpoint:
    end = recorder.max_position()
    if end < last.size:
        raise SigningRefused(f"{last.size} events were signed, and the log ends at position {end}", VERIFY)
    subtrees = stored_subtrees(recorder)
    before = None if full else _before(subtrees, last)
    root = _root(recorder, last, before, end, progress)
    if tiled_position(recorder) and root_at(subtrees, end) != root:
        raise SigningRefused("the tiles of the ledger are not those of the log", VERIFY)
    if _root(recorder, last, before, end, None) != root:
        raise SigningRefused(
            "reading the new events twice gave two results",
            "run this again; if it comes again, check the machine's memory and disk",
        )
    return Checkpoint(origin, end, root)


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
    recorder: EventRecorder, last: Checkpoint, before: Frontier | None, end: int, progress: Progress | None
) -> bytes:
    """The root over the log up to its end, from its rows on top of the tree before. Raises SigningRefused."""
    start = before.size if before else 0
    rows, tree = RowFold(start, _moment(recorder, start)), RootFold([last.size, end], before)
    for run in follow(recorder, rows, end, progress):
        tree.add(run)
    if rows.anomalies:
        raise SigningRefused(rows.anomalies[0].evidence, VERIFY)
    if tree.roots[last.size] != last.root:
        raise SigningRefused(f"the first {last.size} events are not those that were signed", VERIFY)
    return tree.roots[end]


def _moment(recorder: EventRecorder, position: int) -> int | None:
    """The time of the last event that was signed, which the next must be later than."""
    if position == 0:
        return None
    for found in stored_rows(recorder, position - 1, position):
        moment: object = None if isinstance(found, int) else found[0][5]
        if isinstance(moment, int):  # whatever the types say, it comes from a table that may have been altered
            return moment
    raise SigningRefused(f"position {position} is missing or cannot be read", VERIFY)
