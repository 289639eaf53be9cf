"""The reference page of the command line, written from the commands themselves.

`make pages` writes `docs/reference/cli.md`; a test compares.
"""

from __future__ import annotations

from collections.abc import Iterator

import click

from caretrail.cli.main import cli

HEADING = """# The command line

Generated from the program's help by `make pages`; a test compares.
"""


def reference() -> str:
    """The whole page as Markdown."""
    return "\n".join([HEADING, *_sections(cli, click.Context(cli, info_name="caretrail", **cli.context_settings))])


def _sections(command: click.Command, context: click.Context) -> Iterator[str]:
    """One section a command, parents first; what `record` makes for each event is listed in its own help."""
    text = "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
    yield f"## {context.command_path}\n\n```text\n{text}\n```\n"
    if isinstance(command, click.Group) and command.name != "record":
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None:
                yield from _sections(inner, click.Context(inner, context, name))


if __name__ == "__main__":
    click.echo(reference(), nl=False)
