"""The demo's population: its programs, the stories, then any number of ordinary episodes.

Everything follows from (today, count, seed). Memory holds an enrollment for each episode (a few numbers) and the
episodes that are open at the instant reached, never all events.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from heapq import heappop, heappush
from itertools import accumulate, islice
from random import Random

from caretrail.demo.clerk import DAY, Clerk, Recorded
from caretrail.demo.clinic import LIVE_DAYS, PROGRAM_WEIGHTS, PROGRAMS, SCOTTSBLUFF, Program, end_of_record, team_of
from caretrail.demo.course import Course
from caretrail.demo.programs import attestations
from caretrail.demo.stories import STORIES
from caretrail.demo.teds import LENGTH_OF_STAY, REASONS
from caretrail.events import Event

OPEN_SHARE = 0.6
CLOSED_WITHIN = 90
"""Discharges of the demo are at most so many days old."""
BY_STAYS = list(accumulate(count for _, _, count in LENGTH_OF_STAY))
"""Weights of the bands of TEDS, summed up: of the stay of whoever was admitted."""
BY_DAYS = list(accumulate(count * (low + high) // 2 for low, high, count in LENGTH_OF_STAY))
"""The same of the stay of whoever is met on a given day: a longer stay has more days to be met on."""
KNUTH = 2_654_435_761
"""Spreads numbers over client ids without meeting one twice."""


@dataclass(frozen=True, slots=True)
class Enrollment:
    """What is known of an episode before its first event: `end` is None while it is open."""

    number: int
    program: Program
    start: date
    end: date | None
    seed: int


def episodes(
    today: date, count: int = 60, seed: int = 2026, *, open_share: float = OPEN_SHARE
) -> Iterator[tuple[datetime, Event]]:
    """The events of a demo store in the order of recording, each with the instant (UTC) of its recording.

    Set the store's clock to that instant, then append the event; with `imported` if its source is `IMPORT_SOURCE`.
    `today` should be `practice_day(now)`, else what is due today is due on another day for the store.
    All instants are before the first hour of `today` in America/Chicago, all days before `today`. The first episodes
    are the stories; the others are ordinary, `open_share` of them open. Two instants may be the same.
    """
    end = end_of_record(today)
    for at, _, event, _ in _merged(_sources(today, count, seed, open_share)):
        if at >= end:
            return
        yield at, event


def jsonl(today: date, count: int = 60, seed: int = 2026, *, open_share: float = OPEN_SHARE) -> Iterator[str]:
    """The same events as lines of JSON, for `caretrail append`: `file.writelines(jsonl(today, 12_000))`."""
    for _, event in episodes(today, count, seed, open_share=open_share):
        yield event.model_dump_json(by_alias=True, exclude_none=True) + "\n"


Opened = tuple[datetime, int, Event, Iterator[Recorded]]
"""An open episode: the instant of its next event, its number, the event, and where the rest comes from."""


def _merged(episodes: Iterable[tuple[datetime, int, Iterator[Recorded]]]) -> Iterator[Opened]:
    """Merge episodes by instant; one is opened only when its first possible instant is reached."""
    heap: list[Opened] = []
    for start, number, rest in episodes:
        while heap and heap[0][0] < start:
            yield _advance(heap)
        for at, event in islice(rest, 1):
            heappush(heap, (at, number, event, rest))
    while heap:
        yield _advance(heap)


def _advance(heap: list[Opened]) -> Opened:
    """Take the first event, and put the next of its episode in its place."""
    first = heappop(heap)
    _, number, _, rest = first
    for at, event in islice(rest, 1):
        heappush(heap, (at, number, event, rest))
    return first


def _sources(
    today: date, count: int, seed: int, open_share: float
) -> Iterator[tuple[datetime, int, Iterator[Recorded]]]:
    """The events of each program and each episode, ordered by an instant before the first of them."""
    end = end_of_record(today)
    earliest = datetime.min.replace(tzinfo=end.tzinfo)
    for number, program in enumerate(PROGRAMS):
        yield earliest, -number, attestations(program, today, _live_from(program, today))
    for number, story in enumerate(STORIES[:count], start=1):
        yield earliest, number, story.entered(today).until(end)
    for item in _enrollments(today, count, seed, open_share):
        yield end_of_record(item.start - 14 * DAY), item.number, _ordinary(item, today, count)


def _enrollments(today: date, count: int, seed: int, open_share: float) -> list[Enrollment]:
    """The ordinary episodes, in the order of their admission."""
    rng = Random(seed)  # noqa: S311  # believable data, not secrets
    found = [_enrollment(number, rng, today, open_share) for number in range(len(STORIES) + 1, count + 1)]
    return sorted(found, key=lambda item: (item.start, item.number))


def _enrollment(number: int, rng: Random, today: date, open_share: float) -> Enrollment:
    (program,) = rng.choices(PROGRAMS, PROGRAM_WEIGHTS)
    if rng.random() < open_share:
        length = _length(rng, BY_DAYS)
        start, end = today - DAY - int(rng.random() * length) * DAY, None
    else:
        end = program.session_on_or_before(today - DAY - rng.randrange(CLOSED_WITHIN) * DAY)
        start = end - _length(rng, BY_STAYS) * DAY
    return Enrollment(number, program, program.session_on_or_before(start), end, rng.getrandbits(62))


def _length(rng: Random, weights: Sequence[int]) -> int:
    """A length of stay in days, from the bands of TEDS."""
    low, high, _ = LENGTH_OF_STAY[bisect(weights, rng.randrange(weights[-1]))]
    return rng.randint(low, high)


def _live_from(program: Program, today: date) -> datetime | None:
    """The instant from which a program records what happens as it happens; None if it always did."""
    return end_of_record(today - LIVE_DAYS * DAY) + timedelta(hours=15) if program is SCOTTSBLUFF else None


def _ordinary(item: Enrollment, today: date, count: int) -> Iterator[Recorded]:
    """Enter an ordinary episode week by week, lazily."""
    rng = Random(item.seed)  # noqa: S311
    case = f"{item.program.prefix}-{item.start.year}-{item.number:05d}"
    client = f"cl-{item.number * KNUTH % 2**24:06x}"
    team, live = team_of(item.program, item.number, count), _live_from(item.program, today)
    clerk = Clerk(case, client, item.program, team, live)
    (reason,) = rng.choices(list(REASONS), list(REASONS.values()))
    course = Course(clerk, rng, item.start, item.end, reason)
    last = min(item.end or today, today - DAY)
    course.begin()
    week = item.start
    while week <= last:
        course.enter(week, min(week + 6 * DAY, last))
        week += 7 * DAY
        if week > last:
            course.finish()
        yield from clerk.until(end_of_record(week))
    yield from clerk.until(end_of_record(today))
