"""Rebuild: the same rows however they are made, shown only once they are those of the log, by one rebuild at a time."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caretrail.errors import StoreError
from caretrail.log import EventRecorder, init_store, open_recorder
from caretrail.log.records import episode_stream
from caretrail.readmodel.check import check
from caretrail.readmodel.rebuild import Workers, complete, filling, jobs, rebuild, run
from caretrail.readmodel.rebuild.complete import Incomplete
from caretrail.readmodel.rebuild.folder import FOLDER_VARIABLE, private_folder
from caretrail.readmodel.rebuild.run import Sizes
from caretrail.readmodel.rebuild.spill import Split
from caretrail.readmodel.rows import EpisodeRows
from caretrail.readmodel.schema import State
from caretrail.readmodel.store import empty_build, read_episodes
from caretrail.readmodel.upkeep import catch_up
from tests.faults.crew import start_process
from tests.support.builds import live_table
from tests.support.care import Care
from tests.support.example import copy_of_example, example
from tests.support.stores import all_at_once

from .rebuilds import KILLS, SMALL, counted, folders, rebuild_and_die, state_of

# --- equal, however it was made ---------------------------------------------------------------------------------------


@pytest.mark.slow
def test_live_rebuilt_and_parallel_rows_have_one_digest(projected: Care, store_url: str, tmp_path: Path) -> None:
    live = check(projected.recorder)
    assert (live.ok, live.episodes) == (True, 3)
    ways: tuple[Callable[[], object], ...] = (
        lambda: rebuild(projected.recorder),
        lambda: rebuild(projected.recorder, sizes=SMALL),
        lambda: rebuild(projected.recorder, sizes=SMALL, workers=Workers(store_url, 2)),
    )
    for number, way in enumerate(ways):
        before = state_of(projected.recorder)
        way()
        assert state_of(projected.recorder) != before, "readers have moved"
        assert check(projected.recorder) == live, number
    assert not folders(tmp_path)


@pytest.mark.slow
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    order=st.permutations([0] * 20 + [1] * 15 + [2] * 10),
    stretch=st.integers(1, 50),
    part=st.integers(1, 50),
    kills=st.lists(st.sampled_from(sorted(KILLS)), max_size=2),
)
def test_any_log_any_sizes_and_any_kills_give_the_rows_of_the_live_ones(
    tmp_path_factory: pytest.TempPathFactory, order: list[int], stretch: int, part: int, kills: list[str]
) -> None:
    """Given three episodes recorded in any order."""
    url = str(tmp_path_factory.mktemp("any") / "store.db")
    init_store(url)
    episodes = [iter(copy_of_example(name, 3, 20)) for name in ("A-1", "B-2", "C-3")]
    with open_recorder(url) as recorder:
        care = Care(recorder)
        care.record([next(episodes[turn]) for turn in order])
        catch_up(recorder, batch=7)
        live = check(recorder)
        for place in kills:
            start_process(rebuild_and_die, url, os.environ.get(FOLDER_VARIABLE, ""), place).join(60)
            assert check(recorder) == live, "no reader sees a rebuild that was killed"
        rebuild(recorder, sizes=Sizes(0, stretch, part))
        assert check(recorder) == live
    assert not Path(f"{url}.rebuild").exists()


@given(position=st.integers(1, 10**8), stretch=st.integers(1, 10**6), parts=st.integers(1, 5000), ids=st.data())
def test_each_event_is_in_one_stretch_and_each_stream_in_one_part(
    position: int, stretch: int, parts: int, ids: st.DataObject
) -> None:
    split = Split(position, stretch, parts)
    chosen = ids.draw(st.integers(1, position))
    [number] = [
        n
        for n in (chosen // stretch - 1, chosen // stretch)
        if n >= 0 and split.bounds(n)[0] < chosen <= split.bounds(n)[1]
    ]
    assert number in split.stretches
    assert split.bounds(split.stretches[-1])[1] == position
    streams = sorted(ids.draw(st.lists(st.binary(min_size=16, max_size=16), min_size=1, max_size=5)))
    numbers = [split.part_of(stream) for stream in streams]
    assert numbers == sorted(numbers), "parts follow the order of streams"
    assert 0 <= numbers[0] <= numbers[-1] < parts


# --- two at once ------------------------------------------------------------------------------------------------------


def test_a_second_rebuild_of_a_store_is_refused_while_one_is_under_way(projected: Care) -> None:
    with (
        private_folder(projected.recorder),
        pytest.raises(StoreError, match="another rebuild of this store is under way"),
    ):
        rebuild(projected.recorder, sizes=SMALL)


def test_a_rebuild_elsewhere_takes_over_and_the_first_writes_no_more(
    projected: Care, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another machine has another folder; and a worker that outlived its rebuild finds another epoch."""
    add_part = filling.add_part
    before = check(projected.recorder)
    taken: list[State] = []

    def overtaken(*args: object) -> None:
        if not taken:
            taken.append(filling.begin(projected.recorder))
        add_part(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(jobs, "add_part", overtaken)
    with pytest.raises(StoreError, match="another rebuild took over"):
        rebuild(projected.recorder, sizes=SMALL)
    assert filling.parts_done(projected.recorder.database, taken[0]) == set()
    assert check(projected.recorder) == before


def test_a_part_that_is_written_stays_as_it_is(projected: Care, store_url: str) -> None:
    """An orphan of a killed rebuild and a worker of the resumed one write the same part at the same time."""
    rows = list(read_episodes(projected.recorder.database, state_of(projected.recorder).build))
    state = filling.begin(projected.recorder)

    def write(_: int) -> None:
        with open_recorder(store_url) as recorder:
            filling.add_part(recorder, state, 0, 129, rows)

    all_at_once(write, 3)
    query = f"SELECT count(*) FROM caretrail.episode_{state.build}"
    assert projected.recorder.database.query(query) == [(3,)]
    assert projected.recorder.database.query(f"SELECT events, episodes FROM caretrail.part_{state.build}") == [(129, 3)]


# --- compared before the switch ---------------------------------------------------------------------------------------

LOSSES = {
    "an episode": "DELETE FROM caretrail.episode_{build} WHERE episode = 'B-2'",
    "a finding": "DELETE FROM caretrail.finding_{build}"
    " WHERE number = (SELECT min(number) FROM caretrail.finding_{build})",
    "another finding": "UPDATE caretrail.finding_{build} SET number = number + 1"
    " WHERE number = (SELECT min(number) FROM caretrail.finding_{build})",
    "a newest event": "UPDATE caretrail.episode_{build} SET version = version - 1 WHERE episode = 'B-2'",
    "a part, as if it were never made": "DELETE FROM caretrail.part_{build} WHERE "
    "events = (SELECT max(events) FROM caretrail.part_{build})",
    "events of a part": "UPDATE caretrail.part_{build} SET events = events - 1"
    " WHERE events = (SELECT max(events) FROM caretrail.part_{build})",
}


@pytest.mark.slow
@pytest.mark.parametrize("loss", LOSSES)
def test_rows_that_are_not_those_of_the_log_are_not_shown(
    projected: Care, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loss: str
) -> None:
    before, live = check(projected.recorder), state_of(projected.recorder)
    compare = complete.require_complete
    database = projected.recorder.database

    def compared(recorder: EventRecorder, state: State) -> None:
        assert database.execute(LOSSES[loss].format(build=state.build)) == 1
        compare(recorder, state)

    with monkeypatch.context() as patch:
        patch.setattr(run, "require_complete", compared)
        with pytest.raises(Incomplete):
            rebuild(projected.recorder, sizes=SMALL)
    assert state_of(projected.recorder) == live
    assert check(projected.recorder) == before
    with counted(run, "begin") as begun:
        rebuild(projected.recorder, sizes=SMALL)
    assert len(begun) == 1, "it does not go on with what was wrong"
    assert check(projected.recorder) == before


def test_an_episode_and_its_part_lost_together_are_missed_by_the_log(
    projected: Care, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tables and tally agree; the log has a stream more."""

    def make_others(site: jobs.Site, part: int) -> int:
        return 0 if part == _part_of(site, "B-2") else jobs.make_part(site, part)

    monkeypatch.setattr(run, "make_part", make_others)
    with pytest.raises(Incomplete):
        rebuild(projected.recorder, sizes=SMALL)


def _part_of(site: jobs.Site, episode: str) -> int:
    return site.manifest.split.part_of(episode_stream(site.recorder.namespace, episode).bytes)


def test_a_row_without_events_is_found(projected: Care, monkeypatch: pytest.MonkeyPatch) -> None:
    add_part = filling.add_part
    strange = UUID(int=2**128 - 1)

    def with_one_more(
        recorder: EventRecorder, state: State, part: int, events: int, rows: list[EpisodeRows], writing: Any
    ) -> None:
        extra = [replace(row, stream=strange) for row in rows if row.episode == "B-2"]
        add_part(recorder, state, part, events, [*rows, *extra], writing)

    with monkeypatch.context() as patch:
        patch.setattr(jobs, "add_part", with_one_more)
        with pytest.raises(Incomplete):
            rebuild(projected.recorder, sizes=SMALL)
    assert check(projected.recorder).ok


def test_progress_counts_up_to_all_events(projected: Care) -> None:
    seen: list[tuple[int, int]] = []
    rebuild(projected.recorder, lambda done, todo: seen.append((done, todo)), sizes=SMALL)
    assert [todo for _, todo in seen] == [129] * 11
    assert seen == sorted(seen)
    assert seen[-1][0] >= 128


def test_the_live_rows_hold_what_an_emptied_build_does_not(projected: Care) -> None:
    """The control of every comparison above: an empty build is not taken for the log."""
    empty_build(projected.recorder.database, state_of(projected.recorder).build)
    assert not check(projected.recorder).ok
    assert projected.recorder.database.query(f"SELECT count(*) FROM {live_table(projected.recorder.database, 'part')}")


def test_a_long_list_of_the_old_rows_does_not_fail_the_rebuild(postgres_url: str) -> None:
    """Given a reader who still reads the rows of before, then the rebuild ends well, and the next one empties them."""
    with open_recorder(postgres_url) as recorder:
        care = Care(recorder)
        care.record(example())
        catch_up(recorder)
        old = live_table(recorder.database, "episode")
        with psycopg.connect(postgres_url) as reading:
            reading.execute(f"SELECT count(*) FROM {old}".encode())
            rebuild(recorder)
            assert live_table(recorder.database, "episode") != old
        assert check(recorder).ok
        rebuild(recorder)
        assert live_table(recorder.database, "episode") == old
        assert check(recorder).ok
