"""Picks: what the rows of one episode, or of programs, give to a list for its days and filters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import NamedTuple

from caretrail.findings import QUIET_VERDICTS, Finding
from caretrail.reading.query import NO_FILTERS, Selection
from caretrail.readmodel.placed import Placed
from caretrail.readmodel.rows import EpisodeRows, Span

OPEN = frozenset({"open", "held", "quarantined"})


class Presence(NamedTuple):
    """An episode that is open in a span of days, with its program, level and clinician of those days."""

    episode: str
    client: str | None
    zone: str | None
    admitted_on: date | None
    span: Span

    @property
    def program(self) -> str | None:
        """The program of the span."""
        return self.span.program

    @property
    def clinician(self) -> str | None:
        """The case owner of the span."""
        return self.span.clinician


def findings_of(rows: EpisodeRows, selection: Selection) -> Iterator[Placed]:
    """The selected findings of one episode, each once, placed by its first selected day."""
    return findings_on(rows.placed(quiet=selection.all_verdicts), selection)


def findings_on(placed: Iterable[Placed], selection: Selection) -> Iterator[Placed]:
    """The selected findings, each once: of its pieces the one that has its first selected day."""
    days: dict[str | None, tuple[date, date]] = {}
    for one in placed:
        if (selected := days.get(one.zone)) is None:
            selected = days[one.zone] = selection.days(one.zone)
        start = one.finding.start
        begun = start if start > selected[0] else selected[0]
        lasts = one.first <= begun < one.end and start <= selected[1]
        if lasts and (not one.closed or selection.filters.closed) and selection.wants(one):
            yield one


def work_on(placed: Iterable[Placed], selection: Selection) -> Iterator[Placed]:
    """The selected findings that are in the worklist on the last selected day."""
    days: dict[str | None, date] = {}
    everything = selection.filters == NO_FILTERS
    for one in placed:
        if (day := days.get(one.zone)) is None:
            day = days[one.zone] = selection.days(one.zone)[1]
        if one.group is not None and one.first <= day < one.end and (everything or selection.wants(one)):
            yield one


def open_in(presences: Iterable[Presence], selection: Selection) -> Iterator[Presence]:
    """The selected presences that are open on any selected day."""
    days: dict[str | None, tuple[date, date]] = {}
    for one in presences:
        if (selected := days.get(one.zone)) is None:
            selected = days[one.zone] = selection.days(one.zone)
        if one.span.start <= selected[1] and selected[0] < one.span.end and selection.is_of(one):
            yield one


def presences_of(rows: EpisodeRows) -> Iterator[Presence]:
    """Every open span of one episode."""
    for span in rows.spans:
        if span.status in OPEN:
            yield Presence(rows.episode, rows.client, rows.zone, rows.admitted_on, span)


def named(rows: Iterable[EpisodeRows], prefix: str | None, client: str | None) -> list[str]:
    """Case numbers that begin with a prefix, or of one client."""
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


def findings_of_programs(placed: Iterable[Placed], selection: Selection) -> Iterator[Placed]:
    """The selected findings of programs, each once."""
    given: set[tuple[str | None, Finding]] = set()
    for one in placed:
        low, high = selection.days(one.zone)
        quiet = one.finding.verdict in QUIET_VERDICTS and not selection.all_verdicts
        if quiet or one.first > high or one.end <= low:
            continue
        if (one.program, one.finding) not in given and selection.wants(one):
            given.add((one.program, one.finding))
            yield one
