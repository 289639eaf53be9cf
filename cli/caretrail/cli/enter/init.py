"""`init`: create the store, or upgrade an older one."""

from __future__ import annotations

from pathlib import Path

import click

from caretrail.cli.groups import Command
from caretrail.cli.options import store_option
from caretrail.cli.setup import Setup
from caretrail.errors import StoreOlder
from caretrail.text import visible


@click.command("init", cls=Command)
@click.option(
    "--roles",
    is_flag=True,
    allow_from_autoenv=False,
    help="Also create and grant the roles of a PostgreSQL store, even if the store exists.",
)
@store_option
@click.pass_obj
def init_command(setup: Setup, roles: bool) -> None:
    """Create a new, empty store.

    An existing store is left as it is; an older one is upgraded. Before an upgrade, make a backup and stop all writers.

        caretrail init
        caretrail --db /srv/caretrail.db init
        caretrail --db postgresql://postgres@/clinic init --roles
    """
    from caretrail.log.stores import check_roles, init_roles, init_store, open_recorder, upgrade_store
    from caretrail.readmodel.schema import create_tables, roles_sql

    if roles:
        check_roles(setup.url)
    if setup.is_default:
        # clinical data: nobody else on this machine may read the folder
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
        click.echo(f"Created a new store: {store}" if made else f"The store exists, nothing was changed: {store}")
    if roles:
        _say_roles(init_roles(setup.url, roles_sql()))
    elif made:
        _say_what_next(setup)


def _say_roles(made: list[str]) -> None:
    click.echo(f"Created roles: {', '.join(made)}" if made else "The roles exist.")
    click.echo(
        "Granted each role its rights in this store.\n"
        "\n"
        "Next, give each login one role:\n"
        "  GRANT caretrail_writer TO intake;        reads and records events\n"
        "  GRANT caretrail_reader TO board;         reads the log and the read models\n"
        "  GRANT caretrail_auditor TO auditor;      the same, for auditors\n"
        "  GRANT caretrail_projector TO nightly;    keeps the read models up to date\n"
        "  GRANT caretrail_operator TO admin;       records, and may import after the fact\n"
        "\n"
        "Nobody logs in as caretrail_owner or caretrail_append, and nobody should be a member."
    )


def _say_what_next(setup: Setup) -> None:
    if setup.db:
        click.echo("\nSet CARETRAIL_DB to this store, or give --db with each command.")
    click.echo(
        "\nNext:\n"
        "  caretrail append FILE                record events from JSON Lines\n"
        "  caretrail record admitted EPISODE    enter one event\n"
        "  caretrail worklist                   see what to do\n"
        "  caretrail demo                       tour a demo store"
    )
