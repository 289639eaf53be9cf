"""The store as it is: the stored rows, with the episodes that were touched since recomputed and laid over them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime
from itertools import chain
from typing import TYPE_CHECKING
from uuid import UUID

from caretrail.aliases import Progress
from caretrail.days import day_of, day_or_none, end_or_none
from caretrail.findings import Finding
from caretrail.log.records import episode_stream
from caretrail.reading.answers import CURRENT, Behind
from caretrail.reading.gate import Gate, Reach
from caretrail.reading.query import Query, Selection
from caretrail.reading.snapshot import (
    PAGE,
    QUERIES,
    Presence,
    Snapshot,
    citation_of,
    findings_of,
    findings_of_programs,
    named,
    names_in,
    presences_of,
    stored_zones,
    was_in_program,
    work_on,
)
from caretrail.readmodel.placed import Placed
from caretrail.readmodel.rows import EpisodeRows, Span
from caretrail.readmodel.schema import statements
from caretrail.readmodel.store import (
    findings_from,
    placed_from,
    read_citations,
    read_program_findings,
    read_rows,
    stream_of,
)

if TYPE_CHECKING:
    from caretrail.log.database import Row
    from caretrail.log.recorder import EventRecorder


class StoredSnapshot(Snapshot):
    """The stored rows with what is newer laid over them; what is asked of one episode is always current.

    How far lists reach is found out when the first one is asked for: that may raise StaleReadModel.
    """

    def __init__(
        self, recorder: EventRecorder, now: datetime, position: int, progress: Progress | None, gate: Gate, query: Query
    ) -> None:
        super().__init__(recorder, now, position, progress)
        self._database = recorder.database
        self._sql = statements(QUERIES, "queries.sql")
        self._citations: dict[str, dict[str, str]] | None = None
        self._gate = gate
        self._query = query
        self._state = gate.state()
        self._reached: Reach | None = None

    # --- what it rests on -------------------------------------------------------------------------------------------

    @property
    def holds(self) -> int:
        """The position up to which the log is in what was answered."""
        return self.position if self._reached is None else self._reached.position

    @property
    def behind(self) -> Behind:
        """How far the rows of a list are behind the log."""
        return CURRENT if self._reached is None else self._reached.behind

    @property
    def stale(self) -> bool:
        """Whether a list rests on rows further behind than an answer may be."""
        return self._reached is not None and self._reached.stale

    def unmoved(self) -> bool:
        """Whether the rows are where they were."""
        return self._state == self._gate.state()

    @property
    def _overlay(self) -> Mapping[UUID, EpisodeRows | None]:
        if self._reached is None:
            self._reached = self._gate.reach(self._state, self.position, self._query)
        return self._reached.overlay

    @property
    def _newer(self) -> Iterator[EpisodeRows]:
        return filter(None, self._overlay.values())

    def _covered(self, stream: UUID | bytes) -> bool:
        return bool(self._overlay) and stream_of(stream) in self._overlay

    def _select(self, statement: str, params: Mapping[str, object]) -> Sequence[Row]:
        if self._state is None:
            return []
        return self._database.query(self._sql[statement], {**params, "build": self._state.build})

    # --- lists ------------------------------------------------------------------------------------------------------

    def findings(self, selection: Selection) -> Iterator[Placed]:
        """Findings that are asked for."""
        if selection.filters.episodes:
            for rows in filter(None, map(self.rows, sorted(selection.filters.episodes))):
                yield from findings_of(rows, selection)
            return
        newer = list(self._newer)
        stored = (placed for rows in self._stored() for placed in findings_of(rows, selection))
        yield from stored if selection.all_verdicts else self._stored_findings(selection)
        for rows in newer:
            yield from findings_of(rows, selection)
        yield from findings_of_programs(self._of_programs(selection), selection)

    def work(self, selection: Selection) -> Iterator[Placed]:
        """What asks for something on the day asked for."""
        newer = (placed for rows in list(self._newer) for placed in rows.placed())
        stored = placed_from(self._select("work", {**_reach(selection), **_filters(selection)}))
        kept = (one for one in stored if one.episode is not None and not self._covered(one.stream))
        yield from work_on(chain(kept, newer, self._of_programs(selection)), selection)

    def citation(self, finding: Finding) -> str:
        """Where the rule of a finding is to be found in its document."""
        if self._citations is None:
            self._citations = read_citations(self._database, self._state.build) if self._state else {}
        stored = self._citations.get(finding.pack)
        return citation_of(finding) if stored is None else stored.get(finding.rule, "")

    def open_on(self, selection: Selection) -> Iterator[Presence]:
        """Open episodes of the day asked for."""
        newer = list(self._newer)
        for row in self._select("census", {**_reach(selection), "program": _only(selection.filters.programs)}):
            stream, episode, client, zone, program, level, clinician, start, until, status, admitted = row
            span = Span(day_of(start), end_or_none(until), program, level, clinician, status)
            presence = Presence(episode, client, zone, day_or_none(admitted), span)
            if (
                span.start <= selection.days(zone)[1] < span.end
                and selection.is_of(presence)
                and not self._covered(stream)
            ):
                yield presence
        for rows in newer:
            yield from presences_of(rows, selection)

    def in_program(self, selection: Selection) -> Iterator[str]:
        """Episodes that a program had on one of the days asked for."""
        newer = list(self._newer)
        for row in self._select("census", {**_reach(selection), "program": _only(selection.filters.programs)}):
            first, last = selection.days(row[3])
            if day_of(row[7]) <= last and first < (end_or_none(row[8]) or date.max) and not self._covered(row[0]):
                yield row[1]
        yield from (rows.episode for rows in newer if was_in_program(rows, selection))

    def episodes(self) -> Iterator[EpisodeRows]:
        """Everything kept of every episode."""
        yield from self._stored()
        yield from self._newer

    def names(self, *, prefix: str | None = None, client: str | None = None) -> list[str]:
        """Case numbers by their beginning, or of one client."""
        newer = named(self._newer, prefix, client)
        statement = "names_of_client" if prefix is None else "names_beginning"
        found = self._select(statement, {"client": client} if prefix is None else {"prefix": prefix})
        return [row[1] for row in found if not self._covered(row[0])] + newer

    # --- one episode, and names -------------------------------------------------------------------------------------

    def _rows(self, episode: str) -> EpisodeRows | None:
        """Everything kept of one episode, as stored if nothing is newer: whatever is to be said of lists."""
        stream = episode_stream(self.recorder.namespace, episode)
        newest = self.recorder.select_events(stream, desc=True, limit=1)
        if not newest:
            return None
        if self._state is not None:
            stored = read_rows(self._database, self._state.build, stream, stream).get(stream)
            if stored is not None and stored.version == newest[0].originator_version:
                return stored
        from caretrail.reading.episode_view import computed_rows  # here: with the events come their models

        return computed_rows(self.recorder, [stream], self.position)[stream]

    def zones(self) -> Iterable[str | None]:
        """The time zones of all episodes that have rows."""
        return stored_zones(self.recorder, self._state)

    def has(self, kind: str, name: str) -> bool:
        """Whether rows have this program, clinician or client, or a finding of this rule."""
        return bool(self._select(f"has_{kind}", {"name": name}))

    def known(self, kind: str) -> set[str]:
        """Programs or people that episodes have."""
        stored = {row[0] for row in self._select("programs" if kind == "program" else "people", {})}
        return stored | {name for rows in self._newer for name in names_in(rows, kind)}

    # --- reading the rows -------------------------------------------------------------------------------------------

    def _of_programs(self, selection: Selection) -> Sequence[Placed]:
        """What programs attest, or should: as stored, or worked out anew where something is newer than the rows."""
        if not selection.asks_of_programs:
            return ()
        build = self._state.build if self._state else None
        if self._overlay:
            from caretrail.readmodel.programs import days_with, moves_programs, placed_of_programs

            if build is None or moves_programs(self._database, build, self._overlay):
                days = days_with(self._database, build, self._overlay)
                return placed_of_programs(self.recorder, days, self.position)
        low, _, last = selection.reach()
        return read_program_findings(self._database, build, low, last) if build is not None else ()

    def _stored_findings(self, selection: Selection) -> Iterator[Placed]:
        closed = selection.filters.closed
        days: dict[str | None, tuple[date, date]] = {}
        rows = self._select("findings_closed" if closed else "findings", {**_reach(selection), **_filters(selection)})
        for row, finding in zip(rows, findings_from(rows, _BEFORE), strict=True):
            zone = row[6]
            if zone not in days:
                days[zone] = selection.days(zone)
            placed = _placed(row, finding, days[zone], closed=closed)
            if placed is not None and selection.wants(placed) and not self._covered(placed.stream):
                yield placed

    def _stored(self) -> Iterator[EpisodeRows]:
        """The rows of every episode that were not touched since."""
        overlay = self._overlay
        if self._state is None:
            return
        page = statements()["episode_page"]
        after = UUID(int=0)
        params = {"build": self._state.build, "limit": PAGE}
        while found := [stream_of(row[0]) for row in self._database.query(page, {**params, "after": after})]:
            for stream, rows in read_rows(self._database, self._state.build, found[0], found[-1]).items():
                if stream not in overlay:
                    yield rows
            after = found[-1]


def _only(names: AbstractSet[str]) -> str | None:
    """What the database can filter by: one name. Of several it gives all, and they are picked here."""
    return next(iter(names)) if len(names) == 1 else None


def _filters(selection: Selection) -> dict[str, object]:
    asked = selection.filters
    return {
        "program": _only(asked.programs),
        "clinician": _only(asked.clinicians),
        "client": _only(asked.clients),
        "verdict": _only(asked.verdicts),
    }


def _reach(selection: Selection) -> dict[str, object]:
    low, high, last = selection.reach()
    return {"low": low, "high": high, "last": last}


_BEFORE = 10
"""Columns of the findings query before those of the finding."""


def _placed(row: Row, finding: Finding, days: tuple[date, date], *, closed: bool) -> Placed | None:
    """A row of the findings query; None where the episode's own days, or the span, are others."""
    live_until, span_start, span_until, stream, episode, client, zone, program, level, clinician = row[:_BEFORE]
    first, last = days
    end = finding.end if closed else day_of(live_until)
    if finding.start > last or end <= first:
        return None
    begun = max(finding.start, first)
    if span_start is not None and not day_of(span_start) <= begun < day_of(span_until):
        return None
    return Placed(finding, stream_of(stream), episode, client, zone, program, level, clinician, begun, end, None)
