"""Stays: the stretches of an episode at one level in one program, from admission or transfer-in to the last day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import permutations

from caretrail.episode.history import Effective, first_of, of_kind
from caretrail.events import Admitted, Discharged, Transferred

MOST_TRANSFERS_A_DAY = 5


@dataclass(frozen=True, slots=True)
class LevelStay:
    """A stretch at one level; `last_day` is the day of the transfer or discharge that ended it, None while open.

    `opened_by` and `closed_by` are versions of the events that began and ended it.
    """

    program: str
    level: str
    edition: str
    first_day: date
    last_day: date | None
    opened_by: int
    closed_by: int | None = None


def level_stays(history: Sequence[Effective]) -> list[LevelStay]:
    """Cut an effective history into its stays, oldest first; empty before an admission."""
    admission = first_of(history, Admitted)
    if admission is None:
        return []
    stays: list[LevelStay] = []
    program, level, edition = admission.event.program, admission.event.level, admission.event.edition
    first, opened_by = admission.day, admission.version
    transfers = of_kind(history, Transferred)
    for item in chained(transfers, level) or transfers:
        stays.append(LevelStay(program, level, edition, first, item.day, opened_by, item.version))
        program, level, edition = item.event.to_program or program, item.event.to_level, item.event.edition
        first, opened_by = item.day, item.version
    end = first_of(history, Discharged)
    last_day, closed_by = (None, None) if end is None else (end.day, end.version)
    return [*stays, LevelStay(program, level, edition, first, last_day, opened_by, closed_by)]


def chained(transfers: Sequence[Effective[Transferred]], level: str) -> list[Effective[Transferred]] | None:
    """Order transfers so that each starts from the level the one before it led to; None if that cannot be.

    Days keep their order; only transfers of one day may change places, because a day says nothing about the hour.
    """
    ordered: list[Effective[Transferred]] = []
    rest = list(transfers)
    while rest:
        same_day = [item for item in rest if item.day == rest[0].day]
        rest = rest[len(same_day) :]
        if len(same_day) > MOST_TRANSFERS_A_DAY:
            return None
        chain = next((order for order in permutations(same_day) if _leads(order, level)), None)
        if chain is None:
            return None
        ordered.extend(chain)
        level = chain[-1].event.to_level
    return ordered


def _leads(order: Sequence[Effective[Transferred]], level: str) -> bool:
    before = [level, *(item.event.to_level for item in order[:-1])]
    return [item.event.from_level for item in order] == before
