"""The gate: how current a list is, and the record of an access before anybody has the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from caretrail.aliases import Progress
from caretrail.errors import AccessNotRecorded, CaretrailError, StaleReadModel, StoreError
from caretrail.log.sql import load_sql
from caretrail.reading.answers import CURRENT, Behind
from caretrail.reading.query import Query
from caretrail.readmodel.packs import stale_policies
from caretrail.readmodel.schema import State, read_state, tables_exist
from caretrail.readmodel.status import behind

if TYPE_CHECKING:
    from caretrail.log.recorder import EventRecorder
    from caretrail.readmodel.rows import EpisodeRows

MOST_TOUCHED = 200
"""As many episodes with newer events, a list recomputes them in memory."""

FARTHEST = 50_000
"""As many positions behind, whatever stands there, the log between is not searched by a read."""

SECONDS_BEHIND = 5
"""So old may the first event be that a list does not hold."""

CAUGHT_UP_AT_ONCE = 10_000
"""So many events a reader of an embedded store writes into the rows itself: less than three seconds on two cores."""

UNNOTED = 200
"""Accesses alone do not move the rows of an embedded store, but so many are not walked over again by each read."""

NOTHING_NEWER: Mapping[UUID, EpisodeRows | None] = {}

Access = Callable[[list[str]], None]
"""Called with the case numbers an answer shows, before it is handed out; what it raises, the caller gets instead."""


def unrecorded(_: list[str]) -> None:
    """Make no record: for tests, and for answers nobody sees. No command and no service may use it; a test looks."""


def recorded_before(access: Access, names: Iterable[str], *, required: bool) -> bool:
    """Record whose record is about to be shown; False if it could not be, and is not `required` where nothing can.

    Raises AccessNotRecorded: then nothing may be shown.
    """
    shown = sorted(set(names))
    if shown:
        try:
            access(shown)
        except AccessNotRecorded as failed:
            if required or not failed.read_only:
                raise
            return False
    return True


class Reach(NamedTuple):
    """The stored rows a list rests on, and episodes recomputed to lay over them; None in `state`: there are no rows.

    Together they hold the log up to `position`.
    """

    state: State | None
    overlay: Mapping[UUID, EpisodeRows | None]
    position: int
    behind: Behind = CURRENT
    stale: bool = False


class Gate:
    """Decides how a list becomes current; `write` lets it bring the rows of an embedded store up to date."""

    def __init__(self, recorder: EventRecorder, now: datetime, progress: Progress | None, *, write: bool) -> None:
        self._recorder = recorder
        self._now = now
        self._progress = progress
        self._may_write = write and recorder.database.dialect == "sqlite"
        self._overlaid: tuple[int, int, Mapping[UUID, EpisodeRows | None] | None] | None = None

    def state(self) -> State | None:
        """Where the projection stands; None where its tables were never made, or other packs judged its rows."""
        database = self._recorder.database
        try:
            state = read_state(database)
            return None if state is None or stale_policies(database, state) else state
        except CaretrailError:
            if tables_exist(database):
                raise
            return None

    def near_state(self) -> State | None:
        """Where the projection stands, if the log behind it may be searched."""
        state = self.state()
        return state if state is not None and self._recorder.max_position() - state.position <= FARTHEST else None

    def reach(self, state: State | None, newest: int, query: Query) -> Reach:
        """What a list may rest on; raises StaleReadModel."""
        position = state.position if state is not None else 0
        events = self._events_behind(position, newest)
        if not events:
            return Reach(state, NOTHING_NEWER, newest)
        overlay = self._overlay(position, newest)
        if overlay is not None:
            return Reach(state, overlay, newest)
        first = self._first_after(position)
        if first is None:  # nothing but accesses, more than are counted
            return Reach(state, NOTHING_NEWER, newest)
        late = Behind(events, max(0, int((self._now - first).total_seconds())))
        if position >= max(1, query.at_least) and late.seconds <= SECONDS_BEHIND:  # rows never filled answer nothing
            return Reach(state, NOTHING_NEWER, position, late)
        if query.allow_stale:
            return Reach(state, NOTHING_NEWER, position, late, stale=True)
        raise self._refusal(state, late)

    def catch_up(self) -> None:
        """Bring the rows of an embedded store up to date if that is quick; what may not be written is read as it is."""
        if not self._may_write:
            return
        state, newest = self.state(), self._recorder.max_position()
        position = state.position if state is not None else 0
        events = self._events_behind(position, newest)
        if events > CAUGHT_UP_AT_ONCE or (state is not None and not events and newest - position < UNNOTED):
            return
        from caretrail.readmodel.upkeep import catch_up

        try:
            catch_up(self._recorder, progress=self._progress)
        except StoreError:
            return

    def _events_behind(self, position: int, newest: int) -> int:
        """How many events are not in the rows; from far away all that is recorded counts as events."""
        if newest - position > FARTHEST:
            return newest - position
        return behind(self._recorder, position, newest)

    def _overlay(self, position: int, newest: int) -> Mapping[UUID, EpisodeRows | None] | None:
        """Episodes touched after the projected position, recomputed; None if they are too many to do that."""
        if self._overlaid is None or self._overlaid[:2] != (position, newest):
            self._overlaid = position, newest, self._recomputed(position, newest)
        return self._overlaid[2]

    def _recomputed(self, position: int, newest: int) -> Mapping[UUID, EpisodeRows | None] | None:
        if newest - position > FARTHEST:
            return None
        touched = list(self._recorder.touched(position, newest))
        if len(touched) > MOST_TOUCHED:
            return None
        from caretrail.reading.episode_view import computed_rows

        return computed_rows(self._recorder, touched, newest)

    def _first_after(self, position: int) -> datetime | None:
        """When the first event behind the rows was recorded."""
        sql = load_sql("caretrail.reading", "queries.sql")["first_after"]
        found = self._recorder.database.query(sql, {"position": position})
        return self._recorder.read_log(found[0][0] - 1, limit=1)[0].recorded_at if found else None

    def _refusal(self, state: State | None, late: Behind) -> StaleReadModel:
        """Name the lag, the command that ends it, and who may run it."""
        lag = f"{late.events:,} event{'' if late.events == 1 else 's'} and {late.seconds:,} seconds behind the log"
        others = self._other_packs() if state is None else ()
        why = f"; other packs than the installed ones judged them: {', '.join(others)}" if others else ""
        embedded = self._recorder.database.dialect == "sqlite"
        who = "whoever may write the file" if embedded else "the role caretrail_projector"
        return StaleReadModel(
            f"{self._recorder.store}: the read models are {lag}{why}",
            f"let {who} run 'caretrail projection catch-up', or ask with --allow-stale for what the rows hold",
            *late,
        )

    def _other_packs(self) -> tuple[str, ...]:
        """The policies whose packs differ from those the rows were judged by, where there are rows."""
        database = self._recorder.database
        state = read_state(database) if tables_exist(database) else None
        return stale_policies(database, state) if state is not None else ()
