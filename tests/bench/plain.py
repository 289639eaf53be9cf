"""How far a whole append is from the bare insert of its bytes: `pgbench`, and the shortest loop in Python."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg

from caretrail.events import parse_event
from caretrail.events.codec import payload_of, stored_name
from caretrail.log import init_store
from tests.bench import appends
from tests.bench.place import Place, say

EPISODES = 40
EVENT = parse_event(appends.session_line("E-12", 1234))
TABLE = "CREATE TABLE plain (LIKE caretrail.log INCLUDING ALL); CREATE SEQUENCE plain_position CACHE 1"
INSERT = f"""
INSERT INTO plain
VALUES (nextval('plain_position'), gen_random_uuid(), 1, '{stored_name(EVENT)}', '{payload_of(EVENT).decode()}',
        clock_timestamp(), session_user, '', '', 'bench/' || replace(gen_random_uuid()::text, '-', ''),
        uuid_send(gen_random_uuid()))
"""
TPS = re.compile(r"tps = ([0-9.]+)")
CLIENTS = (1, 8)

Round = Callable[[int], float]
"""Inserts a second of so many clients."""


def report(place: Place) -> list[str]:
    """Measure and word the section."""
    url = place.new_database()
    init_store(url)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(TABLE)
        found = connection.execute("SELECT setting FROM pg_config WHERE name = 'BINDIR'").fetchone()
    pgbench = find_pgbench(Path(found[0]) if found else None)
    ways: dict[str, Round] = {}
    if pgbench is not None:
        ways["pgbench, prepared INSERT"] = partial(_pgbench, pgbench, url, place)
    ways["shortest loop in Python, prepared INSERT"] = partial(_loop, url, place.seconds)
    ways["ours: validate, look up, decide, append"] = partial(_ours, place)
    rates: dict[tuple[str, int], list[float]] = {(name, clients): [] for name in ways for clients in CLIENTS}
    for number in range(max(3, place.rounds // 2)):
        say(f"bare inserts and appends, round {number + 1}")
        for name, clients in rates:
            rates[name, clients].append(ways[name](clients))
    return _words(rates, without="" if pgbench else "`pgbench` was not found here, so its row is missing. ")


def find_pgbench(beside: Path | None) -> str | None:
    """Find `pgbench` beside the server or in the path."""
    return shutil.which("pgbench", path=beside) or shutil.which("pgbench")


def _words(rates: dict[tuple[str, int], list[float]], without: str) -> list[str]:
    medians = appends.medians({f"{name}|{clients}": values for (name, clients), values in rates.items()})
    names = list(dict.fromkeys(name for name, _ in rates))
    lines = [
        "",
        "## Distance to the bare insert",
        "",
        f"{without}The bare insert puts the same bytes (a payload of {len(payload_of(EVENT))}) into a table with the",
        "columns, constraints and indexes of the log, without its guards: position from a sequence, nothing is read or",
        "decided, no order is kept. Same durability, in turns.",
        "",
        "| | one client, /s | of the first | eight clients, /s | of the first |",
        "|---|---:|---:|---:|---:|",
    ]
    for name in names:
        one, eight = (medians[f"{name}|{clients}"] for clients in CLIENTS)
        of_one, of_eight = (medians[f"{names[0]}|{clients}"] for clients in CLIENTS)
        lines.append(f"| {name} | {one:,.0f} | {one / of_one:.0%} | {eight:,.0f} | {eight / of_eight:.0%} |")
    return lines


def _pgbench(program: str, url: str, place: Place, clients: int) -> float:
    script = place.folder / "insert.sql"
    script.write_text(" ".join(INSERT.split()) + ";\n")
    command = [program, "-n", "-M", "prepared", "-f", script, "-c", clients, "-j", min(clients, 2)]
    command += ["-T", max(1, round(place.seconds)), url]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True)
    found = TPS.search(done.stdout)
    assert found, done.stdout
    return float(found[1])


@contextmanager
def _plain_client(url: str, _number: int) -> Generator[appends.Step]:
    with psycopg.connect(url, autocommit=True) as connection:
        yield lambda _: connection.execute(INSERT.encode(), prepare=True)


def _loop(url: str, seconds: float, clients: int) -> float:
    return appends.together(partial(_plain_client, url), clients, seconds)


def _our_client(url: str, number: int) -> Any:
    return appends.ours(url, EPISODES // 8, f"c{number}-{uuid4().hex[:6]}")


def _ours(place: Place, clients: int) -> float:
    url = place.new_database()
    init_store(url)
    return appends.together(partial(_our_client, url), clients, place.seconds)
