"""The envelope: the fields of every event, and the traits of its kind."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import ClassVar

from pydantic import Field, field_validator

from caretrail.events.fields import CaseNumber, CommandId, Date, DecidedOn, Instant, OpaqueId, Source, Text, Version
from caretrail.events.values import Performer, Person, Signature, Value


@dataclass(frozen=True)
class Traits:
    """Knowledge of one kind of event, declared on its model."""

    begins: bool = False
    """May be the first of an episode, or of a program's own stream."""
    plain: bool = False
    """Can conflict only with the admission and the discharge, so the whole history need not be read."""
    needs_admission: bool = False
    """Only an admitted client can have it."""
    not_before_admission: bool = False
    """Dated before the admission, it could not have happened."""
    after_discharge: bool = False
    """May be dated after the discharge."""
    moves_outline: bool = False
    """Can change client, program, zone, admission or discharge."""
    moves_stays: bool = False
    """Can begin, end or move a stay."""
    amends: bool = False
    """Acts on an earlier event and is not itself part of the effective history."""
    signable: bool = False
    """A document that later signatures can be added to."""
    must_be_signed: bool = False
    """Carries at least one signature."""
    rank: int = 2
    """Order within one day."""
    turn: int = 0
    """+1 puts treatment on hold, -1 resumes it: the two take turns."""


class EventBase(Value):
    """The fields of every event, given by the caller."""

    traits: ClassVar[Traits] = Traits()

    schema_number: ClassVar[int] = 1

    occurred_on: Date = Field(description="Civil date in the program's time zone on which it happened.")
    actor: Person = Field(description="Who states the event: a person or a system.")
    performed_by: tuple[Performer, ...] | None = Field(
        default=None, description="Who did it; default: the actor, if a clinician."
    )
    command_id: CommandId | None = Field(default=None, description="Idempotency key, unique per source.")
    source: Source = Field(default="", description="The system that sends the event.")
    expected_version: DecidedOn | None = Field(
        default=None, description="Episode version the decision was based on; refused if the episode has changed since."
    )
    entered_at: Instant | None = Field(
        default=None, description="When it was entered, as claimed by the sending system."
    )
    late_reason: Text | None = Field(default=None, description="Reason for a late entry; marks the event as one.")

    @property
    def performers(self) -> tuple[Performer | Person, ...]:
        """Who did the work: `performed_by`, else the actor if a clinician."""
        performed_by = self.performed_by
        if performed_by is not None:
            return performed_by
        return (self.actor,) if self.actor.role in ("clinician", "supervisor") else ()


class EpisodeEvent(EventBase):
    """An event of one episode, named by the provider's case number."""

    episode: CaseNumber


class TargetedEvent(EpisodeEvent):
    """An event that acts on an earlier one of its episode."""

    target: Version


class SignedEvent(EpisodeEvent):
    """An event that carries signatures."""

    signatures: tuple[Signature, ...] = Field(default=(), validate_default=True, exclude_if=operator.not_)

    @field_validator("signatures")
    @classmethod
    def _once(cls, signatures: tuple[Signature, ...]) -> tuple[Signature, ...]:
        if len({signature.signer for signature in signatures}) < len(signatures):
            raise ValueError("a signer may sign one document only once")
        if cls.traits.must_be_signed and not signatures:
            raise ValueError("needs at least one signature")
        return signatures


class ProgramEvent(EventBase):
    """An event of a program, in the program's own stream."""

    program: OpaqueId
