"""The signature check of verify.py is that of RFC 8032, and refuses the keys on which verifiers disagree.

It is held against the vectors of the RFC, of Wycheproof and of ed25519-speccheck, and against OpenSSL.
"""

from __future__ import annotations

import json
from hashlib import sha512
from typing import NamedTuple

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from caretrail.evidence.packet import verify
from caretrail.evidence.packet.verify import BASE, NEUTRAL, ORDER, add, encoded, multiply, point, signed_by
from caretrail.ledger.note import VerifyingKey
from tests.support.example import EXAMPLE


class Vector(NamedTuple):
    public: str
    message: str
    signature: str


RFC_8032 = (
    Vector(
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    Vector(
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    Vector(
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
    Vector(
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
    ),
)
"""Section 7.1: tests 1, 2, 3 and SHA(abc)."""


def openssl(public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


@pytest.mark.parametrize("vector", RFC_8032, ids=["1", "2", "3", "SHA(abc)"])
def test_the_vectors_of_the_rfc(vector: Vector) -> None:
    public, message, signature = map(bytes.fromhex, vector)
    assert signed_by(public, message, signature)
    assert openssl(public, message, signature)  # the vectors are copied right
    assert not signed_by(public, message + b"x", signature)


@settings(max_examples=40)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=100), st.integers(0, 511), st.booleans())
def test_it_agrees_with_openssl_on_true_and_on_changed_signatures(
    seed: bytes, message: bytes, bit: int, change: bool
) -> None:
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = key.public_key().public_bytes_raw(), bytearray(key.sign(message))
    if change:
        signature[bit // 8] ^= 1 << bit % 8
    assert signed_by(public, message, bytes(signature)) is openssl(public, message, bytes(signature)) is not change


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=64, max_size=64))
@settings(max_examples=40)
def test_bytes_of_chance_are_no_signature(public: bytes, signature: bytes) -> None:
    assert not signed_by(public, b"", signature)


def test_the_second_form_of_a_signature_is_refused() -> None:
    """Given s + L in the place of s, as whoever wants two signatures of one text would write it."""
    public, message, signature = map(bytes.fromhex, RFC_8032[1])
    second = (int.from_bytes(signature[32:], "little") + ORDER).to_bytes(32, "little")
    assert not signed_by(public, message, signature[:32] + second)


@pytest.mark.parametrize("lengths", [(31, 64), (33, 64), (32, 63), (32, 65), (0, 0)])
def test_wrong_lengths_are_refused(lengths: tuple[int, int]) -> None:
    assert not signed_by(bytes(lengths[0]), b"", bytes(lengths[1]))


# --- the vectors of others ------------------------------------------------------------------------------------------


class Case(NamedTuple):
    """A signature that others published; `valid` is None where they leave it to the verifier."""

    id: int
    public: bytes
    message: bytes
    signature: bytes
    valid: bool | None


def cases(name: str) -> list[Case]:
    """The cases of a file."""
    rows = json.loads(EXAMPLE.with_name(f"ed25519-{name}.json").read_text())
    hexes = bytes.fromhex
    return [
        Case(row["id"], hexes(row["public"]), hexes(row["message"]), hexes(row["signature"]), row.get("valid"))
        for row in rows
    ]


@pytest.mark.slow
def test_the_vectors_of_wycheproof() -> None:
    found = cases("wycheproof")
    assert (len(found), sum(case.valid is True for case in found)) == (151, 88)
    assert [case.id for case in found if signed_by(case.public, case.message, case.signature) is not case.valid] == []


def test_none_of_the_signatures_on_which_verifiers_disagree_holds() -> None:
    found = cases("speccheck")
    assert len(found) == 12
    assert [case.id for case in found if signed_by(case.public, case.message, case.signature)] == []
    assert [case.id for case in found if openssl(case.public, case.message, case.signature)] != []


@pytest.mark.parametrize("case", cases("speccheck")[6:8], ids=["6", "7"])
def test_two_of_them_hold_once_their_number_is_written_in_the_one_proper_way(case: Case) -> None:
    """Given the two whose key and point are right: the control."""
    s = int.from_bytes(case.signature[32:], "little")
    assert s > ORDER
    assert signed_by(case.public, case.message, case.signature[:32] + (s % ORDER).to_bytes(32, "little"))


# --- keys and points outside of the group ---------------------------------------------------------------------------

SMALL = point(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")) or BASE
"""A point of order 8: its multiples are all the points of small order."""

LARGE_Y = [bytes.fromhex(text) for text in (
    "ed" + "ff" * 30 + "7f", "ed" + "ff" * 31, "ee" + "ff" * 30 + "7f", "ee" + "ff" * 31, "ff" * 31 + "7f",
)]  # fmt: skip
"""Ways to write a point that are not the proper one: y is not below the prime."""


def signed(secret: int, torsion: int, nonce: int, of_nonce: int, message: bytes) -> tuple[bytes, bytes]:
    """A public key and a signature of it as a hostile holder makes them: each with a multiple of the small point."""
    public = encoded(add(multiply(secret, BASE), multiply(torsion, SMALL)))
    first = encoded(add(multiply(nonce, BASE), multiply(of_nonce, SMALL)))
    h = int.from_bytes(sha512(first + public + message).digest(), "little") % ORDER
    return public, first + ((nonce + h * secret) % ORDER).to_bytes(32, "little")


numbers = st.integers(1, ORDER - 1)


@settings(max_examples=30)
@given(numbers, st.integers(0, 7), numbers, st.integers(0, 7), st.binary(max_size=20))
def test_only_what_lies_in_the_group_holds(
    secret: int, torsion: int, nonce: int, of_nonce: int, message: bytes
) -> None:
    public, signature = signed(secret, torsion, nonce, of_nonce, message)
    assert signed_by(public, message, signature) is (torsion == of_nonce == 0)


@settings(max_examples=30)
@given(numbers, st.integers(0, 7), numbers, st.integers(0, 7), st.binary(max_size=20))
def test_its_equation_is_that_of_openssl_for_any_key(
    secret: int, torsion: int, nonce: int, of_nonce: int, message: bytes
) -> None:
    """Given verify.py without its check of the group: it negates a point, and not the number before it."""
    public, signature = signed(secret, torsion, nonce, of_nonce, message)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verify, "key_point", point)
        assert signed_by(public, message, signature) is openssl(public, message, signature)


def test_no_key_of_small_order_and_no_other_way_to_write_one_is_a_key() -> None:
    for number in range(8):
        public = encoded(multiply(number, SMALL))
        for message in (b"", b"1", b"2", b"3"):
            assert not signed_by(public, message, public + bytes(32))
        with pytest.raises(verify.Problem, match="unsafe"):
            verify.Key(line_of(public))
    for public in LARGE_Y:
        assert not signed_by(public, b"", public + bytes(32))
        with pytest.raises(verify.Problem, match="unsafe"):
            verify.Key(line_of(public))
    verify.Key(line_of(encoded(multiply(7, BASE))))  # the control


def test_a_signature_that_begins_with_the_neutral_point_is_refused() -> None:
    """Given one that OpenSSL takes: who makes it gives the secret away."""
    public = encoded(multiply(7, BASE))
    h = int.from_bytes(sha512(NEUTRAL + public + b"text").digest(), "little") % ORDER
    signature = NEUTRAL + (h * 7 % ORDER).to_bytes(32, "little")
    assert openssl(public, b"text", signature)
    assert not signed_by(public, b"text", signature)


def line_of(public: bytes) -> str:
    """The line of a public key with these bytes."""
    return str(VerifyingKey("log", public))
