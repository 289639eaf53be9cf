"""The gate: how current a list is, and the record of each access before the answer is shown."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Protocol
from uuid import UUID

from caretrail.aliases import Progress
from caretrail.errors import AccessNotRecorded, StaleReadModel, StoreError
from caretrail.log.records import StoodOn
from caretrail.reading.answers import CURRENT, Behind
from caretrail.reading.query import NO_FILTERS, Filters, Query
from caretrail.reading.scope import in_scope, in_scope_of_rows
from caretrail.reading.snapshot import PAGE
from caretrail.readmodel.packs import (
    JUDGED_AGAIN,
    PolicyOf,
    differing_policies,
    policies_known,
    policies_of,
    stale_policies,
)
from caretrail.readmodel.schema import State, read_state, tables_exist, who_projects
from caretrail.readmodel.status import age_of
from caretrail.text import plural

if TYPE_CHECKING:
    from caretrail.log.recorder import EventRecorder
    from caretrail.readmodel.rows import EpisodeRows

ALWAYS_CURRENT = 20
"""So many episodes with newer events are recomputed by any list: who records something sees it at once."""

MOST_TOUCHED = 200
"""The most episodes with newer events that a list recomputes in memory."""

FARTHEST = 50_000
"""The most positions behind that a read searches for touched episodes."""

SECONDS_BEHIND = 5
"""The greatest age of the first event a list may leave out."""

CAUGHT_UP_AT_ONCE = 8_000
"""The most events a read of an embedded store projects first: 2 s (4,000 events a second were measured on one core)."""

FARTHEST_KNOWN = 1_000_000
"""The most positions between what was known and the rows: further apart, every episode is folded from the log."""

LONGEST_WAIT = 5.0
"""Seconds a question waits for rows that hold `at_least`."""

POLL_SECONDS = 0.05

NOTHING_NEWER: Mapping[UUID, EpisodeRows | None] = {}


class Access(Protocol):
    """Records an access before the caller gets an answer; an error it raises replaces the answer."""

    def __call__(self, episodes: list[str], stood_on: StoodOn | None = None, /) -> None:
        """Record the case numbers that the answer shows, and what it stood on."""

    def attempt(self, numbers: list[str], /) -> None:
        """Record numbers of episodes or clients that somebody asked for, and nothing has."""


class Unrecorded:
    """Records nothing: for tests only. A test makes sure that no command or service uses this."""

    def __call__(self, episodes: list[str], stood_on: StoodOn | None = None, /) -> None:
        """Do nothing."""

    def attempt(self, numbers: list[str], /) -> None:
        """Do nothing."""


unrecorded = Unrecorded()


def recorded_before(
    access: Access, names: Iterable[str | None], stood_on: StoodOn | None = None, *, required: bool
) -> bool:
    """Record which episodes are about to be shown; False if the store takes no writes and the record is optional.

    Raises AccessNotRecorded: then nothing may be shown.
    """
    shown = sorted({name for name in names if name is not None})
    return not shown or _recorded(partial(access, shown, stood_on), required=required)


def attempt_recorded(access: Access, numbers: Iterable[str], *, required: bool) -> bool:
    """Record that somebody asked for numbers of which nothing has one; as `recorded_before`."""
    asked = sorted(numbers)
    return not asked or _recorded(partial(access.attempt, asked), required=required)


def _recorded(record: Callable[[], None], *, required: bool) -> bool:
    try:
        record()
    except AccessNotRecorded as failed:
        if required or not failed.read_only:
            raise
        return False
    return True


class Reach(NamedTuple):
    """How current a list can be: recomputed episodes to lay over the rows, and the position both hold together."""

    overlay: Mapping[UUID, EpisodeRows | None]
    position: int
    behind: Behind = CURRENT
    stale: bool = False


class Gate:
    """Decides how current a list can be; with `write` it first brings the rows of an embedded store up to date."""

    def __init__(self, recorder: EventRecorder, now: datetime, progress: Progress | None, *, write: bool) -> None:
        self._recorder = recorder
        self._now = now
        self._progress = progress
        self._may_write = write and recorder.database.dialect == "sqlite"
        self._exist = False

    def state(self) -> State | None:
        """The position of the read models; None if they were never made, or other packs judged their rows."""
        database = self._recorder.database
        self._exist = self._exist or tables_exist(database)
        state = read_state(database) if self._exist else None
        unusable = state is None or state.packs == JUDGED_AGAIN or stale_policies(self._recorder, state)
        return None if unusable else state

    def near_state(self) -> State | None:
        """The position of the read models, unless the log after it is too long to search."""
        state = self.state()
        return state if state is not None and self._recorder.max_position() - state.position <= FARTHEST else None

    def reach(self, state: State | None, newest: int, query: Query, filters: Filters = NO_FILTERS) -> Reach:
        """Decide how current a list can be.

        A list is current if few episodes of its scope have newer events: they are recomputed. If more have, the rows
        answer as they are, once the first event they leave out is not older than five seconds; else up to 200 episodes
        are recomputed. Raises StaleReadModel. Rows that were never filled, that other packs judged, or that do not hold
        `at_least` answer nothing, even where stale rows are allowed: an empty list would look like no work.
        """
        position = state.position if state is not None else 0
        events = newest - position
        if events <= 0:
            return Reach(NOTHING_NEWER, newest)
        policies = policies_of(self._recorder)
        touched = self._touched(position, newest, filters)
        if touched is not None and len(touched) <= ALWAYS_CURRENT:
            return Reach(self.recomputed(touched, newest, policies), newest)
        late = Behind(events, age_of(self._recorder, position + 1, self._now))
        answers = position >= max(1, query.least)
        if answers and late.seconds <= SECONDS_BEHIND:
            return Reach(NOTHING_NEWER, position, late)
        if touched is not None and len(touched) <= MOST_TOUCHED:
            return Reach(self.recomputed(touched, newest, policies), newest)
        if answers and query.allow_stale:
            return Reach(NOTHING_NEWER, position, late, stale=True)
        raise self._refusal(position, late)

    def rows_near(self, known: int) -> State | None:
        """Rows from which another position can be answered; None without any, too far, or if other packs were known."""
        state = self.state()
        if state is None or abs(state.position - known) > FARTHEST_KNOWN:
            return None
        return None if differing_policies(self._recorder, state, policies_known(self._recorder, known)) else state

    def differing(self, state: State, known: int, filters: Filters) -> Sequence[UUID]:
        """The episodes in the scope of some filters of which rows tell something else than was known at a position.

        Only episodes with an event between the two differ.
        """
        touched = list(self._recorder.touched(*sorted((known, state.position))))
        if known < state.position:
            return in_scope_of_rows(self._recorder, state, touched, known, filters)
        return in_scope(self._recorder, touched, known, filters)

    def await_rows(self, query: Query) -> None:
        """Wait a moment for rows that hold `at_least`, if a projector is about to make them."""
        until = time.monotonic() + LONGEST_WAIT
        while query.least and (state := self.near_state()) is not None and state.position < query.least:
            few = len(self._recorder.touched(state.position, query.least)) <= ALWAYS_CURRENT
            if few or time.monotonic() > until:
                return
            time.sleep(POLL_SECONDS)

    def catch_up(self) -> None:
        """Project the newer events of an embedded store if that is quick, and no daemon does.

        A store that takes no writes stays as it is.
        """
        if not self._may_write:
            return
        state, newest = self.state(), self._recorder.max_position()
        position = state.position if state is not None else 0
        events = newest - position
        if events > CAUGHT_UP_AT_ONCE or (state is not None and events <= 0):
            return
        from caretrail.readmodel.lease import lease_held
        from caretrail.readmodel.upkeep import catch_up

        if self._exist and lease_held(self._recorder.database) is not None:
            return  # the daemon does it
        with suppress(StoreError):
            catch_up(self._recorder, progress=self._progress)

    def _touched(self, after: int, upto: int, filters: Filters) -> list[UUID] | None:
        """The episodes in the scope of some filters with events in a stretch of the log; None if it is too long.

        Rows that hold none of the stretch say nothing of whom its events name.
        """
        if upto - after > FARTHEST:
            return None
        touched = list(self._recorder.touched(after, upto))
        few = len(touched) <= ALWAYS_CURRENT
        return touched if few else in_scope(self._recorder, touched, upto, filters)

    def recomputed(
        self, touched: Sequence[UUID], upto: int, policies: PolicyOf, done: int = 0, total: int = 0
    ) -> Mapping[UUID, EpisodeRows | None]:
        """The rows of some episodes as their events up to a position give them; None for those not there yet.

        Progress counts from those `done` before, of a total that may hold more.
        """
        from caretrail.reading.episode_view import computed_rows

        found: dict[UUID, EpisodeRows | None] = {}
        for place in range(0, len(touched), PAGE):
            found |= computed_rows(self._recorder, touched[place : place + PAGE], upto, policies)
            if self._progress is not None:
                self._progress(done + len(found), total or len(touched))
        return found

    def _refusal(self, position: int, late: Behind) -> StaleReadModel:
        """Name the lag, the command that ends it, and the role that may run it."""
        what = f"{plural(late.events, 'event')} and {plural(late.seconds, 'second')} behind the log"
        what += "" if position else self._other_packs()
        who = who_projects(self._recorder.database)
        stale = f", or add --allow-stale to see the rows as of @{position}" if position else ""
        return StaleReadModel(
            f"{self._recorder.store}: the read models are {what}",
            f"run 'caretrail projection catch-up' as {who}{stale}",
            *late,
        )

    def _other_packs(self) -> str:
        """Words for rows that hold something, but not as the installed packs judge it."""
        database = self._recorder.database
        state = read_state(database) if tables_exist(database) else None
        if state is None or not state.position:
            return ""
        if state.packs == JUDGED_AGAIN:
            return "; their rows are being judged again, because packs have changed"
        others = ", ".join(stale_policies(self._recorder, state))
        return f"; other packs than the installed ones judged their rows: {others}"
