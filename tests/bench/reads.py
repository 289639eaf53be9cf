"""Bulk appends, catch-up, the worklist, the start of the program, and memory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path


def report(folder: Path, new_url: Callable[[], str], episodes: int, say: Callable[[str], None]) -> list[str]:
    """Measure and word everything that is not a one-fact append."""
    return []
