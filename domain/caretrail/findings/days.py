"""Days as text: messages name many days, and the same days again and again."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

iso = lru_cache(maxsize=16_384)(date.isoformat)
"""A day as `YYYY-MM-DD`; remembered, because writing days was a sixth of the cost of judging an episode."""
