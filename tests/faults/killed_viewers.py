"""Fault: who reads is killed (SIGKILL) at any moment while others append; nothing was shown without its record."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from random import Random

from caretrail.log import EventRecorder, open_recorder
from caretrail.log.records import Log
from tests.faults.book import WRONG as WRONG_OF_BOOK
from tests.faults.book import Book
from tests.faults.calls import Kind, Receipts, Task, send_viewed
from tests.faults.counts import Counts
from tests.faults.crew import Crew

KINDS: Sequence[Kind] = ("rows", "rows", "views", "views")
HASTY: Sequence[Kind] = ("rows", "rows", "hasty", "hasty")
"""The control: an answer is shown before its record is kept, and the record goes into the log of events."""

VIEWERS = (2, 3)
SHOWN = "shown without a record"
INVENTED = "records of nothing that was asked"
GAPS = "gaps in positions of accesses"
MOVED = "positions of events taken by accesses"
AHEAD = "accesses that stand on events not yet there"
WRONG = (SHOWN, INVENTED, GAPS, MOVED, AHEAD, *WRONG_OF_BOOK)


def run(
    url: str, seed: int, cycles: int, kinds: Sequence[Kind] = KINDS, progress: Callable[[int], None] = lambda _: None
) -> Counts:
    """Kill a viewer and a writer in each cycle; then read both logs on."""
    counts, random, task = Counts.of(*WRONG), Random(seed), Task(url, seed)
    with open_recorder(url) as recorder:
        send_viewed(task)
        book = Book(task, recorder, counts, start=recorder.max_position())
        viewings = Viewings(recorder, counts)

        def hear(number: int, call: int, said: Receipts | str | None) -> None:
            (viewings if number in VIEWERS else book).hear(number, call, said)

        with Crew(task, kinds, hear) as crew:
            for cycle in range(cycles):
                victims = [random.choice((0, 1)), random.choice(VIEWERS)]
                crew.wait_for({victim: 1 + random.randint(0, 2) for victim in victims})
                time.sleep(random.uniform(0, 0.004))  # anywhere within a call; nothing waits for it
                crew.kill(victims)
                counts.done["cycles"] += 1
                counts.done["kills"] += len(victims)
                for log in (book, viewings):
                    log.read()
                    log.confirm_all()
                counts.wrong[MOVED] += book.unacknowledged(VIEWERS)
                for victim in victims:
                    crew.replace(victim, again=0)
                progress(cycle + 1)
            crew.kill(range(len(kinds)))
        for log in (book, viewings):
            log.read()
            log.confirm_all()
        viewings.end()
    return counts


class Viewings:
    """The log of accesses against what viewers showed: whatever one of them shows must be on it by then."""

    def __init__(self, recorder: EventRecorder, counts: Counts) -> None:
        self._recorder = recorder
        self._counts = counts
        self._position = 0
        self._shown: set[str] = set()
        self._recorded: set[str] = set()
        self._asked: dict[int, int] = {}

    def hear(self, viewer: int, number: int, said: Receipts | str | None) -> None:
        """Take down that a viewer showed an answer."""
        if said is None:
            self._counts.done["unreachable, asked again"] += 1
        elif isinstance(said, str):
            self._counts.wrong["false errors"] += 1
        else:
            self._counts.done["answers shown"] += 1
            self._shown.add(f"w{viewer}/{number}")
            self._asked[viewer] = max(number, self._asked.get(viewer, 0))

    def read(self) -> None:
        """Read the log of accesses to its end."""
        while accesses := self._recorder.read_log(self._position, log=Log.ACCESSES):
            newest = self._recorder.max_position()
            for access in accesses:
                self._counts.wrong[GAPS] += access.position != self._position + 1
                self._position = access.position
                self._counts.done["accesses"] += 1
                stated = json.loads(access.state)
                self._recorded.add(stated["command"])
                self._counts.wrong[AHEAD] += stated["stood_on"]["position"] > newest

    def confirm_all(self) -> None:
        """What was shown before the last reading must be recorded."""
        self._counts.wrong[SHOWN] += len(self._shown - self._recorded)
        self._shown.clear()

    def end(self) -> None:
        """Once all are dead: what is recorded was asked for, at the latest by the question that was under way."""
        for command in self._recorded:
            viewer, _, number = command.removeprefix("w").partition("/")
            self._counts.wrong[INVENTED] += int(number) > self._asked.get(int(viewer), -1) + 1
