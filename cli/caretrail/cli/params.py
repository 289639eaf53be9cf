"""Types of option values: choices, days, times, positions and people, each with its limits."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from string import hexdigits
from typing import TYPE_CHECKING, Any, NamedTuple

import click

if TYPE_CHECKING:
    from caretrail.log.resume import ResumeToken

LEAF_BYTES = 32
"""Bytes of a leaf, a SHA-256."""

# --- choices ---------------------------------------------------------------------------------------


def did_you_mean(word: str, names: Iterable[str]) -> str:
    """` Did you mean X?` with the nearest names; empty if none is near."""
    from difflib import get_close_matches

    near = get_close_matches(word, list(names))
    return f" Did you mean {' or '.join(near)}?" if near else ""


class Choice(click.Choice[str]):
    """A choice that answers any other word with the nearest one."""

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:
        """Name the choices and the nearest one."""
        return f"{super().get_invalid_choice_message(value, ctx)}{did_you_mean(value, self.choices)}"


# --- days, times, positions ------------------------------------------------------------------------------


FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)
"""The range of dates: no treatment lies outside, and no arithmetic on them leaves the calendar."""

MOST_DAYS = 36_500
"""The most days an option takes."""

MOST_ROWS = 1_000_000_000
"""The most rows an option takes."""

MOST_DIGITS = 18
"""The most digits of a position; longer ones may exceed a store's integers."""


class Day(click.ParamType[date]):
    """A civil date, `YYYY-MM-DD`, from FIRST_DAY to LAST_DAY."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Read a date."""
        if isinstance(value, date):
            return value
        try:
            day = date.fromisoformat(value) if len(value) == 10 else None
        except ValueError:
            day = None
        if day is None:
            self.fail("a date is YYYY-MM-DD", param, ctx)
        if not FIRST_DAY <= day <= LAST_DAY:
            self.fail(f"a date is from {FIRST_DAY} to {LAST_DAY}", param, ctx)
        return day


class Count(click.ParamType[int]):
    """A whole number within limits."""

    name = "number"

    def __init__(self, least: int, most: int) -> None:
        self.least = least
        self.most = most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read a number."""
        try:
            number = int(value)
        except ValueError:  # no number, or more digits than Python reads
            number = self.least - 1
        if not self.least <= number <= self.most:
            self.fail(f"a whole number from {self.least:,} to {self.most:,}", param, ctx)
        return number


class Position(click.ParamType[int]):
    """A position of the log, `@N` or `N`."""

    name = "position"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read a position."""
        if isinstance(value, int):
            return value
        number = value.removeprefix("@")
        if not (number.isascii() and number.isdecimal() and len(number) <= MOST_DIGITS):
            self.fail("a position is @NUMBER, as in a receipt", param, ctx)
        return int(number)


class Place(click.ParamType["ResumeToken"]):
    """Where a reader of the log stopped: `@N`, or `@N:LEAF` with the leaf of that event."""

    name = "place"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> ResumeToken:
        """Read a position, and the leaf if there is one."""
        from caretrail.log.resume import ResumeToken

        if isinstance(value, tuple):
            return ResumeToken(*value)
        number, _, leaf = str(value).partition(":")
        position = Position().convert(number, param, ctx)
        if not leaf and ":" not in str(value):
            return ResumeToken(position)
        if len(leaf) != 2 * LEAF_BYTES or not set(leaf) <= set(hexdigits) or position == 0:
            self.fail("a leaf is the 64 hexadecimal digits after the position, as in @7:4f1c…", param, ctx)
        return ResumeToken(position, bytes.fromhex(leaf))


Knowledge = datetime | int
"""What was known: by an instant, or up to a position of the log."""


class Moment(click.ParamType["datetime | int"]):
    """What was known: by an instant with its zone, by the end of a date in UTC, or at `@POSITION`."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Knowledge:
        """Read an instant or a position."""
        if isinstance(value, datetime | int):
            return value
        if value.startswith("@"):
            return Position().convert(value, param, ctx)
        if len(value) == 10:
            return end_of_day(Day().convert(value, param, ctx))
        try:
            instant = datetime.fromisoformat(value)
        except ValueError:
            return self.fail("a time is YYYY-MM-DDTHH:MM:SSZ, a date, or @POSITION", param, ctx)
        if instant.tzinfo is None:
            self.fail("a time needs its zone: end it with Z for UTC, or with an offset such as -06:00", param, ctx)
        if not FIRST_DAY <= instant.date() <= LAST_DAY:
            self.fail(f"a time is from {FIRST_DAY} to {LAST_DAY}", param, ctx)
        return instant


def end_of_day(day: date) -> datetime:
    """The last microsecond of a day in UTC."""
    return datetime.combine(day, time(), UTC) + timedelta(days=1, microseconds=-1)


# --- people ----------------------------------------------------------------------------------------------


class Author(NamedTuple):
    """The user, as stated."""

    id: str
    role: str
    credential: str | None = None


class AuthorType(click.ParamType[Author]):
    """`id,role,credential`; the credential may be left out."""

    name = "author"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Author:
        """Read an author."""
        if isinstance(value, Author):
            return value
        parts = [part.strip() for part in value.split(",", 2)]
        if len(parts) < 2 or not all(parts):
            self.fail("write id,role,credential, for example c-ortiz,clinician,LADC", param, ctx)
        return Author(*parts)
