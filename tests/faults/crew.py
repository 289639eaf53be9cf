"""Writers in processes of their own, which can be killed at any moment and replaced at once."""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from multiprocessing import forkserver
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerProcess
from types import TracebackType
from typing import Any, Self

import pytest

from tests.faults.calls import Kind, Receipts, Said, Task, write

PATIENCE = 60.0
"""Seconds within which a condition must come true; it only ends a run that hangs."""

_forking = multiprocessing.get_context("forkserver")
_forking.set_forkserver_preload(
    [
        "tests.faults.calls",
        "tests.faults.projectors",
        "caretrail.log.postgresql.recorder",
        "caretrail.log.sqlite.recorder",
    ]
)


def start_process(body: Callable[..., None], *args: Any) -> ForkServerProcess:
    """Start a process that has everything imported already."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))  # the server of forks looks nowhere else
        forkserver.ensure_running()
    process = _forking.Process(target=body, args=args, daemon=True)
    process.start()
    return process


@dataclass(slots=True)
class _Writer:
    kind: Kind
    process: ForkServerProcess
    pipe: Connection[Said, Said]
    life: int = 0
    following: int = 0


class Crew:
    """Writers at work. `heard` is told what each says of its calls, in the order in which it says it."""

    def __init__(self, task: Task, kinds: Iterable[Kind], heard: Callable[[int, int, Receipts | str | None], None]):
        self._task = task
        self._heard = heard
        self.writers = [self._start(kind, number, 0) for number, kind in enumerate(kinds)]

    @property
    def is_at_work(self) -> bool:
        """Whether a writer is left: one ends after an error."""
        return any(not writer.pipe.closed for writer in self.writers)

    def wait_for(self, calls: dict[int, int]) -> None:
        """Wait until each of these writers has had so many calls acknowledged in its life."""
        deadline = time.monotonic() + PATIENCE
        while any(self.writers[number].life < wanted for number, wanted in calls.items()):
            self.listen(0.1)
            if time.monotonic() > deadline:
                raise TimeoutError("the writers do not get on")

    def listen(self, seconds: float = 0) -> None:
        """Hear what is said, waiting for it at most so long."""
        numbers = {writer.pipe: number for number, writer in enumerate(self.writers) if not writer.pipe.closed}
        for pipe in wait(list(numbers), seconds):
            for connection, number in numbers.items():
                if connection is pipe:
                    self._hear(number)

    def kill(self, numbers: Iterable[int]) -> None:
        """Kill these at once by SIGKILL, then hear what each had said."""
        dying = [self.writers[number] for number in numbers]
        for writer in dying:
            writer.process.kill()
        for number in numbers:
            writer = self.writers[number]
            while not writer.pipe.closed:
                self._hear(number)
            writer.process.join()

    def replace(self, number: int, again: int) -> None:
        """Start a writer in place of a killed one; it begins by sending so many acknowledged calls again."""
        old = self.writers[number]
        self.writers[number] = self._start(old.kind, number, max(0, old.following - again))

    def following(self, number: int) -> int:
        """The call after the last acknowledged one."""
        return self.writers[number].following

    def _start(self, kind: Kind, number: int, first: int) -> _Writer:
        ours, theirs = _forking.Pipe(duplex=False)
        process = start_process(write, self._task, kind, number, first, theirs)
        theirs.close()
        return _Writer(kind, process, ours, following=first)

    def _hear(self, number: int) -> None:
        writer = self.writers[number]
        try:
            call, said = writer.pipe.recv()
        except EOFError:
            writer.pipe.close()
            return
        if isinstance(said, list):
            writer.life += 1
            writer.following = max(writer.following, call + 1)
        self._heard(number, call, said)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for writer in self.writers:
            writer.process.kill()
            writer.process.join()
            writer.pipe.close()
