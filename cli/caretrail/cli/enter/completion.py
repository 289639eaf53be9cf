"""`completion`: the script with which a shell completes commands, options and case numbers."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from caretrail.cli.groups import Command
from caretrail.cli.params import Choice


@click.command("completion", cls=Command)
@click.argument("shell", type=Choice(["bash", "zsh", "fish"]))
def completion_command(shell: str) -> None:
    """Print the shell completion script.

    Save it where your shell loads completions.

        caretrail completion bash > ~/.local/share/bash-completion/completions/caretrail
        caretrail completion zsh > ~/.zfunc/_caretrail
        caretrail completion fish > ~/.config/fish/completions/caretrail.fish
    """
    completion = get_completion_class(shell)
    assert completion is not None  # noqa: S101  # the choice holds only what click knows
    context = click.get_current_context().find_root()
    click.echo(completion(context.command, {}, "caretrail", "_CARETRAIL_COMPLETE").source())
