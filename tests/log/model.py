"""The store as a few lines of Python: what a call does to the two logs and the stays, or why it is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from caretrail.log import PendingEvent, ProgramStay

ACCESSES = UUID(int=0)
"""Stands for the stream of the account that runs the tests, which is another in every store."""
SALT = bytes(16)


class Outcome(NamedTuple):
    """What became of a call: the positions of its events, or the name of the refusal with its numbers."""

    positions: tuple[int, ...] = ()
    refusal: str = ""
    numbers: tuple[int, ...] = ()


class Model:
    """Both logs and the stays, as the rules of `append` and `record_access` leave them behind."""

    def __init__(self) -> None:
        self.log: list[PendingEvent] = []
        self.accesses: list[PendingEvent] = []
        self.stays: dict[UUID, Sequence[ProgramStay]] = {}

    def access(self, command_id: str, payload: bytes) -> Outcome:
        """Record an access of the one account there is: the version is the store's own to choose."""
        at = {event.command_id: place for place, event in enumerate(self.accesses, 1)}
        if command_id in at:
            place = at[command_id]
            same = self.accesses[place - 1].state == payload
            return Outcome((place,)) if same else Outcome(refusal="command_reused", numbers=(place,))
        place = len(self.accesses) + 1
        self.accesses.append(PendingEvent(ACCESSES, place, "accessed/1", payload, "caretrail.access", command_id, SALT))
        return Outcome((place,))

    def append(self, events: Sequence[PendingEvent], stays: Mapping[UUID, Sequence[ProgramStay]]) -> Outcome:
        at = {(event.source, event.command_id): place for place, event in enumerate(self.log, 1)}
        known = [(event, at[key]) for event in events if (key := (event.source, event.command_id)) in at]
        other = [place for event, place in known if _content(event) != _content(self.log[place - 1])]
        if other:
            return Outcome(refusal="command_reused", numbers=(min(other),))
        if len(known) == len(events):
            return Outcome(tuple(place for _, place in known))
        latest = {event.originator_id: event.originator_version for event in self.log}
        for event in events:
            actual = latest.get(event.originator_id, 0)
            if event.originator_version != actual + 1:
                return Outcome(refusal="version_conflict", numbers=(event.originator_version - 1, actual))
            latest[event.originator_id] = event.originator_version
        if known:
            return Outcome(refusal="command_reused", numbers=(min(place for _, place in known),))
        moved = {**self.stays, **stays}
        if any(_overlap(moved, stream) for stream in stays):
            return Outcome(refusal="stay_overlap")
        self.stays = moved
        self.log += events
        return Outcome(tuple(range(len(self.log) - len(events) + 1, len(self.log) + 1)))


def _content(event: PendingEvent) -> tuple[UUID, str, bytes]:
    return event.originator_id, event.topic, event.state


def _overlap(stays: Mapping[UUID, Sequence[ProgramStay]], stream: UUID) -> bool:
    others = [stay for other, rows in stays.items() if other != stream for stay in rows]
    return any(
        (one.client, one.program) == (two.client, two.program)
        and one.first_day < (two.last_day or date.max)
        and two.first_day < (one.last_day or date.max)
        for one in stays[stream]
        for two in others
    )
