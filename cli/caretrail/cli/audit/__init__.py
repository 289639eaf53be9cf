"""`audit`: questions about the record rather than about care, one module a command."""

from __future__ import annotations

import click

from caretrail.cli.groups import LazyGroup

SECTIONS = {
    "The log": {
        "verify": ("caretrail.cli.audit.verify", "Verify that the record is complete and unaltered"),
        "checkpoint": ("caretrail.cli.audit.checkpoint", "Sign both logs as they are now"),
        "prove": ("caretrail.cli.audit.prove", "Prove to a witness that a checkpoint continues an earlier one"),
        "cosign": ("caretrail.cli.audit.cosign", "Sign along on checkpoints of a log, as its witness"),
        "timestamp": ("caretrail.cli.audit.timestamp", "Have an authority sign when a checkpoint was there"),
        "key": ("caretrail.cli.audit.key", "Create a key to sign the log with"),
    },
    "Evidence": {
        "packet": ("caretrail.cli.audit.packet", "Create an evidence packet and log the disclosure"),
        "inspect": ("caretrail.cli.audit.inspect", "Verify an evidence packet"),
    },
    "Who did what, and when": {
        "replay": ("caretrail.cli.audit.replay", "Step through what was known of an episode, event by event"),
        "diff": ("caretrail.cli.audit.diff", "Show which verdicts changed between two times, and why"),
        "amendments": (
            "caretrail.cli.audit.amendments", "Count late entries, corrections, addenda and voids by author"
        ),
        "reviews": (
            "caretrail.cli.audit.reviews", "Count the reviews that were due: on time, entered late, late, not done"
        ),
        "access": ("caretrail.cli.audit.access", "Show who viewed which episodes"),
        "archive": ("caretrail.cli.audit.archive", "Move old accesses into a file kept elsewhere"),
        "disclose": ("caretrail.cli.audit.disclose", "Log a disclosure made by fax, phone or mail"),
    },
}  # fmt: skip  # one command, one line
"""The commands by section, each with its module and the first line of its help; a test compares the lines."""


@click.group("audit", cls=LazyGroup, sections=SECTIONS)
def audit_command() -> None:
    """Verify the record, hand out evidence, review access.

    Is the log unaltered? Who viewed which episodes? What changed between two times, and why? What was late, and which
    reviews were on time?

        caretrail audit verify
        caretrail audit diff --from 2026-03-05 --to 2026-03-23
        caretrail audit access LNK-2026-0001
    """
