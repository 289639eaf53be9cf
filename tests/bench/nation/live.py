"""The phase in which a day goes on: appends at a pace, the daemon behind them, and a clinician's worklist meanwhile."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import threading
import time
from bisect import bisect_left
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from caretrail.commands.application import Commands
from caretrail.errors import CaretrailError
from caretrail.events import parse_event
from caretrail.log import EventRecorder, open_recorder
from caretrail.reading.gate import unrecorded
from caretrail.reading.query import Filters, Query
from caretrail.reading.questions.census import Census
from caretrail.reading.questions.worklist import Worklist
from caretrail.reading.reader import Reader
from caretrail.readmodel.lease import lease_held
from caretrail.readmodel.schema import read_state
from tests.bench.nation.measure import CARETRAIL, cpu_of_server, percentile
from tests.bench.nation.reading import case_owners, reader_of
from tests.bench.nation.site import Figures, Population, Store

RATE = 500
"""Appends a second."""
CLIENTS = 8
WATCH_SECONDS = 0.005
QUESTION_SECONDS = 0.02
"""Between two questions: somebody reads the answer."""
LONGEST_WAIT = 300.0

Appended = list[tuple[int, float]]
"""The position of each append, and when its receipt came, in seconds of the machine's clock."""


def live(store: Store, population: Population, seconds: float) -> Figures:
    """Append sessions to open episodes at the pace, each a call of its own, and watch what follows."""
    url = store.url()
    with open_recorder(url) as recorder:
        reader = reader_of(recorder, population)
        names = [row.episode for row in reader.ask(Census(Query(population.last))).value if row.status == "open"]
        owners = case_owners(reader, population)
        population.chance().shuffle(names)
        with _daemon(url, recorder) as daemon:
            began_cpu = cpu_of_server(daemon.pid)
            with _appending(url, names, population.now, seconds) as answers, _watching(recorder) as seen:
                asked = _questions(recorder, population, owners, seconds)
                appended, failed = answers.get(timeout=2 * seconds + LONGEST_WAIT)
                _wait_for(recorder, max(position for position, _ in appended))
            cpu = cpu_of_server(daemon.pid) - began_cpu
    lags = _lags(appended, seen)
    return {
        "open": len(names),
        "appended": len(appended),
        "failed": len(failed),
        "rate": len(appended) / (max(at for _, at in appended) - min(at for _, at in appended)),
        "lag_p50": percentile(lags, 0.5),
        "lag_p99": percentile(lags, 0.99),
        "daemon_cpu": cpu / len(appended) * 1000,
        "questions": len(asked),
        "worklist_p50": percentile(asked, 0.5),
        "worklist_p95": percentile(asked, 0.95),
    }


def _questions(recorder: EventRecorder, population: Population, owners: Sequence[str], seconds: float) -> list[float]:
    """Seconds of each question about the worklist of one case owner, asked while it lasts."""
    spent: list[float] = []
    chance = population.chance()
    until = time.monotonic() + seconds
    while time.monotonic() < until or not spent:
        reader = Reader(recorder, _clock(population.now), access=unrecorded, write=False)
        owner = chance.choice(owners)
        began = time.perf_counter()
        reader.ask(Worklist(Query(population.today), Filters(clinicians=frozenset({owner}))))
        spent.append(time.perf_counter() - began)
        time.sleep(QUESTION_SECONDS)
    return spent


def _lags(appended: Appended, seen: Sequence[tuple[int, float]]) -> list[float]:
    """Seconds from the receipt of each append until the rows held it."""
    positions = [position for position, _ in seen]
    times = [at for _, at in seen]
    return [max(0.0, times[bisect_left(positions, position)] - at) for position, at in appended]


# --- the others ------------------------------------------------------------------------------------------------------


@contextmanager
def _daemon(url: str, recorder: EventRecorder) -> Generator[subprocess.Popen[bytes]]:
    """`caretrail projection run`, once it leads and its rows are current."""
    command = [str(CARETRAIL), "--db", url, "projection", "run"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            until = time.monotonic() + LONGEST_WAIT
            while lease_held(recorder.database) is None:
                if process.poll() is not None or time.monotonic() > until:
                    raise SystemExit("the daemon does not lead")
                time.sleep(0.1)
            _wait_for(recorder, recorder.max_position())
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


def _wait_for(recorder: EventRecorder, position: int) -> None:
    until = time.monotonic() + LONGEST_WAIT
    while (state := read_state(recorder.database)) is None or state.position < position:
        if time.monotonic() > until:
            raise SystemExit(f"the rows do not reach @{position}")
        time.sleep(WATCH_SECONDS)


@contextmanager
def _watching(recorder: EventRecorder) -> Generator[list[tuple[int, float]]]:
    """Note each new position of the rows, and when it was seen."""
    seen: list[tuple[int, float]] = []
    done = threading.Event()

    def watch() -> None:
        while not done.wait(WATCH_SECONDS):
            state = read_state(recorder.database)
            if state is not None and (not seen or state.position > seen[-1][0]):
                seen.append((state.position, time.time()))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
        time.sleep(10 * WATCH_SECONDS)  # the last position is seen, too
    finally:
        done.set()
        thread.join()


@contextmanager
def _appending(url: str, names: Sequence[str], now: datetime, seconds: float) -> Generator[Any]:
    """A process that appends; what it appended comes by the queue."""
    context = multiprocessing.get_context("spawn")
    answers: Any = context.Queue()
    process = context.Process(target=append_at_pace, args=(url, list(names), now, seconds, answers))
    process.start()
    try:
        yield answers
    finally:
        process.join()


def append_at_pace(url: str, names: Sequence[str], now: datetime, seconds: float, answers: Any) -> None:
    """Append sessions at the pace, by several clients of one process; in a process of its own."""
    appended: Appended = []
    failed: list[str] = []
    with open_recorder(url) as recorder, Commands(recorder, lambda: _clock(now)) as commands:
        began = time.perf_counter()

        def client(number: int) -> None:
            for turn in range(number, int(RATE * seconds), CLIENTS):
                time.sleep(max(0.0, began + turn / RATE - time.perf_counter()))
                if time.perf_counter() - began > 2 * seconds:
                    return
                event = parse_event(_session(names[turn % len(names)], now, turn))
                try:
                    [receipt] = commands.append([event])
                except CaretrailError as error:
                    failed.append(error.code)
                    continue
                appended.append((receipt.position, time.time()))

        clients = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
        for one in clients:
            one.start()
        for one in clients:
            one.join()
    answers.put((appended, failed))


_STARTED = time.time()


def _clock(now: datetime) -> datetime:
    """A clock that shows `now` when the process began: a demo store takes the time of its callers."""
    return now + timedelta(seconds=time.time() - _STARTED)


def _session(episode: str, now: datetime, number: int) -> bytes:
    event = {
        "type": "session_attended", "episode": episode, "occurred_on": str(now.date()), "start": "09:00",
        "minutes": 180, "actor": {"id": "ehr-feed", "role": "service"}, "command_id": f"nation/{uuid4().hex}",
        "service": "group", "group_size": 8, "modality": "in_person", "place": f"room {number % 9}",
        "performed_by": [{"id": f"c-bench-{os.getpid() % 7}", "role": "clinician", "credential": "LADC"}],
    }  # fmt: skip
    return json.dumps(event).encode()
