"""What if: judge by a pack named on the command line, and mark the answers."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from caretrail.cli.terminal.screen import say
from caretrail.text import visible

if TYPE_CHECKING:
    from caretrail.policy import Pack, Policy

F = TypeVar("F", bound=Callable[..., Any])


def pack_option(function: F) -> F:
    """Take `--pack`: a TOML file, or the name of an installed pack."""
    option = click.option(
        "--pack",
        metavar="FILE|NAME",
        allow_from_autoenv=False,
        help="What if: judge by this policy pack, a TOML file or an installed pack, as if it had always been in force. "
        "Nothing is stored.",
    )
    return option(function)


class WhatIf(NamedTuple):
    """A pack that judges as if it had always been in force; `named` is the file or name it was given by."""

    pack: Pack
    named: str

    @property
    def policy(self) -> Policy:
        """The pack alone, in force on every day."""
        from caretrail.reading.readings import as_if_in_force

        return as_if_in_force(self.pack)

    @property
    def option(self) -> str:
        """The option that makes another command judge by the same pack, with a space before it."""
        return f" --pack {visible(shlex.quote(self.named))}"

    def tell(self) -> None:
        """Tell on stderr which pack judges."""
        where = visible(self.named) if _is_file(self.named) else "installed"
        say(f"What if: judged by {visible(self.pack.name)} ({where}) as if always in force. Nothing is stored.")


def what_if(named: str | None) -> WhatIf | None:
    """Read the pack named, if any; raises PackUnknown or PackInvalid."""
    if named is None:
        return None
    from caretrail.policy import load_pack, read_pack

    return WhatIf(read_pack(Path(named)) if _is_file(named) else load_pack(named), named)


def _is_file(named: str) -> bool:
    return named.endswith(".toml")
