"""`audit inspect`: verify a packet with the script it contains."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from caretrail.cli.exits import ExitStatus, Stopped
from caretrail.cli.groups import Command
from caretrail.cli.options import json_option
from caretrail.cli.terminal.screen import print_json
from caretrail.evidence.packet import verify


@click.command("inspect", cls=Command)
@click.argument("packet", type=click.Path(path_type=Path, exists=True), metavar="PACKET")
@click.option("--key", metavar="KEY", help="Public key of the log, or its file; never the key in the packet.")
@click.option(
    "--checkpoint", "places", type=click.Path(), metavar="FILE|FOLDER", multiple=True,
    help="A checkpoint you kept from earlier; is the packet of one history with it?",
)  # fmt: skip  # one option, one thought
@click.option(
    "--witness", "witnesses", metavar="KEY", multiple=True,
    help="Public key of a witness that must have cosigned, or its file.",
)  # fmt: skip  # one option, one thought
@click.option(
    "--tsa-root", "root", metavar="FILE", type=click.Path(path_type=Path),
    help="Root certificate of a time-stamping authority that must have stamped it.",
)  # fmt: skip  # one option, one thought
@json_option
def inspect_command(
    packet: Path, key: str | None, places: Sequence[str], witnesses: Sequence[str], root: Path | None, as_json: bool
) -> None:
    """Verify an evidence packet.

    PACKET is the zip or its unpacked folder. Needs no store: runs the verify.py that every packet contains. Exit status
    0 if everything holds, 1 if something does not, 2 if it cannot be decided: a key is missing, or a proof that joins
    the packet to a checkpoint of yours. One key that signed two histories is found by the checkpoints you kept.

        caretrail audit inspect packet.zip --key ledger.key.pub
        caretrail audit inspect packet.zip --key ledger.key.pub --checkpoint kept/
        caretrail audit inspect packet.zip --key log.pub --witness witness.pub
    """
    from caretrail.evidence.packet.stamp import stamp_line
    from caretrail.evidence.time_stamp import TimeStampRefused, read_roots
    from caretrail.ledger.keys import read_verifying_keys
    from caretrail.ledger.note import COSIGNATURE, BadKey

    try:
        keys = "\n".join(map(str, read_verifying_keys([key]))) if key is not None else None
        kept = verify.kept_in(places)
        named = [str(one) for one in read_verifying_keys(witnesses, COSIGNATURE)]
    except BadKey as error:
        raise click.UsageError(error.message) from None
    except verify.Problem as problem:
        raise click.UsageError(str(problem)) from None
    except OSError:
        raise click.UsageError("a checkpoint cannot be read") from None
    try:
        roots = read_roots(root) if root is not None else None
    except TimeStampRefused as refusal:  # no word about the packet, and no status that is one
        raise click.UsageError(refusal.message) from None
    report = verify.verify(str(packet), keys, kept, named)
    if roots is not None and report.status != 1:
        try:
            report.lines.append(stamp_line(packet, roots))
        except TimeStampRefused as missing:
            report.lines.append((None, f"STAMP NOT VERIFIED: {missing.message}. {missing.hint}"))
    if as_json:
        checks = [{"holds": holds, "what": text} for holds, text in report.lines]
        print_json({"status": report.status, "checks": checks, "events": report.counts})
    else:
        for line in verify.words(report):
            click.echo(line)
    if report.status:
        raise Stopped(ExitStatus(report.status))
