"""Rebuilds in processes of their own: killed at a place of one's choice, or with workers that die or outlive them."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

import psutil  # type: ignore[import-untyped]  # its stubs are a package of their own
import pytest

from caretrail.log import EventRecorder, open_recorder
from caretrail.readmodel.rebuild import Workers, filling, jobs, rebuild, run, workers
from caretrail.readmodel.rebuild.folder import FOLDER_VARIABLE, MANIFEST
from caretrail.readmodel.rebuild.jobs import Site
from caretrail.readmodel.rebuild.run import Sizes
from caretrail.readmodel.schema import State, read_state
from tests.faults.crew import start_process

SMALL = Sizes(small=0, stretch=30, part=20)
"""So that a log of 129 events is split into five stretches and six parts."""


class Kill(NamedTuple):
    """A place in a rebuild: a function of a module, after so many calls of it, or before the last of them."""

    module: Any
    name: str
    calls: int = 1
    before: bool = False


KILLS = {
    "taken over, no manifest": Kill(run, "begin"),
    "manifest written": Kill(run, "write_manifest"),
    "second spill file not whole": Kill(os, "fsync", 5, before=True),
    "two stretches split": Kill(jobs, "write_stretch", 2),
    "first part about to be written": Kill(jobs, "add_part", before=True),
    "rows of the third part in an open transaction": Kill(filling, "add_rows", 3),
    "four parts written": Kill(jobs, "add_part", 4),
    "all parts written, the files not removed": Kill(jobs, "add_part", 6),
    "compared": Kill(run, "require_complete"),
    "findings of programs written": Kill(run, "refresh_groups"),
    "about to go live": Kill(run, "go_live", before=True),
    "live, the manifest not removed": Kill(run, "go_live"),
}


def rebuild_and_die(url: str, spill_folder: str, place: str) -> None:
    """Rebuild a store, and end by SIGKILL at a place of KILLS."""
    os.environ[FOLDER_VARIABLE] = spill_folder  # a process forked by a server has the environment of that server
    kill = KILLS[place]
    calls = 0
    work = getattr(kill.module, kill.name)

    def deadly(*args: Any, **more: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == kill.calls and kill.before:
            os.kill(os.getpid(), signal.SIGKILL)
        found = work(*args, **more)
        if calls == kill.calls:
            os.kill(os.getpid(), signal.SIGKILL)
        return found

    setattr(kill.module, kill.name, deadly)
    with open_recorder(url) as recorder:
        rebuild(recorder, sizes=SMALL)


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


def make_part_and_die(site: Site, part: int) -> int:
    """The job of a worker that the system ends in the middle of it."""
    if part == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return jobs.make_part(site, part)


def fail_with_a_value(site: Site, part: int) -> int:
    """The job of a worker that meets an error whose text holds a value of an event."""
    raise ValueError(f"CaNaRy {part} {site}")


def wait_for_ever(_site: Site, _part: int) -> int:
    """The job of a worker that is still at it when its parent ends."""
    time.sleep(600)
    return 0


def rebuild_with_slow_workers(url: str, pipe: Connection[Any, Any]) -> None:
    """Rebuild with workers that come to no end, and tell who they are."""
    with pytest.MonkeyPatch.context() as patch, open_recorder(url) as recorder:
        patch.setattr(run, "make_part", wait_for_ever)
        shared = workers.share_out

        def told(pool: Any, job: Any, numbers: Any) -> Iterator[int]:
            yield from shared(pool, job, numbers) if job is not wait_for_ever else _told(pool, job, numbers)

        def _told(pool: Any, job: Any, numbers: Any) -> Iterator[int]:
            found = shared(pool, job, numbers)
            pipe.send(list(pool._processes))
            yield from found

        patch.setattr(workers, "share_out", told)
        rebuild(recorder, workers=Workers(url, 2), sizes=SMALL)


@contextmanager
def counted(module: Any, name: str) -> Generator[list[Any]]:
    """The last argument of each call of a function, while it works on."""
    seen: list[Any] = []
    work: Callable[..., Any] = getattr(module, name)

    def counting(*args: Any) -> Any:
        seen.append(args[-1])
        return work(*args)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, name, counting)
        yield seen


def runs(pid: int) -> bool:
    """Whether a process is there, and not only waiting to be taken note of."""
    with suppress(psutil.NoSuchProcess):
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    return False
