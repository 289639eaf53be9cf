"""A SQLite file as a store: its mark, its schema, and the settings of every connection."""

from __future__ import annotations

import os
import sqlite3
import stat
import sys
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final
from urllib.parse import quote
from uuid import UUID

from caretrail import errors
from caretrail.log.database import MARK_MISSING, SCHEMA, check_schema
from caretrail.log.leaf import EPOCH
from caretrail.log.namespace import new_namespace
from caretrail.log.sql import read_package_file
from caretrail.log.sqlite.file_systems import network_file_system

#: "CTrl": in the file's header, where `file(1)` finds it.
APPLICATION_ID: Final = 0x4354726C
#: For each older schema the statements that make it the next one. A released step stays here forever.
UPGRADES: Final[dict[int, str]] = {}
BUSY_SECONDS: Final = 5.0
URGENT_PAUSE: Final = 0.0002
OLDEST_SQLITE: Final = (3, 37)  # STRICT tables
FILE_DAMAGED: Final = ("the file is damaged", "restore it from a backup, then verify it")

_SETTINGS: Final[dict[str, int]] = {
    "synchronous": 2,  # FULL: an acknowledged event survives a power cut; some builds default to less
    "foreign_keys": 1,
    "trusted_schema": 0,
    "cell_size_check": 1,
    "recursive_triggers": 1,  # or REPLACE deletes without firing the delete trigger
    "secure_delete": 1,
    "busy_timeout": int(BUSY_SECONDS * 1000),
} | ({"fullfsync": 1, "checkpoint_fullfsync": 1} if sys.platform == "darwin" else {})

# Threads of one process must not create a file at the same time: closing one's handle would drop another's file locks.
_making = threading.Lock()


# --- errors -----------------------------------------------------------------------------------------------------


@contextmanager
def sqlite_errors(store: str) -> Generator[None]:
    """Turn the driver's errors into ours, without its texts, which may quote values."""
    try:
        yield
    except sqlite3.Error as error:
        raise translate(error, store) from None


def primary_code(error: sqlite3.Error) -> int:
    """Return SQLite's primary result code of an error, 0 if it has none."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def translate(error: sqlite3.Error, store: str) -> errors.StoreError:
    """Choose our error for a driver's error by its result code."""
    code = primary_code(error)
    if code == sqlite3.SQLITE_NOTADB:
        return foreign(store)
    if code in _CAUSES:
        cls, message, hint = _CAUSES[code]
        return cls(f"{store}: {message}", hint)
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    return errors.StoreError(f"{store}: the database refused ({name}{_safe_text(error)})")


_CHECK_PERMISSIONS: Final = "check the permissions of file and folder"
_CAUSES: Final[dict[int, tuple[type[errors.StoreError], str, str]]] = {
    sqlite3.SQLITE_READONLY: (errors.StoreReadOnly, "the store is read-only", _CHECK_PERMISSIONS),
    sqlite3.SQLITE_BUSY: (errors.StoreUnreachable, "another process has locked the store", "try again, or end it"),
    sqlite3.SQLITE_LOCKED: (errors.StoreUnreachable, "another connection has locked the store", "try again"),
    sqlite3.SQLITE_FULL: (errors.StoreUnreachable, "the disk is full", "free some space; this call wrote nothing"),
    sqlite3.SQLITE_CANTOPEN: (errors.StoreUnreachable, "the file cannot be opened", _CHECK_PERMISSIONS),
    sqlite3.SQLITE_PERM: (errors.StoreUnreachable, "access is denied", _CHECK_PERMISSIONS),
    sqlite3.SQLITE_IOERR: (errors.StoreUnreachable, "reading or writing the file failed", "check the disk"),
    sqlite3.SQLITE_NOMEM: (errors.StoreUnreachable, "there is not enough memory", ""),
    sqlite3.SQLITE_CORRUPT: (errors.StoreDamaged, *FILE_DAMAGED),
}

# Texts that name only tables, columns and syntax, or come from our own triggers.
_SAFE: Final = ("no such table: ", "no such column: ", "near ", "the log is append-only", "the mark of the store")


def _safe_text(error: sqlite3.Error) -> str:
    text = str(error)
    return f": {text}" if text.startswith(_SAFE) else ""


def foreign(store: str) -> errors.StoreForeign:
    """Make the error for a file of another program."""
    return errors.StoreForeign(f"{store} is not a Caretrail store", "choose another file; this one was not changed")


# --- opening ----------------------------------------------------------------------------------------------------


def connect(path: str, store: str) -> sqlite3.Connection:
    """Open a connection to an existing store, with our settings forced and read back."""
    try:
        Path(path).stat()
    except (FileNotFoundError, NotADirectoryError):
        raise errors.StoreNotInitialized(store) from None
    except OSError as error:
        raise _no_access(store, error) from None
    with sqlite_errors(store):
        try:
            return _connect(path, store, "mode=rw")
        except sqlite3.OperationalError as error:
            needs_to_write = primary_code(error) in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)
            if not needs_to_write or not _is_complete_without_wal(path):
                raise
            # WAL needs a file beside it, which a read-only folder forbids. Without one there is nothing to miss.
            return _connect(path, store, "mode=ro&immutable=1")


def is_read_only(path: str, store: str) -> bool:
    """Whether nobody may write a file: it has the permission for no user, or is on a file system that takes no writes.

    That this process may not write it, or not beside it, is no reason: others may.
    """
    try:
        if hasattr(os, "statvfs") and os.statvfs(path).f_flag & os.ST_RDONLY:
            return True
        return not Path(path).stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH)
    except OSError as error:
        raise _no_access(store, error) from None


def require_local(path: str, store: str) -> None:
    """Refuse a file on a known network file system, where our locks would not stop another machine from writing."""
    kind = network_file_system(Path(path))
    if kind is not None:
        raise errors.StoreUnreachable(
            f"{store}: the file is on a network file system ({kind}), where SQLite's locks cannot be relied on",
            "keep the file on a local disk; for several machines use PostgreSQL",
        )


def _no_access(store: str, error: OSError) -> errors.StoreUnreachable:
    cause = error.strerror or type(error).__name__
    return errors.StoreUnreachable(f"{store}: the file cannot be reached or made ({cause})", "check file and folder")


def _is_complete_without_wal(path: str) -> bool:
    """Whether the file is complete: no write-ahead log or journal beside it has anything to apply."""
    try:
        beside = (Path(path + suffix) for suffix in ("-wal", "-journal"))
        return not any(file.stat().st_size for file in beside if file.exists())
    except OSError:
        return False


@contextmanager
def immediate(connection: sqlite3.Connection, *, urgent: bool = False) -> Generator[None]:
    """Begin a transaction of the one writer; keep it unless the body raises."""
    if urgent:
        _begin_soon(connection)
    else:
        connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:  # the body or COMMIT failed, or was interrupted
            connection.execute("ROLLBACK")


def _begin_soon(connection: sqlite3.Connection) -> None:
    """Begin, and while another process writes, ask again so often that its next writer is too late.

    SQLite itself waits up to a tenth of a second before it asks again.
    """
    deadline = time.monotonic() + BUSY_SECONDS
    connection.execute("PRAGMA busy_timeout=0")
    try:
        while True:
            try:
                connection.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if primary_code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
            time.sleep(URGENT_PAUSE)
    finally:
        connection.execute(f"PRAGMA busy_timeout={_SETTINGS['busy_timeout']}")


def is_immutable(connection: sqlite3.Connection) -> bool:
    """Whether a connection was opened for a read-only folder; it is used only once, for it sees no later change."""
    return bool(connection.execute("PRAGMA query_only").fetchone()[0])


def _connect(path: str, store: str, mode: str) -> sqlite3.Connection:
    connection = _raw_connection(path, mode)
    try:
        check_identity(connection, store)
        if "immutable" in mode:
            connection.execute("PRAGMA query_only=1")
        else:
            _journal_mode_wal(connection, store)
        _force_settings(connection, store)
    except BaseException:
        connection.close()
        raise
    return connection


def _raw_connection(path: str, mode: str) -> sqlite3.Connection:
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise errors.StoreError(f"SQLite {sqlite3.sqlite_version} is too old", "use a Python with SQLite 3.37 or newer")
    return sqlite3.connect(
        f"file://{quote(path)}?{mode}",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,  # we begin transactions ourselves
        check_same_thread=False,  # the pool lends a connection to one thread at a time
        cached_statements=256,
    )


def _force_settings(connection: sqlite3.Connection, store: str) -> None:
    for name, value in _SETTINGS.items():
        connection.execute(f"PRAGMA {name}={value}").close()
        if (found := connection.execute(f"PRAGMA {name}").fetchone()) != (value,):
            held = found[0] if found else "unknown"
            raise errors.StoreError(f"{store}: SQLite does not take the setting {name}={value}, it stays {held}")


def _journal_mode_wal(connection: sqlite3.Connection, store: str) -> None:
    """Switch to the write-ahead log, once for the life of a file: the switch does not wait for locks by itself."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
        except sqlite3.OperationalError as error:
            if primary_code(error) == sqlite3.SQLITE_READONLY:
                return  # a read-only copy made in another mode: reading it needs no journal
            if primary_code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
            continue
        if mode != "wal":
            raise errors.StoreError(f"{store}: SQLite does not take the setting journal_mode=wal, it stays {mode}")
        return


def check_identity(connection: sqlite3.Connection, store: str) -> None:
    """Refuse a file that is no store, not yet a store, or a store of a newer Caretrail."""
    application, version = _header(connection)
    if application == APPLICATION_ID:
        check_schema(version, store)
        return
    if _is_blank(connection):
        raise errors.StoreNotInitialized(store)
    raise foreign(store)


def read_mark(connection: sqlite3.Connection, store: str) -> tuple[UUID, bool]:
    """Read the namespace of a store, and whether it is a demo."""
    row = connection.execute("SELECT namespace, demo FROM store").fetchone()
    if row is None or not isinstance(row[0], bytes) or len(row[0]) != 16:  # a damaged page may contain anything
        raise errors.StoreDamaged(f"{store}: {MARK_MISSING}", "restore it from a backup")
    return UUID(bytes=row[0]), bool(row[1])


def _header(connection: sqlite3.Connection) -> tuple[int, int]:
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    return int(application), int(version)


def _is_blank(connection: sqlite3.Connection) -> bool:
    return _header(connection) == (0, 0) and not connection.execute("SELECT 1 FROM sqlite_master").fetchone()


# --- making -----------------------------------------------------------------------------------------------------


def init_sqlite(path: str, store: str, *, demo: bool, created_at: int) -> bool:
    """Create a store if there is none; True if this call created it. Safe to call from many processes at once."""
    require_local(path, store)
    with _making, sqlite_errors(store):
        try:
            _create_file(Path(path))
        except OSError as error:
            raise _no_access(store, error) from None
        with closing(_raw_connection(path, "mode=rw")) as connection:
            made = _create_schema(connection, store, demo=demo, created_at=created_at)
            _journal_mode_wal(connection, store)
            return made


def _create_file(path: Path) -> None:
    """Create an empty private file in private folders; SQLite gives its companions the same permissions."""
    for folder in reversed([folder for folder in path.parents if not folder.exists()]):
        folder.mkdir(mode=0o700, exist_ok=True)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        about = path.stat()
        if about.st_size == 0 and about.st_mode & 0o007:  # as `touch` makes it; whom a group lets in was meant
            path.chmod(0o600)


def _create_schema(connection: sqlite3.Connection, store: str, *, demo: bool, created_at: int) -> bool:
    connection.execute("PRAGMA synchronous=FULL")
    if _is_blank(connection):  # before any lock is taken: a foreign file is only read
        with immediate(connection):
            if _is_blank(connection):  # no other process has made it in the meantime
                for statement in split_script(read_package_file("caretrail.log.sqlite", "schema.sql")):
                    connection.execute(statement)
                namespace = new_namespace(EPOCH + timedelta(microseconds=created_at), demo=demo)
                mark = (namespace.bytes, int(demo), created_at)
                connection.execute("INSERT INTO store (one, namespace, demo, created_at) VALUES (1, ?, ?, ?)", mark)
                connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
                connection.execute(f"PRAGMA user_version={SCHEMA}")
                return True
    check_identity(connection, store)
    return False


def upgrade_sqlite(path: str, store: str) -> int:
    """Upgrade an older store to this schema and return it; after an interruption, completed steps are kept."""
    with sqlite_errors(store), closing(_raw_connection(path, "mode=rw")) as connection:
        connection.execute("PRAGMA synchronous=FULL")
        while True:
            with immediate(connection):
                version = _header(connection)[1]
                if version >= SCHEMA:
                    return version
                for statement in split_script(UPGRADES[version]):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version={version + 1}")


def split_script(sql: str) -> Iterator[str]:
    """Split a script into statements, so that they can run inside a transaction (`executescript` commits first)."""
    statement = ""
    for part in sql.split(";"):  # may split inside a text, a comment or a trigger: then it is not complete yet
        statement += part
        if sqlite3.complete_statement(statement + ";"):
            yield statement
            statement = ""
        else:
            statement += ";"
    if statement.strip(" \n\t;"):
        yield statement
