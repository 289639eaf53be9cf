"""Census: the episodes open on a day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import ClassVar

from caretrail.reading.answers import CensusRow
from caretrail.reading.picks import Presence
from caretrail.reading.query import Filters, Query, Selection
from caretrail.reading.question import ListQuestion, ShowsNoEpisode
from caretrail.reading.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Census(ListQuestion[tuple[CensusRow, ...]]):
    """Episodes open on a day, by program and case number."""

    name: ClassVar[str] = "census"
    needs_record: ClassVar[bool] = False

    def answer(self, snapshot: Snapshot) -> tuple[CensusRow, ...]:
        """List the episodes."""
        selection = _on_one_day(snapshot, self.query, self.filters)
        rows = (_row(presence, selection) for presence in snapshot.open_in(selection))
        return tuple(sorted(rows, key=lambda row: (row.program or "", row.episode)))

    def shows(self, value: tuple[CensusRow, ...]) -> Iterable[str]:
        """Every episode listed."""
        return (row.episode for row in value)


@dataclass(frozen=True, slots=True)
class OpenEpisodes(ListQuestion[Counter[str | None]], ShowsNoEpisode[Counter[str | None]]):
    """How many episodes are open on a day, by level."""

    name: ClassVar[str] = "open episodes"

    def answer(self, snapshot: Snapshot) -> Counter[str | None]:
        """Count them."""
        selection = _on_one_day(snapshot, self.query, self.filters)
        return Counter(presence.span.level for presence in snapshot.open_in(selection))


def _on_one_day(snapshot: Snapshot, query: Query, filters: Filters) -> Selection:
    """The last day of a query: on one day an episode is open in one span."""
    return Selection(snapshot.now, replace(query, as_of=query.last_day, start=None, end=None), filters)


def _row(presence: Presence, selection: Selection) -> CensusRow:
    span, admitted = presence.span, presence.admitted_on
    day = selection.days(presence.zone)[1]
    return CensusRow(
        episode=presence.episode,
        client=presence.client,
        program=span.program,
        level=span.level,
        clinician=span.clinician,
        admitted_on=admitted,
        days=(day - admitted).days if admitted is not None and admitted <= day else None,
        status=span.status,
    )
