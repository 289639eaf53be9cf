"""Keys and notes: files that only their owner can read, and lines that other tools for transparency logs read."""

from __future__ import annotations

import base64
import os
from hashlib import sha512
from pathlib import Path
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from caretrail.evidence.packet.verify import ORDER, encoded, multiply, point
from caretrail.ledger.checkpoint import Checkpoint, open_checkpoint, origin_of, sign_checkpoint
from caretrail.ledger.keys import create_key, load_key, read_verifying_keys
from caretrail.ledger.note import (
    COSIGNATURE,
    ED25519,
    NEUTRAL_POINT,
    BadKey,
    BadNote,
    BadSignature,
    OtherLog,
    SigningKey,
    VerifyingKey,
    new_key,
    note_text,
    open_note,
    read_signing_key,
    read_verifying_key,
    sign_note,
)
from tests.ledger import naive

SEED = bytes(range(32))
BASE_POINT = bytes([0x58]) + bytes([0x66]) * 31


def test_a_key_and_its_lines_are_those_of_the_specification() -> None:
    key = SigningKey("example.org/log", SEED)
    assert str(key.verifying) == naive.key_line("example.org/log", SEED)
    assert sign_note("text\n", [key]) == "text\n\n" + naive.signature_line("example.org/log", SEED, "text\n")
    assert read_verifying_key(str(key.verifying)) == key.verifying
    assert read_signing_key(key.encoded()) == key
    assert SEED.hex() not in repr(key)
    assert "seed" not in repr(key)


@pytest.mark.parametrize(
    "line",
    ["", "a", "a+b", "a+b+c", "+00000000+", "name+00000000+AQ==", "PRIVATE+KEY+x", "\n", "name+zz+" + "A" * 44],
)
def test_what_is_no_key_is_refused_without_repeating_it(line: str) -> None:
    for read in (read_verifying_key, read_signing_key):
        with pytest.raises(BadKey) as refusal:
            read(line)
        assert "zz" not in refusal.value.message + refusal.value.hint


def test_every_letter_of_a_key_counts() -> None:
    line = str(SigningKey("example.org/log", SEED).verifying)
    for place, letter in enumerate(line):
        other = line[:place] + ("x" if letter != "x" else "y") + line[place + 1 :]
        with pytest.raises(BadKey):
            read_verifying_key(other)


def test_a_key_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "ledger.key"
    mask = os.umask(0)
    try:
        public = create_key(file, "log")
    finally:
        os.umask(mask)
    assert file.stat().st_mode & 0o777 == 0o600
    assert load_key(file).verifying == public
    assert read_verifying_keys([f"{file}.pub", str(public)]) == [public, public]
    for mode in (0o640, 0o604, 0o660):
        file.chmod(mode)
        with pytest.raises(BadKey, match="read by others"):
            load_key(file)


def test_a_key_is_never_lost_by_a_slip(tmp_path: Path) -> None:
    file = tmp_path / "ledger.key"
    create_key(file, "log")
    before = file.read_text()
    with pytest.raises(BadKey, match="already exists"):
        create_key(file, "log")
    assert file.read_text() == before
    (tmp_path / "other.key.pub").write_text("kept")
    with pytest.raises(BadKey, match="already exists"):
        create_key(tmp_path / "other.key", "log")
    assert not (tmp_path / "other.key").exists()
    assert (tmp_path / "other.key.pub").read_text() == "kept"


def test_files_that_hold_no_key(tmp_path: Path) -> None:
    (tmp_path / "rubbish").write_bytes(b"\xff\x00rubbish")
    (tmp_path / "rubbish").chmod(0o600)
    os.mkfifo(tmp_path / "pipe", 0o600)
    for name in ("rubbish", "missing", "pipe", "."):
        with pytest.raises(BadKey):
            load_key(tmp_path / name)
        with pytest.raises(BadKey):
            read_verifying_keys([str(tmp_path / name)])


def test_every_letter_of_a_signed_checkpoint_counts() -> None:
    key = SigningKey("log", SEED)
    checkpoint = Checkpoint("log", 1042, bytes(range(32)))
    note = sign_checkpoint(checkpoint, [key])
    assert open_checkpoint(note, [key.verifying]) == checkpoint
    for place in range(len(note)):
        for other in ("x", "A", "\n", " ", ""):
            altered = note[:place] + other + note[place + 1 :]
            if altered != note:
                with pytest.raises((BadNote, BadSignature, OtherLog, Exception)) as refusal:
                    open_checkpoint(altered, [key.verifying], "log")
                assert type(refusal.value).__name__ in ("BadNote", "BadSignature", "OtherLog", "UnknownKey")


def test_extensions_of_a_checkpoint_are_signed_and_passed_over() -> None:
    key = new_key("log")
    checkpoint = Checkpoint("log", 3, bytes(32))
    note = sign_note(checkpoint.text + "an extension\n", [key])
    assert open_checkpoint(note, [key.verifying]) == checkpoint
    assert note_text(note) == checkpoint.text + "an extension\n"
    with pytest.raises(BadSignature):
        open_note(note.replace("an extension", "another"), [key.verifying])


def test_an_origin_tells_nothing_and_is_the_same_for_every_copy() -> None:
    assert origin_of(UUID(int=1)) == origin_of(UUID(int=1))
    assert origin_of(UUID(int=1)) != origin_of(UUID(int=2))
    assert UUID(int=1).hex not in origin_of(UUID(int=1))


def test_a_signature_that_begins_with_the_neutral_point_is_refused() -> None:
    """Given one that only the holder of the key can make, and that OpenSSL takes: it tells the secret."""
    secret, base = 7, point(BASE_POINT)
    assert base is not None
    public, message = encoded(multiply(secret, base)), b"text\n"
    h = int.from_bytes(sha512(NEUTRAL_POINT + public + message).digest(), "little") % ORDER
    signature = NEUTRAL_POINT + (h * secret % ORDER).to_bytes(32, "little")
    Ed25519PublicKey.from_public_bytes(public).verify(signature, message)  # the control
    key = VerifyingKey("log", public)
    line = f"— log {base64.b64encode(key.id + signature).decode()}\n"
    with pytest.raises(BadSignature):
        open_note(f"text\n\n{line}", [key])


@pytest.mark.parametrize("content", ["", "\n\n", "# the key of last year\n"])
def test_a_file_without_a_key_is_not_taken_for_no_key_asked_for(tmp_path: Path, content: str) -> None:
    (tmp_path / "witness.pub").write_text(content)
    for kind in (ED25519, COSIGNATURE):
        with pytest.raises(BadKey, match="there is no key"):
            read_verifying_keys([str(tmp_path / "witness.pub")], kind)


def test_a_file_of_keys_is_read_whole_or_refused(tmp_path: Path) -> None:
    public = create_key(tmp_path / "key", "log")
    (tmp_path / "keys").write_text("# a remark\n" * 6_000 + f"{public}\n")
    with pytest.raises(BadKey, match="too long"):
        read_verifying_keys([str(tmp_path / "keys")])
