"""Progress of long work: one line on a terminal, erased before anything else is printed."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta
from math import inf
from time import monotonic

PATIENCE = 1.0
"""Seconds of work before progress is shown; short work shows none."""

PACE = 0.1
"""Seconds between two updates at least."""

ERASE = "\r\x1b[2K"
"""Return to the start of the line and erase it; every terminal but a dumb one understands this."""


@contextmanager
def progress(label: str) -> Generator[ProgressLine]:
    """Show the progress of the work inside on stderr, if it lasts and stderr is a terminal; erase it at the end.

    Code that prints before the end calls `erase` first.
    """
    can_erase = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
    line = ProgressLine(label, PATIENCE if can_erase else inf)
    try:
        yield line
    finally:
        line.erase()


class ProgressLine:
    """A line that is updated in place, first after `wait` seconds."""

    def __init__(self, label: str, wait: float) -> None:
        self._label = label
        self._next = monotonic() + wait
        self._drawn = False
        self._began: tuple[float, int] | None = None

    def __call__(self, done: int, total: int) -> None:
        """Show how much is done, of how much (0 if not known), unless just updated."""
        now = monotonic()
        began, before = self._began = self._began or (now, done)
        if now < self._next:
            return
        self._next = now + PACE
        self._drawn = True
        share = f"{100 * done // total} % of {total:,}" if total else f"{done:,}"
        self._write(f"{ERASE}{self._label}: {share}{_pace(done - before, now - began, total - done)}")

    def erase(self) -> None:
        """Erase the line, if it was shown."""
        if self._drawn:
            self._drawn = False
            self._write(ERASE)

    def _write(self, text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()


def _pace(done: int, seconds: float, left: int) -> str:
    """How fast it goes, and how long it will take; what was done before it began says nothing of that."""
    if done <= 0 or seconds < PATIENCE:
        return ""
    rate = done / seconds
    if left <= 0:
        return f", {rate:,.0f}/s"
    return f", {rate:,.0f}/s, {timedelta(seconds=round(left / rate))} left"
