"""A PostgreSQL database as a store: how to reach it, what tells that it is ours, and how it is made."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import closing, contextmanager
from typing import Final
from uuid import UUID, uuid4

import psycopg
from psycopg import errors as pg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from caretrail.errors import (
    CaretrailError,
    StoreDamaged,
    StoreError,
    StoreForeign,
    StoreNotInitialized,
    StoreReadOnly,
    StoreUnreachable,
)
from caretrail.log.database import SCHEMA, Row, check_schema
from caretrail.log.postgresql.tls import secured
from caretrail.log.sql import load_sql, read_package_file

#: For each older schema the statements that make it the next one. What was released stays here for ever.
UPGRADES: Final[dict[int, str]] = {}
OLDEST_SERVER: Final = 150000
CONNECT_SECONDS: Final = 5
#: Held by whoever makes or hands over objects of the store, until the end of the transaction.
INIT_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtext('caretrail init'))"

Connection = psycopg.Connection[Row]

# Sent when a connection starts. A pooler that refuses `options` gets none: `append` does not depend on them.
# The search path keeps whoever owns the database from putting operators of his own before those of the system.
_OPTIONS: Final = (
    "-c lock_timeout=8s -c default_transaction_isolation=read\\ committed -c TimeZone=UTC"
    " -c search_path=pg_catalog,pg_temp"
)
# A peer that is gone without a word is noticed in about ten seconds instead of hours.
_KEEPALIVE: Final = {
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",
}


# --- errors -----------------------------------------------------------------------------------------------------


@contextmanager
def postgres_errors(store: str) -> Generator[None]:
    """Turn what the driver raises into ours; its texts, which may quote values, never go along."""
    try:
        yield
    except psycopg.Error as error:
        raise translate(error, store) from None


def translate(error: psycopg.Error, store: str) -> CaretrailError:
    """Name the cause of a driver's error in our words."""
    state = error.sqlstate or ""
    if state == "25006":
        return StoreReadOnly(f"{store}: the store is read-only", "connect to the primary server")
    for beginning, (message, hint) in _UNREACHABLE.items():
        if state.startswith(beginning):
            return StoreUnreachable(f"{store}: {message}", hint)
    if state in _DAMAGED:
        return StoreDamaged(f"{store}: the server found its data damaged ({state})", "restore it from a backup")
    if state == "CT005":
        return StoreError(f"{store}: the log is append-only")
    if not state and isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return StoreUnreachable(f"{store}: {_in_words(str(error))}", _hint(str(error)))
    return StoreError(f"{store}: the database refused ({state or type(error).__name__}{_safe_text(error)})")


# The first beginning of a state that fits, so the special ones stand before their class.
_UNREACHABLE: Final[dict[str, tuple[str, str]]] = {
    "55P03": ("the store is locked by somebody else", "try again, or end what holds the lock"),
    "57014": ("the statement was canceled or took too long", "try again"),
    "57P": ("the server is starting up or shutting down", "try again"),
    "53100": ("the server's disk is full", "free some space; nothing of this call was kept"),
    "53300": ("the server has no connection left", "try again, or raise max_connections"),
    "53": ("the server is out of resources", "try again"),
    "28": ("the server refused the login", "check user, password and pg_hba.conf"),
    "3D000": ("there is no such database", "create it, then run 'caretrail init'"),
    "40": ("the transaction kept meeting others", "try again"),
    "42501": ("this role may not do that", "grant it a role; 'caretrail init --roles' makes them"),
    "08": ("the connection failed", "check that the server runs and can be reached"),
}
_DAMAGED: Final = frozenset({"XX001", "XX002"})

# libpq words its connection errors, with host, user and database in them; we look for the cause only.
_CAUSES: Final = (
    ("root certificate file", "there is no certificate of an authority to check the server's by"),
    ("does not match host name", "the server's certificate is for another host"),
    ("certificate", "the server's certificate was not accepted"),
    ("does not support SSL", "the server offers no encryption"),
    ("password", "the server refused the login"),
    ("authentication", "the server refused the login"),
    ("no pg_hba.conf entry", "the server refused the login"),
    ("Connection refused", "nothing listens there"),
    ("No such file or directory", "nothing listens there"),
    ("could not translate host name", "the host name is not known"),
    ("Name or service not known", "the host name is not known"),
    ("failed to resolve host", "the host name is not known"),
    ("No route to host", "the host cannot be reached"),
    ("unreachable", "the host cannot be reached"),
    ("timeout", "the server did not answer in time"),
    ("timed out", "the server did not answer in time"),
    ("SSL", "no encrypted connection could be made"),
    ("too many", "the server has no connection left"),
    ("starting up", "the server is starting up or shutting down"),
    ("shutting down", "the server is starting up or shutting down"),
    ("does not exist", "there is no such database or role"),
    ("invalid", "the url is not understood"),
)


def _in_words(text: str) -> str:
    return next((words for pattern, words in _CAUSES if pattern in text), "the connection was lost")


def _hint(text: str) -> str:
    if "certificate" in text or "SSL" in text:
        return "sslrootcert names the authority, and the url the host, that the server's certificate must be of"
    return "check that the server runs and can be reached"


def _safe_text(error: psycopg.Error) -> str:
    """Let syntax errors and unknown names through: they name what the author of the SQL wrote."""
    if isinstance(error, pg.UndefinedTable | pg.UndefinedColumn | pg.UndefinedFunction | pg.SyntaxError):
        return f": {error.diag.message_primary}"
    return ""


# --- connecting -------------------------------------------------------------------------------------------------


def connect(conninfo: str, store: str) -> Connection:
    """Open one connection: autocommit, READ COMMITTED, and nothing that a pooler in transaction mode cannot carry."""
    not_understood = StoreUnreachable(f"{store}: the url is not understood", "see the libpq documentation")
    try:
        given = {key: str(value) for key, value in conninfo_to_dict(conninfo).items()}
    except psycopg.ProgrammingError:
        raise not_understood from None
    wanted = secured(given, store)
    with postgres_errors(store):
        try:
            return _connect(wanted, _OPTIONS)
        except psycopg.OperationalError as error:
            if "unsupported startup parameter" not in str(error):
                raise
            return _connect(wanted, "")
        except psycopg.ProgrammingError:  # a service file names what libpq does not know
            raise not_understood from None


def taking_writes(conninfo: str) -> str | None:
    """Name, of several servers, the one that takes writes; None for a url of one server."""
    given = conninfo_to_dict(conninfo)
    if not any("," in str(given.get(key) or "") for key in ("host", "hostaddr")):
        return None
    return make_conninfo(conninfo, target_session_attrs="read-write")


def _connect(given: Mapping[str, str], options: str) -> Connection:
    defaults = {"connect_timeout": str(CONNECT_SECONDS), "application_name": "caretrail"} | _KEEPALIVE
    wanted = defaults | dict(given)
    wanted["client_encoding"] = "UTF8"
    wanted["options"] = f"{options} {wanted.get('options', '')}".strip()  # the user's come last, and win
    connection = psycopg.Connection.connect(
        make_conninfo("", **wanted),
        autocommit=True,
        prepare_threshold=None,  # a pooler in transaction mode hands the next statement to another backend
    )
    connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
    return connection


# --- identity ---------------------------------------------------------------------------------------------------


def read_mark(connection: Connection, store: str) -> tuple[UUID, bool, str]:
    """Read the namespace of a store, whether it is a demo, and who logged in; refuse a foreign or newer one."""
    with postgres_errors(store):
        try:
            statement = load_sql("caretrail.log.postgresql", "queries.sql")["mark"]
            row = connection.execute(statement.encode()).fetchone()
        except (pg.UndefinedTable, pg.InvalidSchemaName):
            raise nothing_or_foreign(connection, store) from None
        except pg.UndefinedColumn:
            raise foreign(store) from None
    if row is None:
        raise StoreDamaged(f"{store}: the mark of the store is missing", "restore it from a backup")
    namespace, demo, version, account = row
    check_schema(version, store)
    return namespace, demo, account


def foreign(store: str) -> StoreForeign:
    """Say that somebody else's objects are at our place."""
    return StoreForeign(
        f"{store} has a schema named caretrail that is not a Caretrail store",
        "choose another database; this one was left as it is",
    )


def nothing_or_foreign(connection: Connection, store: str) -> StoreError:
    """Say why there is no store: there is nothing, or something else."""
    if _is_taken(connection):
        return foreign(store)
    return StoreNotInitialized(f"there is no Caretrail store at {store}", "run 'caretrail init'")


def _is_taken(connection: Connection) -> bool:
    """Whether the schema holds anything; an administrator may have made it empty for us."""
    sql = "SELECT FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = 'caretrail'"
    return connection.execute(sql + " LIMIT 1").rowcount > 0


# --- making -----------------------------------------------------------------------------------------------------


def init_postgresql(conninfo: str, store: str, *, demo: bool) -> bool:
    """Make a store unless there is one; True if this call made it. Safe to call from many processes at once."""
    with closing(connect(conninfo, store)) as connection, postgres_errors(store):
        _check_server(connection, store)
        with connection.transaction():
            connection.execute(INIT_LOCK)
            exists = connection.execute("SELECT to_regclass('caretrail.store') IS NOT NULL").fetchone()
            if exists is not None and exists[0]:
                read_mark(connection, store)
                return False
            if _is_taken(connection):
                raise foreign(store)
            connection.execute(read_package_file("caretrail.log.postgresql", "schema.sql").encode())
            connection.execute(read_package_file("caretrail.log.postgresql", "append.sql").encode())
            connection.execute(
                "INSERT INTO caretrail.store (namespace, schema_version, demo) VALUES (%s, %s, %s)",
                (uuid4(), SCHEMA, demo),
            )
            return True


def _check_server(connection: Connection, store: str) -> None:
    if connection.info.server_version < OLDEST_SERVER:
        raise StoreUnreachable(f"{store}: PostgreSQL 15 or newer is needed", "upgrade the server")
    if connection.info.parameter_status("server_encoding") != "UTF8":
        raise StoreUnreachable(f"{store}: the database's encoding is not UTF8", "create it with ENCODING 'UTF8'")


def upgrade_postgresql(conninfo: str, store: str) -> int:
    """Bring an older store to this schema and return it; broken off, the steps that were complete stay."""
    with closing(connect(conninfo, store)) as connection, postgres_errors(store):
        while True:
            with connection.transaction():
                # nobody appends or opens the store during a step; the guard of its mark comes back with the step
                connection.execute("LOCK TABLE caretrail.store IN ACCESS EXCLUSIVE MODE")
                row = connection.execute("SELECT schema_version FROM caretrail.store").fetchone()
                version: int = row[0] if row else SCHEMA
                if version >= SCHEMA:
                    return version
                connection.execute("ALTER TABLE caretrail.store DISABLE TRIGGER refuse_change")
                connection.execute(UPGRADES[version].encode())
                connection.execute("UPDATE caretrail.store SET schema_version = %s", (version + 1,))
                connection.execute("ALTER TABLE caretrail.store ENABLE ALWAYS TRIGGER refuse_change")
