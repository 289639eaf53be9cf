"""One-event durable appends of stock and ours, in turns."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from caretrail.log import init_store
from tests.bench import appends
from tests.bench.paper import ratios
from tests.bench.place import Place, say

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
        "Stock is `repository.get` + command + `save`; ours is validate, look up, decide, append.",
        f"Same content, episodes of equal length ({EPISODES} of {appends.LENGTH} events each).",
        *("", "### SQLite, one client", "", *ratios(sqlite)),
        *("", "### PostgreSQL, one client", "", *ratios(postgres)),
        *("", "### PostgreSQL, eight clients", "", *ratios(eight)),
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
