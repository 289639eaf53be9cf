"""Turns of the threads of one process at a SQLite file, which one writer at a time may have."""

from __future__ import annotations

import threading


class Turns:
    """A lock with two kinds of callers: one that is `urgent` is next, however many others wait.

    So recording an access, which somebody at a screen waits for, waits for the commit under way and for no other.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._taken = False
        self._urgent = 0

    def acquire(self, timeout: float, *, urgent: bool = False) -> bool:
        """Wait for a turn; False after so many seconds."""
        with self._changed:
            self._urgent += urgent
            try:
                taken = self._changed.wait_for(lambda: not self._taken and (urgent or not self._urgent), timeout)
                self._taken |= taken
                return taken
            finally:
                self._urgent -= urgent
                if urgent and not self._taken:  # it gave up: those it held back may go
                    self._changed.notify_all()

    def release(self) -> None:
        """End a turn."""
        with self._changed:
            self._taken = False
            self._changed.notify_all()
