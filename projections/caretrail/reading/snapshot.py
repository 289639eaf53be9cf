"""Snapshots that questions are answered from: the log up to a position, or the log judged by another policy.

The current state of the store is `StoredSnapshot` of `caretrail.reading.stored`. All snapshots give the same values.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING
from uuid import UUID

from caretrail.aliases import Progress
from caretrail.days import today_in
from caretrail.errors import UnknownName
from caretrail.findings import Finding
from caretrail.reading import picks
from caretrail.reading.answers import CURRENT, Checked
from caretrail.reading.query import Filters, Query, Selection
from caretrail.readmodel.placed import Placed
from caretrail.readmodel.rows import EpisodeRows, GroupRecord, UnderPolicy
from caretrail.readmodel.schema import State, statements
from caretrail.readmodel.store import is_marked, read_names
from caretrail.readmodel.values import stream_of

if TYPE_CHECKING:
    from random import Random

    from caretrail.log.recorder import EventRecorder
    from caretrail.log.records import RecordedEvent
    from caretrail.policy import Policy
    from caretrail.reading.episode_view import EpisodeView
    from caretrail.readmodel.packs import Policies, PolicyOf

QUERIES = "caretrail.reading"
PAGE = 200
"""Episodes folded at a time; bounds the memory."""


class Snapshot:
    """Every episode folded from the log up to `position`, judged by a policy if one is given.

    A list may rest on rows that hold the log only up to `holds`: `behind` is the lag, and `stale` whether it is longer
    than an answer may have unless the caller allows it.
    """

    def __init__(
        self,
        recorder: EventRecorder,
        now: datetime,
        position: int,
        progress: Progress | None = None,
        policy: Policy | None = None,
        state: State | None = None,
    ) -> None:
        self.recorder = recorder
        self.now = now
        self.position = position
        self.progress = progress
        self.policy = policy
        self.state = state
        """The stored rows that the log is held against, if there are any."""
        self.holds, self.behind, self.stale = position, CURRENT, False
        self.rested_on: State | None = None
        """The rows that a list was read from, once one was."""
        self.checked: Checked | None = None
        self.build: str | None = None
        """The filling of the read models it reads; None for the log alone."""
        self._zones: set[str | None] = set()
        self._under_policy: dict[UUID, Sequence[UnderPolicy]] = {}
        self._group_records: dict[UUID, Sequence[GroupRecord]] = {}

    @cached_property
    def packs(self) -> Policies:
        """The packs that the store had recorded by the position; of one recorded only later, those of now."""
        from caretrail.readmodel.packs import policies_known

        return policies_known(self.recorder, self.position)

    @property
    def policies(self) -> PolicyOf:
        """What judges: the policy of the question, else the packs recorded."""
        from caretrail.readmodel.packs import as_if

        return self.packs if self.policy is None else as_if(self.policy)

    def unrecorded_packs(self) -> tuple[str, ...]:
        """Policies of episodes read, of which the store had recorded nothing by then."""
        return tuple(sorted(self.packs.asked_beyond)) if self.policy is None else ()

    def citation(self, finding: Finding) -> str:
        """The citation of a finding's rule in its source; empty for a rule of no pack."""
        return citation_of(finding, self.policy, self.packs)

    def has(self, kind: str, name: str) -> bool:  # noqa: ARG002  # stored rows need them
        """Whether a quick look-up finds a program, clinician, client or rule."""
        return False

    def intact(self) -> bool:
        """Whether all that was read until now is of one state; the log never changes."""
        return True

    def require_right(self, filters: Filters, chance: Random) -> None:
        """Hold a few of the rows that a list was read from against the log. Raises RowsDiffer, HiddenEvents."""
        if self.rested_on is not None:
            from caretrail.reading.sampled import require_right  # measured start-up: loads events and rules

            count = require_right(self.recorder, self.rested_on, filters, chance)
            self.checked = Checked(count, self.rested_on.swept_at or None)

    def exists(self, episode: str) -> bool:
        """Whether there is an episode of that number."""
        return self.rows(episode) is not None

    def rows(self, episode: str) -> EpisodeRows | None:
        """The rows of one episode; None if the log has none."""
        rows = self._rows(episode)
        if rows is not None:
            self._zones.add(rows.zone)
        return rows

    def required(self, episode: str) -> EpisodeRows:
        """The rows of one episode; raises UnknownName."""
        rows = self.rows(episode)
        if rows is None:
            raise UnknownName.of_episode()
        return rows

    def view(self, episode: str) -> EpisodeView:
        """One episode folded from the log; raises UnknownName, or StoreDamaged for an event that cannot be read."""
        from caretrail.reading.episode_view import view_of  # measured start-up: loads the event models

        view = view_of(self.recorder, episode, self.position, self.policies, rows=self.state)
        self._zones.add(view.rows.zone)
        return view

    def day(self, query: Query, zone: str | None) -> date:
        """The day asked for, in a zone."""
        return query.as_of or today_in(zone, self.now)

    def count_zones(self, zones: Iterable[str | None]) -> None:
        """Take today in these zones, too, for the days of an answer of which only a part is read yet."""
        self._zones.update(zones)

    def todays(self) -> tuple[date, ...]:
        """Today in the zones of the episodes read, else of all: one date, or two around midnight."""
        return tuple(sorted({today_in(zone, self.now) for zone in self._zones or self.zones()}))

    # --- lists and names: overridden where rows are stored ------------------------------------------------------------

    def findings(self, selection: Selection) -> Iterator[Placed]:
        """The selected findings."""
        for rows in self._selected(selection):
            yield from picks.findings_of(rows, selection)
        yield from picks.findings_of_programs(self._of_programs(selection), selection)

    def work(self, selection: Selection) -> Iterator[Placed]:
        """The selected findings that are in the worklist of the day."""
        for rows in self._selected(selection):
            yield from picks.work_on(rows.placed(), selection)
        yield from picks.work_on(self._of_programs(selection), selection)

    def open_in(self, selection: Selection) -> Iterator[picks.Presence]:
        """Episodes that were open on a selected day."""
        for rows in self._selected(selection):
            yield from picks.open_in(picks.presences_of(rows), selection)

    def episodes(self) -> Iterator[EpisodeRows]:
        """The rows of every episode."""
        return self._all(None)

    def names(self, *, prefix: str | None = None, client: str | None = None) -> list[str]:
        """Case numbers that begin with a prefix, or of one client."""
        return picks.named(self.episodes(), prefix, client)

    def zones(self) -> Iterable[str | None]:
        """The time zones of all episodes."""
        return {rows.zone for rows in self.episodes()}

    def known(self, kind: str) -> set[str]:
        """Programs or people of episodes."""
        return {name for rows in self.episodes() for name in picks.names_in(rows, kind)}

    def recorded(self, streams: Sequence[UUID]) -> Iterator[tuple[UUID, list[RecordedEvent]]]:
        """The events of streams up to the position, read a page at a time."""
        for place in range(0, len(streams), PAGE):
            page = streams[place : place + PAGE]
            for stream, events in self.recorder.select_streams(dict.fromkeys(page, 0)).items():
                yield stream, [event for event in events if event.position <= self.position]
            if self.progress is not None:
                self.progress(min(place + PAGE, len(streams)), len(streams))

    def _rows(self, episode: str) -> EpisodeRows | None:
        from caretrail.reading.episode_view import computed_row

        return computed_row(self.recorder, episode, self.position, self.policies, held_by=self.state)

    def _selected(self, selection: Selection) -> Iterator[EpisodeRows]:
        """The episodes that the filters name, or all."""
        if not selection.filters.episodes:
            return self._all(selection)
        return filter(None, map(self.rows, sorted(selection.filters.episodes)))

    def _all(self, selection: Selection | None) -> Iterator[EpisodeRows]:
        """Every episode; the days under policy that findings of programs need are collected on the way."""
        from caretrail.reading.episode_view import computed_rows  # measured start-up: loads the event models

        done = 0
        self._under_policy = {}
        self._group_records = {}
        for streams in self._pages(selection):
            for stream, rows in computed_rows(self.recorder, streams, self.position, self.policies).items():
                self._under_policy[stream] = rows.under_policy if rows is not None else ()
                if rows is not None and rows.group_records:
                    self._group_records[stream] = rows.group_records
                if rows is not None:
                    self._zones.add(rows.zone)
                    yield rows
            done += len(streams)
            if self.progress is not None:
                self.progress(done, 0)

    def _pages(self, selection: Selection | None) -> Iterable[Sequence[UUID]]:  # noqa: ARG002  # a what-if needs it
        """All streams, a page at a time."""
        from caretrail.readmodel.folded import log_streams

        return log_streams(self.recorder)

    def _of_programs(self, selection: Selection) -> Sequence[Placed]:
        """Findings of programs, by the episodes read."""
        from caretrail.readmodel.group_sessions import placed_of_groups
        from caretrail.readmodel.programs import placed_of_programs

        if not selection.asks_of_programs:
            return ()
        days = (item for found in self._under_policy.values() for item in found)
        attested = placed_of_programs(self.recorder, days, self.position, self.policies)
        return [*attested, *placed_of_groups(self.recorder, self._group_records, self.policies)]


def position_of(recorder: EventRecorder, moment: datetime | int) -> int:
    """The newest position at an instant; a position beyond the log is its newest."""
    return min(moment, recorder.max_position()) if isinstance(moment, int) else recorder.position_at(moment)


class WhatIfSnapshot(Snapshot):
    """Every episode judged by another policy, as if it had always been in force; nothing is stored.

    Stored rows of `state` tell which episodes need no folding: those that had ended, or not begun. Without them the
    whole log is folded.
    """

    def __init__(
        self, recorder: EventRecorder, now: datetime, position: int, progress: Progress | None, policy: Policy,
        state: State | None,
    ) -> None:  # fmt: skip  # two lines
        super().__init__(recorder, now, position, progress, policy, state)

    def intact(self) -> bool:
        """Whether the rows that told whom to fold were all there."""
        return self.state is None or is_marked(self.recorder.database, self.state)

    def zones(self) -> Iterable[str | None]:
        """The time zones of all episodes."""
        return super().zones() if self.state is None else stored_zones(self.recorder, self.state)

    def _pages(self, selection: Selection | None) -> Iterable[Sequence[UUID]]:
        rules = (rule for version in self.policy.versions for rule in version.judged) if self.policy else ()
        outlasts = any(rule.outlasts for rule in rules)
        if self.state is None or selection is None or selection.filters.closed or outlasts:
            return super()._pages(selection)
        return self._open(self.state, selection)

    def _of_programs(self, selection: Selection) -> Sequence[Placed]:
        """Also by the episodes that were not folded: they decide since when a program is under the policy."""
        from caretrail.readmodel.programs import days_by

        if self.state is not None and self.policy is not None and selection.asks_of_programs:
            stored = days_by(self.recorder.database, self.state.build, self.policy)
            self._under_policy = stored | self._under_policy
        return super()._of_programs(selection)

    def _open(self, state: State, selection: Selection) -> Iterator[Sequence[UUID]]:
        """Streams of episodes that had begun and not ended: events decide that, not rules."""
        self.rested_on = state
        low, _, last = selection.reach()
        sql = stored_sql(state, "begun_and_not_ended")
        stored = (stream_of(row[0]) for row in self.recorder.database.query(sql, {"low": low, "last": last}))
        newer = self.recorder.touched(state.position, self.position)
        streams = list(dict.fromkeys((*stored, *newer)))
        for start in range(0, len(streams), PAGE):
            yield streams[start : start + PAGE]


def stored_sql(state: State, statement: str) -> str:
    """A statement on the rows of a build."""
    return statements(state.build, QUERIES, "queries.sql")[statement]


def stored_zones(recorder: EventRecorder, state: State | None) -> Iterable[str | None]:
    """The time zones of all episodes that have rows."""
    return [] if state is None else read_names(recorder.database, state.build, "episode", "zone")


def citation_of(finding: Finding, policy: Policy | None, packs: Policies) -> str:
    """The citation of a finding in the policy's pack of that name, else in the one recorded or installed."""
    for pack in policy.versions if policy else ():
        if pack.name == finding.pack:
            return pack.rules[finding.rule].citation if finding.rule in pack.rules else ""
    found = packs.pack(finding.pack)
    return found.rules[finding.rule].citation if found is not None and finding.rule in found.rules else ""
