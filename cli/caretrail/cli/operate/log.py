"""`log`: the log as JSON Lines, once or followed until stopped."""

from __future__ import annotations

import select
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from caretrail.cli.exits import ExitStatus, Interrupted, Stopped
from caretrail.cli.groups import Command
from caretrail.cli.interrupt import GracefulStop, Terminated
from caretrail.cli.options import access_options, store_option
from caretrail.cli.params import MOST_ROWS, Count, Place
from caretrail.cli.session import access_log
from caretrail.cli.setup import Setup
from caretrail.cli.terminal.screen import instant, json_text, say
from caretrail.text import plural, visible

if TYPE_CHECKING:
    from caretrail.commands.access import AccessLog
    from caretrail.log.recorder import EventRecorder
    from caretrail.log.resume import ResumeToken
    from caretrail.reading.log_stream import LogRow, LogStream


@click.command("log", cls=Command)
@click.option(
    "--after", type=Place(), default="@0", metavar="@N[:LEAF]",
    help="Start after this position, if its event still has this leaf.  [default: @0, the whole log]",
)  # fmt: skip  # one option, one thought
@click.option("--follow", is_flag=True, help="Keep printing new events until stopped.")
@click.option("--limit", type=Count(1, MOST_ROWS), metavar="N", help="Stop after this many events.")
@click.option(
    "--json",
    is_flag=True,
    expose_value=False,
    allow_from_autoenv=False,
    help="Accepted as elsewhere; the log is always JSON.",
)
@access_options()
@store_option
@click.pass_obj
def log_command(setup: Setup, after: ResumeToken, follow: bool, limit: int | None) -> None:
    """Print the log for programs, one event a line.

    One JSON object a line, in order of position, without gaps: position, author, times, leaf and the event as stored.
    To resume, pass position and leaf of the last line to --after: @120:4f1c…. A log that has another event there, as
    after a failover that lost events, is refused with exit status 4. A position alone is not compared.

        caretrail log --after @120 --follow

    An unreadable event has an error in place of its content. --follow reconnects when the connection is lost; SIGTERM
    ends it with exit status 0.
    """
    from caretrail.reading.log_stream import LogStream

    with setup.open() as recorder, access_log(setup, recorder) as access:
        if recorder.is_demo:
            say("DEMO STORE, made-up episodes")
        stream = LogStream(recorder, after)
        printer = _Printer(after, limit)
        stop = GracefulStop(terminated=True)
        try:
            with stop.listening():
                printer.all(_batches(recorder, stream, access, follow=follow), stop)
        except KeyboardInterrupt:
            raise Interrupted(f"interrupted after @{printer.last.position}", printer.hint()) from None
        except Terminated:
            if not follow:
                say(f"Error: terminated after @{printer.last.position}\nHint: {printer.hint()}")
                raise Stopped(ExitStatus.TERMINATED) from None
    if printer.unreadable:
        say(f"{plural(printer.unreadable, 'event')} unreadable: see 'caretrail projection quarantine'")


def _batches(recorder: EventRecorder, stream: LogStream, access: AccessLog, *, follow: bool) -> Iterator[list[LogRow]]:
    """The rows to print: all recorded by now, or with `follow` all to come; the access is logged first."""
    stream.confirm()
    newest = recorder.max_position()
    if newest == 0:
        say("This store is empty: 'caretrail append FILE' records events.")
    elif stream.position > newest:
        say(f"Nothing is recorded after @{stream.position} yet: the latest is @{newest}.")
    if follow or stream.position < newest:
        access.whole_log(stream.position)
    return stream.follow(_wait, lambda words: say(visible(words))) if follow else stream.upto(newest)


def _wait(seconds: float) -> None:
    """Wait, unless the reader of our output goes away: before the next event nothing else would show that."""
    try:
        descriptor = sys.stdout.fileno()
    except OSError:  # a replacement without a file
        time.sleep(seconds)
        return
    poll = select.poll()
    poll.register(descriptor, 0)  # errors are always reported
    if any(event & select.POLLERR for _, event in poll.poll(seconds * 1000)):
        raise BrokenPipeError


class _Printer:
    """Prints rows, each one whole, and keeps the place of the last."""

    def __init__(self, after: ResumeToken, limit: int | None) -> None:
        self.last = after
        self.unreadable = 0
        self._left = limit

    def all(self, batches: Iterator[list[LogRow]], stop: GracefulStop) -> None:
        """Print batches of rows as they come, up to the limit."""
        while self._left != 0 and (rows := next(batches, None)) is not None:
            for row in rows[: self._left]:
                with stop.batch():  # never half a line
                    self._row(row)
            with stop.batch():
                sys.stdout.flush()

    def _row(self, row: LogRow) -> None:
        sys.stdout.write(json_text(_fields(row)) + "\n")
        self.last = self.last._replace(position=row.position, leaf=row.leaf)
        self.unreadable += row.error is not None
        if self._left is not None:
            self._left -= 1

    def hint(self) -> str:
        """The command that resumes."""
        return f"resume with 'caretrail log --after {self.last}'"


def _fields(row: LogRow) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "position": row.position,
        "stream": str(row.stream),
        "episode": row.episode,
        "version": row.version,
        "name": row.name,
        "schema": row.schema,
        "imported": row.imported,
        "recorded_at": instant(row.recorded_at),
        "recorded_by": row.recorded_by,
        "source": row.source,
        "command_id": row.command_id,
        "leaf": row.leaf.hex(),
        "event": row.event,
    }
    if row.error is not None:
        code, message, hint = row.error
        fields |= {"error": code, "message": message, "hint": hint}
    return fields
