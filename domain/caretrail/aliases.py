"""Short names for types that many packages pass around."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeAlias

# The content of a JSON object is known to its reader, not to the type checker.
Json: TypeAlias = dict[str, Any]

Progress: TypeAlias = Callable[[int, int], None]
"""Called now and then with the amount of long work done, and the whole amount."""

Clock: TypeAlias = Callable[[], datetime]
"""Returns the current instant, aware."""
