"""`demo`: a store of made-up, believable episodes, and a tour of it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from datetime import date, datetime
from itertools import chain, groupby
from operator import attrgetter
from typing import TYPE_CHECKING

import click

from caretrail.aliases import Progress
from caretrail.cli.groups import Command
from caretrail.cli.options import store_option
from caretrail.cli.params import Count, Day
from caretrail.cli.session import now
from caretrail.cli.setup import Setup, data_folder
from caretrail.cli.terminal.progress import progress
from caretrail.cli.terminal.screen import say
from caretrail.demo import arrivals
from caretrail.demo.clinic import PRACTICE_ZONE
from caretrail.demo.stories import CASELOAD_ACTOR, ELIGIBILITY_EPISODE, TIMELINE_EPISODE, WHY_EPISODE, WHY_RULE
from caretrail.errors import Refused, StoreForeign, StoreOlder
from caretrail.text import plural, visible

if TYPE_CHECKING:
    from caretrail.commands.application import Commands
    from caretrail.simulation import Arrival

EPISODES = 60
MOST_EPISODES = 100_000


@click.command("demo", cls=Command)
@click.option("--today", type=Day(), metavar="DATE", help="The demo's today, for repeatable output.")
@click.option(
    "--count",
    type=Count(11, MOST_EPISODES),
    default=EPISODES,
    help=f"Number of episodes.  [default: {EPISODES}]",
)
@click.option("--seed", type=Count(0, 2**32 - 1), default=2026, help="Seed of the random episodes.")
@store_option
@click.pass_obj
def demo_command(setup: Setup, today: date | None, count: int, seed: int) -> None:
    """Create a demo store and tour it.

    Fills a store of its own, permanently marked as a demo: a file, or an empty database named with --db. Then shows a
    worklist, a timeline, why one finding is in force, and a continued-stay answer, each below its command. Your own
    store is never touched.

        caretrail demo
    """
    day = today or now().astimezone(PRACTICE_ZONE).date()
    if setup.is_default:
        data_folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    url = str(data_folder() / f"demo-{day}-{count}-{seed}.db") if setup.is_default else setup.url
    _fill(url, day, count, seed, ours=setup.is_default)
    _tour(url, day if today else None)


# --- filling ----------------------------------------------------------------------------------------------------


class _Clock:
    """The store's clock, set to the instant at which each event reached it."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


def _fill(url: str, today: date, count: int, seed: int, *, ours: bool) -> None:
    """Record the demo's events; broken off and run again, it goes on where it was.

    `ours` is a file that only the demo makes: one of an older version is brought up to date.
    """
    from caretrail.commands.application import Commands
    from caretrail.commands.packs import installed
    from caretrail.log.stores import init_store, open_recorder, upgrade_store
    from caretrail.readmodel.upkeep import catch_up

    told = arrivals(today, count, seed)
    first = next(told)
    clock = _Clock(first.instant)
    try:
        init_store(url, demo=True, clock=clock)
    except StoreOlder:
        if not ours:
            raise
        upgrade_store(url)
    with open_recorder(url, clock=clock) as recorder:
        if not recorder.is_demo:
            raise StoreForeign(
                f"{recorder.store} is not a demo store: the demo does not write to it",
                "leave out --db, or name a new file",
            )
        commands = Commands(recorder, clock, installed)
        with progress("Filling the demo store") as tell:
            filled = _record(commands, clock, chain([first], told), tell)
        if not filled:
            say("This store holds the demo of another day, shown unchanged.")
        catch_up(recorder)
        say(f"Demo store: {visible(recorder.store)}, {plural(recorder.max_position(), 'event')} of made-up episodes")


def _record(commands: Commands, clock: _Clock, told: Iterable[Arrival], tell: Progress) -> bool:
    """Record event after event at its own instant; False if the store holds another day's demo."""
    from caretrail.events import parse_event

    done = 0
    for (clock.at, imported), group in groupby(told, key=attrgetter("instant", "imported")):
        batch = [parse_event(arrival.sent()) for arrival in group]
        outcomes = commands.append_each(batch, imported=imported)
        if any(isinstance(outcome, Refused) and outcome.code == "command_reused" for outcome in outcomes):
            return False
        done += len(batch)
        tell(done, 0)
    return True


# --- looking around ---------------------------------------------------------------------------------------------


def _tour(url: str, today: date | None) -> None:
    """Run the commands a newcomer would run next, and show each above what it prints."""
    from caretrail.log.location import parse_url

    as_of = ["--as-of", str(today)] if today else []
    _show("What is due, on all caseloads?", url, ["worklist", *as_of])
    _show("What happened in one episode, and when did it become known?", url, ["timeline", TIMELINE_EPISODE])
    _show("Why is one finding in force?", url, ["why", WHY_EPISODE, WHY_RULE, *as_of])
    _show("Is continued stay supported for one client?", url, ["eligibility", ELIGIBILITY_EPISODE, *as_of])
    if parse_url(url).dialect == "sqlite":
        click.echo(f"\nNext steps:\n\n  export CARETRAIL_DB={shlex.quote(url)}")
    else:  # a url may hold a password
        click.echo("\nNext steps, with CARETRAIL_DB set to the url you gave:\n")
    click.echo(f"  export CARETRAIL_ACTOR={CASELOAD_ACTOR}")
    for arguments in (
        ["worklist", "--mine"],
        ["show", WHY_EPISODE],
        ["findings", "--rule", "R1"],
        ["rules"],
        ["--help"],
    ):
        shown = [*arguments, *(as_of if arguments[0] in ("worklist", "show", "findings") else [])]
        click.echo(f"  caretrail {' '.join(shown)}")


def _show(question: str, url: str, arguments: list[str]) -> None:
    click.echo(f"\n{question}\n\n$ caretrail {' '.join(arguments)}\n")
    root = click.get_current_context().find_root().command
    assert isinstance(root, click.Group)  # noqa: S101  # it holds all our commands
    with root.make_context("caretrail", ["--db", url, *arguments]) as context:
        root.invoke(context)
