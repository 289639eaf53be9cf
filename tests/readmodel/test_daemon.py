"""The daemon: one leads, a fence keeps a paused one out, everything else leaves the work to it, and it ends cleanly."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from caretrail.errors import StoreDamaged, StoreError
from caretrail.log import EventRecorder, open_recorder
from caretrail.log.database import Database
from caretrail.readmodel import daemon, sweep, upkeep
from caretrail.readmodel.check import check
from caretrail.readmodel.daemon import Daemon, Report
from caretrail.readmodel.lease import Lease, LeaseLost, lease_held, release_lease, renew_lease, take_lease
from caretrail.readmodel.pack_files import INSTALLED
from caretrail.readmodel.packs import JUDGED_AGAIN
from caretrail.readmodel.projector import Projector
from caretrail.readmodel.schema import read_state
from caretrail.readmodel.status import status
from caretrail.readmodel.upkeep import catch_up
from caretrail.service import create_store
from tests.support.build import admitted, plan
from tests.support.builds import live_table
from tests.support.care import Care
from tests.support.example import day, example

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0
"""Seconds within which something must happen, however busy the machine is."""


def until(happened: Callable[[], object]) -> None:
    """Wait for something."""
    end = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.05)


def test_one_leads_and_after_its_lease_another(care: Care) -> None:
    database = care.recorder.database
    first = take_lease(database, "first", 60)
    assert first is not None
    assert take_lease(database, "second", 60) is None
    held = lease_held(database)
    assert held is not None
    assert (held.holder, held.fence, held.seconds > 30) == ("first", first.fence, True)
    release_lease(database, first)
    assert lease_held(database) is None
    second = take_lease(database, "second", 60)
    assert second is not None
    assert second.fence > first.fence


def test_a_lease_from_before_the_clock_was_set_back_keeps_nobody_out(care: Care) -> None:
    """Given a lease that would last for a day by the clock of today, then nobody leads, and anybody may."""
    database = care.recorder.database
    assert take_lease(database, "before", 60) is not None
    database.execute("UPDATE caretrail.lease SET expires_at = expires_at + 86400")
    assert lease_held(database) is None
    assert take_lease(database, "now", 60) is not None


def test_a_paused_leader_that_wakes_is_refused(care: Care) -> None:
    """Given a leader whose lease ran out, when another led meanwhile, then its next batch writes nothing."""
    care.record(example())
    database = care.recorder.database
    paused = take_lease(database, "paused", 0)
    assert paused is not None
    next_one = take_lease(database, "next", 60)
    assert next_one is not None
    with pytest.raises(LeaseLost):
        Projector(care.recorder, lease=paused).catch_up()
    with pytest.raises(LeaseLost):
        renew_lease(database, paused)
    release_lease(database, paused)
    assert status(care.recorder).position == 0
    Projector(care.recorder, lease=next_one).catch_up()
    assert check(care.recorder).ok
    assert (status(care.recorder).position, status(care.recorder).led) == (65, True)


def test_without_a_fence_the_paused_leader_would_write(care: Care) -> None:
    """The control: the same projector without its lease goes on."""
    care.record(example())
    assert take_lease(care.recorder.database, "next", 60) is not None
    Projector(care.recorder).catch_up()
    assert status(care.recorder).position == 65


@contextmanager
def at_work(care: Care, url: str, told: list[Report]) -> Generator[Daemon]:
    """A daemon in a thread of its own, with connections of its own."""
    with open_recorder(url) as recorder:
        daemon = Daemon(recorder, told.append, clock=lambda: datetime.now(UTC), lease_seconds=20, report_seconds=600)
        working = threading.Thread(target=daemon.run)
        working.start()
        try:
            yield daemon
        finally:
            daemon.stop()
            working.join(PATIENCE)
            assert not working.is_alive()
    assert lease_held(care.recorder.database) is None, "the lease is given back"


@pytest.mark.slow
def test_what_is_recorded_is_projected_and_another_daemon_stands_by(care: Care, store_url: str) -> None:
    first: list[Report] = []
    second: list[Report] = []
    with at_work(care, store_url, first):
        until(lambda: first)
        care.record(example())
        until(lambda: status(care.recorder).behind == 0)
        with at_work_beside(store_url, second):
            until(lambda: second)
        care.record([admitted("01-05", "E-2")])
        until(lambda: status(care.recorder).behind == 0)
    assert [report.happened for report in first] == ["leads"]
    assert [report.happened for report in second] == ["stands_by"]
    assert check(care.recorder).ok


@contextmanager
def at_work_beside(url: str, told: list[Report]) -> Generator[None]:
    """A second daemon; it never leads."""
    with open_recorder(url) as recorder:
        daemon = Daemon(recorder, told.append, clock=lambda: datetime.now(UTC), lease_seconds=20, report_seconds=600)
        working = threading.Thread(target=daemon.run)
        working.start()
        yield
        daemon.stop()
        working.join(PATIENCE)


def test_everybody_else_leaves_the_work_to_the_daemon(care: Care) -> None:
    """Given a leader, then a read of a file writes nothing, and a catch-up waits until nobody leads."""
    care.record(example())
    database = care.recorder.database
    lease = take_lease(database, "daemon", 600)
    assert lease is not None
    assert care.reader.findings(day("03-10")) != []
    assert status(care.recorder).position == 0

    def lead(lease: Lease) -> None:
        time.sleep(0.3)
        release_lease(database, lease)

    leading = threading.Thread(target=lead, args=[lease])
    leading.start()
    assert catch_up(care.recorder).position == 65, "once nobody leads, it does the work itself"
    leading.join()
    assert take_lease(database, "daemon", 600) is not None
    assert catch_up(care.recorder).position == 65, "nothing is left to wait for"


def test_a_leader_takes_its_own_lease_again_at_once(care: Care) -> None:
    """Given a leader that failed and did not give its lease back, then it need not wait for itself."""
    database = care.recorder.database
    first = take_lease(database, "daemon", 600)
    again = take_lease(database, "daemon", 600)
    assert first is not None
    assert again is not None
    assert again.fence > first.fence
    with pytest.raises(LeaseLost):
        renew_lease(database, first)


def test_a_leader_that_dies_of_an_error_gives_its_lease_back(care: Care, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given an error that waiting does not mend, then the daemon ends with it, and another may lead at once."""

    def refused(*_: object, **__: object) -> None:
        raise StoreDamaged("a tile is damaged", "make it again")

    monkeypatch.setattr(Projector, "catch_up", refused)
    care.record(example())
    with pytest.raises(StoreDamaged):
        daemon_of(care, []).run()
    assert lease_held(care.recorder.database) is None


def daemon_of(care: Care, told: list[Report]) -> Daemon:
    """A daemon on the recorder of a test."""
    return Daemon(care.recorder, told.append, clock=lambda: datetime.now(UTC), lease_seconds=20, report_seconds=600)


def test_a_daemon_that_is_told_to_end_does_not_end_its_rebuild_first(
    care: Care, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a daemon far behind, when it is told to end in its rebuild, then it does; the next one ends the rebuild."""
    care.record(example())

    def never_filled(recorder: EventRecorder) -> bool:
        return status(recorder).position == 0

    monkeypatch.setattr(daemon, "far_behind", never_filled)
    told: list[Report] = []
    first = daemon_of(care, told)

    def report(one: Report) -> None:
        told.append(one)
        if one.happened == "rebuilds":
            first.stop()

    monkeypatch.setattr(first, "_report", report)
    first.run()
    assert [one.happened for one in told] == ["leads", "rebuilds"]
    assert (status(care.recorder).position, status(care.recorder).led) == (0, False)
    second = daemon_of(care, [])
    working = threading.Thread(target=second.run)
    working.start()
    until(lambda: status(care.recorder).position == 65)
    second.stop()
    working.join(PATIENCE)
    assert check(care.recorder).ok


def test_packs_that_change_while_a_daemon_runs_judge_again(
    care: Care, store_url: str, own_pack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a daemon that leads, when the file of a pack changes, then it judges by the new one without a restart."""
    for seconds in ("_check_seconds", "_settled_seconds"):
        monkeypatch.setattr(INSTALLED, seconds, 0.1)
    care.record([admitted("01-05", policy=own_pack.stem), plan("01-05")])
    told: list[Report] = []
    with at_work(care, store_url, told):
        until(lambda: status(care.recorder).behind == 0)
        before = packs_of(care)
        own_pack.write_text(own_pack.read_text().replace('title = "', 'title = "New: '))
        until(lambda: packs_of(care) not in (before, JUDGED_AGAIN))
        assert catch_up(care.recorder).behind == 0
    assert check(care.recorder).ok
    assert [report.happened for report in told] == ["leads", "packs"]


def packs_of(care: Care) -> str:
    """The digest of the packs that judged the rows."""
    state = read_state(care.recorder.database)
    return state.packs if state is not None else ""


def test_a_catch_up_does_not_call_rows_current_that_the_leader_judges_by_other_packs(
    care: Care, own_pack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    care.record([admitted("01-05", policy=own_pack.stem), plan("01-05")])
    catch_up(care.recorder)
    assert take_lease(care.recorder.database, "daemon", 600) is not None
    assert catch_up(care.recorder).behind == 0
    monkeypatch.setattr(upkeep, "LONGEST_JUDGING", 0.2)
    monkeypatch.delenv("CARETRAIL_PACKS")
    with pytest.raises(StoreError, match="other packs"):
        catch_up(care.recorder)


# --- as a process -----------------------------------------------------------------------------------------------------


def run(url: str, *options: str) -> subprocess.Popen[str]:
    """`caretrail projection run` as a process of its own."""
    command = [str(Path(sys.executable).parent / "caretrail"), "projection", "run", *options]
    environment = os.environ | {"CARETRAIL_DB": url}
    return subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_a_frozen_leader_is_succeeded_and_refused_when_it_wakes(store_url: str) -> None:
    """Given two daemons, when the leader is frozen longer than its lease, then the other leads; awake, the first
    stands by; SIGTERM ends both with status 0.
    """
    create_store(store_url)
    with open_recorder(store_url) as recorder:
        care = Care(recorder)
        first = run(store_url, "--lease", "4")
        until(lambda: status(recorder).led)
        second = run(store_url, "--lease", "4")
        assert first.stderr is not None
        assert second.stderr is not None
        try:
            assert "Leading" in first.stderr.readline()
            assert "standing by" in second.stderr.readline()
            care.record(example())
            until(lambda: status(recorder).behind == 0)
            led = fence(recorder.database)
            first.send_signal(signal.SIGSTOP)
            until(lambda: fence(recorder.database) > led)
            care.record([admitted("01-05", "E-2")])
            until(lambda: status(recorder).behind == 0)
            assert "Leading" in second.stderr.readline()
            first.send_signal(signal.SIGCONT)
            assert "Lost the lease" in first.stderr.readline()
            care.record([admitted("01-05", "E-3")])
            until(lambda: status(recorder).behind == 0)
        finally:
            for one in (first, second):
                one.send_signal(signal.SIGCONT)
                one.send_signal(signal.SIGTERM)
            told = [one.communicate(timeout=PATIENCE)[1] for one in (first, second)]
        assert [first.returncode, second.returncode] == [0, 0], told
        assert not status(recorder).led
        assert check(recorder).ok


def fence(database: Database) -> int:
    """The fence of the newest leader."""
    return int(database.query("SELECT fence FROM caretrail.lease")[0][0])


@pytest.mark.parametrize("busy", [False, True])
def test_a_daemon_compares_rows_also_while_events_come(
    care: Care, store_url: str, monkeypatch: pytest.MonkeyPatch, busy: bool
) -> None:
    """Given a forged row, when a daemon has nothing else to do, or its round is late, then it is found and mended."""
    care.record(example())
    catch_up(care.recorder)
    finding = live_table(care.recorder.database, "finding")
    monkeypatch.setattr(sweep, "PAGE_SECONDS", 3600.0 if busy else 0.05)
    monkeypatch.setattr(sweep, "LATE_SECONDS", 0.05)
    if busy:
        monkeypatch.setattr(sweep, "ROUND_PAUSE", 0.0)
        monkeypatch.setattr(sweep, "ROUND_SECONDS", 1.0)
    assert care.recorder.database.execute(f"UPDATE {finding} SET verdict = 'met' WHERE verdict = 'overdue'") > 0
    told: list[Report] = []
    with at_work(care, store_url, told):
        until(lambda: any(report.happened == "differed" for report in told))
    assert sum(report.swept.mended for report in told) == 1
    assert check(care.recorder).ok
