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
from dataclasses import dataclass, replace

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from caretrail.errors import CaretrailError

ED25519 = b"\x01"
COSIGNATURE = b"\x04"
"""The two kinds of keys: of a log, and of a witness (`caretrail.ledger.cosignature`)."""
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
    kind: bytes = ED25519

    def named(self, name: str) -> VerifyingKey:
        """The same key under another name, for another log of the same store."""
        return replace(self, name=name)

    @property
    def id(self) -> bytes:
        """Four bytes that tell keys of one name apart."""
        return hashlib.sha256(self.name.encode() + b"\n" + self.kind + self.public).digest()[:ID_BYTES]

    def check(self, signature: bytes, message: bytes) -> None:
        """Check a signature of this key. Raises BadSignature."""
        try:
            if signature[:POINT_BYTES] == NEUTRAL_POINT:  # OpenSSL takes it, other verifiers do not
                raise InvalidSignature
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            raise BadSignature(
                "the signature is not that of the key", "the text was altered, or signed by somebody else"
            ) from None

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{_base64(self.kind + self.public)}"


@dataclass(frozen=True, slots=True, repr=False)
class SigningKey:
    """The secret half of a key."""

    name: str
    seed: bytes
    kind: bytes = ED25519

    @property
    def verifying(self) -> VerifyingKey:
        """The public half."""
        return VerifyingKey(self.name, self._private().public_key().public_bytes_raw(), self.kind)

    def named(self, name: str) -> SigningKey:
        """The same key under another name, for another log of the same store."""
        return replace(self, name=name)

    def sign(self, text: str) -> bytes:
        """Sign a text."""
        return self._private().sign(text.encode())

    def line(self, signature: bytes) -> str:
        """The line of a note that holds a signature of this key."""
        return f"— {self.name} {_base64(self.verifying.id + signature)}\n"

    def encoded(self) -> str:
        """The line a key file holds."""
        return f"PRIVATE+KEY+{self.name}+{self.verifying.id.hex()}+{_base64(self.kind + self.seed)}"

    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    def __repr__(self) -> str:
        return f"SigningKey({self.name!r})"


def new_key(name: str, kind: bytes = ED25519) -> SigningKey:
    """Make a random key; its name is the origin of the log whose notes it signs, or that of a witness."""
    if not _NAME.fullmatch(name) or not name.isprintable():
        raise BadKey("a name of a key has no space, no plus sign, at most 200 characters, and each can be printed")
    return SigningKey(name, Ed25519PrivateKey.generate().private_bytes_raw(), kind)


def read_verifying_key(line: str, kind: bytes = ED25519) -> VerifyingKey:
    """Read a public key of a kind from its line. Raises BadKey."""
    name, number, found, material = _parts(line.strip())
    if found == kind and (key := VerifyingKey(name, material, kind)).id.hex() == number:
        return key
    raise _unusable(found, kind) or BadKey("a public key is not readable", "it is one line, name+8 hex digits+base64")


def read_signing_key(line: str, kind: bytes = ED25519) -> SigningKey:
    """Read a secret key of a kind from its line. Raises BadKey; nothing of the line goes into the message."""
    name, number, found, material = _parts(line.strip().removeprefix("PRIVATE+KEY+"))
    if line.startswith("PRIVATE+KEY+") and found == kind:
        key = SigningKey(name, material, kind)
        if key.verifying.id.hex() == number:
            return key
    raise _unusable(found, kind) or BadKey("the key file is not readable", "make a key with 'caretrail audit key'")


def _unusable(found: bytes, kind: bytes) -> BadKey | None:
    """What is wrong with a key of another kind than the one that was asked for."""
    if found == kind or not found:
        return None
    if kind == COSIGNATURE:
        return BadKey("this is the key of a log, not of a witness", "make one: 'caretrail audit key --witness NAME'")
    return BadKey("this is the key of a witness, not of a log")


def _parts(line: str) -> tuple[str, str, bytes, bytes]:
    """The name, the id, the kind and the 32 bytes of a key's line; no kind for what is no key."""
    name, _, rest = line.partition("+")
    number, _, encoded = rest.partition("+")
    material = decode_base64(encoded)
    fits = _NAME.fullmatch(name) and material is not None and len(material) == 33
    if not fits or material is None or material[:1] not in (ED25519, COSIGNATURE):
        return name, number, b"", b""
    return name, number, material[:1], material[1:]


def sign_note(text: str, keys: Iterable[SigningKey]) -> str:
    """Sign a text, which must end with a newline, with each of the keys."""
    if not text.endswith("\n"):
        raise ValueError("the text of a note ends with a newline")
    lines = [key.line(key.sign(text)) for key in keys]
    if not lines:
        raise ValueError("a note needs a signature")
    return text + "\n" + "".join(lines)


def open_note(note: str, keys: Sequence[VerifyingKey]) -> tuple[str, list[VerifyingKey]]:
    """Return the text of a note and those of the keys that signed it: at least one.

    Signatures of other keys are passed over. Raises BadNote, BadSignature if one of the keys did not sign this text,
    UnknownKey if none of them signed at all.
    """
    text, signatures = part_note(note)
    found: list[VerifyingKey] = []
    for name, signature in signatures:
        for key in keys:
            if (key.name, key.id) == (name, signature[:ID_BYTES]) and key not in found:
                key.check(signature[ID_BYTES:], text.encode())
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
    return part_note(note)[0]


def part_note(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    """Part a note into its text and its signatures, each with the name of its key and the key's id before it.

    Raises BadNote.
    """
    if len(note) > MOST_BYTES or any(ord(character) < 0x20 and character != "\n" for character in note):
        raise _bad_note()
    text, separator, signed = note.rpartition("\n\n")
    lines = signed.split("\n")
    if not separator or len(lines) < 2 or lines[-1]:
        raise _bad_note()
    signatures: list[tuple[str, bytes]] = []
    for line in lines[:-1]:
        match = _SIGNATURE.fullmatch(line)
        signature = decode_base64(match[2]) if match else None
        if match is None or signature is None or len(signature) <= ID_BYTES:
            raise _bad_note()
        signatures.append((match[1], signature))
    return text + "\n", signatures


def _bad_note() -> BadNote:
    return BadNote("this is not a signed note", "it has a text, a blank line, and lines of signatures")


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def decode_base64(text: str) -> bytes | None:
    """Decode strict base64; None for anything else."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if _base64(data) == text else None  # one text for one value, or a note could be altered and still hold
