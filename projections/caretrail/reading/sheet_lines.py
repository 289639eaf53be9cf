"""The lines of a sheet: documents with their signatures, sessions, the team, the stay, and what was attended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from caretrail.reading.event_rows import Marks


@dataclass(frozen=True, slots=True)
class SignatureLine:
    """Who signed, or who has not: `state` is signed, deferred, declined or missing."""

    signer: str
    role: str | None
    credential: str | None
    state: str
    signed_on: date | None
    method: str | None


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """A plan, review or determination with its signatures of that day; `label` is its number or decision."""

    version: int
    occurred_on: date
    author: str
    label: str
    signatures: tuple[SignatureLine, ...]
    marks: Marks


@dataclass(frozen=True, slots=True)
class PerformerLine:
    """Who gave a service, with the credential as stated."""

    id: str
    credential: str | None


@dataclass(frozen=True, slots=True)
class SessionLine:
    """A session of that day: attended, or missed and why; and who gave it."""

    version: int
    service: str
    start_time: str | None
    minutes: int
    group_size: int | None
    modality: str | None
    attended: bool
    cause: str | None
    performers: tuple[PerformerLine, ...]
    marks: Marks


@dataclass(frozen=True, slots=True)
class TeamLine:
    """Someone on the team that day, with role and credential as stated."""

    id: str
    role: str
    credential: str | None
    carries_the_case: bool


@dataclass(frozen=True, slots=True)
class StayLine:
    """The length of the stay: its first day is day 1 of week 1. No rule judges it by the typical weeks."""

    first_day: date
    day: int
    week: int
    typical_weeks: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class TreatedLine:
    """What the client attended on the days of one answer on continued stay, through `last`; `days` had a session."""

    verdict: str
    first: date
    last: date
    sessions: int
    days: int
    minutes: int
