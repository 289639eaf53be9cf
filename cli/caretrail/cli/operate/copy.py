"""`copy`: the whole store to another place, identical in every leaf."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from caretrail import plain
from caretrail.cli.groups import Command
from caretrail.cli.options import operation_options
from caretrail.cli.session import access_log
from caretrail.cli.setup import Setup
from caretrail.cli.terminal.progress import progress
from caretrail.cli.terminal.screen import print_json, say
from caretrail.text import plural, visible

if TYPE_CHECKING:
    from caretrail.log.copying import Copied
    from caretrail.log.recorder import EventRecorder


@click.command("copy", cls=Command)
@click.option("--to", "place", metavar="URL", required=True, help="Target: an empty store, or a place without one.")
@operation_options
def copy_command(setup: Setup, place: str, as_json: bool) -> None:
    """Copy the whole store to another place.

    Between SQLite and PostgreSQL, or the same kind. Positions, times, authors and leaves stay the same, so receipts,
    checkpoints and evidence hold for the copy. The copy is complete only after all leaves were compared; an
    interrupted copy keeps nothing and can be run again.

        caretrail --db caretrail.db copy --to postgresql://owner@host/caretrail

    Events recorded after it began are not in the copy: stop all writers before a move.
    """
    with setup.open() as source, access_log(setup, source, "operations") as access:
        if source.max_position():
            access.whole_log(0)
        copied, store = _copied(source, place)
        if as_json:
            print_json({"store": store, "events": copied.position, **plain.as_json(copied)})
        else:
            _print(copied, visible(source.store), visible(store))
        _warn(copied)


def _copied(source: EventRecorder, place: str) -> tuple[Copied, str]:
    from caretrail.log.copying import copy_store
    from caretrail.log.stores import init_store, open_recorder
    from caretrail.readmodel.schema import create_tables

    init_store(place, demo=source.is_demo)
    with open_recorder(place) as target, progress("Copying") as tell:
        copied = copy_store(source, target, tell)
    with open_recorder(place) as target:  # reopened: it is now another store
        create_tables(target.database)
        return copied, target.store


def _print(copied: Copied, source: str, target: str) -> None:
    events = plural(copied.position, "event")
    accesses = plural(copied.accesses, "access", "accesses")
    click.echo(f"Copied {events}{f', @1 to @{copied.position}' if copied.position else ''}, and {accesses}")
    click.echo(f"  from {source}")
    click.echo(f"    to {target}")
    if copied.archived:
        click.echo(f"Accesses up to {copied.archived} are archived: their files are those of both stores")
    click.echo(f"All leaves are identical. SHA-256 over all of them:\n  {copied.leaves}")


def _warn(copied: Copied) -> None:
    if copied.unreadable:
        say(f"{plural(copied.unreadable, 'episode')} unreadable: copied as stored")
    if copied.later:
        say(
            f"{plural(copied.later, 'event')} recorded meanwhile, after @{copied.position}, are not in the copy.\n"
            "Hint: stop all writers, then copy again to an empty place"
        )
