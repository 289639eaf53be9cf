"""What the page is given besides the episode: for whom, what it stands on, and each fact as far as it may be shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from caretrail.aliases import Json
from caretrail.reading.questions.timeline import TimelineRow


@dataclass(frozen=True, slots=True)
class Disclosure:
    """For whom, what for and on what ground the record leaves the house.

    `scope` is the consent itself or a clear explanation of its scope. `notice` is the statement of 42 CFR 2.32 in
    full; `short_notice` is the one-sentence statement, which stands at the foot of every printed page.
    """

    recipient: str
    purpose: str
    basis: str
    scope: str
    notice: str
    short_notice: str


@dataclass(frozen=True, slots=True)
class Known:
    """What was known: the log up to `position`, whose newest fact was recorded at `at`."""

    position: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The signed statement of the log's key: `size` facts with that `root` hash; `note` is its text, word for word."""

    origin: str
    size: int
    root: str
    signed_at: datetime
    note: str


@dataclass(frozen=True, slots=True)
class FactLine:
    """One fact of the table. `fact` is its JSON as far as it may be shown; None where all of it is withheld.

    `leaf` is the hash of the fact in the ledger, in hex. `explains_nothing` is that of the timeline. What a withheld
    fact says is not in the line at all. `left_out` names what a fact shown in part says and the line does not: what
    remains is stated, and not proven by its leaf.
    """

    position: int
    version: int
    recorded_at: datetime
    recorded_by: str
    leaf: str
    fact: Json | None
    occurred_on: date | None = None
    late: bool = False
    imported: bool = False
    corrected_by: tuple[int, ...] = ()
    added_by: tuple[int, ...] = ()
    voided_by: int | None = None
    explains_nothing: bool = False
    left_out: tuple[str, ...] = ()

    @property
    def type(self) -> str | None:
        """The kind of fact; None where withheld."""
        return None if self.fact is None else str(self.fact["type"])


def fact_lines(
    rows: Sequence[TimelineRow],
    facts: Mapping[int, Json | None],
    leaves: Mapping[int, str],
    left_out: Mapping[int, tuple[str, ...]] | None = None,
) -> list[FactLine]:
    """Join the rows of a timeline, in recorded order, with what may be shown of each fact and with its leaf.

    `facts`, `leaves` and `left_out` are by version. A fact that is not in `facts`, or is None there, is withheld whole.
    """
    missing = left_out or {}
    return [_line(row, facts.get(row.version), leaves[row.version], missing.get(row.version, ())) for row in rows]


def _line(row: TimelineRow, fact: Json | None, leaf: str, left_out: tuple[str, ...]) -> FactLine:
    if fact is None:
        return FactLine(
            row.position, row.version, row.recorded_at, row.recorded_by, leaf, None, voided_by=row.voided_by
        )
    return FactLine(
        position=row.position,
        version=row.version,
        recorded_at=row.recorded_at,
        recorded_by=row.recorded_by,
        leaf=leaf,
        fact=fact,
        occurred_on=row.occurred_on,
        late=row.late,
        imported=row.imported,
        corrected_by=row.corrected_by,
        added_by=tuple(added.version for added in row.addenda),
        voided_by=row.voided_by,
        explains_nothing=row.explains_nothing,
        left_out=left_out,
    )
