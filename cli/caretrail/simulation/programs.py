"""Where clients are treated: programs with their clinicians, weekdays and time zones; a made-up nation of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from caretrail.simulation.forms import Json, clinician
from caretrail.tokens import AttestationKind

DAY = timedelta(days=1)
YEAR = 365

Weekdays = tuple[int, int, int]


@dataclass(frozen=True)
class Program:
    """A program: three-hour groups on three weekdays (Monday is 0), and the two clinicians of its first team."""

    id: str
    outpatient: str
    """The program of the same provider that clients step down to."""
    prefix: str
    """Of case numbers and of clinicians."""
    zone: ZoneInfo
    weekdays: Weekdays
    start: str
    """Local time of the morning's groups."""
    staff: tuple[Json, Json]
    attests: tuple[tuple[AttestationKind, int | None], ...] = ()
    """What it attests to when it joins the network, and for how many days; None for no end."""
    policy: str = "ne-medicaid-2.1-adult"
    live_from: int | None = None
    """When it began to use Caretrail, in seconds since 1970, and imported its paper; None if it always did."""

    def is_session_day(self, day: date) -> bool:
        """Whether groups run on that day."""
        return day.weekday() in self.weekdays

    def session_on_or_after(self, day: date) -> date:
        """The first day with a group, from a day on."""
        return next(later for n in range(7) if self.is_session_day(later := day + n * DAY))

    def session_on_or_before(self, day: date) -> date:
        """The last day with a group, up to a day."""
        return next(earlier for n in range(7) if self.is_session_day(earlier := day - n * DAY))

    def session_days(self, first: date, last: date) -> list[date]:
        """All days with a group, both ends included."""
        days = (first + n * DAY for n in range((last - first).days + 1))
        return [day for day in days if self.is_session_day(day)]

    def team(self, number: int) -> tuple[Json, Json]:
        """The case owner and the second clinician of a team, numbered from 0; the first is the program's staff."""
        if number == 0:
            return self.staff
        first = 2 * number + 1
        one, two = (
            clinician(f"c-{self.prefix.lower()}-{first + place:03d}", who["credential"])
            for place, who in enumerate(self.staff)
        )
        return one, two


@lru_cache(maxsize=100)
def midnight(day: date, zone: ZoneInfo) -> int:
    """Seconds since 1970 UTC at which a day's wall clock would show 00:00 if it ran as at noon.

    Added to a time of day after the hour at which clocks change, it gives the instant of that time.
    """
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=zone)
    return int(noon.timestamp()) - 12 * 3600


def instant(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    """The UTC instant of a local wall clock time, given in minutes after midnight."""
    return datetime.fromtimestamp(midnight(day, zone) + minutes * 60, UTC)


# --- a network of programs -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Network:
    """Programs that share a store, and the days that are simulated.

    A growing network has its first program on the first day, and the others join evenly through the time; each takes
    clients evenly from then on.
    """

    programs: Sequence[Program]
    weights: Sequence[int]
    """How many clients a program takes, in proportion."""
    first: date
    last: date
    growing: bool = False


EPISODES_EACH = 100
"""Episodes of a year in a program, on average: about forty are open at once, and a hundred in the oldest programs."""

PLACES: tuple[tuple[str, int], ...] = (
    ("America/New_York", 47),
    ("America/Chicago", 29),
    ("America/Denver", 6),
    ("America/Phoenix", 2),
    ("America/Los_Angeles", 15),
    ("Pacific/Honolulu", 1),
)
"""Time zones, and about how many of a hundred Americans live in each."""

WEEKDAYS: tuple[Weekdays, ...] = ((0, 2, 4), (0, 1, 3), (1, 2, 3), (1, 3, 4))
CREDENTIALS = (("LADC", "LIMHP"), ("LIMHP", "LMHP"), ("LADC", "LMHP"), ("PLADC", "LIMHP"))
ATTESTED: tuple[tuple[AttestationKind, int | None], ...] = (
    ("access_24_7", None),
    ("license", YEAR),
    ("staff_training", YEAR),
)
STARTS = ("09:00", "09:30", "10:00")


def nation(episodes: int, last: date) -> Network:
    """A year of a country that joins one store: programs enough for so many episodes.

    All of them are judged by the rules of Nebraska, as if every state had written them.
    """
    zones = [ZoneInfo(name) for name, share in PLACES for _ in range(share)]
    count = max(1, round(episodes / EPISODES_EACH))
    programs = [_program(number, zones[number * 37 % len(zones)]) for number in range(1, count + 1)]
    return Network(programs, [1] * count, last - (YEAR - 1) * DAY, last, growing=True)


def _program(number: int, zone: ZoneInfo) -> Program:
    name = f"s{number:04d}"
    one, two = (clinician(f"c-{name}-{place:03d}", held) for place, held in enumerate(CREDENTIALS[number % 4], start=1))
    return Program(
        f"{name}-iop", f"{name}-op", name.upper(), zone, WEEKDAYS[number % 4], STARTS[number % 3], (one, two), ATTESTED
    )
