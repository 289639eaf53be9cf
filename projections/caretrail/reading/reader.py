"""The reader: every question about episodes, answered by one class.

All reads of an episode go through `Reader._read`, and through nothing else: that is where a record of the access is
made before anything is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

from caretrail.errors import CaretrailError, StoreError, UnknownEpisode
from caretrail.projection.days import today_in
from caretrail.projection.tables import State, read_state, tables_exist
from caretrail.reading.answers import CensusRow, EligibilityRow, FindingRow, Standing, Worklist
from caretrail.reading.board import Board, KnownBoard, LiveBoard, Presence, Progress, computed_rows
from caretrail.reading.errors import AmbiguousEpisode
from caretrail.reading.scope import Scope, finding_row
from caretrail.reading.worklist import worklist_of
from caretrail.recording.statements import load_sql

if TYPE_CHECKING:
    from caretrail.policy import Policy
    from caretrail.projection.shapes import EpisodeRows
    from caretrail.reading.sheet import Sheet
    from caretrail.reading.timeline import Order, TimelineRow
    from caretrail.reading.view import EpisodeView
    from caretrail.reading.why import Why
    from caretrail.recording.recorder import EventRecorder

T = TypeVar("T")

OVERLAY_FACTS = 5000
"""As many facts behind, a read still recomputes what was touched; beyond, it answers at the projected position."""

ATTEMPTS = 10

Access = Callable[[list[str]], None]
"""Called with the case numbers an answer shows, before it is handed out; what it raises, the asker gets instead."""


class Reader:
    """Answers questions at an instant: `now` decides what "today" is, in each episode's own zone.

    `as_of` is a civil day (default: today in each episode's zone). `known_at` is a log position (default: all that is
    recorded). After each answer `stands_on` says which part of the log it stands on. With `write` the reader of an
    embedded store brings the read models up to date itself. With a `policy` (see `caretrail.reading.what_if`) every
    episode is judged by that one, and nothing is written. Every question may raise StoreError; those about one episode
    raise UnknownEpisode.
    """

    def __init__(
        self,
        recorder: EventRecorder,
        now: datetime,
        *,
        progress: Progress | None = None,
        access: Access | None = None,
        write: bool = True,
    ) -> None:
        self._recorder = recorder
        self._now = now
        self._progress = progress
        self._access = access
        self._may_write = write and recorder.database.dialect == "sqlite"
        self._standing: Standing | None = None
        self._overlaid: tuple[int, int, Mapping[UUID, EpisodeRows | None]] | None = None

    @property
    def stands_on(self) -> Standing:
        """What the last answer stands on; before any, where the projection stands."""
        if self._standing is None:
            state = self._state() or State(0, 0)
            return Standing(state.position, self._recorder.max_position(), stale=False)
        return self._standing

    # --- lists -------------------------------------------------------------------------------------------------

    def findings(
        self,
        as_of: date | None = None,
        *,
        start: date | None = None,
        end: date | None = None,
        closed: bool = False,
        all_verdicts: bool = False,
        program: str | None = None,
        clinician: str | None = None,
        rule: str | None = None,
        verdict: str | None = None,
        due_within: int | None = None,
        episode: str | None = None,
        client: str | None = None,
        known_at: int | None = None,
        policy: Policy | None = None,
    ) -> list[FindingRow]:
        """Everything in force on a day, or on any day from `start` to `end`: every verdict but met and not_applicable.

        `closed` adds episodes that ended before, `all_verdicts` adds met and not_applicable. `clinician` means who
        carries the case or owns the finding; `rule` may leave out the pack's prefix; `due_within` counts days. What
        programs must attest comes last, while they have an open episode; filters of a case leave it out.
        """
        scope = Scope(
            self._now, as_of, start, end, closed, all_verdicts or verdict in ("met", "not_applicable"), program,
            clinician, rule, verdict, due_within, episode, client,
        )  # fmt: skip  # in the order of the fields

        def ask(board: Board) -> list[FindingRow]:
            found = [finding_row(hit, scope.days(hit.zone)[1]) for hit in board.hits(scope)]
            return sorted(found, key=_by_name)

        return self._read(ask, known_at, _episodes, policy)

    def worklist(
        self,
        as_of: date | None = None,
        *,
        all_quiet: bool = False,
        limit: int | None = None,
        program: str | None = None,
        clinician: str | None = None,
        rule: str | None = None,
        verdict: str | None = None,
        due_within: int | None = None,
        episode: str | None = None,
        client: str | None = None,
        known_at: int | None = None,
        policy: Policy | None = None,
    ) -> Worklist:
        """What is to be done on a day, one row per episode and rule, most pressing first.

        What a program must attest is a row of the program's. `all_quiet` adds what is quiet: explained findings, and
        the first short week. `limit` bounds the rows worded
        (`total` counts all): a screen of fifty costs less than ten thousand.
        """
        scope = Scope(
            self._now, as_of, None, None, False, False, program,
            clinician, rule, verdict, due_within, episode, client,
        )  # fmt: skip  # in the order of the fields

        def ask(board: Board) -> Worklist:
            return worklist_of(board.pieces(scope), scope, all_quiet=all_quiet, limit=limit)

        return self._read(ask, known_at, lambda work: _episodes(work.rows), policy)

    def census(
        self, as_of: date | None = None, *, program: str | None = None, known_at: int | None = None
    ) -> list[CensusRow]:
        """Episodes open on a day, by program and case number."""
        scope = Scope(self._now, as_of, program=program)

        def ask(board: Board) -> list[CensusRow]:
            rows = [_census_row(presence, scope) for presence in board.presences(scope)]
            return sorted(rows, key=lambda row: (row.program or "", row.episode))

        return self._read(ask, known_at, lambda rows: (row.episode for row in rows))

    def todays(self) -> list[date]:
        """Today's dates in the zones of the episodes there are: one, or two while a midnight passes between them."""
        state = self._state()
        if state is None:
            return []
        sql = load_sql("caretrail.reading", "queries.sql")["zones"]
        zones = [row[0] for row in self._recorder.database.query(sql, {"generation": state.generation})]
        return sorted({today_in(zone, self._now) for zone in zones})

    # --- which episode -----------------------------------------------------------------------------------------

    def resolve(self, prefix: str, known_at: int | None = None) -> str:
        """The case number that is meant: exactly this one, or the only one beginning so.

        Raises UnknownEpisode or AmbiguousEpisode.
        """

        def ask(board: Board) -> str:
            if board.rows(prefix) is not None:
                return prefix
            matches = board.names(prefix=prefix) if prefix else []
            if not matches:
                raise _unknown()
            if len(matches) > 1:
                raise AmbiguousEpisode(matches)
            return matches[0]

        return self._read(ask, known_at, lambda _: ())

    def by_client(self, client: str, known_at: int | None = None) -> list[str]:
        """Case numbers of a client's episodes, in their order."""
        return self._read(lambda board: sorted(board.names(client=client)), known_at, lambda names: names)

    # --- one episode -------------------------------------------------------------------------------------------

    def eligibility(self, name: str, as_of: date | None = None, known_at: int | None = None) -> EligibilityRow:
        """Whether continued stay is supported on a day, on what that rests and how long it holds."""

        def ask(board: Board) -> EligibilityRow:
            rows = _required(board.rows(name))
            return eligibility_row(rows, as_of or today_in(rows.zone, self._now))

        return self._read(ask, known_at, lambda row: (row.episode,))

    def episode(self, name: str, known_at: int | None = None) -> EpisodeView:
        """One episode whole: its facts, and everything the rules say of it."""
        from caretrail.reading.view import view_of

        return self._read(lambda _: view_of(self._recorder, name, known_at), known_at, lambda _: (name,))

    def timeline(
        self, name: str, as_of: date | None = None, known_at: int | None = None, order: Order = "recorded"
    ) -> list[TimelineRow]:
        """Every fact with both times, its author, and what was corrected, added or struck."""
        from caretrail.reading.timeline import timeline_of
        from caretrail.reading.view import view_of

        def ask(_: Board) -> list[TimelineRow]:
            return timeline_of(view_of(self._recorder, name, known_at), as_of, order)

        return self._read(ask, known_at, lambda _: (name,))

    def sheet(
        self, name: str, as_of: date | None = None, known_at: int | None = None, policy: Policy | None = None
    ) -> Sheet:
        """What an auditor asks of a date of service: plan, signers, review, determination, sessions, team, findings."""
        from caretrail.reading.sheet import sheet_of
        from caretrail.reading.view import view_of

        def ask(_: Board) -> Sheet:
            view = view_of(self._recorder, name, known_at, policy)
            return sheet_of(view, as_of or today_in(view.rows.zone, self._now), self._now)

        return self._read(ask, known_at, lambda _: (name,), policy)

    def why(
        self,
        name: str,
        rule: str,
        as_of: date | None = None,
        known_at: int | None = None,
        policy: Policy | None = None,
    ) -> Why:
        """What one rule says of an episode on a day, what that rests on, and what it would say if read otherwise.

        Raises UnknownRule.
        """
        from caretrail.projection.rows import QUARANTINE_RULE
        from caretrail.reading.view import view_of
        from caretrail.reading.why import why_of, why_quarantined

        def ask(board: Board) -> Why:
            if rule.upper() == QUARANTINE_RULE:
                rows = _required(board.rows(name))
                return why_quarantined(rows, as_of, today_in(rows.zone, self._now))
            view = view_of(self._recorder, name, known_at, policy)
            return why_of(view, rule, as_of, today_in(view.rows.zone, self._now))

        return self._read(ask, known_at, lambda _: (name,), policy)

    # --- the one door ------------------------------------------------------------------------------------------

    def _read(
        self,
        ask: Callable[[Board], T],
        known_at: int | None,
        shows: Callable[[T], Iterable[str]],
        policy: Policy | None = None,
    ) -> T:
        """Ask a board, report whose record the answer shows, and only then hand it out."""
        if known_at is not None:
            answer = ask(KnownBoard(self._recorder, known_at, self._progress, policy))
            self._standing = Standing(known_at, self._recorder.max_position(), stale=False)
        elif policy is not None:
            answer = self._what_if(ask, policy)
        else:
            answer = self._current(ask)
        if self._access is not None:
            self._access(sorted(set(shows(answer))))
        return answer

    def _current(self, ask: Callable[[Board], T]) -> T:
        """Ask the live board; again if the projection moved meanwhile, so that no answer mixes two positions."""
        self._write_if_possible()
        attempts = ATTEMPTS
        while True:
            attempts -= 1
            state = self._state()
            position, log_position = state.position if state else 0, self._recorder.max_position()
            stale = log_position - position > OVERLAY_FACTS
            overlay = self._overlay(position, position if stale else log_position)
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
            near = state is not None and log_position - state.position <= OVERLAY_FACTS
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
            if state is not None and state.position == self._recorder.max_position():
                return
            from caretrail.projection.projector import catch_up

            catch_up(self._recorder, progress=self._progress)
        except StoreError:
            return

    def _state(self) -> State | None:
        """Where the projection stands; None where its tables were never made."""
        database = self._recorder.database
        try:
            return read_state(database)
        except CaretrailError:
            if tables_exist(database):
                raise
            return None

    def _overlay(self, position: int, log_position: int) -> Mapping[UUID, EpisodeRows | None]:
        """Episodes touched after the projected position, recomputed in memory; remembered until either moves."""
        if position >= log_position:
            return {}
        if self._overlaid is None or self._overlaid[:2] != (position, log_position):
            events = self._recorder.read_log(position, log_position, log_position - position)
            streams = list(dict.fromkeys(event.originator_id for event in events))
            self._overlaid = position, log_position, computed_rows(self._recorder, streams, log_position)
        return self._overlaid[2]


def _episodes(rows: Iterable[FindingRow]) -> Iterable[str]:
    """The episodes that rows show; what is of a program shows none."""
    return (row.episode for row in rows if row.episode is not None)


def _by_name(row: FindingRow) -> tuple[bool, str, str, date, str, str]:
    """By episode, then what is of programs."""
    name = row.program or "" if row.episode is None else row.episode
    return row.episode is None, name, row.rule, row.start, row.subject, row.verdict


def _unknown() -> UnknownEpisode:
    return UnknownEpisode("no episode of that number is recorded", "see 'caretrail census' for the episodes there are")


def _required(rows: EpisodeRows | None) -> EpisodeRows:
    if rows is None:
        raise _unknown()
    return rows


def eligibility_row(rows: EpisodeRows, day: date) -> EligibilityRow:
    """What is said of continued stay on a day; before the admission it is not applicable."""
    for span in rows.eligibility:
        if span.start <= day < span.end:
            return EligibilityRow(rows.episode, day, *span[2:])
    return EligibilityRow(rows.episode, day, "not_applicable", "none", None, ("not admitted on that day",), ())


def _census_row(presence: Presence, scope: Scope) -> CensusRow:
    span, admitted = presence.span, presence.admitted_on
    day = scope.days(presence.zone)[1]
    days = (day - admitted).days if admitted is not None and admitted <= day else None
    return CensusRow(
        presence.episode, presence.client, span.program, span.level, span.clinician, admitted, days, span.status
    )
