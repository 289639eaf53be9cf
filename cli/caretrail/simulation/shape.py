"""The shape of a population: the distributions it is drawn from, and how one draws from them."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from random import Random
from typing import Generic, TypeVar

from caretrail.simulation import teds
from caretrail.simulation.attendance import CTN, Attendance
from caretrail.tokens import DischargeReason

T = TypeVar("T")


class Weighted(Generic[T]):
    """Values to draw from, each as likely as its count says."""

    def __init__(self, counts: Mapping[T, int]) -> None:
        self._values = list(counts)
        self._sums = list(accumulate(counts.values()))

    def draw(self, rng: Random) -> T:
        """One of the values."""
        return self._values[bisect(self._sums, int(rng.random() * self._sums[-1]))]


@dataclass(frozen=True)
class Shape:
    """What a population is drawn from: by default how the country was treated, and how people in trials came."""

    stays: Mapping[tuple[int, int], int] = field(default_factory=lambda: teds.LENGTH_OF_STAY)
    """Counts of stays of so many days."""
    reasons: Mapping[DischargeReason, int] = field(default_factory=lambda: teds.REASONS)
    attendance: Attendance = CTN

    @cached_property
    def _bands(self) -> Weighted[tuple[int, int]]:
        return Weighted(self.stays)

    def stay(self, rng: Random) -> int:
        """The days from an admission to the discharge."""
        return rng.randint(*self._bands.draw(rng))

    @cached_property
    def reason(self) -> Weighted[DischargeReason]:
        """Why treatment ends."""
        return Weighted(self.reasons)


COUNTRY = Shape()
