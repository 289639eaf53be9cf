"""The time axis: days to places along it, and the months and weeks that are written beneath."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

PLOT_WIDTH = 818.0
"""Units of the drawing; the page shows one unit as one CSS pixel."""

LEAST_DAYS = 28
MONTH_STEPS = (1, 3, 12, 60, 120, 600, 1200, 12000)
LEAST_MONTH_WIDTH = 27.0
LEAST_WEEK_WIDTH = 18.0
DAY = timedelta(days=1)


class Tick(NamedTuple):
    """A place on the axis and its label."""

    x: float
    label: str
    is_year: bool = False


@dataclass(frozen=True, slots=True)
class Scale:
    """Days from `first` until `end` (exclusive), evenly over the width of the plot."""

    first: date
    end: date

    @classmethod
    def over(cls, first: date, last: date) -> Scale:
        """The scale that shows both days with a little air, and never fewer than four weeks."""
        air = max(1, (last - first).days // 60)
        start, end = _shifted(first, -air), _shifted(last, 1 + air)
        return cls(start, max(end, _shifted(start, LEAST_DAYS)))

    @property
    def per_day(self) -> float:
        """Width of a day."""
        return PLOT_WIDTH / (self.end - self.first).days

    def x(self, day: date) -> float:
        """Where a day begins; a day beyond the axis begins at its edge."""
        inside = min(max(day, self.first), self.end)
        return PLOT_WIDTH * (inside - self.first).days / (self.end - self.first).days

    def middle(self, day: date) -> float:
        """The middle of a day."""
        return min(self.x(day) + self.per_day / 2, PLOT_WIDTH)

    def shows(self, day: date) -> bool:
        """Whether a day is on the axis."""
        return self.first <= day < self.end

    def months(self) -> list[Tick]:
        """First days of months (or of every third, or of years) as far as they can be read.

        The month in which the axis begins is named too, if there is room before the next.
        """
        month = self.per_day * 30.4
        step = next((step for step in MONTH_STEPS if month * step >= LEAST_MONTH_WIDTH), MONTH_STEPS[-1])
        days: list[date] = []
        number = self.first.year * 12 + self.first.month
        while (day := _month(number)) is not None and day < self.end:
            if number % step == 0:
                days.append(day)
            number += 1
        if step == 1 and (not days or self.x(days[0]) >= LEAST_MONTH_WIDTH * 4):
            days.insert(0, self.first)
        labels = (self._month_label(day, month * step, step, with_year=day == days[0]) for day in days)
        return [
            Tick(self.x(day), label, is_year=day.month == 1 and day > self.first)
            for day, label in zip(days, labels, strict=True)
        ]

    def _month_label(self, day: date, width: float, step: int, *, with_year: bool) -> str:
        if step >= 12:
            return str(day.year)
        name = f"{day:%B}" if width >= 60 else f"{day:%b}"
        # narrower than this, years are written on a line of their own
        return f"{name} {day.year}" if self.shows_weeks and (with_year or day.month == 1) else name

    @property
    def shows_weeks(self) -> bool:
        """Whether a day number fits beneath each week."""
        return self.per_day * 7 >= LEAST_WEEK_WIDTH

    def weeks(self, starts_on: int) -> list[Tick]:
        """First days of weeks (0 is Monday), as far as they can be read."""
        if not self.shows_weeks:
            return []
        day = self.first + DAY * ((starts_on - self.first.weekday()) % 7)
        found: list[Tick] = []
        while day < self.end:
            found.append(Tick(self.x(day), str(day.day)))
            day += 7 * DAY
        return found


def _month(number: int) -> date | None:
    year = number // 12
    return date(year, number % 12 + 1, 1) if year <= date.max.year else None


def _shifted(day: date, days: int) -> date:
    """Some days later or earlier, within the calendar."""
    return date.fromordinal(min(max(day.toordinal() + days, 1), date.max.toordinal()))
