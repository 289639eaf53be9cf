"""Groups of commands: listed without importing them, described by docstrings, with the nearest name for a slip."""

from __future__ import annotations

import importlib
import inspect
import textwrap
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from caretrail.cli.params import did_you_mean

F = TypeVar("F", bound=Callable[..., Any])

EXAMPLE = ("    ", "caretrail ")
"""How the lines of examples begin; without the indent where a docstring has no other lines to be indented against."""


def described(function: F) -> F:
    """Give a command the help that its docstring holds."""
    function.__doc__ = help_text(function.__doc__ or "")
    return function


def help_text(docstring: str) -> str:
    """Take the full stop from the first line, and keep the lines of examples as they are."""
    first, *rest = inspect.cleandoc(docstring).split("\n\n")
    return "\n\n".join([first.rstrip("."), *(_kept(part) if part.startswith(EXAMPLE) else part for part in rest)])


def _kept(example: str) -> str:
    return "\b\n" + "\n".join(f"  {line}" for line in textwrap.dedent(example).splitlines())


Sections = Mapping[str, Mapping[str, tuple[str, str]]]
"""By the title of a section and the name of a command: its module, and the first line of its help."""


class Group(click.Group):
    """A group that answers a word that is no command of its own with the nearest one."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the first word names."""
        name = args[0]
        if not (name.startswith("-") or ctx.resilient_parsing) and self.get_command(ctx, name) is None:
            near = did_you_mean(name, self.list_commands(ctx))
            raise click.UsageError(f"No such command '{name}'.{near}", ctx)
        return super().resolve_command(ctx, args)


class LazyGroup(Group):
    """A group of modules, each with the function `<name>_command`; listing them imports none, so help comes fast."""

    def __init__(self, *args: Any, sections: Sections, **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        self._sections = sections
        self._modules = {name: module for section in sections.values() for name, (module, _) in section.items()}

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        """Name the commands in the order they are learned."""
        return list(self._modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # click's signature
        """Import the module of a command."""
        if cmd_name not in self._modules:
            return None
        command: click.Command = getattr(importlib.import_module(self._modules[cmd_name]), f"{cmd_name}_command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  # click's signature
        """List the commands by section, as the table says them."""
        for title, section in self._sections.items():
            with formatter.section(title):
                formatter.write_dl([(name, summary) for name, (_, summary) in section.items()])
