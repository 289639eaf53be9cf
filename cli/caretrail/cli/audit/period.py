"""The period of audit commands, and days in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from caretrail.text import plural


def in_words(start: date | None, end: date | None) -> str:
    """A period for a title, with a space before it; empty without one."""
    return f"{f' from {start}' if start else ''}{f' to {end}' if end else ''}"


def in_days(days: Sequence[int]) -> str:
    """Ascending numbers of days: `4 days`, or from the fewest to the most, `1–10 days`."""
    return plural(days[0], "day") if days[0] == days[-1] else f"{days[0]}–{plural(days[-1], 'day')}"
