"""Where a store is: one url, parsed once, and a name for it that is safe to print."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs, urlsplit

from caretrail.errors import StoreUnreachable

Dialect = Literal["sqlite", "postgresql"]

_POSTGRESQL = ("postgresql://", "postgres://")
_KEYWORDS = re.compile(r"(?i)(^|\s)(host|hostaddr|port|dbname|user|password|passfile|service|ssl\w+)\s*=")
_MISTYPED = re.compile(r"(?i)\s*postgre\w*(:|//)|.*:[^/@]*@|\s*\w+:?//.*:.*@")
"""A url of a server that lacks something, with a password perhaps: taken for a file name, it would be printed."""
_HOST = r"([\w.\-/%]*|\[[\da-fA-F:.%]+\])(:\d+)?"
_PLAIN = re.compile(rf"{_HOST}(,{_HOST})*/[\w.\-%]*")


@dataclass(frozen=True, slots=True)
class Location:
    """A parsed store url: `target` is for the driver and may hold a password, `printable` never does."""

    dialect: Dialect
    target: str = field(repr=False)
    printable: str


def parse_url(url: str) -> Location:
    """Parse a url or a plain file path. Raises StoreUnreachable."""
    if url.startswith(_POSTGRESQL):
        return Location("postgresql", url, _printable(url))
    if url.startswith("sqlite:"):
        return _file(url.removeprefix("sqlite:").removeprefix("//"))
    if "://" in url:
        raise StoreUnreachable("that kind of store is not known", "use a file path, sqlite:///… or postgresql://…")
    if _MISTYPED.match(url):
        raise StoreUnreachable("the url is not understood", "use a file path, sqlite:///… or postgresql://…")
    if _KEYWORDS.search(url):  # libpq's other notation, which would be taken for a file name, password included
        raise StoreUnreachable("the url is not understood", "use a file path, sqlite:///… or postgresql://…")
    return _file(url)


def _file(path: str) -> Location:
    if not path or "\0" in path or path == ":memory:" or path.startswith("file:"):
        raise StoreUnreachable("the url names no file", "use a file path, for example sqlite:///srv/caretrail.db")
    if path.startswith("//"):  # sqlite:////srv/x, as other libraries write an absolute path
        path = "/" + path.lstrip("/")
    target = str(Path(path).expanduser().absolute())
    return Location("sqlite", target, target)


def _printable(url: str) -> str:
    """Keep host, port and database of a libpq url; drop user, password and every option."""
    try:
        parts = urlsplit(url)
        hosts = parts.netloc.rpartition("@")[2] or parse_qs(parts.query).get("host", [""])[0]
    except ValueError:  # it may quote the url
        return "postgresql://?"
    name = f"{hosts}/{parts.path.lstrip('/')}"
    # An unescaped character in a password makes the rest of it look like port, path or fragment.
    if "@" in parts.path + parts.query + parts.fragment or not _PLAIN.fullmatch(name):
        return "postgresql://?"
    return f"postgresql://{name}"
