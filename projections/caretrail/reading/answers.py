"""The answers of the reader: frozen values, each with its JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, ClassVar

from caretrail.projection.placed import Group


def plain(value: Any) -> Any:
    """A value as JSON holds it."""
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Answer):
        return value.as_json()
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]  # pyright: ignore[reportUnknownVariableType]
    return value


@dataclass(frozen=True, slots=True)
class Answer:
    """A value whose JSON has its fields as keys, in their order, under their published names."""

    json_names: ClassVar[Mapping[str, str]] = {"start": "from"}

    def as_json(self) -> dict[str, Any]:
        """The answer as JSON: dates as ISO text."""
        return {self.json_names.get(field.name, field.name): plain(getattr(self, field.name)) for field in fields(self)}


@dataclass(frozen=True, slots=True)
class Standing(Answer):
    """What an answer stands on: the log up to `position`; `stale` if the log is further than that by too much."""

    position: int
    log_position: int
    stale: bool


@dataclass(frozen=True, slots=True)
class FindingRow(Answer):
    """One verdict of one rule in force; `until` is exclusive, None while nothing ends it; `days_overdue` is 0 or more.

    `program`, `level` and `clinician` are those of the day asked for. `evidence` are versions of facts in the episode.
    `pack` names the version of the rules that judged. What is of a program itself is told once, with `episode` None
    (and client, level and clinician, too): its evidence are versions of the program's own facts.
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
class Worklist(Answer):
    """What to do, in order: `rows` of `total`, and `quiet_count` more are there to be asked for."""

    rows: tuple[WorkRow, ...]
    quiet_count: int
    total: int


@dataclass(frozen=True, slots=True)
class EligibilityRow(Answer):
    """Whether continued stay is supported on a day, on what that rests, and through which day it holds."""

    episode: str
    as_of: date
    verdict: str
    basis: str
    holds_through: date | None
    reasons: tuple[str, ...]
    evidence: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CensusRow(Answer):
    """One episode open on a day; `days` since the admission, `status` open, held or quarantined."""

    episode: str
    client: str | None
    program: str | None
    level: str | None
    clinician: str | None
    admitted_on: date | None
    days: int | None
    status: str
