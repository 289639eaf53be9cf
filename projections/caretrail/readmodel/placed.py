"""Placed findings: a finding with whose it is, on which days, and in which group of the worklist."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from caretrail.findings import Finding


class Group(StrEnum):
    """The group of a finding in the worklist, most urgent first; the values are those of JSON and of the tables.

    `QUIET_THEN_THIS_WEEK` is of a finding only, never of a row: a short week is quiet until the second of a run of
    them is judged.
    """

    NOW = "now"
    THIS_WEEK = "this_week"
    DOCUMENTATION = "documentation"
    QUIET = "quiet"
    QUIET_THEN_THIS_WEEK = "quiet_then_this_week"


class Placed(NamedTuple):
    """A finding, for days (`end` exclusive) on which the same people have the episode and its group stays the same.

    A program's own finding has no episode, client, level or clinician. `stream` is that of the events its evidence
    names. `group` is None for what is not in the worklist. `closed`: the episode had ended by then, and nothing falls
    due any more.
    """

    finding: Finding
    stream: UUID
    episode: str | None
    client: str | None
    zone: str | None
    program: str | None
    level: str | None
    clinician: str | None
    first: date
    end: date
    group: Group | None
    closed: bool = False
