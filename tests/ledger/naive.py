"""The ledger once more, straight from the definitions: slow, plain, and without a line of what it tests."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


# --- RFC 9162, section 2.1 ------------------------------------------------------------------------------------------


def leaf_of_input(data: bytes) -> bytes:
    """The leaf hash of an entry, as in the RFC."""
    return sha256(b"\x00" + data)


def split(count: int) -> int:
    """The largest power of two smaller than a count."""
    power = 1
    while power * 2 < count:
        power *= 2
    return power


def root(leaves: Sequence[bytes]) -> bytes:
    """2.1.1: MTH."""
    if not leaves:
        return sha256(b"")
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return sha256(b"\x01" + root(leaves[:k]) + root(leaves[k:]))


def path(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    """2.1.3.1: PATH."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if m < k:
        return [*path(m, leaves[:k]), root(leaves[k:])]
    return [*path(m - k, leaves[k:]), root(leaves[:k])]


def proof(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    """2.1.4.1: PROOF."""
    return _subproof(m, leaves, whole=True)


def _subproof(m: int, leaves: Sequence[bytes], *, whole: bool) -> list[bytes]:
    if m == len(leaves):
        return [] if whole else [root(leaves)]
    k = split(len(leaves))
    if m <= k:
        return [*_subproof(m, leaves[:k], whole=whole), root(leaves[k:])]
    return [*_subproof(m - k, leaves[k:], whole=False), root(leaves[:k])]


# --- docs/reference/ledger.md ---------------------------------------------------------------------------------------


def text(value: str) -> bytes:
    data = value.encode()
    return len(data).to_bytes(4, "big") + data


def leaf(row: dict[str, Any]) -> bytes:
    """The leaf of a row of the log: its columns by name, bytes as hex."""
    return sha256(
        bytes([0, 1, row["log"]])
        + row["position"].to_bytes(8, "big")
        + bytes.fromhex(row["stream"])
        + row["version"].to_bytes(8, "big")
        + row["recorded_at"].to_bytes(8, "big", signed=True)
        + text(row["name"])
        + text(row["recorded_by"])
        + text(row["asserted_by"])
        + text(row["source"])
        + text(row["command_id"])
        + payload_hash(row)
    )


def payload_hash(row: dict[str, Any]) -> bytes:
    return sha256(bytes.fromhex(row["salt"]) + bytes.fromhex(row["payload"]))


# --- C2SP signed-note -----------------------------------------------------------------------------------------------


def public_of(seed: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def key_id(name: str, public: bytes) -> bytes:
    return sha256(name.encode() + b"\x0a\x01" + public)[:4]


def key_line(name: str, seed: bytes) -> str:
    public = public_of(seed)
    return f"{name}+{key_id(name, public).hex()}+{base64.b64encode(bytes([1]) + public).decode()}"


def signature_line(name: str, seed: bytes, signed: str) -> str:
    signature = Ed25519PrivateKey.from_private_bytes(seed).sign(signed.encode())
    return f"— {name} {base64.b64encode(key_id(name, public_of(seed)) + signature).decode()}\n"


def checkpoint_text(origin: str, size: int, root_hash: bytes) -> str:
    return f"{origin}\n{size}\n{base64.b64encode(root_hash).decode()}\n"
