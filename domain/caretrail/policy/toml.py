"""Read the TOML file of a pack safely: no content may hang or exhaust the program."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from caretrail.errors import PackInvalid
from caretrail.files import MOST_PACK_BYTES, NotRegular, TooLong, regular_bytes

HINT = "compare with an installed pack: 'caretrail rules NAME' prints one, 'caretrail rules --check FILE' lints yours"

MOST_DOTS = 500
"""Limit of dots in one line: the time to parse a dotted key grows with the square of its parts."""


def pack_bytes(path: Path) -> bytes:
    """Read the bytes of a TOML file; raises PackInvalid, naming the file."""
    name = path.name or str(path)
    try:
        return regular_bytes(path, MOST_PACK_BYTES)
    except NotRegular:
        raise PackInvalid(f"{name}: cannot be read: it is not a regular file", HINT) from None
    except TooLong:
        raise PackInvalid(f"{name}: is longer than {MOST_PACK_BYTES // 1024} KiB", HINT) from None
    except OSError:
        raise PackInvalid(f"{name}: cannot be read", HINT) from None


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file; raises PackInvalid, naming the file."""
    return parse_toml(pack_bytes(path), path.name or str(path))


def parse_toml(content: bytes, name: str) -> dict[str, Any]:
    """Read the content of a TOML file of a name; raises PackInvalid, naming the file."""
    try:
        text = content.decode("utf-8-sig")  # some editors begin every file with a byte order mark
        for number, line in enumerate(text.split("\n"), start=1):
            if line.count(".") > MOST_DOTS:
                raise PackInvalid(f"{name}: line {number}: is nested too deeply", HINT)
        return tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise PackInvalid(f"{name}: not valid TOML: byte {error.start} is not UTF-8", HINT) from None
    except ValueError as error:  # TOMLDecodeError is one; so is what a number of too many digits raises
        raise PackInvalid(f"{name}: not valid TOML: {error}", HINT) from None
    except RecursionError:
        raise PackInvalid(f"{name}: is nested too deeply", HINT) from None
