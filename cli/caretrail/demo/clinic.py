"""The practice of the demo: three made-up programs with their clinicians, session days and time zones."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from caretrail.events.values import Person

SOURCE = "demo-ehr"
IMPORT_SOURCE = "paper-charts"
"""Source of the events imported from paper: record them with `imported`."""

PRACTICE_ZONE = ZoneInfo("America/Chicago")
"""The time zone of the head office: all events of the demo are recorded before its midnight."""

LIVE_DAYS = 75
"""Days since the program in Scottsbluff began to use Caretrail and imported its paper charts."""

PATIENTS_EACH = 30
SMALL_PRACTICE = 200


def clinician(name: str, credential: str) -> Person:
    """A clinician by opaque id."""
    return Person(id=name, role="clinician", credential=credential)


@dataclass(frozen=True)
class Program:
    """A program: three-hour groups on three weekdays (Monday is 0), and two clinicians who work as a team."""

    id: str
    prefix: str
    zone: ZoneInfo
    weekdays: tuple[int, int, int]
    start: str
    staff: tuple[Person, Person]

    def is_session_day(self, day: date) -> bool:
        """Whether groups run on that day."""
        return day.weekday() in self.weekdays

    def session_on_or_after(self, day: date) -> date:
        """The first day with a group, from a day on."""
        return next(later for n in range(7) if self.is_session_day(later := day + timedelta(days=n)))

    def session_on_or_before(self, day: date) -> date:
        """The last day with a group, up to a day."""
        return next(earlier for n in range(7) if self.is_session_day(earlier := day - timedelta(days=n)))

    def session_days(self, first: date, last: date) -> list[date]:
        """All days with a group, both ends included."""
        days = (first + timedelta(days=n) for n in range((last - first).days + 1))
        return [day for day in days if self.is_session_day(day)]


LINCOLN = Program(
    "lincoln-iop", "LNK", PRACTICE_ZONE, (0, 2, 4), "09:00", (clinician("c-ortiz", "LADC"), clinician("c-lee", "LIMHP"))
)
OMAHA = Program(
    "omaha-iop", "OMA", PRACTICE_ZONE, (0, 1, 3), "13:00", (clinician("c-noor", "PLADC"), clinician("c-brandt", "LMHP"))
)
SCOTTSBLUFF = Program(
    "scottsbluff-iop",
    "BFF",
    ZoneInfo("America/Denver"),
    (1, 2, 3),
    "10:00",
    (clinician("c-quill", "LADC"), clinician("c-moss", "LIMHP")),
)
PROGRAMS = (LINCOLN, OMAHA, SCOTTSBLUFF)
PROGRAM_WEIGHTS = (50, 35, 15)


def team_of(program: Program, number: int, count: int) -> tuple[Person, Person]:
    """The team of the client with that number; a large practice has more teams, so that caseloads stay small."""
    if count <= SMALL_PRACTICE:
        return program.staff
    first = 2 * (number % max(1, count // (PATIENTS_EACH * len(PROGRAMS)))) + 1
    one, two = (
        clinician(f"c-{program.prefix.lower()}-{first + place:03d}", who.credential or "")
        for place, who in enumerate(program.staff)
    )
    return one, two


@lru_cache(maxsize=100_000)
def instant(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    """The UTC instant of a local wall clock time, given in minutes after midnight."""
    hour, minute = divmod(minutes, 60)
    return datetime.combine(day, time(hour, minute), tzinfo=zone).astimezone(UTC)


def practice_day(now: datetime) -> date:
    """The civil day at the head office: the `today` to fill a demo store for."""
    return now.astimezone(PRACTICE_ZONE).date()


def end_of_record(today: date) -> datetime:
    """The first instant of today: all of the demo is recorded before it."""
    return instant(today, 0, PRACTICE_ZONE)
