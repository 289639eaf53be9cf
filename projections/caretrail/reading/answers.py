"""Answers: frozen values with their standing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Generic, NamedTuple, TypeVar

from caretrail.aliases import Json
from caretrail.findings import Doubt
from caretrail.plain import as_json, fields_of
from caretrail.readmodel.placed import Group
from caretrail.tokens import ClockState

T = TypeVar("T")


class Behind(NamedTuple):
    """The lag of a list's rows: the events left out, and the age of the first of them in seconds."""

    events: int
    seconds: int


CURRENT = Behind(0, 0)


class Checked(NamedTuple):
    """What the rows of a list were held against the log.

    `episodes` were drawn from the log by chance and recomputed for this answer. `swept_at`, UTC as text, is when a
    daemon had last compared all of them, None if never.
    """

    episodes: int
    swept_at: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """How current an answer is, and what it is about.

    `as_of` are its days: one, or two around midnight between zones. It includes the log up to `position`; `newest` is
    the newest position then. `known_at` is the position of a query that named one, and `settled` whether no event can
    still be recorded before it. `stale`: it is further `behind` than allowed, and the query accepted that. `checked`
    says how far the rows of a list were compared with the log; it is None for an answer from the log itself. `clock`
    is what the log says of the clock that stamps, and so of today (see `caretrail.tokens.ClockState`). `build`
    names the filling of the read models it was read from, None for the log. `unrecorded_packs` are policies of which
    the store had recorded nothing at `known_at`: today's packs judged in their place. `recorded` is false if the
    access could not be recorded.
    """

    as_of: tuple[date, ...]
    known_at: int | None
    position: int
    newest: int
    behind: Behind = CURRENT
    stale: bool = False
    settled: bool = True
    checked: Checked | None = None
    clock: ClockState = "unchecked"
    unrecorded_packs: tuple[str, ...] = ()
    build: str | None = field(default=None, metadata={"json": False})
    recorded: bool = field(default=True, metadata={"json": False})


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """The answer to a question, with its standing."""

    value: T
    standing: Standing

    def as_json(self) -> Json:
        """One object: `standing`, and `rows` or the answer's own fields."""
        return {name: as_json(value) for name, value in self.fields()}

    def fields(self) -> Iterator[tuple[str, Any]]:
        """The fields of that object, their values as they are."""
        yield "standing", self.standing
        own = fields_of(self.value)
        yield from [("rows", self.value)] if own is None else own


@dataclass(frozen=True, slots=True)
class FindingRow:
    """One verdict of one rule in force; `until` is exclusive, None while nothing ends it; `days_overdue` is 0 or more.

    `program`, `level` and `clinician` are those of the day. `evidence` are versions of events of the episode. `pack`
    names the version of the rules that judged. A finding of a program comes once, without episode, client, level and
    clinician; its evidence are versions of the program's own events. `doubt` names documents that may or may not count.
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
    explained: bool
    pack: str
    doubt: Doubt | None


@dataclass(frozen=True, slots=True)
class WorkRow(FindingRow):
    """One thing to do: the findings of one rule on one episode or program, `count` of them, the oldest since `since`.

    `group` is `now` for overdue, due today and treatment without an assessment, `this_week` for due soon and owed,
    `documentation` for missing documentation (one row an episode or program, whatever the rules), or `quiet`.
    """

    count: int
    since: date
    group: Group


@dataclass(frozen=True, slots=True)
class Work:
    """What to do, most urgent first: `rows` of `total`, and the number of quiet rows left out."""

    rows: tuple[WorkRow, ...]
    quiet_count: int
    total: int


@dataclass(frozen=True, slots=True)
class EligibilityRow:
    """Whether continued stay is supported on a day, its basis, and the last day it holds."""

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
