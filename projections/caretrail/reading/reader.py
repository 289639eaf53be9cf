"""The reader: every question about episodes, answered by one class, through the one door of `reading.door`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime
from typing import TYPE_CHECKING

from caretrail.days import today_in
from caretrail.errors import UnknownEpisode
from caretrail.reading.answers import CensusRow, EligibilityRow, FindingRow, Worklist
from caretrail.reading.board import Board, Presence
from caretrail.reading.door import Door
from caretrail.reading.errors import AmbiguousEpisode
from caretrail.reading.questions.worklist import worklist_of
from caretrail.reading.scope import Scope, finding_row
from caretrail.recording.statements import load_sql

if TYPE_CHECKING:
    from caretrail.policy import Policy
    from caretrail.projection.shapes import EpisodeRows
    from caretrail.reading.episode_view import EpisodeView
    from caretrail.reading.questions.amendments import Amended, Times
    from caretrail.reading.questions.diff import Compared
    from caretrail.reading.questions.reviews import Reviews
    from caretrail.reading.questions.sheet import Sheet
    from caretrail.reading.questions.timeline import Order, TimelineRow
    from caretrail.reading.questions.why import Why


class Reader(Door):
    """Answers questions at an instant: `now` decides what "today" is, in each episode's own zone.

    `access` records whose record an answer shows, before anybody has it (see `caretrail.commands.access.AccessLog`);
    an answer that names no episode, and is of none, is not recorded.

    `as_of` is a civil day (default: today in each episode's zone). `known_at` is a log position (default: all that is
    recorded). After each answer `stands_on` says which part of the log it stands on. With `write` the reader of an
    embedded store brings the read models up to date itself. With a `policy` (see `caretrail.reading.what_if`) every
    episode is judged by that one, and nothing is written. Every question may raise StoreError; those about one episode
    raise UnknownEpisode.
    """

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

        about: list[str] = []

        def ask(board: Board) -> list[FindingRow]:
            about[:] = _about(board, scope)
            found = [
                finding_row(placed, scope.days(placed.zone)[1], board.citation(placed.finding))
                for placed in board.findings(scope)
            ]
            return sorted(found, key=_by_name)

        return self._read(ask, known_at, lambda rows: (*about, *_episodes(rows)), policy)

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

        about: list[str] = []

        def ask(board: Board) -> Worklist:
            about[:] = _about(board, scope)
            return worklist_of(board.work(scope), scope, board.citation, all_quiet=all_quiet, limit=limit)

        return self._read(ask, known_at, lambda work: (*about, *_episodes(work.rows)), policy)

    def census(
        self, as_of: date | None = None, *, program: str | None = None, known_at: int | None = None
    ) -> list[CensusRow]:
        """Episodes open on a day, by program and case number."""
        scope = Scope(self._now, as_of, program=program)

        def ask(board: Board) -> list[CensusRow]:
            rows = [_census_row(presence, scope) for presence in board.presences(scope)]
            return sorted(rows, key=lambda row: (row.program or "", row.episode))

        return self._read(ask, known_at, lambda rows: (row.episode for row in rows), census=True)

    def count_open(self, as_of: date | None = None, *, known_at: int | None = None) -> Counter[str | None]:
        """How many episodes are open on a day, by level: no more than that, so it is no access."""
        scope = Scope(self._now, as_of)
        return self._read(
            lambda board: Counter(presence.span.level for presence in board.presences(scope)), known_at, lambda _: ()
        )

    def beginning(self, prefix: str, most: int) -> list[str]:
        """Case numbers of open episodes that begin so, no more than `most`, in their order."""
        scope = Scope(self._now)

        def ask(board: Board) -> list[str]:
            names = (presence.episode for presence in board.presences(scope))
            return sorted(name for name in names if name.startswith(prefix))[:most]

        return self._read(ask, None, lambda names: names)

    def todays(self) -> list[date]:
        """Today's dates in the zones of the episodes there are: one, or two while a midnight passes between them."""
        state = self._state()
        if state is None:
            return []
        sql = load_sql("caretrail.reading", "queries.sql")["zones"]
        zones = [row[0] for row in self._recorder.database.query(sql, {"build": state.build})]
        return sorted({today_in(zone, self._now) for zone in zones})

    # --- which episode -----------------------------------------------------------------------------------------

    def resolve(self, prefix: str, known_at: int | None = None) -> str:
        """The case number that is meant: exactly this one, or the only one beginning so.

        What is asked about it then is recorded, this is not. Raises UnknownEpisode, or AmbiguousEpisode, which shows
        case numbers and is recorded.
        """

        def ask(board: Board) -> str | AmbiguousEpisode:
            if board.rows(prefix) is not None:
                return prefix
            matches = board.names(prefix=prefix) if prefix else []
            if not matches:
                raise UnknownEpisode
            return matches[0] if len(matches) == 1 else AmbiguousEpisode(matches)

        def shows(answer: str | AmbiguousEpisode) -> Iterable[str]:
            return () if isinstance(answer, str) else answer.matches

        answer = self._read(ask, known_at, shows)
        if isinstance(answer, AmbiguousEpisode):
            raise answer
        return answer

    def by_client(self, client: str, known_at: int | None = None) -> list[str]:
        """Case numbers of a client's episodes, in their order."""
        return self._read(lambda board: sorted(board.names(client=client)), known_at, lambda names: names)

    def in_program(self, program: str, start: date, end: date, known_at: int | None = None) -> list[str]:
        """Case numbers of the episodes a program had on any day from `start` to `end`, in their order.

        Like that of `resolve` the answer is not recorded: what is asked about them, or handed out of them, is.
        """
        scope = Scope(self._now, start=start, end=end, closed=True, program=program)
        return self._read(lambda board: sorted(set(board.in_program(scope))), known_at, lambda _: ())

    # --- one episode -------------------------------------------------------------------------------------------

    def eligibility(self, name: str, as_of: date | None = None, known_at: int | None = None) -> EligibilityRow:
        """Whether continued stay is supported on a day, on what that rests and how long it holds."""

        def ask(board: Board) -> EligibilityRow:
            rows = _required(board.rows(name))
            return eligibility_row(rows, as_of or today_in(rows.zone, self._now))

        return self._read_one(name, ask, known_at)

    def episode(self, name: str, known_at: int | None = None) -> EpisodeView:
        """One episode whole: its facts, and everything the rules say of it."""
        from caretrail.reading.episode_view import view_of

        return self._read_one(name, lambda _: view_of(self._recorder, name, known_at), known_at)

    def timeline(
        self, name: str, as_of: date | None = None, known_at: int | None = None, order: Order = "recorded"
    ) -> list[TimelineRow]:
        """Every fact with both times, its author, and what was corrected, added or struck."""
        from caretrail.reading.episode_view import view_of
        from caretrail.reading.questions.timeline import timeline_of

        def ask(_: Board) -> list[TimelineRow]:
            return timeline_of(view_of(self._recorder, name, known_at), as_of, order)

        return self._read_one(name, ask, known_at)

    def sheet(
        self, name: str, as_of: date | None = None, known_at: int | None = None, policy: Policy | None = None
    ) -> Sheet:
        """What an auditor asks of a date of service: plan, signers, review, determination, sessions, team, findings."""
        return self._read_one(name, lambda _: self._sheet(name, as_of, known_at, policy), known_at, policy)

    def sheets_of(
        self, client: str, as_of: date | None = None, known_at: int | None = None, policy: Policy | None = None
    ) -> list[Sheet]:
        """The sheets of all episodes of a client, by case number; none if there is no such client."""

        def ask(board: Board) -> list[Sheet]:
            return [self._sheet(name, as_of, known_at, policy) for name in sorted(board.names(client=client))]

        return self._read(ask, known_at, lambda sheets: [sheet.episode for sheet in sheets], policy)

    def _sheet(self, name: str, as_of: date | None, known_at: int | None, policy: Policy | None) -> Sheet:
        from caretrail.reading.episode_view import view_of
        from caretrail.reading.questions.sheet import sheet_of

        view = view_of(self._recorder, name, known_at, policy)
        return sheet_of(view, as_of or today_in(view.rows.zone, self._now), self._now)

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
        from caretrail.policy.own_rules import QUARANTINE_RULE
        from caretrail.reading.episode_view import view_of
        from caretrail.reading.questions.why import why_of, why_quarantined

        def ask(board: Board) -> Why:
            if rule.upper() == QUARANTINE_RULE:
                rows = _required(board.rows(name))
                return why_quarantined(rows, as_of, today_in(rows.zone, self._now))
            view = view_of(self._recorder, name, known_at, policy)
            return why_of(view, rule, as_of, today_in(view.rows.zone, self._now))

        return self._read_one(name, ask, known_at, policy)

    # --- for auditors ------------------------------------------------------------------------------------------

    def position_of(self, moment: datetime | int) -> int:
        """How far the log went at a moment; a position stands for itself, as far as there is so much."""
        if isinstance(moment, int):
            return min(moment, self._recorder.max_position())
        return self._recorder.position_at(moment)

    def diff(
        self,
        before: int,
        after: int,
        as_of: date | None = None,
        *,
        episode: str | None = None,
        program: str | None = None,
    ) -> Compared:
        """Which verdicts of the days up to one changed between two positions of the log, and which facts changed each.

        Raises UnknownEpisode if the one named is not known at `after`.
        """
        from caretrail.reading.questions.diff import compare

        def ask(_: Board) -> Compared:
            how = as_of, self._now
            return compare(
                self._recorder, before, after, *how, episode=episode, program=program, progress=self._progress
            )

        named = () if episode is None else (episode,)
        return self._read(ask, after, lambda found: (*named, *(change.episode for change in found.changes)))

    def reviews(
        self,
        as_of: date | None = None,
        *,
        start: date | None = None,
        end: date | None = None,
        program: str | None = None,
        clinician: str | None = None,
        known_at: int | None = None,
    ) -> Reviews:
        """The reviews due in a period, by program and who carried the case: on time, late or not done."""
        from caretrail.reading.questions.reviews import reviews_due

        def ask(board: Board) -> Reviews:
            which = {"program": program, "clinician": clinician}
            return reviews_due(board, self._recorder, self._now, as_of, start=start, end=end, **which)

        return self._read(ask, known_at, lambda found: (one.episode for rate in found.rates for one in rate.reviews))

    def amendments(
        self,
        as_of: date | None = None,
        *,
        start: date | None = None,
        end: date | None = None,
        by: Times = "recorded",
        author: str | None = None,
        program: str | None = None,
        known_at: int | None = None,
    ) -> Amended:
        """Late entries, corrections, addenda and voids of a period of recorded or of clinical days, by author."""
        from caretrail.reading.questions.amendments import Asked, amendments_of

        asked = Asked(start, end, by, as_of, author, program)
        upto = self._recorder.max_position() if known_at is None else known_at

        def ask(_: Board) -> Amended:
            return amendments_of(self._recorder, upto, asked, self._progress)

        return self._read(ask, upto, lambda found: (fact.episode for row in found.rows for fact in row.facts))


def _about(board: Board, scope: Scope) -> list[str]:
    """Episodes a list was asked for by name or client: that there is nothing to say of one says something of it."""
    if scope.episode is not None:
        return [scope.episode] if board.rows(scope.episode) is not None else []
    return board.names(client=scope.client) if scope.client is not None else []


def _episodes(rows: Iterable[FindingRow]) -> Iterable[str]:
    """The episodes that rows show; what is of a program shows none."""
    return (row.episode for row in rows if row.episode is not None)


def _by_name(row: FindingRow) -> tuple[bool, str, str, date, str, str]:
    """By episode, then what is of programs."""
    name = row.program or "" if row.episode is None else row.episode
    return row.episode is None, name, row.rule, row.start, row.subject, row.verdict


def _required(rows: EpisodeRows | None) -> EpisodeRows:
    if rows is None:
        raise UnknownEpisode
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
