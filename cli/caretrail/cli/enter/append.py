"""`append`: JSON Lines in, receipts out, each as soon as its event is durable."""

from __future__ import annotations

import gc
import io
import os
import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

import click

from caretrail.cli.exits import ExitStatus, Interrupted, Stopped
from caretrail.cli.groups import Command
from caretrail.cli.interrupt import GracefulStop
from caretrail.cli.options import store_options
from caretrail.cli.session import access_log
from caretrail.cli.setup import Setup
from caretrail.cli.terminal.progress import ProgressLine, progress
from caretrail.cli.terminal.screen import json_text, receipt_fields, say
from caretrail.errors import CaretrailError, Refused
from caretrail.text import plural, visible

if TYPE_CHECKING:
    from caretrail.cli.terminal.input_lines import InputLine
    from caretrail.commands.access import AccessLog
    from caretrail.commands.application import Commands
    from caretrail.commands.command import Receipt
    from caretrail.events import Event


@click.command("append", cls=Command)
@click.argument("file", default="-", type=click.Path(exists=True, dir_okay=False, allow_dash=True), metavar="[FILE|-]")
@click.option("--atomic", is_flag=True, help="Record all events or none; holds them in memory.")
@click.option(
    "--imported", is_flag=True,
    help="Mark events as a historical load, which is never late; before the first event of an episode that is none.",
)  # fmt: skip  # one option, one thought
@store_options
def append_command(setup: Setup, file: str, atomic: bool, imported: bool, as_json: bool) -> None:
    """Record events from JSON Lines and print receipts.

    One event a line, from FILE or standard input. Each line is recorded or refused by itself, unless --atomic. A line
    with a command_id can be sent again: it is skipped, and its first receipt is printed.

        caretrail append events.jsonl

    --json prints one object a line as soon as its event is durable: line, episode, version, position, recorded_at,
    leaf, durability (local, or replicated: on a standby, too) and, for what is probably a typing error, warning; or
    line, error, message and hint. Exit status 1 if any event was refused.
    """
    from caretrail.cli.terminal.input_lines import InputLines
    from caretrail.commands.application import Commands
    from caretrail.commands.packs import installed

    with (
        setup.open() as recorder,
        access_log(setup, recorder, "operations") as access,
        _opened(file) as read,
        progress("Recording") as line,
    ):
        report = _Report(recorder.max_position(), line, access, as_json=as_json)
        take = _take_all if atomic else _take_each
        with _reporting_writes(report):
            take(
                Commands(recorder, recorder.about_now, installed),
                _watched(InputLines(read).batches(), line, _size(file)),
                report,
                imported,
            )
    report.summary()
    if report.refused:
        raise Stopped(ExitStatus.FAILED)


@contextmanager
def _opened(file: str) -> Generator[Callable[[int], bytes]]:
    """Open the input; yields a function that reads up to a number of bytes, whatever has arrived."""
    if file != "-":
        with Path(file).open("rb", buffering=0) as stream:
            yield lambda size: stream.read(size) or b""
        return
    if sys.stdin.isatty():
        say("Enter one JSON event a line, then Ctrl-D.")
    try:
        descriptor = sys.stdin.fileno()
    except io.UnsupportedOperation:  # a stand-in without a file behind it
        yield cast(io.BytesIO, sys.stdin.buffer).read1
        return
    # not sys.stdin.buffer: a thread that waits inside its lock would keep the interpreter from ending
    yield lambda size: os.read(descriptor, size)


def _size(file: str) -> int:
    """The size of a file in bytes; 0 if not known."""
    path = Path(file)
    return path.stat().st_size if file != "-" and path.is_file() else 0


def _watched(batches: Iterable[list[InputLine]], line: ProgressLine, size: int) -> Iterator[list[InputLine]]:
    """The batches; progress counts the bytes of those that are done."""
    done = 0
    for batch in batches:
        yield batch
        done += sum(len(item.text) + 1 for item in batch)
        line(done, size)


# --- each on its own --------------------------------------------------------------------------------------------


def _take_each(commands: Commands, batches: Iterable[list[InputLine]], report: _Report, imported: bool) -> None:
    stop = GracefulStop()
    gc.set_threshold(*FEWER_SWEEPS)
    with stop.listening():
        for batch in batches:
            with stop.batch():
                parsed = _parsed(batch)
                decided = iter(commands.append_each(_events(parsed), imported=imported))
                for line, item in zip(batch, parsed, strict=True):
                    if item is None or isinstance(item, Refused):
                        report.tell(line.number, item)
                    else:
                        report.tell(line.number, _without_frames(next(decided)))
                report.flush()


FEWER_SWEEPS = (50_000, 20, 50)
"""Thresholds for the garbage collector: batches make many objects and no cycles, and collections cost a tenth."""


def _parsed(batch: Sequence[InputLine]) -> list[Event | Refused | None]:
    """The event of each line, or why it is none; None for a blank line."""
    from caretrail.events.parsing import parse_event

    parsed: list[Event | Refused | None] = []
    for line in batch:
        try:
            parsed.append(parse_event(line.text) if line.text.strip() else None)
        except Refused as refusal:
            parsed.append(_without_frames(refusal))
    return parsed


def _events(parsed: Iterable[Event | Refused | None]) -> list[Event]:
    return [item for item in parsed if item is not None and not isinstance(item, Refused)]


T = TypeVar("T")


def _without_frames(outcome: T) -> T:
    """Drop the frames of a refusal: they keep whole batches in memory, in cycles freed late."""
    if isinstance(outcome, Refused):
        outcome.__traceback__ = outcome.__context__ = None
    return outcome


# --- all or nothing ---------------------------------------------------------------------------------------------


def _take_all(commands: Commands, batches: Iterable[list[InputLine]], report: _Report, imported: bool) -> None:
    lines: list[tuple[int, Event | Refused | None]] = []
    for batch in batches:
        lines.extend(zip((line.number for line in batch), _parsed(batch), strict=True))
    stop = GracefulStop()
    with stop.listening(), stop.batch():
        for number, outcome in _decided_together(commands, lines, imported=imported):
            report.tell(number, outcome)
        report.flush()


def _decided_together(
    commands: Commands, lines: Sequence[tuple[int, Event | Refused | None]], *, imported: bool
) -> Iterator[tuple[int, Receipt | Refused | None]]:
    """An outcome for each line: receipts for all, or a refusal for all."""
    blamed = {number: item for number, item in lines if isinstance(item, Refused)}
    decided: Iterator[Receipt] = iter(())
    if not blamed:
        try:
            decided = iter(commands.append(_events(item for _, item in lines), imported=imported))
        except Refused as refusal:
            numbers = [number for number, item in lines if item is not None]
            blamed[numbers[-1 if refusal.index is None else refusal.index]] = refusal
    innocent = _NotRecorded(min(blamed)) if blamed else None
    for number, item in lines:
        if item is None:
            yield number, None
        else:
            yield number, next(decided) if innocent is None else blamed.get(number, innocent)


class _NotRecorded(Refused):
    """A valid line of an --atomic call in which another line was refused."""

    code = "not_recorded"

    def __init__(self, line: int) -> None:
        super().__init__(
            f"nothing was recorded, because line {line} was refused", "correct that line, then send all again"
        )


# --- reporting ----------------------------------------------------------------------------------------------------


class _Report:
    """Reports the outcome of each line, and counts; erases the progress line before it prints."""

    def __init__(self, newest: int, progress: ProgressLine, access: AccessLog, *, as_json: bool) -> None:
        self._newest = newest
        self._access = access
        self._progress = progress
        self._as_json = as_json
        self._first = 0
        self.line = 0
        self.recorded = self.known = self.refused = self.blank = 0

    def tell(self, number: int, outcome: Receipt | Refused | None) -> None:
        """Report the outcome of one line, None for a blank one."""
        self.line = number
        if outcome is None:
            self.blank += 1
        elif isinstance(outcome, Refused):
            self._refusal(number, outcome)
        else:
            self._receipt(number, outcome)

    def flush(self) -> None:
        """Flush, so that a reader at the other end gets it now."""
        sys.stdout.flush()

    def _receipt(self, number: int, receipt: Receipt) -> None:
        if receipt.position <= self._newest:
            self.known += 1
        else:
            self.recorded += 1
            self._first = self._first or receipt.position
            self._newest = receipt.position
        if self._as_json:
            self._write(line=number, **receipt_fields(receipt))
        elif receipt.warning is not None:
            self.say(f"line {number}: warning: {visible(receipt.warning)}")

    def _refusal(self, number: int, refusal: Refused) -> None:
        from caretrail.commands.access import worded

        refusal = worded(refusal, self._access)
        self.refused += 1
        if self._as_json:
            self._write(line=number, error=refusal.code, message=refusal.message, hint=refusal.hint)
        elif not isinstance(refusal, _NotRecorded):
            self.say(f"line {number}: {visible(refusal.message)}")
            if refusal.hint:
                self.say(f"  Hint: {visible(refusal.hint)}")

    def say(self, text: str) -> None:
        """Print on stderr, on a line without progress."""
        self._progress.erase()
        say(text)

    def _write(self, **fields: object) -> None:
        self._progress.erase()
        sys.stdout.write(json_text(fields) + "\n")

    def so_far(self) -> str:
        """The counts in words."""
        parts = [f"{plural(self.recorded, 'event')} recorded"]
        if self.recorded:
            parts[0] += f", @{self._first} to @{self._newest}"
        if self.known:
            parts.append(f"{self.known:,} already recorded, skipped")
        if self.refused:
            parts.append(f"{plural(self.refused, 'line')} refused")
        if self.blank:
            parts.append(f"{plural(self.blank, 'blank line')} skipped")
        return "; ".join(parts)

    def summary(self) -> None:
        """Print the counts."""
        click.echo(self.so_far(), err=self._as_json)


@contextmanager
def _reporting_writes(report: _Report) -> Generator[None]:
    """If the work is interrupted or fails, report which lines are complete."""
    try:
        yield
    except KeyboardInterrupt:
        raise Interrupted(
            f"interrupted after line {report.line}: {report.so_far()}; nothing after that line",
            "run the same command again: an event with a command_id is not recorded twice",
        ) from None
    except CaretrailError:
        report.say(
            f"Up to line {report.line}: {report.so_far()}. Later lines may be recorded too. "
            "Events with a command_id can be sent again and are not recorded twice."
        )
        raise
