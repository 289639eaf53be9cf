"""Instructions per event of decoding, judging and making rows, counted by valgrind: they repeat where seconds do not.

    python -m tests.bench.instructions --keep

counts, and keeps the figures for this version of Python in `instructions.toml`, which `test_instructions.py` reads.
They are of CPython as its own `./configure && make` builds it; one optimized by a profile needs a tenth fewer.

Each kind of work is done in a process of its own. Its instructions are those of the process less those of one that does
nothing: both begin as copies of a process in which everything has been loaded, and done a few times, before.
"""

from __future__ import annotations

import gc
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from caretrail.episode.entry import Entry, StoredPayload
from caretrail.episode.episode import Episode
from caretrail.episode.history import effective_history
from caretrail.events.codec import payload_of, read_event, stored_name
from caretrail.findings.chart.contradictions import read_chart
from caretrail.findings.judge import judge
from caretrail.policy import load_policy
from caretrail.readmodel.compute import rows_of
from tests.bench import rules
from tests.support.example import example

NOTHING, DECODE, HISTORY, JUDGE, ROWS = "nothing", "decode", "history", "judge", "rows"
SLOWER = "judge, with its history and chart made twice"
COMPARE = "compare each event with all others"
SIZES = (150, 300, 600)
"""Events of the episodes by which judging is seen to grow no faster than they do; the work on them is `name size`."""


class Work(NamedTuple):
    """What is done on so many events, so many times before it is counted and so many times then."""

    events: int
    do: Callable[[], object]
    warmed_up: int = 3
    """The interpreter replaces what it has done some times by quicker forms."""
    repeated: int = 3


KEPT = Path(__file__).with_suffix(".toml")
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
ROOT = Path(__file__).parents[2]
_COUNT = re.compile(r"==(\d+)== I\s+refs:\s+([\d,]+)")
_DONE = re.compile(r"^process (\d+), (\d+) events: (.+)$", re.MULTILINE)


def can_count() -> bool:
    """Whether valgrind is here to count."""
    return shutil.which("valgrind") is not None


def kept() -> Mapping[str, int] | None:
    """The instructions per event of each kind of work, as kept for this version of Python, if they are."""
    return tomllib.loads(KEPT.read_text(encoding="utf-8")).get(PYTHON)


def counted() -> dict[str, float]:
    """The instructions per event of each kind of work, on this machine."""
    valgrind = ["valgrind", "--tool=cachegrind", "--cache-sim=no", f"--cachegrind-out-file={os.devnull}"]
    # with one seed the words of a set have one order, and take one path through a dict
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    ran = subprocess.run(
        [*valgrind, sys.executable, "-m", "tests.bench.instructions"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    totals = {process: int(count.replace(",", "")) for process, count in _COUNT.findall(ran.stderr)}
    done = {name: (totals[process], int(events)) for process, events, name in _DONE.findall(ran.stdout)}
    nothing, _ = done.pop(NOTHING)
    return {name: (total - nothing) / events for name, (total, events) in done.items()}


def keep(counts: Mapping[str, float]) -> None:
    """Keep figures for this version of Python beside those for others."""
    figures = tomllib.loads(KEPT.read_text(encoding="utf-8"))
    figures[PYTHON] = {name: round(counts[name]) for name in (DECODE, HISTORY, JUDGE, ROWS)}
    lines = ["# Instructions per event, by version of Python: python -m tests.bench.instructions --keep"]
    for version, values in sorted(figures.items()):
        lines += ["", f'["{version}"]', *(f"{name} = {value:_}" for name, value in values.items())]
    KEPT.write_text("\n".join(lines) + "\n", encoding="utf-8")


def kinds_of_work() -> dict[str, Work]:
    """Each kind of work by name."""
    policy = load_policy(rules.POLICY)
    at = datetime(2026, 6, 1, tzinfo=UTC)
    entries: list[Entry] = [
        Entry(number, number, event, at, "loader") for number, event in enumerate(example(), start=1)
    ]
    stored = [StoredPayload(stored_name(entry.event), payload_of(entry.event)) for entry in entries]
    history = effective_history(entries)
    episode = Episode(UUID(int=1))
    for entry in entries:
        episode.evolve(entry)
    charts = {size: rules.chart(size) for size in SIZES}

    def decode() -> None:
        for content in stored:
            Entry(1, 1, read_event(content.name, content.payload), at, "loader")

    def judge_slowly() -> None:
        read_chart(effective_history(entries), policy)
        judge(history, policy)

    def judge_of(size: int) -> None:
        judge(charts[size], policy)

    def compare(size: int) -> None:
        sum(one is other for one in charts[size] for other in charts[size])

    each = len(entries)
    # what judging grows by is compared with itself, so it need not be the same to the last instruction
    growing = {f"{JUDGE} {size}": Work(size, partial(judge_of, size), 1, 1) for size in SIZES}
    growing |= {f"{COMPARE} {size}": Work(size, partial(compare, size), 1, 1) for size in SIZES}
    return {
        NOTHING: Work(each, lambda: None),
        DECODE: Work(each, decode),
        HISTORY: Work(each, lambda: effective_history(entries)),
        JUDGE: Work(each, lambda: judge(history, policy)),
        # the episode keeps its history: what is counted is to judge it, and to make rows of the judgment
        ROWS: Work(each, lambda: rows_of(episode)),
        SLOWER: Work(each, judge_slowly),
        **growing,
    }


def do_each() -> None:
    """Do each kind of work in a process of its own, and print which process did what, on how many events in all."""
    gc.disable()  # when garbage is collected depends on everything that ran before
    works = kinds_of_work()
    for work in works.values():
        for _ in range(work.warmed_up):
            work.do()
    for name, work in works.items():
        child = os.fork()
        if child == 0:
            for _ in range(work.repeated):
                work.do()
            os._exit(0)
        os.waitpid(child, 0)
        print(f"process {child}, {work.events * work.repeated} events: {name}", flush=True)


if __name__ == "__main__":
    if "--keep" in sys.argv[1:]:
        keep(counted())
    else:
        do_each()
