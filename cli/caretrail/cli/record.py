"""`record`: a person enters one fact, by options or asked for what is missing."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from caretrail.cli.options import Author, AuthorType, Setup, json_option, now, store_option
from caretrail.cli.screen import instant, print_json, say, visible

if TYPE_CHECKING:
    from caretrail.cli.fields import Leaf
    from caretrail.facts.catalogue import FactBase
    from caretrail.recording.application import Receipt, Records

SIGNING = {"plan_signed": "authorship", "plan_reviewed": "review", "continued_stay_determined": "determination"}
"""What a clinician's signature means on each document."""


class FactGroup(click.Group):
    """One command a fact, made from the fact's model."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the facts."""
        from caretrail.facts.codec import FACT_TYPES

        return list(FACT_TYPES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Make the command of a fact; a hyphen in its name will do."""
        from caretrail.facts.codec import FACT_TYPES

        cls = FACT_TYPES.get(cmd_name.replace("-", "_"))
        return None if cls is None else _command(cls)


@click.group("record", cls=FactGroup, subcommand_metavar="FACT [EPISODE] [OPTIONS]")
def command() -> None:
    """Enter one fact

    At a terminal you are asked for what is missing, and shown what will be recorded before it is. Who you are comes
    from CARETRAIL_ACTOR or --actor. Each FACT has its own options: see `caretrail record FACT --help`.

    \b
    export CARETRAIL_ACTOR=c-ortiz,clinician,LADC
    caretrail record session_attended LNK-2026-0001 --service group --minutes 180
    """


def _command(cls: type[FactBase]) -> click.Command:
    from caretrail.cli.fields import options_of

    kind: str = cls.model_fields["type"].default
    leaves = options_of(cls)
    params: list[click.Parameter] = []
    if "episode" in cls.model_fields:
        params.append(click.Argument(["episode"], metavar="EPISODE"))
    params.extend(_option(leaf, number) for number, leaf in enumerate(leaves))
    params.append(click.Option(["--set", "settings"], metavar="NAME=VALUE", multiple=True, help=_set_help(cls)))
    if "signatures" in cls.model_fields:
        params.append(click.Option(["--sign"], is_flag=True, help="Add your own electronic signature, given that day."))
    params.append(click.Option(["--actor"], type=AuthorType(), envvar="CARETRAIL_ACTOR", help="Who states the fact.  [env: CARETRAIL_ACTOR]"))
    params.append(click.Option(["--yes"], is_flag=True, help="Ask for nothing that may be left out, and do not ask whether to record."))
    summary = (cls.__doc__ or "").split("\n")[0].rstrip(".")

    def run(**given: Any) -> None:
        _record(cls, leaves, given)

    made = click.Command(kind, params=params, callback=run, help=f"Record: {summary}\n\n\b\n{_example(cls, kind)}")
    return store_option()(json_option(made)) if False else _with_shared(made)


def _with_shared(made: click.Command) -> click.Command:
    for option in (json_option, store_option()):
        holder = option(lambda: None)
        made.params.extend(holder.__click_params__)
    return made
