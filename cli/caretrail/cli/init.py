"""`init`: make the store."""

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

    A store that is there already is left as it is.

        caretrail init
        caretrail --db /srv/caretrail.db init
    """
    from caretrail.projection.tables import create_tables
    from caretrail.recording.opening import init_store, open_recorder

    if setup.is_default:
        # clinical data: nobody else on this machine may look into the folder
        Path(setup.url).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = init_store(setup.url)
    with open_recorder(setup.url) as recorder:
        create_tables(recorder.database)
        store = visible(recorder.store)
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
