"""Steps: lines of the program that run. They are the same on every machine, busy or not, as seconds are not."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, TypeVar

T = TypeVar("T")
MOST_STEPS = 300_000
"""Of one chart of some fifty events; a pack that ships takes a tenth of it."""


class TooManySteps(Exception):
    """A chart is not judged in the steps it may take."""


def steps_of(work: Callable[[], T]) -> tuple[T, int]:
    """Do some work and count the lines of the program that run; stop it once they are too many."""
    steps = 0

    def line(_: FrameType, what: str, __: object) -> Any:
        nonlocal steps
        steps += what == "line"
        if steps > MOST_STEPS:
            raise TooManySteps
        return line

    def call(frame: FrameType, _: str, __: object) -> Any:
        return line if "caretrail" in frame.f_globals.get("__name__", "") else None

    before = sys.gettrace()
    sys.settrace(call)
    try:
        done = work()
    finally:
        sys.settrace(before)
    return done, steps
