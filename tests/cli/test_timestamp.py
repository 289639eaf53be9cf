"""`audit timestamp` as it is typed, against an authority that answers by HTTP or by file; and who checks it later."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from tests.cli.test_witnesses import TERMS, Desk
from tests.ledger.authority import Authority
from tests.packet.packets import packed, unpacked
from tests.support.program import Caretrail

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="the authority of the tests is OpenSSL's")


@pytest.fixture
def desk(caretrail: Caretrail, tmp_path: Path) -> Desk:
    return Desk(caretrail, tmp_path)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "tsa")


@pytest.mark.slow
def test_a_checkpoint_is_stamped_and_the_stamp_goes_with_a_packet(desk: Desk, authority: Authority) -> None:
    checkpoint, root = desk.checkpoint("--first"), str(authority.root)
    verify = ("audit", "verify", "--checkpoints", desk.path("out"), "--key", desk.path("key.pub"))
    ended = desk.keeper(*verify, "--tsa-root", root)
    assert ended.status == 1
    assert "no checkpoint has a time stamp beside it" in ended.out
    with authority.serving() as url:
        ended = desk.keeper("audit", "timestamp", checkpoint, "--tsa", url, "--tsa-root", root)
    assert (ended.status, ended.err) == (0, "")
    assert ended.out.startswith("Stamped at 20")
    assert ended.out.endswith(f" UTC, by CN=Time stamps of tests: {checkpoint}.tsr\n")
    assert authority.verifies(Path(checkpoint), Path(f"{checkpoint}.tsr"))
    ended = desk.keeper(*verify, "--tsa-root", root)
    assert ended.status == 0
    assert f"Note: {Path(checkpoint).name} was there by 20" in ended.out
    ended = desk.keeper(*verify)
    assert ended.status == 0
    assert "Note: 1 time stamp was not verified: no --tsa-root was given" in ended.out

    packet = desk.path("packet.zip")
    words = ("--out", packet, "--key", desk.path("key"), "--signed", checkpoint)
    assert desk.keeper("audit", "packet", "LNK-2026-0001", *words, *TERMS).status == 0
    inspect = ("--key", desk.path("key.pub"), "--tsa-root", root)
    ended = desk.witness("audit", "inspect", packet, *inspect)
    assert ended.status == 0
    assert "ok     the checkpoint was there by 20" in ended.out
    files = unpacked(Path(packet))
    assert b"openssl ts -verify" in files["README.txt"]
    Path(desk.path("both")).write_bytes(files["checkpoint"] + files["checkpoint-accesses"])
    Path(desk.path("stamp")).write_bytes(files["checkpoint.tsr"])
    assert authority.verifies(Path(desk.path("both")), Path(desk.path("stamp")))


@pytest.mark.slow
def test_a_packet_without_a_stamp_is_not_decided_and_one_of_a_stranger_is_wrong(
    desk: Desk, authority: Authority, tmp_path: Path
) -> None:
    checkpoint = desk.checkpoint("--first")
    words = ("--key", desk.path("key"), "--signed", checkpoint)
    for name in ("bare", "stamped"):
        assert desk.keeper("audit", "packet", "LNK-2026-0001", "--out", desk.path(name), *words, *TERMS).status == 0
        with authority.serving() as url:
            desk.keeper("audit", "timestamp", checkpoint, "--tsa", url, "--tsa-root", str(authority.root))
    inspect = ("--key", desk.path("key.pub"), "--tsa-root")
    ended = desk.witness("audit", "inspect", desk.path("bare"), *inspect, str(authority.root))
    assert ended.status == 2
    assert "OPEN   NOT STAMPED: " in ended.out
    assert desk.witness("audit", "inspect", desk.path("stamped"), *inspect, str(authority.root)).status == 0
    stranger = Authority(tmp_path / "stranger")
    ended = desk.witness("audit", "inspect", desk.path("stamped"), *inspect, str(stranger.root))
    assert ended.status == 1
    assert "FAILED the time stamp of the checkpoint: the time stamp does not hold" in ended.out
    files = unpacked(Path(desk.path("stamped")))
    removed = packed({name: data for name, data in files.items() if name != "checkpoint.tsr"}, tmp_path / "removed.zip")
    assert desk.witness("audit", "inspect", str(removed), "--key", desk.path("key.pub")).status == 1


def test_without_a_network_the_request_and_the_answer_are_files(desk: Desk, authority: Authority) -> None:
    checkpoint, root = desk.checkpoint("--first"), str(authority.root)
    query, response = desk.path("query"), desk.path("response")
    ended = desk.keeper("audit", "timestamp", checkpoint, "--query", query)
    assert ended.status == 0
    ended = desk.keeper("audit", "timestamp", checkpoint, "--query", desk.path("another"), "--json")
    assert ended.json == {"query": desk.path("another")}
    Path(response).write_bytes(authority.answer(Path(query).read_bytes()))
    ended = desk.keeper("audit", "timestamp", checkpoint, "--response", response, "--tsa-root", root, "--json")
    assert ended.status == 0, ended.err
    assert ended.json["authority"] == "CN=Time stamps of tests"
    ended = desk.keeper("audit", "timestamp", checkpoint, "--response", response, "--tsa-root", root)
    assert ended.status == 2
    assert "has a time stamp already" in ended.err


@pytest.mark.slow
def test_what_is_refused_leaves_nothing_beside_the_checkpoint(desk: Desk, authority: Authority, tmp_path: Path) -> None:
    checkpoint, stranger = desk.checkpoint("--first"), Authority(tmp_path / "stranger")
    with authority.serving() as url:
        words = ("audit", "timestamp", checkpoint, "--tsa", url)
        assert desk.keeper(*words).status == 2
        ended = desk.keeper(*words, "--tsa-root", str(stranger.root))
        assert (ended.status, ended.out) == (1, "")
        assert desk.keeper(*words, "--query", desk.path("query")).status == 2
    ended = desk.keeper(*words, "--tsa-root", str(authority.root))
    assert ended.status == 1
    assert "cannot be reached" in ended.err
    Path(desk.path("empty")).touch()
    for name in ("key", "key.pub", "empty"):
        ended = desk.keeper("audit", "timestamp", desk.path(name), "--query", desk.path("query"))
        assert ended.status == 1
        assert "this is not a signed note" in ended.err
    assert not Path(desk.path("query")).exists()
    assert not Path(f"{checkpoint}.tsr").exists()


def test_a_root_that_cannot_be_read_says_nothing_about_the_packet(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given a packet that holds: status 1 would say that it does not."""
    checkpoint, packet = desk.checkpoint("--first"), desk.path("packet.zip")
    words = ("--out", packet, "--key", desk.path("key"), "--signed", checkpoint)
    Path(f"{checkpoint}.tsr").write_bytes(b"some stamp")
    assert desk.keeper("audit", "packet", "LNK-2026-0001", *words, *TERMS).status == 0
    inspect = ("audit", "inspect", packet, "--key", desk.path("key.pub"), "--tsa-root")
    ended = desk.witness(*inspect, desk.path("key.pub"))
    assert (ended.status, ended.out) == (2, "")
    assert "certificates of the authority cannot be read" in ended.err
    root = Authority(desk.folder / "tsa").root
    monkeypatch.setitem(sys.modules, "rfc3161_client", None)
    ended = desk.witness(*inspect, str(root))
    assert ended.status == 2
    assert "OPEN   STAMP NOT VERIFIED: time stamps need a library that is not installed" in ended.out
    assert ended.out.endswith("NOT DECIDED\n")
