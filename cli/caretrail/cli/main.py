"""The entry point: finds the command, runs it, and ends with one of a few exit statuses."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from caretrail.cli.exits import ExitStatus, report, silence_output
from caretrail.cli.groups import LazyGroup
from caretrail.cli.options import access_store_option, store_option
from caretrail.cli.setup import Setup
from caretrail.cli.terminal.screen import prepare_output

SECTIONS = {
    "Set up": {
        "init": ("caretrail.cli.enter.init", "Create a new, empty store"),
        "demo": ("caretrail.cli.enter.demo", "Create a demo store and tour it"),
        "simulate": ("caretrail.cli.enter.simulate", "Simulate a year of a made-up population"),
        "completion": ("caretrail.cli.enter.completion", "Print the shell completion script"),
    },
    "Enter care": {
        "append": ("caretrail.cli.enter.append", "Record events from JSON Lines and print receipts"),
        "record": ("caretrail.cli.enter.record", "Enter one event"),
        "merge": ("caretrail.cli.enter.merge", "Merge two numbers of one client"),
        "schema": ("caretrail.cli.enter.schema", "Print the JSON Schema of the events"),
    },
    "Read": {
        "worklist": ("caretrail.cli.read.worklist", "Show what to do, most urgent first"),
        "findings": ("caretrail.cli.read.findings", "List every finding in force on a day"),
        "show": ("caretrail.cli.read.show", "Show an episode on a day of service"),
        "timeline": ("caretrail.cli.read.timeline", "Show every event of an episode and when it became known"),
        "eligibility": ("caretrail.cli.read.eligibility", "Answer whether continued stay is supported on a day"),
        "why": ("caretrail.cli.read.why", "Explain a rule's verdict: rule, dates, arithmetic, events"),
        "census": ("caretrail.cli.read.census", "List open episodes by program"),
        "rules": ("caretrail.cli.read.rules", "Print the rules of a policy pack"),
    },
    "Operate": {
        "projection": ("caretrail.cli.operate.projection", "Manage the read models"),
        "upgrade": ("caretrail.cli.operate.upgrade", "Bring a store to this release"),
        "clock": ("caretrail.cli.operate.clock", "Show the clock of the store beside the log"),
        "doctor": ("caretrail.cli.operate.doctor", "Check everything answers rest on"),
        "log": ("caretrail.cli.operate.log", "Print the log for programs, one event a line"),
        "copy": ("caretrail.cli.operate.copy", "Copy the whole store to another place"),
    },
    "Audit": {
        "audit": ("caretrail.cli.audit", "Verify the record, hand out evidence, review access"),
    },
}
"""The commands by section, each with its module and the first line of its help; a test compares the lines."""

_EPILOG = """\b
Exit status: 0 done, 1 request failed, 2 usage, 3 broken pipe, 4 the store
cannot be used or is stale, 130 interrupted, 255 internal error.

Every option also reads the environment, for example CARETRAIL_DB and
CARETRAIL_ACTOR ("c-ortiz,clinician,LADC").

Viewing an episode is logged before anything is shown.
"""


def _version(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:
    if not wanted or ctx.resilient_parsing:
        return
    from importlib.metadata import version

    click.echo(f"caretrail {version('caretrail')}")
    ctx.exit()


@click.group(
    "caretrail",
    cls=LazyGroup,
    sections=SECTIONS,
    epilog=_EPILOG,
    context_settings={
        "auto_envvar_prefix": "CARETRAIL",
        "help_option_names": ["-h", "--help"],
        "max_content_width": 80,
    },
)
@store_option
@access_store_option
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, allow_from_autoenv=False, callback=_version,
    help="Print the version and exit.",
)  # fmt: skip  # one option, one thought
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Track treatment episodes and show what is due, at any time.

    caretrail init
    caretrail append events.jsonl
    caretrail worklist
    """
    ctx.ensure_object(Setup)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    try:
        prepare_output()
        _run(sys.argv[1:] if arguments is None else list(arguments))
        sys.stdout.flush()  # a broken pipe or full disk must be met while it can still be reported
    except SystemExit as done:  # click has answered a shell that completes a word
        return int(done.code or 0)
    except BaseException as error:  # the one place where everything ends in a status and one line
        return int(_end(error))
    return int(ExitStatus.DONE)


def _run(arguments: list[str]) -> None:
    if "_CARETRAIL_COMPLETE" in os.environ:
        cli.main(arguments, prog_name="caretrail")  # click answers the shell, and exits
    # not cli.main(), which would turn a broken pipe into status 1
    with cli.make_context("caretrail", arguments) as context:
        cli.invoke(context)


def _end(error: BaseException) -> ExitStatus:
    """Print what was still to be printed, then report."""
    try:
        sys.stdout.flush()
        return report(error)
    except OSError as failed:
        silence_output()
        return report(failed)
    finally:
        if isinstance(error, BrokenPipeError):
            silence_output()
