"""What a command prints: data on stdout, talk on stderr, and nothing from an event that could move the cursor."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click


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
