"""Output of commands: data on stdout, messages on stderr."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from caretrail.commands.command import Receipt


CHUNKS_AT_ONCE = 500
"""Chunks of one write."""


def instant(moment: datetime) -> str:
    """Format an instant in UTC with six decimals, so that text order is time order."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


# --- messages -------------------------------------------------------------------------------------------------------


def say(text: str) -> None:
    """Print a message on stderr."""
    click.echo(text, err=True)


def prepare_output() -> None:
    """Print characters the encoding lacks as escapes, and reopen closed streams."""
    for name in ("stdin", "stdout", "stderr"):  # a caller may have closed them, as in `caretrail append <&-`
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("r" if name == "stdin" else "w"))  # noqa: SIM115  # for good
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def prints_utf8() -> bool:
    """Whether standard output takes UTF-8."""
    return (getattr(sys.stdout, "encoding", None) or "").lower().replace("_", "-") in ("utf-8", "utf8")


# --- data -------------------------------------------------------------------------------------------------------


def json_text(value: object) -> str:
    """Format JSON on one line; everything but printable ASCII is escaped, so it is safe on a terminal."""
    return _ENCODER.encode(value).replace("\x7f", "\\u007f")


def print_in_chunks(chunks: Iterable[str], ready: Callable[[], None] = lambda: None) -> None:
    """Print a text that is made chunk by chunk, some hundreds at once, so that a long one is never held.

    `ready` is called before each write.
    """
    rest = iter(chunks)
    while some := list(islice(rest, CHUNKS_AT_ONCE)):
        ready()
        click.echo("".join(some), nl=False)


def _plain(value: object) -> object:
    if isinstance(value, date | datetime):
        return value.isoformat()
    as_json = getattr(value, "as_json", None)
    if as_json is not None:
        return as_json()
    raise TypeError(f"{type(value).__name__} is not JSON")


_ENCODER = json.JSONEncoder(default=_plain, ensure_ascii=True)


def receipt_fields(receipt: Receipt) -> dict[str, object]:
    """A receipt as JSON, its time in the format of the log; a warning only if there is one."""
    fields: dict[str, object] = {
        "episode": receipt.episode,
        "version": receipt.version,
        "position": receipt.position,
        "recorded_at": instant(receipt.recorded_at),
        "leaf": receipt.leaf,
        "durability": receipt.durability,
    }
    if receipt.warning is not None:
        fields["warning"] = receipt.warning
    return fields


def print_json_list(rows: Iterable[object]) -> None:
    """Print a bare array, one row a line."""
    lines = [json_text(row) for row in rows]
    click.echo("[" + ",\n ".join(lines) + "]")


def print_json(value: Mapping[str, Any] | object) -> None:
    """Print one object, indented."""
    text = json.dumps(value, default=_plain, ensure_ascii=True, indent=2)
    click.echo(text.replace("\x7f", "\\u007f"))
