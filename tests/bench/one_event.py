"""One-event durable appends of stock and ours, in turns."""

from __future__ import annotations

import multiprocessing
import statistics
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import partial
from typing import Any

from caretrail.log import init_store
from tests.bench import appends
from tests.bench.paper import ratios
from tests.bench.place import Place, say
from tests.support.proxy import Proxy

EPISODES = 40


def report(place: Place) -> list[str]:
    """Measure and word the section."""
    say("one client, SQLite")
    sqlite = one_client(place, place.stock_sqlite, place.new_file)
    say("one client, PostgreSQL")
    postgres = one_client(place, lambda: place.stock_postgres(place.new_database()), place.new_database)
    say("eight clients, PostgreSQL")
    eight = eight_clients(place)
    return [
        "",
        "## One-event durable appends",
        "",
        "Stock is `repository.get` + command + `save`; ours is validate, decide, append, and the look-up where the",
        "append does not settle it. Asked for are 3 times stock with nothing remembered, 2.5 times with eight clients.",
        f"Same content, episodes of equal length ({EPISODES} of {appends.LENGTH} events each).",
        *("", "### SQLite, one client", "", *ratios(sqlite)),
        *("", "### PostgreSQL, one client", "", *ratios(postgres)),
        *("", "### PostgreSQL, eight clients", "", *ratios(eight)),
        *("", "### Callers that share one process", ""),
        "What threads send at the same time is appended together. Asked for are 2.5 times one caller beside the server",
        "and 3 times away from it. Beside it one caller waits so little that deciding, one thread at a time, is",
        "most of the work.",
        "",
        *callers_of_one_process(place),
    ]


def one_client(place: Place, make_stock: Callable[[], dict[str, str]], make_url: Callable[[], str]) -> dict[str, float]:
    """Stock against ours, with episodes remembered and with every episode loaded anew."""
    with (
        appends.stock(make_stock(), EPISODES) as stock,
        appends.ours(make_url(), EPISODES) as warm,
        appends.ours(make_url(), EPISODES, remember=False) as cold,
    ):
        steps = {"stock": stock, "ours": warm, "ours, nothing remembered": cold}
        return appends.alternate(place.rounds, place.seconds, steps)


ROUND_TRIP = 0.002
"""Seconds, of a server that is not on the same machine."""


def callers_of_one_process(place: Place) -> list[str]:
    """Threads that share one store, beside the server and away from it."""
    near, file = place.new_database(), place.new_file()
    names = [f"E-{number}" for number in range(EPISODES)]
    for url in (near, file):
        with appends.ours(url, EPISODES):
            pass
    with line_of(near, ROUND_TRIP / 2) as far:
        urls = {"SQLite": file, "PostgreSQL": near, f"PostgreSQL, {ROUND_TRIP * 1000:.0f} ms of round trip": far}
        rates: dict[str, dict[int, list[float]]] = {name: {} for name in urls}
        for _ in range(place.rounds):
            for name, url in urls.items():
                say(f"callers of one process, {name}")
                for threads in CALLERS:
                    rate = appends.callers(url, names, threads, place.seconds)
                    rates[name].setdefault(threads, []).append(rate)
    return _table(rates)


CALLERS = (1, 8, 32)


def _table(rates: dict[str, dict[int, list[float]]]) -> list[str]:
    lines = ["| appends/s | " + " | ".join(f"{threads} at once" for threads in CALLERS) + " | 8 to 1 |"]
    lines.append("|---|" + "---:|" * (len(CALLERS) + 1))
    for name, by_threads in rates.items():
        medians = [statistics.median(by_threads[threads]) for threads in CALLERS]
        cells = " | ".join(f"{rate:,.0f}" for rate in medians)
        lines.append(f"| {name} | {cells} | {medians[1] / medians[0]:.2f} |")
    return lines


@contextmanager
def line_of(url: str, delay: float) -> Generator[str]:
    """A line to the server that takes so many seconds each way, kept by a process of its own."""
    context = multiprocessing.get_context("fork")
    urls, end = context.Queue(), context.Event()
    keeper = context.Process(target=_keep, args=(url, delay, urls, end))
    keeper.start()
    try:
        yield urls.get(timeout=30)
    finally:
        end.set()
        keeper.join()


def _keep(url: str, delay: float, urls: Any, end: Any) -> None:
    urls.put(Proxy(url, delay).url)
    end.wait()


def _stock_client(env: dict[str, str], _number: int) -> Any:
    return appends.stock(env, 5)


def _our_client(url: str, remember: bool, number: int) -> Any:
    return appends.ours(url, 5, f"c{number}", remember=remember)


def eight_clients(place: Place) -> dict[str, float]:
    """Eight processes at once on one PostgreSQL."""
    rates: dict[str, list[float]] = {"stock": [], "ours": [], "ours, nothing remembered": []}
    for _ in range(max(3, place.rounds // 2)):
        theirs, warm, cold = place.new_database(), place.new_database(), place.new_database()
        env = place.stock_postgres(theirs) | {"CREATE_TABLE": "n"}
        makers: dict[str, Callable[[int], Any]] = {
            "stock": partial(_stock_client, env),
            "ours": partial(_our_client, warm, True),
            "ours, nothing remembered": partial(_our_client, cold, False),
        }
        init_store(warm)
        init_store(cold)
        with appends.stock(place.stock_postgres(theirs), 1):
            pass
        for name, make in makers.items():
            rates[name].append(appends.together(make, 8, place.seconds))
    return appends.medians(rates)
