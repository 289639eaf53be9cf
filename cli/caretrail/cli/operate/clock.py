"""`clock`: show the clock that stamps beside the log, and confirm it where the log alone cannot."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from caretrail.cli.exits import ExitStatus, Stopped
from caretrail.cli.groups import Group
from caretrail.cli.options import actor_option, json_option, store_option
from caretrail.cli.setup import Setup
from caretrail.cli.terminal.screen import instant, print_json, say
from caretrail.text import visible

if TYPE_CHECKING:
    from caretrail.log.clock import ClockReading
    from caretrail.log.recorder import EventRecorder
    from caretrail.tokens import ClockState


@click.group("clock", cls=Group, invoke_without_command=True)
@json_option
@store_option
@click.pass_context
def clock_command(ctx: click.Context, as_json: bool) -> None:
    """Show the clock of the store beside the log.

    Which day is today, and when an event was recorded, the clock of the store decides: the server's, or this machine's
    for a file. If the log says that it is wrong, nothing is recorded, and exit status is 1.

        caretrail clock
    """
    if ctx.invoked_subcommand is not None:
        return
    from caretrail.log.clock import TOLERANCE

    with ctx.ensure_object(Setup).open() as recorder:
        state, reading = recorder.clock_state()
        here = recorder.clock()
        apart = state != "unchecked" and abs(here - reading.now) > TOLERANCE
        if as_json:
            print_json(_fields(recorder, state, reading, here))
        else:
            _print(recorder, state, reading, here)
    if apart or state in ("ahead", "behind"):
        raise Stopped(ExitStatus.FAILED)


@clock_command.command("confirm")
@click.option("--behind", is_flag=True, help="Confirm a clock that is behind the newest record.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@actor_option("Who you are, as the confirmation states it.", "--actor")
@store_option
@click.pass_obj
def confirm_command(setup: Setup, behind: bool, yes: bool) -> None:
    """Confirm that the clock of the store is right.

    For an operator, after a silence of more than 31 days, or with --behind where a record has a later time than now.
    Shows the clock of the store and the one of this machine, and refuses if they differ by more than ten minutes. The
    confirmation is recorded. With --behind, what follows is stamped from the newest record on, until the clock has
    passed it.

        caretrail clock confirm --actor it-1,operator
        caretrail clock confirm --behind --actor it-1,operator
    """
    from caretrail.commands.confirming import confirm_clock
    from caretrail.events import Person

    author = setup.actor
    if author is None:
        raise click.UsageError("missing: --actor (or CARETRAIL_ACTOR)", click.get_current_context())
    prompting = sys.stdin.isatty() and sys.stderr.isatty()
    if not yes and not prompting:
        raise click.UsageError("look at the clocks first ('caretrail clock'), then add --yes")
    with setup.open() as recorder:
        for line in _clocks(*recorder.clock_state(), recorder.clock()):
            say(line)
        if not yes and not click.confirm("Is that the time now?", default=False, err=True):
            raise click.Abort
        row = confirm_clock(recorder, Person(**author._asdict()), behind=behind)
    click.echo(f"Confirmed, recorded as @{row.position}, {row.recorded_at:%Y-%m-%d %H:%M:%S} UTC")


def _clocks(state: ClockState, reading: ClockReading, here: datetime) -> list[str]:
    """The clocks and the newest records, a line each, and what follows from them."""
    from caretrail.log.clock import ahead_in_words, behind_in_words, in_utc, span

    now, stamps = reading
    apart = abs(here - now).total_seconds()
    differ = f", {span(abs(here - now))} {'ahead' if here > now else 'behind'}" if apart >= 1 else ", the same"
    words = {
        "ok": "The clock agrees with the log.",
        "unchecked": "A demo store takes any clock.",
        "ahead": f"CLOCK AHEAD: {ahead_in_words(reading)}. Nothing is recorded before an operator confirms it.",
        "behind": f"CLOCK BEHIND: {behind_in_words(reading)}. Nothing is recorded until it is right, or confirmed.",
        "confirmed_behind": (
            f"An operator has confirmed the clock, though {behind_in_words(reading)}: what is recorded until then is "
            "stamped from that record on."
        ),
    }
    return [
        f"Clock of the store   {in_utc(now)}",
        f"Clock here           {in_utc(here)}{differ}",
        f"Newest event         {in_utc(stamps.event) if stamps.event else 'none'}",
        f"Newest access        {in_utc(stamps.access) if stamps.access else 'none'}",
        f"Store made           {in_utc(stamps.made)}",
        words[state],
    ]


def _print(recorder: EventRecorder, state: ClockState, reading: ClockReading, here: datetime) -> None:
    click.echo(f"{visible(recorder.store)}\n")
    for line in _clocks(state, reading, here):
        click.echo(line)
    for one in recorder.confirmed_behind():
        click.echo(f"Confirmed while behind, at {one.clock:%Y-%m-%d %H:%M:%S} UTC")


def _fields(recorder: EventRecorder, state: ClockState, reading: ClockReading, here: datetime) -> dict[str, Any]:
    now, stamps = reading

    def told(moment: datetime | None) -> str | None:
        return None if moment is None else instant(moment)

    return {
        "clock": state,
        "store_clock": told(now),
        "clock_here": told(here),
        "newest_event": told(stamps.event),
        "newest_access": told(stamps.access),
        "made": told(stamps.made),
        "confirmed_behind": [
            {"clock": told(one.clock), "newest": told(one.newest)} for one in recorder.confirmed_behind()
        ],
    }
