"""Key files: a signing key in a file that only its owner can read, its public half beside it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path

from caretrail.files import FileRefused, create_file
from caretrail.ledger.note import (
    ED25519,
    BadKey,
    SigningKey,
    VerifyingKey,
    new_key,
    read_signing_key,
    read_verifying_key,
)

MOST_BYTES = 64 * 1024


def create_key(path: Path, name: str, kind: bytes = ED25519) -> VerifyingKey:
    """Make a key in a new file that only its owner can read, and its public half in `path` + `.pub`.

    Raises BadKey if a file of that name is there: a key must not be lost by a slip.
    """
    key = new_key(name, kind)
    _write_new(path, key.encoded() + "\n", 0o600)
    public = path.with_name(path.name + ".pub")
    try:
        _write_new(public, f"{key.verifying}\n", 0o644)
    except BadKey:
        path.unlink()
        raise
    return key.verifying


def load_key(path: Path, kind: bytes = ED25519) -> SigningKey:
    """Read a key file. Raises BadKey, also if anybody but the owner may read it."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        raise BadKey(f"the key file cannot be read: {os.strerror(error.errno or 0)}") from None
    try:
        _check(os.fstat(descriptor), path)
        line = os.read(descriptor, MOST_BYTES)
    finally:
        os.close(descriptor)
    return read_signing_key(line.decode("utf-8", "replace"), kind)


def _check(about: os.stat_result, path: Path) -> None:
    if not stat.S_ISREG(about.st_mode):
        raise BadKey("the key file is not a regular file")
    if os.name != "nt" and about.st_mode & 0o077:
        raise BadKey("the key file can be read by others", f"chmod 600 {path.name}, and consider a new key")
    if os.name != "nt" and about.st_uid not in (os.getuid(), 0):
        raise BadKey("the key file belongs to somebody else")


def read_verifying_keys(given: Iterable[str], kind: bytes = ED25519) -> list[VerifyingKey]:
    """Read public keys of a kind, each given as its line or as the name of a file with one a line.

    Raises BadKey, also for a file without any key: nothing would be checked, and nothing said of it.
    """
    return [read_verifying_key(line, kind) for item in given for line in _key_lines(item)]


def _key_lines(item: str) -> list[str]:
    lines = [item] if _is_key(item) else _lines(Path(item))
    found = [line for line in lines if line.strip() and not line.startswith("#")]
    if not found:
        raise BadKey("there is no key in a file of public keys", "it has one line for each, name+id+base64")
    return found


def _is_key(item: str) -> bool:
    return item.count("+") >= 2 and not Path(item).exists()


def _lines(path: Path) -> list[str]:
    try:
        if not path.is_file():
            raise BadKey("a public key is neither a key nor a file", "it is one line, name+id+base64")
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise BadKey(f"a file of public keys cannot be read: {os.strerror(error.errno or 0)}") from None
    if len(data) > MOST_BYTES:  # cut short, it would lack keys
        raise BadKey("a file of public keys is too long")
    return data.decode("utf-8", "replace").splitlines()


def _write_new(path: Path, text: str, mode: int) -> None:
    try:
        create_file(path, text, mode)
    except FileRefused:
        raise BadKey("the file already exists", "choose another name") from None
    except OSError as error:
        raise BadKey(f"the key file cannot be written: {os.strerror(error.errno or 0)}") from None
