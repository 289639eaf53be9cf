"""`audit archive`: move the first accesses out of the store, into a file that proves itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from caretrail.cli.groups import Command
from caretrail.cli.options import actor_option, json_option, store_option
from caretrail.cli.params import Day
from caretrail.cli.setup import Setup
from caretrail.cli.terminal.progress import progress
from caretrail.cli.terminal.screen import instant, print_json
from caretrail.text import plural, visible

if TYPE_CHECKING:
    from caretrail.evidence.archiving import ArchiveDone


@click.command("archive", cls=Command)
@click.option(
    "--before", "day", type=Day(), metavar="DATE", required=True, allow_from_autoenv=False,
    help="Only accesses recorded before this day, in UTC.",
)  # fmt: skip  # one option, one thought
@click.option(
    "--to", "folder", metavar="FOLDER", type=click.Path(path_type=Path, file_okay=False), required=True,
    help="Target: a folder that outlives the store.",
)  # fmt: skip  # one option, one thought
@click.option(
    "--checkpoints", "checkpoints", metavar="FOLDER", type=click.Path(path_type=Path, file_okay=False), required=True,
    help="Signed checkpoints; the newest must cover what is archived.",
)  # fmt: skip  # one option, one thought
@click.option("--key", "keys", metavar="KEY|FILE", multiple=True, required=True, help="Public key that signed them.")
@json_option
@actor_option("Your identity for the record.")
@store_option
@click.pass_obj
def archive_command(
    setup: Setup, day: date, folder: Path, checkpoints: Path, keys: Sequence[str], as_json: bool
) -> None:
    r"""Move old accesses into a file kept elsewhere.

    For an operator. Writes the first accesses, a multiple of 256, into a new file; reads it back and proves it under
    the newest signed checkpoint; records its SHA-256; and only then drops them. Every disclosure stays in the store
    (45 CFR 164.528), and so does the newest access of each account. If it is stopped, run it again: it goes on.

        caretrail audit archive --before 2026-01-01 --to /mnt/archive \
          --checkpoints /mnt/auditor --key ledger.key.pub --actor it-1,operator

    'audit access' names the file and 'audit verify --archive' verifies it. Keep it as long as accesses must be kept.
    """
    from caretrail.events import Person
    from caretrail.evidence.archiving import SignedAccesses, archive_accesses
    from caretrail.evidence.checkpoint_folder import newest_signed
    from caretrail.ledger.checkpoint import origin_of
    from caretrail.ledger.keys import read_verifying_keys
    from caretrail.log.archived import ArchiveRefused

    author = setup.actor
    if author is None:
        raise click.UsageError("missing: --actor (or CARETRAIL_ACTOR)", click.get_current_context())
    trusted = read_verifying_keys(keys)
    before = datetime.combine(day, time(), UTC)
    with setup.open() as recorder, progress("Archiving") as tell:
        found = newest_signed(checkpoints, trusted, origin_of(recorder.namespace))
        if found is None:
            hint = "sign both logs with 'caretrail audit checkpoint', and name the public key of that key"
            raise ArchiveRefused("that folder has no checkpoint of this store that this key signed", hint)
        signed = SignedAccesses(found[0].accesses, found[1], trusted)
        actor = Person(**author._asdict())
        done = archive_accesses(recorder, before, folder, signed, actor, recorder.now(), tell)
    if as_json:
        print_json(_fields(done, folder))
    else:
        _print(done, folder)


def _fields(done: ArchiveDone, folder: Path) -> dict[str, object]:
    one = done.archive
    return {
        "file": str(folder / one.file),
        "sha256": one.sha256,
        "after": one.after,
        "upto": one.upto,
        "until": instant(one.until),
        "disclosures": one.disclosures,
        "recorded": one.position,
        "dropped": done.dropped,
        "finished": done.finished,
    }


def _print(done: ArchiveDone, folder: Path) -> None:
    one = done.archive
    if done.finished:
        click.echo("An earlier archive was interrupted; it is finished now. Run this again to archive more.")
    count = plural(one.upto - one.after, "access", "accesses")
    click.echo(f"{count} archived, {one.after + 1} to {one.upto}, until {one.until:%Y-%m-%d %H:%M} UTC")
    click.echo(f"  {visible(str(folder / one.file))}\n  SHA-256 {one.sha256}, recorded as @{one.position}")
    click.echo(f"{done.dropped} dropped from the store; disclosures, and the newest of each account, stay")
