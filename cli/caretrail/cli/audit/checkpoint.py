"""`audit checkpoint`: sign both logs as they are now."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from caretrail import plain
from caretrail.cli.groups import Command
from caretrail.cli.options import store_options
from caretrail.cli.setup import Setup, state_folder
from caretrail.cli.terminal.progress import progress
from caretrail.cli.terminal.screen import print_json
from caretrail.text import plural, visible

HEX = 32
"""The letters of an origin that make the name of its file."""


state_option = click.option(
    "--state", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False),
    help="File of the last signed checkpoint.   [default: a file for this log in your state folder]",
)  # fmt: skip  # one option, one thought


@click.command("checkpoint", cls=Command)
@click.option(
    "--key", "files", metavar="FILE", type=click.Path(path_type=Path), required=True, multiple=True,
    help="The signing key; to change keys, the new and the old one.",
)  # fmt: skip  # one option, one thought
@click.option("--to", "place", metavar="FOLDER|-", default="-", help="Target: a folder, or - for standard output.")
@state_option
@click.option("--first", is_flag=True, allow_from_autoenv=False, help="First time: nothing was signed before.")
@click.option("--full", is_flag=True, allow_from_autoenv=False, help="Read the whole log, not only new events.")
@store_options
def checkpoint_command(
    setup: Setup, files: Sequence[Path], place: str, state: Path | None, first: bool, full: bool, as_json: bool
) -> None:
    """Sign both logs as they are now.

    Prints or saves two signed checkpoints, a few lines that fix every event and every access so far. Keep checkpoints
    where database administrators cannot change them: 'audit verify' compares the logs with them. Refuses to sign what
    contradicts the last signed checkpoints, which are saved outside the database.

        caretrail audit checkpoint --key ledger.key --first --to /mnt/auditor
        caretrail audit checkpoint --key ledger.key --to /mnt/auditor
        caretrail audit checkpoint --key ledger.key | mail auditor@example.org
    """
    from caretrail.evidence.checkpoint_folder import newest_in, publish
    from caretrail.evidence.sign import sign
    from caretrail.evidence.signer_state import SignerState
    from caretrail.ledger.checkpoint import origin_of
    from caretrail.ledger.keys import load_key

    keys = [load_key(file) for file in files]
    folder = None if place == "-" else Path(place)
    with setup.open() as recorder, progress("Reading") as done:
        origin = origin_of(recorder.namespace)
        signer = SignerState(state or default_state(origin), origin)
        known = newest_in(folder, keys, origin) if folder else None
        signed = sign(recorder, keys, signer, first=first, full=full, known=known, progress=done)
    path = publish(folder, signed, keys) if folder else None
    size = signed.checkpoint.size
    if as_json:
        accesses = {"accesses": plain.as_json(signed.accesses)}
        more = {"since": signed.since, "note": signed.note, "file": str(path) if path else None}
        print_json(plain.as_json(signed.checkpoint) | accesses | more)
    elif path is not None:
        accessed = plural(signed.accesses.size, "access", "accesses")
        click.echo(f"{plural(size, 'event')} and {accessed} signed: {visible(str(path))}")
    else:
        click.echo(signed.note, nl=False)


def default_state(origin: str) -> Path:
    """The default file of a log's last checkpoint."""
    return state_folder() / f"ledger-{origin[-HEX:]}.checkpoint"
