"""What the demo's programs attest: mostly valid, one license about to end, one training missing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from caretrail.demo.clinic import LINCOLN, OMAHA, SCOTTSBLUFF
from caretrail.simulation import forms
from caretrail.simulation.charts import Stream
from caretrail.simulation.desk import Desk
from caretrail.simulation.programs import Program
from caretrail.tokens import AttestationKind

NOON = 12 * 3600
YEAR = timedelta(days=365)
EARLIEST = timedelta(days=500)
"""Before the first admission of any demo."""

LEFT: dict[str, dict[AttestationKind, int | None]] = {
    LINCOLN.id: {"access_24_7": None, "license": 210, "staff_training": 120},
    OMAHA.id: {"access_24_7": None, "license": 19, "staff_training": 75},
    SCOTTSBLUFF.id: {"access_24_7": None, "license": 160},
}
"""Days for which each attestation is still valid; None for no end. Those that last a year were renewed each year."""


def attest(desk: Desk, program: Program, today: date) -> None:
    """Enter the attestations of one program up to yesterday."""
    stream = Stream(program.id)
    stated = [
        (_weekday(first - timedelta(days=7)), kind, first, last)
        for kind, left in LEFT[program.id].items()
        for first, last in _terms(today, left)
    ]
    for day, kind, first, last in sorted(stated, key=lambda item: item[:2]):
        desk.put(program, stream, forms.attested(day, kind, first, last), day, NOON)


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
