"""The demo's population: its programs, the stories, then any number of ordinary episodes, which are simulated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from heapq import merge
from operator import attrgetter

from caretrail.demo.attestations import attest
from caretrail.demo.clinic import PROGRAM_WEIGHTS, PROGRAMS, SCOTTSBLUFF, end_of_record
from caretrail.demo.stories import STORIES
from caretrail.simulation import Arrival, Network, Program, simulate
from caretrail.simulation.desk import Desk
from caretrail.simulation.programs import DAY

DAYS = 105
"""Days on which the ordinary episodes are admitted: about sixty of a hundred are then still open."""
LIVE_DAYS = 75
"""Days since the program in Scottsbluff began to use Caretrail and imported its paper charts."""


def arrivals(today: date, count: int = 60, seed: int = 2026) -> Iterator[Arrival]:
    """The events of a demo store, in the order of recording.

    Set the store's clock to the instant of each, then append the event; with `imported` if it is.
    `today` should be `practice_day(now)`, else what is due today is due on another day for the store.
    All instants are before the first hour of `today` in America/Chicago, all days before `today`. The first episodes
    are the stories; the others are ordinary. Two instants may be the same.
    """
    yesterday = today - DAY
    programs = [_known(program, today) for program in PROGRAMS]
    desk = Desk(yesterday)
    for program in programs:
        attest(desk, program, today)
    for story in STORIES[:count]:
        story.tell(story.clerk(desk), today)
    network = Network(programs, PROGRAM_WEIGHTS, today - DAYS * DAY, yesterday)
    ordinary = simulate(network, max(0, count - len(STORIES)), seed)
    return merge(desk.close_all(), ordinary, key=attrgetter("at"))


def _known(program: Program, today: date) -> Program:
    """The program as of a demo's day: one of them went live some weeks before, and always had paper until then."""
    if program is not SCOTTSBLUFF:
        return program
    live = end_of_record(today - LIVE_DAYS * DAY) + timedelta(hours=15)
    return replace(program, live_from=int(live.timestamp()))
