"""Logs of millions of events: a simulated year in treatment, written at once as `caretrail simulate --to` does."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from datetime import date

import psycopg

from caretrail.cli.enter.append import FEWER_SWEEPS
from caretrail.log import init_store, open_recorder
from caretrail.log.location import parse_url
from caretrail.simulation import Arrival, nation, simulate
from caretrail.simulation.filling import fill as fill_store
from tests.bench.place import say

LAST = date(2025, 12, 31)
SEED = 1
EVENTS_EACH = 50
"""Events of an episode, on average."""
GOING_ON = 24
"""Episodes to go on with, of about the same length in any log."""
LENGTH = 45
"""Events they have."""


def fill(url: str, events: int) -> list[str]:
    """Make a store of about so many events; the case numbers of some episodes that are open and can go on.

    The rows are what `append` would have stored: the owner inserts them, past the function, but not past the table's
    constraints, indexes and guards. On PostgreSQL the tables are then as after a VACUUM (ANALYZE).
    """
    gc.set_threshold(*FEWER_SWEEPS)
    init_store(url, demo=True)
    episodes = max(1, round(events / EVENTS_EACH))
    under_way: dict[str, int] = {}
    with open_recorder(url) as recorder:
        told = _watched(simulate(nation(episodes, LAST), episodes, SEED), under_way)
        fill_store(recorder, told, _tell)
    if parse_url(url).dialect == "postgresql":
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("VACUUM (ANALYZE) caretrail.log, caretrail.stay")
            connection.execute("CHECKPOINT")
    return sorted(under_way, key=lambda name: (abs(under_way[name] - LENGTH), name))[:GOING_ON]


def _tell(done: int, _: Arrival) -> None:
    if done % 1_000_000 == 0:
        say(f"filled {done:,} events")


def _watched(arrivals: Iterable[Arrival], under_way: dict[str, int]) -> Iterator[Arrival]:
    """The same arrivals; `under_way` has the length of each episode that is open."""
    for arrival in arrivals:
        if arrival.kind == "admitted" or arrival.stream in under_way:
            under_way[arrival.stream] = arrival.version
        if arrival.kind == "discharged":
            del under_way[arrival.stream]
        yield arrival
