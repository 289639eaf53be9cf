"""Signing: only what continues the last checkpoint, saved on disk before it is given out, whatever happens."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from caretrail.evidence import log_rows
from caretrail.evidence.checkpoint_folder import newest_in, publish
from caretrail.evidence.external import checkpoint_files, read_checkpoints
from caretrail.evidence.sign import sign
from caretrail.evidence.signer_state import SignerState, SigningRefused
from caretrail.files import FileRefused, file_lock
from caretrail.ledger.checkpoint import Checkpoint, CheckpointPair, origin_of, origin_of_accesses, sign_pair
from caretrail.ledger.note import OtherLog, SigningKey, new_key
from caretrail.ledger.tree import root_of
from caretrail.log import EventRecorder, open_recorder
from caretrail.log.records import Log
from tests.ledger.signing import STREAM, Signer
from tests.ledger.superuser import altered, make_all_anew, project, rewrite, rows_of
from tests.ledger.test_attacks import changed
from tests.support.stores import pending, run_sql


@pytest.fixture
def signer(store_url: str, tmp_path: Path) -> Signer:
    with open_recorder(store_url) as recorder:
        origin = origin_of(recorder.namespace)
    signer = Signer(store_url, tmp_path / "signed", [new_key(origin)], origin)
    signer.folder.mkdir()
    signer.append(20)
    return signer


def test_it_signs_what_was_recorded_and_goes_on_from_there(signer: Signer) -> None:
    first = signer.sign(first=True)
    signer.append(600)
    second = signer.sign()
    project(signer.url)
    third = signer.sign()
    assert (first.size, second.size) == (20, 620)
    assert third == second == signer.sign(full=True)
    assert [path.name for path in sorted(signer.published.iterdir())] == [
        "000000000020-000000000000.checkpoint", "000000000620-000000000000.checkpoint",
    ]  # fmt: skip  # one list
    assert (signer.folder / "state" / "last").stat().st_mode & 0o777 == 0o600
    kept = read_checkpoints(checkpoint_files([signer.published]), [signer.keys[0].verifying], signer.origin)
    assert [item.checkpoint for item in kept.checkpoints] == [first, second]


def test_an_empty_log_can_be_signed_too(store_url: str, tmp_path: Path) -> None:
    with open_recorder(store_url) as recorder:
        origin = origin_of(recorder.namespace)
        state = SignerState(tmp_path / "last", origin)
        key = new_key(origin)
        assert sign(recorder, [key], state, first=True).checkpoint.size == 0
        recorder.append([pending(STREAM)])
        assert sign(recorder, [key], state).checkpoint.size == 1


def test_with_tiles_it_reads_only_what_is_new(signer: Signer, monkeypatch: pytest.MonkeyPatch) -> None:
    signer.append(3000)
    project(signer.url)
    signer.sign(first=True)
    signer.append(7)
    read: list[int] = []
    with open_recorder(signer.url) as recorder:
        cls: Any = type(recorder)
    real = cls.read_columns

    def counted(self: EventRecorder, after: int, limit: int, log: Log) -> Any:
        rows = real(self, after, limit, log)
        read.append(len(rows))
        return rows

    monkeypatch.setattr(cls, "read_columns", counted)
    signer.sign()
    assert sum(read) < 4 * 256  # the new events, twice, and what is in no tile yet
    read.clear()
    signer.sign(full=True)
    assert sum(read) > 2 * 3000


# --- what it refuses ------------------------------------------------------------------------------------------------


def refused(signer: Signer, words: str, **options: Any) -> None:
    before = {path: path.read_bytes() for path in signer.folder.rglob("*") if path.is_file()}
    with pytest.raises(SigningRefused, match=words):
        signer.sign(**options)
    after = {path: path.read_bytes() for path in signer.folder.rglob("*") if path.is_file()}
    assert {**after, **before} == after, "nothing that was there is another"


def test_a_log_that_is_smaller_than_what_was_signed(signer: Signer) -> None:
    signer.sign(first=True)
    rewrite(signer.url, rows_of(signer.url)[:15])
    refused(signer, "20 events were signed, and the log ends at position 15")


def test_another_log_in_its_place(signer: Signer) -> None:
    """Given the same mark, and other events: a backup that went on, or a history that was written anew."""
    signer.sign(first=True)
    rewrite(signer.url, [changed(row, payload=b"other") for row in rows_of(signer.url)])
    refused(signer, "the first 20 events are not those that were signed")
    signer.append(5)
    refused(signer, "the first 20 events are not those that were signed")


def test_a_row_edited_after_it_was_signed_is_not_signed_again(signer: Signer) -> None:
    """Given tiles that still are of the true row: what is signed is the true history, with the new events behind it."""
    signer.append(500)
    project(signer.url)
    signer.sign(first=True)
    true = rows_of(signer.url)
    altered(
        signer.url, lambda rows: [changed(row, payload=b"x") if row[0] == 9 else row for row in rows], recompute=False
    )
    signer.append(1)
    signed = signer.sign()
    rewrite(signer.url, [*true, rows_of(signer.url)[-1]])
    assert signed == signer.sign(full=True)


@pytest.mark.parametrize("what", ["gap", "time", "position"])
def test_new_events_that_no_append_would_give(signer: Signer, what: str) -> None:
    signer.sign(first=True)
    signer.append(5)
    rows = rows_of(signer.url)
    if what == "gap":
        del rows[22]
    elif what == "time":
        rows[22] = changed(rows[22], at=rows[10][5])
    else:
        rows[-1] = changed(rows[-1], position=99)
    rewrite(signer.url, rows)
    refused(signer, "position 23|position 25: nothing is there, up to position 98")


def test_tiles_that_are_not_of_the_log(signer: Signer) -> None:
    signer.append(300)
    project(signer.url)
    run_sql(signer.url, "UPDATE caretrail.tile SET root = hashes")
    blank = "zeroblob(8192)" if signer.url.startswith("sqlite") else "decode(repeat('00', 8192), 'hex')"
    run_sql(signer.url, f"UPDATE caretrail.tile SET hashes = {blank}")
    refused(signer, "the tiles of the ledger are not those of the log", first=True)
    make_all_anew(signer.url)
    assert signer.sign(first=True).size == 320


@pytest.mark.parametrize("value", ["'x'", "NULL"])
def test_tiles_that_are_no_tiles_are_passed_over(sqlite_url: str, tmp_path: Path, value: str) -> None:
    with open_recorder(sqlite_url) as recorder:
        recorder.append([pending(STREAM, version) for version in range(1, 301)])
        origin = origin_of(recorder.namespace)
    project(sqlite_url)
    run_sql(
        sqlite_url, "CREATE TABLE other AS SELECT * FROM tile", "DROP TABLE tile", "ALTER TABLE other RENAME TO tile",
        f"UPDATE tile SET hashes = {value}, root = {value}",
    )  # fmt: skip  # one statement after the other
    with open_recorder(sqlite_url) as recorder:
        assert (
            sign(recorder, [new_key(origin)], SignerState(tmp_path / "last", origin), first=True).checkpoint.size == 300
        )


def test_a_bit_that_flips_while_reading_is_not_signed(signer: Signer, monkeypatch: pytest.MonkeyPatch) -> None:
    real, calls = log_rows.stored_rows, 0

    def flipping(recorder: EventRecorder, after: int, end: int, *, log: Log) -> Iterator[Any]:
        nonlocal calls
        calls += 1
        for rows in real(recorder, after, end, log=log):
            flipped = [changed(row, payload=b"\x01" + row[4][1:]) if row[0] == 7 else row for row in rows]  # type: ignore[union-attr]
            yield flipped if calls == 1 else rows

    monkeypatch.setattr(log_rows, "stored_rows", flipping)
    refused(signer, "reading the new events twice gave two results", first=True)
    monkeypatch.undo()
    assert signer.sign(first=True).size == 20


def test_a_state_that_is_lost_or_not_readable_is_not_taken_for_none(signer: Signer) -> None:
    refused(signer, "no earlier checkpoint")
    signer.sign(first=True)
    refused(signer, "was signed before", first=True)
    state = signer.folder / "state" / "last"
    note = state.read_text()
    for text in ("", "rubbish", note[:-5], note.replace("\n20\n", "\n19\n"), "\udcff"):
        state.write_bytes(text.encode("utf-8", "surrogateescape"))
        refused(signer, "not readable")
    strange = new_key("another.example/log")
    state.write_text(_note_of(strange))
    refused(signer, "by another key")
    state.unlink()
    state.mkdir()
    refused(signer, "cannot be read")
    state.rmdir()
    # the folder it went to knows it still
    signer.append(1)
    with open_recorder(signer.url) as recorder:
        known = newest_in(signer.published, signer.keys, signer.origin)
        assert sign(recorder, signer.keys, signer.state, first=True, known=known).since == 20


def _note_of(key: SigningKey) -> str:
    events = Checkpoint(key.name, 1, bytes(32))
    accesses = Checkpoint(origin_of_accesses(key.name), 0, root_of([]), events.head)
    return sign_pair(CheckpointPair(events, accesses), [key])


def test_a_state_put_back_to_an_older_state_is_seen_by_the_folder(signer: Signer) -> None:
    signer.sign(first=True)
    old = (signer.folder / "state" / "last").read_text()
    signer.append(5)
    signer.sign()
    (signer.folder / "state" / "last").write_text(old)
    known = newest_in(signer.published, signer.keys, signer.origin)
    refused(signer, "size 25 was given out, and is not the last one saved, of size 20", known=known)


def test_a_key_of_another_log_is_refused(signer: Signer) -> None:
    signer.keys = [new_key("caretrail.log/ffffffffffffffffffffffffffffffff")]
    with pytest.raises(OtherLog):
        signer.sign(first=True)


def test_one_signer_at_a_time(signer: Signer) -> None:
    signer.sign(first=True)
    with file_lock(signer.folder / "state" / "last.lock") as taken:
        assert taken
        refused(signer, "another signer")
    signer.sign()


def test_nothing_is_ever_overwritten(signer: Signer) -> None:
    (signer.published / "000000000020-000000000000.checkpoint").write_text("somebody else's")
    with pytest.raises(FileRefused, match="already exists with other content"):
        signer.sign(first=True)
    assert (signer.published / "000000000020-000000000000.checkpoint").read_text() == "somebody else's"


# --- a change of keys -----------------------------------------------------------------------------------------------


def test_a_new_key_takes_over_by_signing_together_with_the_old_one(signer: Signer) -> None:
    old, new = signer.keys[0], new_key(signer.origin)
    signer.sign(first=True)
    signer.keys = [new]
    refused(signer, "signed by another key")
    signer.keys = [new, old]
    signer.sign()
    signer.append(5)
    signer.keys = [new]
    signer.sign()
    names = sorted(path.name for path in signer.published.iterdir())
    both = f"000000000020-000000000000-{new.verifying.id.hex()}-{old.verifying.id.hex()}.checkpoint"
    assert names == [both, "000000000020-000000000000.checkpoint", "000000000025-000000000000.checkpoint"]
    chain = [old.verifying, new.verifying]
    kept = read_checkpoints(checkpoint_files([signer.published]), chain, signer.origin)
    assert (len(kept.checkpoints), kept.discrepancies, kept.notes) == (3, (), ())


def test_a_retired_key_signs_no_more(signer: Signer) -> None:
    """Given a key that was stolen after it was replaced."""
    old, new = signer.keys[0], new_key(signer.origin)
    signer.keys = [new, old]
    signer.sign(first=True)
    signer.append(5)
    with open_recorder(signer.url) as recorder:
        stolen = sign(recorder, [old], SignerState(signer.folder / "elsewhere", signer.origin), first=True)
    publish(signer.published, stolen, [old])
    kept = read_checkpoints(checkpoint_files([signer.published]), [old.verifying, new.verifying], signer.origin)
    assert len(kept.checkpoints) == 1
    assert [p.evidence for p in kept.discrepancies] == [
        "000000000025-000000000000.checkpoint: signed by a key that was retired at size 20"
    ]
    # the control: who does not know of the new key takes it
    assert len(read_checkpoints(checkpoint_files([signer.published]), [old.verifying], signer.origin).checkpoints) == 2


def test_a_key_that_nobody_vouches_for_is_said(signer: Signer) -> None:
    old, new = signer.keys[0], new_key(signer.origin)
    signer.sign(first=True)
    signer.append(1)
    with open_recorder(signer.url) as recorder:
        publish(
            signer.published, sign(recorder, [new], SignerState(signer.folder / "b", signer.origin), first=True), [new]
        )
    kept = read_checkpoints(checkpoint_files([signer.published]), [old.verifying, new.verifying], signer.origin)
    assert kept.discrepancies == ()
    assert [f"key {new.verifying.id.hex()} together" in note for note in kept.notes] == [True]
