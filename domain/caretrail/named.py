"""Named tuples made from values that are known to be as many as the fields."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

T = TypeVar("T")


def maker(kind: type[T]) -> Callable[[tuple[Any, ...]], T]:
    """Makes named tuples of a kind: its own `_make` counts the values, and takes three times as long."""
    return partial(tuple.__new__, kind)  # type: ignore[type-var]  # only of tuples
