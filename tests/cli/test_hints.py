"""Every command that a message or hint names is there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.test_help import ALL

ROOT = Path(__file__).parents[2]
ROOTS = ("domain", "projections", "cli")
NAMED = re.compile(r"'(caretrail(?: [a-z][a-z-]*)+)")
"""A command in quotation marks, up to its first option or argument."""


def named_in(source: str) -> Iterator[str]:
    """The commands that the texts of a module name; what of an f-string is filled in ends one."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from NAMED.findall(node.value)


def is_there(command: str) -> bool:
    """Whether it is a command, or one with the first words of an argument behind it."""
    words = command.split()
    known = next((" ".join(words[:count]) for count in range(len(words), 1, -1) if " ".join(words[:count]) in ALL), "")
    return bool(known) and not (hasattr(ALL[known], "commands") and known != command)


def test_every_command_named_in_a_text_is_there() -> None:
    files = [path for root in ROOTS for path in sorted((ROOT / root).rglob("*.py"))]
    named = {(path.name, command) for path in files for command in named_in(path.read_text())}
    assert len(named) > 40
    assert {(name, command) for name, command in named if not is_there(command)} == set()


@pytest.mark.parametrize(
    ("command", "there"),
    [
        ("caretrail status", False),
        ("caretrail projection status", True),
        ("caretrail projection again", False),
        ("caretrail record voided", True),
    ],
)
def test_a_command_that_is_not_there_is_noticed(command: str, there: bool) -> None:
    assert is_there(command) == there
