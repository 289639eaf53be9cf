"""`schema`: the JSON Schema of the events."""

from __future__ import annotations

import click

from caretrail.cli.groups import Command
from caretrail.cli.params import did_you_mean
from caretrail.cli.terminal.screen import print_json


@click.command("schema", cls=Command)
@click.argument("event", metavar="[TYPE]", required=False)
def schema_command(event: str | None) -> None:
    """Print the JSON Schema of the events.

    The schema of all events, or of one TYPE.

        caretrail schema session_attended
    """
    from caretrail.events.catalog import EVENT_TYPES, json_schema

    if event is None:
        print_json(json_schema())
        return
    cls = EVENT_TYPES.get(event.replace("-", "_"))
    if cls is None:
        raise click.UsageError(f"No such event.{did_you_mean(event, EVENT_TYPES)} There are {', '.join(EVENT_TYPES)}.")
    print_json(cls.model_json_schema(by_alias=True))
