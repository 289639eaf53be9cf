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

from caretrail.cli.exits import Interrupted, Status, Stopped
from caretrail.cli.groups import described
from caretrail.cli.interrupt import Patience
from caretrail.cli.options import json_option, store_option
from caretrail.cli.session import Setup, now
from caretrail.cli.terminal.progress import ProgressLine, progress
from caretrail.cli.terminal.screen import instant, json_text, say
from caretrail.errors import CaretrailError, Refused
from caretrail.text import plural, visible

if TYPE_CHECKING:
    from caretrail.cli.terminal.input_lines import Line
    from caretrail.commands.application import Commands
    from caretrail.commands.command import Receipt
    from caretrail.events import Event


@click.command("append")
@described
@click.argument("file", default="-", type=click.Path(exists=True, dir_okay=False, allow_dash=True), metavar="[FILE|-]")
@click.option("--atomic", is_flag=True, help="Record all events, judged together, or none; holds them in memory.")
@click.option("--imported", is_flag=True, help="Mark as a historical load: not late, though recorded long after.")
@json_option
@store_option
@click.pass_obj
def append_command(setup: Setup, file: str, atomic: bool, imported: bool, as_json: bool) -> None:
    """Record events from JSON Lines and print receipts.

    One event a line, from FILE or standard input; a pipe may trickle. Each line is taken or refused on its own, unless
    --atomic. Sent again, a line that carries a command_id gets its first receipt again.

        caretrail append events.jsonl

    With --json, one object a line: line, episode, version, position, recorded_at, leaf as soon as the event is durable,
    or line, error, message, hint. Exit status 1 if any event was refused.
    """
    from caretrail.cli.terminal.input_lines import Lines
    from caretrail.commands.application import Commands

    with setup.open() as recorder, _opened(file) as read, progress("Recording") as line:
        told = _Told(recorder.max_position(), line, as_json=as_json)
        take = _take_all if atomic else _take_each
        with _saying_what_is_durable(told):
            take(Commands(recorder, now), _watched(Lines(read).batches(), line, _size(file)), told, imported)
    told.summary()
    if told.refused:
        raise Stopped(Status.CANNOT)


@contextmanager
def _opened(file: str) -> Generator[Callable[[int], bytes]]:
    """Open the input for reading some bytes at a time, whatever has come."""
    if file != "-":
        with Path(file).open("rb", buffering=0) as stream:
            yield lambda size: stream.read(size) or b""
        return
    if sys.stdin.isatty():
        say("Type one event a line as JSON, then Ctrl-D.")
    try:
        descriptor = sys.stdin.fileno()
    except io.UnsupportedOperation:  # a stand-in without a file behind it
        yield cast(io.BytesIO, sys.stdin.buffer).read1
        return
    # not sys.stdin.buffer: a thread that waits inside its lock would keep the interpreter from ending
    yield lambda size: os.read(descriptor, size)


def _size(file: str) -> int:
    """The size of a file in bytes; 0 for what has no size yet."""
    path = Path(file)
    return path.stat().st_size if file != "-" and path.is_file() else 0


def _watched(batches: Iterable[list[Line]], line: ProgressLine, size: int) -> Iterator[list[Line]]:
    """The batches, while it is shown how many bytes of them are decided."""
    done = 0
    for batch in batches:
        yield batch
        done += sum(len(item.text) + 1 for item in batch)
        line(done, size)


# --- each on its own --------------------------------------------------------------------------------------------


def _take_each(commands: Commands, batches: Iterable[list[Line]], told: _Told, imported: bool) -> None:
    patience = Patience()
    gc.set_threshold(*FEWER_SWEEPS)
    with patience.listening():
        for batch in batches:
            with patience.batch():
                outcomes, events = _parsed(batch)
                decided = iter(commands.append_each(events, imported=imported))
                for line, outcome in zip(batch, outcomes, strict=True):
                    told.tell(line.number, _let_go(next(decided)) if outcome is _PARSED else outcome)
                told.flush()


FEWER_SWEEPS = (50_000, 20, 50)
"""For the collector of cycles: a batch makes many objects and no cycles, and its sweeps cost a tenth of the time."""


class _Parsed:
    """Stands for a line that is an event, until it is decided."""


class _Blank:
    """Stands for a line with nothing on it."""


_PARSED = _Parsed()
_BLANK = _Blank()


def _parsed(batch: Sequence[Line]) -> tuple[list[Refused | _Blank | _Parsed], list[Event]]:
    """Parse lines: what became of each, and the events among them."""
    from caretrail.events.parsing import parse_event

    outcomes: list[Refused | _Blank | _Parsed] = []
    events: list[Event] = []
    for line in batch:
        if not line.text.strip():
            outcomes.append(_BLANK)
            continue
        try:
            events.append(parse_event(line.text))
            outcomes.append(_PARSED)
        except Refused as refusal:
            outcomes.append(_let_go(refusal))
    return outcomes, events


T = TypeVar("T")


def _let_go(outcome: T) -> T:
    """Take from a refusal the frames it was raised in: they hold whole batches, in circles freed late."""
    if isinstance(outcome, Refused):
        outcome.__traceback__ = outcome.__context__ = None
    return outcome


# --- all or nothing ---------------------------------------------------------------------------------------------


def _take_all(commands: Commands, batches: Iterable[list[Line]], told: _Told, imported: bool) -> None:
    lines: list[tuple[int, Refused | _Blank | _Parsed]] = []
    events: list[Event] = []
    for batch in batches:
        outcomes, parsed = _parsed(batch)
        lines.extend(zip((line.number for line in batch), outcomes, strict=True))
        events.extend(parsed)
    patience = Patience()
    with patience.listening(), patience.batch():
        for number, outcome in _decided_together(commands, lines, events, imported=imported):
            told.tell(number, outcome)
        told.flush()


def _decided_together(
    commands: Commands,
    lines: Sequence[tuple[int, Refused | _Blank | _Parsed]],
    events: Sequence[Event],
    *,
    imported: bool,
) -> Iterator[tuple[int, Receipt | Refused | _Blank]]:
    """What became of each line: a receipt for all, or for one at least why not."""
    blamed: dict[int, Refused] = {number: outcome for number, outcome in lines if isinstance(outcome, Refused)}
    decided: Iterator[Receipt] = iter(())
    parsed = [number for number, outcome in lines if isinstance(outcome, _Parsed)]
    if not blamed:
        try:
            decided = iter(commands.append(events, imported=imported))
        except Refused as refusal:
            blamed[parsed[refusal.index] if refusal.index is not None else parsed[-1]] = refusal
    innocent = _NotRecorded(min(blamed)) if blamed else None
    for number, outcome in lines:
        if isinstance(outcome, _Blank):
            yield number, outcome
        elif innocent is None:
            yield number, next(decided)
        else:
            yield number, blamed.get(number, innocent)


class _NotRecorded(Refused):
    """A line of an --atomic call that would have been taken, had another not been refused."""

    code = "not_recorded"

    def __init__(self, line: int) -> None:
        super().__init__(
            f"nothing was recorded, because line {line} was refused", "mend that line, then send all again"
        )


# --- telling ----------------------------------------------------------------------------------------------------


class _Told:
    """Tells what became of each line, and keeps count; `progress` is erased before anything is printed."""

    def __init__(self, newest: int, progress: ProgressLine, *, as_json: bool) -> None:
        self._newest = newest
        self._progress = progress
        self._as_json = as_json
        self._first = 0
        self.line = 0
        self.recorded = self.known = self.refused = self.blank = 0

    def tell(self, number: int, outcome: Receipt | Refused | _Blank | _Parsed) -> None:
        """Tell what became of one line."""
        self.line = number
        if isinstance(outcome, _Blank | _Parsed):
            self.blank += 1
        elif isinstance(outcome, Refused):
            self._refusal(number, outcome)
        else:
            self._receipt(number, outcome)

    def flush(self) -> None:
        """Let the reader at the other end have it now."""
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
        """Talk to the person on a line without progress."""
        self._progress.erase()
        say(text)

    def _write(self, **fields: object) -> None:
        self._progress.erase()
        sys.stdout.write(json_text(fields) + "\n")

    def so_far(self) -> str:
        """Say in words what is durable."""
        parts = [f"{plural(self.recorded, 'event')} recorded"]
        if self.recorded:
            parts[0] += f", positions {self._first} to {self._newest}"
        if self.known:
            parts.append(f"{self.known:,} already recorded, skipped")
        if self.refused:
            parts.append(f"{plural(self.refused, 'line')} refused")
        if self.blank:
            parts.append(f"{plural(self.blank, 'blank line')} skipped")
        return "; ".join(parts)

    def summary(self) -> None:
        """Say at the end what was done."""
        if self._as_json:
            say(self.so_far())
        else:
            click.echo(self.so_far())


@contextmanager
def _saying_what_is_durable(told: _Told) -> Generator[None]:
    """When the work is broken off, say up to where it is done."""
    try:
        yield
    except KeyboardInterrupt:
        raise Interrupted(
            f"interrupted after line {told.line}: {told.so_far()}; nothing after that line",
            "run the same command again: an event with a command_id is not recorded twice",
        ) from None
    except CaretrailError:
        told.say(
            f"Up to line {told.line}: {told.so_far()}. Some lines after it may be recorded too: "
            "sent again, those with a command_id are not recorded twice."
        )
        raise
