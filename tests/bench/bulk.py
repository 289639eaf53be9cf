"""Bulk import of events: how fast a core takes them, where its time goes, and how fast decided events move."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from caretrail.cli.enter.append import FEWER_SWEEPS
from caretrail.cli.terminal.input_lines import MOST_LINES
from caretrail.commands.application import Commands
from caretrail.events import parse_event
from caretrail.events.codec import payload_of
from caretrail.log import init_store, open_recorder
from caretrail.log.leaf import leaf_hash
from tests.bench.place import Place, say
from tests.bench.reads import CARETRAIL, NOW, elsewhere, run, write_population

CHARTS = 400
CHARTS_TO_COPY = 2_000
ORDERS = {"chart after chart": True, "in the order they happened": False}
READ, LOOKUP, STORE, PAYLOAD, LEAF = "read JSON", "look up", "store", "payload", "leaf"
STAGES = (READ, LOOKUP, STORE, PAYLOAD, LEAF)
ROUNDS = 3
SAMPLE = 5_000

Spent = dict[str, float]
"""Seconds of CPU by stage."""


def report(place: Place) -> list[str]:
    """Measure and word the section."""
    lines = [
        "",
        "## Bulk import on one core",
        "",
        f"A simulated year ({CHARTS} charts) inside one process, {MOST_LINES} events a call, each decided on;",
        f"medians of {ROUNDS}. The stages are CPU of the client in µs an event; payload and leaf are the same work",
        "once more, by itself. PostgreSQL works besides on a core of its own, which the client waits for (wall).",
        "",
        f"| | events/s of a core | events/s, wall | {' | '.join(STAGES)} | decide, and the rest |",
        "|---|---:|---:|" + "---:|" * (len(STAGES) + 1),
    ]
    for order, by_chart in ORDERS.items():
        path = place.folder / f"{by_chart}.jsonl"
        elsewhere(write_population, path, CHARTS, by_chart)
        for store, make in (("SQLite", place.new_file), ("PostgreSQL", place.new_database)):
            say(f"bulk import, {store}, {order}")
            lines.append(_row(f"{store}, {order}", [_import(path, make()) for _ in range(ROUNDS)]))
    return lines + _copies(place)


def _row(name: str, rounds: Sequence[tuple[float, float, Spent]]) -> str:
    """`rounds` are CPU and wall seconds an event, and those of each stage."""
    cpu = statistics.median(cpu for cpu, _, _ in rounds)
    wall = statistics.median(wall for _, wall, _ in rounds)
    stages = [statistics.median(spent[stage] for _, _, spent in rounds) for stage in STAGES]
    shown = " | ".join(f"{seconds * 1e6:.1f}" for seconds in (*stages, cpu - sum(stages)))
    return f"| {name} | {1 / cpu:,.0f} | {1 / wall:,.0f} | {shown} |"


def _import(path: Path, url: str) -> tuple[float, float, Spent]:
    """Import a file as `append --imported` does: CPU and wall seconds an event, and those of each stage."""
    lines = path.read_bytes().splitlines()
    gc.collect()
    gc.set_threshold(*FEWER_SWEEPS)
    init_store(url)
    spent: Spent = dict.fromkeys(STAGES, 0.0)
    with open_recorder(url) as recorder, Commands(recorder, lambda: NOW) as app:
        for stage, name in ((LOOKUP, "read_for_decision"), (STORE, "append")):
            setattr(recorder, name, _clocked(getattr(recorder, name), spent, stage))
        began, began_cpu = time.perf_counter(), time.process_time()
        for start in range(0, len(lines), MOST_LINES):
            with _clock(spent, READ):
                events = [parse_event(line) for line in lines[start : start + MOST_LINES]]
            app.append_each(events, imported=True)
        cpu, wall = time.process_time() - began_cpu, time.perf_counter() - began
        rows = recorder.read_log(limit=SAMPLE)
    count = len(lines)
    spent = {stage: seconds / count for stage, seconds in spent.items()}
    spent[LEAF] = _each(leaf_hash, rows)
    spent[PAYLOAD] = _each(payload_of, [parse_event(line) for line in lines[:SAMPLE]])
    return cpu / count, wall / count, spent


@contextmanager
def _clock(spent: Spent, stage: str) -> Generator[None]:
    began = time.process_time()
    try:
        yield
    finally:
        spent[stage] += time.process_time() - began


def _clocked(call: Callable[..., Any], spent: Spent, stage: str) -> Callable[..., Any]:
    def clocked(*args: Any, **more: Any) -> Any:
        with _clock(spent, stage):
            return call(*args, **more)

    return clocked


def _each(work: Callable[[Any], object], items: Iterable[Any]) -> float:
    """CPU seconds of the work on one item."""
    spent = {"": 0.0}
    count = 0
    with _clock(spent, ""):
        for item in items:
            work(item)
            count += 1
    return spent[""] / count


def _copies(place: Place) -> list[str]:
    """How fast events that were decided elsewhere move: `caretrail copy` as a whole process."""
    path = place.folder / "to-copy.jsonl"
    count = elsewhere(write_population, path, CHARTS_TO_COPY, True)
    source = place.new_file()
    say(f"{count:,} events to copy")
    run([CARETRAIL, "--db", source, "init"])
    run([CARETRAIL, "--db", source, "append", "--imported", path])
    middle = place.new_database()
    lines = [
        "",
        f"`caretrail copy` as a whole process, {count:,} decided events: every row is written, read again, and",
        "compared leaf by leaf.",
        "",
        "| | events/s, wall | events/s, CPU of the client | peak MB |",
        "|---|---:|---:|---:|",
    ]
    ways = {
        "SQLite to PostgreSQL": (source, middle),
        "PostgreSQL to PostgreSQL": (middle, place.new_database()),
        "PostgreSQL to SQLite": (middle, place.new_file()),
        "SQLite to SQLite": (source, place.new_file()),
    }
    for name, (start, end) in ways.items():
        say(f"copy, {name}")
        wall, cpu, peak = run([CARETRAIL, "--db", start, "copy", "--to", end])
        lines.append(f"| copy, {name} | {count / wall:,.0f} | {count / cpu:,.0f} | {peak:.0f} |")
    return lines
