"""The drill of `docs/how-to/operating.md`: back up, lose the store, restore, and go on."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest

from caretrail.errors import StoreForbidden
from caretrail.evidence.result import Tampering
from caretrail.log import EventRecorder, RecordedEvent, leaf_hash, open_recorder
from tests.support.archived import Archive
from tests.support.servers import USER, folder_of_servers, run
from tests.support.stores import EXTERNAL, as_login, pending, run_sql


def leaves(events: list[RecordedEvent]) -> list[bytes]:
    return [leaf_hash(event) for event in events]


def append_some(url: str, count: int) -> list[RecordedEvent]:
    with open_recorder(url) as recorder:
        return [event for _ in range(count) for event in recorder.append([pending(uuid4())])]


def goes_on(recorder: EventRecorder, kept: list[RecordedEvent], lost: list[RecordedEvent]) -> None:
    """What a restored store must do: hold what was backed up leaf for leaf, take the lost events again, go on after."""
    assert leaves(recorder.read_log()) == leaves(kept)
    again = [recorder.append([event])[0] for event in lost]  # senders repeat what they hold receipts for
    assert [event.position for event in again] == [event.position for event in lost]
    # the receipts of what was lost do not match what stands there now: that is how the loss shows
    assert not {*leaves(again)} & {*leaves(lost)}


def test_a_sqlite_store_comes_back_from_its_backup(sqlite_url: str, tmp_path: Path) -> None:
    """Given a backup made while the store was open, when the file and what lies beside it are gone."""
    file, backup = Path(sqlite_url.removeprefix("sqlite://")), tmp_path / "backup.db"
    kept = append_some(sqlite_url, 5)
    with open_recorder(sqlite_url), closing(sqlite3.connect(file)) as shell:
        shell.execute("VACUUM INTO ?", (str(backup),))
    lost = append_some(sqlite_url, 2)
    for path in file.parent.iterdir():
        path.unlink()
    shutil.copy(backup, file)
    file.chmod(0o600)
    with open_recorder(sqlite_url) as recorder:
        goes_on(recorder, kept, lost)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        run_sql(sqlite_url, "DELETE FROM log")


def test_a_copied_file_without_its_log_is_what_the_manual_warns_of(sqlite_url: str, tmp_path: Path) -> None:
    """The control: the file alone, copied while the store is open, lacks what still waits in its write-ahead log."""
    file, copied = Path(sqlite_url.removeprefix("sqlite://")), tmp_path / "copied.db"
    with open_recorder(sqlite_url) as recorder:
        recorder.append([pending(uuid4())])
        shutil.copy(file, copied)
    with open_recorder(str(copied)) as recorder:
        assert recorder.read_log() == []


@pytest.fixture
def folder(postgres_server: str) -> Iterator[Path]:
    """A folder that the programs of the server can write to."""
    if EXTERNAL in os.environ:
        pytest.skip("needs programs of the server's own version")
    with folder_of_servers() as made:
        if USER is not None:
            shutil.chown(made, USER, USER)
        yield made


def test_a_postgresql_store_comes_back_from_its_dump(postgres_url: str, empty_postgres_url: str, folder: Path) -> None:
    """Given a dump made while the store was open, when it is restored into another database."""
    dump = folder / "caretrail.dump"
    kept = append_some(postgres_url, 5)
    with open_recorder(postgres_url):
        run("pg_dump", "--format=custom", "--schema=caretrail", "--file", dump, postgres_url)
    lost = append_some(postgres_url, 2)
    run("pg_restore", "--exit-on-error", "--single-transaction", "--dbname", empty_postgres_url, dump)
    with open_recorder(empty_postgres_url) as recorder:
        goes_on(recorder, kept, lost)
    for statement in ("DELETE FROM caretrail.log", "TRUNCATE caretrail.log", "UPDATE caretrail.store SET demo = true"):
        with pytest.raises(psycopg.Error, match="append-only"):
            run_sql(empty_postgres_url, statement)


def test_roles_come_back_with_a_dump(
    postgres_url: str, empty_postgres_url: str, folder: Path, logins: dict[str, str]
) -> None:
    """Given a store with roles, when its dump is restored where the roles are, then each may do what it did before."""
    with open_recorder(logins["writer"]) as recorder:
        kept = recorder.append([pending(uuid4())])
    dump = folder / "caretrail.dump"
    run("pg_dump", "--format=custom", "--schema=caretrail", "--file", dump, postgres_url)
    run("pg_restore", "--exit-on-error", "--single-transaction", "--dbname", empty_postgres_url, dump)
    with open_recorder(as_login(empty_postgres_url, urlsplit(logins["writer"]).username or "")) as recorder:
        assert leaves(recorder.read_log()) == leaves(kept)
        assert recorder.append([pending(uuid4())])[0].position == 2
        with pytest.raises(StoreForbidden, match="may not do that"):
            recorder.database.execute("DELETE FROM caretrail.log")


def test_a_replica_role_does_not_disarm_a_restored_log(
    postgres_url: str, empty_postgres_url: str, folder: Path
) -> None:
    """Triggers come back as they were: they fire also where a restore or a replication would switch them off."""
    append_some(postgres_url, 1)
    dump = folder / "caretrail.dump"
    run("pg_dump", "--format=custom", "--schema=caretrail", "--file", dump, postgres_url)
    run("pg_restore", "--exit-on-error", "--single-transaction", "--dbname", empty_postgres_url, dump)
    with pytest.raises(psycopg.Error, match="append-only"):
        run_sql(empty_postgres_url, "SET session_replication_role = replica", "DELETE FROM caretrail.log")


def archive_goes_on(made: Archive, url: str) -> None:
    """What a restored store must do after an archive: verify, take accesses, be signed, and archive more."""
    assert made.verified(url=url).ok
    assert made.verified(*made.files, url=url).ok
    restored = Archive(url, made.folder / "restored")
    restored.key = made.key
    restored.view(300)
    restored.sign(first=True)
    assert restored.verified().ok
    assert restored.archive().archive.after == 768


@pytest.mark.slow
def test_a_sqlite_store_comes_back_after_an_archive(sqlite_url: str, tmp_path: Path) -> None:
    made, backup = Archive(sqlite_url, tmp_path / "outside").filled(), tmp_path / "backup.db"
    made.archive()
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite://"))) as shell:
        shell.execute("VACUUM INTO ?", (str(backup),))
    archive_goes_on(made, f"sqlite://{backup}")


def test_a_postgresql_store_comes_back_after_an_archive(
    postgres_url: str, empty_postgres_url: str, folder: Path, tmp_path: Path
) -> None:
    made, dump = Archive(postgres_url, tmp_path / "outside").filled(), folder / "caretrail.dump"
    made.archive()
    run("pg_dump", "--format=custom", "--schema=caretrail", "--file", dump, postgres_url)
    run("pg_restore", "--exit-on-error", "--single-transaction", "--dbname", empty_postgres_url, dump)
    archive_goes_on(made, empty_postgres_url)


def test_a_backup_from_before_an_archive_is_an_older_store(sqlite_url: str, tmp_path: Path) -> None:
    """Nothing was dropped from it, so it verifies, up to the checkpoint that is newer than it."""
    made, backup = Archive(sqlite_url, tmp_path / "outside").filled(), tmp_path / "backup.db"
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite://"))) as shell:
        shell.execute("VACUUM INTO ?", (str(backup),))
    made.archive()
    assert made.verified(url=f"sqlite://{backup}").ok
    made.sign()
    found = made.verified(url=f"sqlite://{backup}").all_discrepancies
    assert {item.tampering for item in found} == {Tampering.RESTORED}
