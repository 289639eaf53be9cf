"""Fault: the projector is killed (SIGKILL) in catch-up and in rebuild; the next one must end with the same rows."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from random import Random

from caretrail.commands.application import Commands
from caretrail.log import EventRecorder, open_recorder
from caretrail.readmodel.check import check
from caretrail.readmodel.rebuild import rebuild
from caretrail.readmodel.upkeep import catch_up
from tests.faults.counts import Counts
from tests.faults.crew import PATIENCE, start_process
from tests.faults.projectors import Work, project
from tests.support.care import NOW
from tests.support.example import copy_of_example

WRONG = ("rows unlike the log after a kill", "rows unlike a clean rebuild")
EVENTS = 20
"""Events of an episode recorded before each catch-up: four batches of five."""

EVERY = 5
"""Kills in a row before the rows are compared with the log: later ones meet what earlier ones left."""


def run(
    url: str,
    seed: int,
    cycles: int,
    work: Work,
    *,
    torn: bool = False,
    episodes: int = 6,
    progress: Callable[[int], None] = lambda _: None,
) -> Counts:
    """Kill a projector in each cycle at a random moment of its work; then let one finish and compare."""
    counts, random = Counts.of(*WRONG), Random(seed)
    with open_recorder(url) as recorder:
        commands = Commands(recorder, lambda: NOW)
        for number in range(episodes):
            commands.append(copy_of_example(f"F-{seed}-{number}"))
        catch_up(recorder)
        duration = 0.0
        for cycle in range(-1, cycles):  # the first one is let alone, to learn how long it takes here and now
            if work == "catch up":
                commands.append(copy_of_example(f"C-{seed}-{cycle + 1}", events=EVENTS))
            if cycle < 0:
                _, duration = _killed(url, work, torn, PATIENCE)
                continue
            finished, seconds = _killed(url, work, torn, random.uniform(0, 1.2 * duration))
            counts.done["finished before the kill" if finished else "killed at work"] += 1
            duration = seconds if finished else duration * 1.05
            if cycle % EVERY == EVERY - 1:
                counts.done["comparisons with the log"] += 1
                counts.wrong[WRONG[0]] += not check(recorder).ok
            progress(cycle + 1)
        _end(recorder, counts)
    return counts


def _killed(url: str, work: Work, torn: bool, after: float) -> tuple[bool, float]:
    """Start a projector and kill it so many seconds into its work; whether it was done first, and how long it took."""
    ours, theirs = multiprocessing.Pipe(duplex=False)
    process = start_process(project, url, work, torn, theirs)
    theirs.close()
    with ours:
        assert ours.recv() == "begun"
        begun = time.monotonic()
        finished = ours.poll(after)
        process.kill()
        process.join()
    return finished, time.monotonic() - begun


def _end(recorder: EventRecorder, counts: Counts) -> None:
    """What is there when the work is done at last, against what a rebuild makes that nobody disturbs."""
    catch_up(recorder)
    found = check(recorder)
    rebuild(recorder)
    clean = check(recorder)
    counts.done["comparisons with a clean rebuild"] += 1
    counts.done["events"] = recorder.max_position()
    counts.wrong[WRONG[1]] += not (clean.ok and found.live == clean.live)
