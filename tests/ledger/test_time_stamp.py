"""Time stamps of an authority over checkpoints: what OpenSSL signed holds, and nothing else does."""

from __future__ import annotations

import shutil
import socket
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.x509 import Certificate
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given
from hypothesis import strategies as st

from caretrail.evidence import time_stamp
from caretrail.evidence.external import stamped
from caretrail.evidence.packet import stamp, verify
from caretrail.evidence.result import Tampering
from caretrail.evidence.time_stamp import TimeStamp, TimeStampRefused, ask, check, query_for, read_roots, stamp_path
from tests.ledger.authority import Authority

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="the authority of the tests is OpenSSL's")

DATA = b"caretrail.log/x\n3\n"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tsa") / "one")


@pytest.fixture(scope="module")
def answer(authority: Authority) -> bytes:
    return authority.answer(query_for(DATA))


@pytest.fixture(scope="module")
def roots(authority: Authority) -> list[Certificate]:
    return read_roots(authority.root)


def test_what_an_authority_signed_holds_for_us_and_for_openssl(
    authority: Authority, answer: bytes, roots: list[Certificate], tmp_path: Path
) -> None:
    stamp = check(answer, DATA, roots)
    assert stamp.authority == "CN=Time stamps of tests"
    data, response = tmp_path / "data", tmp_path / "response"
    data.write_bytes(DATA)
    response.write_bytes(answer)
    assert authority.verifies(data, response)
    data.write_bytes(DATA + b"\n")
    assert not authority.verifies(data, response)


def test_a_query_holds_a_hash_and_nothing_of_the_file() -> None:
    assert DATA[:8] not in query_for(DATA)
    assert query_for(DATA) != query_for(DATA), "a random number makes each its own"


def test_of_another_file_it_does_not_hold(answer: bytes, roots: list[Certificate]) -> None:
    with pytest.raises(TimeStampRefused, match="does not hold"):
        check(answer, DATA + b"\n", roots)


def test_an_authority_that_no_root_vouches_for_is_refused(
    answer: bytes, roots: list[Certificate], tmp_path: Path
) -> None:
    stranger = Authority(tmp_path / "stranger")
    with pytest.raises(TimeStampRefused, match="does not hold"):
        check(answer, DATA, read_roots(stranger.root))
    with pytest.raises(TimeStampRefused, match="does not hold"):
        check(stranger.answer(query_for(DATA)), DATA, roots)
    assert check(answer, DATA, [*read_roots(stranger.root), *roots, *roots])
    with pytest.raises(TimeStampRefused, match="no root"):
        check(answer, DATA, [])


def test_a_certificate_for_something_else_signs_no_time_stamp(tmp_path: Path) -> None:
    """Given a root that vouches for web servers, too, and the key of one that signs a time stamp."""
    other = Authority(tmp_path / "other")
    assert check(other.answer(query_for(DATA)), DATA, read_roots(other.root))
    server = Authority(tmp_path / "server", ExtendedKeyUsageOID.SERVER_AUTH)
    answer = other.answer(query_for(DATA))
    assert check(other.forged(answer), DATA, read_roots(other.root)), "made in the same way, it holds"
    with pytest.raises(TimeStampRefused, match="does not hold"):
        check(server.forged(answer), DATA, read_roots(server.root))


@given(at=st.integers(0, 4000), bit=st.integers(0, 7))
def test_a_damaged_one_is_refused_or_says_the_same(answer: bytes, roots: list[Certificate], at: int, bit: int) -> None:
    damaged = bytearray(answer)
    damaged[at % len(answer)] ^= 1 << bit
    try:
        found = check(bytes(damaged), DATA, roots)
    except TimeStampRefused:
        return
    assert found.at == check(answer, DATA, roots).at


@given(data=st.binary(max_size=200))
def test_nonsense_is_refused(roots: list[Certificate], data: bytes) -> None:
    with pytest.raises(TimeStampRefused):
        check(data, DATA, roots)


def test_roots_that_are_none(tmp_path: Path) -> None:
    for content in (b"", b"x", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"):
        (tmp_path / "root.pem").write_bytes(content)
        with pytest.raises(TimeStampRefused, match="cannot be read"):
            read_roots(tmp_path / "root.pem")


@pytest.mark.slow
def test_asked_by_http(authority: Authority, roots: list[Certificate]) -> None:
    with authority.serving() as url:
        assert check(ask(url, query_for(DATA)), DATA, roots)
    with authority.serving(status=503) as url, pytest.raises(TimeStampRefused, match="HTTP status 503"):
        ask(url, query_for(DATA))
    with authority.serving(body=b"<html>log in first</html>") as url:
        answer = ask(url, query_for(DATA))
        with pytest.raises(TimeStampRefused, match="not a time stamp"):
            check(answer, DATA, roots)
    with pytest.raises(TimeStampRefused, match="cannot be reached"):
        ask("http://127.0.0.1:1/", b"")
    with pytest.raises(TimeStampRefused, match="begins with http"):
        ask("file:///etc/passwd", b"")


def test_what_stands_beside_checkpoints(
    authority: Authority, answer: bytes, roots: list[Certificate], tmp_path: Path
) -> None:
    first, second = tmp_path / "1.checkpoint", tmp_path / "2.checkpoint"
    for path in (first, second):
        path.write_bytes(DATA)
    [missing] = stamped([first, second], roots).discrepancies
    assert (missing.tampering, missing.evidence) == (Tampering.CHECKPOINT, "no checkpoint has a time stamp beside it")
    assert stamped([first], None).notes == ()
    stamp_path(first).write_bytes(answer)
    [note] = stamped([first, second], roots).notes
    assert note == f"1.checkpoint was there by {check(answer, DATA, roots)}"
    assert stamped([first, second], roots).discrepancies == ()
    assert stamped([first], None).notes == ("1 time stamp was not verified: no --tsa-root was given",)
    first.write_bytes(DATA + b"x")
    [wrong] = stamped([first, second], roots).discrepancies
    assert wrong.evidence == "1.checkpoint.tsr: the time stamp does not hold"


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "rfc3161_client", None)
    with pytest.raises(TimeStampRefused) as refused:
        query_for(DATA)
    assert refused.value.hint == time_stamp.INSTALL
    file = tmp_path / "1.checkpoint"
    file.write_bytes(DATA)
    stamp_path(file).write_bytes(b"x")
    with pytest.raises(TimeStampRefused):  # never taken for one that does not hold
        stamped([file], [])


def test_a_name_in_a_certificate_moves_no_cursor(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Given an authority with a control sequence in its name, and a packet that it stamped."""

    def strange(*_: object) -> TimeStamp:
        return TimeStamp(datetime(2026, 12, 1, tzinfo=UTC), "CN=\x1b[2J\u202eoops")

    monkeypatch.setattr(stamp, "check", strange)
    for name in (verify.CHECKPOINT, verify.ACCESSES, verify.STAMP):
        (tmp_path / name).write_bytes(b"x")
    assert stamp.stamp_line(tmp_path, []) == (
        True, r"the checkpoint was there by 2026-12-01 00:00:00 UTC, by CN=\x1b[2J\u202eoops"
    )  # fmt: skip  # one line of a report


@pytest.mark.parametrize("answer", [b"nonsense\r\n\r\n", b""])
def test_an_authority_that_speaks_no_http_is_refused(answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_answer, args=(server, answer))
        thread.start()
        with pytest.raises(TimeStampRefused, match="cannot be reached"):
            ask(f"http://127.0.0.1:{server.getsockname()[1]}/", b"query")
        thread.join()


def _answer(server: socket.socket, answer: bytes) -> None:
    connection, _ = server.accept()
    with connection:
        connection.recv(10_000)
        connection.sendall(answer)


def test_an_address_that_is_none_is_refused_and_not_repeated() -> None:
    for url in ("http://me:secret@host:port/", "http://host /x", "https://[::1/"):
        with pytest.raises(TimeStampRefused, match="cannot be reached") as refused:
            ask(url, b"query")
        assert "secret" not in str(refused.value)
