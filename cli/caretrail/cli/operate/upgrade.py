"""`upgrade`: bring a store to this release, while an older one goes on beside it."""

from __future__ import annotations

import click

from caretrail.cli.groups import Command
from caretrail.cli.interrupt import ended_by_sigterm
from caretrail.cli.options import store_option
from caretrail.cli.setup import Setup
from caretrail.cli.terminal.progress import progress
from caretrail.errors import StoreOlder
from caretrail.text import plural, visible


@click.command("upgrade", cls=Command)
@click.option(
    "--drop-old", is_flag=True, allow_from_autoenv=False,
    help="Drop the read models of older releases, once those of this one are complete.",
)  # fmt: skip  # one option, one thought
@store_option
@click.pass_obj
def upgrade_command(setup: Setup, drop_old: bool) -> None:
    """Bring a store to this release.

    Upgrades the log if an older release made it, makes the read models of this release, and fills them. Releases have
    read models of their own: an older one goes on reading its own until you drop them. Run it as the store's owner or
    an administrator; before a new schema of the log, make a backup and stop all writers.

        caretrail upgrade
        caretrail upgrade --drop-old
    """
    from caretrail.log.stores import open_recorder, upgrade_store
    from caretrail.readmodel.rebuild import Workers, cores
    from caretrail.readmodel.schema import VERSION
    from caretrail.readmodel.upgrade import drop_old_builds, make_builds, old_versions

    schema = 0
    try:
        with open_recorder(setup.url):
            pass
    except StoreOlder:
        schema = upgrade_store(setup.url)
    with open_recorder(setup.url) as recorder:
        with ended_by_sigterm(), progress("Filling the read models") as done:
            found = make_builds(recorder, progress=done, workers=Workers(setup.url, cores()))
        if schema:
            click.echo(f"Upgraded the log to schema {schema}: {visible(recorder.store)}")
        click.echo(f"The read models of this release (version {VERSION}) are complete through @{found.position}.")
        if drop_old:
            dropped = drop_old_builds(recorder)
            versions = ", ".join(map(str, dropped))
            click.echo(f"Dropped the read models of version {versions}." if dropped else "There are no older ones.")
        elif others := old_versions(recorder.database):
            click.echo(
                f"{plural(len(others), 'older version')} of the read models kept for older releases. Once none of them "
                "runs any more: caretrail upgrade --drop-old"
            )
