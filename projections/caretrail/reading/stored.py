"""The current store: stored rows, overlaid with the episodes that have newer events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING
from uuid import UUID

from caretrail.aliases import Progress
from caretrail.days import day_of, day_or_none, end_or_none
from caretrail.findings import Finding
from caretrail.log.records import episode_stream
from caretrail.reading import picks
from caretrail.reading.gate import Gate
from caretrail.reading.query import Query, Selection
from caretrail.reading.snapshot import PAGE, QUERIES, Snapshot, citation_of, stored_zones
from caretrail.readmodel import store
from caretrail.readmodel.placed import Placed
from caretrail.readmodel.rows import EpisodeRows, Span
from caretrail.readmodel.schema import statements

if TYPE_CHECKING:
    from caretrail.log.database import Row
    from caretrail.log.recorder import EventRecorder


class StoredSnapshot(Snapshot):
    """Stored rows under recomputed ones; an answer about one episode is always current.

    The first list asks the gate how current it can be: that may raise StaleReadModel.
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

    # --- what it rests on -------------------------------------------------------------------------------------------

    def unmoved(self, *, strictly: bool) -> bool:
        """Whether the rows did not move, or at least were not replaced by another build."""
        state = self._gate.state()
        if strictly or state is None or self._state is None:
            return state == self._state
        return state.build == self._state.build

    @cached_property
    def _overlay(self) -> Mapping[UUID, EpisodeRows | None]:
        reach = self._gate.reach(self._state, self.position, self._query)
        self.holds, self.behind, self.stale = reach.position, reach.behind, reach.stale
        return reach.overlay

    @property
    def _newer(self) -> Iterator[EpisodeRows]:
        return filter(None, self._overlay.values())

    def _covered(self, stream: UUID | bytes) -> bool:
        return bool(self._overlay) and store.stream_of(stream) in self._overlay

    def _select(self, statement: str, params: Mapping[str, object]) -> Sequence[Row]:
        if self._state is None:
            return []
        return self._database.query(self._sql[statement], {**params, "build": self._state.build})

    # --- lists ------------------------------------------------------------------------------------------------------

    def findings(self, selection: Selection) -> Iterator[Placed]:
        """The selected findings."""
        if selection.filters.episodes:
            for rows in filter(None, map(self.rows, sorted(selection.filters.episodes))):
                yield from picks.findings_of(rows, selection)
            return
        newer = list(self._newer)
        stored = (placed for rows in self._stored() for placed in picks.findings_of(rows, selection))
        yield from stored if selection.all_verdicts else self._stored_findings(selection)
        for rows in newer:
            yield from picks.findings_of(rows, selection)
        yield from picks.findings_of_programs(self._of_programs(selection), selection)

    def work(self, selection: Selection) -> Iterator[Placed]:
        """The selected findings that are in the worklist of the day."""
        newer = (placed for rows in list(self._newer) for placed in rows.placed())
        stored = store.placed_from(self._select("work", {**_reach(selection), **_filters(selection)}))
        kept = (one for one in stored if one.stream not in self._overlay) if self._overlay else stored
        return picks.work_on(chain(kept, newer, self._of_programs(selection)), selection)

    def citation(self, finding: Finding) -> str:
        """The citation of a finding's rule in its source."""
        if self._citations is None:
            self._citations = store.read_citations(self._database, self._state.build) if self._state else {}
        stored = self._citations.get(finding.pack)
        return citation_of(finding) if stored is None else stored.get(finding.rule, "")

    def open_in(self, selection: Selection) -> Iterator[picks.Presence]:
        """Episodes that were open on a selected day."""
        newer = [presence for rows in self._newer for presence in picks.presences_of(rows)]
        found = self._select("census", {**_reach(selection), "program": _only(selection.filters.programs)})
        stored = map(_presence, (row for row in found if not self._covered(row[0])) if self._overlay else found)
        yield from picks.open_in(chain(stored, newer), selection)

    def episodes(self) -> Iterator[EpisodeRows]:
        """The rows of every episode."""
        yield from self._stored()
        yield from self._newer

    def names(self, *, prefix: str | None = None, client: str | None = None) -> list[str]:
        """Case numbers that begin with a prefix, or of one client."""
        newer = picks.named(self._newer, prefix, client)
        statement = "names_of_client" if prefix is None else "names_beginning"
        found = self._select(statement, {"client": client} if prefix is None else {"prefix": prefix})
        return [row[1] for row in found if not self._covered(row[0])] + newer

    # --- one episode, and names -------------------------------------------------------------------------------------

    def _rows(self, episode: str) -> EpisodeRows | None:
        """The rows of one episode: as stored if they are current, else computed from the log."""
        stream = episode_stream(self.recorder.namespace, episode)
        newest = self.recorder.select_events(stream, desc=True, limit=1)
        if not newest:
            return None
        if self._state is not None:
            stored = store.read_rows(self._database, self._state.build, stream, stream).get(stream)
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
        return stored | {name for rows in self._newer for name in picks.names_in(rows, kind)}

    # --- reading the rows -------------------------------------------------------------------------------------------

    def _of_programs(self, selection: Selection) -> Sequence[Placed]:
        """Findings of programs: as stored, or computed again if newer events move them."""
        if not selection.asks_of_programs:
            return ()
        build = self._state.build if self._state else None
        low, _, last = selection.reach()
        stored = store.read_program_findings(self._database, build, low, last) if build is not None else []
        if not self._overlay:
            return stored
        from caretrail.readmodel.group_sessions import groups_with
        from caretrail.readmodel.programs import days_with, moves_programs, placed_of_programs

        attested = [placed for placed in stored if not placed.finding.subject]
        if build is None or moves_programs(self._database, build, self._overlay):
            days = days_with(self._database, build, self._overlay)
            attested = placed_of_programs(self.recorder, days, self.position)
        groups = [placed for placed in stored if placed.finding.subject]
        return [*attested, *groups_with(self.recorder, build, self._overlay, groups)]

    def _stored_findings(self, selection: Selection) -> Iterator[Placed]:
        closed = selection.filters.closed
        days: dict[str | None, tuple[date, date]] = {}
        rows = self._select("findings_closed" if closed else "findings", {**_reach(selection), **_filters(selection)})
        for row, finding in zip(rows, store.findings_from(rows, _BEFORE), strict=True):
            zone = row[6]
            if zone not in days:
                days[zone] = selection.days(zone)
            placed = _placed(row, finding, days[zone], closed=closed)
            if placed is not None and selection.wants(placed) and not self._covered(placed.stream):
                yield placed

    def _stored(self) -> Iterator[EpisodeRows]:
        """The stored rows of every episode without newer events."""
        overlay = self._overlay
        if self._state is None:
            return
        page = statements()["episode_page"]
        after = UUID(int=0)
        params = {"build": self._state.build, "limit": PAGE}
        while found := [store.stream_of(row[0]) for row in self._database.query(page, {**params, "after": after})]:
            for stream, rows in store.read_rows(self._database, self._state.build, found[0], found[-1]).items():
                if stream not in overlay:
                    yield rows
            after = found[-1]


def _only(names: AbstractSet[str]) -> str | None:
    """The one name to filter by in SQL; several names, or none, are left to `Selection.wants`."""
    return next(iter(names)) if len(names) == 1 else None


def _filters(selection: Selection) -> dict[str, object]:
    asked = selection.filters
    names = {"program": asked.programs, "clinician": asked.clinicians, "client": asked.clients}
    return {name: _only(several) for name, several in (names | {"verdict": asked.verdicts}).items()}


def _reach(selection: Selection) -> dict[str, object]:
    return dict(zip(("low", "high", "last"), selection.reach(), strict=True))


def _presence(row: Row) -> picks.Presence:
    _, episode, client, zone, program, level, clinician, start, until, status, admitted = row
    span = Span(day_of(start), end_or_none(until), program, level, clinician, status)
    return picks.Presence(episode, client, zone, day_or_none(admitted), span)


_BEFORE = 10
"""Columns of the findings query before those of the finding."""


def _placed(row: Row, finding: Finding, days: tuple[date, date], *, closed: bool) -> Placed | None:
    """A row of the findings query; None if the finding, or the span, is not of the episode's selected days."""
    live_until, span_start, span_until, stream, episode, client, zone, program, level, clinician = row[:_BEFORE]
    first, last = days
    end = finding.end if closed else day_of(live_until)
    if finding.start > last or end <= first:
        return None
    begun = max(finding.start, first)
    if span_start is not None and not day_of(span_start) <= begun < day_of(span_until):
        return None
    return Placed(finding, store.stream_of(stream), episode, client, zone, program, level, clinician, begun, end, None)
