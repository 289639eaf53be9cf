"""Types of the fields of a pack: bounded numbers, printable words, days, terms.

People write packs by hand. So every value has a bound: far beyond any real rule, and near enough that no arithmetic
leaves the calendar and no loop over days takes long.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from difflib import get_close_matches
from typing import Annotated, Any, Self, cast, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from caretrail.tokens import ID_PATTERN, CivilUnit, ReviewUnit

MOST_DAYS = 3_650
"""Ten years: no duty of treatment is longer. Also the limit of anything else that is counted."""

LONGEST = 4_000
"""Characters of one value; the same limit as for a text in an event."""

MINUTES_A_WEEK = 7 * 24 * 60
CLOSED_DAYS = 2_000
"""Closed days a pack may list: twenty a year for a century."""

MOST_ENTRIES = 500
"""Entries of any list or table: rules, readings, codes."""

Words = Annotated[
    str,
    # no control characters but tabs and newlines: not every database can store them, nor a terminal show them
    StringConstraints(
        min_length=1, max_length=LONGEST, strip_whitespace=True, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f]*$"
    ),
]
Name = Annotated[str, StringConstraints(pattern=ID_PATTERN)]
"""The name of a pack, a rule or a reading: as events name packs and rules, and safe as a file name."""

PackCount = Annotated[int, Field(strict=True, ge=1, le=MOST_DAYS)]
SomeDays = Annotated[int, Field(strict=True, ge=0, le=MOST_DAYS)]
PackMinutes = Annotated[int, Field(strict=True, ge=1, le=MINUTES_A_WEEK)]
# strict: else a number would be read as seconds since 1970
PackDay = Annotated[date, Field(strict=True, ge=date(1900, 1, 1), le=date(2199, 12, 31))]
"""A calendar day, unquoted; leave the field out for "no end"."""

LineRange = Annotated[str, StringConstraints(max_length=LONGEST, pattern=r"^[0-9]+(-[0-9]+)?(, [0-9]+(-[0-9]+)?)*$")]
CIVIL_UNITS: frozenset[str] = frozenset(get_args(CivilUnit))
SHORTEST_MONTH = 28
DERIVED = frozenset({"id", "citation"})
"""Fields the program derives from the rest of the file."""


def table(value: object) -> dict[str, Any]:
    """The value if it is a table, else an empty one: the validation of the pack refuses anything else."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def meant(name: str, known: Iterable[str]) -> str:
    """The end of an error about an unknown name: the nearest known name, or all known names."""
    near = get_close_matches(name, names := sorted(known), n=1)
    return f"; did you mean {near[0]}?" if near else f"; there are {', '.join(names)}"


class PackValue(BaseModel):
    """Base of every model in a pack: frozen, without unknown fields, with errors that never repeat a value."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _known(cls, data: Any) -> Any:
        """Refuse an unknown field with the nearest name, before the field that is then missing."""
        for name in table(data):
            if name not in cls.model_fields:
                known = meant(name, cls.model_fields.keys() - DERIVED)
                error = PydanticCustomError("unknown_field", "there is no such field{meant}", {"meant": known})
                raise ValidationError.from_exception_data(cls.__name__, [{"type": error, "loc": (name,), "input": ""}])
        return data


class Term(PackValue):
    """A deadline: `count` of `unit`, due soon `soon` before its end (in days for calendar units).

    A session is attended treatment; a visit is anything attended; a treatment day is a day with a session; a
    treatment hour is sixty minutes of sessions. The day on which the term begins is not counted.
    """

    count: PackCount
    unit: ReviewUnit
    soon: SomeDays = 0

    @property
    def civil(self) -> bool:
        """Whether the term is one of the calendar, not of sessions."""
        return self.unit in CIVIL_UNITS

    @model_validator(mode="after")
    def _order(self) -> Self:
        if self.unit == "calendar_month":
            if self.soon >= self.count * SHORTEST_MONTH:
                raise ValueError("soon must be less than count months, of 28 days each")
        elif self.soon >= self.count:
            raise ValueError("soon must be less than count")
        return self


class CivilTerm(Term):
    """A term in calendar units."""

    unit: CivilUnit  # pyright: ignore[reportIncompatibleVariableOverride]  # narrowed, and never written to


class QuietTerm(CivilTerm):
    """A term in calendar units whose end is not announced."""

    @model_validator(mode="after")
    def _not_announced(self) -> Self:
        if "soon" in self.model_fields_set:
            raise ValueError("soon: has no effect: nothing announces the end of this term")
        return self
