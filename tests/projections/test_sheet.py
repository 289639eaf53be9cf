"""The sheet of a day tells how long the stay has lasted, and judges nothing by it."""

from __future__ import annotations

import pytest

from projections.given import NAME, Care, day, example


@pytest.mark.parametrize(
    ("on", "told"),
    [
        ("01-04", None),
        ("01-05", (1, 1, (8, 24))),
        ("01-11", (7, 1, (8, 24))),
        ("01-12", (8, 2, (8, 24))),
        ("03-09", (64, 10, (8, 24))),
        ("04-05", (91, 13, (8, 24))),
        ("04-06", (1, 1, None)),
        ("05-04", (29, 5, None)),
        ("05-05", None),
    ],
)
def test_the_day_and_week_of_the_stay(
    care: Care, on: str, told: tuple[int, int, tuple[int, int] | None] | None
) -> None:
    """Given a stay from 5 January and a transfer on 6 April to a level the pack is not for, until 4 May."""
    care.record(example())
    stay = care.reader.sheet(NAME, day(on)).stay
    assert (stay and (stay.day, stay.week, stay.typical_weeks)) == told


def test_a_stay_far_longer_than_typical_is_no_finding(care: Care) -> None:
    care.record(example()[:10])
    sheet = care.reader.sheet(NAME, day("12-01"))
    assert sheet.stay is not None
    assert sheet.stay.week == 48
    assert [row.rule for row in sheet.findings if row.rule == "NE21-C2"] == []
