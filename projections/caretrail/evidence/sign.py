"""Seal: sign a checkpoint of the log as it is now, if it continues the last one that was signed.

Cheap: the tiles give the tree at the size of the last checkpoint, which must have the root that was signed; only what
was recorded since is read. So a row that was altered after it was signed is not signed again: what is signed is the
old tree with the new facts behind it, and `verify` finds the row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from caretrail.aliases import Progress
from caretrail.errors import StoreError, StoreUnreachable
from caretrail.evidence.log_rows import RowFold
from caretrail.evidence.root_fold import TreeFold
from caretrail.evidence.signer_state import Memory, SigningRefused
from caretrail.evidence.stored_rows import BELOW, stored_rows
from caretrail.ledger.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from caretrail.ledger.note import OtherLog, SigningKey
from caretrail.ledger.tree import Frontier, frontier_at, root_at
from caretrail.projection.tables import State, read_state, tables_exist
from caretrail.projection.tiles import stored_subtrees
from caretrail.recording.recorder import EventRecorder

VERIFY = "run 'caretrail audit verify --checkpoints …' with the checkpoints you have: it says what is wrong and where"
NOTHING = Checkpoint("", 0, Frontier().root())


@dataclass(frozen=True, slots=True)
class Sealed:
    """A checkpoint and its note; `since` is the size of the one before, None if there was none."""

    checkpoint: Checkpoint
    note: str
    since: int | None


def seal(
    recorder: EventRecorder,
    keys: Sequence[SigningKey],
    memory: Memory,
    *,
    first: bool = False,
    full: bool = False,
    known: Checkpoint | None = None,
    progress: Progress | None = None,
) -> Sealed:
    """Sign the log as it is now and remember that, before anything is given out.

    `first` says that nothing was signed before, `known` is a checkpoint that was given out and is still there, `full`
    reads the whole log. Raises SigningRefused, StoreError.
    """
    for key in keys:
        if key.name != memory.origin:
            raise OtherLog("the key is of another log", "make one for this log with 'caretrail audit key'")
    with memory.alone():
        last = _last(memory, keys, first=first, known=known)
        checkpoint = _checkpoint(recorder, last or NOTHING, memory.origin, full=full, progress=progress)
        note = sign_checkpoint(checkpoint, keys)
        if open_checkpoint(note, [key.verifying for key in keys], memory.origin) != checkpoint:
            raise SigningRefused("what was signed does not read back", "run this again; look at the machine's memory")
        memory.remember(note)
    return Sealed(checkpoint, note, last.size if last else None)


def _last(memory: Memory, keys: Sequence[SigningKey], *, first: bool, known: Checkpoint | None) -> Checkpoint | None:
    """The newest checkpoint that is known to have been signed."""
    recalled = memory.recall([key.verifying for key in keys])
    if recalled is None:
        if not first:
            raise SigningRefused(
                f"{memory.path}: nothing is remembered of this log",
                "the first time, add --first; else find that file, or put the newest checkpoint there, as it is",
            )
        return known
    if first:
        raise SigningRefused("a checkpoint of this log was signed before", "leave out --first")
    remembered = recalled[0]
    if known is None or known == remembered or known.size < remembered.size:
        return remembered
    raise SigningRefused(
        f"a checkpoint of size {known.size} was given out, and is not the one remembered, of size {remembered.size}",
        f"{memory.path} is of an older state: put the newest checkpoint that was given out there, as it is",
    )


def _checkpoint(
    recorder: EventRecorder, last: Checkpoint, origin: str, *, full: bool, progress: Progress | None
) -> Checkpoint:
    generation = _generation(recorder)  # before the end is asked for: no tile stands beyond it
    end = recorder.max_position()
    if end < last.size:
        raise SigningRefused(f"{last.size} facts were signed, and the log ends at position {end}", VERIFY)
    subtrees = stored_subtrees(recorder, generation)
    before = None if full or not last.size else _before(recorder, last, generation)
    root = _root(recorder, last, before, end, progress)
    if end and generation is not None and root_at(subtrees, end) != root:
        raise SigningRefused("the tiles of the ledger are not those of the log", VERIFY)
    if _root(recorder, last, before, end, None) != root:
        raise SigningRefused(
            "reading the new facts twice gave two results",
            "run this again; if it comes again, look at the machine's memory and disk",
        )
    return Checkpoint(origin, end, root)


def _generation(recorder: EventRecorder) -> int | None:
    if not tables_exist(recorder.database):
        return None
    state: State | None = read_state(recorder.database)
    return state.generation if state else None


def _before(recorder: EventRecorder, last: Checkpoint, generation: int | None) -> Frontier | None:
    """The tree that was signed last, by the tiles; None if they are not of that tree, so that all is read."""
    try:
        frontier = frontier_at(stored_subtrees(recorder, generation), last.size)
        return frontier if frontier.root() == last.root else None
    except StoreUnreachable:
        raise
    except StoreError:
        return None
    except ValueError:  # a tile that is no tile
        return None


def _root(
    recorder: EventRecorder, last: Checkpoint, before: Frontier | None, end: int, progress: Progress | None
) -> bytes:
    """The root over the log up to its end, from its rows on top of the tree before; refuses what cannot be."""
    if before is None:
        return _whole_root(recorder, last, end, progress)
    rows = RowFold(last.size, _moment(recorder, last.size))
    frontier = Frontier(before.size, before.hashes)
    for found in stored_rows(recorder, last.size, end):
        if isinstance(found, int):
            rows.skip(found)
        else:
            for run in rows.add(found):
                frontier.extend(run.leaves)
        if progress is not None:
            progress(rows.position - last.size, end - last.size)
    rows.end(end)
    _refuse_anomalies(rows)
    return frontier.root()


def _whole_root(recorder: EventRecorder, last: Checkpoint, end: int, progress: Progress | None) -> bytes:
    rows, tree = RowFold(), TreeFold([last.size, end])
    for found in stored_rows(recorder, BELOW, end):
        if isinstance(found, int):
            rows.skip(found)
        else:
            for run in rows.add(found):
                tree.add(run)
        if progress is not None:
            progress(rows.position, end)
    rows.end(end)
    _refuse_anomalies(rows)
    if tree.roots[last.size] != last.root:
        raise SigningRefused(f"the first {last.size} facts are not those that were signed", VERIFY)
    return tree.roots[end]


def _moment(recorder: EventRecorder, position: int) -> int | None:
    """The time of the last fact that was signed, which the next must be later than."""
    if position == 0:
        return None
    for found in stored_rows(recorder, position - 1, position):
        moment: object = None if isinstance(found, int) else found[0][5]
        if isinstance(moment, int):  # whatever the types say, it comes from a table that may have been altered
            return moment
    raise SigningRefused(f"position {position} is missing or cannot be read", VERIFY)


def _refuse_anomalies(rows: RowFold) -> None:
    if rows.anomalies:
        anomaly = rows.anomalies[0]
        raise SigningRefused(f"position {anomaly.position}: {anomaly.words}", VERIFY)
