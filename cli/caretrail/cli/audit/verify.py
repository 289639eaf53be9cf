"""`audit verify`: recompute the whole record and compare it with what was kept of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from caretrail.cli.exits import ExitStatus, Stopped
from caretrail.cli.groups import Command
from caretrail.cli.options import store_options
from caretrail.cli.setup import Setup
from caretrail.cli.terminal.progress import progress
from caretrail.cli.terminal.screen import print_json
from caretrail.text import plural, visible

if TYPE_CHECKING:
    from caretrail.evidence.external import ExternalEvidence
    from caretrail.evidence.result import LogVerification, Verification

SHOWN = 10
"""Discrepancies printed; --json gives all."""


@click.command("verify", cls=Command)
@click.option(
    "--checkpoints", "places", metavar="FOLDER|FILE", type=click.Path(path_type=Path), multiple=True,
    help="Checkpoints kept outside the database.",
)  # fmt: skip  # one option, one thought
@click.option(
    "--key", "keys", metavar="KEY|FILE", multiple=True,
    help="Public key that signed them; after key changes all of them, oldest first.",
)  # fmt: skip  # one option, one thought
@click.option(
    "--witness", "witnesses", metavar="KEY|FILE", multiple=True,
    help="Public key of a witness that must have cosigned.",
)  # fmt: skip  # one option, one thought
@click.option(
    "--tsa-root", metavar="FILE", type=click.Path(path_type=Path),
    help="Root certificate of a time-stamping authority that must have stamped some.",
)  # fmt: skip  # one option, one thought
@click.option(
    "--receipts", metavar="FILE", type=click.Path(path_type=Path), multiple=True,
    help="Receipts, as 'append --json' printed them.",
)  # fmt: skip  # one option, one thought
@click.option(
    "--archive", "archives", metavar="FILE", type=click.Path(path_type=Path), multiple=True,
    help="Archived accesses to verify too, as 'audit archive' made the file.",
)  # fmt: skip  # one option, one thought
@click.option("--quiet", is_flag=True, allow_from_autoenv=False, help="Print nothing if nothing is wrong.")
@store_options
def verify_command(
    setup: Setup,
    /,
    places: Sequence[Path],
    keys: Sequence[str],
    witnesses: Sequence[str],
    tsa_root: Path | None,
    receipts: Sequence[Path],
    archives: Sequence[Path],
    quiet: bool,
    as_json: bool,
) -> None:
    """Verify that the record is complete and unaltered.

    Reads every event and every access up to the latest, while others may keep writing. Checks positions, versions,
    times, commands, leaves and their trees against checkpoints, receipts and the stored tiles; then schema, guards,
    rights, indexes, the mark of the store and stays. Reports where the record first differs, and what kind of tampering
    that looks like.

        caretrail audit verify --checkpoints /mnt/auditor --key ledger.key.pub
        caretrail audit verify --receipts receipts.jsonl --quiet

    Exit status 0 if nothing is wrong, 1 if something is, 4 if the store is unreadable.
    """
    from caretrail.evidence.verification import verify
    from caretrail.ledger.checkpoint import origin_of

    with setup.open() as recorder:
        external = _external(places, keys, witnesses, tsa_root, receipts, origin_of(recorder.namespace))
        with progress("Verifying") as done:
            found = verify(recorder, external, done, archives)
    if as_json:
        if not (quiet and found.ok):
            print_json(found.as_json())
    elif not found.ok:
        _print_bad(found)
    elif not quiet:
        _print_good(found)
    if not found.ok:
        raise Stopped(ExitStatus.STORE if found.unreadable else ExitStatus.FAILED)


def _external(
    places: Sequence[Path],
    keys: Sequence[str],
    witnesses: Sequence[str],
    tsa_root: Path | None,
    receipts: Sequence[Path],
    origin: str,
) -> ExternalEvidence:
    from caretrail.evidence.external import checkpoint_files, combine, read_checkpoints, read_receipts, stamped
    from caretrail.evidence.time_stamp import read_roots
    from caretrail.ledger.keys import read_verifying_keys
    from caretrail.ledger.note import COSIGNATURE

    trusted, named = read_verifying_keys(keys), read_verifying_keys(witnesses, COSIGNATURE)
    files = checkpoint_files(places)
    stamps = stamped(files, read_roots(tsa_root) if tsa_root is not None else None)
    return combine(
        [read_checkpoints(files, trusted, origin, named), stamps, *(read_receipts(path) for path in receipts)]
    )


def _print_good(found: Verification) -> None:
    for log, rows in _logs(found):
        click.echo(f"{rows} verified in {plural(log.streams, 'stream')}: nothing is wrong")
        _print_held(log)
    _print_checks(found)


def _print_checks(found: Verification) -> None:
    """What was checked beside the rows: what is wrong, what holds, and what could not be checked."""
    for check in found.checks:
        if check.state == "wrong":
            click.echo(f"Wrong: {check.name}")
            for line in check.found:
                click.echo(f"  - {visible(line)}")
    if held := [check.name for check in found.checks if check.state == "ok"]:
        click.echo(f"  also as they must be: {', '.join(held)}")
    for check in found.checks:
        if check.state == "unchecked":
            click.echo(f"Note: {check.name} not checked: {visible(check.found[0])}")


def _logs(found: Verification) -> Iterator[tuple[LogVerification, str]]:
    """Each log with the number of its rows; that of accesses only if there is something to say of it."""
    yield found, plural(found.size, "event")
    if found.accesses.size or found.accesses.discrepancies:
        yield found.accesses, plural(found.accesses.size, "access", "accesses")


def _print_held(found: LogVerification) -> None:
    if found.root is not None:
        click.echo(f"  root {found.root.hex()}")
    if found.checkpoints:
        click.echo(f"  {_hold(found.checkpoints, 'checkpoint')}, the last one through @{found.covered}")
    if found.receipts:
        click.echo(f"  {_hold(found.receipts, 'receipt')}")
    for note in found.notes:
        click.echo(f"Note: {visible(note)}")


def _hold(number: int, noun: str) -> str:
    return f"{plural(number, noun)} {'matches' if number == 1 else 'match'}"


def _print_bad(found: Verification) -> None:
    for log, rows in _logs(found):
        if log.discrepancies:
            _print_altered(log, "Altered" if log is found else "Accesses altered")
        click.echo(f"{rows} read in {plural(log.streams, 'stream')}")
        _print_held(log)
    _print_checks(found)
    hints = [item.hint for item in found.all_discrepancies] + [c.hint for c in found.checks if c.state == "wrong"]
    click.echo(f"Hint: {hints[0]}")


def _print_altered(found: LogVerification, title: str) -> None:
    first = found.discrepancies[0]
    where = f"from {first.where} on" if first.exact else f"somewhere in {first.where}"
    click.echo(f"{title}{f', {where}' if first.first else ''}:")
    click.echo(f"  it looks as if {first.tampering.seems}" if first.first else f"  {first.tampering.seems}")
    for item in found.discrepancies[:SHOWN]:
        click.echo(f"  - {visible(item.evidence)}")
    if len(found.discrepancies) > SHOWN:
        click.echo(f"  - and {len(found.discrepancies) - SHOWN} more: see --json")
