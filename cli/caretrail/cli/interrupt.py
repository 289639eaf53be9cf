"""Ctrl-C, or the end of a service, while events go in or out: what is in work is finished first."""

from __future__ import annotations

import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType


class Terminated(BaseException):
    """SIGTERM came: who runs this program as a service wants it to end."""


class Patience:
    """Holds a Ctrl-C back until the batch in work is durable and told; a second one does not wait.

    With `terminated`, SIGTERM is held back likewise, and raises Terminated.
    """

    def __init__(self, *, terminated: bool = False) -> None:
        self._signals = (signal.SIGINT, signal.SIGTERM) if terminated else (signal.SIGINT,)
        self._busy = False
        self._wanted: int | None = None

    @contextmanager
    def listening(self) -> Generator[None]:
        """Take over the signals for a while."""
        if threading.current_thread() is not threading.main_thread():
            yield  # only the main thread hears signals
            return
        before = {number: signal.signal(number, self._heard) for number in self._signals}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def batch(self) -> Generator[None]:
        """Do something that is better finished than broken off."""
        self._busy = True
        try:
            yield
        finally:
            self._busy = False
        if self._wanted is not None:
            raise _as_exception(self._wanted)

    def _heard(self, number: int, _frame: FrameType | None) -> None:
        if not self._busy or self._wanted is not None:
            raise _as_exception(number)
        self._wanted = number


def _as_exception(number: int) -> BaseException:
    return Terminated() if number == signal.SIGTERM else KeyboardInterrupt()
