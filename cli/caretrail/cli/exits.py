"""How a command ends: one exit status for each kind of ending, and one way to report what went wrong."""

from __future__ import annotations

import errno
import os
import sys
from enum import IntEnum

import click

from caretrail.cli.terminal.screen import say
from caretrail.errors import CaretrailError, StoreError, UnknownName
from caretrail.text import visible


class ExitStatus(IntEnum):
    """What the shell is told."""

    DONE = 0
    #: The request failed: an event was refused, a check found differences.
    FAILED = 1
    USAGE = 2
    BROKEN_PIPE = 3
    #: The store cannot be used: unreachable, missing, foreign, newer, damaged, or its rows are stale.
    STORE = 4
    #: An error in Caretrail itself.
    INTERNAL = 255
    INTERRUPTED = 130
    #: SIGTERM, where there was more to do than had been done.
    TERMINATED = 143


class Stopped(click.exceptions.Exit):
    """End the command with a status; everything is printed already."""

    def __init__(self, status: ExitStatus) -> None:
        super().__init__(int(status))


class Interrupted(CaretrailError):
    """Ctrl-C came in the middle of writes; the message says which are complete."""

    code = "interrupted"


#: Errors of the system when output cannot be written: a full disk, a quota, a device that failed.
_OUTPUT_FAILED = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}


def report(error: BaseException) -> ExitStatus:
    """Print on stderr what went wrong and the next step; return the status to end with."""
    if isinstance(error, click.exceptions.Exit):
        return ExitStatus(error.exit_code)
    if isinstance(error, Interrupted):
        _complain(error.message, error.hint)
        return ExitStatus.INTERRUPTED
    if isinstance(error, KeyboardInterrupt | click.Abort):
        say("Interrupted. Completed writes were kept; there are no partial writes.")
        return ExitStatus.INTERRUPTED
    if isinstance(error, click.UsageError):
        return _usage(error)
    if isinstance(error, click.ClickException):
        _complain(error.format_message())
        return ExitStatus.USAGE
    if isinstance(error, CaretrailError):
        _complain(error.message, error.hint)
        if isinstance(error, UnknownName):
            return ExitStatus.USAGE
        return ExitStatus.STORE if isinstance(error, StoreError) else ExitStatus.FAILED
    if isinstance(error, BrokenPipeError):
        return ExitStatus.BROKEN_PIPE
    if isinstance(error, OSError) and error.errno in _OUTPUT_FAILED:
        _complain(f"cannot write the output: {os.strerror(error.errno or 0)}")
        return ExitStatus.FAILED
    return _internal(error)


def _complain(message: str, hint: str = "") -> None:
    say(f"Error: {visible(message)}")
    if hint:
        say(f"Hint: {visible(hint)}")


def _usage(error: click.UsageError) -> ExitStatus:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        say(error.format_message())  # it is the help
        return ExitStatus.USAGE
    lines = error.format_message().splitlines()
    say("Error: " + "\n".join(visible(line.expandtabs()) for line in lines))
    if error.ctx is not None:
        say(f"Hint: see '{error.ctx.command_path} --help'")
    return ExitStatus.USAGE


def _internal(error: BaseException) -> ExitStatus:
    """Report an internal error in one line: a message or traceback of Python may hold values of events."""
    _complain(f"internal error in Caretrail ({type(error).__name__})")
    if os.environ.get("CARETRAIL_DEBUG"):
        for place in _places(error):
            say(f"  {place}")
    else:
        say("Hint: run it again with CARETRAIL_DEBUG=1 and report the lines it adds; they hold no values")
    return ExitStatus.INTERNAL


def _places(error: BaseException) -> list[str]:
    """Where it happened, as file, line and function only."""
    places: list[str] = []
    step = error.__traceback__
    while step is not None:
        code = step.tb_frame.f_code
        places.append(f"{code.co_filename}:{step.tb_lineno} {code.co_name}")
        step = step.tb_next
    return places


def silence_output() -> None:
    """Keep the interpreter from complaining about a broken pipe once more while it shuts down."""
    try:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
    except (OSError, ValueError):  # no real file behind it, as in tests
        return
