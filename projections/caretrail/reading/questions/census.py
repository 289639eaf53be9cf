"""Census: the episodes open on a day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from caretrail.reading.answers import CensusRow
from caretrail.reading.query import NO_FILTERS, TODAY, Filters, Query, Selection
from caretrail.reading.question import Question
from caretrail.reading.snapshot import Presence, Snapshot


@dataclass(frozen=True, slots=True)
class Census(Question[tuple[CensusRow, ...]]):
    """Episodes open on a day, by program and case number; of the filters only `programs` counts."""

    name: ClassVar[str] = "census"
    needs_record: ClassVar[bool] = False
    query: Query = TODAY
    filters: Filters = NO_FILTERS

    def answer(self, snapshot: Snapshot) -> tuple[CensusRow, ...]:
        """List the episodes."""
        selection = Selection(snapshot.now, self.query, self.filters)
        rows = (_row(presence, selection) for presence in snapshot.open_on(selection))
        return tuple(sorted(rows, key=lambda row: (row.program or "", row.episode)))

    def shows(self, value: tuple[CensusRow, ...], snapshot: Snapshot) -> Iterable[str]:
        """Every episode listed."""
        del snapshot
        return (row.episode for row in value)


@dataclass(frozen=True, slots=True)
class OpenEpisodes(Question[Counter[str | None]]):
    """How many episodes are open on a day, by level: no more than that, so it is no access."""

    name: ClassVar[str] = "open episodes"
    query: Query = TODAY
    filters: Filters = NO_FILTERS

    def answer(self, snapshot: Snapshot) -> Counter[str | None]:
        """Count them."""
        selection = Selection(snapshot.now, self.query, self.filters)
        return Counter(presence.span.level for presence in snapshot.open_on(selection))

    def shows(self, value: Counter[str | None], snapshot: Snapshot) -> Iterable[str]:
        """None."""
        del value, snapshot
        return ()


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
