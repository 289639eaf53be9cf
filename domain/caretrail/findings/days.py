"""Days: as text, for messages name the same days again and again, and so many later, but never past the last."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

iso = lru_cache(maxsize=16_384)(date.isoformat)
"""A day as `YYYY-MM-DD`; remembered, because looking a day up is cheaper than writing it."""


def later(day: date, days: int) -> date:
    """So many days later, or the last day there is: people write 9999-12-31 where they mean that there is no end."""
    return day + timedelta(days=days) if days <= date.max.toordinal() - day.toordinal() else date.max
