"""Long lists: rows of everybody are taken as they come from the database, not held together."""

from __future__ import annotations

import gc
import tracemalloc
from collections import Counter
from datetime import date
from uuid import UUID

import pytest

from caretrail.reading import stored
from caretrail.reading.query import Query
from caretrail.reading.questions.census import Census, OpenEpisodes
from caretrail.readmodel.schema import COLUMNS, read_state
from caretrail.readmodel.upkeep import catch_up
from tests.support.build import admitted
from tests.support.care import Care
from tests.support.example import day

ROWS = 6_000
ON = Query(day("01-10"))


@pytest.fixture
def crowded(care: Care) -> Care:
    """Many episodes open on a day, put into the rows past the log."""
    care.record([admitted("01-05")])
    catch_up(care.recorder)
    database, state = care.recorder.database, read_state(care.recorder.database)
    assert state is not None
    rows = [
        (UUID(int=number), date(2026, 1, 5), date(9999, 12, 31), "iop", "2.1", "c-ortiz", "open", f"M-{number}",
         f"cl-{number}", "America/Chicago", date(2026, 1, 5))
        for number in range(1, ROWS)
    ]  # fmt: skip  # in the order of the columns
    assert len(rows[0]) == len(COLUMNS["span"])
    database.copy(f"caretrail.span_{state.build}", COLUMNS["span"], rows)
    return care


def peak_of_counting(care: Care) -> float:
    """The most megabytes that counting the open episodes takes, once what is kept between questions is there."""
    counted = care.onlooker.ask(OpenEpisodes(ON))
    assert counted == Counter({"2.1": ROWS})
    gc.collect()
    tracemalloc.start()
    try:
        assert care.onlooker.ask(OpenEpisodes(ON)) == counted
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


@pytest.mark.slow
def test_who_counts_a_long_list_does_not_hold_it(crowded: Care, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given thousands of rows, then counting them takes the memory of some; the control takes that of all."""
    streamed = peak_of_counting(crowded)

    monkeypatch.setattr(stored, "STREAMED", ROWS)
    assert streamed * 2 < peak_of_counting(crowded)


def test_a_long_list_is_whole_and_in_order(crowded: Care) -> None:
    """Given more rows than are held at a time, and newer events of one of them, then each is there once."""
    crowded.record([admitted("01-06", "A-1", program="aop")])
    rows = crowded.onlooker.ask(Census(ON))
    assert len(rows) == len({row.episode for row in rows}) == ROWS + 1
    assert [row.episode for row in rows[:2]] == ["A-1", "E-1"]
    assert list(rows) == sorted(rows, key=lambda row: (row.program or "", row.episode))
