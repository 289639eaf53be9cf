"""A witness signs along on what continues what it signed before, and on nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caretrail.errors import CaretrailError, StoreDamaged
from caretrail.evidence.external import read_checkpoints
from caretrail.evidence.packet import verify
from caretrail.evidence.signer_state import SignerState, SigningRefused
from caretrail.evidence.witness import Cosigned, Request, cosign, read_requests, requests_for, unverified_pair
from caretrail.ledger.checkpoint import EMPTY_PAIR
from caretrail.ledger.cosignature import cosignatures
from caretrail.ledger.note import (
    COSIGNATURE,
    BadNote,
    BadSignature,
    NoteRefused,
    OtherLog,
    SigningKey,
    new_key,
    note_text,
    sign_note,
    split_notes,
)
from caretrail.log import init_store, open_recorder
from caretrail.log.copying import copy_store
from caretrail.readmodel.upkeep import catch_up
from tests.packet.packets import Desk
from tests.support.example import NAME, copy_of_example, example

AT = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)


@dataclass
class Witness:
    """Somebody else, with a key and a memory, who trusts one key of a log."""

    folder: Path
    log: Desk
    signing: SigningKey = field(default_factory=lambda: new_key("w.example/1", COSIGNATURE))

    @property
    def state(self) -> SignerState:
        return SignerState(self.folder / "witness", self.log.key.name)

    def sign(self, request: str, *, first: bool = False) -> Cosigned:
        return cosign(request, [self.log.key.verifying], self.signing, self.state, AT, first=first)


@pytest.fixture
def desk(store_url: str, tmp_path: Path) -> Iterator[Desk]:
    with open_recorder(store_url) as recorder:
        desk = Desk(recorder, tmp_path)
        desk.record(*example())
        catch_up(recorder)
        yield desk


@pytest.fixture
def witness(desk: Desk, tmp_path: Path) -> Witness:
    return Witness(tmp_path, desk)


def grow(desk: Desk, name: str, events: int = 7) -> None:
    desk.record(*copy_of_example(name, events=events))
    catch_up(desk.recorder)


def request(desk: Desk, since: str | None = None, size: int | None = None) -> str:
    """What a desk asks for its checkpoint of now."""
    old = EMPTY_PAIR if since is None else unverified_pair(since, desk.key.name)
    return requests_for(desk.recorder, desk.checkpoint(size), desk.key.name, old)


def test_it_signs_what_continues_what_it_signed(desk: Desk, witness: Witness) -> None:
    first = witness.sign(request(desk), first=True)
    grow(desk, "C-1")
    second = witness.sign(request(desk, first.note))
    assert [one.pair.events.size for one in (first, second)] == [65, 72]
    assert second.at == AT
    for note in split_notes(second.note):
        assert cosignatures(note, [witness.signing.verifying]) == [(witness.signing.verifying, AT)]
    assert witness.state.last([desk.key.verifying]) == second.pair


def test_asked_again_since_the_answer_was_lost_it_signs_again(desk: Desk, witness: Witness) -> None:
    first = witness.sign(request(desk), first=True)
    assert witness.sign(request(desk)) == first
    assert witness.sign(request(desk, first.note)) == first


def test_another_history_is_not_signed(desk: Desk, witness: Witness, tmp_path: Path) -> None:
    """Given a log that forked after the witness signed, with the same key."""
    url = f"sqlite://{tmp_path}/forked/care.db"
    init_store(url)
    with open_recorder(url) as recorder:
        copy_store(desk.recorder, recorder, lambda _done, _all: None)
    with open_recorder(url) as recorder:
        other = Desk(recorder, tmp_path)
        other.key = desk.key
        first = witness.sign(request(desk), first=True)
        grow(desk, "C-1")
        grow(other, "C-2", events=9)
        signed = witness.sign(request(desk, first.note))
        before = witness.state.path.read_bytes()
        with pytest.raises(StoreDamaged):  # the store of the other history cannot make the proof
            request(other, signed.note)
        forged = request(other, first.note).replace("old 65", "old 72")
        with pytest.raises(SigningRefused, match="nothing proves"):
            witness.sign(forged)
        with pytest.raises(SigningRefused, match="this witness signed 72 last"):
            witness.sign(request(other, first.note))
        with pytest.raises(SigningRefused):  # of one size
            witness.sign(request(other, first.note, size=72).replace("old 65", "old 72"))
        assert witness.state.path.read_bytes() == before
        grow(desk, "C-3")
        assert witness.sign(request(desk, signed.note)).pair.events.size == 79


def test_what_is_older_is_not_signed(desk: Desk, witness: Witness) -> None:
    witness.sign(request(desk), first=True)
    with pytest.raises(SigningRefused, match="this witness signed 65 last"):
        witness.sign(request(desk, size=60))
    with pytest.raises(SigningRefused, match="nothing proves"):
        witness.sign(request(desk, size=60).replace("old 0\n\ncaretrail", "old 65\n\ncaretrail", 1))


def test_a_lost_memory_is_not_taken_for_a_first_time(desk: Desk, witness: Witness) -> None:
    with pytest.raises(SigningRefused, match="no earlier checkpoint"):
        witness.sign(request(desk))
    witness.sign(request(desk), first=True)
    with pytest.raises(SigningRefused, match="before"):
        witness.sign(request(desk), first=True)
    witness.state.path.write_text("nonsense")
    with pytest.raises(SigningRefused, match="not readable"):
        witness.sign(request(desk))


def test_what_another_key_signed_is_not_cosigned(desk: Desk, witness: Witness) -> None:
    stranger = new_key(desk.key.name)
    strange = requests_for(desk.recorder, desk.checkpoint(keys=[stranger]), desk.key.name)
    with pytest.raises(NoteRefused):
        witness.sign(strange, first=True)
    with pytest.raises(OtherLog):
        requests_for(desk.recorder, desk.checkpoint(), "caretrail.log/another")
    assert not witness.state.path.exists()


def test_one_of_the_two_logs_alone_is_not_signed(desk: Desk, witness: Witness) -> None:
    whole = request(desk)
    events, _ = read_requests(whole)
    with pytest.raises(BadNote, match="two checkpoints"):
        witness.sign(str(events), first=True)
    with pytest.raises(NoteRefused):
        witness.sign(str(events) * 2, first=True)
    grow(desk, "C-1")
    _, newer = read_requests(request(desk))
    with pytest.raises(BadNote, match="signed together"):
        witness.sign(str(events) + str(newer), first=True)
    assert witness.sign(whole, first=True)


def test_the_request_is_what_witnesses_of_c2sp_take(desk: Desk, witness: Witness) -> None:
    first = witness.sign(request(desk), first=True)
    grow(desk, "C-1")
    lines = request(desk, first.note).split("\n")
    assert lines[0] == "old 65"
    blank = lines.index("")
    assert all(len(line) == 44 for line in lines[1:blank])
    assert lines[blank + 1 : blank + 3] == [desk.key.name, "72"]
    events, accesses = read_requests("\n".join(lines))
    assert (len(events.path), accesses.old, accesses.path) == (blank - 1, 0, ())


def test_what_is_signed_is_what_was_checked(desk: Desk, witness: Witness) -> None:
    """Given a log whose key signs anything, and requests that part its two notes elsewhere than they end."""
    events, accesses = read_requests(request(desk))
    junk = desk.key.line(bytes(64))
    moved = Request(0, (), junk + accesses.note)
    with pytest.raises(BadNote, match="not a request"):
        witness.sign(f"{events}{moved}", first=True)
    text = f"{note_text(events.note)}old 7\n\n"
    parted = f"old 0\n\n{sign_note(text, [desk.key])}{accesses}"
    with pytest.raises(BadNote, match="not a request"):
        witness.sign(parted, first=True)
    with pytest.raises(BadNote):
        witness.sign(str(events) + "old 0\n\n" * 10_000, first=True)
    assert not witness.state.path.exists()
    with pytest.raises(BadNote, match="taken for a request"):
        requests_for(desk.recorder, sign_note(text, [desk.key]) + accesses.note, desk.key.name)
    assert witness.sign(f"{events}{accesses}", first=True)


REQUEST = "old 3\n" + "A" * 43 + "=\n\nlog\n5\n" + "A" * 43 + "=\n\n— log AAAAAAAA\n"


@pytest.mark.parametrize(
    "text",
    [
        "", "old", "old x\n\n", "old 03\n\nx", "old -1\n\nx", f"old {10**30}\n\nx", REQUEST.replace("\n\n", "\n"),
        REQUEST.replace("A=", "B="), REQUEST.replace("A=\n\nlog", "A\n\nlog"), "new 3" + REQUEST, "\n" + REQUEST,
        REQUEST.replace("A" * 43 + "=\n\nlog", "AAAA\n\nlog"), "old 3\n" + ("A" * 43 + "=\n") * 64 + "\nlog",
        "x" * 2_000_000,
    ],
)  # fmt: skip  # short texts
def test_what_is_no_request_is_refused(text: str) -> None:
    assert read_requests(REQUEST)[0].old == 3
    with pytest.raises(BadNote, match="not a request"):
        read_requests(text)


@given(text=st.text(), at=st.integers(0, len(REQUEST)))
def test_nonsense_ends_in_a_refusal(text: str, at: int) -> None:
    try:
        read_requests(REQUEST[:at] + text + REQUEST[at:])
    except CaretrailError:
        return


def test_verify_says_what_a_witness_cosigned_and_misses_one_that_did_not(desk: Desk, witness: Witness) -> None:
    path, origin = witness.folder / "a.checkpoint", desk.key.name
    path.write_text(desk.checkpoint())
    other = new_key("w.example/2", COSIGNATURE)
    keys, named = [desk.key.verifying], [witness.signing.verifying]
    missing = read_checkpoints([path], keys, origin, named)
    assert [item.evidence for item in missing.discrepancies] == [
        "no checkpoint of the events is cosigned by the witness w.example/1",
        "no checkpoint of the accesses is cosigned by the witness w.example/1",
    ]
    path.write_text(witness.sign(request(desk), first=True).note)
    found = read_checkpoints([path], keys, origin, named)
    assert found.discrepancies == ()
    assert found.notes == (
        "the witness w.example/1 cosigned 65 events (2026-12-01 10:00 UTC by its clock)",
        "the witness w.example/1 cosigned 0 accesses (2026-12-01 10:00 UTC by its clock)",
    )
    assert len(read_checkpoints([path], keys, origin, [*named, other.verifying]).discrepancies) == 2
    forged = path.read_text().replace(f"— {witness.signing.name} ", "— w.example/9 ")
    path.write_text(forged)
    assert len(read_checkpoints([path], keys, origin, named).discrepancies) == 2


@pytest.mark.slow
def test_a_packet_must_stand_on_what_the_witness_cosigned(desk: Desk, witness: Witness) -> None:
    """Given a packet on a checkpoint that a witness cosigned, one on another, and one whose cosignature is made up."""
    public, line = desk.public, str(witness.signing.verifying)
    bare = desk.make(NAME, name="bare.zip")
    report = verify.verify(str(bare), public, witnesses=[line])
    assert report.status == 2
    assert any("NOT COSIGNED: the witness w.example/1" in text for _, text in report.lines)
    signed = witness.sign(request(desk), first=True)
    cosigned = desk.make(NAME, name="cosigned.zip", note=signed.note)
    report = verify.verify(str(cosigned), public, witnesses=[line])
    assert report.status == 0
    assert (True, "cosigned by the witness w.example/1, by its clock at 2026-12-01 10:00 UTC") in report.lines
    assert verify.verify(str(cosigned), public).status == 0
    grow(desk, "C-1")
    other = "".join(
        note + split_notes(signed.note)[place].splitlines(keepends=True)[-1]
        for place, note in enumerate(split_notes(desk.checkpoint()))
    )
    forged = desk.make(NAME, name="forged.zip", note=other)
    report = verify.verify(str(forged), public, witnesses=[line])
    assert report.status == 1
    assert "somebody made it up" in report.lines[-1][1]
    doubled = "".join(note + witness.signing.line(bytes(72)) for note in split_notes(signed.note))
    with pytest.raises(BadSignature):
        cosignatures(split_notes(doubled)[0], [witness.signing.verifying])
    report = verify.verify(str(desk.make(NAME, name="doubled.zip", note=doubled, size=65)), public, witnesses=[line])
    assert report.status == 1, "a good line does not excuse a made-up one"
