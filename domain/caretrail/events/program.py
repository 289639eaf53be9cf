"""Statements of a program about itself, in the program's own stream."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import model_validator

from caretrail.events.envelope import ProgramEvent, Traits
from caretrail.events.fields import OpenDate
from caretrail.tokens import AttestationKind


class ProgramAttested(ProgramEvent):
    """A program attested to its license, access or training."""

    traits: ClassVar[Traits] = Traits(begins=True)

    type: Literal["program_attested"] = "program_attested"
    kind: AttestationKind
    valid_from: OpenDate
    valid_to: OpenDate | None = None

    @model_validator(mode="after")
    def _order(self) -> Self:
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise ValueError("valid_to must not be before valid_from")
        return self
