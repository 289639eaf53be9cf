"""Days as text: messages name many days, and the same days again and again."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

iso = lru_cache(maxsize=16_384)(date.isoformat)
"""A day as `YYYY-MM-DD`; remembered, because looking a day up is cheaper than writing it."""
