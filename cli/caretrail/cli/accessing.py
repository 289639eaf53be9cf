"""Recording looks: who asks, by which command and what for, settled from the command line before anything is shown."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from caretrail.cli.options import Setup, now
from caretrail.cli.screen import say

if TYPE_CHECKING:
    from caretrail.commands.access import AccessLog
    from caretrail.recording.recorder import EventRecorder


@contextmanager
def accessing(
    setup: Setup, recorder: EventRecorder, purpose: str | None = None, command: str | None = None
) -> Generator[AccessLog]:
    """Record the looks of the running command; `purpose` is what it is for unless somebody says otherwise.

    By itself a look is for treatment, and that of an audit command for audit.
    """
    from caretrail.commands.access import AccessContext, AccessLog, Actor
    from caretrail.recording.opening import Primary

    claimed = setup.actor
    name = command or command_name(click.get_current_context())
    context = AccessContext(
        name,
        Actor(claimed.id, claimed.role, claimed.credential) if claimed is not None else None,
        setup.purpose or purpose or ("audit" if name.startswith("audit ") else "treatment"),
        setup.break_glass,
    )
    if context.reason is not None:
        say("BREAK GLASS: this look is recorded as an emergency, with the reason you gave.")
    primary = Primary(setup.url, setup.access_db)
    try:
        yield AccessLog(recorder, context, lambda: now().date(), primary)
    finally:
        primary.close()


def command_name(ctx: click.Context) -> str:
    """The words of a command, without the name of the program."""
    names: list[str] = []
    while ctx.parent is not None:
        names.append(ctx.info_name or "")
        ctx = ctx.parent
    return " ".join(reversed(names))
