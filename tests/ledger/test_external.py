"""External evidence that cannot be trusted, and the fold over rows by itself."""

import json
from pathlib import Path

import pytest

from caretrail.evidence.external import (
    ExternalUnreadable,
    checkpoint_files,
    read_checkpoints,
    read_receipts,
)
from caretrail.evidence.log_rows import RowFold
from caretrail.evidence.result import Tampering
from caretrail.ledger.checkpoint import Checkpoint, origin_of, sign_checkpoint
from caretrail.ledger.note import BadKey, VerifyingKey, new_key
from caretrail.log import open_recorder
from caretrail.log.leaf import LogColumns, leaf_of
from tests.ledger.verifying import append, found, signed, verified

# --- external evidence ----------------------------------------------------------------------------------------------


def test_receipts_are_read_as_they_were_printed(store_url: str, tmp_path: Path) -> None:
    rows = append(store_url, 3)
    file = tmp_path / "receipts.jsonl"
    lines = [{"line": n, "position": n, "leaf": leaf_of(row).hex()} for n, row in enumerate(rows, start=1)]
    refused = {"line": 4, "error": "impossible", "message": "…", "hint": ""}
    file.write_text("\n".join(map(json.dumps, [*lines, refused])) + "\n\n")
    verification = verified(store_url, read_receipts(file))
    assert (verification.ok, verification.receipts) == (True, 3)
    file.write_text(json.dumps(lines[0] | {"leaf": "00" * 32}))
    assert found(verified(store_url, read_receipts(file)))[0] == (Tampering.EDITED, 1)
    # a checkpoint that holds says that the log had this event all along: the receipt is of a branch that was lost
    assert found(verified(store_url, read_receipts(file), signed(store_url, rows))) == [(Tampering.RECEIPT, 1)]


@pytest.mark.parametrize(
    "line",
    ["rubbish", "[]", "{}", '{"position": 0, "leaf": "00"}', '{"position": "1"}', "[" * 5000, "\x00", "1" * 9999],
)
def test_lines_that_are_no_receipts_are_named(tmp_path: Path, line: str) -> None:
    file = tmp_path / "receipts.jsonl"
    file.write_text(f"\n{line}\n")
    with pytest.raises(ExternalUnreadable, match="line 2"):
        read_receipts(file)


def test_two_receipts_of_one_position_contradict_each_other(store_url: str, tmp_path: Path) -> None:
    append(store_url, 1)
    file = tmp_path / "receipts.jsonl"
    file.write_text("".join(json.dumps({"position": 9, "leaf": digit * 64}) + "\n" for digit in "ab"))
    assert (Tampering.FORKED, 9) in found(verified(store_url, read_receipts(file)))


def test_what_is_wrong_with_checkpoints_is_said(store_url: str, tmp_path: Path) -> None:
    append(store_url, 3)
    with open_recorder(store_url) as recorder:
        origin = origin_of(recorder.namespace)
    key, other = new_key(origin), new_key("another.example")
    (tmp_path / "a.checkpoint").write_text("rubbish")
    (tmp_path / "b.checkpoint").write_bytes(b"\xff")
    (tmp_path / "c.checkpoint").write_text(sign_checkpoint(Checkpoint(origin, 3, bytes(32)), [new_key(origin)]))
    (tmp_path / "d.checkpoint").write_text(sign_checkpoint(Checkpoint(other.name, 3, bytes(32)), [other]))
    (tmp_path / "README").write_text("not looked at")
    kept = read_checkpoints(checkpoint_files([tmp_path]), [key.verifying, other.verifying], origin)
    assert [(p.tampering, p.evidence.split(":")[0]) for p in kept.discrepancies] == [
        (Tampering.CHECKPOINT, "a.checkpoint"),
        (Tampering.CHECKPOINT, "b.checkpoint"),
        (Tampering.CHECKPOINT, "c.checkpoint"),
        (Tampering.OTHER_LOG, "d.checkpoint"),
    ]
    assert not verified(store_url, kept).ok


def test_two_checkpoints_of_one_size_are_two_histories(tmp_path: Path) -> None:
    key = new_key("log")
    for name, root in (("a", bytes(32)), ("b", bytes([1]) * 32)):
        (tmp_path / f"{name}.checkpoint").write_text(sign_checkpoint(Checkpoint("log", 3, root), [key]))
    kept = read_checkpoints(checkpoint_files([tmp_path]), [key.verifying], "log")
    assert [(p.tampering, p.first, p.last) for p in kept.discrepancies] == [(Tampering.FORKED, 1, 3)]


def test_a_folder_that_somebody_emptied_is_no_folder_without_findings(tmp_path: Path) -> None:
    with pytest.raises(ExternalUnreadable, match="no checkpoint in that folder"):
        checkpoint_files([tmp_path])
    with pytest.raises(ExternalUnreadable, match="cannot be read"):
        read_checkpoints(checkpoint_files([tmp_path / "missing"]), [], "log")


# --- the fold by itself ---------------------------------------------------------------------------------------------


def row(position: int, version: int = 1, moment: int | None = None, stream: bytes = bytes(16)) -> LogColumns:
    at = position if moment is None else moment
    return (position, stream, version, "admitted/1", b"{}", at, "u", "", "", f"c{position}", bytes(16))


def test_the_fold_needs_no_store() -> None:
    """As a packet is judged: rows of one stream after another, from a list."""
    fold = RowFold()
    [first, second] = fold.add([row(1), row(2, 2), row(5, 3)])
    fold.end(6)
    assert (first.first, len(first.leaves), second.first) == (1, 2, 5)
    assert [(a.tampering, a.first) for a in fold.anomalies] == [(Tampering.DELETED, 3), (Tampering.DELETED, 6)]


def test_the_fold_counts_what_it_does_not_keep() -> None:
    fold = RowFold()
    fold.add([row(n, n + 1, stream=n.to_bytes(16, "big")) for n in range(1, 300)])
    assert (fold.count, len(fold.anomalies)) == (299, 100)


def test_a_fold_may_begin_in_the_middle() -> None:
    fold = RowFold(start=10, moment=10)
    fold.add([row(11, 7), row(12, 8, moment=11)])
    assert [(a.tampering, a.first) for a in fold.anomalies] == [(Tampering.BACK_DATED, 12)]


def test_a_key_with_a_part_of_small_order_checks_no_checkpoints() -> None:
    """Given a key of order 8 itself, and an honest one as the control."""
    small = VerifyingKey("log", bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"))
    with pytest.raises(BadKey, match="unsafe"):
        read_checkpoints([], [small], "log")
    assert read_checkpoints([], [new_key("log").verifying], "log").checkpoints == ()
