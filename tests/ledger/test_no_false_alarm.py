"""No false alarm: what crashes, rollbacks, failover, complete backups and copies leave behind verifies as it was."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from caretrail.errors import CaretrailError
from caretrail.evidence.checkpoint_folder import publish
from caretrail.evidence.external import ExternalEvidence, checkpoint_files, combine, read_checkpoints
from caretrail.evidence.result import Tampering, Verification
from caretrail.evidence.sign import sign
from caretrail.evidence.signer_state import SignerState
from caretrail.evidence.verification import verify
from caretrail.ledger.checkpoint import origin_of
from caretrail.ledger.note import new_key
from caretrail.log import RecordedEvent, init_store, leaf_hash, open_recorder
from caretrail.log.copying import copy_store
from tests.ledger.superuser import project
from tests.log.test_failover import Load, survive
from tests.support.servers import USER, Server, folder_of_servers, run, url_of, wait_until
from tests.support.stores import EXTERNAL, pending


@dataclass
class Auditor:
    """Keeps checkpoints of a log and receipts of its events, and asks whether they hold somewhere."""

    url: str
    folder: Path

    def __post_init__(self) -> None:
        with open_recorder(self.url) as recorder:
            self.origin = origin_of(recorder.namespace)
        self.key = new_key(self.origin)
        self.receipts: dict[int, bytes] = {}
        self.signed = 0
        (self.folder / "kept").mkdir()

    def sign(self, url: str = "") -> None:
        with open_recorder(url or self.url) as recorder:
            signed = sign(recorder, [self.key], SignerState(self.folder / "state", self.origin), first=not self.signed)
        publish(self.folder / "kept", signed, [self.key])
        self.signed += 1

    def keep(self, events: list[RecordedEvent]) -> None:
        self.receipts |= {event.position: leaf_hash(event) for event in events}

    def ask(self, url: str = "") -> Verification:
        kept = read_checkpoints(checkpoint_files([self.folder / "kept"]), [self.key.verifying], self.origin)
        with open_recorder(url or self.url) as recorder:
            return verify(recorder, combine([kept, ExternalEvidence(receipts=self.receipts)]))


@pytest.fixture
def auditor(store_url: str, tmp_path: Path) -> Auditor:
    auditor = Auditor(store_url, tmp_path)
    append(auditor, store_url, 300)
    auditor.sign()
    return auditor


def append(auditor: Auditor, url: str, count: int) -> None:
    with open_recorder(url) as recorder:
        auditor.keep(recorder.append([pending(uuid4()) for _ in range(count)]))


def green(verification: Verification, events: int) -> None:
    assert verification.discrepancies == ()
    assert [check for check in verification.checks if check.state != "ok"] == []
    assert verification.size == events


@pytest.mark.slow
def test_writers_killed_at_any_moment(auditor: Auditor) -> None:
    for _ in range(6):
        child = os.fork()
        if child == 0:
            with open_recorder(auditor.url) as recorder:
                while True:
                    recorder.append([pending(uuid4()) for _ in range(20)])
        time.sleep(0.3)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        auditor.sign()
        project(auditor.url)
    verification = auditor.ask()
    assert verification.discrepancies == ()
    assert verification.checkpoints == len(list((auditor.folder / "kept").iterdir()))


def test_appends_that_were_refused_or_rolled_back(auditor: Auditor) -> None:
    stream = uuid4()
    with open_recorder(auditor.url) as recorder:
        auditor.keep(recorder.append([pending(stream)]))
        for version in (1, 3, 9):
            with suppress(CaretrailError):
                recorder.append([pending(uuid4()), pending(stream, version)])
        auditor.keep(recorder.append([pending(stream, 2)]))
    auditor.sign()
    green(auditor.ask(), 302)


def test_a_copy_to_the_other_kind_of_store(auditor: Auditor, empty_postgres_url: str, tmp_path: Path) -> None:
    """Also on the copy the signer goes on, and what it signs there holds here."""
    place = f"sqlite://{tmp_path}/copied/care.db"
    if auditor.url.startswith("sqlite"):
        place = empty_postgres_url
    init_store(place)
    with open_recorder(auditor.url) as source, open_recorder(place) as target:
        copy_store(source, target, lambda _done, _all: None)
    green(auditor.ask(place), 300)
    append(auditor, place, 5)
    auditor.sign(place)
    green(auditor.ask(place), 305)
    # the control: the store that was left behind has not what was recorded on the copy
    assert [found.tampering for found in auditor.ask().discrepancies] == [Tampering.RESTORED, Tampering.RESTORED]


def test_complete_backups_of_sqlite_hold_and_older_ones_do_not(sqlite_url: str, tmp_path: Path) -> None:
    auditor = Auditor(sqlite_url, tmp_path)
    append(auditor, sqlite_url, 300)
    auditor.sign()
    project(sqlite_url)
    file, backup = Path(sqlite_url.removeprefix("sqlite://")), tmp_path / "backup.db"
    with open_recorder(sqlite_url), closing(sqlite3.connect(file)) as shell:
        shell.execute("VACUUM INTO ?", (str(backup),))
    for path in file.parent.iterdir():
        path.unlink()
    shutil.copy(backup, file)
    green(auditor.ask(), 300)
    append(auditor, sqlite_url, 10)
    auditor.sign()
    green(auditor.ask(), 310)
    # the control: that backup again, which lacks what was signed since
    for path in file.parent.iterdir():
        path.unlink()
    shutil.copy(backup, file)
    assert [(p.tampering, p.first) for p in auditor.ask().discrepancies] == [
        (Tampering.RESTORED, 301),
        (Tampering.RESTORED, 301),
    ]


def test_a_complete_dump_of_postgresql_holds(
    postgres_url: str, empty_postgres_url: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if EXTERNAL in os.environ:
        pytest.skip("needs programs of the server's own version")
    auditor = Auditor(postgres_url, tmp_path)
    append(auditor, postgres_url, 300)
    auditor.sign()
    project(postgres_url)
    with folder_of_servers() as folder:
        if USER is not None:
            shutil.chown(folder, USER, USER)
        dump = folder / "caretrail.dump"
        run("pg_dump", "--format=custom", "--schema=caretrail", "--file", dump, postgres_url)
        run("pg_restore", "--exit-on-error", "--single-transaction", "--dbname", empty_postgres_url, dump)
    green(auditor.ask(empty_postgres_url), 300)
    append(auditor, empty_postgres_url, 5)
    auditor.sign(empty_postgres_url)
    green(auditor.ask(empty_postgres_url), 305)


def test_a_standby_that_took_over(server_pair: tuple[Server, Server], tmp_path: Path) -> None:
    """Given writers, a primary that is killed under them, and a synchronous standby that is promoted."""
    primary, standby = server_pair
    auditor = Auditor(primary.url(), tmp_path)
    append(auditor, primary.url(), 300)
    auditor.sign()
    project(primary.url())
    primary.ask("ALTER SYSTEM SET synchronous_standby_names = '*'")
    primary.ask("SELECT pg_reload_conf()")
    wait_until(lambda: primary.ask("SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'"), "it is synchronous")
    load = Load(url_of(primary, standby))
    load.start()
    log = survive(primary, standby, load)
    assert load.errors == []
    auditor.keep(load.acknowledged)
    green(auditor.ask(standby.url()), len(log))
    auditor.sign(standby.url())
    project(standby.url())
    green(auditor.ask(standby.url()), len(log))


def test_the_other_history_of_a_failover_is_named(server_pair: tuple[Server, Server], tmp_path: Path) -> None:
    """The control: a standby that lacked the end took over, and other events stand at the positions since."""
    primary, standby = server_pair
    auditor = Auditor(primary.url(), tmp_path)
    append(auditor, primary.url(), 300)
    auditor.sign()
    wait_until(lambda: auditor.ask(standby.url()).ok, "the standby has followed")
    standby.ask("ALTER SYSTEM SET primary_conninfo = ''")
    standby.ask("SELECT pg_reload_conf()")
    wait_until(lambda: not primary.ask("SELECT 1 FROM pg_stat_replication"), "it is cut off")
    append(auditor, primary.url(), 5)
    primary.kill()
    standby.promote()
    with open_recorder(standby.url()) as recorder:
        recorder.append([pending(uuid4()) for _ in range(9)])
    assert [(p.tampering, p.first) for p in auditor.ask(standby.url()).discrepancies] == [(Tampering.FORKED, 301)]
