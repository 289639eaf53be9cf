"""SQL kept in files of its own: read by name, and written once for both drivers."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Final

#: The schema all our objects have on PostgreSQL; SQLite has no such thing, there the prefix is dropped.
SCHEMA_PREFIX: Final = "caretrail."

_HEADER = re.compile(r"^-- (\w+) --$", re.MULTILINE)

_COMMENT = re.compile(r"^\s*--.*\n", re.MULTILINE)

# What must not be touched comes first: literals, quoted names, dollar quotes, comments, casts. A name is a placeholder.
_TOKEN = re.compile(
    r"""(?P<skip>'(?:[^']|'')*' | "(?:[^"]|"")*" | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$ | --[^\n]* | /\*.*?\*/ | ::)
      | :(?P<name>[A-Za-z_]\w*)
      | (?P<prefix>\bcaretrail\.)
      | (?P<percent>%)""",
    re.VERBOSE | re.DOTALL,
)


def read_package_file(package: str, file: str) -> str:
    """Read a text file that lies beside the modules of a package."""
    paths = import_module(package).__path__
    return (Path(next(iter(paths))) / file).read_text(encoding="utf-8")


@lru_cache(maxsize=64)
def load_sql(package: str, file: str) -> dict[str, str]:
    """Read the statements of a `.sql` file, each under its `-- name --` header, without the lines of comment."""
    parts = _HEADER.split(read_package_file(package, file))
    return {name: _COMMENT.sub("", text).strip() for name, text in zip(parts[1::2], parts[2::2], strict=True)}


@lru_cache(maxsize=512)
def for_psycopg(sql: str) -> str:
    """Turn `:name` into `%(name)s` and double every `%`, as psycopg wants it when parameters are given."""
    return _TOKEN.sub(lambda match: f"%({match['name']})s" if match["name"] else match[0].replace("%", "%%"), sql)


@lru_cache(maxsize=512)
def for_sqlite(sql: str) -> str:
    """Drop the schema prefix; `:name` is SQLite's own notation."""
    return _TOKEN.sub(lambda match: "" if match["prefix"] else match[0], sql)
