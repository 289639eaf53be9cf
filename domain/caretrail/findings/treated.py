"""Treatment beside eligibility: what a client attended while eligible, not eligible, or with neither known."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from datetime import date
from operator import attrgetter
from typing import Literal, NamedTuple

from caretrail.days import FOREVER
from caretrail.findings.chart.sessions import Session
from caretrail.findings.finding import Eligibility


class Treated(NamedTuple):
    """What a client attended on the days of one verdict, from `first` until `until` (exclusive, None while open).

    `days` are those with a session, the units of a code that is billed by the day; `minutes` are those on record,
    session by session. `reasons` are those of the last answer.
    """

    first: date
    until: date | None
    verdict: Literal["eligible", "not_eligible", "unknown", "not_applicable"]
    sessions: int
    days: int
    minutes: int
    reasons: tuple[str, ...]


def treated(answers: Iterable[Eligibility], attended: Sequence[Session]) -> list[Treated]:
    """What was attended under each verdict, oldest first; `attended` are sessions in order of their days.

    Answers that follow each other with one verdict are one row: a reviewer asks for the days on which a client was
    treated though not eligible.
    """
    rows: list[Treated] = []
    for answer in answers:
        low = bisect_left(attended, answer.start, key=attrgetter("day"))
        high = bisect_left(attended, answer.until or FOREVER, key=attrgetter("day"))
        held = attended[low:high]
        row = Treated(
            answer.start,
            answer.until,
            answer.verdict,
            len(held),
            len({session.day for session in held}),
            sum(session.minutes for session in held),
            answer.reasons,
        )
        if rows and rows[-1].verdict == row.verdict:
            rows[-1] = _joined(rows[-1], row)
        else:
            rows.append(row)
    return rows


def _joined(one: Treated, other: Treated) -> Treated:
    """Two rows of one verdict that follow each other; no day is in both."""
    return other._replace(
        first=one.first,
        sessions=one.sessions + other.sessions,
        days=one.days + other.days,
        minutes=one.minutes + other.minutes,
    )
