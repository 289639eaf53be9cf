"""The parts facts are made of: ids, dates, signatures, and the rules each of them must keep."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    Strict,
    StrictBool,
    StrictInt,
    StringConstraints,
    ValidationInfo,
    model_validator,
)

from caretrail.days import zone_info
from caretrail.tokens import LEVELS, Basis, Edition, Meaning, Method, PersonRole, SignerRole


def _short(pattern: str, most: int) -> StringConstraints:
    return StringConstraints(strict=True, pattern=pattern, min_length=1, max_length=most)


CaseNumber = Annotated[str, _short(r"^[A-Za-z0-9._-]+$", 64)]
"""An opaque id: 1 to 64 of `A-Z a-z 0-9 . _ -`."""

OpaqueId = CaseNumber
PolicyName = Annotated[str, _short(r"^[A-Za-z0-9._-]+$", 64)]
RuleId = Annotated[str, _short(r"^[A-Za-z0-9._-]+$", 64)]
CommandId = Annotated[str, _short(r"^[\x21-\x7e]+$", 200)]
Source = Annotated[str, StringConstraints(strict=True, pattern=r"^[\x21-\x7e]*$", max_length=100)]
Credential = Annotated[str, _short(r"^[^\x00-\x1f\x7f]+$", 60)]
Code = Annotated[str, _short(r"^[a-z0-9_]+$", 60)]
Text = Annotated[str, _short(r"^[^\x00]*$", 4000)]
Diagnosis = Annotated[str, _short(r"^[A-TV-Z][0-9][0-9A-Z](\.[0-9A-Z]{1,4})?$", 8)]
TimeOfDay = Annotated[str, _short(r"^([01][0-9]|2[0-3]):[0-5][0-9]$", 5)]
"""Local wall clock time, `HH:MM`."""


def _written_out(value: object, info: ValidationInfo) -> object:
    """Read a date of JSON as people write it; a number of seconds is an instant, and which day that is depends."""
    if info.mode == "json" and isinstance(value, str):
        if not _DATE.fullmatch(value):
            raise ValueError("must be a date, YYYY-MM-DD")
        return date.fromisoformat(value)
    return value


_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

Date = Annotated[date, Strict(), BeforeValidator(_written_out), Field(ge=date(1900, 1, 1))]
"""A civil date; one before anybody alive was born is a typing error, and its arithmetic would leave the calendar."""

Instant = Annotated[AwareDatetime, Strict()]
Count = Annotated[StrictInt, Field(ge=0, le=1_000_000)]
Version = Annotated[StrictInt, Field(ge=1, le=2**31)]
"""A fact's number in its episode: 1, 2, 3 …"""
DecidedOn = Annotated[StrictInt, Field(ge=0, le=2**31)]
"""The version of an episode somebody has seen: 0 before its first fact."""

Minutes = Annotated[StrictInt, Field(gt=0, le=24 * 60)]


def _known_zone(name: str) -> str:
    zone_info(name)
    return name


Zone = Annotated[str, _short(r"^[A-Za-z0-9+/_-]+$", 60), AfterValidator(_known_zone)]

Level = Annotated[str, _short(r"^[0-9A-Z.-]+$", 8)]


def _finite(values: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """JSON has no NaN and no infinity, although parsers take them: written back they are null, which clears a field."""
    try:
        json.dumps(values, allow_nan=False)
    except ValueError:
        raise ValueError("must not hold a number that is not finite") from None
    return values


Values = Annotated[dict[str, JsonValue], Field(min_length=1), AfterValidator(_finite)]
"""New values by field name, as a correction states them; null clears a field."""


class Part(BaseModel):
    """Base of everything inside a fact: frozen, no unknown fields, and errors that never echo a value."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Person(Part):
    """Who states or does something: an opaque id, and role and credential as stated on that day."""

    id: OpaqueId
    role: PersonRole
    credential: Credential | None = None


class Performer(Part):
    """Who did the work: an opaque id and the credential as stated."""

    id: OpaqueId
    role: PersonRole | None = None
    credential: Credential | None = None


class Signature(Part):
    """A signature given (`signed_on`), still owed (`deferred`) or refused before a witness (`declined`)."""

    signer: OpaqueId
    role: SignerRole
    credential: Credential | None = None
    signed_on: Date | None = None
    method: Method | None = None
    meaning: Meaning | None = None
    deferred: Text | None = None
    declined: Text | None = None
    witness: OpaqueId | None = None

    @model_validator(mode="after")
    def _one_state(self) -> Self:
        given = [name for name in ("signed_on", "deferred", "declined") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError("needs exactly one of signed_on, deferred, declined")
        if self.signed_on is not None and (self.method is None or self.meaning is None):
            raise ValueError("a signature given needs method and meaning")
        if self.declined is not None and self.witness is None:
            raise ValueError("a declined signature needs a witness")
        return self


class Disclosure(Part):
    """What was handed out: date, recipient, description and purpose as 45 CFR 164.528 asks for, and on what basis."""

    recipient: Annotated[str, _short(r"^[^\x00]*$", 200)]
    address: Annotated[str, _short(r"^[^\x00]*$", 400)] | None = None
    basis: Basis
    consent: OpaqueId | None = Field(default=None, description="The consent it rests on.")
    scope: Text | None = Field(default=None, description="What the consent, or the order, covers.")
    description: Text
    digest: Annotated[str, _short(r"^[0-9a-f]{64}$", 64)] | None = Field(
        default=None, description="SHA-256 of what was handed out, in hex."
    )


class Dimension(Part):
    """One ASAM dimension as the clinician rated it; `problem` null means not known."""

    rating: Annotated[str, _short(r"^[0-9A-Z-]+$", 20)] | None = None
    problem: StrictBool | None = None
    meets_level: StrictBool | None = None


DimensionKey = Annotated[str, _short(r"^[1-6][a-c]?$", 2)]
"""`1` to `6`; a letter names a subdimension of the 4th edition."""


class Referral(Part):
    """A referral to a clinician who can diagnose and treat co-occurring disorders."""

    to: OpaqueId
    credential: Credential | None = None
    on: Date


class Schedule(Part):
    """What the program offers the client each week."""

    minutes_per_week: Annotated[StrictInt, Field(ge=0, le=7 * 24 * 60)]
    days_per_week: Annotated[StrictInt, Field(ge=0, le=7)]


class TransferIn(Part):
    """Why a client came from another level of care."""

    from_level: Level | None = None
    objectives_met: StrictBool | None = None
    level1_insufficient: StrictBool | None = None
    level1_preparatory: StrictBool | None = None
    dimension: DimensionKey | None = None


class Sections(Part):
    """Which required sections a plan holds."""

    discharge: StrictBool | None = None
    relapse_prevention: StrictBool | None = None
    supports: StrictBool | None = None


class Outcome(Part):
    """How a stay ended; null means not stated."""

    goals_met: StrictBool | None = None
    precipitating_condition_stabilised: StrictBool | None = None
    relapse_potential_stabilised: StrictBool | None = None


def check_level(level: str | None, edition: Edition | None) -> None:
    """Refuse a level code that its edition does not have."""
    if level is not None and edition is not None and level not in LEVELS[edition]:
        raise ValueError("level is not one of its edition's levels")


def no_signer_twice(signatures: tuple[Signature, ...]) -> None:
    """Refuse one document signed twice by one person."""
    signers = [signature.signer for signature in signatures]
    if len(set(signers)) != len(signers):
        raise ValueError("a signer may stand only once on one document")
