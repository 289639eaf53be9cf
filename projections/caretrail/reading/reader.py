"""The reader: answers a question, records the access, and only then returns the answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, TypeVar

from caretrail.aliases import Progress
from caretrail.errors import CaretrailError, StaleReadModel, StoreUnreachable, UnknownName
from caretrail.reading.answers import Answer, Standing
from caretrail.reading.gate import Access, Gate, recorded_before
from caretrail.reading.names import named_by, require_known
from caretrail.reading.query import Query
from caretrail.reading.question import Question
from caretrail.reading.snapshot import Snapshot, WhatIfSnapshot, position_of
from caretrail.reading.stored import StoredSnapshot

if TYPE_CHECKING:
    from caretrail.log.recorder import EventRecorder

T = TypeVar("T")

ATTEMPTS = 10
"""A question is asked at most so often again because the position of the rows moved."""

LONGEST_APPEND = timedelta(seconds=10)
"""An append that began earlier has ended."""


class Reader:
    """Answers questions at an instant: `now` decides which day is today, in the zone of each episode.

    `access` records the episodes an answer shows, before the caller gets it (see `caretrail.commands.access`); an
    answer that shows none is not recorded. `progress` follows a long answer. With `write` the reader first brings the
    read models of an embedded store up to date, if that is quick.
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
        """Answer a question after its access is recorded.

        Raises UnknownName; StaleReadModel for a list whose rows are too far behind; AccessNotRecorded and other
        StoreErrors. An error about an episode that exists is recorded as an access, too.
        """
        try:
            snapshot, value = self._answered(question)
        except (StoreUnreachable, StaleReadModel):
            raise
        except CaretrailError as error:
            if not (isinstance(error, UnknownName) and error.kind == "episode"):
                recorded_before(self._access, error.reveals or question.about(), required=True)
            raise
        standing = self._standing(question.query, snapshot)  # before the access, which is an event of the log
        shown = (*named_by(question.filters, snapshot), *question.shows(value))
        recorded = recorded_before(self._access, shown, required=question.needs_record)
        return Answer(value, replace(standing, recorded=recorded))

    def _answered(self, question: Question[T]) -> tuple[Snapshot, T]:
        """Answer; again if the rows moved meanwhile. Rows of two builds are never mixed."""
        query = question.query
        if query.known_at is None and query.policy is None:
            self._gate.catch_up()
        for attempt in count(1):
            snapshot = self._snapshot(query, last=attempt >= ATTEMPTS)
            require_known(question.filters, snapshot)
            value = question.answer(snapshot)
            if snapshot.unmoved(strictly=attempt < ATTEMPTS):
                return snapshot, value
        raise AssertionError("the last attempt answers or raises")

    def _snapshot(self, query: Query, *, last: bool) -> Snapshot:
        recorder, now, progress = self._recorder, self._now, self._progress
        newest = recorder.max_position()
        if query.at_least > newest:
            missing = query.at_least - newest
            raise StaleReadModel(
                f"{recorder.store}: the log ends at @{newest}, before @{query.at_least}",
                "ask the primary, or ask again once this server has caught up", missing, 0,
            )  # fmt: skip  # two lines
        if query.known_at is not None:
            return Snapshot(recorder, now, position_of(recorder, query.known_at), progress, query.policy)
        if query.policy is None:
            return StoredSnapshot(recorder, now, newest, progress, self._gate, query)
        picking = None if last else self._gate.near_state  # if the rows keep moving, read the log alone
        return WhatIfSnapshot(recorder, now, newest, progress, query.policy, picking)

    def _standing(self, query: Query, snapshot: Snapshot) -> Standing:
        past = query.known_at is not None
        return Standing(
            as_of=snapshot.todays() if query.last_day is None else (query.last_day,),
            known_at=snapshot.position if past else None,
            position=snapshot.holds,
            newest=self._recorder.max_position() if past else snapshot.position,
            behind=snapshot.behind,
            stale=snapshot.stale,
            settled=self._is_settled(query.known_at),
        )

    def _is_settled(self, known_at: int | datetime | None) -> bool:
        """Whether no event can still be recorded at or before a moment."""
        if not isinstance(known_at, datetime) or known_at + LONGEST_APPEND < self._now:
            return True
        newest = self._recorder.last_recorded_at()
        return newest is not None and newest > known_at
