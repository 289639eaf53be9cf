"""Groups of commands: listed without imports, described by docstrings, with the nearest name for a typo."""

from __future__ import annotations

import importlib
import inspect
import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from caretrail.cli.params import did_you_mean

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

EXAMPLE = ("    ", "caretrail ")
"""Beginnings of an example; it loses its indent in a docstring that has no other lines after the first."""


def help_text(docstring: str) -> str:
    """Drop the period of the first line, and keep line breaks in examples."""
    first, *rest = inspect.cleandoc(docstring).split("\n\n")
    return "\n\n".join([first.rstrip("."), *(_kept(part) if part.startswith(EXAMPLE) else part for part in rest)])


def _kept(example: str) -> str:
    return "\b\n" + "\n".join(f"  {line}" for line in textwrap.dedent(example).splitlines())


Sections = Mapping[str, Mapping[str, tuple[str, str]]]
"""Section title to command name to the command's module and the first line of its help."""


class Command(click.Command):
    """A command whose docstring is its help."""

    def __init__(self, name: str | None, *, help: str | None = None, **attributes: Any) -> None:  # noqa: A002  # click's name
        super().__init__(name, help=help_text(help or ""), **attributes)


class Group(Command, click.Group):
    """A group that answers an unknown command with the nearest one."""

    command_class = Command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command named by the first word."""
        name = args[0]
        if not (name.startswith("-") or ctx.resilient_parsing) and self.get_command(ctx, name) is None:
            near = did_you_mean(name, self.list_commands(ctx))
            raise click.UsageError(f"No such command '{name}'.{near}", ctx)
        return super().resolve_command(ctx, args)


class LazyGroup(Group):
    """A group of modules with a function `<name>_command` each; listing them imports none, so help is fast."""

    def __init__(self, *args: Any, sections: Sections, **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        self._sections = sections
        self._modules = {name: module for section in sections.values() for name, (module, _) in section.items()}

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        """Name the commands in the order of the table."""
        return list(self._modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # click's signature
        """Import the module of a command."""
        if cmd_name not in self._modules:
            return None
        command: click.Command = getattr(importlib.import_module(self._modules[cmd_name]), f"{cmd_name}_command")
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete the commands without importing them, then the options."""
        from click.shell_completion import CompletionItem

        summaries = {name: line for section in self._sections.values() for name, (_, line) in section.items()}
        found = [CompletionItem(name, help=line) for name, line in summaries.items() if name.startswith(incomplete)]
        return found + click.Command.shell_complete(self, ctx, incomplete)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  # click's signature
        """List the commands by section."""
        for title, section in self._sections.items():
            with formatter.section(title):
                formatter.write_dl([(name, summary) for name, (_, summary) in section.items()])
