"""The current store: stored rows, overlaid with the episodes that have newer events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from itertools import chain, islice
from typing import TYPE_CHECKING, Any
from uuid import UUID

from caretrail.aliases import Progress
from caretrail.findings import Finding
from caretrail.log.records import episode_stream
from caretrail.reading import picks
from caretrail.reading.gate import Gate
from caretrail.reading.query import Filters, Query, Selection, is_rule
from caretrail.reading.snapshot import PAGE, Snapshot, citation_of, stored_sql, stored_zones
from caretrail.readmodel import store
from caretrail.readmodel.placed import Placed
from caretrail.readmodel.rows import EpisodeRows, Span
from caretrail.readmodel.schema import COLUMNS, State
from caretrail.readmodel.values import placed_from, read_values, stream_of

if TYPE_CHECKING:
    from caretrail.log.database import Row
    from caretrail.log.recorder import EventRecorder


STREAMED = 1000
"""Rows of a list of everybody that are held as they come from the database."""


class StoredSnapshot(Snapshot):
    """Stored rows under recomputed ones; an answer about one episode is always current.

    The first list asks the gate how current it can be: that may raise StaleReadModel.
    """

    def __init__(
        self, recorder: EventRecorder, now: datetime, position: int, progress: Progress | None, gate: Gate,
        query: Query, filters: Filters,
    ) -> None:  # fmt: skip  # two lines
        super().__init__(recorder, now, position, progress)
        self._database = recorder.database
        self._newer_zones: set[str | None] = set()
        self._citations: dict[str, dict[str, str]] | None = None
        self._gate = gate
        self._query = query
        self._filters = filters
        self.state = gate.state()
        self.build = self.state.filling if self.state else None

    # --- what it rests on -------------------------------------------------------------------------------------------

    def intact(self) -> bool:
        """Whether all rows read until now were those of one epoch."""
        return self.state is None or store.is_marked(self._database, self.state)

    @cached_property
    def _overlay(self) -> Mapping[UUID, EpisodeRows | None]:
        reach = self._gate.reach(self.state, self.position, self._query, self._filters)
        self.holds, self.behind, self.stale = reach.position, reach.behind, reach.stale
        self.rested_on = self.state
        return self._laid_over(reach.overlay)

    def _laid_over(self, overlay: Mapping[UUID, EpisodeRows | None]) -> Mapping[UUID, EpisodeRows | None]:
        """Keep the zones of newer rows: stored ones need not have them."""
        self._newer_zones = {rows.zone for rows in overlay.values() if rows is not None}
        return overlay

    @property
    def _newer(self) -> Iterator[EpisodeRows]:
        return filter(None, self._overlay.values())

    def _covered(self, stream: UUID | bytes) -> bool:
        return bool(self._overlay) and stream_of(stream) in self._overlay

    def _select(self, statement: str, params: Mapping[str, object] | None = None) -> Sequence[Row]:
        if self.state is None:
            return []
        return self._database.query(stored_sql(self.state, statement), params)

    # --- lists ------------------------------------------------------------------------------------------------------

    def findings(self, selection: Selection) -> Iterator[Placed]:
        """The selected findings."""
        if selection.filters.episodes:
            for rows in filter(None, map(self.rows, sorted(selection.filters.episodes))):
                yield from picks.findings_of(rows, selection)
            return
        newer = self._newer
        if selection.all_verdicts:
            for rows in self._stored():
                yield from picks.findings_of(rows, selection)
        else:
            yield from picks.findings_on(self._placed(selection), selection)
        for rows in newer:
            yield from picks.findings_of(rows, selection)
        yield from picks.findings_of_programs(self._of_programs(selection), selection)

    def work(self, selection: Selection) -> Iterator[Placed]:
        """The selected findings that are in the worklist of the day."""
        newer = self._newer
        return picks.work_on(self._all_placed(selection, newer), selection)

    def _all_placed(self, selection: Selection, newer: Iterable[EpisodeRows]) -> Iterator[Placed]:
        """Stored findings, newer ones, and, once all episodes were read, those of programs."""
        yield from self._placed(selection)
        for rows in newer:
            yield from rows.placed()
        yield from self._of_programs(selection)

    def citation(self, finding: Finding) -> str:
        """The citation of a finding's rule in its source."""
        stored = self._stored_citations().get(finding.pack)
        return citation_of(finding, None, self.packs) if stored is None else stored.get(finding.rule, "")

    def _stored_citations(self) -> Mapping[str, Mapping[str, str]]:
        if self._citations is None:
            self._citations = store.read_citations(self._database, self.state.build) if self.state else {}
        return self._citations

    def open_in(self, selection: Selection) -> Iterator[picks.Presence]:
        """Episodes that were open on a selected day."""
        newer = [presence for rows in self._newer for presence in picks.presences_of(rows)]
        filters, reach = selection.filters, _reach(selection)
        pages: Iterable[Sequence[Row]]
        if filters.clients:
            pages = (self._named("census_of_client", filters.clients, reach),)
        elif filters.clinicians:
            pages = (self._named("census_of_case_owner", filters.clinicians, reach),)
        elif filters.programs:
            pages = (self._named("census_of_program", filters.programs, reach),)
        else:
            pages = self._streamed("census", reach)
        rows = chain.from_iterable(read_values(COLUMNS["span"], page) for page in pages)
        stored = (_presence(row) for row in rows if not self._covered(row[0]))
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

    def exists(self, episode: str) -> bool:
        """Whether the log has an episode of that number."""
        return bool(self.recorder.select_events(episode_stream(self.recorder.namespace, episode), limit=1))

    def zones(self) -> Iterable[str | None]:
        """The time zones of all episodes that have rows, stored or newer."""
        return {*stored_zones(self.recorder, self.state), *self._newer_zones}

    def has(self, kind: str, name: str) -> bool:
        """Whether rows have this program, clinician or client, or were judged by this rule."""
        if kind == "rule":
            rules = {rule for found in self._stored_citations().values() for rule in found}
            return any(is_rule(name, rule) for rule in rules)
        return bool(self._select(f"has_{kind}", {"name": name}))

    def known(self, kind: str) -> set[str]:
        """Programs or people that episodes have."""
        columns = (("span", "program"),) if kind == "program" else (("span", "clinician"), ("finding", "owner"))
        build = self.state.build if self.state is not None else None
        stored = {name for column in columns if build for name in store.read_names(self._database, build, *column)}
        return stored | {name for rows in self._newer for name in picks.names_in(rows, kind)}

    # --- reading the rows -------------------------------------------------------------------------------------------

    def _placed(self, selection: Selection) -> Iterator[Placed]:
        """Stored findings, by the index of the filter that leaves the fewest."""
        filters, reach = selection.filters, _reach(selection)
        pages: Iterable[Sequence[Row]]
        if filters.clients:
            pages = (self._named("placed_of_client", filters.clients, reach),)
        elif filters.clinicians:
            owned = self._named("placed_of_case_owner", filters.clinicians, reach)
            owed = placed_from(self._named("placed_of_owner", filters.clinicians, reach))
            kept = chain(placed_from(owned), (one for one in owed if one.clinician not in filters.clinicians))
            return (one for one in kept if not self._covered(one.stream))
        elif filters.programs:
            pages = (self._named("placed_of_program", filters.programs, reach),)
        else:
            pages = self._streamed("placed", reach)
        found = chain.from_iterable(map(placed_from, pages))
        return (one for one in found if not self._covered(one.stream))

    def _named(self, statement: str, names: Iterable[str], params: Mapping[str, object]) -> Sequence[Row]:
        """The rows of each of some names."""
        return [row for name in sorted(names) for row in self._select(statement, {**params, "name": name})]

    def _streamed(self, statement: str, params: Mapping[str, object]) -> Iterator[Sequence[Row]]:
        """The rows of a statement that may find them all, so many at a time: they are not held together."""
        if self.state is not None:
            rows = self._database.stream(stored_sql(self.state, statement), params, size=STREAMED)
            while page := list(islice(rows, STREAMED)):
                yield page

    def _of_programs(self, selection: Selection) -> Sequence[Placed]:
        """Findings of programs: as stored, or computed again if newer events move them."""
        if not selection.asks_of_programs:
            return ()
        build = self.state.build if self.state else None
        low, _, last = selection.reach()
        stored = store.read_program_findings(self._database, build, low, last) if build is not None else []
        if not self._overlay:
            return stored
        from caretrail.readmodel.group_sessions import groups_with
        from caretrail.readmodel.programs import days_with, placed_of_programs, programs_touched

        touched = programs_touched(self.recorder, build, self._overlay)
        attested = [one for one in stored if not one.finding.subject and one.program not in touched]
        days = days_with(self._database, build, self._overlay, touched)
        attested += placed_of_programs(self.recorder, days, self.position, self.policies)
        groups = [placed for placed in stored if placed.finding.subject]
        return [*attested, *groups_with(self.recorder, build, self._overlay, groups, self.policies)]

    def _stored(self) -> Iterator[EpisodeRows]:
        """The stored rows of every episode without newer events."""
        overlay = self._overlay
        if self.state is not None:
            for rows in store.read_episodes(self._database, self.state.build):
                if rows.stream not in overlay:
                    yield rows


def _reach(selection: Selection) -> dict[str, object]:
    low, _, last = selection.reach()
    return {"low": low, "last": last}


def _presence(values: tuple[Any, ...]) -> picks.Presence:
    _, *span, episode, client, zone, admitted_on = values
    return picks.Presence(episode, client, zone, admitted_on, Span._make(span))


MOST_IN_MEMORY = 1000
"""The most episodes that are kept as they were known: of more, only their days in programs and group sessions."""


class KnownSnapshot(StoredSnapshot):
    """What was known at a position, from rows that hold another one: only what was touched between is recomputed."""

    def __init__(
        self, recorder: EventRecorder, now: datetime, position: int, progress: Progress | None, gate: Gate,
        query: Query, filters: Filters, state: State,
    ) -> None:  # fmt: skip  # two lines
        super().__init__(recorder, now, position, progress, gate, query, filters)
        self.state, self.build = state, state.filling
        self._rows_of = state
        self._is_through = False

    @cached_property
    def _touched(self) -> Sequence[UUID]:
        """The episodes in scope that differ; a question that reads the log alone never asks."""
        assert self.state is not None  # noqa: S101  # set above
        return self._gate.differing(self.state, self.position, self._filters)

    @cached_property
    def _outlines(self) -> dict[UUID, EpisodeRows | None]:
        """Of many: what programs need of each, once it was recomputed."""
        return dict.fromkeys(self._touched)

    @cached_property
    def _overlay(self) -> Mapping[UUID, EpisodeRows | None]:
        self.rested_on = self.state
        if self._are_many:
            return self._outlines
        return self._laid_over(self._gate.recomputed(self._touched, self.position, self.policies))

    @property
    def _are_many(self) -> bool:
        return len(self._touched) > MOST_IN_MEMORY

    @property
    def _newer(self) -> Iterator[EpisodeRows]:
        """Those that differ; of many, each is recomputed when it is come to, and forgotten."""
        return self._one_by_one() if self._are_many else super()._newer

    def _one_by_one(self) -> Iterator[EpisodeRows]:
        for place in range(0, len(self._touched), PAGE):
            page = self._touched[place : place + PAGE]
            for stream, rows in self._gate.recomputed(
                page, self.position, self.policies, place, len(self._touched)
            ).items():
                if rows is not None:
                    self._outlines[stream] = replace(rows, findings=(), groups=(), eligibility=())
                    self._newer_zones.add(rows.zone)
                    yield rows
        self._is_through = True

    def _of_programs(self, selection: Selection) -> Sequence[Placed]:
        """Findings of programs, by all that differ: those of many are known once each was recomputed."""
        if self._are_many and selection.asks_of_programs and not self._is_through:
            for _ in self._newer:
                pass
        return super()._of_programs(selection)

    def exists(self, episode: str) -> bool:
        """Whether an episode of that number was known."""
        return Snapshot.exists(self, episode)

    def unrecorded_packs(self) -> tuple[str, ...]:
        """Also those of episodes whose rows were not recomputed."""
        from caretrail.readmodel.packs import policies_judging

        judging = policies_judging(self.recorder, self._rows_of)
        return tuple(sorted({*super().unrecorded_packs(), *(set(judging) - self.packs.contents.keys())}))
