"""What work takes: wall seconds, CPU seconds, and the memory of a process with all those it started."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

CARETRAIL = Path(sys.executable).parent / "caretrail"
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
SAMPLE_SECONDS = 0.1


class Ran(NamedTuple):
    """What a command took: wall and CPU seconds, and the most megabytes that its processes held together."""

    wall: float
    cpu: float
    megabytes: float


def run(*arguments: object) -> Ran:
    """Run a command of Caretrail to its end, its output thrown away. Raises SystemExit if it fails."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    command = [str(CARETRAIL), *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        most = 0.0
        while process.poll() is None:
            most = max(most, megabytes_of(process.pid))
            time.sleep(SAMPLE_SECONDS if time.perf_counter() - began > 1 else SAMPLE_SECONDS / 20)
        said = process.stderr.read() if process.stderr is not None else ""
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}: {said[-500:]}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Ran(time.perf_counter() - began, cpu, most)


def megabytes_of(pid: int) -> float:
    """The memory of a process and its descendants, what they share counted once for each."""
    return sum(_resident(one) for one in family(pid)) * PAGE / 1e6


def family(pid: int) -> list[int]:
    """A process and its descendants, as far as they are there."""
    found, new = [pid], [pid]
    while new:
        new = [child for parent in new for child in _children(parent)]
        found += new
    return found


def _children(pid: int) -> list[int]:
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        return [int(child) for task in tasks for child in (task / "children").read_text().split()]
    except OSError:  # it has ended
        return []


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0


@dataclass
class ServerCpu:
    """CPU seconds of a database server while something was measured."""

    seconds: float = 0.0

    @classmethod
    @contextmanager
    def measured(cls, pid: int | None) -> Generator[ServerCpu]:
        """Measure a server, by its first process."""
        spent = cls()
        before = cpu_of_server(pid)
        yield spent
        spent.seconds = cpu_of_server(pid) - before


def cpu_of_server(pid: int | None) -> float:
    """CPU seconds of a server so far: of its processes that are there, and of those that ended."""
    return 0.0 if pid is None else sum(_cpu(one, ended=one == pid) for one in family(pid))


def _cpu(pid: int, *, ended: bool) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15] if ended else fields[11:13])) / TICKS


@contextmanager
def most_megabytes() -> Generator[list[float]]:
    """Sample the memory of this process meanwhile; the list ends with the most."""
    most = [megabytes_of(os.getpid())]
    done = threading.Event()

    def sample() -> None:
        while not done.wait(SAMPLE_SECONDS):
            most.append(max(most[-1], _resident(os.getpid()) * PAGE / 1e6))

    thread = threading.Thread(target=sample, daemon=True)
    thread.start()
    try:
        yield most
    finally:
        done.set()
        thread.join()


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which a share of some values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
