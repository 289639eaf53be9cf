"""`projection`: manage the read models, which can always be rebuilt from the log."""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from caretrail import plain
from caretrail.cli.exits import ExitStatus, Stopped
from caretrail.cli.groups import Group
from caretrail.cli.interrupt import ended_by_sigterm
from caretrail.cli.options import access_options, actor_option, operation_options, store_option
from caretrail.cli.params import Position
from caretrail.cli.session import access_log
from caretrail.cli.setup import Setup
from caretrail.cli.terminal.progress import progress
from caretrail.cli.terminal.screen import print_json, print_json_list, say
from caretrail.errors import FOREIGN_OBJECTS, VERIFY, AccessNotRecorded, StoreForbidden, UnknownEpisode
from caretrail.readmodel.garbage import with_few_collections
from caretrail.text import plural, visible

if TYPE_CHECKING:
    from caretrail.log.recorder import EventRecorder
    from caretrail.readmodel.daemon import Report
    from caretrail.readmodel.rows import Quarantined
    from caretrail.readmodel.status import Status


NO_EPISODES = ("program ", "tile ", "position ")
"""How what `check` found begins if it is no case number, which has no space."""

COMPARED = ("episode or program", "episodes or programs")
"""What the sweep counts."""


@click.group("projection", cls=Group)
def projection_command() -> None:
    """Manage the read models.

    Worklist, findings and eligibility are rows computed from the log. They can be dropped and rebuilt at any time; the
    log is the only source of truth.

        caretrail projection status
    """


@projection_command.command("status")
@operation_options
def status_command(setup: Setup, as_json: bool) -> None:
    """Show how far the read models are behind the log.

    caretrail projection status
    """
    from caretrail.readmodel.status import status

    with setup.open() as recorder:
        found = status(recorder, recorder.now())
        if as_json:
            _record_quarantined(setup, recorder, found, required=False)
    _print_status(found, as_json=as_json)


@projection_command.command("catch-up")
@operation_options
def catch_up_command(setup: Setup, as_json: bool) -> None:
    """Bring the read models up to date.

    Safe to run beside other projectors, and to kill.

        caretrail projection catch-up
    """
    from caretrail.readmodel.upkeep import catch_up

    _work(setup, "Catching up", catch_up, as_json=as_json)


@projection_command.command("run")
@click.option(
    "--lease",
    "lease_seconds",
    type=click.FloatRange(min=1, max=3600),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="How long after it was last heard of another daemon may take over.",
)
@click.option(
    "--report",
    "report_seconds",
    type=click.FloatRange(min=1),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="How often to say how current the rows are.",
)
@store_option
@click.pass_obj
def run_command(setup: Setup, lease_seconds: float, report_seconds: float) -> None:
    """Keep the read models up to date until terminated.

    Run it as a service, on as many machines as you like: one leads, the others stand by. Catch-ups and reads leave the
    work to it. SIGTERM ends it after the batch in progress.

        caretrail projection run
        caretrail --db postgresql://nightly@/clinic projection run --lease 20
    """
    from caretrail.readmodel.daemon import Daemon

    with setup.open() as recorder:
        daemon = Daemon(
            recorder, _say_report, clock=recorder.now, lease_seconds=lease_seconds, report_seconds=report_seconds
        )
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: daemon.stop())
        with_few_collections()
        daemon.run()
    say("Ended.")


def _say_report(report: Report) -> None:
    """One line on stderr for each thing that happens; a service manager adds the time."""
    words = {
        "leads": "Leading", "stands_by": "Another projector leads: standing by", "rebuilds": "Far behind: rebuilding",
        "lost": "Lost the lease", "failed": "Failed, trying again", "current": "Running",
        "differed": "Rows differed from the log", "packs": "Policy packs have changed: judging again",
    }  # fmt: skip  # two lines
    line = words[report.happened]
    if report.status is not None:
        line += f". {_standing(report.status)}"
    found = report.swept
    if found.mended:
        line += f" Made anew: {plural(found.mended, *COMPARED)}."
    if found.unmended:
        line += f" {plural(found.unmended, *COMPARED)} differed again at once: {FOREIGN_OBJECTS}."
    if found.hidden:
        line += f" {plural(found.hidden, 'event')} hidden from their streams: {VERIFY}."
    if report.error is not None:
        line += f": {report.error.message}"
    say(line)


@projection_command.command("rebuild")
@click.option(
    "--workers", "count", metavar="N", type=click.IntRange(1, 64), allow_from_autoenv=False,
    help="Processes that work side by side.  [default: one for each core]",
)  # fmt: skip  # one option, one thought
@operation_options
def rebuild_command(setup: Setup, count: int | None, as_json: bool) -> None:
    """Rebuild the read models from the log.

    Readers see the old rows until the new ones are complete and compared with the log. Killed, it goes on where it
    stopped when you run it again. The stays of episodes, which 'append' keeps beside the log, are made again where they
    differ. A large log is split into private files, removed at the end, in a folder beside the
    SQLite store or in the system's folder for temporary files; CARETRAIL_SPILL names another folder.

        caretrail projection rebuild
        caretrail projection rebuild --workers 1
    """
    from caretrail.readmodel.rebuild import rebuild

    _work(setup, "Rebuilding", rebuild, as_json=as_json, count=count)
    with setup.open() as recorder:
        _mend_stays(recorder)


@projection_command.command("tiles")
@click.option(
    "--archive", "files", metavar="FILE", type=click.Path(path_type=Path), multiple=True,
    help="A file of archived accesses whose tiles are wrong or missing.",
)  # fmt: skip  # one option, one thought
@store_option
@click.pass_obj
def tiles_command(setup: Setup, files: Sequence[Path]) -> None:
    """Make the ledger's tiles again from both logs.

    Tiles let proofs read a few rows instead of a whole log. 'catch-up' adds those that are new; this deletes all of
    them and makes them again, after 'audit verify' or 'projection check' found one that is wrong or missing. Those of
    archived accesses stay as they are, and can be made again only from their file.

        caretrail projection tiles
    """
    from caretrail.ledger.tiles import make_tiles_again, restore_archived_tiles, tiled_position
    from caretrail.log.records import Log

    with setup.open() as recorder, progress("Making tiles") as done:
        restore_archived_tiles(recorder, files)
        for log in Log:
            make_tiles_again(recorder, log, done)
        events, accesses = (tiled_position(recorder, log) for log in Log)
    click.echo(f"Tiles made of {plural(events, 'event')} and {plural(accesses, 'access', 'accesses')}")


@projection_command.command("check")
@operation_options
def check_command(setup: Setup, as_json: bool) -> None:
    """Verify the read models against the log.

    Recomputes every episode with its stays and compares. Exit status 1 if any differs.

        caretrail projection check
    """
    from caretrail.readmodel.check import OF_STAYS, check

    with setup.open() as recorder, progress("Checking") as done:
        report = check(recorder, progress=done)
        named = [name for name in report.differ if not name.startswith(NO_EPISODES)]
        _record(setup, recorder, sorted({name.removeprefix(OF_STAYS) for name in named}))
    if as_json:
        print_json(report.as_json())
    elif report.ok:
        click.echo(f"{plural(report.episodes, 'episode')} checked through @{report.position}: all rows match the log")
        click.echo(f"digest {report.live}")
    else:
        click.echo(f"{plural(len(report.differ), 'episode')} of {report.episodes} differ at @{report.position}:")
        for episode in report.differ:
            click.echo(f"  {visible(episode)}")
        commands = sorted({"tiles" if _is_tile(name) else "rebuild" for name in report.differ})
        say("Hint: to mend them, run " + " and ".join(f"'caretrail projection {command}'" for command in commands))
    if not report.ok:
        raise Stopped(ExitStatus.FAILED)


@projection_command.group("quarantine", cls=Group, invoke_without_command=True)
@operation_options
def quarantine_command(setup: Setup, as_json: bool) -> None:
    """List the unreadable episodes.

    An unreadable event keeps its own episode out of the read models, and no other.

        caretrail projection quarantine
        caretrail projection quarantine retry LNK-2026-0001
    """
    if click.get_current_context().invoked_subcommand is not None:
        return
    from caretrail.readmodel.status import status

    with setup.open() as recorder:
        state = status(recorder)
        _record_quarantined(setup, recorder, state)
    found = state.quarantined
    if as_json:
        print_json_list(plain.as_json(found))
    elif not found:
        say("No episode is quarantined.")
    for item in () if as_json else found:
        click.echo(_in_words(item))


@quarantine_command.command("retry")
@click.argument("episode")
@access_options()
@store_option
@click.pass_obj
def retry_command(setup: Setup, episode: str) -> None:
    """Retry a quarantined episode, as after a fix.

    caretrail projection quarantine retry LNK-2026-0001
    """
    from caretrail.readmodel.projector import Projector
    from caretrail.readmodel.status import status

    with setup.open() as recorder:
        found = [item for item in status(recorder).quarantined if episode in (item.episode, str(item.stream))]
        if not found:
            raise UnknownEpisode("no quarantined episode has that number", "see 'caretrail projection quarantine'")
        _record(setup, recorder, [found[0].episode or str(found[0].stream)])
        readable = Projector(recorder).retry(found[0].stream)
    if not readable:
        say(f"Error: still unreadable: {_in_words(found[0])}")
        raise Stopped(ExitStatus.FAILED)
    click.echo(f"{visible(episode)} is readable again")


@quarantine_command.command("void")
@click.argument("position", type=Position())
@click.option("--reason", required=True, help="Why it counts for nothing, for the record.")
@actor_option("Who you are, as the void states it.", "--actor")
@store_option
@click.pass_obj
def void_command(setup: Setup, position: int, reason: str) -> None:
    """Void an unreadable event by its position.

    For an operator. The event stays where it is, with its hash; from then on it counts for nothing, and its episode is
    judged again. An event of a newer Caretrail is not voided: upgrade instead.

        caretrail projection quarantine void @731 --reason "of no program"
    """
    from caretrail.commands.voiding import void_position
    from caretrail.events import Person

    author = setup.actor
    if author is None:
        raise click.UsageError("missing: --actor (or CARETRAIL_ACTOR)", click.get_current_context())
    with setup.open() as recorder:
        row = void_position(recorder, position, Person(**author._asdict()), reason, recorder.now())
    click.echo(f"Voided @{position}, recorded as @{row.position}; its episode is judged again by the next catch-up")


def _mend_stays(recorder: EventRecorder) -> None:
    """Make the stays again that differ from the events, and say so; who may not write them is told who may."""
    from caretrail.readmodel.stays import mend_stays

    try:
        mended = mend_stays(recorder)
    except StoreForbidden:
        say("Error: stays differ from their events, or may not be read, and this login may not write them")
        say("Hint: run 'caretrail doctor'; a superuser can run this again, and 'caretrail init --roles'")
        raise Stopped(ExitStatus.FAILED) from None
    if mended:
        say(f"Made the stays of {plural(mended, 'episode')} again")


def _is_tile(differing: str) -> bool:
    return differing.startswith("tile ")


def _work(setup: Setup, label: str, work: Callable[..., Status], *, as_json: bool, count: int | None = None) -> None:
    """Bring the read models up to date in one way or another, and print their status."""
    from caretrail.readmodel.rebuild import Workers, cores

    with setup.open() as recorder, ended_by_sigterm(), progress(label) as line:
        found = work(recorder, progress=line, workers=Workers(setup.url, count or cores()))
        if as_json:
            _record_quarantined(setup, recorder, found)
    _print_status(found, as_json=as_json)


def _record_quarantined(setup: Setup, recorder: EventRecorder, found: Status, *, required: bool = True) -> None:
    try:
        _record(setup, recorder, [item.episode or str(item.stream) for item in found.quarantined])
    except AccessNotRecorded as failed:
        if required or not failed.read_only:
            raise


def _record(setup: Setup, recorder: EventRecorder, episodes: list[str]) -> None:
    """Log the access to the episodes about to be named."""
    if episodes:
        with access_log(setup, recorder, "operations") as access:
            access(episodes)


def _print_status(found: Status, *, as_json: bool) -> None:
    if as_json:
        print_json(plain.as_json(found))
        return
    click.echo(_standing(found))
    if found.led:
        click.echo("A daemon keeps the rows up to date.")
    if found.quarantined:
        click.echo(f"{plural(len(found.quarantined), 'episode')} quarantined: see 'caretrail projection quarantine'")


def _standing(found: Status) -> str:
    late = f"{plural(found.behind, 'event')} and {plural(found.seconds, 'second')} behind" if found.behind else "latest"
    return f"Current through @{found.position} of @{found.log_position} ({late})"


def _in_words(item: Quarantined) -> str:
    name = visible(item.episode) if item.episode else str(item.stream)
    event = f"event {item.version} (@{item.position})"
    return f"{name}: {event} unreadable: {visible(item.reason_code)}, since {visible(item.since)}"
