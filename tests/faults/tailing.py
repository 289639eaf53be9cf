"""Fault: eight writers commit in any order while a reader follows the log by its position."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from caretrail.log import open_recorder
from tests.faults.book import Book
from tests.faults.calls import Kind, Task
from tests.faults.counts import Counts
from tests.faults.crew import Crew
from tests.support.stores import run_sql

WRITERS: Sequence[Kind] = ("rows",) * 8
WRONG = ("skipped", "duplicates", "gaps", "partial", "lost", "false errors")


def run(
    url: str, seed: int, events: int, *, largest: int = 3, progress: Callable[[int], None] = lambda _: None
) -> Counts:
    """Follow until so many events have been read; then what the log holds is what was read, each once."""
    counts = Counts.of(*WRONG)
    task = Task(url, seed, largest=largest, receipts=False, thinking=0)
    with open_recorder(url) as recorder:
        book = Book(task, recorder, counts)
        with Crew(task, WRITERS, book.hear) as crew:
            while counts.done["events"] < events and crew.is_at_work:
                crew.listen(0.001)
                book.read()
                counts.done["readings"] += 1
                progress(counts.done["events"])
            crew.kill(range(len(WRITERS)))
        while book.position < recorder.max_position():
            book.read()
        book.confirm_all()
        # a server may still finish what a killed writer asked for: what lies behind the reader was not skipped
        [(stored,)] = run_sql(url, f"SELECT count(*) FROM caretrail.log WHERE position <= {book.position}")
        counts.wrong["skipped"] = int(str(stored)) - counts.done["events"]
    return counts
