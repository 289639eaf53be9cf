"""The one door: every read of an episode goes through `Door._read`, where a record of it is made before it is shown.

Whoever makes a reader says how looks are recorded; `unrecorded` is for what shows nobody anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

from caretrail.aliases import Progress
from caretrail.errors import AccessNotRecorded, CaretrailError, StoreError, StoreUnreachable, UnknownEpisode
from caretrail.projection.packs import stale_policies
from caretrail.projection.schema import State, read_state, tables_exist
from caretrail.projection.status import behind
from caretrail.reading.answers import Standing
from caretrail.reading.board import Board, KnownBoard, LiveBoard, computed_rows

if TYPE_CHECKING:
    from caretrail.policy import Policy
    from caretrail.projection.shapes import EpisodeRows
    from caretrail.recording.recorder import EventRecorder

T = TypeVar("T")

OVERLAY_FACTS = 5000
"""As many facts behind, a read still recomputes what was touched; beyond, it answers at the projected position."""

FARTHEST = 50_000
"""As many positions behind, whatever stands there, the log between is not looked at by a read."""

UNNOTED = 200
"""Accesses alone do not move the rows of an embedded store, but so many are not walked over again by each read."""

ATTEMPTS = 10

NOTHING_NEWER: Mapping[UUID, EpisodeRows | None] = {}

Access = Callable[[list[str]], None]
"""Called with the case numbers an answer shows, before it is handed out; what it raises, the asker gets instead."""


def unrecorded(_: list[str]) -> None:
    """Make no record: for tests, and for answers nobody sees. No command and no service may use it; a test looks."""


class Door:
    """A store at an instant, and how looks at it are recorded; what asks through it is the reader's."""

    def __init__(
        self,
        recorder: EventRecorder,
        now: datetime,
        *,
        access: Access,
        progress: Progress | None = None,
        write: bool = True,
    ) -> None:
        self._recorder = recorder
        self._now = now
        self._progress = progress
        self._access = access
        self._may_write = write and recorder.database.dialect == "sqlite"
        self._standing: Standing | None = None
        self.without_record = False
        """Whether the last answer, a census, was given without a record, because the store takes no writes."""
        self._overlaid: tuple[int, int, Mapping[UUID, EpisodeRows | None]] | None = None

    @property
    def stands_on(self) -> Standing:
        """What the last answer stands on; before any, where the projection stands."""
        if self._standing is None:
            state = self._state() or State(0, 0)
            return Standing(state.position, self._recorder.max_position(), stale=False)
        return self._standing

    # --- the one door ------------------------------------------------------------------------------------------

    def _read_one(self, name: str, ask: Callable[[Board], T], known_at: int | None, policy: Policy | None = None) -> T:
        """Ask about one episode; what goes wrong with one that is there says something of it, and is recorded, too."""

        def asked(board: Board) -> T | CaretrailError:
            try:
                return ask(board)
            except (UnknownEpisode, StoreUnreachable):
                raise
            except CaretrailError as error:
                return error

        answer = self._read(asked, known_at, lambda _: (name,), policy)
        if isinstance(answer, CaretrailError):
            raise answer
        return answer

    def _read(
        self,
        ask: Callable[[Board], T],
        known_at: int | None,
        shows: Callable[[T], Iterable[str]],
        policy: Policy | None = None,
        *,
        census: bool = False,
    ) -> T:
        """Ask a board, record whose record the answer shows, and only then hand it out.

        What it stands on is settled before the record, which is a fact itself. A census is also given where none can
        be made: without it nobody would know who is in care while the primary is away.
        """
        if known_at is not None:
            answer = ask(KnownBoard(self._recorder, known_at, self._progress, policy))
            self._standing = Standing(known_at, self._recorder.max_position(), stale=False)
        elif policy is not None:
            answer = self._what_if(ask, policy)
        else:
            answer = self._current(ask)
        self.without_record = False
        if names := sorted(set(shows(answer))):
            try:
                self._access(names)
            except AccessNotRecorded as failed:
                if not (census and failed.read_only):
                    raise
                self.without_record = True
        return answer

    def _current(self, ask: Callable[[Board], T]) -> T:
        """Ask the live board; again if the projection moved meanwhile, so that no answer mixes two positions."""
        self._write_if_possible()
        attempts = ATTEMPTS
        while True:
            attempts -= 1
            state = self._state()
            position, log_position = state.position if state else 0, self._recorder.max_position()
            facts = self._behind(position, log_position)
            stale = facts > OVERLAY_FACTS
            overlay = self._overlay(position, log_position) if facts and not stale else NOTHING_NEWER
            answer = ask(LiveBoard(self._recorder, state, overlay, log_position, stale=stale))
            if attempts == 0 or state == self._state():
                self._standing = Standing(position if stale else log_position, log_position, stale)
                return answer

    def _what_if(self, ask: Callable[[Board], T], policy: Policy) -> T:
        """Ask a board judged by another policy: always current, never written down."""
        from caretrail.reading.what_if import WhatIfBoard

        attempts = ATTEMPTS
        while True:
            attempts -= 1
            state, log_position = self._state(), self._recorder.max_position()
            near = state is not None and self._behind(state.position, log_position) <= OVERLAY_FACTS
            picking = state if near and attempts else None  # if the rows keep moving, the log itself does not
            answer = ask(WhatIfBoard(self._recorder, log_position, self._progress, policy, picking))
            if picking is None or state == self._state():
                self._standing = Standing(log_position, log_position, stale=False)
                return answer

    def _write_if_possible(self) -> None:
        """Bring the rows of an embedded store up to date; a store that may not be written is read as it is."""
        if not self._may_write:
            return
        try:
            state = self._state()
            if state is not None and self._is_current(state):
                return
            from caretrail.projection.upkeep import catch_up

            catch_up(self._recorder, progress=self._progress)
        except StoreError:
            return

    def _is_current(self, state: State) -> bool:
        """Whether there is nothing to bring into the rows; a few accesses are nothing."""
        newest = self._recorder.max_position()
        return newest - state.position < UNNOTED and behind(self._recorder, state.position, newest) == 0

    def _behind(self, position: int, log_position: int) -> int:
        """How many facts are not in the rows; from far away all that is recorded counts as facts."""
        far = log_position - position > FARTHEST
        return log_position - position if far else behind(self._recorder, position, log_position)

    def _state(self) -> State | None:
        """Where the projection stands; None where its tables were never made, or other packs judged its rows."""
        database = self._recorder.database
        try:
            state = read_state(database)
            return None if state is None or stale_policies(database, state) else state
        except CaretrailError:
            if tables_exist(database):
                raise
            return None

    def _overlay(self, position: int, log_position: int) -> Mapping[UUID, EpisodeRows | None]:
        """Episodes touched after the projected position, recomputed in memory; remembered until either moves."""
        if self._overlaid is None or self._overlaid[:2] != (position, log_position):
            streams = list(self._recorder.touched(position, log_position))
            self._overlaid = position, log_position, computed_rows(self._recorder, streams, log_position)
        return self._overlaid[2]
