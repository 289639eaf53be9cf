"""A store filled at once is the store that would have come of appending event by event."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import cast

import pytest

from caretrail.commands.application import Commands
from caretrail.commands.command import Receipt
from caretrail.errors import StoreForeign
from caretrail.events import parse_event
from caretrail.log import EventRecorder, init_store, open_recorder
from caretrail.readmodel.check import check
from caretrail.readmodel.schema import create_tables
from caretrail.readmodel.upkeep import catch_up
from caretrail.simulation import Arrival, nation, simulate
from caretrail.simulation.filling import fill
from tests.support.stores import Clock

LAST = date(2025, 12, 31)
AFTER = datetime(2026, 1, 1, 12, tzinfo=UTC)
EPISODES = 12


def arrivals() -> list[Arrival]:
    return list(simulate(nation(EPISODES, LAST), EPISODES, 1))


def untold(_done: int, _arrival: Arrival) -> None:
    """Nobody watches."""


def stays_of(recorder: EventRecorder) -> list[tuple[object, ...]]:
    rows = recorder.database.query("SELECT client, program, first_day, last_day FROM caretrail.stay")
    return sorted((str(client), str(program), str(first), str(last)) for client, program, first, last in rows)


@pytest.fixture(params=["sqlite", "postgresql"])
def demo_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty demo store, once on each database."""
    url = str(tmp_path / "demo.db") if request.param == "sqlite" else request.getfixturevalue("empty_postgres_url")
    init_store(url, demo=True)
    return cast(str, url)


@pytest.mark.slow
def test_a_filled_store_holds_what_appending_would_have_made(demo_url: str, tmp_path: Path) -> None:
    """Given one population filled into a store and appended to another whose clock is set, then they hold the same."""
    told = arrivals()
    clock = Clock(told[0].instant)
    slow = str(tmp_path / "appended.db")
    init_store(slow, demo=True, clock=clock)
    with open_recorder(slow, clock=clock) as appended, Commands(appended, clock) as commands:
        for clock.now, group in groupby(told, key=attrgetter("instant")):
            outcomes = commands.append_each([parse_event(one.sent()) for one in group])
            assert all(isinstance(outcome, Receipt) for outcome in outcomes)
        rows = appended.read_log(limit=len(told) + 1)
        expected = stays_of(appended)
    with open_recorder(demo_url) as recorder:
        portions: list[int] = []
        assert fill(recorder, iter(told), lambda done, _: portions.append(done)) == len(told)
        assert portions[-1] == len(told)
        filled = recorder.read_log(limit=len(told) + 1)
        assert stays_of(recorder) == expected
    for ours, theirs, arrival in zip(filled, rows, told, strict=True):
        for name in ("position", "originator_version", "topic", "state", "source", "command_id"):
            assert getattr(ours, name) == getattr(theirs, name)
        assert timedelta(0) <= ours.recorded_at - arrival.instant < timedelta(seconds=1)
        assert timedelta(0) <= theirs.recorded_at - arrival.instant < timedelta(seconds=1)
    assert len({row.originator_id for row in filled}) == len({row.originator_id for row in rows})
    assert [row.recorded_at for row in filled] == sorted({row.recorded_at for row in filled})


def test_a_filled_store_goes_on(demo_url: str) -> None:
    """Then the next event gets the next position, and the same event again its first receipt."""
    told = arrivals()
    with open_recorder(demo_url, clock=lambda: AFTER) as recorder:
        fill(recorder, iter(told), untold)
    with open_recorder(demo_url, clock=lambda: AFTER) as recorder, Commands(recorder, lambda: AFTER) as commands:
        first = next(one for one in told if one.kind == "assessed")
        later = parse_event(first.sent().replace(f"{first.stream}/1", "again").replace('"initial"', '"addendum"'))
        [again, new] = commands.append_each([parse_event(first.sent()), later])
        assert isinstance(again, Receipt)
        assert isinstance(new, Receipt)
        assert (again.version, new.position) == (first.version, len(told) + 1)


@pytest.mark.slow
def test_the_read_models_of_a_population_are_what_its_log_says(demo_url: str) -> None:
    """Given groups, handovers, late papers and amendments, then rows made in portions equal those made at once."""
    with open_recorder(demo_url) as recorder:
        create_tables(recorder.database)
        fill(recorder, simulate(nation(60, LAST), 60, 3), untold)
        catch_up(recorder)
        report = check(recorder)
        assert report.differ == ()
        assert report.episodes >= 60
        assert report.ok


def test_only_an_empty_demo_store_is_filled(tmp_path: Path, demo_url: str) -> None:
    told = arrivals()[:5]
    init_store(str(tmp_path / "clinic.db"))
    with open_recorder(str(tmp_path / "clinic.db")) as recorder, pytest.raises(StoreForeign):
        fill(recorder, iter(told), untold)
    with open_recorder(demo_url) as recorder:
        fill(recorder, iter(told), untold)
        with pytest.raises(StoreForeign):
            fill(recorder, iter(told), untold)
        assert recorder.max_position() == 5


def test_what_is_broken_off_keeps_nothing(demo_url: str) -> None:
    def stops(done: int, _: Arrival) -> None:
        raise KeyboardInterrupt

    with open_recorder(demo_url) as recorder:
        with pytest.raises(KeyboardInterrupt):
            fill(recorder, iter(arrivals()), stops)
        assert recorder.max_position() == 0
        assert stays_of(recorder) == []
        assert fill(recorder, iter(arrivals()), untold) > 100
