"""What a reader answers: frozen values, and what they rest on."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Generic, NamedTuple, TypeVar

from caretrail.aliases import Json
from caretrail.plain import as_json
from caretrail.readmodel.placed import Group

T = TypeVar("T")


class Behind(NamedTuple):
    """How far the rows of a list are behind the log: in events, and in seconds since the first of them was recorded."""

    events: int
    seconds: int


CURRENT = Behind(0, 0)


@dataclass(frozen=True, slots=True)
class Standing:
    """What an answer rests on.

    `as_of` are the days it is about: one, or two while a midnight passes between zones. It holds the log up to
    `position`, of `newest`; `known_at` is that position where it was asked for, and `settled` whether what was known
    then can no longer grow. `stale`: it is further `behind` than an answer may be, and was asked for all the same.
    `checked` and `clock` are not examined yet. `recorded` is false where the access could not be recorded.
    """

    as_of: tuple[date, ...]
    known_at: int | None
    position: int
    newest: int
    behind: Behind = CURRENT
    stale: bool = False
    settled: bool = True
    checked: None = None
    clock: str = "unchecked"
    recorded: bool = field(default=True, metadata={"json": False})


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """The answer to a question, with what it rests on."""

    value: T
    standing: Standing

    def as_json(self) -> Json:
        """One object: `standing`, and `rows` or the answer's own fields."""
        value = as_json(self.value)
        return {"standing": as_json(self.standing)} | (value if isinstance(value, dict) else {"rows": value})


@dataclass(frozen=True, slots=True)
class FindingRow:
    """One verdict of one rule in force; `until` is exclusive, None while nothing ends it; `days_overdue` is 0 or more.

    `program`, `level` and `clinician` are those of the day asked for. `evidence` are versions of events in the episode.
    `pack` names the version of the rules that judged. What is of a program itself is told once, with `episode` None
    (and client, level and clinician, too): its evidence are versions of the program's own events.
    """

    episode: str | None
    client: str | None
    program: str | None
    level: str | None
    clinician: str | None
    owner: str | None
    rule: str
    verdict: str
    due_on: date | None
    days_overdue: int
    start: date
    until: date | None
    message: str
    citation: str
    evidence: tuple[int, ...]
    arithmetic: str
    cause: str
    subject: str
    quiet: bool
    pack: str


@dataclass(frozen=True, slots=True)
class WorkRow(FindingRow):
    """One thing to do: all that one rule asks of one episode or program; `count` findings, the oldest since `since`.

    `group` is `now` for overdue, due today and treatment without an assessment, `this_week` for due soon and owed,
    `documentation` for records to check (one row an episode or program, whatever the rules), or `quiet`.
    """

    count: int
    since: date
    group: Group


@dataclass(frozen=True, slots=True)
class Work:
    """What to do, in order: `rows` of `total`, and `quiet_count` more are there to be asked for."""

    rows: tuple[WorkRow, ...]
    quiet_count: int
    total: int


@dataclass(frozen=True, slots=True)
class EligibilityRow:
    """Whether continued stay is supported on a day, on what that rests, and through which day it holds."""

    episode: str
    as_of: date
    verdict: str
    basis: str
    holds_through: date | None
    reasons: tuple[str, ...]
    evidence: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CensusRow:
    """One episode open on a day; `days` since the admission, `status` open, held or quarantined."""

    episode: str
    client: str | None
    program: str | None
    level: str | None
    clinician: str | None
    admitted_on: date | None
    days: int | None
    status: str
