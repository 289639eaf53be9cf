"""`audit prove`: what a witness needs to cosign a checkpoint."""

from __future__ import annotations

from pathlib import Path

import click

from caretrail.cli.groups import Command
from caretrail.cli.options import store_options
from caretrail.cli.setup import Setup
from caretrail.cli.terminal.screen import print_json

FILE = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.command("prove", cls=Command)
@click.argument("checkpoint", type=FILE, metavar="CHECKPOINT")
@click.option(
    "--since", type=FILE, metavar="FILE", allow_from_autoenv=False,
    help="The checkpoint that the witness cosigned last.   [default: it cosigned none yet]",
)  # fmt: skip  # one option, one thought
@store_options
def prove_command(setup: Setup, checkpoint: Path, since: Path | None, as_json: bool) -> None:
    """Prove to a witness that a checkpoint continues an earlier one.

    Prints a request for each log, of the events and of the accesses: the proof, and the checkpoint. Send both to the
    witness, who answers with 'audit cosign'. They hold hashes and sizes, and nothing of any event. Each is what
    witnesses of C2SP tlog-witness take, too.

        caretrail audit prove new.checkpoint --since cosigned.checkpoint > request
        caretrail audit prove first.checkpoint > request
    """
    from caretrail.evidence.packet.make import read_note
    from caretrail.evidence.witness import read_requests, requests_for, unverified_pair
    from caretrail.ledger.checkpoint import EMPTY_PAIR, origin_of
    from caretrail.log.records import NOUNS, Log

    note = read_note(checkpoint)
    with setup.open() as recorder:
        origin = origin_of(recorder.namespace)
        old = EMPTY_PAIR if since is None else unverified_pair(read_note(since), origin)
        request = requests_for(recorder, note, origin, old)
    if as_json:
        parts = zip(Log, read_requests(request), strict=True)
        print_json({NOUNS[log]: {"old": one.old, "request": str(one)} for log, one in parts})
    else:
        click.echo(request, nl=False)
