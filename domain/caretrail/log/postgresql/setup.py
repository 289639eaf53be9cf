"""A PostgreSQL database as a store: its connections, its mark, and its schema."""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from contextlib import closing, contextmanager
from datetime import datetime
from typing import Final
from uuid import UUID

import psycopg
from psycopg import errors as pg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from caretrail import errors
from caretrail.log.database import MARK_MISSING, SCHEMA, Row, check_schema
from caretrail.log.namespace import new_namespace
from caretrail.log.postgresql.tls import secured
from caretrail.log.sql import load_sql, read_package_file

#: For each older schema the statements that make it the next one. A released step stays here forever.
UPGRADES: Final[dict[int, str]] = {}
OLDEST_SERVER: Final = 150000
CONNECT_SECONDS: Final = 5
#: Serializes sessions that create or hand over objects of the store, each until the end of its transaction.
INIT_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtext('caretrail init'))"

Connection = psycopg.Connection[Row]

# Sent when a connection starts. A pooler that refuses `options` gets none: `append` does not depend on them.
# The search path keeps the owner of the database from replacing the system's operators. Without row security, what a
# policy would hide is an error instead.
_OPTIONS: Final = (
    "-c lock_timeout=8s -c default_transaction_isolation=read\\ committed -c TimeZone=UTC"
    " -c search_path=pg_catalog,pg_temp -c row_security=off"
)
# Defaults that a url can override. By the keepalives, a peer that disappears is noticed in about ten seconds.
_DEFAULTS: Final = {
    "connect_timeout": str(CONNECT_SECONDS),
    "application_name": "caretrail",
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",
}


# --- errors -----------------------------------------------------------------------------------------------------


@contextmanager
def postgres_errors(store: str) -> Generator[None]:
    """Turn the driver's errors into ours, without its texts, which may quote values."""
    try:
        yield
    except psycopg.Error as error:
        raise translate(error, store) from None


def translate(error: psycopg.Error, store: str) -> errors.StoreError:
    """Choose our error for a driver's error by its SQLSTATE, or without one by its text."""
    state = error.sqlstate or ""
    if isinstance(error, pg.InsufficientPrivilege) and "row-level security" in (error.diag.message_primary or ""):
        hint = "drop it: no table of Caretrail has one, and 'caretrail audit verify' tells whether rows are missing"
        return errors.HiddenEvents(f"{store}: a row-security policy would hide rows", hint)
    for beginning, (cls, message, hint) in _STATES.items():
        if state.startswith(beginning):
            return cls(f"{store}: {message}", hint)
    if not state and isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        text = str(error)
        message = next((words for pattern, words in _CAUSES.items() if re.search(pattern, text)), "connection lost")
        return errors.StoreUnreachable(f"{store}: {message}", _hint(text))
    return errors.StoreError(f"{store}: the database refused ({state or type(error).__name__}{_safe_text(error)})")


_DAMAGED: Final = (errors.StoreDamaged, "the server found its data damaged", "restore it from a backup")
# The first matching prefix counts, so special states come before their class.
_STATES: Final[dict[str, tuple[type[errors.StoreError], str, str]]] = {
    "25006": (errors.StoreReadOnly, "the store is read-only", "connect to the primary server"),
    "55P03": (errors.StoreUnreachable, "another session has locked the store", "try again, or end that session"),
    "57014": (errors.StoreUnreachable, "the statement was canceled or took too long", "try again"),
    "57P": (errors.StoreUnreachable, "the server is starting up or shutting down", "try again"),
    "53100": (errors.StoreUnreachable, "the server's disk is full", "free some space; this call wrote nothing"),
    "53300": (errors.StoreUnreachable, "the server has no free connection", "try again, or raise max_connections"),
    "53": (errors.StoreUnreachable, "the server is out of resources", "try again"),
    "28": (errors.StoreUnreachable, "the server refused the login", "check user, password and pg_hba.conf"),
    "3D000": (errors.StoreUnreachable, "there is no such database", "create it, then run 'caretrail init'"),
    "40": (errors.StoreUnreachable, "the transaction kept conflicting with others", "try again"),
    "42501": (
        errors.StoreForbidden,
        "this role may not do that",
        "grant the login a role: caretrail_writer appends, caretrail_projector keeps the read models, "
        "caretrail_owner upgrades",
    ),
    "08": (errors.StoreUnreachable, "the connection failed", "check that the server runs and can be reached"),
    "XX001": _DAMAGED,
    "XX002": _DAMAGED,
    "CT005": (errors.StoreError, "the log is append-only", ""),
    "CT009": (errors.NotStored, errors.NOT_AS_SENT, errors.FOREIGN_OBJECTS),
}

# libpq's own errors have no state, and name host, user and database in their text: we search it for the cause only.
_CAUSES: Final = {
    "root certificate file": "there is no root certificate to check the server's certificate by",
    "does not match host name": "the server's certificate is for another host",
    "certificate": "the server's certificate was not accepted",
    "does not support SSL": "the server offers no encryption",
    "password|authentication|no pg_hba.conf entry": "the server refused the login",
    "Connection refused|No such file or directory": "no server listens there",
    "could not translate host name|Name or service not known|failed to resolve host": "the host name is unknown",
    "No route to host|unreachable": "the host cannot be reached",
    "timeout|timed out": "the server did not answer in time",
    "SSL": "no encrypted connection could be made",
    "too many": "the server has no free connection",
    "starting up|shutting down": "the server is starting up or shutting down",
    "does not exist": "there is no such database or role",
    "invalid": "the url is not understood",
}


def _hint(text: str) -> str:
    if "certificate" in text or "SSL" in text:
        return "sslrootcert names the authority, and the url the host, that the server's certificate must be of"
    return "check that the server runs and can be reached"


def _safe_text(error: psycopg.Error) -> str:
    """The text of syntax errors and unknown names, which quotes nothing but the SQL."""
    if isinstance(error, pg.UndefinedTable | pg.UndefinedColumn | pg.UndefinedFunction | pg.SyntaxError):
        return f": {error.diag.message_primary}"
    return ""


# --- connecting -------------------------------------------------------------------------------------------------


def connect(conninfo: str, store: str) -> Connection:
    """Open one connection: autocommit, READ COMMITTED, and nothing that a pooler in transaction mode cannot carry."""
    not_understood = errors.StoreUnreachable(f"{store}: the url is not understood", "see the libpq documentation")
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
    wanted = _DEFAULTS | dict(given) | {"client_encoding": "UTF8"}
    wanted["options"] = f"{options} {wanted.get('options', '')}".strip()  # the user's come last, and win
    connection = psycopg.Connection.connect(
        make_conninfo("", **wanted),
        autocommit=True,
        prepare_threshold=None,  # a pooler in transaction mode hands the next statement to another backend
    )
    connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
    return connection


# --- identity ---------------------------------------------------------------------------------------------------


def read_mark(connection: Connection, store: str) -> tuple[UUID, bool, str, bool, datetime]:
    """Read the namespace of a store, whether it is a demo, the login, whether that is an operator, and the time there.

    Refuses a foreign or newer store.
    """
    with postgres_errors(store):
        try:
            statement = load_sql("caretrail.log.postgresql", "queries.sql")["mark"]
            row = connection.execute(statement.encode()).fetchone()
        except (pg.UndefinedTable, pg.InvalidSchemaName):
            raise nothing_or_foreign(connection, store) from None
        except pg.UndefinedColumn:
            raise foreign(store) from None
    if row is None:
        raise errors.StoreDamaged(f"{store}: {MARK_MISSING}", "restore it from a backup")
    namespace, demo, version, account, operator, now = row
    check_schema(version, store)
    return namespace, demo, account, operator, now


def has_store(connection: Connection) -> bool:
    """Whether the table of a store exists, without an error, which would spoil the transaction."""
    return connection.execute("SELECT FROM pg_class WHERE oid = to_regclass('caretrail.store')").rowcount > 0


def foreign(store: str) -> errors.StoreForeign:
    """Make the error for a schema of another program."""
    return errors.StoreForeign(
        f"{store} has a schema named caretrail that is not a Caretrail store",
        "choose another database; this one was not changed",
    )


def nothing_or_foreign(connection: Connection, store: str) -> errors.StoreError:
    """Make the error for a missing store, or for a schema of another program in its place."""
    if _is_taken(connection):
        return foreign(store)
    return errors.StoreNotInitialized(store)


def _is_taken(connection: Connection) -> bool:
    """Whether the schema contains anything; an administrator may have created it empty."""
    sql = "SELECT FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = 'caretrail'"
    return connection.execute(sql + " LIMIT 1").rowcount > 0


# --- making -----------------------------------------------------------------------------------------------------


def init_postgresql(conninfo: str, store: str, *, demo: bool, created_at: datetime | None) -> bool:
    """Create a store if there is none; True if this call created it. Safe to call from many processes at once.

    The clock of the server says when it was made, unless `created_at` does.
    """
    with closing(connect(conninfo, store)) as connection, postgres_errors(store):
        _check_server(connection, store)
        with connection.transaction():
            connection.execute(INIT_LOCK)
            if has_store(connection):
                read_mark(connection, store)
                return False
            if _is_taken(connection):
                raise foreign(store)
            connection.execute(read_package_file("caretrail.log.postgresql", "schema.sql").encode())
            connection.execute(read_package_file("caretrail.log.postgresql", "append.sql").encode())
            made_at = created_at or _now(connection)
            connection.execute(
                "INSERT INTO caretrail.store (namespace, schema_version, demo, created_at) VALUES (%s, %s, %s, %s)",
                (new_namespace(made_at, demo=demo), SCHEMA, demo, made_at),
            )
            return True


def _now(connection: Connection) -> datetime:
    [(now,)] = connection.execute("SELECT clock_timestamp()").fetchall()
    found: datetime = now
    return found


def _check_server(connection: Connection, store: str) -> None:
    if connection.info.server_version < OLDEST_SERVER:
        raise errors.StoreUnreachable(f"{store}: PostgreSQL 15 or newer is needed", "upgrade the server")
    if connection.info.parameter_status("server_encoding") != "UTF8":
        raise errors.StoreUnreachable(f"{store}: the database's encoding is not UTF8", "create it with ENCODING 'UTF8'")


def upgrade_postgresql(conninfo: str, store: str) -> int:
    """Upgrade an older store to this schema and return it; after an interruption, completed steps are kept."""
    with closing(connect(conninfo, store)) as connection, postgres_errors(store):
        while True:
            with connection.transaction():
                # no session appends or opens the store during a step; the step ends with the guard of the mark back on
                connection.execute("LOCK TABLE caretrail.store IN ACCESS EXCLUSIVE MODE")
                row = connection.execute("SELECT schema_version FROM caretrail.store").fetchone()
                version: int = row[0] if row else SCHEMA
                if version >= SCHEMA:
                    return version
                connection.execute("ALTER TABLE caretrail.store DISABLE TRIGGER refuse_change")
                connection.execute(UPGRADES[version].encode())
                connection.execute("UPDATE caretrail.store SET schema_version = %s", (version + 1,))
                connection.execute("ALTER TABLE caretrail.store ENABLE ALWAYS TRIGGER refuse_change")
