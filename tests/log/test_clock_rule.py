"""What a log says of the clock that stamps: the rule by itself, without a store."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from caretrail.errors import StoreError
from caretrail.log.clock import (
    CLOCK_STATES,
    LONGEST_SILENCE,
    TOLERANCE,
    ClockAhead,
    ClockBehind,
    ClockReading,
    ClocksDiffer,
    ConfirmedBehind,
    Stamps,
    state_of,
)

SECOND = timedelta(seconds=1)
AT = datetime(2026, 12, 1, tzinfo=UTC)


def reading(now: datetime, event: datetime | None, access: datetime | None = None) -> ClockReading:
    return ClockReading(now, Stamps(AT - timedelta(days=90), event, access))


@pytest.mark.parametrize(
    ("now", "event", "access", "state"),
    [
        (AT, AT, None, "ok"),
        (AT - TOLERANCE, AT, None, "ok"),
        (AT - TOLERANCE - SECOND, AT, None, "behind"),
        (AT - TOLERANCE - SECOND, AT - timedelta(days=1), AT, "behind"),
        (AT + LONGEST_SILENCE, AT, None, "ok"),
        (AT + LONGEST_SILENCE + SECOND, AT, None, "ahead"),
        (AT + LONGEST_SILENCE + SECOND, AT, AT + LONGEST_SILENCE, "ahead"),
        (AT, None, None, "ahead"),
        (AT - timedelta(days=60), None, None, "ok"),
    ],
)
def test_what_a_log_says_of_its_clock(
    now: datetime, event: datetime | None, access: datetime | None, state: str
) -> None:
    assert state_of(reading(now, event, access), list) == state


def test_what_a_confirmation_covers() -> None:
    one = ConfirmedBehind(AT, AT + timedelta(days=1000))
    for now, newest, covered in (
        (AT, one.newest, True),
        (AT - TOLERANCE, one.newest + TOLERANCE, True),
        (AT - TOLERANCE - SECOND, one.newest, False),
        (AT, one.newest + TOLERANCE + SECOND, False),
    ):
        assert state_of(reading(now, newest), lambda: [one]) == ("confirmed_behind" if covered else "behind")


@pytest.mark.parametrize(
    ("name", "about"),
    [
        ("position_voided/1", "clock behind 1 2"),
        ("clock_confirmed/1", "clock ahead 1 2"),
        ("clock_confirmed/1", "clock behind 1"),
        ("clock_confirmed/1", "clock behind 1 x"),
        ("clock_confirmed/1", f"clock behind 1 {'9' * 18}"),
    ],
)
def test_nothing_else_is_taken_for_a_confirmation(name: str, about: str) -> None:
    assert ConfirmedBehind.read(name, about) is None


def test_the_states_are_named() -> None:
    assert CLOCK_STATES == ("ok", "ahead", "behind", "confirmed_behind", "unchecked")


def test_every_refusal_is_an_error_of_the_store_with_a_way_out() -> None:
    at = reading(AT, AT + timedelta(days=2))
    makers: list[Callable[[], StoreError]] = [
        lambda: ClockBehind.of("care.db", at),
        lambda: ClockBehind.of_today("care.db", at),
        lambda: ClockAhead.of("care.db", reading(AT + timedelta(days=50), AT)),
        lambda: ClocksDiffer.of("care.db", AT, AT + timedelta(hours=3)),
    ]
    for make in makers:
        error = make()
        assert isinstance(error, StoreError)
        assert error.message.startswith("care.db: the clock")
        assert error.hint
