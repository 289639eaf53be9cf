"""The interface to both databases, by which read models keep their own tables beside the log."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Final, TypeAlias, TypeVar

from caretrail.errors import StoreError, StoreNewer, StoreOlder
from caretrail.log.location import Dialect
from caretrail.log.pool import Pool

# The types of columns are known to the author of the SQL, not to the type checker.
Row: TypeAlias = tuple[Any, ...]
Params: TypeAlias = Mapping[str, object]
T = TypeVar("T")


SCHEMA: Final = 1
"""The schema of the stores this program makes and knows: one number for both databases."""


MARK_MISSING: Final = "the mark of the store is missing"


def check_schema(schema: int, store: str) -> None:
    """Refuse a store of another schema than ours. Raises StoreNewer or StoreOlder."""
    if schema > SCHEMA:
        message = f"{store} was written by a newer Caretrail (schema {schema}, this one knows {SCHEMA})"
        raise StoreNewer(message, "install the newer version")
    if schema < SCHEMA:
        raise StoreOlder(store, schema, SCHEMA)


def spoiled(store: str) -> StoreError:
    """Make the error for a transaction whose body went on after a failed statement."""
    return StoreError(f"{store}: a statement failed, so nothing of the transaction is kept", "let its error pass")


class Database(ABC):
    """Statements with `:name` placeholders and tables written `caretrail.table`, run on either database.

    Parameters may be str, int, float, bool, bytes, None, UUID, date, aware datetime, or a list of these. PostgreSQL
    takes and returns them unchanged. SQLite stores a UUID as 16 bytes, a date as ISO text, a datetime as whole
    microseconds since 1970 UTC, a list as JSON text (for `json_each`), and returns the stored form.

    Inside `with database.transaction():` all calls of that thread belong to the transaction; outside, each call
    is a transaction of its own. A statement that fails spoils its transaction, on both databases.
    """

    dialect: Dialect
    store: str
    _pool: Pool[Any]

    @property
    def in_transaction(self) -> bool:
        """Whether this thread is inside `transaction()`."""
        return self._pool.bound is not None

    @property
    def replaced(self) -> int:
        """How often a lost connection was replaced by a new one; files are never lost."""
        return 0

    @abstractmethod
    def query(self, sql: str, params: Params | None = None) -> list[Row]:
        """Return all rows; outside a transaction it may be run again after a lost connection, so it must only read."""

    @abstractmethod
    def execute(self, sql: str, params: Params | None = None) -> int:
        """Run one statement and return the number of rows it touched; never repeated."""

    @abstractmethod
    def executemany(self, sql: str, rows: Iterable[Params]) -> None:
        """Run one statement for each set of parameters, all or none."""

    @abstractmethod
    def copy(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
        """Put many rows into a table by the fastest way the database has, all or none; return their number."""

    @abstractmethod
    def script(self, sql: str) -> None:
        """Run several statements without parameters, all or none."""

    @abstractmethod
    def stream(self, sql: str, params: Params | None = None, size: int = 1000) -> Iterator[Row]:
        """Iterate over the rows of one snapshot in chunks, so that memory stays flat."""

    @abstractmethod
    def at_once(self, reads: Callable[[], T]) -> T:
        """Run reads of this thread on one state of the database; again, from the first, if the connection is lost.

        Inside a transaction of this thread they read what it reads.
        """

    @abstractmethod
    def transaction(self) -> AbstractContextManager[Database]:
        """Keep all writes of this thread inside the block, or none (SQLite: IMMEDIATE, PostgreSQL: READ COMMITTED)."""

    @abstractmethod
    def is_read_only(self) -> bool:
        """Whether nobody can write there now: a standby, a database set so, a file without any right to write it.

        A session, a login or a path that only keeps this caller from writing is no reason.
        """

    def close(self) -> None:
        """Close all connections; those in use are closed when they are returned."""
        self._pool.close()
