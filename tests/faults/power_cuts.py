"""Fault: the power goes while an SQLite store is written; every image of the disk it may leave behind is opened."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from random import Random
from typing import Literal

import pytest

from caretrail.log import EventRecorder, RecordedEvent, init_store, leaf_hash, open_recorder
from caretrail.log.sqlite import setup as sqlite_setup
from caretrail.log.sqlite.database import SqliteDatabase
from tests.faults.calls import Task, events_of
from tests.faults.counts import Counts
from tests.faults.disk import LOSSES, Disk
from tests.faults.tape import Step, recording
from tests.support.places import short_folder

CALLS = 25
"""Appends of one history; a store stays small, so that an image is opened in milliseconds."""

WRONG = (
    "images that lost an acknowledged event",
    "events lost at worst",
    "partial",
    "corrupt",
    "not to be gone on with",
)
CUTS = 3
"""Images for a moment in which writes wait for a sync."""

FILE = "store.db"
Synchronous = Literal[0, 1, 2]
"""OFF, NORMAL, FULL: the store forces FULL, the others are controls."""


def run(
    folder: Path, seed: int, images: int, synchronous: Synchronous = 2, progress: Callable[[int], None] = lambda _: None
) -> Counts:
    """Record histories, cut the power at every step of each, and open what may be left, until so many are open."""
    counts, random = Counts.of(*WRONG), Random(seed)
    while counts.done["images"] < images:
        history = counts.done["histories"]
        counts.done["histories"] += 1
        with pytest.MonkeyPatch.context() as patch:
            settings = dict(sqlite_setup.__dict__["_SETTINGS"]) | {"synchronous": synchronous}
            patch.setattr(sqlite_setup, "_SETTINGS", settings)
            before, tape, told = _history(folder / "written", Task(f"{folder}", seed * 1000 + history), random)
        with tempfile.TemporaryDirectory(dir=short_folder()) as place:
            for image, acknowledged in islice(_images(before, tape, random), images - counts.done["images"]):
                _check(Path(place) / "image", image, told, acknowledged, counts)
        progress(counts.done["images"])
    return counts


def _history(folder: Path, task: Task, random: Random) -> tuple[bytes, list[Step], list[list[RecordedEvent]]]:
    """Append calls to a new store; what it was, what was done to its files, and what was acknowledged."""
    shutil.rmtree(folder, ignore_errors=True)
    path = folder / FILE
    init_store(str(path))
    before, told = path.read_bytes(), list[list[RecordedEvent]]()
    with recording() as tape:
        while len(told) < CALLS:  # opened anew now and then: closing puts the WAL into the file and deletes it
            with open_recorder(str(path)) as recorder:
                _checkpoint_often(recorder)
                for number in range(len(told), min(CALLS, len(told) + random.randint(3, 20))):
                    events = [
                        replace(event, state=_payload(random, random.choice((20, 300, 3000))))
                        for event in events_of(task, 0, number)
                    ]
                    told.append(recorder.append(events))
                    tape.append(Step("told"))
    return before, tape, told


def _payload(random: Random, size: int) -> bytes:
    """A payload that takes about as many bytes, which nothing makes shorter."""
    return f'{{"n": "{random.randbytes(size // 2).hex()}"}}'.encode()


def _checkpoint_often(recorder: EventRecorder) -> None:
    """Every few pages instead of every thousand, so that small histories have many."""
    assert isinstance(recorder.database, SqliteDatabase)
    with recorder.database.reader() as connection:  # the pool hands the same connection to the appends
        connection.execute("PRAGMA wal_autocheckpoint=12")


def _images(before: bytes, tape: list[Step], random: Random) -> Iterator[tuple[dict[str, bytes], int]]:
    """Every different image there may be after each step, with how many calls were acknowledged by then."""
    disk, acknowledged = Disk({FILE: before}), 0
    seen: set[int] = set()
    for step in tape:
        disk.do(step)
        acknowledged += step.kind == "told"
        losses = (
            ("nothing kept",) if disk.complete else ("nothing kept", "everything kept", *random.sample(LOSSES, CUTS))
        )
        for loss in losses:
            image = disk.after_power_cut(loss, random)
            key = hash((acknowledged, *sorted(image.items())))
            if key not in seen:
                seen.add(key)
                yield image, acknowledged


def _check(
    folder: Path, image: dict[str, bytes], told: list[list[RecordedEvent]], acknowledged: int, counts: Counts
) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, content in image.items():
        (folder / name).write_bytes(content)
    counts.done["images"] += 1
    try:
        with open_recorder(str(folder / FILE)) as recorder:
            if recorder.database.query("PRAGMA integrity_check") != [("ok",)]:
                counts.wrong["corrupt"] += 1
            log = recorder.read_log(limit=10 * CALLS)
            _compare(log, told, acknowledged, counts)
            _go_on(recorder, len(log), counts)
    except Exception:  # whatever it is, the store cannot be used
        counts.wrong["corrupt"] += 1


def _compare(log: list[RecordedEvent], told: list[list[RecordedEvent]], acknowledged: int, counts: Counts) -> None:
    """The log is the calls in their order up to the acknowledged ones, and perhaps the one under way; each is whole."""
    leaves = [leaf_hash(event) for event in log]
    ends, sure = [0], 0
    for number, call in enumerate(told, start=1):
        ends.append(ends[-1] + len(call))
        sure = ends[-1] if number == acknowledged else sure
    expected = [leaf_hash(event) for call in told for event in call]
    lost = sum(leaf not in leaves for leaf in expected[:sure])
    counts.done["acknowledged events looked for"] += sure
    counts.wrong["images that lost an acknowledged event"] += lost > 0
    counts.wrong["events lost at worst"] = max(lost, counts.wrong["events lost at worst"])
    counts.wrong["partial"] += leaves != expected[: len(leaves)] or len(leaves) not in ends


def _go_on(recorder: EventRecorder, newest: int, counts: Counts) -> None:
    task = Task("", 0)
    [event, *_] = recorder.append(events_of(task, 99, 0))
    counts.wrong["not to be gone on with"] += event.position != newest + 1
