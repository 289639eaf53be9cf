"""Fault: a server process ends under writers: a backend or the postmaster is killed, or a sync of the disk fails."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from random import Random
from typing import Literal
from urllib.parse import urlsplit

from caretrail.log import open_recorder
from tests.faults.book import WRONG, Book
from tests.faults.calls import Task
from tests.faults.counts import Counts
from tests.faults.crew import Crew
from tests.faults.killed_writers import KINDS
from tests.support.servers import Server
from tests.support.stores import change_append, run_sql

Victim = Literal["backend", "postmaster", "sync"]


def failing_sync(number: int) -> list[str]:
    """How to trace a program whose sync of that number fails with EIO."""
    failing = f"inject=fsync,fdatasync:error=EIO:when={number}"
    return ["strace", "-qq", "-e", "trace=fsync,fdatasync", "-e", "signal=none", "-e", failing]


def run(
    server: Server, url: str, seed: int, cycles: int, victim: Victim, progress: Callable[[int], None] = lambda _: None
) -> Counts:
    """Kill in each cycle while every writer is at work, and go on when each has been acknowledged something again."""
    counts, random, task = Counts.of(*WRONG), Random(seed), Task(url, seed)
    everybody = range(len(KINDS))
    with open_recorder(url) as recorder:
        book = Book(task, recorder, counts)
        with Crew(task, KINDS, book.hear) as crew:
            crew.wait_for(dict.fromkeys(everybody, 1))
            for cycle in range(cycles):
                crew.wait_for({number: crew.writers[number].life + random.randint(1, 5) for number in everybody})
                if victim == "sync":
                    counts.done["syncs that failed"] += _fail_sync(server.backends(urlsplit(url).path[1:]))
                else:
                    _kill(server, url, victim, random)
                counts.done["cycles"] += 1
                crew.wait_for({number: crew.writers[number].life + 1 for number in everybody})
                server.wait_until_up()
                book.read()
                book.confirm_all()
                progress(cycle + 1)
            crew.kill(everybody)
        book.read()
        book.confirm_all()
    return counts


def take_guard_away(url: str) -> None:
    """For the control: `append` commits as its session is set to."""
    change_append(
        url, "set_config('synchronous_commit', 'local', true)", "set_config('synchronous_commit', 'off', true)"
    )


@contextmanager
def asynchronous(server: Server, url: str) -> Generator[None]:
    """Sessions of this database commit before they are on the disk, unless `append` sees to it."""
    run_sql(
        server.url(),
        "ALTER SYSTEM SET wal_writer_delay = '10s'",
        "ALTER SYSTEM SET wal_writer_flush_after = '1GB'",
        "SELECT pg_reload_conf()",
        f"ALTER DATABASE {urlsplit(url).path[1:]} SET synchronous_commit = off",
    )
    try:
        yield
    finally:
        run_sql(server.url(), "ALTER SYSTEM RESET ALL", "SELECT pg_reload_conf()")


def _kill(server: Server, url: str, victim: Victim, random: Random) -> None:
    if victim == "postmaster":
        server.kill_postmaster()
        return
    os.kill(random.choice(server.backends(urlsplit(url).path[1:])), signal.SIGKILL)


def can_fail_syncs() -> bool:
    """Whether the calls of a process can be made to fail here."""
    strace = shutil.which("strace")
    return strace is not None and subprocess.run([strace, "-qq", "-o", os.devnull, "true"], check=False).returncode == 0


def _fail_sync(backends: list[int]) -> int:
    """Let the next sync of each of these fail, as a broken disk does, and wait until they have ended of it."""
    with tempfile.NamedTemporaryFile() as trace:
        processes = [argument for backend in backends for argument in ("-p", str(backend))]
        command = [*failing_sync(1), "-o", trace.name, *processes]
        subprocess.run(command, check=False, stderr=subprocess.DEVNULL, timeout=60)
        return trace.read().count(b"INJECTED")
