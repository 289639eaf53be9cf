"""The demo's population: its programs, the stories, then as many ordinary episodes as asked for.

Everything follows from (today, count, seed). Memory holds the plan of each episode (a few numbers) and the charts that
are open at the instant reached, never all facts.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from heapq import heappop, heappush, heapreplace
from itertools import accumulate
from random import Random

from caretrail.demo.chart import DAY, Chart, Recorded
from caretrail.demo.clinic import LIVE_DAYS, PROGRAM_WEIGHTS, PROGRAMS, SCOTTSBLUFF, Program, end_of_record, team_of
from caretrail.demo.course import Course
from caretrail.demo.programs import attestations
from caretrail.demo.stories import STORIES
from caretrail.demo.teds import LENGTH_OF_STAY, REASONS
from caretrail.facts import Fact

OPEN_SHARE = 0.6
CLOSED_WITHIN = 90
"""Discharges of the demo are at most so many days old."""
KNUTH = 2_654_435_761
"""Spreads numbers over client ids without meeting one twice."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is settled of an episode before its first fact: `end` is None while it is open."""

    number: int
    program: Program
    start: date
    end: date | None
    seed: int


def episodes(
    today: date, count: int = 60, seed: int = 2026, *, open_share: float = OPEN_SHARE
) -> Iterator[tuple[datetime, Fact]]:
    """The facts of a demo store in the order of recording, each with the instant (UTC) at which the store hears of it.

    Give the store's clock that instant, then append the fact; those whose source is `IMPORT_SOURCE` with `imported`.
    `today` should be `practice_day(now)`, else what is due today is due on another day for the store.
    All instants are before the first hour of `today` in America/Chicago, all days before `today`. The first episodes
    are the stories; the others are ordinary, `open_share` of them open. Two instants may be the same.
    """
    end = end_of_record(today)
    for at, _, fact, _ in _merged(_charts(today, count, seed, open_share)):
        if at >= end:
            return
        yield at, fact


def jsonl(today: date, count: int = 60, seed: int = 2026, *, open_share: float = OPEN_SHARE) -> Iterator[str]:
    """The same facts as lines of JSON, for `caretrail append`: `file.writelines(jsonl(today, 12_000))`."""
    for _, fact in episodes(today, count, seed, open_share=open_share):
        yield fact.model_dump_json(by_alias=True, exclude_none=True) + "\n"


Chapter = tuple[datetime, int, Fact, Iterator[Recorded]]
"""An open chart: its next fact, and where the rest comes from."""


def _merged(charts: Iterator[tuple[datetime, int, Iterator[Recorded]]]) -> Iterator[Chapter]:
    """Merge charts by instant; a chart is opened only when its first possible instant is reached."""
    heap: list[Chapter] = []
    for start, number, chart in charts:
        while heap and heap[0][0] < start:
            yield _advance(heap)
        first = next(chart, None)
        if first is not None:
            heappush(heap, (first[0], number, first[1], chart))
    while heap:
        yield _advance(heap)


def _advance(heap: list[Chapter]) -> Chapter:
    chapter = heap[0]
    following = next(chapter[3], None)
    if following is None:
        heappop(heap)
    else:
        heapreplace(heap, (following[0], chapter[1], following[1], chapter[3]))
    return chapter


def _charts(
    today: date, count: int, seed: int, open_share: float
) -> Iterator[tuple[datetime, int, Iterator[Recorded]]]:
    """Every chart with an instant before which it has no fact, in the order of these instants."""
    end = end_of_record(today)
    stories = [(number, story.chart(today).until(end)) for number, story in enumerate(STORIES[:count], start=1)]
    plans = _plans(today, count, seed, open_share)
    for number, program in enumerate(PROGRAMS):
        yield datetime.min.replace(tzinfo=end.tzinfo), -number, attestations(program, today, _live_from(program, today))
    yield from ((datetime.min.replace(tzinfo=end.tzinfo), number, chart) for number, chart in stories)
    for plan in plans:
        opens = end_of_record(plan.start - 14 * DAY)
        yield opens, plan.number, _ordinary(plan, today, count)


def _plans(today: date, count: int, seed: int, open_share: float) -> list[Plan]:
    """The ordinary episodes, in the order of their admission."""
    rng = Random(seed)  # noqa: S311  # believable data, not secrets
    lengths = _Lengths()
    plans = [_plan(number, rng, lengths, today, open_share) for number in range(len(STORIES) + 1, count + 1)]
    return sorted(plans, key=lambda plan: (plan.start, plan.number))


def _plan(number: int, rng: Random, lengths: _Lengths, today: date, open_share: float) -> Plan:
    (program,) = rng.choices(PROGRAMS, PROGRAM_WEIGHTS)
    still_open = rng.random() < open_share
    if still_open:
        # who is in treatment on a given day is in a longer stay than who was ever admitted
        length = lengths.draw(rng, by_days=True)
        start, end = today - DAY - timedelta(days=int(rng.random() * length)), None
    else:
        end = program.session_on_or_before(today - DAY - timedelta(days=rng.randrange(CLOSED_WITHIN)))
        start = end - timedelta(days=lengths.draw(rng))
    return Plan(number, program, program.session_on_or_before(start), end, rng.getrandbits(62))


class _Lengths:
    """Draws lengths of stay from the bands of TEDS."""

    @cached_property
    def _by_stays(self) -> list[int]:
        return list(accumulate(count for _, _, count in LENGTH_OF_STAY))

    @cached_property
    def _by_days(self) -> list[int]:
        return list(accumulate(count * (low + high) // 2 for low, high, count in LENGTH_OF_STAY))

    def draw(self, rng: Random, *, by_days: bool = False) -> int:
        """A length in days; `by_days` draws the stay of somebody met on a random day."""
        sums = self._by_days if by_days else self._by_stays
        low, high, _ = LENGTH_OF_STAY[bisect(sums, rng.randrange(sums[-1]))]
        return rng.randint(low, high)


def _live_from(program: Program, today: date) -> datetime | None:
    """The instant from which a program records what happens as it happens; None if it always did."""
    return end_of_record(today - LIVE_DAYS * DAY) + timedelta(hours=15) if program is SCOTTSBLUFF else None


def _ordinary(plan: Plan, today: date, count: int) -> Iterator[Recorded]:
    """Enter an ordinary episode week by week, as its facts are asked for."""
    rng = Random(plan.seed)  # noqa: S311
    case = f"{plan.program.prefix}-{plan.start.year}-{plan.number:05d}"
    client = f"cl-{plan.number * KNUTH % 2**24:06x}"
    team, live = team_of(plan.program, plan.number, count), _live_from(plan.program, today)
    chart = Chart(case, client, plan.program, team, live)
    (reason,) = rng.choices(list(REASONS), list(REASONS.values()))
    course = Course(chart, rng, plan.start, plan.end, reason)
    last = min(plan.end or today, today - DAY)
    course.begin()
    week = plan.start
    while week <= last:
        course.enter(week, min(week + 6 * DAY, last))
        week += 7 * DAY
        if week > last:
            course.finish()
        yield from chart.until(end_of_record(week))
    yield from chart.until(end_of_record(today))
