"""`audit key`: a key to sign the log with."""

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
@store_options
def key_command(setup: Setup, file: Path, as_json: bool) -> None:
    """Create a key to sign the log with.

    Writes the key to FILE, which only you can read, and its public half to FILE.pub; prints the public half. Give the
    public half to everyone who verifies checkpoints, through a channel that database administrators do not control.

        caretrail audit key --out /etc/caretrail/ledger.key

    To change keys, sign one checkpoint with both: 'audit checkpoint --key NEW --key OLD'.
    """
    from caretrail.ledger.checkpoint import origin_of
    from caretrail.ledger.keys import create_key

    with setup.open() as recorder:
        origin = origin_of(recorder.namespace)
    key = create_key(file, origin)
    if as_json:
        print_json({"origin": origin, "key": str(key), "file": str(file), "public_file": f"{file}.pub"})
        return
    click.echo(str(key))
    say(f"Only you can read {visible(str(file))}. The line above is public and also in {visible(file.name)}.pub.")
