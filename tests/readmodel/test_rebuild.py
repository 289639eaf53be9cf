"""Rebuild: killed anywhere it goes on, no part is lost or written twice, and what it leaves on disk is private."""

from __future__ import annotations

import json
import multiprocessing
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil  # type: ignore[import-untyped]  # its stubs are a package of their own
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caretrail.errors import StoreError
from caretrail.log import EventRecorder, init_store, open_recorder
from caretrail.log.database import Database
from caretrail.log.records import episode_stream
from caretrail.readmodel.check import check
from caretrail.readmodel.rebuild import Workers, complete, filling, jobs, rebuild, run, spill
from caretrail.readmodel.rebuild.complete import Incomplete
from caretrail.readmodel.rebuild.folder import FOLDER_VARIABLE, MANIFEST, private_folder
from caretrail.readmodel.rebuild.run import Sizes
from caretrail.readmodel.rebuild.spill import Split
from caretrail.readmodel.rows import EpisodeRows
from caretrail.readmodel.schema import TABLES, State, builds, read_state
from caretrail.readmodel.store import empty_build, read_episodes
from caretrail.readmodel.upkeep import catch_up
from tests.faults.crew import start_process
from tests.support.builds import live_table
from tests.support.care import Care
from tests.support.example import copy_of_example, example
from tests.support.servers import wait_until
from tests.support.stores import all_at_once

from . import rebuilds
from .rebuilds import KILLS, SMALL, counted, rebuild_and_die


@pytest.fixture
def practice(care: Care, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Care:
    """Three episodes, recorded in turns, caught up; spill files go into a folder of the test's own."""
    episodes = [example(), copy_of_example("B-2", 5, 40), copy_of_example("C-3", 11, 24)]
    care.record([episode[place] for place in range(65) for episode in episodes if place < len(episode)])
    catch_up(care.recorder)
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    return care


def folders(tmp_path: Path) -> list[Path]:
    return list(tmp_path.glob("caretrail-rebuild-*"))


def left_behind(folder: Path) -> list[str]:
    """The names of files with events."""
    return sorted(path.name for path in folder.iterdir() if path.name not in (MANIFEST, "lock"))


def killed(url: str, place: str) -> None:
    process = start_process(rebuild_and_die, url, os.environ[FOLDER_VARIABLE], place)
    process.join(60)
    assert process.exitcode == -9, "it got to the place, and no further"


def state_of(recorder: EventRecorder, which: str = "live") -> State:
    state = read_state(recorder.database, which)
    assert state is not None
    return state


# --- equal, however it was made -------------------------------------------------------------------------------------


def test_live_rebuilt_and_parallel_rows_have_one_digest(practice: Care, store_url: str, tmp_path: Path) -> None:
    live = check(practice.recorder)
    assert (live.ok, live.episodes) == (True, 3)
    ways: tuple[Callable[[], object], ...] = (
        lambda: rebuild(practice.recorder),
        lambda: rebuild(practice.recorder, sizes=SMALL),
        lambda: rebuild(practice.recorder, sizes=SMALL, workers=Workers(store_url, 2)),
    )
    for number, way in enumerate(ways):
        before = state_of(practice.recorder)
        way()
        assert state_of(practice.recorder) != before, "readers have moved"
        assert check(practice.recorder) == live, number
    assert not folders(tmp_path)


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


# --- killed ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", KILLS)
def test_a_killed_rebuild_goes_on_where_it_was(practice: Care, store_url: str, tmp_path: Path, place: str) -> None:
    """When it is killed, readers see the old rows or, once it is live, the new ones; nothing is done twice."""
    before = check(practice.recorder)
    killed(store_url, place)
    assert check(practice.recorder) == before
    filling_now = read_state(practice.recorder.database, "filling")
    done = filling.parts_done(practice.recorder.database, filling_now) if filling_now else set[int]()
    with counted(jobs, "add_part") as parts, counted(run, "begin") as begun:
        rebuild(practice.recorder, sizes=SMALL)
    assert check(practice.recorder) == before
    starts_over = place in ("taken over, no manifest", "live, the manifest not removed")
    assert len(begun) == starts_over
    assert len(parts) == 6 - (0 if starts_over else len(done))
    assert len(done) == (0 if starts_over else EXPECTED_DONE.get(place, 6))
    live = state_of(practice.recorder)
    [spare] = [one for one in builds(practice.recorder.database) if one.build != live.build]
    assert spare.state == "spare"
    for table in TABLES:
        query = f"SELECT count(*) FROM caretrail.{table}_{spare.build}"
        assert practice.recorder.database.query(query) == [(0,)], "nothing is left behind"
    assert not folders(tmp_path)


EXPECTED_DONE = {
    "manifest written": 0, "second spill file not whole": 0, "two stretches split": 0,
    "first part about to be written": 0, "rows of the third part in an open transaction": 2, "four parts written": 4,
}  # fmt: skip


def test_spill_files_that_are_whole_are_used_again(practice: Care, store_url: str, tmp_path: Path) -> None:
    killed(store_url, "two stretches split")
    [folder] = folders(tmp_path)
    assert left_behind(folder) == ["0.events", "1.events"]
    with counted(jobs, "write_stretch") as written:
        rebuild(practice.recorder, sizes=SMALL)
    assert len(written) == 3
    assert check(practice.recorder).ok


@pytest.mark.parametrize(
    "name", ["program", "store", "rows", "build", "epoch", "packs", "position", "parts", "stretch"]
)
def test_a_manifest_for_something_else_starts_over(practice: Care, store_url: str, tmp_path: Path, name: str) -> None:
    killed(store_url, "four parts written")
    [folder] = folders(tmp_path)
    manifest = json.loads((folder / MANIFEST).read_text())
    other = 0 if name in ("parts", "stretch") else manifest[name] + (1 if isinstance(manifest[name], int) else "x")
    (folder / MANIFEST).write_text(json.dumps(manifest | {name: other}))
    with counted(run, "begin") as begun, counted(jobs, "add_part") as parts:
        rebuild(practice.recorder, sizes=SMALL)
    assert (len(begun), len(parts)) == (1, 6)
    assert check(practice.recorder).ok


@pytest.mark.parametrize("text", ["", "{", "[]", '{"program": 1}', "\0"])
def test_a_manifest_that_cannot_be_read_starts_over(practice: Care, store_url: str, tmp_path: Path, text: str) -> None:
    killed(store_url, "four parts written")
    [folder] = folders(tmp_path)
    (folder / MANIFEST).write_text(text)
    rebuild(practice.recorder, sizes=SMALL)
    assert check(practice.recorder).ok


def test_packs_that_changed_since_the_kill_judge_every_part(
    practice: Care, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed(store_url, "four parts written")
    monkeypatch.setattr("caretrail.readmodel.rebuild.folder.packs_digest", lambda: "other packs")
    with counted(jobs, "add_part") as parts:
        rebuild(practice.recorder, sizes=SMALL)
    assert len(parts) == 6


def test_what_was_recorded_since_the_kill_is_in_the_rows(practice: Care, store_url: str) -> None:
    killed(store_url, "four parts written")
    practice.record(copy_of_example("D-4", 3, 10))
    assert rebuild(practice.recorder, sizes=SMALL).behind == 0
    report = check(practice.recorder)
    assert (report.ok, report.episodes) == (True, 4)


def test_events_recorded_while_a_rebuild_runs_are_in_it(practice: Care, monkeypatch: pytest.MonkeyPatch) -> None:
    go_live = filling.go_live

    def late(*args: object) -> None:
        practice.record(copy_of_example("D-4", 3, 10))
        go_live(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(run, "go_live", late)
    assert rebuild(practice.recorder).behind == 0
    report = check(practice.recorder)
    assert (report.ok, report.episodes) == (True, 4)


# --- workers --------------------------------------------------------------------------------------------------------


def test_a_worker_that_is_ended_stops_the_rebuild_which_goes_on_later(
    practice: Care, store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = check(practice.recorder)
    with monkeypatch.context() as patch:
        patch.setattr(run, "make_part", rebuilds.make_part_and_die)
        with pytest.raises(StoreError, match="a worker of the rebuild was ended") as stopped:
            rebuild(practice.recorder, sizes=SMALL, workers=Workers(store_url, 2))
    assert stopped.value.hint == "run it again: it goes on where it stopped"
    assert check(practice.recorder) == before
    [folder] = folders(tmp_path)
    assert not left_behind(folder), "no event stays on disk"
    with counted(run, "begin") as begun:
        rebuild(practice.recorder, sizes=SMALL, workers=Workers(store_url, 2))
    assert not begun
    assert check(practice.recorder) == before


def test_an_error_of_a_worker_repeats_no_value(practice: Care, store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "make_part", rebuilds.fail_with_a_value)
    with pytest.raises(StoreError) as failed:
        rebuild(practice.recorder, sizes=SMALL, workers=Workers(store_url, 2))
    told = [str(failed.value), failed.value.hint, repr(failed.value.__cause__), repr(failed.value.__context__)]
    assert told[0] == "a worker of the rebuild failed (ValueError)"
    assert "CaNaRy" not in " ".join(told)
    assert "secret" not in repr(Workers("postgresql://u:secret@host/db", 2))


def test_workers_end_with_the_process_that_started_them(practice: Care, store_url: str) -> None:
    ours, theirs = multiprocessing.Pipe(duplex=False)
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=rebuilds.rebuild_with_slow_workers, args=(store_url, theirs))
    process.start()
    theirs.close()
    pids = ours.recv()
    assert len(pids) == 2
    assert all(map(psutil.pid_exists, pids))
    process.kill()
    process.join()
    wait_until(lambda: not any(map(_runs, pids)), "the workers have ended")
    rebuild(practice.recorder, sizes=SMALL)
    assert check(practice.recorder).ok


def _runs(pid: int) -> bool:
    with suppress(psutil.NoSuchProcess):
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    return False


# --- two at once ----------------------------------------------------------------------------------------------------


def test_a_second_rebuild_of_a_store_is_refused_while_one_is_under_way(practice: Care) -> None:
    with (
        private_folder(practice.recorder),
        pytest.raises(StoreError, match="another rebuild of this store is under way"),
    ):
        rebuild(practice.recorder, sizes=SMALL)


def test_a_rebuild_elsewhere_takes_over_and_the_first_writes_no_more(
    practice: Care, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another machine has another folder; and a worker that outlived its rebuild finds another epoch."""
    add_part = filling.add_part
    before = check(practice.recorder)
    taken: list[State] = []

    def overtaken(*args: object) -> None:
        if not taken:
            taken.append(filling.begin(practice.recorder))
        add_part(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(jobs, "add_part", overtaken)
    with pytest.raises(StoreError, match="another rebuild took over"):
        rebuild(practice.recorder, sizes=SMALL)
    assert filling.parts_done(practice.recorder.database, taken[0]) == set()
    assert check(practice.recorder) == before


def test_a_part_that_is_written_stays_as_it_is(practice: Care, store_url: str) -> None:
    """An orphan of a killed rebuild and a worker of the resumed one write the same part at the same time."""
    rows = list(read_episodes(practice.recorder.database, state_of(practice.recorder).build))
    state = filling.begin(practice.recorder)

    def write(_: int) -> None:
        with open_recorder(store_url) as recorder:
            filling.add_part(recorder.database, state, 0, 129, rows)

    all_at_once(write, 3)
    query = f"SELECT count(*) FROM caretrail.episode_{state.build}"
    assert practice.recorder.database.query(query) == [(3,)]
    assert practice.recorder.database.query(f"SELECT events, episodes FROM caretrail.part_{state.build}") == [(129, 3)]


# --- compared before the switch -------------------------------------------------------------------------------------

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


@pytest.mark.parametrize("loss", LOSSES)
def test_rows_that_are_not_those_of_the_log_are_not_shown(
    practice: Care, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loss: str
) -> None:
    before, live = check(practice.recorder), state_of(practice.recorder)
    compare = complete.require_complete
    database = practice.recorder.database

    def compared(recorder: EventRecorder, state: State) -> None:
        assert database.execute(LOSSES[loss].format(build=state.build)) == 1
        compare(recorder, state)

    with monkeypatch.context() as patch:
        patch.setattr(run, "require_complete", compared)
        with pytest.raises(Incomplete):
            rebuild(practice.recorder, sizes=SMALL)
    assert state_of(practice.recorder) == live
    assert check(practice.recorder) == before
    with counted(run, "begin") as begun:
        rebuild(practice.recorder, sizes=SMALL)
    assert len(begun) == 1, "it does not go on with what was wrong"
    assert check(practice.recorder) == before


def test_an_episode_and_its_part_lost_together_are_missed_by_the_log(
    practice: Care, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tables and tally agree; the log has a stream more."""

    def make_others(site: jobs.Site, part: int) -> int:
        return 0 if part == _part_of(site, "B-2") else jobs.make_part(site, part)

    monkeypatch.setattr(run, "make_part", make_others)
    with pytest.raises(Incomplete):
        rebuild(practice.recorder, sizes=SMALL)


def _part_of(site: jobs.Site, episode: str) -> int:
    return site.manifest.split.part_of(episode_stream(site.recorder.namespace, episode).bytes)


def test_a_row_without_events_is_found(practice: Care, monkeypatch: pytest.MonkeyPatch) -> None:
    add_part = filling.add_part
    strange = UUID(int=2**128 - 1)

    def with_one_more(
        database: Database, state: State, part: int, events: int, rows: list[EpisodeRows], writing: Any
    ) -> None:
        extra = [replace(row, stream=strange) for row in rows if row.episode == "B-2"]
        add_part(database, state, part, events, [*rows, *extra], writing)

    with monkeypatch.context() as patch:
        patch.setattr(jobs, "add_part", with_one_more)
        with pytest.raises(Incomplete):
            rebuild(practice.recorder, sizes=SMALL)
    assert check(practice.recorder).ok


# --- what it leaves on disk -----------------------------------------------------------------------------------------


@pytest.fixture
def spied(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """The modes of the folder and of each spill file, once written."""
    seen: list[tuple[int, int]] = []
    write = spill.write_stretch

    def spy(folder: Path, split: Split, number: int, rows: object) -> None:
        write(folder, split, number, rows)  # type: ignore[arg-type]
        file = folder / f"{number}.events"
        seen.append((stat.S_IMODE(folder.stat().st_mode), stat.S_IMODE(file.stat().st_mode)))

    monkeypatch.setattr(jobs, "write_stretch", spy)
    return seen


def test_nobody_else_can_read_a_spill_file(practice: Care, spied: list[tuple[int, int]]) -> None:
    before = os.umask(0)
    try:
        rebuild(practice.recorder, sizes=SMALL)
    finally:
        os.umask(before)
    assert spied == [(0o700, 0o600)] * 5


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_an_interrupted_rebuild_leaves_no_event_on_disk_and_goes_on(
    practice: Care, tmp_path: Path, error: type[BaseException]
) -> None:
    told: list[int] = []

    def interrupt(done: int, _: int) -> None:
        told.append(done)
        if len(told) == 5 + 2:  # five stretches, two parts
            raise error

    before = check(practice.recorder)
    with pytest.raises(error):
        rebuild(practice.recorder, interrupt, sizes=SMALL)
    [folder] = folders(tmp_path)
    assert not left_behind(folder)
    assert check(practice.recorder) == before
    with counted(run, "begin") as begun, counted(jobs, "add_part") as parts:
        rebuild(practice.recorder, sizes=SMALL)
    assert not begun
    assert len(parts) == 4
    assert check(practice.recorder) == before
    assert not folders(tmp_path)


@pytest.mark.parametrize("made", ["readable", "link", "file"])
def test_a_folder_that_is_not_private_is_refused(practice: Care, tmp_path: Path, made: str) -> None:
    """In a folder for everybody another user may take the name first."""
    with private_folder(practice.recorder) as folder:
        pass
    assert not folder.exists()
    if made == "readable":
        folder.mkdir(mode=0o755)
    elif made == "link":
        (tmp_path / "elsewhere").mkdir(mode=0o700)
        folder.symlink_to(tmp_path / "elsewhere")
    else:
        folder.write_text("")
    with pytest.raises(StoreError):
        rebuild(practice.recorder, sizes=SMALL)
    assert check(practice.recorder).ok


def test_a_damaged_spill_file_stops_the_rebuild_and_the_next_one_splits_anew(
    practice: Care, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = spill.write_stretch

    def torn(folder: Path, split: Split, number: int, rows: object) -> None:
        write(folder, split, number, rows)  # type: ignore[arg-type]
        file = folder / f"{number}.events"
        file.write_bytes(b"\xff" + file.read_bytes()[1:])

    with monkeypatch.context() as patch:
        patch.setattr(jobs, "write_stretch", torn)
        with pytest.raises(StoreError, match="a spill file of the rebuild is damaged"):
            rebuild(practice.recorder, sizes=SMALL)
    rebuild(practice.recorder, sizes=SMALL)
    assert check(practice.recorder).ok


def test_progress_counts_up_to_all_events(practice: Care) -> None:
    seen: list[tuple[int, int]] = []
    rebuild(practice.recorder, lambda done, todo: seen.append((done, todo)), sizes=SMALL)
    assert [todo for _, todo in seen] == [129] * 11
    assert seen == sorted(seen)
    assert seen[-1][0] >= 128


def test_the_live_rows_hold_what_an_emptied_build_does_not(practice: Care) -> None:
    """The control of every comparison above: an empty build is not taken for the log."""
    empty_build(practice.recorder.database, state_of(practice.recorder).build)
    assert not check(practice.recorder).ok
    assert practice.recorder.database.query(f"SELECT count(*) FROM {live_table(practice.recorder.database, 'part')}")


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
