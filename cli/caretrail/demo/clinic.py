"""The practice of the demo: three made-up programs with their clinicians, session days and time zones."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from caretrail.simulation.forms import clinician
from caretrail.simulation.programs import Program, instant

PRACTICE_ZONE = ZoneInfo("America/Chicago")
"""The time zone of the head office: all events of the demo are recorded before its midnight."""

LINCOLN = Program(
    "lincoln-iop",
    "lincoln-op",
    "LNK",
    PRACTICE_ZONE,
    (0, 2, 4),
    "09:00",
    (clinician("c-ortiz", "LADC"), clinician("c-lee", "LIMHP")),
)
OMAHA = Program(
    "omaha-iop",
    "omaha-op",
    "OMA",
    PRACTICE_ZONE,
    (0, 1, 3),
    "13:00",
    (clinician("c-noor", "PLADC"), clinician("c-brandt", "LMHP")),
)
SCOTTSBLUFF = Program(
    "scottsbluff-iop",
    "scottsbluff-op",
    "BFF",
    ZoneInfo("America/Denver"),
    (1, 2, 3),
    "10:00",
    (clinician("c-quill", "LADC"), clinician("c-moss", "LIMHP")),
)
PROGRAMS = (LINCOLN, OMAHA, SCOTTSBLUFF)
PROGRAM_WEIGHTS = (50, 35, 15)


def practice_day(now: datetime) -> date:
    """The civil day at the head office: the `today` to fill a demo store for."""
    return now.astimezone(PRACTICE_ZONE).date()


def end_of_record(today: date) -> datetime:
    """The first instant of today: all of the demo is recorded before it."""
    return instant(today, 0, PRACTICE_ZONE)
