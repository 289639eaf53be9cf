"""A period of days as audit commands take it, and how they say days."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, TypeVar

import click

from caretrail.cli.params import Day
from caretrail.text import plural

F = TypeVar("F", bound=Callable[..., Any])


def from_option(words: str) -> Callable[[F], F]:
    """The first day, as the argument `start`."""
    return click.option("--from", "start", type=Day(), metavar="DATE", help=words)


def to_option(words: str) -> Callable[[F], F]:
    """The last day, as the argument `end`."""
    return click.option("--to", "end", type=Day(), metavar="DATE", help=words)


def require_order(start: date | None, end: date | None) -> None:
    """Refuse a period that ends before it begins."""
    if start is not None and end is not None and end < start:
        raise click.UsageError("--to must not be before --from")


def in_words(start: date | None, end: date | None) -> str:
    """A period in a heading, with a space before it; nothing if none was asked for."""
    return f"{f' from {start}' if start else ''}{f' to {end}' if end else ''}"


def in_days(days: Sequence[int]) -> str:
    """How many days, of several: `4 days`, or from the fewest to the most, `1–10 days`."""
    return plural(days[0], "day") if days[0] == days[-1] else f"{days[0]}–{plural(days[-1], 'day')}"
