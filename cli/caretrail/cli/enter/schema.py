"""`schema`: the shape of the facts, for programs."""

from __future__ import annotations

from typing import Any

import click

from caretrail.cli.groups import described
from caretrail.cli.params import did_you_mean
from caretrail.cli.terminal.screen import print_json


@click.command("schema")
@described
@click.argument("fact", metavar="[TYPE]", required=False)
def schema_command(fact: str | None) -> None:
    """Print the JSON Schema of the facts.

    Of all of them, told apart by their type, or of one TYPE.

        caretrail schema session_attended
    """
    from caretrail.events.catalog import FACT_TYPES, json_schema

    if fact is None:
        print_json(json_schema())
        return
    cls = FACT_TYPES.get(fact.replace("-", "_"))
    if cls is None:
        raise click.UsageError(f"No such fact.{did_you_mean(fact, FACT_TYPES)} There are {', '.join(FACT_TYPES)}.")
    schema: dict[str, Any] = cls.model_json_schema(by_alias=True)
    print_json(schema)
