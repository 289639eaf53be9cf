"""`init`: make the store, or bring one of an older version up to date."""

from __future__ import annotations

from pathlib import Path

import click

from caretrail.cli.helping import described
from caretrail.cli.options import Setup, store_option
from caretrail.cli.screen import visible


@click.command("init")
@described
@store_option()
@click.pass_obj
def command(setup: Setup) -> None:
    """Make a new, empty store.

    A store that is there already is left as it is; one of an older version is upgraded. Before that, make a backup and
    stop what writes to it.

        caretrail init
        caretrail --db /srv/caretrail.db init
    """
    from caretrail.errors import StoreOlder
    from caretrail.projection.tables import create_tables
    from caretrail.recording.opening import init_store, open_recorder, upgrade_store

    if setup.is_default:
        # clinical data: nobody else on this machine may look into the folder
        Path(setup.url).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    made, schema = False, 0
    try:
        made = init_store(setup.url)
    except StoreOlder:
        schema = upgrade_store(setup.url)
    with open_recorder(setup.url) as recorder:
        create_tables(recorder.database)
        store = visible(recorder.store)
    if schema:
        click.echo(f"Upgraded the store to schema {schema}: {store}")
    else:
        click.echo(f"Made a new store: {store}" if made else f"There is a store already, left as it is: {store}")
    if made:
        _say_what_next(setup)


def _say_what_next(setup: Setup) -> None:
    if not setup.is_default:
        click.echo("\nSet CARETRAIL_DB to its url, or give --db with each command.")
    click.echo(
        "\nNext:\n"
        "  caretrail append FILE                record facts from JSON Lines\n"
        "  caretrail record admitted EPISODE    enter one fact\n"
        "  caretrail worklist                   see what to do\n"
        "  caretrail demo                       see it all on made-up episodes"
    )
