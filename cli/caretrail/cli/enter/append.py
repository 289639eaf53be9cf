"""`append`: JSON Lines in, receipts out, each as soon as its event is durable."""

from __future__ import annotations

import gc
import io
import os
import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

import click

from caretrail.cli.exits import ExitStatus, Interrupted, Stopped
from caretrail.cli.groups import described
from caretrail.cli.interrupt import GracefulStop
from caretrail.cli.options import store_options
from caretrail.cli.session import now
from caretrail.cli.setup import Setup
from caretrail.cli.terminal.progress import ProgressLine, progress
from caretrail.cli.terminal.screen import instant, json_text, say
from caretrail.errors import CaretrailError, Refused
from caretrail.text import plural, visible

if TYPE_CHECKING:
    from caretrail.cli.terminal.input_lines import InputLine
    from caretrail.commands.application import Commands
    from caretrail.commands.command import Receipt
    from caretrail.events import Event


@click.command("append")
@described
@click.argument("file", default="-", type=click.Path(exists=True, dir_okay=False, allow_dash=True), metavar="[FILE|-]")
@click.option("--atomic", is_flag=True, help="Record all events or none; holds them in memory.")
@click.option("--imported", is_flag=True, help="Mark events as a historical load, which is never late.")
@store_options
def append_command(setup: Setup, file: str, atomic: bool, imported: bool, as_json: bool) -> None:
    """Record events from JSON Lines and print receipts.

    One event a line, from FILE or standard input. Each line is recorded or refused by itself, unless --atomic. A line
    with a command_id can be sent again: it is skipped, and its first receipt is printed.

        caretrail append events.jsonl

    --json prints one object a line as soon as its event is durable: line, episode, version, position, recorded_at and
    leaf, or line, error, message and hint. Exit status 1 if any event was refused.
    """
    from caretrail.cli.terminal.input_lines import InputLines
    from caretrail.commands.application import Commands

    with setup.open() as recorder, _opened(file) as read, progress("Recording") as line:
        report = _Report(recorder.max_position(), line, as_json=as_json)
        take = _take_all if atomic else _take_each
        with _reporting_writes(report):
            take(Commands(recorder, now), _watched(InputLines(read).batches(), line, _size(file)), report, imported)
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
                outcomes, events = _parsed(batch)
                decided = iter(commands.append_each(events, imported=imported))
                for line, outcome in zip(batch, outcomes, strict=True):
                    report.tell(line.number, _without_frames(next(decided)) if outcome is _Kind.EVENT else outcome)
                report.flush()


FEWER_SWEEPS = (50_000, 20, 50)
"""Thresholds for the garbage collector: batches make many objects and no cycles, and collections cost a tenth."""


class _Kind(Enum):
    """What a line is, before it is decided."""

    EVENT = "an event"
    BLANK = "an empty line"


def _parsed(batch: Sequence[InputLine]) -> tuple[list[Refused | _Kind], list[Event]]:
    """Parse lines: an outcome for each, and the events among them."""
    from caretrail.events.parsing import parse_event

    outcomes: list[Refused | _Kind] = []
    events: list[Event] = []
    for line in batch:
        if not line.text.strip():
            outcomes.append(_Kind.BLANK)
            continue
        try:
            events.append(parse_event(line.text))
            outcomes.append(_Kind.EVENT)
        except Refused as refusal:
            outcomes.append(_without_frames(refusal))
    return outcomes, events


T = TypeVar("T")


def _without_frames(outcome: T) -> T:
    """Drop the frames of a refusal: they keep whole batches in memory, in cycles freed late."""
    if isinstance(outcome, Refused):
        outcome.__traceback__ = outcome.__context__ = None
    return outcome


# --- all or nothing ---------------------------------------------------------------------------------------------


def _take_all(commands: Commands, batches: Iterable[list[InputLine]], report: _Report, imported: bool) -> None:
    lines: list[tuple[int, Refused | _Kind]] = []
    events: list[Event] = []
    for batch in batches:
        outcomes, parsed = _parsed(batch)
        lines.extend(zip((line.number for line in batch), outcomes, strict=True))
        events.extend(parsed)
    stop = GracefulStop()
    with stop.listening(), stop.batch():
        for number, outcome in _decided_together(commands, lines, events, imported=imported):
            report.tell(number, outcome)
        report.flush()


def _decided_together(
    commands: Commands,
    lines: Sequence[tuple[int, Refused | _Kind]],
    events: Sequence[Event],
    *,
    imported: bool,
) -> Iterator[tuple[int, Receipt | Refused | _Kind]]:
    """An outcome for each line: receipts for all, or a refusal for all."""
    blamed: dict[int, Refused] = {number: outcome for number, outcome in lines if isinstance(outcome, Refused)}
    decided: Iterator[Receipt] = iter(())
    parsed = [number for number, outcome in lines if outcome is _Kind.EVENT]
    if not blamed:
        try:
            decided = iter(commands.append(events, imported=imported))
        except Refused as refusal:
            blamed[parsed[refusal.index] if refusal.index is not None else parsed[-1]] = refusal
    innocent = _NotRecorded(min(blamed)) if blamed else None
    for number, outcome in lines:
        if outcome is _Kind.BLANK:
            yield number, outcome
        elif innocent is None:
            yield number, next(decided)
        else:
            yield number, blamed.get(number, innocent)


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

    def __init__(self, newest: int, progress: ProgressLine, *, as_json: bool) -> None:
        self._newest = newest
        self._progress = progress
        self._as_json = as_json
        self._first = 0
        self.line = 0
        self.recorded = self.known = self.refused = self.blank = 0

    def tell(self, number: int, outcome: Receipt | Refused | _Kind) -> None:
        """Report the outcome of one line."""
        self.line = number
        if isinstance(outcome, _Kind):
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
            self._write(
                line=number, episode=receipt.episode, version=receipt.version, position=receipt.position,
                recorded_at=instant(receipt.recorded_at), leaf=receipt.leaf,
            )  # fmt: skip  # the fields of a receipt, in their published order

    def _refusal(self, number: int, refusal: Refused) -> None:
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
        if self._as_json:
            say(self.so_far())
        else:
            click.echo(self.so_far())


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
