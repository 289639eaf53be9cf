"""One-event durable appends: the stock library's get + command + save against our validate, load, decide, append."""

from __future__ import annotations

import json
import multiprocessing
import statistics
import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

from caretrail.commands.application import Commands
from caretrail.commands.cache import CACHED_EPISODES
from caretrail.events import parse_event
from caretrail.log import init_store, open_recorder
from tests.support.example import EXAMPLE

LENGTH = 60
"""Events an episode holds before the measured append: as long as a believable episode."""

LINES = EXAMPLE.read_bytes().splitlines()[:LENGTH]


class Treatment(Aggregate):
    """The same episode as the stock library would have it: a session is one event with the same content."""

    def __init__(self, client: str) -> None:
        self.client = client
        self.minutes = 0

    @event("SessionAttended")
    def attend(self, content: dict[str, Any]) -> None:
        """Count the session."""
        self.minutes += int(content["minutes"])


class Stock(Application[UUID]):
    """The stock application over the stock recorder."""


def session_line(episode: str, number: int) -> bytes:
    """One more session, as a service would send it."""
    event = {
        "type": "session_attended", "episode": episode, "occurred_on": "2026-04-03", "start": "09:00", "minutes": 180,
        "actor": {"id": "ehr-feed", "role": "service"}, "command_id": f"bench/{uuid4().hex}", "service": "group",
        "group_size": 8, "modality": "in_person", "place": f"room {number}",
        "performed_by": [{"id": "c-ortiz", "role": "clinician", "credential": "LADC"}],
    }  # fmt: skip
    return json.dumps(event).encode()


def example_of(episode: str, client: str) -> list[bytes]:
    """The example's first sixty events, in another episode."""
    lines: list[bytes] = []
    for line in LINES:
        event = json.loads(line) | {"episode": episode, "command_id": f"{episode}/{len(lines)}"}
        if "client" in event:
            event["client"] = client
        lines.append(json.dumps(event).encode())
    return lines


Step = Callable[[int], object]


@contextmanager
def stock(env: dict[str, str], episodes: int) -> Generator[Step]:
    """The stock library with its episodes filled; the step appends one event to one of them."""
    app = Stock(env)
    ids: list[UUID] = []
    for number in range(episodes):
        treatment = Treatment(f"cl-{number}")
        for line in LINES[1:]:
            treatment.attend({"minutes": 180} | json.loads(line))
        app.save(treatment)
        ids.append(treatment.id)

    def step(number: int) -> None:
        line = session_line("x", number)
        treatment: Treatment = app.repository.get(ids[number % episodes])
        treatment.attend(json.loads(line))
        app.save(treatment)

    try:
        yield step
    finally:
        app.close()


@contextmanager
def ours(url: str, episodes: int, prefix: str = "E", *, remember: bool = True) -> Generator[Step]:
    """Our store with its episodes filled; without `remember` each append loads its episode anew."""
    init_store(url)
    names = [f"{prefix}-{number}" for number in range(episodes)]
    with opened(url) as app:
        for name in names:
            app.append([parse_event(line) for line in example_of(name, f"{name}-cl")], imported=True)
    with client(url, names, remember=remember) as step:
        yield step


@contextmanager
def opened(url: str) -> Generator[Commands]:
    """An application over a store that is there."""
    with open_recorder(url) as recorder, Commands(recorder, lambda: datetime.now(UTC)) as app:
        yield app


@contextmanager
def client(url: str, names: Sequence[str], *, remember: bool = True) -> Generator[Step]:
    """A client of a store that is there; the step appends one session to one of the episodes it names."""
    with opened(url) as app:
        for name in names[: CACHED_EPISODES if remember else 1]:
            app.append([parse_event(session_line(name, 0))])

        def step(number: int) -> None:
            name = names[number % len(names)]
            if not remember:
                app.cache.take({app.episode_stream(name): False})
            app.append([parse_event(session_line(name, number))])

        yield step


def callers(url: str, names: Sequence[str], threads: int, seconds: float) -> float:
    """Appends a second of several threads that share one application, each on an episode of its own."""
    with client(url, names) as step, ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(partial(_every, step, threads, seconds), range(threads)))


def _every(step: Step, apart: int, seconds: float, first: int) -> float:
    return per_second(lambda count: step(first + count * apart), seconds)[0]


def per_second(step: Step, seconds: float, start: int = 0) -> tuple[float, int]:
    """Appends a second over a stretch of time, and how many there were."""
    count = 0
    began = time.perf_counter()
    while (spent := time.perf_counter() - began) < seconds:
        step(start + count)
        count += 1
    return count / spent, count


def medians(rates: dict[str, list[float]]) -> dict[str, float]:
    """The median of each."""
    return {name: statistics.median(values) for name, values in rates.items()}


def alternate(rounds: int, seconds: float, steps: dict[str, Step]) -> dict[str, float]:
    """The median rate of each, measured in turns."""
    rates: dict[str, list[float]] = {name: [] for name in steps}
    done = dict.fromkeys(steps, 0)
    for _ in range(rounds):
        for name, step in steps.items():
            rate, count = per_second(step, seconds, done[name])
            done[name] += count
            rates[name].append(rate)
    return medians(rates)


def _client(make: Callable[[int], Any], number: int, seconds: float, ready: Any, go: Any, answers: Any) -> None:
    with make(number) as step:
        step(0)
        ready.put(number)
        go.wait()
        answers.put(per_second(step, seconds, 1)[0])


def together(make: Callable[[int], Any], clients: int, seconds: float) -> float:
    """Appends a second of several client processes at once, each on episodes of its own."""
    context = multiprocessing.get_context("fork")
    ready, answers, go = context.Queue(), context.Queue(), context.Event()
    workers = [
        context.Process(target=_client, args=(make, number, seconds, ready, go, answers)) for number in range(clients)
    ]
    for worker in workers:
        worker.start()
    for _ in workers:
        ready.get(timeout=120)
    go.set()
    rates: list[float] = [answers.get(timeout=120) for _ in workers]
    for worker in workers:
        worker.join()
    return sum(rates)
