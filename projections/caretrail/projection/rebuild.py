"""Rebuild: make all rows again from the log, beside the live ones, and move the readers over in one transaction.

The new rows are of the next generation, which no reader looks at. Killed anywhere, the rebuild can be run again: what
it left behind is swept away first.
"""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from caretrail.aliases import Progress
from caretrail.errors import StoreDamaged, StoreError
from caretrail.projection.programs import refresh
from caretrail.projection.projector import FoldedEpisodes, Projector
from caretrail.projection.status import Status, status
from caretrail.projection.tables import (
    OTHER_TABLES,
    PACKAGE,
    TABLES,
    State,
    create_tables,
    read_state,
    row_format,
    stream_of,
    write_rows,
)
from caretrail.projection.tiles import write_tiles
from caretrail.recording.recorder import EventRecorder
from caretrail.recording.statements import load_sql

PAGE = 200
"""Episodes folded and written at a time; bounds the memory."""

TILED = 1 << 16
"""Facts whose tiles are written at a time."""

ZERO = UUID(int=0)


def rebuild(recorder: EventRecorder, progress: Progress | None = None) -> Status:
    """Make all rows again while reads and appends go on; progress counts facts.

    Raises StoreError if another rebuild takes over.
    """
    create_tables(recorder.database)
    state = begin(recorder)
    fill(recorder, state, progress)
    go_live(recorder, state)
    return status(recorder)


def log_streams(recorder: EventRecorder, page: int = PAGE) -> Iterator[list[UUID]]:
    """Every stream of the log, a page at a time."""
    sql = load_sql(PACKAGE, "statements.sql")["streams"]
    after = ZERO
    while rows := recorder.database.query(sql, {"after": after, "limit": page}):
        streams = [stream_of(row[0]) for row in rows]
        yield streams
        after = streams[-1]


def begin(recorder: EventRecorder) -> State:
    """Take over as the one rebuild, and sweep away what a killed one left."""
    database = recorder.database
    sql = load_sql(PACKAGE, "statements.sql")
    position = recorder.max_position()
    with database.transaction():
        live = read_state(database)
        if live is None:
            raise StoreError("the read models are not there", "run 'caretrail init'")
        generation = int(database.query(sql["newest_generation"])[0][0]) + 1
        params = {"generation": generation, "position": position, "format": row_format()}
        database.execute(sql["begin_rebuild"], params)
        _sweep(recorder, live.generation, generation)
    return State(generation, position)


def fill(recorder: EventRecorder, state: State, progress: Progress | None) -> None:
    """Write every episode once. What is recorded meanwhile is in or not: the catch-up settles it."""
    database = recorder.database
    sql = load_sql(PACKAGE, "statements.sql")
    folded = FoldedEpisodes(recorder, cached_facts=0)
    done = 0
    for streams in log_streams(recorder):
        rows = folded.compute(streams, recorder.max_position())
        with database.transaction():
            if database.execute(sql["fence"], {"generation": state.generation}) != 1:
                raise StoreError("another rebuild took over", "let it finish")
            write_rows(database, state.generation, rows)
        done += sum(row.version for row in rows)
        if progress is not None:
            progress(min(done, state.position), state.position)
    with database.transaction():
        if database.execute(sql["fence"], {"generation": state.generation}) != 1:
            raise StoreError("another rebuild took over", "let it finish")
        refresh(recorder, state.generation, recorder.max_position())
    for start in range(0, state.position, TILED):
        with database.transaction():
            if database.execute(sql["fence"], {"generation": state.generation}) != 1:
                raise StoreError("another rebuild took over", "let it finish")
            write_tiles(recorder, state.generation, start, min(start + TILED, state.position))


def go_live(recorder: EventRecorder, state: State) -> None:
    """Catch up with what was recorded meanwhile, move the readers over in one transaction, sweep the old rows."""
    database = recorder.database
    sql = load_sql(PACKAGE, "statements.sql")
    projector = Projector(recorder, "rebuild")
    while True:
        reached = projector.catch_up()
        if reached.generation != state.generation:
            raise StoreError("another rebuild took over", "let it finish")
        with database.transaction():
            database.execute(sql["hold_live"])
            live = read_state(database)
            if live is not None and live.position > reached.position:
                _require_log(recorder, live.position)
                continue
            params = {"generation": state.generation, "position": reached.position, "format": row_format()}
            if database.execute(sql["end_rebuild"], params) != 1:
                raise StoreError("another rebuild took over", "let it finish")
            database.execute(sql["go_live"], params)
        break
    with database.transaction():
        live = read_state(database)
        if live is not None:
            _sweep(recorder, live.generation, int(database.query(sql["newest_generation"])[0][0]))


def _require_log(recorder: EventRecorder, position: int) -> None:
    """Refuse to go on without end towards a position that the log does not have any more."""
    newest = recorder.max_position()
    if newest < position:
        raise StoreDamaged(
            f"{recorder.store}: the read models stand on position {position}, and the log ends at position {newest}",
            "facts are gone: keep everything as it is, and run 'caretrail audit verify'",
        )


def _sweep(recorder: EventRecorder, live: int, following: int) -> None:
    """Take away rows of generations nobody reads and nobody writes."""
    sql = load_sql(PACKAGE, "statements.sql")
    for table in (*TABLES, *OTHER_TABLES):
        recorder.database.execute(sql[f"sweep_{table}"], {"live": live, "next": following})
