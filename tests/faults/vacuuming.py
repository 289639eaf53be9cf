"""Fault: somebody tidies up the database while writers append and a reader follows: VACUUM, REINDEX, a checkpoint."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from itertools import count
from typing import Final

import psycopg

from caretrail.log import EventRecorder, leaf_hash, open_recorder
from tests.faults.book import WRONG, Book
from tests.faults.calls import Kind, Task
from tests.faults.counts import Counts
from tests.faults.crew import Crew
from tests.faults.killed_writers import KINDS
from tests.support.stores import run_sql

CHORES: Final[dict[str, Sequence[str]]] = {
    "sqlite": ("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)", "ANALYZE", "REINDEX", "PRAGMA optimize"),
    "postgresql": (
        "VACUUM (FREEZE, ANALYZE) caretrail.log",
        "VACUUM FULL caretrail.log",
        "CLUSTER caretrail.log USING log_pkey",
        "REINDEX SCHEMA caretrail",
        "VACUUM FULL",
        "CHECKPOINT",
    ),
}
"""What an administrator may run on a store in use; each of the big ones rewrites every row."""


def run(
    url: str, seed: int, rounds: int, kinds: Sequence[Kind] = KINDS, progress: Callable[[int], None] = lambda _: None
) -> Counts:
    """Do every chore so many times under four writers, each while the reader goes on reading."""
    counts = Counts.of(*WRONG, "skipped", "rows changed")
    chores = CHORES["sqlite" if url.startswith("sqlite") else "postgresql"]
    with open_recorder(url) as recorder, ThreadPoolExecutor(1) as administrator:
        book = Book(Task(url, seed), recorder, counts)
        with Crew(Task(url, seed), kinds, book.hear) as crew:
            for number in range(rounds):
                for chore in chores:
                    crew.wait_for({writer: crew.writers[writer].life + 1 for writer in range(len(kinds))})
                    book.read()
                    known = book.position, _digest(recorder, book.position)
                    _follow(administrator.submit(_do, url, chore), crew, book)
                    counts.done["chores"] += 1
                    counts.wrong["rows changed"] += known != (known[0], _digest(recorder, known[0]))
                progress(number + 1)
            crew.kill(range(len(kinds)))
        while book.position < recorder.max_position():
            book.read()
        book.confirm_all()
        [(stored,)] = run_sql(url, f"SELECT count(*) FROM caretrail.log WHERE position <= {book.position}")
        counts.wrong["skipped"] = int(str(stored)) - counts.done["events"]
    return counts


def _follow(chore: Future[int], crew: Crew, book: Book) -> None:
    """Hear the writers and read the log until the chore is done."""
    while not chore.done():
        crew.listen(0.001)
        book.read()
        book.counts.done["readings during a chore"] += 1
    book.counts.done["chores that gave way to an append, done again"] += chore.result()
    book.confirm_all()


def _do(url: str, chore: str) -> int:
    """Do a chore, again where the server ends it because it and an append wait for each other; return how often."""
    for given_way in count():
        with suppress(psycopg.errors.DeadlockDetected):
            run_sql(url, chore)
            return given_way
    raise AssertionError


def _digest(recorder: EventRecorder, upto: int) -> bytes:
    """Of every leaf up to a position: no column of any row is another."""
    return hashlib.sha256(b"".join(map(leaf_hash, recorder.read_log(0, upto, limit=upto)))).digest()
