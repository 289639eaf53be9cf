"""Fault: a commit does not wait for the standby as long as it should, and then the primary dies."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from random import Random

from caretrail.log import open_recorder
from caretrail.log.records import Log
from tests.faults.book import WRONG, Book
from tests.faults.calls import Kind, Task
from tests.faults.counts import Counts
from tests.faults.crew import Crew
from tests.faults.killed_writers import KINDS, VIEWERS
from tests.support.places import DISK
from tests.support.servers import Pair, synchronous_pair, url_of, wait_until

UNHEARD: Sequence[Kind] = ("unheard",) * 4
"""For the control: writers that do not look at how their commits were kept."""

AT_THE_END = 8
"""Waits that are cut short while the standby gets nothing more, before the primary is killed."""


def run(
    seed: int, cycles: int, kinds: Sequence[Kind] = KINDS, progress: Callable[[int], None] = lambda _: None
) -> Counts:
    """Cut waits short in each cycle; in the end let the standby, which lacks the last of them, take over."""
    counts, random = Counts.of(*WRONG), Random(seed)
    with synchronous_pair(DISK) as pair, open_recorder(pair.standby.url()) as recorder:
        task = Task(url_of(pair.primary, pair.standby), seed)
        book = Book(task, recorder, counts, Log.ACCESSES if kinds == VIEWERS else Log.EVENTS)
        everybody = range(len(kinds))
        with Crew(task, kinds, book.hear) as crew:
            crew.wait_for(dict.fromkeys(everybody, 1))
            for cycle in range(cycles):
                with pair.silent():
                    for _ in range(random.randint(1, 3)):
                        _cut_short(pair, random, counts)
                        crew.listen()
                counts.done["cycles"] += 1
                crew.wait_for({number: crew.writers[number].life + 1 for number in everybody})
                progress(cycle + 1)
            pair.standby.set("primary_conninfo", "")
            wait_until(lambda: not pair.primary.ask("SELECT 1 FROM pg_stat_replication"), "it is cut off")
            for _ in range(AT_THE_END):
                _cut_short(pair, random, counts)
                crew.listen(0.1)
            pair.fail_over()
            counts.done["failovers"] += 1
            crew.wait_for({number: crew.writers[number].life + 1 for number in everybody})
            crew.kill(everybody)
        book.read()
        book.confirm_all()
    return counts


def _cut_short(pair: Pair, random: Random, counts: Counts) -> None:
    """Cancel the wait of a commit, or end its session."""
    time.sleep(random.random() / 20)
    how = random.choice(["canceled", "session ended"])
    cut = pair.cancel("pg_cancel_backend" if how == "canceled" else "pg_terminate_backend")
    counts.done[f"waits cut short: {how}"] += len(cut)
