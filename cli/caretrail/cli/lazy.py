"""Groups whose commands live in modules of their own, imported when used: help and every other command start fast."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any, ClassVar

import click


class LazyGroup(click.Group):
    """A group of the modules of a package, each with a `command`, that imports none of them to list them.

    A subclass says which: `package`, and `table` with every command and the first line of its help, in the order they
    are learned; a test compares the lines with those of the commands themselves.
    """

    package: ClassVar[str]
    table: ClassVar[Mapping[str, str]]

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        """Name the commands in the order they are learned."""
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # click's signature
        """Import the module of a command."""
        if cmd_name not in self.table:
            return None
        module: Any = importlib.import_module(f"{self.package}.{cmd_name}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  # click's signature
        """List the commands without importing them."""
        if self.table:
            with formatter.section("Commands"):
                formatter.write_dl(list(self.table.items()))
