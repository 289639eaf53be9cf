"""Eligibility: whether continued stay is supported on a day, its basis, and how long that holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from caretrail.errors import HiddenEvents
from caretrail.reading.answers import EligibilityRow
from caretrail.reading.query import TODAY, Query
from caretrail.reading.question import OneEpisode
from caretrail.reading.snapshot import Snapshot
from caretrail.readmodel.rows import EpisodeRows


@dataclass(frozen=True, slots=True)
class ContinuedStay(OneEpisode[EligibilityRow]):
    """Whether continued stay is supported on a day: eligible, not_eligible, unknown or not_applicable."""

    name: ClassVar[str] = "eligibility"
    episode: str
    query: Query = TODAY

    def answer(self, snapshot: Snapshot) -> EligibilityRow:
        """Read it from the rows of the episode, worked out anew. Raises UnknownName, HiddenEvents."""
        rows = snapshot.required(self.episode)
        if rows.quarantined is not None and rows.quarantined.reason_code == HiddenEvents.code:
            raise HiddenEvents.upto(rows.quarantined.version)
        return eligibility_row(rows, snapshot.day(self.query, rows.zone))


def eligibility_row(rows: EpisodeRows, day: date) -> EligibilityRow:
    """The eligibility of a day; before the admission it is not applicable."""
    for span in rows.eligibility:
        if span.start <= day < span.end:
            return EligibilityRow(
                rows.episode, day, span.verdict, span.basis, span.holds_through, span.reasons, span.evidence
            )
    return EligibilityRow(rows.episode, day, "not_applicable", "none", None, ("not admitted on that day",), ())
