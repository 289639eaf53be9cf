"""The envelope: what every fact carries, whatever it says."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from caretrail.facts.parts import CaseNumber, CommandId, Date, DecidedOn, Instant, Part, Performer, Person, Source, Text


class FactBase(Part):
    """What every fact carries: the envelope given by the caller."""

    schema_number: ClassVar[int] = 1

    occurred_on: Date = Field(description="Civil date in the program's time zone on which it happened.")
    actor: Person = Field(description="Who states the fact: a person or a system.")
    performed_by: tuple[Performer, ...] | None = Field(
        default=None, description="Who did it; default: the actor, if a clinician."
    )
    command_id: CommandId | None = Field(default=None, description="Idempotency key, unique per source.")
    source: Source = Field(default="", description="The system that sends the fact.")
    expected_version: DecidedOn | None = Field(
        default=None, description="The version of the episode it was decided on: recorded as the next one, or refused."
    )
    entered_at: Instant | None = Field(
        default=None, description="When the sending system says it was entered: shown as claimed."
    )
    late_reason: Text | None = Field(default=None, description="Why it comes late; marks the fact as a late entry.")

    @property
    def performers(self) -> tuple[Performer | Person, ...]:
        """Who did the work: `performed_by`, else the actor if a clinician."""
        if self.performed_by is not None:
            return self.performed_by
        return (self.actor,) if self.actor.role in ("clinician", "supervisor") else ()


class EpisodeFact(FactBase):
    """A fact of one episode, named by the provider's case number."""

    episode: CaseNumber
