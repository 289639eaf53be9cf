"""The log of accesses is verified, signed and tiled as that of events is, and neither passes for the other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from caretrail.evidence.checkpoint_folder import publish
from caretrail.evidence.external import ExternalEvidence, checkpoint_files, read_checkpoints
from caretrail.evidence.result import Tampering, Verification
from caretrail.evidence.sign import sign
from caretrail.evidence.signer_state import SignerState, SigningRefused
from caretrail.ledger.checkpoint import (
    Checkpoint,
    CheckpointPair,
    open_pair,
    origin_of,
    origin_of_accesses,
    sign_checkpoint,
    sign_pair,
)
from caretrail.ledger.note import BadNote, SigningKey, new_key, split_notes
from caretrail.ledger.tiles import differing_tiles, stored_subtrees, tiled_position, write_tiles
from caretrail.ledger.tree import root_at, root_of
from caretrail.log import new_salt, open_recorder
from caretrail.log.leaf import LogColumns, leaf_of
from caretrail.log.recorder import EventRecorder
from caretrail.log.records import Log, PendingAccess
from tests.ledger.superuser import fitted, rewrite, rows_of
from tests.ledger.test_attacks import changed
from tests.ledger.verifying import found, verified
from tests.support.stores import pending, run_sql

COUNT = 300


def view(recorder: EventRecorder, count: int) -> None:
    for start in range(0, count, 100):
        recorder.record_access([PendingAccess(b"{}", uuid4().hex, new_salt()) for _ in range(min(100, count - start))])


class Kept:
    """A store of ten events and three hundred accesses, whose checkpoints are kept elsewhere."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder = url, folder
        with open_recorder(url) as recorder:
            self.origin = origin_of(recorder.namespace)
            recorder.append([pending(uuid4()) for _ in range(10)])
            view(recorder, COUNT)
        self.key: SigningKey = new_key(self.origin)
        self.state = SignerState(folder / "state", self.origin)
        (folder / "kept").mkdir()
        self.sign(first=True)

    def sign(self, *, first: bool = False) -> None:
        with open_recorder(self.url) as recorder:
            publish(self.folder / "kept", sign(recorder, [self.key], self.state, first=first), [self.key])

    def evidence(self) -> ExternalEvidence:
        return read_checkpoints(checkpoint_files([self.folder / "kept"]), [self.key.verifying], self.origin)

    def verified(self) -> Verification:
        return verified(self.url, self.evidence())


@pytest.fixture
def kept(store_url: str, tmp_path: Path) -> Kept:
    return Kept(store_url, tmp_path)


def test_both_logs_are_signed_together_and_verified(kept: Kept) -> None:
    with open_recorder(kept.url) as recorder:
        write_tiles(recorder, Log.ACCESSES)
    verification = kept.verified()
    assert verification.ok
    assert (verification.size, verification.covered, verification.checkpoints) == (10, 10, 1)
    accesses = verification.accesses
    assert (accesses.size, accesses.covered, accesses.checkpoints, accesses.tiles) == (COUNT, COUNT, 1, 1)
    assert accesses.origin == origin_of_accesses(kept.origin)
    assert accesses.root == root_of(leaf_of(row, Log.ACCESSES) for row in rows_of(kept.url, Log.ACCESSES))
    assert accesses.root != root_of(map(leaf_of, rows_of(kept.url, Log.ACCESSES)))


def test_the_checkpoint_of_the_accesses_names_the_head_of_the_events(kept: Kept) -> None:
    [path] = (kept.folder / "kept").iterdir()
    assert path.name == f"{10:012d}-{COUNT:012d}.checkpoint"
    pair = open_pair(path.read_text(), [kept.key.verifying], kept.origin)
    assert pair.accesses.events == pair.events.head
    assert (pair.events.size, pair.accesses.size) == (10, COUNT)
    with open_recorder(kept.url) as recorder:
        view(recorder, 1)
    kept.sign()
    names = sorted(path.name for path in (kept.folder / "kept").iterdir())
    assert names[1] == f"{10:012d}-{COUNT + 1:012d}.checkpoint"
    assert kept.verified().ok


ATTACKS: dict[str, tuple[Callable[[list[LogColumns]], list[LogColumns]], Tampering, int, Tampering | None]] = {
    "edit": (
        lambda rows: [changed(row, payload=b"[]") if row[0] == 150 else row for row in rows],
        Tampering.ALTERED, 1, None,
    ),
    "delete": (lambda rows: [row for row in rows if row[0] != 150], Tampering.DELETED, 150, Tampering.DELETED),
    "delete and make all fit": (
        lambda rows: fitted([*rows[:149], *rows[150:], changed(rows[0], command_id="more")]),
        Tampering.ALTERED, 1, None,
    ),
    "another account": (
        lambda rows: [changed(row, by="c-innocent") if row[0] == 150 else row for row in rows],
        Tampering.ALTERED, 1, Tampering.EDITED,
    ),
    "another author asserted": (
        lambda rows: [changed(row, asserted_by="c-innocent") if row[0] == 150 else row for row in rows],
        Tampering.ALTERED, 1, None,
    ),
    "cut off": (lambda rows: rows[:-1], Tampering.RESTORED, COUNT, None),
}  # fmt: skip  # what is done; what it looks like with checkpoints, from where; what it looks like without


@pytest.mark.parametrize("attack", ATTACKS)
def test_accesses_that_were_altered_are_found(kept: Kept, attack: str) -> None:
    change, kind, first, alone = ATTACKS[attack]
    rewrite(kept.url, change(rows_of(kept.url, Log.ACCESSES)), Log.ACCESSES)
    verification = kept.verified()
    assert not verification.ok
    assert found(verification) == [], "the events are as they were"
    assert kind in [item.tampering for item in verification.accesses.discrepancies]
    assert min(item.first or 0 for item in verification.accesses.discrepancies) == first
    # the control: without the checkpoints only careless ones are found
    assert {item.tampering for item in verified(kept.url).accesses.discrepancies} == ({alone} if alone else set())


def test_tiles_of_accesses_say_where(kept: Kept) -> None:
    with open_recorder(kept.url) as recorder:
        write_tiles(recorder, Log.ACCESSES)
        assert (tiled_position(recorder, Log.ACCESSES), tiled_position(recorder)) == (256, 0)
        assert [*differing_tiles(recorder, Log.ACCESSES)] == []
        leaves = [leaf_of(row, Log.ACCESSES) for row in rows_of(kept.url, Log.ACCESSES)]
        assert root_at(stored_subtrees(recorder, Log.ACCESSES), COUNT) == root_of(leaves)
    rows = [changed(row, payload=b"[]") if row[0] == 150 else row for row in rows_of(kept.url, Log.ACCESSES)]
    rewrite(kept.url, rows, Log.ACCESSES)
    [edited] = verified(kept.url).accesses.discrepancies
    assert (edited.tampering, edited.first) == (Tampering.EDITED, 150)


def test_events_are_not_accesses_and_the_other_way_around(kept: Kept) -> None:
    """Given the rows of one log in the table of the other, then no leaf is one that was signed."""
    events, accesses = rows_of(kept.url), rows_of(kept.url, Log.ACCESSES)
    assert not {leaf_of(row) for row in events} & {leaf_of(row, Log.ACCESSES) for row in events}
    rewrite(kept.url, accesses[:10])
    assert not kept.verified().ok


def test_nothing_is_signed_that_contradicts_the_accesses_signed_before(kept: Kept) -> None:
    rows = rows_of(kept.url, Log.ACCESSES)
    rewrite(kept.url, rows[:-1], Log.ACCESSES)
    with pytest.raises(SigningRefused, match=f"{COUNT} accesses were signed, and the log ends at position {COUNT - 1}"):
        kept.sign()
    rewrite(kept.url, [changed(row, payload=b"[]") if row[0] == 9 else row for row in rows], Log.ACCESSES)
    with pytest.raises(SigningRefused, match="accesses are not those that were signed"):
        kept.sign()
    rewrite(kept.url, rows, Log.ACCESSES)
    kept.sign()


def test_the_head_that_an_access_checkpoint_names_is_evidence_of_the_events(kept: Kept) -> None:
    """Given only the checkpoint of the accesses, and events that were cut off: their head was signed, too."""
    [path] = (kept.folder / "kept").iterdir()
    _, accesses = split_notes(path.read_text())
    path.write_text(accesses)
    assert kept.verified().ok
    rewrite(kept.url, rows_of(kept.url)[:-1])
    assert found(kept.verified()) == [(Tampering.RESTORED, 10)]


def test_two_checkpoints_that_were_not_signed_together_are_refused(kept: Kept) -> None:
    head = Checkpoint(kept.origin, 1, bytes(32))
    accesses = Checkpoint(origin_of_accesses(kept.origin), 0, bytes(32), Checkpoint("", 2, bytes(32)).head)
    named = kept.key.named(origin_of_accesses(kept.origin))
    text = sign_checkpoint(head, [kept.key]) + sign_checkpoint(accesses, [named])
    with pytest.raises(BadNote, match="not signed together"):
        open_pair(text, [kept.key.verifying], kept.origin)
    good = CheckpointPair(head, Checkpoint(accesses.origin, 0, bytes(32), head.head))
    assert open_pair(sign_pair(good, [kept.key]), [kept.key.verifying], kept.origin) == good
    for broken in ("", sign_checkpoint(head, [kept.key]), sign_pair(good, [kept.key]) * 2):
        with pytest.raises(BadNote):
            open_pair(broken, [kept.key.verifying], kept.origin)


def test_a_command_that_is_there_twice_among_the_accesses(kept: Kept) -> None:
    if not kept.url.startswith("sqlite"):
        run_sql(kept.url, "ALTER TABLE caretrail.access DROP CONSTRAINT access_source_command_id_key")
    else:
        run_sql(
            kept.url,
            "CREATE TABLE other AS SELECT * FROM access",
            "DROP TABLE access",
            "ALTER TABLE other RENAME TO access",
        )
    rows = rows_of(kept.url, Log.ACCESSES)
    rewrite(kept.url, [*rows[:-1], changed(rows[-1], command_id=rows[0][9])], Log.ACCESSES)
    kinds = [item.evidence for item in verified(kept.url).accesses.discrepancies]
    assert kinds == ["a command_id is there twice, which no append would record"]
