"""`audit cosign`: sign along on a checkpoint, as a witness."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from caretrail.cli.audit.checkpoint import HEX
from caretrail.cli.groups import Command
from caretrail.cli.options import json_option
from caretrail.cli.session import now
from caretrail.cli.setup import state_folder
from caretrail.cli.terminal.screen import print_json
from caretrail.files import FileRefused, create_file, regular_bytes
from caretrail.text import plural, visible

FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("cosign", cls=Command)
@click.argument("request", type=click.Path(path_type=Path, dir_okay=False, exists=True, allow_dash=True))
@click.option("--key", "file", metavar="FILE", type=FILE, required=True, help="Your key, the key of a witness.")
@click.option(
    "--log", "keys", metavar="KEY|FILE", multiple=True, required=True,
    help="Public key of the log; after key changes all of them.",
)  # fmt: skip  # one option, one thought
@click.option("--out", metavar="FILE|-", default="-", help="Target: a new file, or - for standard output.")
@click.option(
    "--state", metavar="FILE", type=FILE,
    help="File of the checkpoint you cosigned last.   [default: a file for this log in your state folder]",
)  # fmt: skip  # one option, one thought
@click.option("--first", is_flag=True, allow_from_autoenv=False, help="First time: you cosigned nothing of this log.")
@json_option
def cosign_command(
    request: Path, file: Path, keys: Sequence[str], out: str, state: Path | None, first: bool, as_json: bool
) -> None:
    r"""Sign along on checkpoints of a log, as its witness.

    REQUEST is what 'audit prove' printed, or - for standard input. Signs only what continues the checkpoints you signed
    last, and saves them first: whoever finds your signature knows that the log showed you the same history. Needs no
    store, and sees no event.

        caretrail audit cosign request --key witness.key --log ledger.key.pub \
          --out cosigned.checkpoint
    """
    from caretrail.evidence.signer_state import SignerState
    from caretrail.evidence.witness import cosign
    from caretrail.ledger.keys import load_key, read_verifying_keys
    from caretrail.ledger.note import COSIGNATURE, MOST_BYTES

    key, log_keys = load_key(file, COSIGNATURE), read_verifying_keys(keys)
    origins = {one.name for one in log_keys}
    if len(origins) != 1:
        raise click.UsageError("the keys given with --log are of several logs")
    [origin] = origins
    try:
        data = sys.stdin.buffer.read(MOST_BYTES) if str(request) == "-" else regular_bytes(request, MOST_BYTES)
        text = data.decode()
    except (OSError, UnicodeDecodeError):
        raise click.UsageError("the request cannot be read: it is what 'caretrail audit prove' prints") from None
    if out != "-" and Path(out).exists():
        raise click.UsageError("the file already exists: choose another")
    name = re.sub(r"[^0-9A-Za-z]", "-", origin[-HEX:])  # the log chose it: it must not lead to another folder
    place = state or state_folder() / f"witness-{name}.checkpoint"
    last = SignerState(place, origin, "give all public keys of this log, the earlier ones too, each with --log")
    cosigned = cosign(text, log_keys, key, last, now(), first=first)
    if out != "-":
        try:
            create_file(Path(out), cosigned.note, 0o644)
        except OSError:
            raise FileRefused("the target cannot be written", "run this again: it is cosigned and saved") from None
    events, accesses = cosigned.pair.events.size, cosigned.pair.accesses.size
    if as_json:
        named = {"witness": key.name, "at": cosigned.at.isoformat(), "file": None if out == "-" else out}
        print_json({**named, "events": events, "accesses": accesses, "note": cosigned.note})
    elif out != "-":
        accessed = plural(accesses, "access", "accesses")
        click.echo(f"{plural(events, 'event')} and {accessed} cosigned: {visible(out)}")
    else:
        click.echo(cosigned.note, nl=False)
