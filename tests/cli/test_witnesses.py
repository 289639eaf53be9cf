"""`audit prove` and `audit cosign` as the keeper of a log and its witness type them."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from caretrail.evidence.witness import read_requests, unverified_pair
from caretrail.ledger.checkpoint import CheckpointPair, origin_of_accesses, sign_pair
from caretrail.ledger.keys import load_key
from caretrail.ledger.note import new_key, split_notes
from tests.support.example import EXAMPLE
from tests.support.program import Caretrail, Ended

NAME = "audits.example.org/caretrail"
TERMS = ("--recipient", "State", "--purpose", "claims", "--basis", "audit")


class Desk:
    """The keeper of a log and a witness, each with a folder of their own, in which they keep keys and what they got."""

    def __init__(self, keeper: Caretrail, folder: Path) -> None:
        self.keeper, self.folder = keeper, folder
        self.witness = Caretrail(f"sqlite:///{folder}/no-store.db", folder / "witness")
        (folder / "out").mkdir()
        assert keeper("append", "--imported", input=EXAMPLE.read_text()).status == 0
        assert keeper("audit", "key", "--out", self.path("key")).status == 0
        ended = self.witness("audit", "key", "--witness", NAME, "--out", self.path("witness.key"))
        assert ended.status == 0, ended.err
        assert ended.out.startswith(f"{NAME}+")

    def path(self, name: str) -> str:
        return str(self.folder / name)

    def checkpoint(self, *more: str) -> str:
        """Sign the log as it is; the file."""
        words = ("--key", self.path("key"), "--to", self.path("out"), "--state", self.path("state"), "--json")
        ended = self.keeper("audit", "checkpoint", *words, *more)
        assert ended.status == 0, ended.err
        return str(ended.json["file"])

    def prove(self, checkpoint: str, *more: str) -> str:
        """Ask the witness; the file of the request."""
        ended = self.keeper("audit", "prove", checkpoint, *more)
        assert ended.status == 0, ended.err
        Path(self.path("request")).write_text(ended.out)
        return self.path("request")

    def cosign(self, request: str, *more: str) -> Ended:
        words = ("--key", self.path("witness.key"), "--log", self.path("key.pub"), "--state", self.path("last"))
        return self.witness("audit", "cosign", request, *words, *more)

    def verify(self, *more: str) -> Ended:
        words = ("--checkpoints", self.path("out"), "--key", self.path("key.pub"))
        return self.keeper("audit", "verify", *words, "--witness", self.path("witness.key.pub"), *more)


@pytest.fixture
def desk(caretrail_both: Caretrail, tmp_path: Path) -> Desk:
    return Desk(caretrail_both, tmp_path)


def test_a_witness_cosigns_and_an_auditor_checks_it(desk: Desk) -> None:
    """Given a log with two checkpoints, a witness of both without a store, and a packet on the second."""
    first = desk.checkpoint("--first")
    ended = desk.verify()
    assert ended.status == 1
    assert f"no checkpoint of the events is cosigned by the witness {NAME}" in ended.out
    out = desk.path("out/first-cosigned.checkpoint")
    ended = desk.cosign(desk.prove(first), "--first", "--out", out)
    assert (ended.status, ended.err) == (0, "")
    assert ended.out == f"66 events and 0 accesses cosigned: {out}\n"
    assert desk.verify().status == 0

    assert desk.keeper("show", "LNK-2026-0001", "--as-of", "2026-03-11").status == 0
    second = desk.path("out/second-cosigned.checkpoint")
    ended = desk.cosign(desk.prove(desk.checkpoint(), "--since", out), "--out", second, "--json")
    assert ended.status == 0, ended.err
    assert (ended.json["witness"], ended.json["events"], ended.json["accesses"]) == (NAME, 66, 1)
    ended = desk.verify()
    assert ended.status == 0
    assert f"Note: the witness {NAME} cosigned 66 events (" in ended.out
    assert f"Note: the witness {NAME} cosigned 1 access (" in ended.out

    packet = desk.path("packet.zip")
    words = ("--out", packet, "--key", desk.path("key"), "--signed", second)
    assert desk.keeper("audit", "packet", "LNK-2026-0001", *words, *TERMS).status == 0
    inspect = ("audit", "inspect", packet, "--key", desk.path("key.pub"), "--witness", desk.path("witness.key.pub"))
    ended = desk.witness(*inspect)
    assert ended.status == 0
    assert f"ok     cosigned by the witness {NAME}, by its clock at " in ended.out


def test_a_packet_that_no_witness_cosigned_is_not_decided(desk: Desk) -> None:
    first, packet = desk.checkpoint("--first"), desk.path("packet.zip")
    words = ("--out", packet, "--key", desk.path("key"), "--signed", first)
    assert desk.keeper("audit", "packet", "LNK-2026-0001", *words, *TERMS).status == 0
    inspect = ("audit", "inspect", packet, "--key", desk.path("key.pub"))
    assert desk.witness(*inspect).status == 0
    ended = desk.witness(*inspect, "--witness", desk.path("witness.key.pub"))
    assert ended.status == 2
    assert "OPEN   NOT COSIGNED: " in ended.out
    assert "caretrail audit packet --signed" in ended.out


def test_the_request_may_come_through_a_pipe_and_the_answer_goes_to_one(desk: Desk) -> None:
    request = Path(desk.prove(desk.checkpoint("--first"))).read_text()
    words = ("--key", desk.path("witness.key"), "--log", desk.path("key.pub"), "--first")
    ended = desk.witness("audit", "cosign", "-", *words, input=request, XDG_STATE_HOME=desk.path("states"))
    assert ended.status == 0, ended.err
    assert ended.out.count(f"— {NAME} ") == 2
    [kept] = Path(desk.path("states")).rglob("witness-*.checkpoint")
    assert kept.read_text() == ended.out


def test_the_name_of_a_log_leads_to_no_other_folder(desk: Desk) -> None:
    """Given a log whose keeper named it so that a witness would keep its memory elsewhere."""
    request, key = Path(desk.prove(desk.checkpoint("--first"))).read_text(), new_key("caretrail.log/x/../../../here")
    pair = unverified_pair("".join(one.note for one in read_requests(request)), load_key(Path(desk.path("key"))).name)
    named = CheckpointPair(
        replace(pair.events, origin=key.name), replace(pair.accesses, origin=origin_of_accesses(key.name))
    )
    strange = "".join(f"old 0\n\n{note}" for note in split_notes(sign_pair(named, [key])))
    words = ("--key", desk.path("witness.key"), "--log", str(key.verifying), "--first")
    ended = desk.witness("audit", "cosign", "-", *words, input=strange, XDG_STATE_HOME=desk.path("states"))
    assert ended.status == 0, ended.err
    [kept] = Path(desk.path("")).rglob("*here.checkpoint")
    assert kept.parent == Path(desk.path("states/caretrail"))


def test_a_name_that_cannot_be_printed_is_no_name_of_a_key(desk: Desk) -> None:
    for name in ("w\u202egro", "w\x9b2J", "w one", ""):
        ended = desk.witness("audit", "key", "--witness", name, "--out", desk.path("other.key"))
        assert (ended.status, ended.out) == (1, "")
        assert not Path(desk.path("other.key")).exists()


def test_a_file_of_witnesses_without_one_asks_for_something(desk: Desk) -> None:
    """Given an empty file where the key of a witness should be: nobody cosigned, and nobody may think so."""
    first, packet = desk.checkpoint("--first"), desk.path("packet.zip")
    Path(desk.path("witness.key.pub")).write_text("")
    ended = desk.verify()
    assert (ended.status, ended.out) == (1, "")
    assert "there is no key in a file of public keys" in ended.err
    words = ("--out", packet, "--key", desk.path("key"), "--signed", first)
    assert desk.keeper("audit", "packet", "LNK-2026-0001", *words, *TERMS).status == 0
    inspect = ("audit", "inspect", packet, "--key", desk.path("key.pub"))
    assert desk.witness(*inspect, "--witness", desk.path("witness.key.pub")).status == 2


def test_what_cannot_be_cosigned_says_why(desk: Desk) -> None:
    request = desk.prove(desk.checkpoint("--first"))
    ended = desk.cosign(request)
    assert (ended.status, ended.out) == (1, "")
    assert "add --first" in ended.err
    assert desk.cosign(desk.path("key.pub"), "--first").err.startswith("Error: this is not a request to a witness")
    words = ("--key", desk.path("witness.key"), "--log", desk.path("witness.key.pub"), "--first")
    assert "this is the key of a witness, not of a log" in desk.witness("audit", "cosign", request, *words).err
    words = ("--key", desk.path("key"), "--log", desk.path("key.pub"), "--first")
    ended = desk.witness("audit", "cosign", request, *words)
    assert "this is the key of a log, not of a witness" in ended.err
    assert "caretrail audit key --witness NAME" in ended.err
    out = desk.path("cosigned")
    assert desk.cosign(request, "--first", "--out", out).status == 0
    ended = desk.cosign(request, "--out", out)
    assert ended.status == 2
    assert "already exists" in ended.err


def test_prove_as_json_and_of_a_store_that_is_another(desk: Desk, tmp_path: Path) -> None:
    checkpoint = desk.checkpoint("--first")
    ended = desk.keeper("audit", "prove", checkpoint, "--json")
    assert {name: part["old"] for name, part in ended.json.items()} == {"events": 0, "accesses": 0}
    assert json.loads(ended.out)["events"]["request"].startswith("old 0\n\ncaretrail.log/")
    other = Caretrail(f"sqlite:///{tmp_path}/other.db", tmp_path)
    assert other("init").status == 0
    ended = other("audit", "prove", checkpoint)
    assert (ended.status, ended.out) == (1, "")
    assert "another log" in ended.err
    shutil.copy(desk.path("key.pub"), desk.path("nonsense"))
    assert desk.keeper("audit", "prove", desk.path("nonsense")).status == 1
