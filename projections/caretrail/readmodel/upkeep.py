"""Upkeep of the read models: catch up with the log, by batches or by a rebuild."""

from __future__ import annotations

from caretrail.aliases import Progress
from caretrail.ledger.tiles import write_tiles
from caretrail.log.recorder import EventRecorder
from caretrail.readmodel.projector import BATCH, Projector
from caretrail.readmodel.rebuild import rebuild
from caretrail.readmodel.schema import create_tables, read_state
from caretrail.readmodel.status import Status, status

FAR_BEHIND = 10_000
"""As many events behind, and at least half of the log: making every episode once beats taking batch after batch."""


def catch_up(
    recorder: EventRecorder, *, batch: int = BATCH, upto: int | None = None, progress: Progress | None = None
) -> Status:
    """Bring the rows up to the end of the log, or to position `upto`; safe with other projectors and when killed.

    Raises StoreError.
    """
    create_tables(recorder.database)
    if upto is None and _far_behind(recorder):
        found = rebuild(recorder, progress)
        write_tiles(recorder)
        return found
    Projector(recorder).catch_up(batch=batch, upto=upto, progress=progress)
    return status(recorder)


def _far_behind(recorder: EventRecorder) -> bool:
    state = read_state(recorder.database)
    newest = recorder.max_position()
    behind = newest - state.position if state is not None else 0
    return behind > FAR_BEHIND and behind * 2 >= newest
