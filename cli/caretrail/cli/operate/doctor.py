"""`doctor`: check everything that answers rest on, a line for each, with what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from caretrail.cli.exits import ExitStatus, Stopped
from caretrail.cli.groups import Command
from caretrail.cli.options import store_options
from caretrail.cli.setup import Setup
from caretrail.cli.terminal.screen import print_json
from caretrail.text import visible

if TYPE_CHECKING:
    from caretrail.evidence.checks.check import Check

STATES = {"ok": "ok", "wrong": "WRONG", "unchecked": "not checked"}
"""How the states of a check are shown."""


@click.command("doctor", cls=Command)
@click.option("--full", is_flag=True, allow_from_autoenv=False, help="Also compare all read models with the log.")
@store_options
def doctor_command(setup: Setup, full: bool, as_json: bool) -> None:
    """Check everything answers rest on.

    The schema with its guards, rights, indexes, the mark of the store, stays, the read models and the clock: one line
    each, and what to do where something is wrong. It changes nothing. 'audit verify' reads the logs themselves.

        caretrail doctor
        caretrail doctor --full --json

    Exit status 0 if all is well, 1 if something is wrong, 4 if something could not be checked.
    """
    from caretrail.evidence.checks.all_checks import evidence_checks, operation_checks

    with setup.open() as recorder:
        checks = evidence_checks(recorder) + operation_checks(recorder, full=full)
    states = {check.state for check in checks}
    if as_json:
        print_json({"ok": states == {"ok"}, "checks": [check.as_json() for check in checks]})
    else:
        for check in checks:
            _print(check)
    if "wrong" in states:
        raise Stopped(ExitStatus.FAILED)
    if "unchecked" in states:
        raise Stopped(ExitStatus.STORE)


def _print(check: Check) -> None:
    about = check.about if check.state == "ok" else f"expected: {check.about}"
    click.echo(f"{check.name:<12} {STATES[check.state]:<12} {about}")
    for line in check.found:
        click.echo(f"  - {visible(line)}")
    if check.hint:
        click.echo(f"  Hint: {check.hint}")
