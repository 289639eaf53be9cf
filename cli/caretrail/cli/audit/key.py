"""`audit key`: a key to sign the log with, or to cosign as a witness."""

from __future__ import annotations

from pathlib import Path

import click

from caretrail.cli.groups import Command
from caretrail.cli.options import store_options
from caretrail.cli.setup import Setup
from caretrail.cli.terminal.screen import print_json, say
from caretrail.text import visible


@click.command("key", cls=Command)
@click.option(
    "--out", "file", metavar="FILE", type=click.Path(path_type=Path), required=True, help="Target: a new file."
)
@click.option(
    "--witness", metavar="NAME", allow_from_autoenv=False,
    help="Make the key of a witness of this name, such as audits.example.org/caretrail.",
)  # fmt: skip  # one option, one thought
@store_options
def key_command(setup: Setup, file: Path, witness: str | None, as_json: bool) -> None:
    """Create a key to sign the log with.

    Writes the key to FILE, which only you can read, and its public half to FILE.pub; prints the public half. Give the
    public half to everyone who verifies checkpoints, through a channel that database administrators do not control.
    With --witness it is the key of a witness, for 'audit cosign', and needs no store.

        caretrail audit key --out /etc/caretrail/ledger.key
        caretrail audit key --witness audits.example.org/caretrail --out witness.key

    To change keys, sign one checkpoint with both: 'audit checkpoint --key NEW --key OLD'.
    """
    from caretrail.ledger.keys import create_key
    from caretrail.ledger.note import COSIGNATURE

    key = create_key(file, witness, COSIGNATURE) if witness is not None else create_key(file, _origin(setup))
    if as_json:
        print_json({"origin": key.name, "key": str(key), "file": str(file), "public_file": f"{file}.pub"})
        return
    click.echo(str(key))
    say(f"Only you can read {visible(str(file))}. The line above is public and also in {visible(file.name)}.pub.")


def _origin(setup: Setup) -> str:
    """The name of the log of the store."""
    from caretrail.ledger.checkpoint import origin_of

    with setup.open() as recorder:
        return origin_of(recorder.namespace)
