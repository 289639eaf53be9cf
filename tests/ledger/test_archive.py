"""Accesses leave the store only behind a proof, and the log goes on, is signed and verified as if they were here."""

from __future__ import annotations

import gzip
import os
import signal
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from caretrail.errors import StoreDamaged, StoreForbidden
from caretrail.evidence import archiving
from caretrail.evidence.result import Tampering
from caretrail.evidence.sign import sign
from caretrail.evidence.signer_state import SignerState, SigningRefused
from caretrail.ledger.checkpoint import origin_of
from caretrail.ledger.note import new_key
from caretrail.ledger.tiles import differing_tiles, make_tiles_again, restore_archived_tiles, stored_subtrees
from caretrail.ledger.tree import root_at, root_of
from caretrail.log import open_recorder
from caretrail.log.archive_file import read_rows
from caretrail.log.archived import ArchiveRefused, archives
from caretrail.log.leaf import LogColumns, leaf_of
from caretrail.log.records import Log, store_stream
from tests.ledger.superuser import rewrite, rows_of
from tests.ledger.test_attacks import changed
from tests.support.archived import DISCLOSED, Archive
from tests.support.stores import log_of, pending, run_sql

COUNT, CUT = 800, 768


@pytest.fixture
def made(store_url: str, tmp_path: Path) -> Archive:
    return Archive(store_url, tmp_path / "outside").filled()


@pytest.fixture
def archived(made: Archive) -> Archive:
    made.archive()
    return made


def positions(url: str) -> list[int]:
    return [row[0] for row in rows_of(url, Log.ACCESSES)]


def kinds(found: Any) -> list[Tampering]:
    return [item.tampering for item in found.accesses.discrepancies]


def dropped_nothing(*_: object) -> int:
    return 0


# --- what it does ---------------------------------------------------------------------------------------------------


def test_what_is_archived_is_in_the_file_and_disclosures_stay(made: Archive) -> None:
    before = rows_of(made.url, Log.ACCESSES)
    done = made.archive()
    assert (done.archive.after, done.archive.upto, done.dropped, done.finished) == (0, CUT, CUT - 3, False)
    assert positions(made.url) == [101, 300, CUT, *range(CUT + 1, COUNT + 1)]
    [path] = made.files
    assert path.stat().st_mode & 0o777 == 0o600
    assert [row for rows in read_rows(path) for row in rows] == before[:CUT]
    with open_recorder(made.url) as recorder:
        [known] = archives(recorder)
        assert known == done.archive
        assert (known.file, known.disclosures) == (path.name, 2)


def test_the_log_goes_on_and_is_signed_and_verified_as_before(archived: Archive) -> None:
    for files in ([], archived.files):
        verification = archived.verified(*files)
        assert verification.ok, verification.all_discrepancies
        accesses = verification.accesses
        assert (accesses.size, accesses.covered, accesses.checkpoints) == (COUNT, COUNT, 2)
        assert any("--archive" in note for note in accesses.notes) == (not files)
    archived.view(300)
    archived.sign()
    assert archived.verified().accesses.covered == COUNT + 300
    with open_recorder(archived.url) as recorder:
        assert [*differing_tiles(recorder, Log.ACCESSES)] == []
        [newest] = recorder.read_log(COUNT + 299, log=Log.ACCESSES)
        assert (newest.position, newest.originator_version) == (COUNT + 300, COUNT + 300)
        whole = [leaf_of(row, Log.ACCESSES) for rows in read_rows(archived.files[0]) for row in rows]
        whole += [leaf_of(row, Log.ACCESSES) for row in rows_of(archived.url, Log.ACCESSES) if row[0] > CUT]
        for size in (1, 101, CUT, CUT + 5, COUNT + 300):  # proofs to checkpoints of any age still work
            assert root_at(stored_subtrees(recorder, Log.ACCESSES), size) == root_of(whole[:size])
        # what is made again is what cannot be read from a file
        make_tiles_again(recorder, Log.ACCESSES)
        assert [*differing_tiles(recorder, Log.ACCESSES)] == []


def test_a_second_archive_goes_on_from_the_first(archived: Archive) -> None:
    archived.view(1, DISCLOSED)
    archived.view(300)
    archived.sign()
    done = archived.archive()
    assert (done.archive.after, done.archive.upto, done.archive.disclosures) == (CUT, 1024, 3)
    assert positions(archived.url) == [101, 300, CUT, COUNT + 1, 1024, *range(1025, COUNT + 302)]
    for files in ([], archived.files, archived.files[:1], archived.files[1:]):
        verification = archived.verified(*files)
        assert verification.ok, (files, verification.all_discrepancies)
    archived.view(1)
    archived.sign()


def test_only_what_was_recorded_before_the_day_is_archived(made: Archive) -> None:
    with open_recorder(made.url) as recorder:
        [row] = recorder.read_log(599, limit=1, log=Log.ACCESSES)
    assert made.archive(row.recorded_at).archive.upto == 512
    with pytest.raises(ArchiveRefused, match="no accesses to archive"):
        made.archive(row.recorded_at)


def test_times_are_found_in_what_is_left(archived: Archive) -> None:
    with open_recorder(archived.url) as recorder:
        rows = log_of(recorder, Log.ACCESSES)
        for before, row in zip([0, *(one.position for one in rows)], rows, strict=False):
            assert recorder.position_at(row.recorded_at, Log.ACCESSES) == row.position
            earlier = row.recorded_at - timedelta(microseconds=1)
            assert recorder.position_at(earlier, Log.ACCESSES) == before
        assert recorder.position_at(datetime(2000, 1, 1, tzinfo=UTC), Log.ACCESSES) == 0


# --- what it refuses ------------------------------------------------------------------------------------------------


def test_without_a_checkpoint_that_holds_nothing_is_archived(made: Archive) -> None:
    true = rows_of(made.url, Log.ACCESSES)
    rewrite(made.url, [changed(row, payload=b"{}") if row[0] == 790 else row for row in true], Log.ACCESSES)
    with pytest.raises(ArchiveRefused, match="not those that were signed"):
        made.archive()
    # altered in a tile, which still holds the old leaf: the file is not what was signed
    rewrite(made.url, [changed(row, payload=b"{}") if row[0] == 9 else row for row in true], Log.ACCESSES)
    with pytest.raises(ArchiveRefused, match="not those that were signed"):
        made.archive()
    assert len(rows_of(made.url, Log.ACCESSES)) == COUNT
    for path in made.files:
        path.unlink()
    rewrite(made.url, true, Log.ACCESSES)
    made.key = new_key(made.origin)
    with pytest.raises(AssertionError):  # no checkpoint of that key
        made.archive()


def test_what_was_signed_bounds_what_is_archived(made: Archive) -> None:
    made.view(1000)
    with open_recorder(made.url) as recorder:
        make_tiles_again(recorder, Log.ACCESSES)
    assert made.archive().archive.upto == CUT


GUARDED = {
    "a disclosure": 101,
    "the newest of its account among the archived": CUT,
    "not archived": CUT + 1,
    "the newest of all": COUNT,
}


@pytest.mark.parametrize("what", GUARDED)
def test_the_guard_lets_go_only_what_is_archived(archived: Archive, what: str) -> None:
    statement = f"DELETE FROM caretrail.access WHERE position = {GUARDED[what]}"
    with pytest.raises(Exception, match="append-only"):
        run_sql(archived.url, statement)


def test_before_an_archive_nothing_goes_and_after_only_by_deleting(
    made: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    statement = "DELETE FROM caretrail.access WHERE position = 5"
    with pytest.raises(Exception, match="append-only"):
        run_sql(made.url, statement)
    monkeypatch.setattr(archiving, "_drop", dropped_nothing)
    made.archive()
    run_sql(made.url, statement)  # the control: the same row, once it is archived
    for other in (
        "UPDATE caretrail.access SET source = 'x' WHERE position = 6",
        "UPDATE caretrail.access SET payload = payload",
    ):
        with pytest.raises(Exception, match="append-only"):
            run_sql(made.url, other)
    assert made.verified().ok


def test_an_archive_of_a_writer_is_refused(postgres_url: str, logins: dict[str, str], tmp_path: Path) -> None:
    made = Archive(postgres_url, tmp_path / "outside").filled()
    with pytest.raises(ArchiveRefused, match="only an operator"):
        made.archive(url=logins["writer"])
    with open_recorder(logins["writer"]) as recorder:
        event = pending(store_stream(recorder.namespace), name="accesses_archived/1")
        with pytest.raises(ArchiveRefused, match="only an operator"):
            recorder.append([event])
        with pytest.raises(StoreForbidden):
            recorder.drop_archived(0, CUT)
    with pytest.raises(Exception, match="permission denied"):
        run_sql(logins["operator"], "DELETE FROM caretrail.access")
    assert made.archive(url=logins["operator"]).dropped == CUT - 3
    assert made.verified().ok


# --- what is found --------------------------------------------------------------------------------------------------


def test_a_file_that_was_changed_is_found(archived: Archive) -> None:
    [path] = archived.files
    lines = gzip.decompress(path.read_bytes())
    path.write_bytes(gzip.compress(lines.replace(b'"caretrail.access"', b'"caretrail.excess"', 1), mtime=0))
    assert kinds(archived.verified(path)) == [Tampering.ARCHIVED]
    path.write_bytes(b"no archive")
    assert kinds(archived.verified(path)) == [Tampering.ARCHIVED]
    assert archived.verified().ok, "the control: without it"


def inserted(rows: list[LogColumns]) -> list[LogColumns]:
    first = rows[0]
    more = changed(first, position=200, version=200, command_id="more", at=first[5] + 1)
    return [first, more, *rows[1:]]


LEFT: dict[str, Callable[[list[LogColumns]], list[LogColumns]]] = {
    "an edited disclosure": lambda rows: [changed(row, payload=b"{}") if row[0] == 101 else row for row in rows],
    "a deleted disclosure": lambda rows: [row for row in rows if row[0] != 300],
    "an inserted access": inserted,
}


@pytest.mark.parametrize("attack", LEFT)
@pytest.mark.parametrize("with_file", [False, True])
def test_what_an_archive_left_is_verified(archived: Archive, attack: str, with_file: bool) -> None:
    rewrite(archived.url, LEFT[attack](rows_of(archived.url, Log.ACCESSES)), Log.ACCESSES)
    verification = archived.verified(*(archived.files if with_file else []))
    assert Tampering.ARCHIVED in kinds(verification)
    assert verification.discrepancies == ()


def test_a_newest_access_that_was_taken_away_is_found(archived: Archive) -> None:
    rewrite(archived.url, [row for row in rows_of(archived.url, Log.ACCESSES) if row[0] != CUT], Log.ACCESSES)
    assert kinds(archived.verified()) == [Tampering.DELETED]


def test_tiles_of_archived_accesses_that_were_altered_are_found_and_mended_from_the_file(archived: Archive) -> None:
    statement = "UPDATE caretrail.tile SET hashes = {} WHERE log = 2 AND level = 0 AND number = 1"
    run_sql(
        archived.url,
        statement.format("zeroblob(8192)" if "sqlite" in archived.url else "decode(repeat('00', 8192), 'hex')"),
    )
    assert set(kinds(archived.verified())) == {Tampering.ARCHIVED}
    assert Tampering.ARCHIVED not in kinds(archived.verified(*archived.files))
    with open_recorder(archived.url) as recorder:
        assert (0, 1) in [*differing_tiles(recorder, Log.ACCESSES)]
        run_sql(archived.url, "DELETE FROM caretrail.tile WHERE log = 2 AND number = 0")
        assert (0, 0) in [*differing_tiles(recorder, Log.ACCESSES)]
        assert Tampering.ARCHIVED in kinds(archived.verified())
        archived.view(1)
        archived.sign()  # the recorded frontier is enough to go on
        restore_archived_tiles(recorder, archived.files)
        assert [*differing_tiles(recorder, Log.ACCESSES)] == []
    assert archived.verified().ok


def test_an_archive_whose_record_is_malformed_is_found(archived: Archive) -> None:
    rewrite(archived.url, [changed(row, payload=b'{"upto":768}') for row in rows_of(archived.url)])
    found = archived.verified().accesses.discrepancies
    assert (found[-1].tampering, "is malformed" in found[-1].evidence) == (Tampering.ARCHIVED, True)
    assert Tampering.DELETED in {item.tampering for item in found}, "what is not here is missing"
    for use in (archived.archive, archived.sign):
        with pytest.raises(StoreDamaged, match="is malformed"):
            use()


def test_a_frontier_that_is_not_of_the_accesses_is_found_and_not_signed(archived: Archive) -> None:
    """Given an operator who records an archive of other accesses, then checkpoints tell."""
    true = rows_of(archived.url)
    forged = [changed(row, payload=row[4].replace(archives_frontier(archived).encode(), b"00" * 32)) for row in true]
    rewrite(archived.url, forged)
    verification = archived.verified()
    assert Tampering.ARCHIVED in kinds(verification)
    assert Tampering.ALTERED in kinds(verification)
    with pytest.raises(Exception, match="not those that were signed"), open_recorder(archived.url) as recorder:
        sign(recorder, [archived.key], SignerState(archived.folder / "state", origin_of(recorder.namespace)), full=True)


def test_a_signer_that_signed_less_than_was_archived_goes_on_only_from_that(made: Archive) -> None:
    """Given an older state of the signer, put back after the archive."""
    older = min((made.folder / "kept").iterdir()).read_text()
    made.archive()
    (made.folder / "state").write_text(older)
    for path in (made.folder / "kept").iterdir():
        path.unlink()
    made.sign()
    (made.folder / "state").write_text(older)
    true = rows_of(made.url)
    frontier = archives_frontier(made).encode()
    rewrite(made.url, [changed(row, payload=row[4].replace(frontier, b"00" * 32)) for row in true])
    with pytest.raises(SigningRefused, match="the first 101 accesses are not those that were signed"):
        made.sign()


def archives_frontier(archived: Archive) -> str:
    with open_recorder(archived.url) as recorder:
        return archives(recorder)[0].frontier[0].hex()


# --- killed ---------------------------------------------------------------------------------------------------------


def _killed(made: Archive, at: str) -> None:
    """Archive in a process that kills itself there."""
    child = os.fork()
    if child == 0:
        try:
            if at == "drop":
                from caretrail.log.postgresql.recorder import PostgresRecorder
                from caretrail.log.sqlite.recorder import SqliteRecorder

                for cls in (SqliteRecorder, PostgresRecorder):
                    _kill_second(cls)
            else:
                setattr(archiving, at, _die)
            made.archive()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), at


def _die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _kill_second(cls: Any) -> None:
    drop = cls.drop_archived

    def dropped(self: Any, after: int, upto: int) -> int:
        if after:
            os.kill(os.getpid(), signal.SIGKILL)
        return int(drop(self, after, upto))

    cls.drop_archived = dropped


KILLED = {"proven": (True, 0), "record_archive": (True, 0), "_drop": (True, 1), "drop": (True, 1)}


@pytest.mark.parametrize("at", KILLED)
def test_killed_anywhere_nothing_is_lost_and_it_goes_on(
    made: Archive, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    monkeypatch.setattr(archiving, "DROPPED_AT_ONCE", 256)
    before = rows_of(made.url, Log.ACCESSES)
    _killed(made, at)
    has_file, recorded = KILLED[at]
    assert bool(made.files) == has_file
    assert made.verified().ok
    with open_recorder(made.url) as recorder:
        assert len(archives(recorder)) == recorded
    known = {row[0]: row for row in rows_of(made.url, Log.ACCESSES)}
    known |= {row[0]: row for path in made.files for rows in read_rows(path) for row in rows}
    assert [known[number] for number in sorted(known)] == before, "everything is somewhere"
    if recorded:  # it is not finished without the file that it rests on
        [path] = made.files
        path.rename(path.with_suffix(".away"))
        with pytest.raises(ArchiveRefused, match="is needed for that"):
            made.archive()
        path.with_suffix(".away").rename(path)
    done = made.archive()
    assert done.finished == bool(recorded)
    assert positions(made.url) == [101, 300, CUT, *range(CUT + 1, COUNT + 1)]
    assert made.verified(*made.files).ok
