"""The board a question looks at: the stored rows with what is newer laid over them, or the log up to a position.

Both give the same values, so every question is written once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple, Protocol
from uuid import UUID

from caretrail.aliases import Progress
from caretrail.days import day_of, day_or_none, end_or_none
from caretrail.findings import Finding
from caretrail.projection.placed import Placed
from caretrail.projection.schema import State, statements
from caretrail.projection.shapes import EpisodeRows, Span, UnderPolicy
from caretrail.projection.store import (
    finding_from,
    placed_of,
    read_citations,
    read_program_findings,
    read_rows,
    stream_of,
)
from caretrail.reading.scope import Scope, findings_of, findings_of_programs, wanted, work_on
from caretrail.recording.events import episode_stream

if TYPE_CHECKING:
    from caretrail.policy import Policy
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

    def findings(self, scope: Scope) -> Iterable[Placed]:
        """Findings that the scope asks for, in no order."""
        ...

    def work(self, scope: Scope) -> Iterable[Placed]:
        """What asks for something on the scope's day, in no order."""
        ...

    def citation(self, finding: Finding) -> str:
        """Where the rule of a finding is to be found in its document; empty for a rule of no pack."""
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
        self._under_policy: dict[UUID, Sequence[UnderPolicy]] = {}

    def findings(self, scope: Scope) -> Iterator[Placed]:
        """Findings that the scope asks for."""
        if scope.episode is not None:
            rows = self.rows(scope.episode)
            if rows is not None:
                yield from findings_of(rows, scope)
            return
        for rows in self._all(scope):
            yield from findings_of(rows, scope)
        yield from findings_of_programs(self._of_programs(scope), scope)

    def work(self, scope: Scope) -> Iterator[Placed]:
        """What asks for something on the scope's day."""
        for rows in self._all(scope):
            yield from work_on(rows.placed(), scope)
        yield from work_on(self._of_programs(scope), scope)

    def citation(self, finding: Finding) -> str:
        """Where the rule of a finding is to be found in its document."""
        return citation_of(finding, self._policy)

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
        done = 0
        for streams in self._pages(scope):
            for stream, rows in computed_rows(self._recorder, streams, self._position, self._policy).items():
                self._under_policy[stream] = rows.under_policy if rows is not None else ()
                if rows is not None:
                    yield rows
            done += len(streams)
            if self._progress is not None:
                self._progress(done, 0)

    def _pages(self, scope: Scope | None) -> Iterable[Sequence[UUID]]:  # noqa: ARG002  # a board may know better
        """Streams to fold, a page at a time: all of them."""
        from caretrail.projection.rebuild import log_streams

        return log_streams(self._recorder)

    def _of_programs(self, scope: Scope) -> Sequence[Placed]:
        """What all programs attest, or should, by the episodes seen."""
        from caretrail.projection.programs import placed_of_programs

        if not scope.asks_of_programs:
            return ()
        days = (item for found in self._under_policy.values() for item in found)
        return placed_of_programs(self._recorder, days, self._position, self._policy)


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
        self._sql = statements(QUERIES, "queries.sql")
        self._citations: dict[str, dict[str, str]] | None = None

    def findings(self, scope: Scope) -> Iterator[Placed]:
        """Findings that the scope asks for."""
        if scope.episode is not None:
            rows = self.rows(scope.episode)
            if rows is not None:
                yield from findings_of(rows, scope)
            return
        stored = (placed for rows in self._stored() for placed in findings_of(rows, scope))
        yield from stored if scope.all_verdicts else self._stored_findings(scope)
        for rows in self._overlay.values():
            if rows is not None:
                yield from findings_of(rows, scope)
        yield from findings_of_programs(self._of_programs(scope), scope)

    def work(self, scope: Scope) -> Iterator[Placed]:
        """What asks for something on the scope's day."""
        params = {**_reach(scope), **_filters(scope)}
        stored = map(placed_of, self._query("work", params))
        newer = (placed for rows in self._overlay.values() if rows is not None for placed in rows.placed())
        kept = (one for one in stored if one.episode is not None and not self._covered(one.stream))
        yield from work_on(chain(kept, newer, self._of_programs(scope)), scope)

    def citation(self, finding: Finding) -> str:
        """Where the rule of a finding is to be found in its document."""
        if self._citations is None:
            self._citations = read_citations(self._database, self._state.build) if self._state else {}
        stored = self._citations.get(finding.pack)
        return citation_of(finding) if stored is None else stored.get(finding.rule, "")

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
        return read_rows(self._database, self._state.build, stream, stream).get(stream)

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
        return self._database.query(self._sql[statement], {**params, "build": self._state.build})

    def _of_programs(self, scope: Scope) -> Sequence[Placed]:
        """What programs attest, or should: as stored, or worked out anew where something is newer than the rows."""
        if not scope.asks_of_programs:
            return ()
        build = self._state.build if self._state else None
        if self._overlay:
            from caretrail.projection.programs import days_with, moves_programs, placed_of_programs

            if build is None or moves_programs(self._database, build, self._overlay):
                days = days_with(self._database, build, self._overlay)
                return placed_of_programs(self._recorder, days, self._log_position)
        low, _, last = scope.reach()
        return read_program_findings(self._database, build, low, last) if build is not None else ()

    def _covered(self, stream: UUID | bytes) -> bool:
        return bool(self._overlay) and stream_of(stream) in self._overlay

    def _stored_findings(self, scope: Scope) -> Iterator[Placed]:
        statement = "findings_closed" if scope.closed else "findings"
        params = {**_reach(scope), **_filters(scope)}
        days: dict[str | None, tuple[date, date]] = {}
        for row in self._query(statement, params):
            zone = row[6]
            if zone not in days:
                days[zone] = scope.days(zone)
            placed = _placed(row, days[zone], closed=scope.closed)
            if placed is not None and wanted(placed, scope) and not self._covered(placed.stream):
                yield placed

    def _stored(self) -> Iterator[EpisodeRows]:
        """The rows of every episode that were not touched since."""
        if self._state is None:
            return
        page = statements()["episode_page"]
        after = UUID(int=0)
        while found := self._query_page(page, after):
            for stream, rows in read_rows(self._database, self._state.build, found[0], found[-1]).items():
                if stream not in self._overlay:
                    yield rows
            after = found[-1]

    def _query_page(self, sql: str, after: UUID) -> list[UUID]:
        build = self._state.build if self._state else 0
        rows = self._database.query(sql, {"build": build, "after": after, "limit": PAGE})
        return [stream_of(row[0]) for row in rows]


def _filters(scope: Scope) -> dict[str, object]:
    return {
        "program": scope.program, "clinician": scope.clinician, "client": scope.client, "verdict": scope.verdict
    }  # fmt: skip  # one line of filters


def _reach(scope: Scope) -> dict[str, object]:
    low, high, last = scope.reach()
    return {"low": low, "high": high, "last": last}


def _placed(row: Row, days: tuple[date, date], *, closed: bool) -> Placed | None:
    """A row of the findings query; None where the episode's own days, or the span, are others."""
    live_until, span_start, span_until, stream, episode, client, zone, program, level, clinician = row[:10]
    first, last = days
    finding = finding_from(row[10:])
    end = finding.end if closed else day_of(live_until)
    if finding.start > last or end <= first:
        return None
    begun = max(finding.start, first)
    if span_start is not None and not day_of(span_start) <= begun < day_of(span_until):
        return None
    return Placed(finding, stream_of(stream), episode, client, zone, program, level, clinician, begun, end, None)


def citation_of(finding: Finding, policy: Policy | None = None) -> str:
    """The citation of a finding as its pack gives it: a pack of the policy, else the one installed."""
    from caretrail.projection.packs import citations_of

    for pack in policy.versions if policy else ():
        if pack.name == finding.pack:
            return pack.rules[finding.rule].citation if finding.rule in pack.rules else ""
    return citations_of([finding.pack]).get(finding.pack, {}).get(finding.rule, "")


def computed_rows(
    recorder: EventRecorder, streams: Sequence[UUID], upto: int, by: Policy | None = None
) -> dict[UUID, EpisodeRows | None]:
    """Fold episodes from the log up to a position and work out their rows; None for what is no episode, or not yet.

    `by` judges them by another policy than those of their admissions.
    """
    from caretrail.projection.folded import FoldedEpisodes

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
