"""The reader: asks a question of the store, records the access, and only then hands the answer out."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from caretrail.aliases import Progress
from caretrail.errors import CaretrailError, StaleReadModel, StoreUnreachable, UnknownName
from caretrail.reading.answers import Answer, Standing
from caretrail.reading.gate import Access, Gate, recorded_before
from caretrail.reading.names import require_known
from caretrail.reading.query import Query
from caretrail.reading.question import Question
from caretrail.reading.snapshot import LogSnapshot, Snapshot, WhatIfSnapshot, position_of
from caretrail.reading.stored import StoredSnapshot

if TYPE_CHECKING:
    from caretrail.log.recorder import EventRecorder

T = TypeVar("T")

ATTEMPTS = 10
"""So often a question is asked again because the rows moved meanwhile."""

LONGEST_APPEND = timedelta(seconds=10)
"""Whoever stamped an event so long ago has stored it by now, or never will."""


class Reader:
    """Answers questions at an instant: `now` decides what "today" is, in each episode's own zone.

    `access` records whose record an answer shows, before anybody has it (see `caretrail.log.access.AccessLog`);
    an answer that shows no episode is not recorded. `progress` is told how far a long answer is. With `write` the
    reader of an embedded store brings the read models up to date itself, if that is quick.
    """

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
        self._gate = Gate(recorder, now, progress, write=write)

    def ask(self, question: Question[T]) -> Answer[T]:
        """Answer a question, once its access is recorded.

        Raises UnknownName for what does not exist, StaleReadModel where a list would rest on rows too far behind, and
        StoreError, AccessNotRecorded among them. What goes wrong with an episode that is there is recorded first, too.
        """
        try:
            snapshot, value = self._answered(question)
        except (StoreUnreachable, StaleReadModel):
            raise
        except CaretrailError as error:
            if not (isinstance(error, UnknownName) and error.kind == "episode"):
                recorded_before(self._access, error.reveals or question.about(), required=True)
            raise
        standing = self._standing(question, snapshot)  # before the record, which is in the log itself
        recorded = recorded_before(self._access, question.shows(value, snapshot), required=question.needs_record)
        return Answer(value, replace(standing, recorded=recorded))

    def _answered(self, question: Question[T]) -> tuple[Snapshot, T]:
        """Ask; again if the rows moved meanwhile, so that no answer mixes two positions."""
        if question.query.known_at is None and question.query.policy is None:
            self._gate.catch_up()
        left = ATTEMPTS
        while True:
            left -= 1
            snapshot = self._snapshot(question.query, last=not left)
            require_known(question.filters, snapshot)
            value = question.answer(snapshot)
            if not left or snapshot.unmoved():
                return snapshot, value

    def _snapshot(self, query: Query, *, last: bool) -> Snapshot:
        recorder, now, progress = self._recorder, self._now, self._progress
        if query.known_at is not None:
            return LogSnapshot(recorder, now, position_of(recorder, query.known_at), progress, query.policy)
        newest = recorder.max_position()
        if query.policy is None:
            return StoredSnapshot(recorder, now, newest, progress, self._gate, query)
        picking = None if last else self._gate.near_state  # if the rows keep moving, the log itself does not
        return WhatIfSnapshot(recorder, now, newest, progress, query.policy, picking)

    def _standing(self, question: Question[T], snapshot: Snapshot) -> Standing:
        query = question.query
        return Standing(
            as_of=snapshot.todays() if query.last_day is None else (query.last_day,),
            known_at=None if query.known_at is None else snapshot.position,
            position=snapshot.holds,
            newest=self._recorder.max_position(),
            behind=snapshot.behind,
            stale=snapshot.stale,
            settled=self._is_settled(query.known_at),
        )

    def _is_settled(self, known_at: int | datetime | None) -> bool:
        """Whether what was known at a moment can no longer grow."""
        if not isinstance(known_at, datetime) or known_at + LONGEST_APPEND < self._now:
            return True
        newest = self._recorder.last_recorded_at()
        return newest is not None and newest > known_at
