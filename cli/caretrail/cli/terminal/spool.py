"""Values that are put away until all of them are known, in constant memory."""

from __future__ import annotations

import pickle
from collections.abc import Collection, Iterator
from tempfile import SpooledTemporaryFile
from typing import Any, Generic, Self, TypeVar, cast

T = TypeVar("T")

MOST_BYTES = 8_000_000
"""What is kept in memory; more goes into a file without a name, which only this process can open."""


class Spool(Collection[T], Generic[T]):
    """Values in the order in which they were added; gone through as often as asked, once at a time, until closed."""

    def __init__(self) -> None:
        self._file: Any = SpooledTemporaryFile(max_size=MOST_BYTES)  # noqa: SIM115  # closed on exit
        self._count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, value: T) -> None:
        """Put a value behind the others."""
        self._file.seek(0, 2)
        pickle.dump(value, self._file, pickle.HIGHEST_PROTOCOL)
        self._count += 1

    def __iter__(self) -> Iterator[T]:
        self._file.seek(0)
        for _ in range(self._count):
            yield cast(T, pickle.load(self._file))  # noqa: S301  # what this process wrote, where no other can write

    def __len__(self) -> int:
        return self._count

    def __contains__(self, value: object) -> bool:
        return any(one == value for one in self)
