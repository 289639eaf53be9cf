"""Snapshots of the store that questions are answered from: as known at a position of the log, or by another policy.

What is stored now is a snapshot of `caretrail.reading.stored`. All give the same values, so every question is written
once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from caretrail.aliases import Progress
from caretrail.days import today_in
from caretrail.errors import UnknownName
from caretrail.findings import QUIET_VERDICTS, Finding
from caretrail.log.records import episode_stream
from caretrail.log.sql import load_sql
from caretrail.reading.answers import CURRENT, Behind
from caretrail.reading.query import Query, Selection
from caretrail.readmodel.placed import Placed
from caretrail.readmodel.rows import EpisodeRows, Span, UnderPolicy
from caretrail.readmodel.schema import State
from caretrail.readmodel.store import stream_of

if TYPE_CHECKING:
    from caretrail.log.recorder import EventRecorder
    from caretrail.policy import Policy
    from caretrail.reading.episode_view import EpisodeView

QUERIES = "caretrail.reading"
OPEN = frozenset({"open", "held", "quarantined"})
PAGE = 200
"""Episodes folded at a time; bounds the memory."""


class Presence(NamedTuple):
    """An episode that is open on a day, and who has it."""

    episode: str
    client: str | None
    zone: str | None
    admitted_on: date | None
    span: Span

    @property
    def program(self) -> str | None:
        """The program that has it."""
        return self.span.program

    @property
    def clinician(self) -> str | None:
        """Who carries the case."""
        return self.span.clinician


class Snapshot(ABC):
    """The store at one instant: `position` is how far its log went."""

    def __init__(
        self,
        recorder: EventRecorder,
        now: datetime,
        position: int,
        progress: Progress | None = None,
        policy: Policy | None = None,
    ) -> None:
        self.recorder = recorder
        self.now = now
        self.position = position
        self.progress = progress
        self.policy = policy
        self._zones: set[str | None] = set()

    @property
    def holds(self) -> int:
        """The position up to which the log is in what was answered."""
        return self.position

    @property
    def behind(self) -> Behind:
        """How far the rows of a list are behind the log."""
        return CURRENT

    @property
    def stale(self) -> bool:
        """Whether a list rests on rows further behind than an answer may be."""
        return False

    @abstractmethod
    def findings(self, selection: Selection) -> Iterable[Placed]:
        """Findings that are asked for, in no order."""

    @abstractmethod
    def work(self, selection: Selection) -> Iterable[Placed]:
        """What asks for something on the day asked for, in no order."""

    def citation(self, finding: Finding) -> str:
        """Where the rule of a finding is to be found in its document; empty for a rule of no pack."""
        return citation_of(finding, self.policy)

    @abstractmethod
    def open_on(self, selection: Selection) -> Iterable[Presence]:
        """Open episodes of the day asked for, in no order."""

    @abstractmethod
    def in_program(self, selection: Selection) -> Iterable[str]:
        """Episodes that a program had on one of the days asked for, in no order; one may come twice."""

    @abstractmethod
    def episodes(self) -> Iterable[EpisodeRows]:
        """Everything kept of every episode, in no order."""

    @abstractmethod
    def names(self, *, prefix: str | None = None, client: str | None = None) -> list[str]:
        """Case numbers by their beginning, or of one client."""

    @abstractmethod
    def zones(self) -> Iterable[str | None]:
        """The time zones of all episodes."""

    @abstractmethod
    def known(self, kind: str) -> Iterable[str]:
        """Programs or people that episodes have, for a name that is probably one of them."""

    def has(self, kind: str, name: str) -> bool:  # noqa: ARG002  # a snapshot with stored rows knows better
        """Whether there quickly is an episode with this program, clinician or client, or a finding of this rule."""
        return False

    def unmoved(self) -> bool:
        """Whether nothing that it rests on has changed meanwhile."""
        return True

    def rows(self, episode: str) -> EpisodeRows | None:
        """Everything kept of one episode."""
        rows = self._rows(episode)
        if rows is not None:
            self._zones.add(rows.zone)
        return rows

    @abstractmethod
    def _rows(self, episode: str) -> EpisodeRows | None: ...

    def required(self, episode: str) -> EpisodeRows:
        """The same of an episode that must be there; raises UnknownName."""
        rows = self.rows(episode)
        if rows is None:
            raise UnknownName.of_episode()
        return rows

    def view(self, episode: str) -> EpisodeView:
        """One episode folded from the log; raises UnknownName, or StoreDamaged if an event of it cannot be read."""
        from caretrail.reading.episode_view import view_of  # here: with the events come their models

        view = view_of(self.recorder, episode, self.position, self.policy)
        self._zones.add(view.rows.zone)
        return view

    def day(self, query: Query, zone: str | None) -> date:
        """The day asked for, in a zone."""
        return query.as_of or today_in(zone, self.now)

    def todays(self) -> tuple[date, ...]:
        """Today where the episodes asked about are, or all there are: one date, or two while a midnight passes."""
        return tuple(sorted({today_in(zone, self.now) for zone in self._zones or self.zones()}))


def position_of(recorder: EventRecorder, moment: datetime | int) -> int:
    """How far the log went at a moment; a position stands for itself, as far as there is so much."""
    return min(moment, recorder.max_position()) if isinstance(moment, int) else recorder.position_at(moment)


class LogSnapshot(Snapshot):
    """Every episode folded from the log up to a position; with a policy, judged by that one."""

    _under_policy: dict[UUID, Sequence[UnderPolicy]]

    def findings(self, selection: Selection) -> Iterator[Placed]:
        """Findings that are asked for."""
        for rows in self._selected(selection):
            yield from findings_of(rows, selection)
        yield from findings_of_programs(self._of_programs(selection), selection)

    def work(self, selection: Selection) -> Iterator[Placed]:
        """What asks for something on the day asked for."""
        for rows in self._selected(selection):
            yield from work_on(rows.placed(), selection)
        yield from work_on(self._of_programs(selection), selection)

    def open_on(self, selection: Selection) -> Iterator[Presence]:
        """Open episodes of the day asked for."""
        for rows in self._selected(selection):
            yield from presences_of(rows, selection)

    def in_program(self, selection: Selection) -> Iterator[str]:
        """Episodes that a program had on one of the days asked for."""
        return (rows.episode for rows in self._selected(selection) if was_in_program(rows, selection))

    def episodes(self) -> Iterator[EpisodeRows]:
        """Everything known of every episode."""
        return self._all(None)

    def names(self, *, prefix: str | None = None, client: str | None = None) -> list[str]:
        """Case numbers by their beginning, or of one client."""
        return named(self.episodes(), prefix, client)

    def zones(self) -> Iterable[str | None]:
        """The time zones of all episodes."""
        return {rows.zone for rows in self.episodes()}

    def known(self, kind: str) -> set[str]:
        """Programs or people that episodes have."""
        return {name for rows in self.episodes() for name in names_in(rows, kind)}

    def _rows(self, episode: str) -> EpisodeRows | None:
        from caretrail.reading.episode_view import computed_rows

        stream = episode_stream(self.recorder.namespace, episode)
        return computed_rows(self.recorder, [stream], self.position, self.policy)[stream]

    def _selected(self, selection: Selection) -> Iterator[EpisodeRows]:
        """The episodes asked for by number, or all."""
        if not selection.filters.episodes:
            return self._all(selection)
        return filter(None, map(self.rows, sorted(selection.filters.episodes)))

    def _all(self, selection: Selection | None) -> Iterator[EpisodeRows]:
        """Every episode, one after the other; what programs must attest follows once all have been seen."""
        from caretrail.reading.episode_view import computed_rows  # here: with the events come their models

        done = 0
        self._under_policy = {}
        for streams in self._pages(selection):
            for stream, rows in computed_rows(self.recorder, streams, self.position, self.policy).items():
                self._under_policy[stream] = rows.under_policy if rows is not None else ()
                if rows is not None:
                    yield rows
            done += len(streams)
            if self.progress is not None:
                self.progress(done, 0)

    def _pages(self, selection: Selection | None) -> Iterable[Sequence[UUID]]:  # noqa: ARG002  # what-if knows better
        """Streams to fold, a page at a time: all of them."""
        from caretrail.readmodel.rebuild import log_streams

        return log_streams(self.recorder)

    def _of_programs(self, selection: Selection) -> Sequence[Placed]:
        """What all programs attest, or should, by the episodes seen."""
        from caretrail.readmodel.programs import placed_of_programs

        if not selection.asks_of_programs:
            return ()
        days = (item for found in self._under_policy.values() for item in found)
        return placed_of_programs(self.recorder, days, self.position, self.policy)


class WhatIfSnapshot(LogSnapshot):
    """Every episode judged by another policy, as if it had been in force all along; nothing of it is ever stored.

    The stored rows say only which episodes need not be folded: those that had ended, or not begun. Without `picking`
    the whole log is folded.
    """

    def __init__(
        self, recorder: EventRecorder, now: datetime, position: int, progress: Progress | None, policy: Policy,
        picking: Callable[[], State | None] | None,
    ) -> None:  # fmt: skip  # two lines
        super().__init__(recorder, now, position, progress, policy)
        self._picking = picking
        self.state = picking() if picking is not None else None

    def unmoved(self) -> bool:
        """Whether the rows that were picked from are where they were."""
        return self._picking is None or self.state == self._picking()

    def zones(self) -> Iterable[str | None]:
        """The time zones of all episodes."""
        return super().zones() if self.state is None else stored_zones(self.recorder, self.state)

    def _pages(self, selection: Selection | None) -> Iterable[Sequence[UUID]]:
        if self.state is None or selection is None or selection.filters.closed:
            return super()._pages(selection)
        return self._open(self.state, selection)

    def _of_programs(self, selection: Selection) -> Sequence[Placed]:
        """Also by the episodes that were not folded: since when a program answers to the policy rests on them, too."""
        from caretrail.readmodel.programs import days_by

        if self.state is not None and self.policy is not None and selection.asks_of_programs:
            stored = days_by(self.recorder.database, self.state.build, self.policy)
            self._under_policy = stored | self._under_policy
        return super()._of_programs(selection)

    def _open(self, state: State, selection: Selection) -> Iterator[Sequence[UUID]]:
        """Streams of the episodes that had begun and had not ended: when they did is told by events, not by rules."""
        low, _, last = selection.reach()
        sql = load_sql(QUERIES, "queries.sql")["begun_and_not_ended"]
        params = {"build": state.build, "low": low, "last": last}
        stored = (stream_of(row[0]) for row in self.recorder.database.query(sql, params))
        newer = self.recorder.touched(state.position, self.position)
        streams = list(dict.fromkeys((*stored, *newer)))
        for start in range(0, len(streams), PAGE):
            yield streams[start : start + PAGE]


def stored_zones(recorder: EventRecorder, state: State | None) -> Iterable[str | None]:
    """The time zones of all episodes that have rows."""
    if state is None:
        return ()
    sql = load_sql(QUERIES, "queries.sql")["zones"]
    return [row[0] for row in recorder.database.query(sql, {"build": state.build})]


# --- what one episode gives -----------------------------------------------------------------------------------------


def findings_of(rows: EpisodeRows, selection: Selection) -> Iterator[Placed]:
    """The findings of one episode that are asked for, each once, with who had the episode on the first day."""
    first, last = selection.days(rows.zone)
    for finding in rows.findings if selection.all_verdicts else rows.problems:
        end = finding.end if selection.filters.closed else min(finding.end, rows.live_end)
        if finding.start > last or end <= first:
            continue
        begun = max(finding.start, first)
        span = rows.span_on(begun) or Span(begun, None, None, None, None, "assessed")
        placed = rows.place(finding, span, begun, end)
        if selection.wants(placed):
            yield placed


def work_on(placed: Iterable[Placed], selection: Selection) -> Iterator[Placed]:
    """What is in the worklist of the day asked for."""
    days: dict[str | None, date] = {}
    for one in placed:
        if (day := days.get(one.zone)) is None:
            day = days[one.zone] = selection.days(one.zone)[1]
        if one.group is not None and one.first <= day < one.end and selection.wants(one):
            yield one


def presences_of(rows: EpisodeRows, selection: Selection) -> Iterator[Presence]:
    """The presence of one episode on the day asked for."""
    span = rows.span_on(selection.days(rows.zone)[1])
    if span is not None and span.status in OPEN:
        presence = Presence(rows.episode, rows.client, rows.zone, rows.admitted_on, span)
        if selection.is_of(presence):
            yield presence


def was_in_program(rows: EpisodeRows, selection: Selection) -> bool:
    """Whether one of the programs asked for had an episode on one of the days asked for."""
    first, last = selection.days(rows.zone)
    return any(
        span.program in selection.filters.programs and span.status in OPEN and span.start <= last and span.end > first
        for span in rows.spans
    )


def named(rows: Iterable[EpisodeRows], prefix: str | None, client: str | None) -> list[str]:
    """Case numbers by their beginning, or of one client."""
    return [
        row.episode
        for row in rows
        if (prefix is None or row.episode.startswith(prefix)) and (client is None or row.client == client)
    ]


def names_in(rows: EpisodeRows, kind: str) -> set[str]:
    """The programs, or the people, of one episode."""
    if kind == "program":
        found = {span.program for span in rows.spans}
    else:
        found = {span.clinician for span in rows.spans} | {finding.owner for finding in rows.findings}
    return {name for name in found if name is not None}


# --- what programs give ---------------------------------------------------------------------------------------------


def findings_of_programs(placed: Iterable[Placed], selection: Selection) -> Iterator[Placed]:
    """The findings of programs that are asked for, each once."""
    told: set[tuple[str | None, Finding]] = set()
    for one in placed:
        low, high = selection.days(one.zone)
        quiet = one.finding.verdict in QUIET_VERDICTS and not selection.all_verdicts
        if quiet or one.first > high or one.end <= low:
            continue
        if (one.program, one.finding) not in told and selection.wants(one):
            told.add((one.program, one.finding))
            yield one


def citation_of(finding: Finding, policy: Policy | None = None) -> str:
    """The citation of a finding as its pack gives it: a pack of the policy, else the one installed."""
    from caretrail.readmodel.packs import citations_of

    for pack in policy.versions if policy else ():
        if pack.name == finding.pack:
            return pack.rules[finding.rule].citation if finding.rule in pack.rules else ""
    return citations_of([finding.pack]).get(finding.pack, {}).get(finding.rule, "")
