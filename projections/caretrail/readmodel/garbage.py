"""The garbage collector, made to look less often in processes that do nothing but make rows."""

from __future__ import annotations

import gc

YOUNG_OBJECTS = 50_000
"""New objects before the collector looks for cycles: at the usual 700 it takes half of the time of live work."""


def with_few_collections() -> None:
    """Let the garbage collector of this process look less often, and never at what is loaded now."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, 20, 50)
