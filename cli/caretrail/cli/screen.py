"""What a command prints: data on stdout, talk on stderr, and nothing from a fact that could move the cursor."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Protocol

import click

from caretrail.visible import visible as visible  # screens ask for it here


def plural(number: int, noun: str) -> str:
    """Count things: `1 fact`, `12,000 facts`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def instant(moment: datetime) -> str:
    """Write an instant in UTC, always with six decimals, so that text order is time order."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


# --- talk -------------------------------------------------------------------------------------------------------


def say(text: str) -> None:
    """Talk to the person, on stderr."""
    click.echo(text, err=True)


def prepare_output() -> None:
    """Print what the terminal's encoding lacks as an escape instead of failing on it."""
    for name in ("stdin", "stdout", "stderr"):  # a caller may have closed them, as in `caretrail append <&-`
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("r" if name == "stdin" else "w"))  # noqa: SIM115  # for good
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


# --- data -------------------------------------------------------------------------------------------------------


def json_text(value: object) -> str:
    """Write JSON on one line; everything beyond printable ASCII is escaped, so a terminal shows it as it is."""
    return json.dumps(value, default=_plain, ensure_ascii=True).replace("\x7f", "\\u007f")


def _plain(value: object) -> object:
    if isinstance(value, date | datetime):
        return value.isoformat()
    as_json = getattr(value, "as_json", None)
    if as_json is not None:
        return as_json()
    raise TypeError(f"{type(value).__name__} is not JSON")


def print_json_list(rows: Iterable[object]) -> None:
    """Print a bare array, one row a line."""
    lines = [json_text(row) for row in rows]
    click.echo("[" + ",\n ".join(lines) + "]")


def print_json(value: Mapping[str, Any] | object) -> None:
    """Print one object, laid out for reading."""
    text = json.dumps(value, default=_plain, ensure_ascii=True, indent=2)
    click.echo(text.replace("\x7f", "\\u007f"))


# --- progress ---------------------------------------------------------------------------------------------------


class Step(Protocol):
    """Tells a progress bar that so much more is done, and how much there is in all once that is known."""

    def __call__(self, amount: int, total: int | None = None) -> None:
        """Move on."""


def _unseen(amount: int, total: int | None = None) -> None:
    """Move nothing: nobody is watching."""


@contextmanager
def progress(label: str, total: int | None) -> Generator[Step]:
    """Show a progress bar on stderr while the work lasts, on a terminal only; `total` None when it is not known."""
    if not sys.stderr.isatty():
        yield _unseen
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True, redirect_stdout=False) as bar:
        task = bar.add_task(label, total=total)

        def step(amount: int, total: int | None = None) -> None:
            bar.update(task, advance=amount, total=bar.tasks[0].total if total is None else total)

        yield step


@contextmanager
def facts_progress(label: str) -> Generator[Callable[[int, int], None]]:
    """Show progress that is told as "so many facts done, of so many"."""
    done = 0
    with progress(label, None) as step:

        def tell(now: int, everything: int) -> None:
            nonlocal done
            step(now - done, everything or None)
            done = now

        yield tell
