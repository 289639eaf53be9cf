"""Ctrl-C while facts are being made durable: the batch is finished first, and the person hears what is recorded."""

from __future__ import annotations

import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType


class Patience:
    """Holds a Ctrl-C back until the batch in work is durable and told; a second one does not wait."""

    def __init__(self) -> None:
        self._busy = False
        self._wanted = False

    @contextmanager
    def listening(self) -> Generator[None]:
        """Take over Ctrl-C for a while."""
        if threading.current_thread() is not threading.main_thread():
            yield  # only the main thread hears signals
            return
        before = signal.signal(signal.SIGINT, self._heard)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    @contextmanager
    def batch(self) -> Generator[None]:
        """Do something that is better finished than broken off."""
        self._busy = True
        try:
            yield
        finally:
            self._busy = False
        if self._wanted:
            raise KeyboardInterrupt

    def _heard(self, _number: int, _frame: FrameType | None) -> None:
        if not self._busy or self._wanted:
            raise KeyboardInterrupt
        self._wanted = True
