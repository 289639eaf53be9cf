"""The reader: answers a question, records the access, and only then returns the answer."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from random import SystemRandom
from typing import TYPE_CHECKING, Any, TypeVar

from caretrail.aliases import Progress
from caretrail.errors import CaretrailError, RowsDiffer, StaleReadModel, StoreError, StoreUnreachable, UnknownName
from caretrail.log.clock import ClockBehind
from caretrail.log.records import StoodOn
from caretrail.log.resume import ResumeToken, require_continued
from caretrail.reading.answers import Answer, Standing
from caretrail.reading.gate import Access, Gate, attempt_recorded, recorded_before
from caretrail.reading.names import named_by, require_known
from caretrail.reading.query import Query
from caretrail.reading.question import OneEpisode, PartedQuestion, Question
from caretrail.reading.snapshot import Snapshot, WhatIfSnapshot, position_of, stored_zones
from caretrail.reading.stored import KnownSnapshot, StoredSnapshot
from caretrail.readmodel.pack_files import INSTALLED, PackFiles, times_forgotten
from caretrail.tokens import ClockState

if TYPE_CHECKING:
    from random import Random

    from caretrail.log.recorder import EventRecorder

T = TypeVar("T")

ATTEMPTS = 5
"""A question is asked at most so often because a rebuild emptied the rows it was reading."""


class Reader:
    """Answers questions at an instant: `now` decides which day is today, in the zone of each episode.

    `access` records the episodes an answer shows, before the caller gets it (see `caretrail.commands.access`); an
    answer that shows none is not recorded. `progress` follows a long answer. With `write` the reader first brings the
    read models of an embedded store up to date, if that is quick. It follows the files of `packs`: within seconds of a
    change a question is answered by the new ones, and rows that others judged answer none. `chance` draws the episodes
    by which the rows of a list are checked; by default nobody can foresee them.
    """

    def __init__(
        self,
        recorder: EventRecorder,
        now: datetime,
        *,
        access: Access,
        progress: Progress | None = None,
        write: bool = True,
        packs: PackFiles = INSTALLED,
        chance: Random | None = None,
    ) -> None:
        self._recorder = recorder
        self._now = now
        self._progress = progress
        self._access = access
        self._packs = packs
        self._chance = chance or SystemRandom()
        self._gate = Gate(recorder, now, progress, write=write)
        self._clock: ClockState = "unchecked"
        self._settled = True

    def ask(self, question: Question[T]) -> Answer[T]:
        """Answer a question after its access is recorded.

        Raises UnknownName; ClockBehind for an answer for today, if the log says that the clock is wrong; StaleReadModel
        for a list whose rows are too far behind; AccessNotRecorded and other StoreErrors. An error about an episode
        that exists is recorded as an access, too.
        """
        self._made_current(question)
        with self._failures_recorded(question):
            answer, shown = self._whole_answer(question)
        return self._recorded(question, answer, shown)

    def parts(self, question: PartedQuestion[T]) -> Iterator[Answer[T]]:
        """The parts of a long answer, each after its access is recorded; raises as `ask`, also between two parts."""
        self._made_current(question)
        with self._failures_recorded(question):
            snapshot = self._recorder.database.at_once(lambda: self._snapshot(question))
            require_known(question.filters, snapshot)
            named = named_by(question.filters, snapshot)
            snapshot.count_zones(stored_zones(self._recorder, self._gate.state()))
        parts = question.parts(snapshot)
        read = times_forgotten()
        while True:
            with self._failures_recorded(question):
                value = next(parts, None)
                if read != times_forgotten():
                    raise StoreError("packs have changed while the answer was given: its parts are of two", "ask again")
            if value is None:
                return
            answer = Answer(value, self._standing(question.query, snapshot))
            yield self._recorded(question, answer, [*named, *question.shows(value)])

    def _made_current(self, question: Question[Any]) -> None:
        query = question.query
        self._clock, reading = self._recorder.clock_state()
        if self._clock == "behind" and question.needs_day and query.last_day is None:
            raise ClockBehind.of_today(self._recorder.store, reading)
        settled = [self._recorder.is_settled(moment) for moment in question.moments()]  # each is waited for
        self._settled = all(settled)
        self._packs.follow()
        if query.known_at is None and query.policy is None:
            self._gate.catch_up()
        self._gate.await_rows(query)

    @contextmanager
    def _failures_recorded(self, question: Question[T]) -> Generator[None]:
        """Record an error about episodes that exist as an access to them, and asking for others as an attempt."""
        try:
            yield
        except (StoreUnreachable, StaleReadModel):
            raise
        except CaretrailError as error:
            if isinstance(error, UnknownName) and error.kind in ("episode", "client"):
                attempt_recorded(self._access, question.numbers(), required=question.needs_record)
            if not (isinstance(error, UnknownName) and error.kind == "episode"):
                recorded_before(self._access, error.reveals or question.about(), required=True)
            raise

    def _recorded(self, question: Question[T], answer: Answer[T], shown: Iterable[str | None]) -> Answer[T]:
        """The answer, once its access is recorded."""
        stood = answer.standing
        stood_on = StoodOn(stood.position, stood.as_of, stood.known_at, stood.build)
        recorded = recorded_before(self._access, shown, stood_on, required=question.needs_record)
        return replace(answer, standing=replace(stood, recorded=recorded))

    def _whole_answer(self, question: Question[T]) -> tuple[Answer[T], list[str | None]]:
        """Answer from one state of the database; again if rows were emptied meanwhile, or packs read again."""
        for _ in range(ATTEMPTS):
            read = times_forgotten()
            try:
                found = self._recorder.database.at_once(lambda: self._answered(question))
            except RowsDiffer:  # by packs that another thread has read meanwhile, or indeed
                if read == times_forgotten():
                    raise
                continue
            if found is not None and read == times_forgotten():
                return found
        raise StoreError(f"{self._recorder.store}: the read models are replaced again and again", "ask again")

    def _answered(self, question: Question[T]) -> tuple[Answer[T], list[str | None]] | None:
        """An answer, and the episodes that it shows; None if it may miss rows."""
        snapshot = self._snapshot(question)
        require_known(question.filters, snapshot)
        value = question.answer(snapshot)
        shown = [*named_by(question.filters, snapshot), *question.shows(value)]
        if not snapshot.intact():  # from here on no table can be emptied any more
            return None
        if question.is_sampled:
            snapshot.require_right(question.filters, self._chance)
        return Answer(value, self._standing(question.query, snapshot)), shown

    def _snapshot(self, question: Question[T]) -> Snapshot:
        recorder, now, progress = self._recorder, self._now, self._progress
        query, filters = question.query, question.filters
        newest = recorder.max_position()
        if query.least > newest:
            missing = query.least - newest
            raise StaleReadModel(
                f"{recorder.store}: the log ends at @{newest}, before @{query.least}",
                "ask the primary, or ask again once this server has caught up", missing, 0,
            )  # fmt: skip  # two lines
        if not isinstance(query.at_least, int):
            token = ResumeToken(query.least, bytes.fromhex(query.at_least.leaf))
            require_continued(recorder, token, recorder.read_log(token.position - 1, limit=1))
        if query.known_at is not None:
            known = position_of(recorder, query.known_at)
            listing = query.policy is None and not isinstance(question, OneEpisode)
            near = self._gate.rows_near(known) if listing else None
            if near is None:
                return Snapshot(recorder, now, known, progress, query.policy, self._gate.state())
            return KnownSnapshot(recorder, now, known, progress, self._gate, query, filters, near)
        if query.policy is None:
            return StoredSnapshot(recorder, now, newest, progress, self._gate, query, filters)
        return WhatIfSnapshot(recorder, now, newest, progress, query.policy, self._gate.near_state())

    def _standing(self, query: Query, snapshot: Snapshot) -> Standing:
        past = query.known_at is not None
        return Standing(
            as_of=snapshot.todays() if query.last_day is None else (query.last_day,),
            known_at=snapshot.position if past else None,
            position=snapshot.holds,
            newest=self._recorder.max_position() if past else snapshot.position,
            behind=snapshot.behind,
            stale=snapshot.stale,
            checked=snapshot.checked,
            clock=self._clock,
            settled=self._settled,
            unrecorded_packs=snapshot.unrecorded_packs() if past else (),
            build=snapshot.build,
        )
