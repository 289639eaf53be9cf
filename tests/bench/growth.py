"""Whether appends keep their pace while the log grows: a small and a large one, in turns."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any

from tests.bench import appends
from tests.bench.filling import GOING_ON, LENGTH, fill
from tests.bench.place import Place, say

SMALL = 10_000


def report(place: Place) -> list[str]:
    """Measure and word the section."""
    logs: dict[int, tuple[str, list[str]]] = {}
    for events in (SMALL, place.events):
        say(f"filling a log of {events:,} events")
        url = place.new_database()
        logs[events] = url, fill(url, events)
    return [
        "",
        "## Appends while the log grows",
        "",
        f"PostgreSQL, one-event durable appends to {GOING_ON} open episodes, of about {LENGTH} events each, of a",
        f"log of {SMALL:,} events and of one of {place.events:,}, in turns. The logs are simulated years in treatment,",
        "written at once (same constraints, indexes, guards), then VACUUM (ANALYZE) and CHECKPOINT, before anything",
        "was measured.",
        "",
        f"| appends/s | {SMALL:,} events | {place.events:,} events | ratio |",
        "|---|---:|---:|---:|",
        *(_row(f"one client{what}", rates) for what, rates in _one_client(place, logs).items()),
        _row("eight clients", _eight_clients(place, logs)),
    ]


def _row(name: str, rates: Sequence[float]) -> str:
    small, large = rates
    return f"| {name} | {small:,.0f} | {large:,.0f} | {large / small:.2f} |"


def _one_client(place: Place, logs: dict[int, tuple[str, list[str]]]) -> dict[str, list[float]]:
    rates: dict[str, list[float]] = {}
    for what, remember in (("", True), (", nothing remembered", False)):
        say(f"one client{what}, small and large log")
        with ExitStack() as stack:
            steps = {
                f"{events}": stack.enter_context(appends.client(url, names, remember=remember))
                for events, (url, names) in logs.items()
            }
            rates[what] = list(appends.alternate(place.rounds, place.seconds, steps).values())
    return rates


def _client_of_eight(url: str, names: Sequence[str], number: int) -> Any:
    return appends.client(url, names[number::8])


def _eight_clients(place: Place, logs: dict[int, tuple[str, list[str]]]) -> list[float]:
    say("eight clients, small and large log")
    makers: list[Callable[[int], Any]] = [partial(_client_of_eight, url, names) for url, names in logs.values()]
    rates: list[list[float]] = [[] for _ in makers]
    for _ in range(max(3, place.rounds // 2)):
        for rate, make in zip(rates, makers, strict=True):
            rate.append(appends.together(make, 8, place.seconds))
    return [statistics.median(rate) for rate in rates]
