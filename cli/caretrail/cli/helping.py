"""Help from docstrings: their first line ends with a full stop and their examples are indented, on screen neither."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable
from typing import Any, TypeVar

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
