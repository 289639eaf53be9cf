"""`record`: enter one event, by options or at a prompt."""

from __future__ import annotations

import click

from caretrail.cli.groups import Group


class EventGroup(Group):
    """A command for each event, made from the event's model."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        """Name the events."""
        from caretrail.events.catalog import APPENDED

        return list(APPENDED)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # click's signature
        """Make the command of an event; hyphens in its name are accepted."""
        from caretrail.cli.enter.event_command import APPENDED, event_command

        cls = APPENDED.get(cmd_name.replace("-", "_"))
        return None if cls is None else event_command(cls)


@click.group("record", cls=EventGroup, subcommand_metavar="EVENT [EPISODE] [OPTIONS]")
def record_command() -> None:
    """Enter one event.

    At a terminal, prompts for missing fields and shows the event before recording it. Your identity comes from
    CARETRAIL_ACTOR or --actor. Each EVENT has its own options: see 'caretrail record EVENT --help'.

        export CARETRAIL_ACTOR=c-ortiz,clinician,LADC
        caretrail record session_attended LNK-2026-0001 --minutes 180
    """
