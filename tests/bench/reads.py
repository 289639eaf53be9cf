"""Bulk appends, catch-up, the worklist, the start of the program, and memory in the size of the input."""

from __future__ import annotations

import multiprocessing
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

from caretrail.commands.access import AccessContext, AccessLog
from caretrail.log import open_recorder
from caretrail.reading.gate import unrecorded
from caretrail.readmodel.upkeep import catch_up
from caretrail.simulation import nation, simulate
from tests.bench.place import Place, say
from tests.support.reading import ShortReader, short_reader

CARETRAIL = Path(sys.executable).parent / "caretrail"
TODAY = date(2026, 10, 1)
NOW = datetime(2026, 10, 1, 18, 0, tzinfo=UTC)
CHARTS_AN_OPEN_ONE = 2.4
"""Of a simulated year: episodes for each that is open on its last day."""

MEASURE = """
import os, subprocess, sys, time
began = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
wall = time.perf_counter() - began
print(os.waitstatus_to_exitcode(status), wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss)
os._exit(0)
"""
"""Runs a command from a small process: a child's peak memory counts from that of the process that starts it."""


def run(arguments: Sequence[object]) -> tuple[float, float, float]:
    """Run a command to its end: wall seconds, CPU seconds, peak megabytes of the process."""
    command = [sys.executable, "-c", MEASURE, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    status, wall, cpu, peak = map(float, done.stdout.split())
    if status:
        raise SystemExit(f"{' '.join(map(str, arguments))} ended with {status:.0f}")
    return wall, cpu, peak / 1024


def write_population(path: Path, count: int, by_chart: bool) -> int:
    """Write a simulated year of so many charts as JSON Lines, chart after chart or as it happened; how many events.

    Programs' own events stand in no chart: they come first.
    """
    arrivals = simulate(nation(count, TODAY - timedelta(days=1)), count, seed=1)
    if by_chart:
        arrivals = iter(sorted(arrivals, key=lambda one: (one.kind != "program_attested", one.stream, one.version)))
    number = 0
    with path.open("w") as file:
        for number, arrival in enumerate(arrivals, start=1):  # noqa: B007  # the last is how many there are
            file.write(arrival.line())
    return number


def elsewhere(work: Callable[..., int], *arguments: object) -> int:
    """Do it in another process, which gives its memory back."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


def report(place: Place) -> list[str]:
    """Measure and word everything that is not a one-event append."""
    folder, new_url, episodes = place.folder, place.new_database, place.episodes
    small, large = folder / "small.jsonl", folder / "large.jsonl"
    say("writing the population")
    charts = round(episodes * CHARTS_AN_OPEN_ONE)
    few = elsewhere(write_population, small, charts // 10, False)
    many = elsewhere(write_population, large, charts, True)
    stores = {"SQLite": str(folder / "reads" / "store.db"), "PostgreSQL": new_url()}
    spare = {"SQLite": str(folder / "spare" / "store.db"), "PostgreSQL": new_url()}
    lines = [
        "",
        "## Bulk append and catch-up",
        "",
        "`caretrail append --imported FILE` as a whole process, on a simulated year: "
        f"{few:,} events in the order they happened, {many:,} chart after chart.",
        "",
        "| | events | events/s, wall | events/s, CPU of the client | peak MB |",
        "|---|---:|---:|---:|---:|",
    ]
    for name, url in stores.items():
        for count, path, target in ((few, small, spare[name]), (many, large, url)):
            say(f"append {count:,} events, {name}")
            run([CARETRAIL, "--db", target, "init"])
            wall, cpu, peak = run([CARETRAIL, "--db", target, "append", "--imported", path])
            lines.append(f"| append, {name} | {count:,} | {count / wall:,.0f} | {count / cpu:,.0f} | {peak:.0f} |")
        for count, target in ((few, spare[name]), (many, url)):
            say(f"catch up {count:,} events, {name}")
            wall, cpu, peak = run([CARETRAIL, "--db", target, "projection", "catch-up"])
            lines.append(f"| catch-up, {name} | {count:,} | {count / wall:,.0f} | {count / cpu:,.0f} | {peak:.0f} |")
    return lines + worklists(stores) + starts()


def worklists(stores: dict[str, str]) -> list[str]:
    """The worklist inside the process, and as a command that prints fifty rows."""
    lines = [
        "",
        "## The worklist",
        "",
        "| | open episodes | rows | inside the process, ms | with its access, ms | whole command, 50 rows, s |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, url in stores.items():
        say(f"worklist, {name}")
        with open_recorder(url) as recorder:
            catch_up(recorder)
            reader = short_reader(recorder, NOW, unrecorded)
            count = len(reader.census(TODAY))
            rows = len(reader.worklist(TODAY).rows)
            inside = median(partial(reader.worklist, TODAY), 9)
            looking = short_reader(recorder, NOW, AccessLog(recorder, AccessContext("worklist"), NOW.date))
            recorded = median(partial(looking.worklist, TODAY), 9)
            mine = busiest(reader)
        command = [CARETRAIL, "--db", url, "worklist", "--as-of", TODAY, "--program", mine[0], "--rule", mine[1]]
        whole = statistics.median(run(command)[0] for _ in range(7))
        lines.append(
            f"| {name} | {count:,} | {rows:,} | {inside * 1000:.0f} | {recorded * 1000:.0f} "
            f"| {whole:.2f} ({mine[2]} rows) |"
        )
    return lines


def busiest(reader: ShortReader) -> tuple[str, str, int]:
    """A filter that leaves about fifty rows."""
    best = ("", "", 0)
    counts: dict[tuple[str, str], int] = {}
    for row in reader.worklist(TODAY).rows:
        key = (row.program or "", row.rule)
        counts[key] = counts.get(key, 0) + 1
    for (program, rule), count in counts.items():
        if not best[2] or abs(count - 50) < abs(best[2] - 50):
            best = (program, rule, count)
    return best


def median(call: Callable[[], object], times: int) -> float:
    """Seconds of one call, the median of several after one that warms up."""
    call()
    spent: list[float] = []
    for _ in range(times):
        began = time.perf_counter()
        call()
        spent.append(time.perf_counter() - began)
    return statistics.median(spent)


def starts() -> list[str]:
    """How long the program takes to start."""
    say("start of the program")
    spent = statistics.median(run([CARETRAIL, "--help"])[0] for _ in range(9))
    python = statistics.median(run([sys.executable, "-c", "pass"])[0] for _ in range(9))
    return [
        "",
        "## The start of the program",
        "",
        f"`caretrail --help`: {spent:.3f} s; an empty Python: {python:.3f} s.",
    ]
