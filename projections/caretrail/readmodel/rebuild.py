"""Rebuild: make all rows again from the log, beside the live ones, and move the readers over in one transaction.

The new rows are of the next build, which no reader looks at. Killed anywhere, the rebuild can be run again: what
it left behind is swept away first.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from uuid import UUID

from caretrail.aliases import Progress
from caretrail.errors import StoreDamaged, StoreError
from caretrail.log.database import Database
from caretrail.log.recorder import EventRecorder
from caretrail.readmodel.folded import FoldedEpisodes
from caretrail.readmodel.group_sessions import refresh_groups
from caretrail.readmodel.packs import packs_digest
from caretrail.readmodel.programs import refresh
from caretrail.readmodel.projector import Projector, add_rows
from caretrail.readmodel.schema import PAGE, VERSION, State, create_tables, read_state, statements
from caretrail.readmodel.status import Status, status
from caretrail.readmodel.store import stream_of, sweep_rows

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


def log_streams(recorder: EventRecorder, page: int = PAGE) -> Iterator[list[UUID]]:
    """Every stream of the log, a page at a time."""
    sql = statements()["streams"]
    after = ZERO
    while rows := recorder.database.query(sql, {"after": after, "limit": page}):
        streams = [stream_of(row[0]) for row in rows]
        yield streams
        after = streams[-1]


def begin(recorder: EventRecorder) -> State:
    """Take over as the one rebuild, and sweep away what a killed one left."""
    database = recorder.database
    sql = statements()
    position = recorder.max_position()
    with database.transaction():
        live = read_state(database)
        if live is None:
            raise StoreError("there are no read models", "run 'caretrail init'")
        build = int(database.query(sql["newest_build"])[0][0]) + 1
        state = State(build, position, packs_digest())
        database.execute(sql["begin_rebuild"], {**state._asdict(), "version": VERSION})
        sweep_rows(database, live.build, build)
    return state


def fill(recorder: EventRecorder, state: State, progress: Progress | None) -> None:
    """Write every episode once. What is recorded meanwhile is in or not: the catch-up settles it."""
    database = recorder.database
    folded = FoldedEpisodes(recorder, cached_events=0)
    done = 0
    for streams in log_streams(recorder):
        rows = folded.compute(streams, recorder.max_position())
        with _fenced(database, state.build):
            add_rows(database, state.build, rows)
        done += sum(row.version for row in rows)
        if progress is not None:
            progress(min(done, state.position), state.position)
    with _fenced(database, state.build):
        refresh(recorder, state.build, recorder.max_position())
        refresh_groups(recorder, state.build)


@contextmanager
def _fenced(database: Database, build: int) -> Generator[None]:
    """A transaction in which no other rebuild takes over. Raises StoreError if one has."""
    with database.transaction():
        if database.execute(statements()["fence"], {"build": build}) != 1:
            raise _taken_over()
        yield


def _taken_over() -> StoreError:
    return StoreError("another rebuild took over", "let it finish")


def go_live(recorder: EventRecorder, state: State) -> None:
    """Catch up with what was recorded meanwhile, move the readers over in one transaction, sweep the old rows."""
    database = recorder.database
    sql = statements()
    projector = Projector(recorder, "rebuild")
    while True:
        reached = projector.catch_up()
        if reached.build != state.build:
            raise _taken_over()
        with database.transaction():
            database.execute(sql["hold_live"])
            live = read_state(database)
            if live is not None and live.position > reached.position:
                _require_log(recorder, live.position)
                continue
            params = {**reached._asdict(), "version": VERSION}
            if database.execute(sql["end_rebuild"], params) != 1:
                raise _taken_over()
            database.execute(sql["go_live"], params)
        break
    with database.transaction():
        live = read_state(database)
        if live is not None:
            sweep_rows(database, live.build, int(database.query(sql["newest_build"])[0][0]))


def _require_log(recorder: EventRecorder, position: int) -> None:
    """Stop a rebuild that could never reach the live rows, because the log no longer has their position."""
    newest = recorder.max_position()
    if newest < position:
        raise StoreDamaged(
            f"{recorder.store}: the read models are at position {position}, but the log ends at position {newest}",
            "events are missing: change nothing, and run 'caretrail audit verify'",
        )
