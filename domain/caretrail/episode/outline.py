"""The outline of an episode: its client, programs, zone, and both its ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from caretrail.episode.history import Effective, first_of, of_kind
from caretrail.events import Admitted, Assessed, Discharged, Transferred
from caretrail.events.catalog import EVENT_TYPES
from caretrail.events.codec import stored_names

BESIDE_OUTLINE: Final = tuple(stored_names(kind for kind in EVENT_TYPES.values() if not kind.traits.moves_outline))
"""The stored names of events that say nothing of the outline; a name this program does not know may."""


@dataclass(frozen=True, slots=True)
class Outline:
    """The few data of an episode that checks need; zone and ends are None before an admission."""

    client: str | None = None
    programs: frozenset[str] = frozenset()
    zone: str | None = None
    admitted: Effective[Admitted] | None = None
    discharged: Effective[Discharged] | None = None


def outline(history: Sequence[Effective]) -> Outline:
    """Summarize an effective history."""
    assessed = of_kind(history, Assessed)
    admitted = first_of(history, Admitted)
    programs = {item.event.program for item in assessed}
    programs |= {item.event.to_program for item in of_kind(history, Transferred) if item.event.to_program}
    client = assessed[0].event.client if assessed else None
    zone: str | None = None
    if admitted is not None:
        programs.add(admitted.event.program)
        client, zone = admitted.event.client, admitted.event.zone
    return Outline(client, frozenset(programs), zone, admitted, first_of(history, Discharged))
