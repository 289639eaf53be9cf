"""One key that signs two histories is found by whoever kept a checkpoint: a packet is held against it.

Given a store, and a copy of it that went on in another way; both hand out packets under one key. What was signed
before they parted is common to both.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caretrail.errors import StoreDamaged
from caretrail.evidence.external import ExternalUnreadable, named_checkpoints
from caretrail.evidence.packet import verify
from caretrail.ledger.checkpoint import Checkpoint, sign_checkpoint
from caretrail.ledger.note import new_key, split_notes
from caretrail.ledger.tree import consistency_path, consistent, root_of, subtrees_of
from caretrail.log import init_store, new_salt, open_recorder
from caretrail.log.copying import copy_store
from caretrail.log.records import PendingAccess
from caretrail.readmodel.upkeep import catch_up
from tests.ledger.vectors import FOLDER
from tests.packet.damaging import node_verdicts, resealed
from tests.packet.packets import Desk, packed, unpacked
from tests.support.example import NAME, copy_of_example, example

COMMON, PARTED = 65, 75
"""Events of both histories when they part, and a while after."""


def view(desk: Desk, count: int) -> None:
    """Record accesses."""
    desk.recorder.record_access([PendingAccess(b"{}", uuid4().hex, new_salt()) for _ in range(count)])


@pytest.fixture
def honest(store_url: str, tmp_path: Path) -> Iterator[Desk]:
    """The desk of the true history, before the two part."""
    (tmp_path / "honest").mkdir()
    with open_recorder(store_url) as recorder:
        desk = Desk(recorder, tmp_path / "honest")
        desk.record(*example())
        view(desk, 3)
        yield desk


@pytest.fixture
def forked(honest: Desk, tmp_path: Path) -> Iterator[Desk]:
    """The desk of the other history, with the same key; now both have gone on by as many events and accesses."""
    url = f"sqlite://{tmp_path}/forked/care.db"
    init_store(url)
    with open_recorder(url) as recorder:
        copy_store(honest.recorder, recorder, lambda _done, _all: None)
    with open_recorder(url) as recorder:
        desk = Desk(recorder, tmp_path / "forked")
        desk.key = honest.key
        for one, name in ((honest, "C-1"), (desk, "C-2")):
            one.record(*copy_of_example(name, events=PARTED - COMMON))
            catch_up(one.recorder)
        yield desk


def kept(desk: Desk, name: str = "kept.checkpoint", size: int | None = None, note: str | None = None) -> Path:
    """A file of the checkpoints that a desk gave out."""
    path = desk.folder / name
    path.write_text(desk.checkpoint(size) if note is None else note)
    return path


def naming(desk: Desk, name: str, *files: Path, size: int | None = None) -> Path:
    """A packet of a desk that proves to continue these checkpoints."""
    return desk.make(NAME, name=name, size=size, named=named_checkpoints(files, desk.key.name))


def lines(packet: Path, key: str, *files: Path) -> str:
    """What verify.py says; held against the second verifier, which takes one file."""
    report = verify.verify(str(packet), key, verify.kept_in([str(file) for file in files]))
    if len(files) == 1 and files[0].is_file():
        assert node_verdicts((packet, key, files[0])) == [report.status]
    return f"{report.status}\n" + "\n".join(text for _, text in report.lines)


@pytest.mark.slow
def test_two_histories_of_one_size_are_found(honest: Desk, forked: Desk) -> None:
    """Given packets that both hold by themselves, and one checkpoint, for which no proof is needed."""
    true, false = honest.make(NAME), forked.make(NAME)
    assert honest.made.checkpoint.size == forked.made.checkpoint.size == PARTED
    assert lines(true, honest.public)[0] == lines(false, honest.public)[0] == "0"
    file = kept(honest)
    assert lines(true, honest.public, file)[0] == "0"
    found = lines(false, honest.public, file)
    assert found[0] == "1"
    assert f"SPLIT VIEW: {file.name} and the packet are signed by one key, and for the first 75 events" in found
    assert "The key signed two histories" in found


@pytest.mark.slow
def test_a_checkpoint_of_before_they_parted_holds_for_both(honest: Desk, forked: Desk) -> None:
    file = kept(honest, size=COMMON)
    for desk in (honest, forked):
        found = lines(naming(desk, "joined.zip", file), desk.public, file)
        assert found[0] == "0", found
        assert f"{file.name} and the packet are of one history: the first 65 events" in found


@pytest.mark.slow
def test_a_history_that_went_on_is_found_by_the_checkpoint_before(honest: Desk, forked: Desk) -> None:
    """Given a forger who joins the packet to a checkpoint of the false history, as large as the one that was kept."""
    file, own = kept(honest), kept(forked)
    for desk in (honest, forked):
        desk.record(*copy_of_example("C-3", events=5))
        catch_up(desk.recorder)
    found = lines(naming(honest, "true.zip", file), honest.public, file)
    assert found[0] == "0"
    found = lines(naming(forked, "false.zip", own), honest.public, file)
    assert found[0] == "1"
    assert "SPLIT VIEW" in found


@pytest.mark.slow
def test_a_packet_without_the_proof_is_never_called_valid(honest: Desk, forked: Desk) -> None:
    """Given what a forger would do: leave the proof out."""
    file = kept(honest)
    for desk in (honest, forked):
        desk.record(*copy_of_example("C-3", events=5))
        catch_up(desk.recorder)
        found = lines(desk.make(NAME), desk.public, file)
        assert found[0] == "2"
        assert f"NOT COMPARED with {file.name}: the packet has no proof that joins it to the first 75 events" in found
        assert "audit packet --checkpoint" in found


def test_who_keeps_the_other_history_makes_no_packet_that_names_it(honest: Desk, forked: Desk) -> None:
    for size in (PARTED, PARTED + 5):
        with pytest.raises(StoreDamaged, match=f"a named checkpoint of {size} events"):
            naming(forked, "none.zip", kept(honest))
        assert not (forked.folder / "none.zip").exists()
        honest.record(*copy_of_example("C-3", events=5)[: PARTED + 5 - size])
    assert forked.disclosed == []


@pytest.mark.slow
def test_a_proof_that_does_not_hold_is_refused(honest: Desk, forked: Desk, tmp_path: Path) -> None:
    """Given a forger who writes the root that was kept over the proof of another one."""
    file, own = kept(honest), kept(forked)
    forked.record(*copy_of_example("C-3", events=5))
    catch_up(forked.recorder)
    files = unpacked(naming(forked, "false.zip", own))
    false, true = (path.read_text().split("\n")[2].encode() for path in (own, file))
    joined = files["consistency.json"].replace(false, true)
    forged = resealed({**files, "consistency.json": joined}, honest.key)
    found = lines(packed(forged, tmp_path / "forged.zip"), honest.public, file)
    assert found[0] == "1"
    assert "the packet's own proof for a checkpoint of 75 events does not hold" in found
    control = packed(resealed(files, honest.key), tmp_path / "control.zip")
    assert lines(control, honest.public, own)[0] == "0"


@pytest.mark.slow
@pytest.mark.parametrize("change", [
    {"path": []}, {"path": ["AA=="]}, {"size": 64}, {"size": "65"}, {"size": 0}, {"size": -1}, {"size": 2**63},
    {"log": "accesses"}, {"log": "others"}, {"root": ""}, {"path": None},
])  # fmt: skip
def test_a_proof_of_nonsense_ends_in_a_verdict(
    change: dict[str, object], shop: Desk, files: dict[str, bytes], tmp_path: Path
) -> None:
    file = kept(shop, f"{uuid4()}.checkpoint", size=COMMON)
    made = unpacked(naming(shop, f"{uuid4()}.zip", file))
    said = json.loads(made["consistency.json"])
    assert said["proofs"][0]["size"] == COMMON
    said["proofs"][0] |= change
    changed = resealed({**made, "consistency.json": json.dumps(said).encode()}, shop.key)
    assert lines(packed(changed, tmp_path / "p.zip"), shop.public, file)[0] == "1"
    assert "consistency.json" not in files  # of a packet that names none


@pytest.mark.slow
def test_accesses_that_were_rewritten_are_found(honest: Desk, forked: Desk) -> None:
    """Given the same events, and as many accesses, but others."""
    for desk in (honest, forked):
        view(desk, 2)
    file = kept(honest)
    events, looked = split_notes(file.read_text())
    alone = kept(honest, "accesses.checkpoint", note=looked)
    assert lines(honest.make(NAME), honest.public, alone)[0] == "0"
    found = lines(forked.make(NAME), honest.public, alone)
    assert found[0] == "1"
    assert "for the first 5 accesses of one log they have two roots" in found
    assert "for the first 75 events of one log" in found  # which the checkpoint of the accesses names, too
    assert lines(forked.make(NAME, replace=True), honest.public, kept(honest, note=events))[0] == "1"


@pytest.mark.slow
def test_accesses_that_were_taken_back_while_events_went_on_are_found(honest: Desk, forked: Desk) -> None:
    """Given a checkpoint with more accesses than a packet with more events: each log by itself may be older."""
    view(honest, 5)
    file = kept(honest, size=COMMON)
    found = lines(forked.make(NAME), honest.public, file)
    assert found[0] == "1"
    assert f"SPLIT VIEW: from {file.name} to the packet one log grew and the other shrank" in found
    assert lines(naming(honest, "true.zip", file), honest.public, file)[0] == "0"
    older = lines(forked.make(NAME, size=COMMON, replace=True), honest.public, file)
    assert older[0] == "2"  # as many events and fewer accesses: it may be of before, and nothing proves it


@pytest.mark.slow
def test_a_checkpoint_that_is_newer_than_the_packet(honest: Desk, forked: Desk) -> None:
    """Given a packet that stands on an older checkpoint: it can prove that the newer one continues it."""
    newer, other = kept(honest), kept(forked)
    assert lines(naming(honest, "old.zip", newer, size=COMMON + 1), honest.public, newer)[0] == "0"
    assert lines(honest.make(NAME, size=COMMON + 1, replace=True), honest.public, newer)[0] == "2"
    assert lines(naming(forked, "old.zip", other, size=COMMON + 1), honest.public, newer)[0] == "2"


def test_two_kept_checkpoints_that_contradict_each_other(honest: Desk, forked: Desk) -> None:
    one, two = kept(honest, "one.checkpoint"), kept(forked, "two.checkpoint")
    older = honest.make(NAME, size=COMMON)
    found = lines(older, honest.public, one, two)
    assert found[0] == "1"
    assert "SPLIT VIEW: one.checkpoint and two.checkpoint" in found
    assert lines(older, honest.public, one, one)[0] == "2"  # the control: nothing contradicts, and nothing is proven
    with pytest.raises(ExternalUnreadable, match="two histories were signed"):
        named_checkpoints([one, two], honest.key.name)


@pytest.mark.slow
def test_what_is_no_checkpoint_of_the_log_and_key_proves_nothing(honest: Desk, tmp_path: Path) -> None:
    """Each is said and leaves the verdict open: the packet was not held against what its reader thinks it was."""
    packet, good = honest.make(NAME), honest.checkpoint()
    stranger = new_key(honest.key.name)
    other = new_key("caretrail.log/0000")
    head = Checkpoint(other.name, 1, bytes(32))
    for note in (
        "", "nonsense", "no\n\nsignature\n", good.replace("\n65\n", "\n64\n", 1), good[:-1], good + "more\n",
        good.replace("\n— ", "\nmore\n\n— ", 1), honest.checkpoint(keys=[stranger]), sign_checkpoint(head, [other]),
        "\udcff".encode("utf-8", "surrogateescape").decode("latin-1"), "x" * 2_000_000,
    ):  # fmt: skip
        found = lines(packet, honest.public, kept(honest, note=note))
        assert found[0] == "2", found
        assert "NOT COMPARED" in found
    assert lines(packet, honest.public, kept(honest))[0] == "0"
    (tmp_path / "empty").mkdir()
    for place in (tmp_path / "empty", tmp_path / "absent"):
        with pytest.raises(verify.Problem, match="there is no checkpoint"):
            verify.kept_in([str(place)])
    assert len(verify.kept_in([str(honest.folder)])) == 1


def test_after_a_change_of_keys_all_of_them_are_given(honest: Desk) -> None:
    """Given a checkpoint by the old key alone, and a packet by the new one alone."""
    file, new = kept(honest), new_key(honest.key.name)
    packet = honest.make(NAME, keys=[new])
    public = str(new.verifying)
    assert lines(packet, public, file)[0] == "2"
    for order in (f"{honest.public}\n{public}\n", f"# keys\n{public}\n{honest.public}"):
        report = verify.verify(str(packet), order, verify.kept_in([str(file)]))
        assert report.status == 0
    assert verify.verify(str(packet), "\n").status == 1  # no key is not every key


def test_a_packet_of_another_log_than_the_key_is_refused(honest: Desk, tmp_path: Path) -> None:
    """Given a key that signs for another log, so that no checkpoint of this one would be held against it."""
    files, name = unpacked(honest.make(NAME)), "caretrail.log/0000"
    for part in ("checkpoint", "checkpoint-accesses"):
        files[part] = files[part].replace(honest.key.name.encode(), name.encode(), 1)
    forged = resealed(files, honest.key, lambda manifest: manifest.update(origin=name))
    report = verify.verify(str(packed(forged, tmp_path / "p.zip")), honest.public)
    assert (report.status, report.lines[-1][1]) == (1, "the packet is of another log than the key")


# --- the proof itself -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", json.loads((FOLDER / "consistency.json").read_text()))
def test_verify_py_agrees_on_the_vectors_of_consistency(row: dict[str, object]) -> None:
    old = verify.Head(int(str(row["old"])), bytes.fromhex(str(row["old_root"])))
    new = verify.Head(int(str(row["new"])), bytes.fromhex(str(row["new_root"])))
    path = [bytes.fromhex(text) for text in row["path"]]  # type: ignore[attr-defined]  # a list of texts
    assert verify.consistent(old, new, path) is row["valid"]


@given(st.integers(0, 70), st.integers(0, 70), st.data())
def test_it_proves_what_the_ledger_proves(one: int, two: int, data: st.DataObject) -> None:
    old, new = sorted((one, two))
    leaves = [number.to_bytes(32, "big") for number in range(new)]
    path = consistency_path(subtrees_of(leaves), old, new) if old else []
    heads = verify.Head(old, root_of(leaves[:old])), verify.Head(new, root_of(leaves))
    assert verify.consistent(*heads, path)
    wrong = data.draw(st.integers(0, len(path)))
    others = (path[:wrong] + path[wrong + 1 :], [*path[:wrong], bytes(32), *path[wrong:]], [bytes(32), *path[1:]])
    for other in others:
        expected = consistent(old, heads[0].root, new, heads[1].root, other)
        assert verify.consistent(*heads, other) is expected is (other == path)
