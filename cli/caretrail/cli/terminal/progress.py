"""How far long work is: one line on a terminal, gone before anything else is printed."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from math import inf
from time import monotonic

PATIENCE = 1.0
"""Seconds of work before anything is shown: a short answer comes without it."""

PACE = 0.1
"""Seconds between two drawings at least."""

ERASE = "\r\x1b[2K"
"""To the begin of the line, and the line away: every terminal but a dumb one knows it."""


@contextmanager
def progress(label: str) -> Generator[ProgressLine]:
    """Show on stderr how far the work inside is, if it lasts, on a terminal only; the line goes when the work ends.

    Whoever prints before that erases the line first.
    """
    can_erase = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
    line = ProgressLine(label, PATIENCE if can_erase else inf)
    try:
        yield line
    finally:
        line.erase()


class ProgressLine:
    """A line that is drawn over itself, for the first time after `wait` seconds."""

    def __init__(self, label: str, wait: float) -> None:
        self._label = label
        self._next = monotonic() + wait
        self._drawn = False

    def __call__(self, done: int, total: int) -> None:
        """Draw how much is done, of how much (0 for not known), unless that was drawn just now."""
        if (now := monotonic()) < self._next:
            return
        self._next = now + PACE
        self._drawn = True
        share = f"{100 * done // total} % of {total:,}" if total else f"{done:,}"
        self._write(f"{ERASE}{self._label}: {share}")

    def erase(self) -> None:
        """Leave the line as it was before."""
        if self._drawn:
            self._drawn = False
            self._write(ERASE)

    def _write(self, text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()
