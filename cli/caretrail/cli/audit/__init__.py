"""`audit`: questions about the record itself rather than about care; each command is a module beside this one."""

from __future__ import annotations

import click

from caretrail.cli.helping import described
from caretrail.cli.lazy import LazyGroup

COMMANDS: dict[str, str] = {
    "verify": "Check that the record is complete and unaltered",
    "checkpoint": "Sign the log as it is now",
    "key": "Make a key to sign the log with",
    "packet": "Hand out an evidence packet",
    "inspect": "Check an evidence packet",
    "diff": "Show which verdicts changed between two moments, and why",
    "amendments": "Count late entries, corrections, addenda and voids by author",
    "reviews": "Count the reviews that were due: on time, late, not done",
    "access": "Show who looked at whom",
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

    Who looked at whom, what changed between two moments and why, what came late, and which reviews were on time.

        caretrail audit verify
        caretrail audit diff --from 2026-03-05 --to 2026-03-23
        caretrail audit access LNK-2026-0001
    """
