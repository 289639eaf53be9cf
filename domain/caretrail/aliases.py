"""Short names for types that many packages pass around."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeAlias

# What a JSON object holds is known to who reads it, not to the type checker.
Json: TypeAlias = dict[str, Any]

Progress: TypeAlias = Callable[[int, int], None]
"""Told now and then how much of a long work is done, and how much there is in all."""

Clock: TypeAlias = Callable[[], datetime]
"""The instant it is now; aware."""
