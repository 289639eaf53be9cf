"""Rules for staff and programs: credentials, and what a program attests about itself."""

from __future__ import annotations

from typing import Literal

from caretrail.policy.rules.base import Credentials, Rule
from caretrail.policy.values import SomeDays
from caretrail.tokens import AttestationKind


class StaffCredentials(Rule):
    """Everyone who treats has a listed credential: of the pack's own list, or of a list of the rule."""

    check: Literal["staff_credentials"]
    cleared_by = "a correction that states the credential; a session held without one can be explained"
    credentials: Credentials | None = None


class Attested(Rule):
    """A program attests something about itself; judged once per program, not per episode."""

    check: Literal["program_attested"]
    cleared_by = "an attestation by the program that is valid on the day"
    several = True
    of_program = True
    kind: AttestationKind
    soon_days: SomeDays = 30
