"""`audit verify`: recompute the whole record and hold it against what was kept of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from caretrail.cli.exits import Status, Stopped
from caretrail.cli.helping import described
from caretrail.cli.options import Setup, json_option, store_option
from caretrail.cli.screen import facts_progress, plural, print_json, visible

if TYPE_CHECKING:
    from caretrail.evidence.external import Witnesses
    from caretrail.evidence.result import Verdict

SHOWN = 10
"""Problems printed; --json gives all."""


@click.command("verify")
@described
@click.option(
    "--checkpoints", "places", metavar="FOLDER|FILE", type=click.Path(path_type=Path), multiple=True,
    help="Checkpoints kept outside the database.",
)  # fmt: skip  # one option, one thought
@click.option(
    "--key", "keys", metavar="KEY|FILE", multiple=True,
    help="The public key they must be signed by; after a change of keys all of them, oldest first.",
)  # fmt: skip  # one option, one thought
@click.option(
    "--receipts", metavar="FILE", type=click.Path(path_type=Path), multiple=True,
    help="Receipts, as 'append --json' printed them.",
)  # fmt: skip  # one option, one thought
@click.option("--quiet", is_flag=True, allow_from_autoenv=False, help="Print nothing if nothing is wrong.")
@json_option
@store_option()
@click.pass_obj
def command(
    setup: Setup, places: Sequence[Path], keys: Sequence[str], receipts: Sequence[Path], quiet: bool, as_json: bool
) -> None:
    """Check that the record is complete and unaltered.

    Reads every stored fact up to the newest one now, while others may go on writing: positions, versions, times and
    commands, every leaf and the tree over them, against checkpoints, receipts and the tiles kept in the store. Says
    where the first thing is that is wrong, and what it looks like.

        caretrail audit verify --checkpoints /mnt/auditor --key ledger.key.pub
        caretrail audit verify --receipts receipts.jsonl --quiet

    Exit status 0 if nothing is wrong, 1 if something is, 4 if the store cannot be read.
    """
    from caretrail.evidence.verification import verify
    from caretrail.ledger.checkpoint import origin_of

    with setup.open() as recorder:
        witnesses = _witnesses(places, keys, receipts, origin_of(recorder.namespace))
        with facts_progress("Verifying") as done:
            verdict = verify(recorder, witnesses, done)
    if as_json:
        if not (quiet and verdict.ok):
            print_json(verdict.as_json())
    elif not verdict.ok:
        _print_bad(verdict)
    elif not quiet:
        _print_good(verdict)
    if not verdict.ok:
        raise Stopped(Status.STORE if verdict.unreadable else Status.CANNOT)


def _witnesses(places: Sequence[Path], keys: Sequence[str], receipts: Sequence[Path], origin: str) -> Witnesses:
    from caretrail.evidence.external import checkpoint_files, joined, read_checkpoints, read_receipts
    from caretrail.ledger.keys import read_verifying_keys

    trusted = read_verifying_keys(keys)
    checkpoints = read_checkpoints(checkpoint_files(places), trusted, origin)
    return joined([checkpoints, *(read_receipts(path) for path in receipts)])


def _print_good(verdict: Verdict) -> None:
    click.echo(f"{plural(verdict.facts, 'fact')} verified in {plural(verdict.streams, 'stream')}: nothing is wrong")
    _print_held(verdict)


def _print_held(verdict: Verdict) -> None:
    if verdict.root is not None:
        click.echo(f"  root {verdict.root.hex()}")
    if verdict.checkpoints:
        click.echo(f"  {_hold(verdict.checkpoints, 'checkpoint')}, the last of them up to position {verdict.covered}")
    if verdict.receipts:
        click.echo(f"  {_hold(verdict.receipts, 'receipt')}")
    for note in verdict.notes:
        click.echo(f"Note: {visible(note)}")


def _hold(number: int, noun: str) -> str:
    return f"{plural(number, noun)} {'holds' if number == 1 else 'hold'}"


def _print_bad(verdict: Verdict) -> None:
    first = verdict.problems[0]
    exact = first.last in (None, first.first)
    where = f", {'from' if exact else 'somewhere in'} {first.where}{' on' if exact else ''}" if first.first else ""
    click.echo(f"Not what was recorded{where}:")
    click.echo(f"  it looks as if {first.seems}" if first.first else f"  {first.seems}")
    for problem in verdict.problems[:SHOWN]:
        click.echo(f"  - {visible(problem.evidence)}")
    if len(verdict.problems) > SHOWN:
        click.echo(f"  - and {len(verdict.problems) - SHOWN} more: see --json")
    click.echo(f"{plural(verdict.facts, 'fact')} read in {plural(verdict.streams, 'stream')}")
    _print_held(verdict)
    click.echo(f"Hint: {first.hint}")
