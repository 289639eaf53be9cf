"""Rebuild: make all rows again from the log, beside the live ones, and move the readers over in one transaction.

The new rows are of the version's other build, which no reader looks at. Killed anywhere, the rebuild can be run again:
what it left behind is emptied first.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from uuid import UUID

from caretrail.aliases import Progress
from caretrail.errors import StoreDamaged, StoreError
from caretrail.log.database import Database
from caretrail.log.recorder import EventRecorder
from caretrail.readmodel import schema
from caretrail.readmodel.folded import FoldedEpisodes
from caretrail.readmodel.group_sessions import refresh_groups
from caretrail.readmodel.packs import packs_digest
from caretrail.readmodel.programs import refresh
from caretrail.readmodel.projector import Projector, add_rows
from caretrail.readmodel.schema import PAGE, REGISTRY, State, create_tables, read_state, statements
from caretrail.readmodel.status import Status, status
from caretrail.readmodel.store import empty_build
from caretrail.readmodel.values import stream_of

ZERO = UUID(int=0)


def rebuild(recorder: EventRecorder, progress: Progress | None = None) -> Status:
    """Make all rows again while reads and appends go on; progress counts events.

    Raises StoreError if another rebuild takes over.
    """
    create_tables(recorder.database)
    state = begin(recorder)
    fill(recorder, state, progress)
    go_live(recorder, state)
    return status(recorder)


def log_streams(recorder: EventRecorder, page: int = PAGE, after: UUID = ZERO) -> Iterator[list[UUID]]:
    """Every stream of the log after one, a page at a time."""
    sql = statements(REGISTRY)["streams"]
    while rows := recorder.database.query(sql, {"after": after, "limit": page}):
        streams = [stream_of(row[0]) for row in rows]
        yield streams
        after = streams[-1]


def begin(recorder: EventRecorder) -> State:
    """Take over as the one rebuild, and empty what a killed one left."""
    database = recorder.database
    values = {"version": schema.VERSION, "position": recorder.max_position(), "packs": packs_digest()}
    with database.transaction():
        if database.execute(statements(REGISTRY)["begin_rebuild"], values) != 1:
            raise StoreError("there are no read models of this version", "run 'caretrail upgrade'")
        state = read_state(database, "filling")
        if state is None:
            raise _taken_over()
        empty_build(database, state.build, state.epoch)
    return state


def fill(recorder: EventRecorder, state: State, progress: Progress | None) -> None:
    """Write every episode once. What is recorded meanwhile is in or not: the catch-up settles it."""
    database = recorder.database
    folded = FoldedEpisodes(recorder, cached_events=0)
    done = 0
    for streams in log_streams(recorder):
        rows = folded.compute(streams, recorder.max_position())
        with _fenced(database, state):
            add_rows(database, state.build, rows)
        done += sum(row.version for row in rows)
        if progress is not None:
            progress(min(done, state.position), state.position)
    with _fenced(database, state):
        refresh(recorder, state.build, recorder.max_position())
        refresh_groups(recorder, state.build)


@contextmanager
def _fenced(database: Database, state: State) -> Generator[None]:
    """A transaction in which no other rebuild takes over. Raises StoreError if one has."""
    with database.transaction():
        if database.execute(statements(state.build)["fence"], {"build": state.build, "epoch": state.epoch}) != 1:
            raise _taken_over()
        yield


def _taken_over() -> StoreError:
    return StoreError("another rebuild took over", "let it finish")


def go_live(recorder: EventRecorder, state: State) -> None:
    """Catch up with what was recorded meanwhile, move the readers over in one transaction, empty the old build."""
    database = recorder.database
    sql, today = statements(state.build), {"version": schema.VERSION}
    projector = Projector(recorder, "filling")
    while True:
        reached = projector.catch_up()
        if (reached.build, reached.epoch) != (state.build, state.epoch):
            raise _taken_over()
        with database.transaction():
            database.execute(sql["hold_live"], today)
            live = read_state(database)
            if live is not None and live.position > reached.position:
                _require_log(recorder, live.position)
                continue
            database.execute(sql["retire"], today)
            if database.execute(sql["go_live"], {"build": state.build, "epoch": state.epoch}) != 1:
                raise _taken_over()
        break
    with database.transaction():
        for (spare,) in database.query(sql["spares"], today):
            empty_build(database, spare)


def _require_log(recorder: EventRecorder, position: int) -> None:
    """Stop a rebuild that could never reach the live rows, because the log no longer has their position."""
    newest = recorder.max_position()
    if newest < position:
        raise StoreDamaged(
            f"{recorder.store}: the read models are at position {position}, but the log ends at position {newest}",
            "events are missing: change nothing, and run 'caretrail audit verify'",
        )
