"""Signed notes in the format of C2SP signed-note, with Ed25519: a text, a blank line, and lines of signatures.

A verifying key is one line, `name+hex id+base64`; it is public. A signing key is one line too and must stay secret.
Both are the forms other tools for transparency logs read and write.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from caretrail.errors import CaretrailError

ED25519 = b"\x01"
ID_BYTES = 4
POINT_BYTES = 32
NEUTRAL_POINT = (1).to_bytes(POINT_BYTES, "little")
"""How a signature begins that only a hostile holder of a key makes: it tells the secret."""
MOST_BYTES = 1_000_000
"""A longer note is refused before it is parsed."""

_NAME = re.compile(r"[^\s+\x00-\x1f\x7f]{1,200}")
_SIGNATURE = re.compile(r"— (\S+) (\S+)")


class NoteRefused(CaretrailError):
    """A note, a checkpoint or a key is malformed or not trusted."""

    code = "note_refused"


class BadNote(NoteRefused):
    """The text is not a signed note of the expected kind."""

    code = "bad_note"


class BadSignature(NoteRefused):
    """The signature of a trusted key does not match this text."""

    code = "bad_signature"


class UnknownKey(NoteRefused):
    """No trusted key signed the note."""

    code = "unknown_key"


class OtherLog(NoteRefused):
    """The checkpoint belongs to another log."""

    code = "other_log"


class BadKey(NoteRefused):
    """A key cannot be read, written or trusted."""

    code = "bad_key"


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """The public half of a key; it checks what the key signed."""

    name: str
    public: bytes

    def named(self, name: str) -> VerifyingKey:
        """The same key under another name, for another log of the same store."""
        return VerifyingKey(name, self.public)

    @property
    def id(self) -> bytes:
        """Four bytes that tell keys of one name apart."""
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:ID_BYTES]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{_base64(ED25519 + self.public)}"


@dataclass(frozen=True, slots=True, repr=False)
class SigningKey:
    """The secret half of a key."""

    name: str
    seed: bytes

    @property
    def verifying(self) -> VerifyingKey:
        """The public half."""
        return VerifyingKey(self.name, self._private().public_key().public_bytes_raw())

    def named(self, name: str) -> SigningKey:
        """The same key under another name, for another log of the same store."""
        return SigningKey(name, self.seed)

    def sign(self, text: str) -> bytes:
        """Sign a text."""
        return self._private().sign(text.encode())

    def encoded(self) -> str:
        """The line a key file holds."""
        return f"PRIVATE+KEY+{self.name}+{self.verifying.id.hex()}+{_base64(ED25519 + self.seed)}"

    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    def __repr__(self) -> str:
        return f"SigningKey({self.name!r})"


def new_key(name: str) -> SigningKey:
    """Make a random key; its name is the origin of the log whose notes it signs."""
    if not _NAME.fullmatch(name):
        raise ValueError("a key's name has no space and no plus sign")
    return SigningKey(name, Ed25519PrivateKey.generate().private_bytes_raw())


def read_verifying_key(line: str) -> VerifyingKey:
    """Read a public key from its line. Raises NoteRefused."""
    name, number, material = _parts(line.strip())
    if material is not None and (key := VerifyingKey(name, material)).id.hex() == number:
        return key
    raise BadKey("a public key is not readable", "it is one line, name+8 hex digits+base64")


def read_signing_key(line: str) -> SigningKey:
    """Read a secret key from its line. Raises NoteRefused; nothing of the line goes into the message."""
    name, number, material = _parts(line.strip().removeprefix("PRIVATE+KEY+"))
    if line.startswith("PRIVATE+KEY+") and material is not None:
        key = SigningKey(name, material)
        if key.verifying.id.hex() == number:
            return key
    raise BadKey("the key file is not readable", "make a key with 'caretrail audit key'")


def _parts(line: str) -> tuple[str, str, bytes | None]:
    """The name, the id and the 32 bytes of a key's line; None for bytes that are no key."""
    name, _, rest = line.partition("+")
    number, _, encoded = rest.partition("+")
    material = _decoded(encoded)
    fits = _NAME.fullmatch(name) and material is not None and len(material) == 33 and material[:1] == ED25519
    return name, number, material[1:] if fits and material else None


def sign_note(text: str, keys: Iterable[SigningKey]) -> str:
    """Sign a text, which must end with a newline, with each of the keys."""
    if not text.endswith("\n"):
        raise ValueError("the text of a note ends with a newline")
    lines = [f"— {key.name} {_base64(key.verifying.id + key.sign(text))}\n" for key in keys]
    if not lines:
        raise ValueError("a note needs a signature")
    return text + "\n" + "".join(lines)


def open_note(note: str, keys: Sequence[VerifyingKey]) -> tuple[str, list[VerifyingKey]]:
    """Return the text of a note and those of the keys that signed it: at least one.

    Signatures of other keys are passed over. Raises BadNote, BadSignature if one of the keys did not sign this text,
    UnknownKey if none of them signed at all.
    """
    text, signatures = _parted(note)
    found: list[VerifyingKey] = []
    for name, signature in signatures:
        for key in keys:
            if (key.name, key.id) == (name, signature[:ID_BYTES]) and key not in found:
                _verify(key, signature[ID_BYTES:], text)
                found.append(key)
    if not found:
        raise UnknownKey("no signature is of a key that was given", "give the public key of this log with --key")
    return text, found


def split_notes(text: str) -> list[str]:
    """Split a text into the notes that stand in it one after the other: each ends with its lines of signatures."""
    notes: list[list[str]] = [[]]
    signed = False
    for line in text.splitlines(keepends=True):
        if signed and not line.startswith("— "):
            notes.append([])
        signed = line.startswith("— ") and (signed or notes[-1][-1:] == ["\n"])
        notes[-1].append(line)
    return ["".join(lines) for lines in notes if lines]


def note_text(note: str) -> str:
    """Return the text of a note without checking who signed it. Raises BadNote."""
    return _parted(note)[0]


def _parted(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    """Part a note into its text and its signatures, each with the name of its key and the key's id before it."""
    if len(note) > MOST_BYTES or any(ord(character) < 0x20 and character != "\n" for character in note):
        raise _bad_note()
    text, separator, signed = note.rpartition("\n\n")
    lines = signed.split("\n")
    if not separator or len(lines) < 2 or lines[-1]:
        raise _bad_note()
    signatures: list[tuple[str, bytes]] = []
    for line in lines[:-1]:
        match = _SIGNATURE.fullmatch(line)
        signature = _decoded(match[2]) if match else None
        if match is None or signature is None or len(signature) <= ID_BYTES:
            raise _bad_note()
        signatures.append((match[1], signature))
    return text + "\n", signatures


def _verify(key: VerifyingKey, signature: bytes, text: str) -> None:
    try:
        if signature[:POINT_BYTES] == NEUTRAL_POINT:  # OpenSSL takes it, other verifiers do not
            raise InvalidSignature
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, text.encode())
    except (InvalidSignature, ValueError):
        raise BadSignature(
            "the signature is not that of the key", "the text was altered, or signed by somebody else"
        ) from None


def _bad_note() -> BadNote:
    return BadNote("this is not a signed note", "it has a text, a blank line, and lines of signatures")


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _decoded(text: str) -> bytes | None:
    """Decode strict base64; None for anything else."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if _base64(data) == text else None  # one text for one value, or a note could be altered and still hold
