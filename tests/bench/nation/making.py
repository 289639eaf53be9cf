"""The phases that make: a store filled with a simulated year, its rows rebuilt, and the same at smaller sizes."""

from __future__ import annotations

from caretrail.log import open_recorder
from caretrail.reading.query import Query
from caretrail.reading.questions.census import OpenEpisodes
from tests.bench.nation.measure import run
from tests.bench.nation.reading import reader_of
from tests.bench.nation.site import Figures, Population, Store


def fill(store: Store, population: Population, name: str = "nation") -> Figures:
    """Simulate the year into an empty store."""
    url = store.emptied(name)
    asked = ("--episodes", population.episodes, "--seed", population.seed, "--through", population.last, "--to", url)
    with store.server_cpu() as server:
        ran = run("simulate", *asked)
    with open_recorder(url) as recorder:
        events = recorder.max_position()
    return ran._asdict() | {"events": events, "server_cpu": server.seconds}


def rebuild(store: Store, population: Population, name: str = "nation") -> Figures:
    """Rebuild the read models from the log, end to end, as an operator does."""
    url = store.url(name)
    with store.server_cpu() as server:
        ran = run("--db", url, "projection", "rebuild")
    with open_recorder(url) as recorder:
        events = recorder.max_position()
        open_at = reader_of(recorder, population).ask(OpenEpisodes(Query(population.last))).value.total()
    return ran._asdict() | {
        "events": events,
        "open": open_at,
        "server_cpu": server.seconds,
        "per_second": events / ran.wall,
        "cost": cost(ran.cpu + server.seconds, events),
    }


def scale(store: Store, population: Population, sizes: list[int]) -> Figures:
    """What an event costs at smaller sizes of the same population: microseconds of CPU, the server's with it."""
    found: list[Figures] = []
    for episodes in sizes:
        smaller = Population(episodes, population.seed, population.last)
        filled = fill(store, smaller, "scale")
        rebuilt = rebuild(store, smaller, "scale")
        found.append(point(filled, rebuilt))
    store.emptied("scale")
    return {"points": found}


def point(filled: Figures, rebuilt: Figures) -> Figures:
    """The cost of an event at one size."""
    events = int(filled["events"])
    return {
        "events": events,
        "fill": cost(filled["cpu"] + filled["server_cpu"], events),
        "rebuild": float(rebuilt["cost"]),
        "megabytes": float(rebuilt["megabytes"]),
    }


def cost(cpu: float, events: int) -> float:
    """Microseconds of CPU an event."""
    return cpu / events * 1e6
