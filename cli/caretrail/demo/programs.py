"""What the demo's programs attest: mostly valid, one license about to end, one training missing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from caretrail.demo.clinic import IMPORT_SOURCE, LINCOLN, OMAHA, SCOTTSBLUFF, SOURCE, Program, instant
from caretrail.events import Event, ProgramAttested
from caretrail.events.values import Person
from caretrail.tokens import AttestationKind

OFFICE = Person(id="a-webb", role="staff")
NOON = 12 * 60
YEAR = timedelta(days=365)
EARLIEST = timedelta(days=500)
"""Before the first admission of any demo."""

LEFT: dict[str, dict[AttestationKind, int | None]] = {
    LINCOLN.id: {"access_24_7": None, "license": 210, "staff_training": 120},
    OMAHA.id: {"access_24_7": None, "license": 19, "staff_training": 75},
    SCOTTSBLUFF.id: {"access_24_7": None, "license": 160},
}
"""Days for which each attestation is still valid; None for no end. Those that last a year were renewed each year."""


def attestations(program: Program, today: date, live_from: datetime | None = None) -> Iterator[tuple[datetime, Event]]:
    """The attestations of one program up to yesterday, with the instant of recording; on paper until it went live."""
    told: list[tuple[datetime, date, str, Event]] = []
    for kind, left in LEFT[program.id].items():
        for first, last in _terms(today, left):
            stated = _weekday(first - timedelta(days=7))
            at = instant(stated, NOON, program.zone)
            heard = at if live_from is None else max(at, live_from)
            event = ProgramAttested(
                occurred_on=stated,
                actor=OFFICE,
                program=program.id,
                kind=kind,
                valid_from=first,
                valid_to=last,
                command_id=f"{program.id}/{kind}/{first}",
                source=SOURCE if heard == at else IMPORT_SOURCE,
            )
            told.append((heard, stated, kind, event))
    yield from ((heard, event) for heard, _, _, event in sorted(told, key=lambda item: item[:3]))


def _terms(today: date, left: int | None) -> Iterator[tuple[date, date | None]]:
    """The first and last day of each attestation, the latest first."""
    earliest = today - EARLIEST
    if left is None:
        yield earliest, None
        return
    last = today + timedelta(days=left)
    while last >= earliest:
        yield last - YEAR + timedelta(days=1), last
        last -= YEAR


def _weekday(day: date) -> date:
    return day - timedelta(days=max(0, day.weekday() - 4))
