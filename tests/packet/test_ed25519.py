"""The signature check of verify.py is that of RFC 8032: on its vectors, and as OpenSSL has it."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from caretrail.evidence.packet.verify import ORDER, signed_by


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
