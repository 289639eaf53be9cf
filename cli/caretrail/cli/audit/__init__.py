"""`audit`: questions about the record itself rather than about care; each command is a module beside this one."""

from __future__ import annotations

import click

from caretrail.cli.helping import described
from caretrail.cli.lazy import LazyGroup

COMMANDS: dict[str, str] = {
    "access": "Show who looked at whom",
    "verify": "Check that the record is complete and unaltered",
    "checkpoint": "Sign the log as it is now",
    "key": "Make a key to sign the log with",
    "packet": "Hand out an evidence packet",
    "inspect": "Check an evidence packet",
}
"""Every command, in the order they are learned, and the first line of its help."""


class AuditGroup(LazyGroup):
    """The commands of this package."""

    package = __name__
    table = COMMANDS


@click.group("audit", cls=AuditGroup)
@described
def command() -> None:
    """Audit the record itself.

    Who looked at whom, and whether the record is complete and unaltered.

        caretrail audit verify
    """
