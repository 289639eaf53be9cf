"""Upkeep of the read models: catch up with the log, by batches or by a rebuild."""

from __future__ import annotations

import time

from caretrail.aliases import Progress
from caretrail.errors import StoreError
from caretrail.ledger.tiles import write_all_tiles
from caretrail.log.recorder import EventRecorder
from caretrail.readmodel.lease import lease_held
from caretrail.readmodel.packs import JUDGED_AGAIN, packs_digest
from caretrail.readmodel.projector import BATCH, Projector
from caretrail.readmodel.rebuild import Workers, rebuild
from caretrail.readmodel.schema import create_tables, read_state
from caretrail.readmodel.status import Status, status

POLL_SECONDS = 0.05
"""How often to look how far the daemon has come."""

LONGEST_JUDGING = 30.0
"""Seconds in which the daemon that leads must begin to judge by the packs of today: it looks at them every ten."""

FAR_BEHIND = 2_000
"""As many events behind, and at least half of the log: making every episode once beats taking batch after batch."""


def catch_up(
    recorder: EventRecorder,
    *,
    batch: int = BATCH,
    upto: int | None = None,
    progress: Progress | None = None,
    workers: Workers | None = None,
) -> Status:
    """Bring the rows up to the end of the log, or to position `upto`; safe with other projectors and when killed.

    While a daemon leads, this waits for it instead. Far behind, all rows are made again, by workers if there are any.
    Raises StoreError.
    """
    create_tables(recorder.database)
    if await_leader(recorder, upto, progress):
        return status(recorder)
    if upto is None and far_behind(recorder):
        found = rebuild(recorder, progress, workers=workers)
        write_all_tiles(recorder)
        return found
    Projector(recorder).catch_up(batch=batch, upto=upto, progress=progress)
    return status(recorder)


def await_leader(recorder: EventRecorder, upto: int | None, progress: Progress | None) -> bool:
    """Wait until the daemon that leads has come to the end of the log as it is now; False as soon as none leads.

    Raises StoreError if it judges by other packs than those of this process.
    """
    goal = recorder.max_position() if upto is None else upto
    start: int | None = None
    until = time.monotonic() + LONGEST_JUDGING
    while lease_held(recorder.database) is not None:
        state = read_state(recorder.database)
        if state is None:
            return False
        start = state.position if start is None else start
        if state.position >= goal and state.packs == packs_digest(recorder):
            return True
        if state.position < goal or state.packs == JUDGED_AGAIN:
            until = time.monotonic() + LONGEST_JUDGING
        elif time.monotonic() > until:
            raise StoreError(
                f"{recorder.store}: the daemon that leads judges by other packs than those installed here",
                "give it these packs and restart it, or stop it",
            )
        if progress is not None:
            progress(state.position - start, goal - start)
        time.sleep(POLL_SECONDS)
    return False


def far_behind(recorder: EventRecorder) -> bool:
    """Whether a rebuild is quicker than taking batch after batch."""
    state = read_state(recorder.database)
    newest = recorder.max_position()
    behind = newest - state.position if state is not None else 0
    return behind > FAR_BEHIND and behind * 2 >= newest
