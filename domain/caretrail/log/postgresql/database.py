"""PostgreSQL as a `Database`: a small pool of plain connections, each replaced when it is lost."""

from __future__ import annotations

import select
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Final, TypeVar
from uuid import UUID

import psycopg
from psycopg import sql as pg_sql
from psycopg.pq import TransactionStatus

from caretrail.errors import StoreForeign, StoreUnreachable
from caretrail.log.database import Database, Params, Row, spoiled
from caretrail.log.location import Dialect
from caretrail.log.pool import Pool
from caretrail.log.postgresql.setup import Connection, connect, postgres_errors, read_mark
from caretrail.log.sql import for_psycopg, load_sql

T = TypeVar("T")

TRIES: Final = 5
#: Seconds before the second try; each further wait is three times as long, four seconds in all.
FIRST_WAIT: Final = 0.1
#: A program that is frozen in a transaction lets go of its locks by then.
IDLE_LIMIT: Final = b"SET LOCAL idle_in_transaction_session_timeout = '60s'"
#: Serialization failure and deadlock: nothing was kept, and the same call may well succeed.
_TRY_AGAIN: Final = frozenset({"40001", "40P01"})


class PostgresDatabase(Database):
    """One PostgreSQL database, used by several threads of this process."""

    dialect: Dialect = "postgresql"
    namespace: UUID
    """The namespace of the store, the same on every connection."""

    def __init__(self, conninfo: str, store: str) -> None:
        self.store = store
        self._conninfo = conninfo
        self._sql = load_sql("caretrail.log.postgresql", "queries.sql")
        self.is_demo = False
        self.account = ""
        self.is_operator = False
        self._connected: tuple[datetime, float]
        """The time by the server's clock when the newest connection was made, and by ours that is never set."""
        self._pool = Pool(self._connect, _close, _usable)
        with self._pool.connection():
            pass

    def query(self, sql: str, params: Params | None = None) -> list[Row]:
        """Return all rows; outside a transaction a lost connection is replaced and the statement run again."""
        return self.run(lambda connection: _execute(connection, sql, params).fetchall())

    def execute(self, sql: str, params: Params | None = None) -> int:
        """Run one statement and return the number of rows it touched; never repeated."""
        with postgres_errors(self.store), self._pool.connection() as connection:
            return max(_execute(connection, sql, params).rowcount, 0)

    def executemany(self, sql: str, rows: Iterable[Params]) -> None:
        """Run one statement for each set of parameters, all or none."""
        with self._atomic() as connection, connection.cursor() as cursor:
            cursor.executemany(_ours(sql), rows)

    def copy(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
        """Put many rows into a table by COPY, all or none; return their number."""
        names = pg_sql.SQL(", ").join(map(pg_sql.Identifier, columns))
        statement = pg_sql.SQL("COPY {} ({}) FROM STDIN").format(pg_sql.Identifier(*table.split(".")), names)
        with self._atomic() as connection, connection.cursor() as cursor:
            with cursor.copy(statement) as copy:
                for row in rows:
                    copy.write_row(row)
            return cursor.rowcount

    def script(self, sql: str) -> None:
        """Run several statements without parameters, all or none."""
        with self._atomic() as connection:
            connection.execute(sql.encode())

    def stream(self, sql: str, params: Params | None = None, size: int = 1000) -> Iterator[Row]:
        """Iterate over the rows of one snapshot by a cursor of the server."""
        with self._atomic() as connection:
            name = f"caretrail_{id(object()):x}_{time.monotonic_ns():x}"
            with connection.cursor(name, binary=True) as cursor:
                cursor.execute(_ours(sql), params or {})
                while rows := cursor.fetchmany(size):
                    yield from rows

    def at_once(self, reads: Callable[[], T]) -> T:
        """Run reads of this thread on one state of the database; again if the connection is lost."""
        if self.in_transaction:
            return reads()

        def all_of_them(connection: Connection) -> T:
            with connection.transaction(), self._pool.bind(connection):
                connection.execute(b"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
                return reads()

        return self.run(all_of_them)

    def is_read_only(self) -> bool:
        """Whether nobody can write there now: a standby, or a server or database set so."""
        [(read_only,)] = self.query(self._sql["is_read_only"])
        return bool(read_only)

    @contextmanager
    def transaction(self) -> Generator[Database]:
        """Keep all writes of this thread inside the block, or none."""
        if self.in_transaction:
            raise RuntimeError("a transaction of this thread is open already")
        with self._atomic() as connection, self._pool.bind(connection):
            connection.execute(IDLE_LIMIT)
            yield self
            if connection.info.transaction_status == TransactionStatus.INERROR:
                raise spoiled(self.store)  # or COMMIT would roll back without a word

    def now(self) -> datetime:
        """The time by the clock of the server."""
        [(moment,)] = self.query(self._sql["clock"])
        found: datetime = moment
        return found

    def about_now(self) -> datetime:
        """The same without a round trip, by the time that has passed since the newest connection was made."""
        then, seconds = self._connected
        return then + timedelta(seconds=time.monotonic() - seconds)

    @property
    def replaced(self) -> int:
        """How often a lost connection was replaced by a new one."""
        return self._pool.replaced

    def run(self, work: Callable[[Connection], T]) -> T:
        """Do repeatable work; repeat it on a new connection if the connection is lost or the server asks for it."""
        with postgres_errors(self.store):
            attempt = 0
            while True:
                attempt += 1
                last = self.in_transaction or attempt >= TRIES
                try:
                    with self._pool.connection() as connection:
                        try:
                            return work(connection)
                        except (psycopg.Error, StoreUnreachable) as error:  # the latter from inside `at_once`
                            lost = connection.broken or connection.closed
                            if last or not (lost or _sqlstate(error) in _TRY_AGAIN):
                                raise
                except _NoConnectionError:  # the server was reached before, so it may be restarting
                    if last:
                        raise
                time.sleep(FIRST_WAIT * 3 ** (attempt - 1))

    def _connect(self) -> Connection:
        try:
            connection = connect(self._conninfo, self.store)
        except StoreUnreachable as error:
            raise _NoConnectionError(error.message, error.hint) from None
        try:
            namespace, self.is_demo, self.account, self.is_operator, now = read_mark(connection, self.store)
            self._connected = now, time.monotonic()
            if getattr(self, "namespace", namespace) != namespace:
                raise StoreForeign(f"{self.store} is another store than before", "check where the server's name leads")
        except BaseException:
            connection.close()
            raise
        self.namespace = namespace
        return connection

    @contextmanager
    def _atomic(self) -> Generator[Connection]:
        """Lend this thread's transaction, or one of its own."""
        with postgres_errors(self.store):
            if (mine := self._pool.bound) is not None:
                yield mine
            else:
                with self._pool.connection() as connection, connection.transaction():
                    yield connection


class _NoConnectionError(StoreUnreachable):
    """A new connection could not be made."""


def _sqlstate(error: Exception) -> str | None:
    """The server's code for an error, also of one that a statement inside `at_once` has turned into ours."""
    cause = error if isinstance(error, psycopg.Error) else error.__context__
    return cause.sqlstate if isinstance(cause, psycopg.Error) else None


def _execute(connection: Connection, sql: str, params: Params | None) -> psycopg.Cursor[Row]:
    return connection.execute(_ours(sql), params or {}, binary=True)


def _ours(sql: str) -> bytes:
    """Pass SQL of our own files in the form whose origin the driver does not ask for; values go by parameters only."""
    return for_psycopg(sql).encode()


def _close(connection: Connection) -> None:
    with suppress(psycopg.Error):
        connection.close()


def _usable(connection: Connection) -> bool:
    """Whether a connection at rest can be used: in no transaction, and the server has not hung up meanwhile."""
    if connection.closed or connection.info.transaction_status != TransactionStatus.IDLE:
        return False
    # A server that ends a session says so at once; without a LISTEN nothing else makes an idle socket readable.
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return not poll.poll(0)
