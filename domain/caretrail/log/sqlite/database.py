"""SQLite as a `Database`: explicit transactions, one writer at a time."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import date, datetime
from itertools import islice
from typing import Any, Final, TypeVar
from uuid import UUID

from caretrail.errors import StoreUnreachable
from caretrail.log.database import Database, Params, Row, spoiled
from caretrail.log.leaf import microseconds
from caretrail.log.location import Dialect
from caretrail.log.pool import Pool
from caretrail.log.sql import for_sqlite
from caretrail.log.sqlite import setup
from caretrail.log.sqlite.turns import Turns

T = TypeVar("T")

ADAPTED_AT_ONCE = 500
"""Rows; bounds the memory of a long copy."""


class SqliteDatabase(Database):
    """One SQLite file, used by several threads of this process and by other processes."""

    dialect: Dialect = "sqlite"

    def __init__(self, path: str, store: str) -> None:
        self.store = store
        self._path = path
        setup.require_local(path, store)
        self._pool = Pool(lambda: setup.connect(path, store), lambda c: c.close(), _usable)
        self._failed = False
        # SQLite makes all writers but one sleep and poll; turns wake the next one at once.
        self._writing = Turns()

    def query(self, sql: str, params: Params | None = None) -> list[Row]:
        """Return all rows."""
        with self.reader() as connection:
            return connection.execute(for_sqlite(sql), _adapt(params)).fetchall()

    def execute(self, sql: str, params: Params | None = None) -> int:
        """Run one statement and return the number of rows it touched."""
        with self._writer() as connection:
            return max(connection.execute(for_sqlite(sql), _adapt(params)).rowcount, 0)

    def executemany(self, sql: str, rows: Iterable[Params]) -> None:
        """Run one statement for each set of parameters, all or none."""
        with self._writer() as connection:
            connection.executemany(for_sqlite(sql), map(_adapt, rows))

    def copy(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
        """Put many rows into a table, all or none; return their number."""
        marks = ", ".join("?" * len(columns))
        sql = f"INSERT INTO {for_sqlite(table)} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608  # names from code
        with self._writer() as connection:
            return connection.executemany(sql, _adapted(rows)).rowcount

    def script(self, sql: str) -> None:
        """Run several statements without parameters, all or none."""
        with self._writer() as connection:
            for statement in setup.split_script(for_sqlite(sql)):
                connection.execute(statement)

    def stream(self, sql: str, params: Params | None = None, size: int = 1000) -> Iterator[Row]:
        """Iterate over the rows of one snapshot in chunks."""
        with self.reader() as connection:
            cursor = connection.execute(for_sqlite(sql), _adapt(params))
            try:
                while rows := cursor.fetchmany(size):
                    yield from rows
            finally:
                cursor.close()  # ends the snapshot, also when the reader stops early

    def at_once(self, reads: Callable[[], T]) -> T:
        """Run reads of this thread on one state of the database."""
        if self.in_transaction:
            return reads()
        with self.snapshot() as connection, self._pool.bind(connection):
            return reads()

    def is_read_only(self) -> bool:
        """Whether nobody can write the file: no user has the right, or its file system takes no writes."""
        return setup.is_read_only(self._path, self.store)

    @contextmanager
    def transaction(self) -> Generator[Database]:
        """Keep all writes of this thread inside the block, or none."""
        if self.in_transaction:
            raise RuntimeError("a transaction of this thread is open already")
        with self.exclusive():
            yield self
            if self._failed:
                raise spoiled(self.store)

    @contextmanager
    def exclusive(self, *, urgent: bool = False) -> Generator[sqlite3.Connection]:
        """Lend a connection as the only writer, inside a transaction that is kept unless the body raises.

        Who is `urgent` is the next writer of this process, and asks more often than those of others.
        """
        with setup.sqlite_errors(self.store), self._pool.connection() as connection:
            if not self._writing.acquire(setup.BUSY_SECONDS, urgent=urgent):
                raise StoreUnreachable(f"{self.store}: the store is locked by another thread", "try again")
            try:
                self._failed = False
                with setup.immediate(connection, urgent=urgent), self._pool.bind(connection):
                    yield connection
            finally:
                self._writing.release()

    @contextmanager
    def reader(self) -> Generator[sqlite3.Connection]:
        """Lend a connection for statements that only read."""
        with setup.sqlite_errors(self.store), self._pool.connection() as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Generator[sqlite3.Connection]:
        """Lend a connection for several statements that read the same state."""
        with self.reader() as connection:
            if connection.in_transaction:  # ours already reads one state
                yield connection
                return
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                connection.execute("ROLLBACK")

    @contextmanager
    def _writer(self) -> Generator[sqlite3.Connection]:
        """Lend the writing connection; a failed statement spoils the transaction of this thread."""
        if not self.in_transaction:
            with self.exclusive() as connection:
                yield connection
            return
        try:
            with self.reader() as connection:
                yield connection
        except BaseException:
            self._failed = True
            raise


def _usable(connection: sqlite3.Connection) -> bool:
    with suppress(sqlite3.Error):
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        return not setup.is_immutable(connection)
    return False


def _adapt(params: Params | None) -> Mapping[str, object]:
    return dict(zip(params, adapt_row(params.values()), strict=True)) if params else {}


def adapt_row(row: Iterable[object]) -> list[object]:
    """Turn values SQLite does not know into those it stores; registered adapters would be global to the process."""
    return [value if (convert := _CONVERT.get(type(value))) is None else convert(value) for value in row]


def _adapted(rows: Iterable[Sequence[object]]) -> Iterator[tuple[object, ...]]:
    """Many rows as SQLite stores them: adapted a column at a time, for most columns hold nothing that it must be."""
    left = iter(rows)
    while some := list(islice(left, ADAPTED_AT_ONCE)):
        yield from zip(*map(_adapt_column, zip(*some, strict=True)), strict=True)


def _adapt_column(values: Sequence[object]) -> Sequence[object]:
    return values if _CONVERT.keys().isdisjoint(map(type, values)) else adapt_row(values)


_CONVERT: Final[dict[type, Callable[[Any], object]]] = {
    UUID: lambda value: value.bytes,
    datetime: microseconds,
    date: date.isoformat,
    list: json.dumps,
    tuple: json.dumps,
}
