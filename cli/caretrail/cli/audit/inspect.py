"""`audit inspect`: verify a packet with the script it contains."""

from __future__ import annotations

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
@json_option
def inspect_command(packet: Path, key: str | None, as_json: bool) -> None:
    """Verify an evidence packet.

    PACKET is the zip or its unpacked folder. Needs no store: runs the verify.py that every packet contains. Exit status
    0 if everything holds, 1 if something does not, 2 if a key is missing to decide.

        caretrail audit inspect packet.zip --key ledger.key.pub
    """
    from caretrail.ledger.keys import read_verifying_keys
    from caretrail.ledger.note import BadKey

    try:
        keys = read_verifying_keys([key]) if key is not None else [None]
    except BadKey as error:
        raise click.UsageError(error.message) from None
    reports = [verify.verify(str(packet), str(item) if item is not None else None) for item in keys]
    report = min(reports, key=lambda one: one.status)  # while keys change, a packet is signed by one of them, or both
    if as_json:
        checks = [{"holds": holds, "what": text} for holds, text in report.lines]
        print_json({"status": report.status, "checks": checks, "events": report.counts})
    else:
        for line in verify.words(report):
            click.echo(line)
    if report.status:
        raise Stopped(ExitStatus(report.status))
