"""`caretrail projection rebuild` as a process that is ended: by SIGTERM it goes in order, by SIGKILL at any moment."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from random import Random

import psutil  # type: ignore[import-untyped]  # its stubs are a package of their own
import pytest

from caretrail.log import EventRecorder, init_store, open_recorder
from caretrail.reading.gate import unrecorded
from caretrail.reading.query import Query
from caretrail.reading.questions.census import OpenEpisodes
from caretrail.reading.reader import Reader
from caretrail.readmodel.check import check
from caretrail.readmodel.rebuild.filling import parts_done
from caretrail.readmodel.rebuild.folder import FOLDER_VARIABLE
from caretrail.readmodel.schema import State, read_state
from caretrail.readmodel.upkeep import catch_up
from caretrail.simulation import nation, simulate
from caretrail.simulation.filling import fill
from tests.support.servers import wait_until

from .rebuilds import runs

pytestmark = pytest.mark.slow

EPISODES = 40
PARTS = 12
"""At least: of a log of about 2,000 events."""
LAST = date(2025, 12, 31)
NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)

SMALL_PARTS = """
import sys
from caretrail.cli.main import main
from caretrail.readmodel.rebuild import run
if __name__ == "__main__":
    run.rebuild.__kwdefaults__["sizes"] = run.Sizes(small=0, stretch=1024, part=150)
    sys.exit(main())
"""
"""The command as it is installed, with parts so small that a small log has many."""


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A made-up practice with current rows; spill files go into a folder of the test's own."""
    found = str(tmp_path / "demo.db") if request.param == "sqlite" else request.getfixturevalue("empty_postgres_url")
    init_store(found, demo=True)
    with open_recorder(found) as recorder:
        fill(recorder, simulate(nation(EPISODES, LAST), EPISODES, 1), lambda _done, _arrival: None)
        catch_up(recorder)
    (tmp_path / "spill").mkdir(mode=0o700)
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "spill"))
    (tmp_path / "command.py").write_text(SMALL_PARTS)
    return str(found)


def rebuilding(url: str, folder: Path, workers: int = 2) -> subprocess.Popen[str]:
    asked = ["--db", url, "projection", "rebuild", "--workers", str(workers)]
    command = [sys.executable, str(folder / "command.py"), *asked]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@contextmanager
def watching(url: str) -> Generator[Counter[str]]:
    """Ask for the census all the while; how often each answer came."""
    answers: Counter[str] = Counter()
    done = threading.Event()

    def watch() -> None:
        with open_recorder(url) as recorder:
            while not done.is_set():
                reader = Reader(recorder, NOW, access=unrecorded, write=False)
                answers[repr(sorted(reader.ask(OpenEpisodes(Query(LAST))).value.items()))] += 1
                time.sleep(0.02)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield answers
    finally:
        done.set()
        thread.join()


@contextmanager
def held_up(recorder: EventRecorder, process: subprocess.Popen[str]) -> Generator[int]:
    """Hold up whoever writes parts, once one is written; how many are then, 0 if the rebuild has ended before."""
    until = time.monotonic() + 30
    while process.poll() is None:
        assert time.monotonic() < until, "no part is written"
        with recorder.database.transaction():
            if recorder.database.dialect == "postgresql":
                recorder.database.execute("LOCK TABLE caretrail.part_v1a, caretrail.part_v1b IN EXCLUSIVE MODE")
            filling = read_state(recorder.database, "filling")
            if filling is not None and (done := len(parts_done(recorder.database, filling))):
                yield done
                return
        time.sleep(0.002)
    yield 0


def terminated(recorder: EventRecorder, url: str, folder: Path) -> tuple[int, str]:
    """Terminate a rebuild of which some parts are written; its exit status, and what it said."""
    for _ in range(5):
        with rebuilding(url, folder) as process:
            with held_up(recorder, process) as done:
                workers = [one.pid for one in psutil.Process(process.pid).children(recursive=True)] if done else []
                process.send_signal(signal.SIGTERM)  # it takes effect before the next part is counted
            _, said = process.communicate(timeout=30)
        if done:
            wait_until(partial(_ended, workers), "the workers have ended")
            filling = read_state(recorder.database, "filling")
            assert filling is not None
            assert done <= len(parts_done(recorder.database, filling)) < PARTS, "the rest is left for the next time"
            return process.returncode, said
    raise AssertionError("each rebuild ended before it could be terminated")


def _ended(processes: list[int]) -> bool:
    return not any(map(runs, processes))


def completed(recorder: EventRecorder, url: str, folder: Path) -> State:
    """The rows that readers see after a rebuild that nobody ends."""
    with rebuilding(url, folder, workers=1) as process:
        said, _ = process.communicate(timeout=60)
    assert (process.returncode, said.split()[:3]) == (0, ["Current", "through", f"@{recorder.max_position()}"])
    live = read_state(recorder.database)
    assert live is not None
    return live


def test_a_rebuild_that_is_ended_goes_on_and_readers_notice_nothing(url: str, tmp_path: Path) -> None:
    """Given a rebuild that is terminated, then the next one goes on where it was; given one that is killed at any
    moment, then the next one's rows are right, too; meanwhile each list says what it said.
    """
    random = Random()  # noqa: S311  # no secrets; any moment must do
    with open_recorder(url) as recorder, watching(url) as answers:
        before = check(recorder)
        assert terminated(recorder, url, tmp_path) == (
            143, "Terminated. Completed writes were kept; there are no partial writes.\n"
        )  # fmt: skip  # two lines
        [spilled] = (tmp_path / "spill").iterdir()
        assert not list(spilled.glob("*.events")), "no event stays on disk"
        begun = read_state(recorder.database, "filling")
        assert begun is not None
        live = completed(recorder, url, tmp_path)
        assert (live.build, live.epoch) == (begun.build, begun.epoch), "it did not start over"
        assert check(recorder) == before
        with rebuilding(url, tmp_path) as process:
            time.sleep(random.uniform(0.4, 2))
            process.kill()
        assert read_state(recorder.database) is not None
        completed(recorder, url, tmp_path)
        assert check(recorder) == before
        assert not list((tmp_path / "spill").iterdir())
    assert len(answers) == 1
    assert answers.total() > 20
