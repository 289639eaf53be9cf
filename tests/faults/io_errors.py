"""Fault: the disk fails while an SQLite store is written: a write, sync, truncation or deletion, once or for good.

Whoever was told that an event is recorded must find it, also if the power goes then; and a sync that failed may have
lost what it should have kept, although the next one succeeds.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from itertools import accumulate, count
from pathlib import Path
from random import Random
from typing import Final, Literal

from caretrail.errors import CaretrailError, StoreUnreachable
from caretrail.log import EventRecorder, RecordedEvent, init_store, leaf_hash, open_recorder
from caretrail.log.sqlite.database import SqliteDatabase
from tests.faults.calls import Task, events_of
from tests.faults.counts import Counts
from tests.faults.disk import LOSSES, Disk
from tests.faults.tape import Kind, Step, recording
from tests.support.places import short_folder

How = Literal["once", "for good", "full"]
HOW: Final[tuple[How, ...]] = ("once", "for good", "full")
WRONG = (
    "acknowledged, then lost", "partial, repeated or out of order", "other receipts", "false errors", "corrupt",
)  # fmt: skip

CALLS = 6
TRIES = 5
"""How often a call is sent; a disk that fails for good is mended before the last two."""

FILE = "store.db"
CODES: Final[dict[Kind, int]] = {
    "write": sqlite3.SQLITE_IOERR_WRITE,
    "sync": sqlite3.SQLITE_IOERR_FSYNC,
    "truncate": sqlite3.SQLITE_IOERR_TRUNCATE,
    "delete": sqlite3.SQLITE_IOERR_DELETE,
}


class Failing:
    """Lets the step of one number fail, and with `for good` or `full` those after it until it is mended."""

    def __init__(self, number: int, how: How, *, concealed: bool) -> None:
        self._left = number
        self._how = how
        self._concealed = concealed
        self.begun = False
        self.mended = False

    def __call__(self, step: Step) -> int | None:
        """Whether this step fails, and by which code."""
        if self.mended or (self._how == "full" and step.kind != "write") or (self._concealed and step.kind != "sync"):
            return None
        self._left -= 1
        if self._left > 0:
            return None
        self.begun = True
        self.mended = self._how == "once"
        if self._concealed:
            return 0
        return sqlite3.SQLITE_FULL if self._how == "full" else CODES[step.kind]


def run(
    folder: Path, seed: int, failures: int, *, concealed: bool = False, progress: Callable[[int], None] = lambda _: None
) -> Counts:
    """Let the first step fail, then the second, and so on to the end of a history; then the same with another one."""
    counts, random = Counts.of(*WRONG), Random(seed)
    for history in count():
        for how in HOW if not concealed else HOW[:1]:
            for number in count(1):
                if counts.done["failures"] >= failures:
                    return counts
                failing = Failing(number, how, concealed=concealed)
                with tempfile.TemporaryDirectory(dir=short_folder()) as place:
                    _History(Path(place), Task("", seed * 1000 + history), failing, random, counts).live()
                if not failing.begun:
                    break
                counts.done["failures"] += 1
                counts.done[f"of a disk that fails: {how}"] += 1
                progress(counts.done["failures"])
    raise AssertionError


class _History:
    """One life of a store: calls are sent until each is acknowledged, and looked for after every answer."""

    def __init__(self, folder: Path, task: Task, failing: Failing, random: Random, counts: Counts) -> None:
        self._folder, self._failing, self._random, self._counts = folder, failing, random, counts
        self._calls = [events_of(task, 0, number) for number in range(CALLS)]
        self._told: list[list[RecordedEvent]] = []
        self._images: list[tuple[dict[str, bytes], int]] = []

    def live(self) -> None:
        """Send the calls to a new store on a disk that fails once the number of its step has come."""
        path = self._folder / "written" / FILE
        init_store(str(path))
        disk = Disk({FILE: path.read_bytes()}, self._random)
        with recording(self._failing) as tape, _kept_open(path) as recorder:
            for number in range(CALLS):
                self._send(number, recorder)
                self._cut(disk, tape)
        for image, told in self._images:  # not before: these files must not come on the tape
            self._inspect(self._laid_out(image), told)
        self._inspect(path.parent, CALLS)

    def _send(self, number: int, recorder: Callable[[bool], EventRecorder]) -> None:
        for attempt in range(TRIES):
            self._failing.mended |= attempt >= TRIES - 2 and self._failing.begun
            try:
                told = recorder(number == CALLS // 2 and attempt == 0).append(self._calls[number])
            except StoreUnreachable:
                self._counts.done["calls told that the disk fails"] += 1
            except CaretrailError:
                self._counts.wrong["false errors"] += 1
            else:
                self._told.append(told)
                return
        self._counts.wrong["false errors"] += 1  # the disk is whole again, and it still does not take the call

    def _cut(self, disk: Disk, tape: list[Step]) -> None:
        """Let the power go in this moment, in two ways, and keep what is left."""
        for step in tape:
            disk.do(step)
        tape.clear()
        if self._failing.begun:
            for loss in ("nothing kept", self._random.choice(LOSSES[1:])):
                self._images.append((disk.after_power_cut(loss, self._random), len(self._told)))

    def _laid_out(self, image: dict[str, bytes]) -> Path:
        folder = self._folder / "image"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for name, content in image.items():
            (folder / name).write_bytes(content)
        return folder

    def _inspect(self, folder: Path, told: int) -> None:
        self._counts.done["stores looked at"] += 1
        try:
            with open_recorder(str(folder / FILE)) as recorder:
                if recorder.database.query("PRAGMA integrity_check") != [("ok",)]:
                    self._counts.wrong["corrupt"] += 1
                self._compare(recorder.read_log(), self._told[:told])
                recorder.append(events_of(Task("", 0), 99, 0))  # and it goes on
        except CaretrailError:
            self._counts.wrong["corrupt"] += 1

    def _compare(self, log: Sequence[RecordedEvent], calls: Sequence[Sequence[RecordedEvent]]) -> None:
        """What was told is there; the whole is the calls in their order, each whole, perhaps with one not told yet."""
        wrong, stored = self._counts.wrong, [event.command_id for event in log]
        sent: list[str] = [event.command_id for call in self._calls for event in call]
        if stored != sent[: len(stored)] or len(stored) not in accumulate(map(len, self._calls), initial=0):
            wrong["partial, repeated or out of order"] += 1
        told = [event for call in calls for event in call]
        missing = {event.command_id for event in told} - set(stored)
        wrong["acknowledged, then lost"] += bool(missing)
        if not missing and list(map(leaf_hash, told)) != list(map(leaf_hash, log[: len(told)])):
            wrong["other receipts"] += 1
        self._counts.done["acknowledged events looked for"] += len(told)


@contextmanager
def _kept_open(path: Path) -> Generator[Callable[[bool], EventRecorder]]:
    """Hand out a recorder that stays open, unless a new one is asked for; opening may fail, and is tried again."""
    opened: list[EventRecorder] = []

    def recorder(anew: bool) -> EventRecorder:
        if anew and opened:
            opened.pop().close()
        if not opened:
            opened.append(open_recorder(str(path)))
            _checkpoint_often(opened[0])
        return opened[0]

    try:
        yield recorder
    finally:
        for left in opened:
            left.close()


def _checkpoint_often(recorder: EventRecorder) -> None:
    assert isinstance(recorder.database, SqliteDatabase)
    with recorder.database.reader() as connection:  # the pool hands the same connection to the appends
        connection.execute("PRAGMA wal_autocheckpoint=12")
