"""`append`: JSON Lines in, receipts out, each as soon as its fact is durable."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from caretrail.cli.exits import Interrupted, Status, Stopped
from caretrail.cli.options import Setup, json_option, now, store_option
from caretrail.cli.screen import json_text, progress, say, visible

if TYPE_CHECKING:
    from caretrail.cli.lines import Line
    from caretrail.errors import Refused
    from caretrail.recording.application import Receipt, Records

MOST_REFUSALS_SHOWN = 20


@click.command("append", short_help="Record facts from JSON Lines and print their receipts")
@click.argument("file", default="-", type=click.Path(exists=True, dir_okay=False, allow_dash=True), metavar="[FILE|-]")
@click.option("--atomic", is_flag=True, help="Record all facts, judged together, or none.")
@click.option("--imported", is_flag=True, help="Mark as a historical load: not late, though recorded long after.")
@json_option
@store_option()
@click.pass_obj
def command(setup: Setup, file: str, atomic: bool, imported: bool, as_json: bool) -> None:
    """Record facts from JSON Lines and print their receipts

    One fact a line, from FILE or standard input; a pipe may trickle. Each line is taken or refused on its own, unless
    --atomic. Sent again, a line that carries a command_id gets its first receipt again.

    \b
    caretrail append facts.jsonl
    caretrail append --json < facts.jsonl

    With --json, one object a line: {"line", "episode", "version", "position", "recorded_at", "leaf"} once the fact is
    durable, or {"line", "error", "message", "hint"}. Exit status 1 if any fact was refused.
    """
    from caretrail.cli.lines import Lines
    from caretrail.recording.application import Records

    with setup.open() as recorder, _opened(file) as descriptor:
        records = Records(recorder, now)
        told = _Told(recorder.max_position(), as_json=as_json)
        batches = Lines(descriptor).batches()
        with progress("Recording", _size(descriptor)) as step, _report_what_is_durable(told):
            if atomic:
                _append_all(records, batches, told, imported=imported)
            else:
                _append_each(records, batches, told, step, imported=imported)
        told.summary()
    if told.refused:
        raise Stopped(Status.CANNOT)
