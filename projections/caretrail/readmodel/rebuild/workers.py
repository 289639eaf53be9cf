"""Processes that do the jobs of a rebuild side by side, each with its own connection to the store.

They live no longer than the process that started them, however that one ends, and leave Ctrl-C to it. What
makes them is imported inside the functions: a list that catches up first works alone.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from caretrail.errors import CaretrailError, StoreError
from caretrail.log.recorder import EventRecorder
from caretrail.log.stores import open_recorder
from caretrail.readmodel.garbage import with_few_collections
from caretrail.readmodel.rebuild.folder import Manifest
from caretrail.readmodel.rebuild.jobs import Job, Site

if TYPE_CHECKING:
    from concurrent.futures import Future, ProcessPoolExecutor

RUN_AGAIN: Final = "run it again: it goes on where it stopped"


@dataclass(frozen=True, slots=True)
class Workers:
    """How many processes work side by side, and the url by which each opens the store.

    Each first imports the main module of the program, as `multiprocessing` does: let that do nothing when imported.
    """

    url: str = field(repr=False)
    count: int


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


Crew: TypeAlias = Callable[[Job, Iterable[int]], Iterator[int]]
"""Does a job for each number, in any order, and yields how many events each was about."""


@contextmanager
def crew(recorder: EventRecorder, folder: Path, manifest: Manifest, workers: Workers | None) -> Generator[Crew]:
    """Those who work on a rebuild: this process alone, or workers. Raises StoreError if one of them fails."""
    if workers is None or workers.count < 2:
        site = Site(recorder, folder, manifest, nullcontext())
        yield lambda job, numbers: (job(site, number) for number in numbers)
        return
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    context = multiprocessing.get_context("spawn")
    # of several writers in a file, SQLite lets all but one sleep and poll; a lock wakes the next one at once
    writing = context.Lock() if recorder.database.dialect == "sqlite" else nullcontext()
    pool = ProcessPoolExecutor(
        workers.count, mp_context=context, initializer=_begin, initargs=(workers.url, folder, manifest, writing)
    )
    try:
        yield partial(share_out, pool)
    except BrokenProcessPool:
        raise StoreError("a worker of the rebuild was ended", RUN_AGAIN) from None
    finally:
        pool.shutdown(cancel_futures=True)


def share_out(pool: ProcessPoolExecutor, job: Job, numbers: Iterable[int]) -> Iterator[int]:
    """Let the workers do a job for each number; yields as `Crew`."""
    from concurrent.futures import FIRST_COMPLETED, wait

    under_way: set[Future[int]] = {pool.submit(_perform, job, number) for number in numbers}
    while under_way:
        done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
        yield from (future.result() for future in done)


# --- in a worker ----------------------------------------------------------------------------------------------------

_site: Site


def _begin(url: str, folder: Path, manifest: Manifest, writing: AbstractContextManager[object]) -> None:
    """Make ready: open the store, and let the collector look rarely, and never at what is loaded now."""
    global _site  # what a worker is at is one for the process
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _site = Site(open_recorder(url), folder, manifest, writing)
    with_few_collections()


def _end_with_parent() -> None:
    """End at once when the process that started this one has ended; the database drops what was not committed."""
    from multiprocessing import parent_process

    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _perform(job: Job, number: int) -> int:
    """Do a job; an error travels as its text, which repeats no value."""
    try:
        return job(_site, number)
    except CaretrailError as error:
        raise StoreError(error.message, error.hint) from None
    except Exception as error:
        raise StoreError(f"a worker of the rebuild failed ({type(error).__name__})", RUN_AGAIN) from None
