"""The book of a run: what writers were told against what the log holds, without holding the log in memory."""

from __future__ import annotations

from collections.abc import Collection
from typing import TypeAlias

from caretrail.log import EventRecorder, RecordedEvent, leaf_hash
from caretrail.log.records import Log
from tests.faults.calls import Receipts, Task
from tests.faults.counts import Counts

Key: TypeAlias = tuple[int, int]
"""Writer and number of a call."""

KEPT = 50
"""Calls of a writer that are remembered after they were confirmed, to be compared when they are sent again."""

WRONG = ("lost", "partial", "duplicates", "other receipts", "gaps", "false errors")


class Book:
    """Reads a log as a follower does, from above a position, and compares it with what was acknowledged."""

    def __init__(
        self, task: Task, recorder: EventRecorder, counts: Counts, log: Log = Log.EVENTS, start: int = 0
    ) -> None:
        self._log = log
        self._task = task
        self._recorder = recorder
        self.counts = counts
        self.position = start
        self._told: dict[Key, Receipts] = {}
        self._stored: dict[Key, Receipts] = {}
        self._confirmed: dict[Key, Receipts] = {}
        self._newest: dict[int, int] = {}
        self._open: tuple[Key, Receipts] | None = None

    def hear(self, writer: int, number: int, said: Receipts | str | None) -> None:
        """Take down what a writer says of a call."""
        key = (writer, number)
        if said is None:
            self.counts.done["unreachable, sent again"] += 1
        elif isinstance(said, str):
            self.counts.wrong["false errors"] += 1
        elif key in self._confirmed:
            self.counts.done["calls sent again"] += 1
            self._compare(self._confirmed[key], said)
        elif key in self._told:
            self.counts.done["calls sent again"] += 1
            self._compare(self._told[key], said)
        else:
            self.counts.done["acknowledged calls"] += 1
            self._told[key] = said
            if key in self._stored:
                self._confirm(key)

    def read(self, limit: int = 1000) -> None:
        """Read the log to its end; then everything acknowledged before must have been in it."""
        while events := self._recorder.read_log(self.position, limit=limit, log=self._log):
            for event in events:
                self._take(event)
        self._end_call()

    def confirm_all(self) -> None:
        """What was acknowledged before the last reading and was not found is lost."""
        self.counts.wrong["lost"] += len(self._told)
        self._told.clear()

    def unacknowledged(self, writers: Collection[int]) -> int:
        """How many calls of these are stored although they have not been told so: cut off between commit and answer."""
        return sum(writer in writers for writer, _ in self._stored)

    def _take(self, event: RecordedEvent) -> None:
        if event.position != self.position + 1:
            self.counts.wrong["gaps"] += 1
        self.position = event.position
        self.counts.done["events"] += 1
        source, _, command = event.command_id.rpartition("/")
        number, _, place = command.partition(".")
        key = (int((source or event.source).removeprefix("w")), int(number))
        if self._open is None or self._open[0] != key:
            self._end_call()
            self._open = (key, [])
        receipts = self._open[1]
        if int(place) != len(receipts):
            self.counts.wrong["partial"] += 1
        receipts.append((event.position, leaf_hash(event, self._log).hex() if self._task.receipts else ""))

    def _end_call(self) -> None:
        if self._open is None:
            return
        (writer, number), receipts = self._open
        self._open = None
        if number <= self._newest.get(writer, -1):
            self.counts.wrong["duplicates"] += 1
        self._newest[writer] = max(number, self._newest.get(writer, -1))
        if len(receipts) != self._task.size(writer, number):
            self.counts.wrong["partial"] += 1
        self._stored[writer, number] = receipts
        if (writer, number) in self._told:
            self._confirm((writer, number))

    def _confirm(self, key: Key) -> None:
        stored = self._stored.pop(key)
        self._compare(stored, self._told.pop(key))
        self._confirmed[key] = stored
        self._confirmed.pop((key[0], key[1] - KEPT), None)

    def _compare(self, stored: Receipts, told: Receipts) -> None:
        if told and told != stored:
            self.counts.wrong["other receipts"] += 1
