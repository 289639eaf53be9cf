"""A rebuild that was killed goes on where it was: no part is lost or written twice; so does one without its workers."""

from __future__ import annotations

import json
import multiprocessing
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # its stubs are a package of their own
import pytest

from caretrail.errors import StoreError
from caretrail.log import EventRecorder
from caretrail.readmodel.check import check
from caretrail.readmodel.rebuild import Workers, filling, jobs, rebuild, run
from caretrail.readmodel.rebuild.folder import MANIFEST
from caretrail.readmodel.schema import TABLES, builds, read_state
from tests.support.care import Care
from tests.support.example import copy_of_example
from tests.support.servers import wait_until

from . import rebuilds
from .rebuilds import KILLS, SMALL, counted, folders, killed, left_behind, runs, state_of

# --- killed -----------------------------------------------------------------------------------------------------------


def _other_packs(_: EventRecorder) -> str:
    """What digests the packs of a store, as if they had changed."""
    return "other packs"


@pytest.mark.slow
@pytest.mark.parametrize("place", KILLS)
def test_a_killed_rebuild_goes_on_where_it_was(projected: Care, store_url: str, tmp_path: Path, place: str) -> None:
    """When it is killed, readers see the old rows or, once it is live, the new ones; nothing is done twice."""
    before = check(projected.recorder)
    killed(store_url, place)
    assert check(projected.recorder) == before
    filling_now = read_state(projected.recorder.database, "filling")
    done = filling.parts_done(projected.recorder.database, filling_now) if filling_now else set[int]()
    with counted(jobs, "add_part") as parts, counted(run, "begin") as begun:
        rebuild(projected.recorder, sizes=SMALL)
    assert check(projected.recorder) == before
    starts_over = place in ("taken over, no manifest", "live, the manifest not removed")
    assert len(begun) == starts_over
    assert len(parts) == 6 - (0 if starts_over else len(done))
    assert len(done) == (0 if starts_over else EXPECTED_DONE.get(place, 6))
    live = state_of(projected.recorder)
    [spare] = [one for one in builds(projected.recorder.database) if one.build != live.build]
    assert spare.state == "spare"
    for table in TABLES:
        query = f"SELECT count(*) FROM caretrail.{table}_{spare.build}"
        assert projected.recorder.database.query(query) == [(0,)], "nothing is left behind"
    assert not folders(tmp_path)


EXPECTED_DONE = {
    "manifest written": 0, "second spill file not whole": 0, "two stretches split": 0,
    "first part about to be written": 0, "rows of the third part in an open transaction": 2, "four parts written": 4,
}  # fmt: skip


@pytest.mark.slow
def test_spill_files_that_are_whole_are_used_again(projected: Care, store_url: str, tmp_path: Path) -> None:
    killed(store_url, "two stretches split")
    [folder] = folders(tmp_path)
    assert left_behind(folder) == ["0.events", "1.events"]
    with counted(jobs, "write_stretch") as written:
        rebuild(projected.recorder, sizes=SMALL)
    assert len(written) == 3
    assert check(projected.recorder).ok


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["program", "store", "rows", "build", "epoch", "packs", "position", "parts", "stretch"]
)
def test_a_manifest_for_something_else_starts_over(projected: Care, store_url: str, tmp_path: Path, name: str) -> None:
    killed(store_url, "four parts written")
    [folder] = folders(tmp_path)
    manifest = json.loads((folder / MANIFEST).read_text())
    other = 0 if name in ("parts", "stretch") else manifest[name] + (1 if isinstance(manifest[name], int) else "x")
    (folder / MANIFEST).write_text(json.dumps(manifest | {name: other}))
    with counted(run, "begin") as begun, counted(jobs, "add_part") as parts:
        rebuild(projected.recorder, sizes=SMALL)
    assert (len(begun), len(parts)) == (1, 6)
    assert check(projected.recorder).ok


@pytest.mark.slow
@pytest.mark.parametrize("text", ["", "{", "[]", '{"program": 1}', "\0"])
def test_a_manifest_that_cannot_be_read_starts_over(projected: Care, store_url: str, tmp_path: Path, text: str) -> None:
    killed(store_url, "four parts written")
    [folder] = folders(tmp_path)
    (folder / MANIFEST).write_text(text)
    rebuild(projected.recorder, sizes=SMALL)
    assert check(projected.recorder).ok


@pytest.mark.slow
def test_packs_that_changed_since_the_kill_judge_every_part(
    projected: Care, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed(store_url, "four parts written")
    monkeypatch.setattr("caretrail.readmodel.rebuild.folder.packs_digest", _other_packs)
    with counted(jobs, "add_part") as parts:
        rebuild(projected.recorder, sizes=SMALL)
    assert len(parts) == 6


def test_what_was_recorded_since_the_kill_is_in_the_rows(projected: Care, store_url: str) -> None:
    killed(store_url, "four parts written")
    projected.record(copy_of_example("D-4", 3, 10))
    assert rebuild(projected.recorder, sizes=SMALL).behind == 0
    report = check(projected.recorder)
    assert (report.ok, report.episodes) == (True, 4)


def test_events_recorded_while_a_rebuild_runs_are_in_it(projected: Care, monkeypatch: pytest.MonkeyPatch) -> None:
    go_live = filling.go_live

    def late(*args: object) -> None:
        projected.record(copy_of_example("D-4", 3, 10))
        go_live(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(run, "go_live", late)
    assert rebuild(projected.recorder).behind == 0
    report = check(projected.recorder)
    assert (report.ok, report.episodes) == (True, 4)


# --- workers ----------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_worker_that_is_ended_stops_the_rebuild_which_goes_on_later(
    projected: Care, store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = check(projected.recorder)
    with monkeypatch.context() as patch:
        patch.setattr(run, "make_part", rebuilds.make_part_and_die)
        with pytest.raises(StoreError, match="a worker of the rebuild was ended") as stopped:
            rebuild(projected.recorder, sizes=SMALL, workers=Workers(store_url, 2))
    assert stopped.value.hint == "run it again: it goes on where it stopped"
    assert check(projected.recorder) == before
    [folder] = folders(tmp_path)
    assert not left_behind(folder), "no event stays on disk"
    with counted(run, "begin") as begun:
        rebuild(projected.recorder, sizes=SMALL, workers=Workers(store_url, 2))
    assert not begun
    assert check(projected.recorder) == before


@pytest.mark.slow
def test_an_error_of_a_worker_repeats_no_value(
    projected: Care, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "make_part", rebuilds.fail_with_a_value)
    with pytest.raises(StoreError) as failed:
        rebuild(projected.recorder, sizes=SMALL, workers=Workers(store_url, 2))
    told = [str(failed.value), failed.value.hint, repr(failed.value.__cause__), repr(failed.value.__context__)]
    assert told[0] == "a worker of the rebuild failed (ValueError)"
    assert "CaNaRy" not in " ".join(told)
    assert "secret" not in repr(Workers("postgresql://u:secret@host/db", 2))


@pytest.mark.slow
def test_workers_end_with_the_process_that_started_them(projected: Care, store_url: str) -> None:
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
    wait_until(lambda: not any(map(runs, pids)), "the workers have ended")
    rebuild(projected.recorder, sizes=SMALL)
    assert check(projected.recorder).ok
