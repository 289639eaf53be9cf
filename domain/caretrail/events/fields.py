"""The types of single fields: ids, dates, numbers and texts, and the form each must have."""

from __future__ import annotations

import json
import re
from datetime import date
from functools import lru_cache
from typing import Annotated

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    Field,
    JsonValue,
    Strict,
    StrictInt,
    StringConstraints,
    ValidationInfo,
)

from caretrail.days import zone_info
from caretrail.tokens import DIMENSION_PATTERNS


def short(pattern: str, most: int) -> StringConstraints:
    """A text of 1 to `most` characters that fits a pattern."""
    return StringConstraints(strict=True, pattern=pattern, min_length=1, max_length=most)


CaseNumber = Annotated[str, short(r"^[A-Za-z0-9._-]+$", 64)]
"""An opaque id: 1 to 64 of `A-Z a-z 0-9 . _ -`."""

OpaqueId = CaseNumber
PolicyName = Annotated[str, short(r"^[A-Za-z0-9._-]+$", 64)]
RuleId = Annotated[str, short(r"^[A-Za-z0-9._-]+$", 64)]
CommandId = Annotated[str, short(r"^[\x21-\x7e]+$", 200)]
Source = Annotated[str, StringConstraints(strict=True, pattern=r"^[\x21-\x7e]*$", max_length=100)]
Credential = Annotated[str, short(r"^[^\x00-\x1f\x7f]+$", 60)]
ServiceCode = Annotated[str, short(r"^[A-Z0-9]+(:[A-Z0-9]{2}){0,4}$", 20)]
"""A billing code (HCPCS, CPT, revenue), with modifiers behind colons: `H0015:HF`."""
Code = Annotated[str, short(r"^[a-z0-9_]+$", 60)]
Text = Annotated[str, short(r"^[^\x00]*$", 4000)]
Diagnosis = Annotated[str, short(r"^[A-TV-Z][0-9][0-9A-Z](\.[0-9A-Z]{1,4})?$", 8)]
TimeOfDay = Annotated[str, short(r"^([01][0-9]|2[0-3]):[0-5][0-9]$", 5)]
"""Local wall clock time, `HH:MM`."""


def _written_out(value: object, info: ValidationInfo) -> object:
    """Read a date of JSON as people write it; a number of seconds is an instant, and which day that is depends."""
    if info.mode == "json" and isinstance(value, str):
        return _day(value)
    return value


@lru_cache(maxsize=10_000)  # the events of a store are of a few thousand days
def _day(text: str) -> date:
    if not _DATE.fullmatch(text):
        raise ValueError("must be a date, YYYY-MM-DD")
    return date.fromisoformat(text)


_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)

Date = Annotated[date, Strict(), Field(ge=FIRST_DAY, le=LAST_DAY), BeforeValidator(_written_out)]
"""A civil date from 1900 to 2199; any other is a typing error."""

DATE_RANGE = f"must be a date from {FIRST_DAY} to {LAST_DAY}"
"""The rule of a `Date`, in words."""

OpenDate = Annotated[date, Strict(), BeforeValidator(_written_out)]
"""Any civil date of the calendar: people write 9999-12-31 for no end, and 0001-01-01 for always."""

Instant = Annotated[AwareDatetime, Strict()]
Count = Annotated[StrictInt, Field(ge=0, le=1_000_000)]
Version = Annotated[StrictInt, Field(ge=1, le=2**31)]
"""An event's number in its episode: 1, 2, 3 …"""
DecidedOn = Annotated[StrictInt, Field(ge=0, le=2**31)]
"""The version of an episode that the sender has seen: 0 before its first event."""

Minutes = Annotated[StrictInt, Field(gt=0, le=24 * 60)]


def _known_zone(name: str) -> str:
    zone_info(name)
    return name


Zone = Annotated[str, short(r"^[A-Za-z0-9+/_-]+$", 60), AfterValidator(_known_zone)]

Level = Annotated[str, short(r"^[0-9A-Z.-]+$", 8)]


def _finite(values: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """JSON has no NaN and no infinity, although parsers take them: written back they are null, which clears a field."""
    try:
        json.dumps(values, allow_nan=False)
    except ValueError:
        raise ValueError("must not hold a number that is not finite") from None
    return values


Values = Annotated[dict[str, JsonValue], Field(min_length=1), AfterValidator(_finite)]
"""New values by field name, as a correction states them; null clears a field."""

DimensionKey = Annotated[str, short(DIMENSION_PATTERNS["asam-4"], 3)]
"""`1` to `6`; `3.1` is a sub-dimension of the 4th edition."""
