"""The build that a rebuild fills: taken over, written part by part, and made the one that is read.

No reader looks at it before. Whoever fills it holds its epoch; a transaction that finds another one writes nothing.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress

from caretrail.errors import HiddenEvents, StoreError, StoreUnreachable
from caretrail.log.database import Database
from caretrail.log.recorder import EventRecorder
from caretrail.readmodel import schema
from caretrail.readmodel.packs import packs_digest
from caretrail.readmodel.projector import Projector, write_missing_citations
from caretrail.readmodel.rows import EpisodeRows
from caretrail.readmodel.schema import REGISTRY, State, read_state, statements
from caretrail.readmodel.store import add_rows, all_rows, empty_build

CHECKED_BITS = 2**32 - 1
"""Of the number of a finding, which is a digest of its row: their sum stays a 64-bit number."""


def begin(recorder: EventRecorder) -> State:
    """Take over as the one rebuild, and empty what another left. Raises StoreError."""
    database = recorder.database
    values = {"version": schema.VERSION, "position": recorder.max_position(), "packs": packs_digest(recorder)}
    with database.transaction():
        if database.execute(statements(REGISTRY)["begin_rebuild"], values) != 1:
            raise StoreError("there are no read models of this version", "run 'caretrail upgrade'")
        state = read_state(database, "filling")
        if state is None:
            raise _taken_over()
        empty_build(database, state.build, state.epoch)
    return state


@contextmanager
def fenced(database: Database, state: State) -> Generator[None]:
    """A transaction in which no other rebuild takes over; workers share it. Raises StoreError if one has."""
    shared = " FOR SHARE" if database.dialect == "postgresql" else ""  # a file has one writer at a time
    with database.transaction():
        if not database.query(statements(state.build)["fence"] + shared, {"build": state.build, "epoch": state.epoch}):
            raise _taken_over()
        yield


def add_part(
    recorder: EventRecorder,
    state: State,
    part: int,
    events: int,
    episodes: Sequence[EpisodeRows],
    writing: AbstractContextManager[object] | None = None,
) -> None:
    """Write the rows of a part and, in the same transaction, that it is done; nothing if it is done already.

    `writing` is held while the transaction is open, and no longer.
    """
    database, rows = recorder.database, all_rows(episodes)
    with writing or nullcontext(), fenced(database, state):
        if database.execute(statements(state.build)["enter_part"], {"part": part, "events": events}) != 1:
            return
        write_missing_citations(recorder, state.build, episodes)
        add_rows(database, state.build, rows)
        findings = rows["finding"]
        tally = {"episodes": len(episodes), "findings": len(findings)}
        tally["numbers"] = sum(row[1] & CHECKED_BITS for row in findings)
        database.execute(statements(state.build)["tally_part"], {"part": part, **tally})


def parts_done(database: Database, state: State) -> set[int]:
    """The parts that are written."""
    return {row[0] for row in database.query(statements(state.build)["parts"])}


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
    # who has read the old rows for long holds them; they may stay, for the next rebuild empties them before it begins
    with suppress(StoreUnreachable), database.transaction():
        for (spare,) in database.query(sql["spares"], today):
            empty_build(database, spare)


def _taken_over() -> StoreError:
    return StoreError("another rebuild took over", "let it finish")


def _require_log(recorder: EventRecorder, position: int) -> None:
    """Stop a rebuild that could never reach the live rows, because the log no longer has their position."""
    newest = recorder.max_position()
    if newest < position:
        raise HiddenEvents.cut_off(recorder.store, position, newest)
