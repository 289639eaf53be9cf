"""`simulate`: a made-up population, as lines for `append` or as a demo store."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time
from itertools import islice

import click

from caretrail.cli.enter.append import FEWER_SWEEPS
from caretrail.cli.groups import Command
from caretrail.cli.params import Count, Day
from caretrail.cli.session import now
from caretrail.cli.terminal.progress import ProgressLine, progress
from caretrail.cli.terminal.screen import say
from caretrail.simulation import Arrival, Network, nation, simulate
from caretrail.text import plural, visible

MOST_EPISODES = 1_000_000
LAST_DAY = date(2025, 12, 31)
"""A day that is over wherever one is, so that the default asks no clock."""
FIRST_LAST_DAY = date(1902, 1, 1)
LINES = 1000
"""Lines of one write."""


@click.command("simulate", cls=Command)
@click.option("--episodes", type=Count(1, MOST_EPISODES), required=True, help="Number of episodes.")
@click.option("--seed", type=Count(0, 2**32 - 1), default=1, help="Seed of what is left to chance.  [default: 1]")
@click.option(
    "--through", type=Day(), default=LAST_DAY, metavar="DATE", help=f"Last day of the year.  [default: {LAST_DAY}]"
)
@click.option("--to", "place", metavar="URL", help="Fill a new demo store there instead of printing.")
def simulate_command(episodes: int, seed: int, through: date, place: str | None) -> None:
    """Simulate a year of a made-up population.

    Prints one event a line, in the order in which a store would hear of them; entered_at is the time at which it
    would. Stays, reasons and people follow the country's statistics, attendance that of clinical trials. The same
    numbers give the same bytes, on any day.

        caretrail simulate --episodes 500 > year.jsonl
        caretrail append --imported year.jsonl

    With --to, the store has each event under its own time. 235640 episodes are the intensive outpatient treatment of
    the United States in a year: 12 million events, and 100,000 open at its end.

        caretrail simulate --episodes 500 --to year.db
        caretrail --db year.db worklist --as-of 2025-12-31
    """
    if through < FIRST_LAST_DAY:
        raise click.BadParameter(
            f"a year before {FIRST_LAST_DAY} holds too few days to simulate", param_hint="--through"
        )
    gc.set_threshold(*FEWER_SWEEPS)
    network = nation(episodes, through)
    arrivals = simulate(network, episodes, seed)
    with progress("Simulating") as line:
        tell = _days(line, network)
        if place is None:
            _print(arrivals, tell)
        else:
            _fill(place, network, arrivals, tell)


def _days(line: ProgressLine, network: Network) -> Callable[[int, Arrival], None]:
    """Progress in days of the year."""
    first = network.first.toordinal()
    days = (network.last - network.first).days + 1
    return lambda _, arrival: line(arrival.instant.toordinal() - first, days)


def _print(arrivals: Iterator[Arrival], tell: Callable[[int, Arrival], None]) -> None:
    quiet = sys.stdout.isatty()  # progress would stand between the lines
    done = 0
    while portion := list(islice(arrivals, LINES)):
        sys.stdout.write("".join([arrival.line() for arrival in portion]))
        done += len(portion)
        if not quiet:
            tell(done, portion[-1])


def _fill(place: str, network: Network, arrivals: Iterator[Arrival], tell: Callable[[int, Arrival], None]) -> None:
    from caretrail.log.stores import init_store, open_recorder
    from caretrail.readmodel.schema import create_tables
    from caretrail.simulation.filling import fill

    if network.last >= now().date():
        raise click.BadParameter(
            "a store records nothing before it happens: name a day that is over", param_hint="--through"
        )
    init_store(place, demo=True, clock=lambda: datetime.combine(network.first, time(), UTC))
    with open_recorder(place) as recorder:
        count = fill(recorder, arrivals, tell)
        create_tables(recorder.database)
    say(f"Demo store: {visible(recorder.store)}, {plural(count, 'event')} from {network.first} to {network.last}")
