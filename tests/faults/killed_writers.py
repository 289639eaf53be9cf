"""Fault: writers are killed (SIGKILL) at any moment while others go on; then the same commands are sent again."""

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
from tests.support.stores import run_sql

KINDS: Sequence[Kind] = ("rows", "events", "rows", "events")
VIEWERS: Sequence[Kind] = ("accesses",) * 4
TORN: Sequence[Kind] = ("torn",) * 4
"""The control: a call is acknowledged before it is kept, and its events are kept one by one."""

VICTIMS = 2
STAYS = "stays without their admission"
AGAIN = 2
"""Acknowledged calls a replacement sends again before it goes on with the one that was cut off."""


def run(
    url: str, seed: int, cycles: int, kinds: Sequence[Kind] = KINDS, progress: Callable[[int], None] = lambda _: None
) -> Counts:
    """Kill two of four writers in each cycle; each victim has had some calls acknowledged in its life."""
    counts, random, task = Counts.of(*WRONG, STAYS), Random(seed), Task(url, seed)
    with open_recorder(url) as recorder:
        book = Book(task, recorder, counts, Log.ACCESSES if kinds == VIEWERS else Log.EVENTS)
        with Crew(task, kinds, book.hear) as crew:
            for cycle in range(cycles):
                victims = random.sample(range(len(kinds)), VICTIMS)
                crew.wait_for({victim: AGAIN + random.randint(0, 2) for victim in victims})
                time.sleep(random.uniform(0, 0.004))  # anywhere within a call; nothing waits for it
                crew.kill(victims)
                counts.done["cycles"] += 1
                counts.done["kills"] += len(victims)
                book.read()
                book.confirm_all()
                counts.done["stored, not acknowledged"] += book.unacknowledged(victims)
                for victim in victims:
                    crew.replace(victim, AGAIN)
                progress(cycle + 1)
            crew.wait_for(dict.fromkeys(range(len(kinds)), AGAIN + 1))  # what was cut off has been sent again
            crew.kill(range(len(kinds)))
        book.read()
        book.confirm_all()
    counts.wrong[STAYS] = _stays_without_admission(url)
    return counts


def _stays_without_admission(url: str) -> int:
    """How many stays there are beside the admissions they came with, or admissions without theirs."""
    admissions = "SELECT count(*) FROM caretrail.log WHERE name LIKE 'admitted/%'"
    [(difference,)] = run_sql(url, f"SELECT abs((SELECT count(*) FROM caretrail.stay) - ({admissions}))")
    return int(str(difference))
