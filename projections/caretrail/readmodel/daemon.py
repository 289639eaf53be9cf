"""The daemon: leads, follows the log batch by batch, and stands by while another leads."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from typing import Literal, NamedTuple
from uuid import uuid4

from caretrail.aliases import Clock
from caretrail.errors import StoreError, StoreUnreachable
from caretrail.ledger.tiles import write_all_tiles
from caretrail.log.recorder import EventRecorder
from caretrail.readmodel.lease import Lease, LeaseLost, release_lease, renew_lease, take_lease
from caretrail.readmodel.pack_files import INSTALLED, PackFiles
from caretrail.readmodel.projector import BATCH, Projector
from caretrail.readmodel.rebuild import rebuild
from caretrail.readmodel.status import Status, status
from caretrail.readmodel.sweep import Pace, Sweep, Swept
from caretrail.readmodel.upkeep import far_behind

SHORT_BATCH = 256
"""Events taken at once while the rows are nearly current: what comes next waits for the batch before it.

Further behind, long batches catch up four times as fast, since the events of one episode are taken together.
"""

POLL_SECONDS = 0.05
"""How long to wait for events after the last one came; the wait doubles up to the longest."""
LONGEST_POLL = 0.25

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
"""Seconds to wait after a failure; each further one doubles it."""

Happened = Literal["leads", "stands_by", "lost", "failed", "rebuilds", "packs", "current", "differed"]


class ToldToEnd(Exception):  # not an error: somebody asked for it
    """The daemon was told to end."""


class Report(NamedTuple):
    """What the daemon has to say: what happened, where the rows stand, and the error if one did.

    `swept` is what the sweep found that was not what the log says.
    """

    happened: Happened
    status: Status | None = None
    error: StoreError | None = None
    swept: Swept = Swept()


class Daemon:
    """Keeps the rows of a store up to date until it is told to stop.

    One daemon leads, by a lease of `lease_seconds`; others stand by. `report` is told what happens, and where the rows
    stand every `report_seconds`. Changed pack files are followed.
    """

    def __init__(
        self,
        recorder: EventRecorder,
        report: Callable[[Report], None],
        *,
        clock: Clock,
        lease_seconds: float,
        report_seconds: float,
        packs: PackFiles = INSTALLED,
    ) -> None:
        self._recorder = recorder
        self._report = report
        self._clock = clock
        self._lease_seconds = lease_seconds
        self._report_seconds = report_seconds
        self._holder = str(uuid4())
        self._stopping = threading.Event()
        self._packs = packs

    def stop(self) -> None:
        """End after the batch in progress; safe from any thread."""
        self._stopping.set()

    def run(self) -> None:
        """Lead or stand by until `stop`; the lease is given back at the end."""
        failures = 0
        standing_by = False
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                lease = take_lease(self._recorder.database, self._holder, self._lease_seconds)
                if lease is None:
                    if not standing_by:
                        self._report(Report("stands_by", self._status()))
                    standing_by = True
                    self._notice_packs()
                    self._stopping.wait(self._lease_seconds / 4)
                    continue
                standing_by = False
                self._lead(lease)
            except ToldToEnd:
                return
            except LeaseLost as lost:
                self._report(Report("lost", error=lost))
            except StoreUnreachable as error:
                self._report(Report("failed", error=error))
                if time.monotonic() - began > LONGEST_PAUSE:
                    failures = 0  # it worked for a while
                pause = min(FIRST_PAUSE * 2**failures, LONGEST_PAUSE)
                failures += 1
                self._stopping.wait(pause * random.uniform(0.75, 1.25))  # noqa: S311  # daemons must not wake together

    def _status(self) -> Status:
        return status(self._recorder, self._clock())

    def _lead(self, lease: Lease) -> None:
        try:
            self._report(Report("leads", self._status()))
            self._follow(lease)
        finally:
            with suppress(StoreError):
                release_lease(self._recorder.database, lease)

    def _follow(self, lease: Lease) -> None:
        recorder = self._recorder
        with self._renewing(lease) as lost:
            if far_behind(recorder):
                self._report(Report("rebuilds", self._status()))
                rebuild(recorder, progress=lambda _done, _total: self._go_on(lost))
                write_all_tiles(recorder)
            projector = Projector(recorder, lease=lease)
            sweep = Sweep(recorder, projector)
            told = time.monotonic()
            pace = Pace(told)
            poll = POLL_SECONDS
            while not self._stopping.is_set():
                self._go_on(lost)
                self._notice_packs()
                took_events = self._next_batch(projector)
                if took_events:
                    poll = POLL_SECONDS
                else:
                    self._stopping.wait(poll)
                    poll = min(poll * 2, LONGEST_POLL)
                if pace.is_due(sweep.covered, time.monotonic(), busy=took_events):
                    found = sweep.next_page(self._clock())
                    pace.done(time.monotonic(), ends_round=found.ends_round)
                    if found.mended or found.hidden:
                        self._report(Report("differed", self._status(), swept=found))
                if time.monotonic() - told >= self._report_seconds:
                    self._report(Report("current", self._status()))
                    told = time.monotonic()

    def _go_on(self, lost: threading.Event) -> None:
        """Leave the work where it is if another leads, or if told to end: a rebuild goes on there next time."""
        if lost.is_set():
            raise LeaseLost("another projector leads now", "let it work; this one stands by")
        if self._stopping.is_set():
            raise ToldToEnd

    def _notice_packs(self) -> None:
        """Judge by the packs of today once their files have changed."""
        if self._packs.follow():
            self._report(Report("packs"))

    def _next_batch(self, projector: Projector) -> bool:
        """Take the next events, if there are any."""
        newest = self._recorder.max_position()
        position = projector.position
        if position >= newest and projector.is_current:
            return False
        batch = SHORT_BATCH if newest - position <= 2 * SHORT_BATCH else BATCH
        projector.catch_up(batch=batch, upto=min(newest, position + batch))
        return True

    @contextmanager
    def _renewing(self, lease: Lease) -> Generator[threading.Event]:
        """Renew the lease beside the work, however long a batch takes; yields the event of its loss."""
        done, lost = threading.Event(), threading.Event()

        def renew() -> None:
            while not done.wait(lease.seconds / 4):
                try:
                    renew_lease(self._recorder.database, lease)
                except LeaseLost:
                    lost.set()
                    return
                except StoreError:  # the work meets it too, and says so
                    continue

        renewing = threading.Thread(target=renew, name="lease", daemon=True)
        renewing.start()
        try:
            yield lost
        finally:
            done.set()
            renewing.join()
