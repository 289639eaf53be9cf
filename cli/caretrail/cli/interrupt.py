"""Ctrl-C and SIGTERM while events are written or printed: the batch in progress is finished first."""

from __future__ import annotations

import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

from caretrail.cli.exits import ExitStatus, Stopped
from caretrail.cli.terminal.screen import say


class Terminated(BaseException):
    """SIGTERM arrived."""


class GracefulStop:
    """Holds Ctrl-C until the batch in progress is durable and reported; a second Ctrl-C does not wait.

    With `terminated`, SIGTERM is held too, and raises Terminated.
    """

    def __init__(self, *, terminated: bool = False) -> None:
        self._signals = (signal.SIGINT, signal.SIGTERM) if terminated else (signal.SIGINT,)
        self._busy = False
        self._held: int | None = None

    @contextmanager
    def listening(self) -> Generator[None]:
        """Handle the signals while the context lasts."""
        if threading.current_thread() is not threading.main_thread():
            yield  # only the main thread receives signals
            return
        before = {number: signal.signal(number, self._receive) for number in self._signals}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def batch(self) -> Generator[None]:
        """Finish the work inside before a signal takes effect."""
        self._busy = True
        try:
            yield
        finally:
            self._busy = False
        if self._held is not None:
            raise _as_exception(self._held)

    def _receive(self, number: int, _frame: FrameType | None) -> None:
        if not self._busy or self._held is not None:
            raise _as_exception(number)
        self._held = number


@contextmanager
def ended_by_sigterm() -> Generator[None]:
    """End the command by SIGTERM as by Ctrl-C: what is under way is put away first, and said so. Raises Stopped."""
    try:
        with GracefulStop(terminated=True).listening():
            yield
    except Terminated:
        say("Terminated. Completed writes were kept; there are no partial writes.")
        raise Stopped(ExitStatus.TERMINATED) from None


def _as_exception(number: int) -> BaseException:
    return Terminated() if number == signal.SIGTERM else KeyboardInterrupt()
