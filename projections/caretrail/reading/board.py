"""The board a question looks at: the stored rows with what is newer laid over them, or the log up to a position.

Both give the same values, so every question is written once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from uuid import UUID

from caretrail.aliases import Progress
from caretrail.days import day_of, day_or_none, end_or_none
from caretrail.projection.shapes import EpisodeRows, Piece, ProgramFlag, Span
from caretrail.projection.tables import PACKAGE, State, flag_of, read_program_flags, read_rows, stream_of
from caretrail.reading.scope import Hit, Scope, hits_of, pieces_of, program_hits, program_pieces, wanted
from caretrail.recording.events import episode_stream
from caretrail.recording.statements import load_sql

if TYPE_CHECKING:
    from caretrail.policy import Policy
    from caretrail.projection.programs import Governing
    from caretrail.recording.database import Row
    from caretrail.recording.recorder import EventRecorder

QUERIES = "caretrail.reading"
OPEN = frozenset({"open", "held", "quarantined"})
PAGE = 200


class Presence(NamedTuple):
    """An episode that is open on a day, and who has it."""

    episode: str
    client: str | None
    zone: str | None
    admitted_on: date | None
    span: Span


class Board(Protocol):
    """What a question may ask for."""

    def hits(self, scope: Scope) -> Iterable[Hit]:
        """Findings that the scope asks for, in no order."""
        ...

    def pieces(self, scope: Scope) -> Iterable[Piece]:
        """What asks for something on the scope's day, in no order."""
        ...

    def presences(self, scope: Scope) -> Iterable[Presence]:
        """Open episodes of the scope's day and program, in no order."""
        ...

    def in_program(self, scope: Scope) -> Iterable[str]:
        """Episodes that the scope's program had on one of its days, in no order; one may come twice."""
        ...

    def rows(self, episode: str) -> EpisodeRows | None:
        """Everything kept of one episode."""
        ...

    def episodes(self) -> Iterable[EpisodeRows]:
        """Everything kept of every episode, in no order."""
        ...

    def names(self, *, prefix: str | None = None, client: str | None = None) -> list[str]:
        """Case numbers by their beginning, or of one client."""
        ...


def presences_of(rows: EpisodeRows, scope: Scope) -> Iterator[Presence]:
    """The presence of one episode on the day a question asks for."""
    span = rows.span_on(scope.days(rows.zone)[1])
    if span is not None and span.status in OPEN and scope.program in (None, span.program):
        yield Presence(rows.episode, rows.client, rows.zone, rows.admitted_on, span)


def was_in_program(rows: EpisodeRows, scope: Scope) -> bool:
    """Whether the scope's program had an episode on one of its days."""
    first, last = scope.days(rows.zone)
    return any(
        span.program == scope.program and span.status in OPEN and span.start <= last and span.end > first
        for span in rows.spans
    )


def _named(rows: Iterable[EpisodeRows], prefix: str | None, client: str | None) -> list[str]:
    return [
        row.episode
        for row in rows
        if (prefix is None or row.episode.startswith(prefix)) and (client is None or row.client == client)
    ]


class KnownBoard:
    """The board as it was known at a position of the log: every episode is folded from the log up to there.

    With a policy every episode is judged by that, instead of the one of its admission.
    """

    def __init__(
        self,
        recorder: EventRecorder,
        position: int,
        progress: Progress | None = None,
        policy: Policy | None = None,
    ) -> None:
        self._recorder = recorder
        self._position = position
        self._progress = progress
        self._policy = policy
        self._governing: dict[UUID, list[Governing]] = {}

    def hits(self, scope: Scope) -> Iterator[Hit]:
        """Findings that the scope asks for."""
        if scope.episode is not None:
            rows = self.rows(scope.episode)
            if rows is not None:
                yield from hits_of(rows, scope)
            return
        for rows in self._all(scope):
            yield from hits_of(rows, scope)
        yield from program_hits(self._program_flags(scope), scope)

    def pieces(self, scope: Scope) -> Iterator[Piece]:
        """What asks for something on the scope's day."""
        for rows in self._all(scope):
            yield from pieces_of(rows, scope)
        yield from program_pieces(self._program_flags(scope), scope)

    def presences(self, scope: Scope) -> Iterator[Presence]:
        """Open episodes of the scope's day and program."""
        for rows in self._all(scope):
            yield from presences_of(rows, scope)

    def in_program(self, scope: Scope) -> Iterator[str]:
        """Episodes that the scope's program had on one of its days."""
        return (rows.episode for rows in self._all(scope) if was_in_program(rows, scope))

    def rows(self, episode: str) -> EpisodeRows | None:
        """Everything known of one episode."""
        stream = episode_stream(self._recorder.namespace, episode)
        return computed_rows(self._recorder, [stream], self._position, self._policy)[stream]

    def episodes(self) -> Iterator[EpisodeRows]:
        """Everything known of every episode."""
        return self._all()

    def names(self, *, prefix: str | None = None, client: str | None = None) -> list[str]:
        """Case numbers by their beginning, or of one client."""
        return _named(self._all(), prefix, client)

    def _all(self, scope: Scope | None = None) -> Iterator[EpisodeRows]:
        """Every episode, one after the other; what programs must attest follows once all have been seen."""
        from caretrail.projection.programs import governing

        done = 0
        for streams in self._pages(scope):
            for stream, rows in computed_rows(self._recorder, streams, self._position, self._policy).items():
                self._governing[stream] = list(governing(rows)) if rows is not None else []
                if rows is not None:
                    yield rows
            done += len(streams)
            if self._progress is not None:
                self._progress(done, 0)

    def _pages(self, scope: Scope | None) -> Iterable[Sequence[UUID]]:  # noqa: ARG002  # a board may know better
        """Streams to fold, a page at a time: all of them."""
        from caretrail.projection.rebuild import log_streams

        return log_streams(self._recorder)

    def _program_flags(self, scope: Scope) -> Sequence[ProgramFlag]:
        """What all programs attest, or should, by the episodes seen."""
        from caretrail.projection.programs import program_flags

        if not scope.asks_of_programs:
            return ()
        days = (item for found in self._governing.values() for item in found)
        return program_flags(self._recorder, days, self._position, self._policy)


class LiveBoard:
    """The stored rows, with the episodes that were touched since recomputed in memory and laid over them."""

    def __init__(
        self,
        recorder: EventRecorder,
        state: State | None,
        overlay: Mapping[UUID, EpisodeRows | None],
        log_position: int,
        *,
        stale: bool,
    ) -> None:
        self._recorder = recorder
        self._database = recorder.database
        self._state = state
        self._overlay = overlay
        self._log_position = log_position
        self._stale = stale
        self._sql = load_sql(QUERIES, "queries.sql")

    def hits(self, scope: Scope) -> Iterator[Hit]:
        """Findings that the scope asks for."""
        if scope.episode is not None:
            rows = self.rows(scope.episode)
            if rows is not None:
                yield from hits_of(rows, scope)
            return
        stored = (hit for rows in self._stored() for hit in hits_of(rows, scope))
        yield from stored if scope.all_verdicts else self._stored_hits(scope)
        for rows in self._overlay.values():
            if rows is not None:
                yield from hits_of(rows, scope)
        yield from program_hits(self._program_flags(scope), scope)

    def pieces(self, scope: Scope) -> Iterator[Piece]:
        """What asks for something on the scope's day; days stay as the database gives them."""
        text = self._database.dialect == "sqlite"
        days: dict[str | None, Any] = {}
        for row in self._query("work", {**_reach(scope), **_filters(scope)}):
            piece = Piece._make(row)
            day = days.get(piece.zone)
            if day is None:
                day = days[piece.zone] = _stored(scope.days(piece.zone)[1], text=text)
            if piece.first <= day < piece.end and wanted(piece, piece, scope) and not self._covered(piece.stream):
                yield piece
        for rows in self._overlay.values():
            if rows is not None:
                for piece in pieces_of(rows, scope):
                    yield Piece._make(_stored(value, text=text) for value in piece)
        for piece in program_pieces(self._program_flags(scope), scope):
            yield Piece._make(_stored(value, text=text) for value in piece)

    def presences(self, scope: Scope) -> Iterator[Presence]:
        """Open episodes of the scope's day and program."""
        for row in self._query("census", {**_reach(scope), "program": scope.program}):
            stream, episode, client, zone, program, level, clinician, start, until, status, admitted = row
            span = Span(day_of(start), end_or_none(until), program, level, clinician, status)
            if span.start <= scope.days(zone)[1] < span.end and not self._covered(stream):
                yield Presence(episode, client, zone, day_or_none(admitted), span)
        for rows in self._overlay.values():
            if rows is not None:
                yield from presences_of(rows, scope)

    def in_program(self, scope: Scope) -> Iterator[str]:
        """Episodes that the scope's program had on one of its days."""
        for row in self._query("census", {**_reach(scope), "program": scope.program}):
            first, last = scope.days(row[3])
            if day_of(row[7]) <= last and first < (end_or_none(row[8]) or date.max) and not self._covered(row[0]):
                yield row[1]
        yield from (rows.episode for rows in self._overlay.values() if rows is not None and was_in_program(rows, scope))

    def rows(self, episode: str) -> EpisodeRows | None:
        """Everything kept of one episode: always current, also where lists are not."""
        stream = episode_stream(self._recorder.namespace, episode)
        if stream in self._overlay:
            return self._overlay[stream]
        if self._stale or self._state is None:
            return computed_rows(self._recorder, [stream], self._log_position)[stream]
        return read_rows(self._database, self._state.generation, stream, stream).get(stream)

    def episodes(self) -> Iterator[EpisodeRows]:
        """Everything kept of every episode."""
        yield from self._stored()
        yield from filter(None, self._overlay.values())

    def names(self, *, prefix: str | None = None, client: str | None = None) -> list[str]:
        """Case numbers by their beginning, or of one client."""
        statement = "names_of_client" if prefix is None else "names_beginning"
        found = self._query(statement, {"client": client} if prefix is None else {"prefix": prefix})
        stored = [row[1] for row in found if not self._covered(row[0])]
        return stored + _named(filter(None, self._overlay.values()), prefix, client)

    def _query(self, statement: str, params: Mapping[str, object]) -> Sequence[Row]:
        if self._state is None:
            return []
        return self._database.query(self._sql[statement], {**params, "generation": self._state.generation})

    def _program_flags(self, scope: Scope) -> Sequence[ProgramFlag]:
        """What programs attest, or should: as stored, or worked out anew where something is newer than the rows."""
        if not scope.asks_of_programs:
            return ()
        generation = self._state.generation if self._state else None
        if self._overlay:
            from caretrail.projection.programs import governing_with, moves_programs, program_flags

            if generation is None or moves_programs(self._database, generation, self._overlay):
                days = governing_with(self._database, generation, self._overlay)
                return program_flags(self._recorder, days, self._log_position)
        low, _, last = scope.reach()
        return read_program_flags(self._database, generation, low, last) if generation is not None else ()

    def _covered(self, stream: UUID | bytes) -> bool:
        return bool(self._overlay) and stream_of(stream) in self._overlay

    def _stored_hits(self, scope: Scope) -> Iterator[Hit]:
        statement = "findings_closed" if scope.closed else "findings"
        params = {**_reach(scope), **_filters(scope)}
        days: dict[str | None, tuple[date, date]] = {}
        for row in self._query(statement, params):
            zone = row[6]
            if zone not in days:
                days[zone] = scope.days(zone)
            hit = _hit(row, days[zone], closed=scope.closed)
            if hit is not None and wanted(hit, hit.flag, scope) and not self._covered(hit.stream):
                yield hit

    def _stored(self) -> Iterator[EpisodeRows]:
        """The rows of every episode that were not touched since."""
        if self._state is None:
            return
        page = load_sql(PACKAGE, "statements.sql")["episode_page"]
        after = UUID(int=0)
        while found := self._query_page(page, after):
            for stream, rows in read_rows(self._database, self._state.generation, found[0], found[-1]).items():
                if stream not in self._overlay:
                    yield rows
            after = found[-1]

    def _query_page(self, sql: str, after: UUID) -> list[UUID]:
        generation = self._state.generation if self._state else 0
        rows = self._database.query(sql, {"generation": generation, "after": after, "limit": PAGE})
        return [stream_of(row[0]) for row in rows]


def _stored(value: Any, *, text: bool) -> Any:
    """A day as the database gives it."""
    return value.isoformat() if text and isinstance(value, date) else value


def _filters(scope: Scope) -> dict[str, object]:
    return {
        "program": scope.program, "clinician": scope.clinician, "client": scope.client, "verdict": scope.verdict
    }  # fmt: skip  # one line of filters


def _reach(scope: Scope) -> dict[str, object]:
    low, high, last = scope.reach()
    return {"low": low, "high": high, "last": last}


def _hit(row: Row, days: tuple[date, date], *, closed: bool) -> Hit | None:
    """A row of the findings query; None where the episode's own days, or the span, are others."""
    live_until, span_start, span_until = row[:3]
    first, last = days
    flag = flag_of(row[10:])
    if flag.start > last or (flag.end if closed else day_of(live_until)) <= first:
        return None
    if span_start is not None and not day_of(span_start) <= max(flag.start, first) < day_of(span_until):
        return None
    return Hit._make((*row[3:10], flag))


def computed_rows(
    recorder: EventRecorder, streams: Sequence[UUID], upto: int, by: Policy | None = None
) -> dict[UUID, EpisodeRows | None]:
    """Fold episodes from the log up to a position and work out their rows; None for what is no episode, or not yet.

    `by` judges them by another policy than those of their admissions.
    """
    from caretrail.projection.projector import FoldedEpisodes

    found: dict[UUID, EpisodeRows | None] = dict.fromkeys(streams)
    if by is not None:
        return found | _judged_by(recorder, streams, upto, by)
    for rows in FoldedEpisodes(recorder, cached_facts=0).compute(streams, upto):
        found[rows.stream] = rows
    return found


def _judged_by(
    recorder: EventRecorder, streams: Sequence[UUID], upto: int, by: Policy
) -> dict[UUID, EpisodeRows | None]:
    from caretrail.episode.episode import Episode
    from caretrail.projection.rows import computed

    recorded = recorder.select_streams(dict.fromkeys(streams, 0))
    known = {stream: [event for event in events if event.position <= upto] for stream, events in recorded.items()}
    return {stream: computed(Episode(stream), events, by) for stream, events in known.items() if events}
