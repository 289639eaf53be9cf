"""`audit timestamp`: have an authority sign when a checkpoint was there."""

from __future__ import annotations

from pathlib import Path

import click

from caretrail.cli.groups import Command
from caretrail.cli.options import json_option
from caretrail.cli.terminal.screen import print_json, say
from caretrail.files import FileRefused, create_file, regular_bytes
from caretrail.text import visible

FILE = click.Path(path_type=Path, dir_okay=False)
MODE = 0o644


@click.command("timestamp", cls=Command)
@click.argument("checkpoint", type=click.Path(path_type=Path, dir_okay=False, exists=True), metavar="CHECKPOINT")
@click.option("--tsa", metavar="URL", help="Ask this authority now.")
@click.option("--query", type=FILE, metavar="FILE", help="Only write the request, to send it some other way.")
@click.option("--response", type=FILE, metavar="FILE", help="Take what the authority answered from this file.")
@click.option("--tsa-root", "root", type=FILE, metavar="FILE", help="Root certificate of the authority, in PEM.")
@json_option
def timestamp_command(
    checkpoint: Path, tsa: str | None, query: Path | None, response: Path | None, root: Path | None, as_json: bool
) -> None:
    r"""Have an authority sign when a checkpoint was there.

    The authority (RFC 3161) sees a SHA-256 of the file and nothing else. Its answer is checked and put beside the file,
    as CHECKPOINT.tsr; 'audit verify --tsa-root' checks it again, 'openssl ts -verify' does, too, and packets that stand
    on the checkpoint carry it. Needs no store, but the extra 'timestamps'.

        caretrail audit timestamp new.checkpoint --tsa https://tsa.example.org \
          --tsa-root tsa.pem
        caretrail audit timestamp new.checkpoint --query new.tsq
        caretrail audit timestamp new.checkpoint --response reply --tsa-root tsa.pem
    """
    from caretrail.evidence.time_stamp import ask, check, query_for, read_roots, stamp_path
    from caretrail.ledger.note import MOST_BYTES, note_text, split_notes

    if sum(given is not None for given in (tsa, query, response)) != 1:
        raise click.UsageError("give one of --tsa, --query and --response")
    try:
        data = regular_bytes(checkpoint, MOST_BYTES)
        notes = split_notes(data.decode())
        answer = regular_bytes(response, MOST_BYTES) if response is not None else b""
    except (OSError, UnicodeDecodeError):
        raise click.UsageError("the checkpoint or the response cannot be read") from None
    for note in notes or [""]:  # another file by mistake, a key for one, would be stamped without a word
        note_text(note)
    if query is not None:
        _write(query, query_for(data))
        if as_json:
            print_json({"query": str(query)})
        else:
            say(f"Send {visible(str(query))} to the authority as application/timestamp-query.")
        return
    if root is None:
        raise click.UsageError("the answer is checked with --tsa-root, the root certificate of the authority")
    roots, target = read_roots(root), stamp_path(checkpoint)
    if target.exists():
        raise click.UsageError("this checkpoint has a time stamp already")
    if tsa is not None:
        answer = ask(tsa, query_for(data))
    stamp = check(answer, data, roots)
    _write(target, answer)
    if as_json:
        print_json({"at": stamp.at.isoformat(), "authority": stamp.authority, "file": str(target)})
    else:
        click.echo(f"Stamped at {visible(str(stamp))}: {visible(str(target))}")


def _write(path: Path, data: bytes) -> None:
    """Write a new file. Raises FileRefused."""
    try:
        create_file(path, data, MODE)
    except OSError:
        raise FileRefused("the target cannot be written", "choose another folder") from None
