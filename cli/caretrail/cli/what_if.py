"""What if: a pack named on the command line, and what is said of answers it gives."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

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
        help="What if: judge by this policy pack (a TOML file, or the name of an installed one) as if it had been in "
        "force all along. Nothing is stored.",
    )
    return option(function)


@dataclass(frozen=True)
class WhatIf:
    """A pack that answers as if it had been in force all along; `named` is how it was asked for."""

    pack: Pack
    named: str

    @cached_property
    def policy(self) -> Policy:
        """The pack alone, in force on every day."""
        from caretrail.reading.readings import as_if_in_force

        return as_if_in_force(self.pack)

    @property
    def option(self) -> str:
        """What to add to another command, so that it answers by the same pack."""
        return f" --pack {visible(shlex.quote(self.named))}"

    def tell(self) -> None:
        """Say on stderr by what the answer is judged."""
        where = visible(self.named) if _is_file(self.named) else "installed"
        say(
            f"What if: judged by {visible(self.pack.name)} ({where}), as if it were in force all along; "
            "nothing is stored"
        )


def what_if(named: str | None) -> WhatIf | None:
    """Read the pack that is named, if one is; raises PackUnknown or PackInvalid."""
    from caretrail.policy import load_pack, read_pack

    if named is None:
        return None
    return WhatIf(read_pack(Path(named)) if _is_file(named) else load_pack(named), named)


def _is_file(named: str) -> bool:
    return named.endswith(".toml")
