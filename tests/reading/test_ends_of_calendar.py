"""The ends of the calendar are plain dates: in events as "no end" and "always", in questions as days like any other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from caretrail.errors import Refused
from caretrail.events import Event
from caretrail.log import open_recorder
from caretrail.readmodel.check import check
from caretrail.readmodel.upkeep import catch_up
from caretrail.service import (
    Census,
    ContinuedStay,
    DateOfService,
    Filters,
    Findings,
    Query,
    ReviewReport,
    Store,
    Timeline,
    Why,
    Worklist,
    create_store,
    open_store,
)
from tests.support.build import admitted, assessed, attestation, event, plan, reviewed, signature

NOW = datetime(2026, 6, 1, 18, 0, tzinfo=UTC)
FIRST, LAST = "0001-01-01", "9999-12-31"
BY = {"signatures": [signature("c-ortiz", "02-02")]}
EVERYTHING = Filters(all_verdicts=True, closed=True)


def history(episode: str, early: str, late: str) -> Iterator[Event]:
    """An episode with every date that may be left open: some at `early`, some at `late`."""
    yield assessed("01-02", episode)
    yield admitted("01-05", episode)
    yield plan("01-07", episode, effective_on=early, goals=[{"id": "g-1", "target_on": late}])
    yield event("consented", "01-07", episode, recipient="x", purpose="legal", scope="all", expires_on=late)
    yield event("explained", "02-10", episode, rule="R1", on="2026-02-09", code="away", until=LAST)
    if late == LAST:
        yield reviewed("02-01", episode, next_review_by=late, **BY)
        yield event("continued_stay_determined", "02-02", episode, decision="leave", leave_by=late, **BY)
    if early <= late:
        span: dict[str, Any] = {"from": early, "to": late}
        paid = {"payer": "p", "number": "a-1", "units": 3, "unit": "day", "level": "2.1"}
        yield event("authorized", "01-07", episode, **paid, **span)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    create_store(store_url)
    with open_store(store_url, clock=lambda: NOW) as opened:
        for number, (early, late) in enumerate(product((FIRST, LAST), repeat=2), start=1):
            for item in history(f"E-{number}", early, late):
                opened.append([item])
        opened.append([attestation("license", valid_from=FIRST, valid_to=FIRST)])
        opened.append([attestation("staff_training", valid_from=FIRST, valid_to=LAST)])
        yield opened


DAYS = (date.min, date.min + timedelta(days=8), date(2026, 2, 10), date.max - timedelta(days=8), date.max)


@pytest.mark.slow
def test_every_question_is_answered_on_every_day(store: Store) -> None:
    for day in DAYS:
        query = Query(as_of=day)
        rules = ("R1", "R2", "P1", "P2", "P3", "C1", "U1", "A1", "D1")
        for number in range(1, 5):
            name = f"E-{number}"
            assert store.ask(ContinuedStay(name, query)).value
            assert store.ask(DateOfService(name, query)).value
            assert bool(store.ask(Timeline(name, query)).value) == (day.year >= 2026)
            for rule in rules:
                assert store.ask(Why(name, rule, query)).value
        for period in (query, Query(start=date.min, end=day), Query(start=day, end=date.max)):
            store.ask(Worklist(period))
            store.ask(Findings(period, EVERYTHING))
            store.ask(Census(query))
            store.ask(ReviewReport(period))


def test_rows_made_from_them_match_the_log(store: Store, store_url: str) -> None:
    store.ask(Worklist(Query(as_of=date(2026, 2, 10))))
    with open_recorder(store_url) as recorder:
        catch_up(recorder)
        report = check(recorder)
    assert (report.ok, report.episodes, report.differ) == (True, 4, ())


def test_an_open_end_is_listed_as_such_and_never_as_a_real_one(store: Store) -> None:
    found = store.ask(Findings(Query(as_of=date(2026, 2, 10)), Filters(rules={"U1"}, all_verdicts=True))).value
    assert all(row.until is None or row.until > row.start for row in found)


@pytest.mark.parametrize("day", [FIRST, "1899-12-31", "2200-01-01", LAST])
def test_nothing_happens_outside_three_centuries(store: Store, day: str) -> None:
    line = {
        "type": "held",
        "episode": "E-1",
        "occurred_on": day,
        "actor": {"id": "x", "role": "staff"},
        "reason": "jail",
    }
    [refused] = store.append_each([line])
    assert isinstance(refused, Refused)
    assert refused.message == "occurred_on: must be a date from 1900-01-01 to 2199-12-31"
