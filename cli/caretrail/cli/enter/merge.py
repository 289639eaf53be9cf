"""`merge`: one client's two numbers made one, over all events and episodes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import asdict

import click

from caretrail.cli.groups import Command
from caretrail.cli.options import operation_options
from caretrail.cli.session import access_log
from caretrail.cli.setup import Setup
from caretrail.cli.terminal.screen import print_json, receipt_fields
from caretrail.commands.access import worded
from caretrail.commands.application import Commands
from caretrail.commands.command import Receipt
from caretrail.commands.merge import REASON, Merge, plan_merge
from caretrail.commands.packs import installed
from caretrail.errors import ClientInTwoPlaces, Refused
from caretrail.text import plural, visible


@click.command("merge", cls=Command)
@click.argument("old")
@click.argument("new")
@click.option("--reason", help="Reason of the corrections.  [default: two numbers of one client merged]")
@click.option("--yes", is_flag=True, allow_from_autoenv=False, help="Merge without a question.")
@operation_options
def merge_command(setup: Setup, old: str, new: str, reason: str | None, yes: bool, as_json: bool) -> None:
    """Merge two numbers of one client.

    Corrects the client number OLD to NEW in every event of every episode, all or none. The client's own signatures go
    along. Shows what will change and asks first; what was recorded stays readable. Run again, it finds nothing to do.

        caretrail merge cl-7f3b cl-7f3a

    It is refused, naming the episodes, if the client would have had two stays in one program in the same days.
    """
    author = setup.actor
    if author is None:
        raise click.UsageError("missing: --actor (or CARETRAIL_ACTOR)", click.get_current_context())
    with setup.open() as recorder, access_log(setup, recorder) as access:
        try:
            merge = plan_merge(recorder, old, new, recorder.now())
        except ClientInTwoPlaces as refusal:
            access(refusal.reveals)
            raise
        access([*(one.episode for one in merge.episodes), *merge.others])
        receipts: list[Receipt] = []
        if merge.episodes:
            _confirm(merge, yes=yes, as_json=as_json)
            stated = {name: value for name, value in author._asdict().items() if value is not None}
            try:
                receipts = Commands(recorder, recorder.about_now, installed).append(
                    merge.corrections(stated, reason or REASON)
                )
            except Refused as refusal:
                raise worded(refusal, access) from None
    _print(merge, receipts, as_json=as_json)


def _confirm(merge: Merge, *, yes: bool, as_json: bool) -> None:
    """Show what will change; on a terminal ask, elsewhere require --yes."""
    questioned = not yes and sys.stdin.isatty() and sys.stderr.isatty()
    if questioned or not as_json:
        for line in _plan(merge):
            click.echo(line, err=questioned)
    if questioned:
        click.confirm(f"Correct {_size(merge)}?", default=False, err=True, abort=True)
    elif not yes:
        raise click.UsageError("nothing was changed: --yes merges without a question", click.get_current_context())


def _plan(merge: Merge) -> Iterator[str]:
    yield f"Client {visible(merge.old)} becomes {visible(merge.new)}:"
    for one in merge.episodes:
        events = ", ".join(f"{version} {kind}" for version, kind in one.events)
        along = f"; {plural(one.signatures, 'signature')} of the client" if one.signatures else ""
        yield f"  {one.episode} in {visible(' and '.join(one.programs))}: {events}{along}"
    if merge.others:
        yield f"{visible(merge.new)} has {plural(len(merge.others), 'other episode')}: {', '.join(merge.others)}"
    else:
        yield f"No episode has {visible(merge.new)} yet: check the number."


def _size(merge: Merge) -> str:
    return f"{plural(merge.size, 'event')} of {plural(len(merge.episodes), 'episode')}"


def _print(merge: Merge, receipts: list[Receipt], *, as_json: bool) -> None:
    if as_json:
        episodes = [asdict(one) | {"events": [version for version, _ in one.events]} for one in merge.episodes]
        fields = {"old": merge.old, "new": merge.new, "episodes": episodes, "others": merge.others}
        print_json(fields | {"receipts": [receipt_fields(receipt) for receipt in receipts]})
    elif receipts:
        click.echo(f"Corrected {_size(merge)}, @{receipts[0].position} to @{receipts[-1].position}")
    else:
        click.echo("Nothing to merge: no episode has the first number.")
