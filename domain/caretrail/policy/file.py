"""The file a pack is read from: written by others, so anything may lie there, and nothing of it may hold us up."""

from __future__ import annotations

import os
import stat
import tomllib
from pathlib import Path
from typing import Any

from caretrail.errors import PackInvalid

HINT = "compare with an installed pack: 'caretrail rules NAME' prints one, 'caretrail rules --check FILE' lints yours"

MOST_BYTES = 256 * 1024
"""Fifteen times the longest pack that ships."""

MOST_DOTS = 500
"""Dots in one line: a key of so many parts is nobody's, and the time to read one grows with the square of them."""


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file; raises PackInvalid."""
    name = path.name or str(path)
    try:
        text = _bytes(path, name).decode("utf-8-sig")  # some editors begin every file with a byte order mark
        for number, line in enumerate(text.split("\n"), start=1):
            if line.count(".") > MOST_DOTS:
                raise PackInvalid(f"{name}: line {number}: is nested too deeply", HINT)
        return tomllib.loads(text)
    except OSError:
        raise PackInvalid(f"{name}: cannot be read", HINT) from None
    except UnicodeDecodeError as error:
        raise PackInvalid(f"{name}: is not TOML: byte {error.start} is not UTF-8", HINT) from None
    except ValueError as error:  # TOMLDecodeError is one; so is what a number of too many digits raises
        raise PackInvalid(f"{name}: is not TOML: {error}", HINT) from None
    except RecursionError:
        raise PackInvalid(f"{name}: is nested too deeply", HINT) from None


def _bytes(path: Path, name: str) -> bytes:
    """What is in a file, if it is one and not too long: a pipe would wait for a writer, a device never end."""
    opened = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(opened, "rb") as file:
        if not stat.S_ISREG(os.fstat(opened).st_mode):
            raise PackInvalid(f"{name}: cannot be read: it is not a regular file", HINT)
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise PackInvalid(f"{name}: is longer than {MOST_BYTES // 1024} KiB", HINT)
    return content
