"""The roles of a store on PostgreSQL; `roles.sql` defines their rights."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from contextlib import closing, contextmanager
from typing import Final

import psycopg
from psycopg import sql as pg_sql

from caretrail.errors import RolesRefused
from caretrail.log.database import Row
from caretrail.log.postgresql import setup
from caretrail.log.sql import for_psycopg, load_sql

#: No login may be one of these, or a member of one except during an upgrade.
OWNERS: Final = ("caretrail_owner", "caretrail_append")
#: Roles to grant to logins.
GRANTED: Final = (
    "caretrail_writer", "caretrail_projector", "caretrail_reader", "caretrail_auditor", "caretrail_operator",
)  # fmt: skip  # one list

SQL: Final = load_sql("caretrail.log.postgresql", "roles.sql")
TRIES: Final = 6
#: Roles belong to the whole server: another database's `init --roles` may make the same ones at this moment.
#: XX000 is "tuple concurrently updated", which the server has no name for.
_OTHERS_AT_WORK: Final = frozenset({"23505", "42710", "XX000", "40P01", "40001"})


def require_administrator(conninfo: str, store: str) -> None:
    """Refuse a login that may not make roles, before anything is made."""
    with closing(setup.connect(conninfo, store)) as connection, setup.postgres_errors(store):
        row = connection.execute(SQL["standing"].encode()).fetchone()
        if row is None or not row[0]:
            raise _refused(store)


def grant_roles(conninfo: str, store: str, grants: str) -> list[str]:
    """Make the roles that are missing, hand the store to its owner and grant; return the names of those made.

    `grants` is more SQL, for tables this package does not know. Safe to repeat and to call from many processes.
    """
    require_administrator(conninfo, store)
    with closing(setup.connect(conninfo, store)) as connection, setup.postgres_errors(store):
        for attempt in range(TRIES - 1):
            try:
                return _grant(connection, store, grants)
            except psycopg.Error as error:
                if error.sqlstate == "42501":
                    raise _refused(store) from None
                if error.sqlstate not in _OTHERS_AT_WORK:
                    raise
            time.sleep(0.05 * 2**attempt)
        return _grant(connection, store, grants)


def _grant(connection: setup.Connection, store: str, grants: str) -> list[str]:
    with connection.transaction():
        connection.execute(setup.INIT_LOCK)
        connection.execute("SET LOCAL search_path = pg_catalog, pg_temp")  # also behind a pooler: we may be superuser
        made = _names(connection, SQL["missing"], (*OWNERS, *GRANTED))
        for name in made:
            connection.execute(pg_sql.SQL("CREATE ROLE {} NOLOGIN").format(pg_sql.Identifier(name)))
        with _acting_for(connection, OWNERS):
            if not setup.has_store(connection):
                raise setup.nothing_or_foreign(connection, store)
            setup.read_mark(connection, store)
            for statements in (SQL["own"], SQL["grant"], grants):
                connection.execute(statements.encode())
    return made


@contextmanager
def _acting_for(connection: setup.Connection, roles: Sequence[str]) -> Generator[None]:
    """Let an administrator without superuser rights act as these roles, until everything is granted."""
    borrowed = _names(connection, SQL["outside"], roles)
    for name in borrowed:
        connection.execute(pg_sql.SQL("GRANT {} TO CURRENT_USER").format(pg_sql.Identifier(name)))
    yield
    for name in borrowed:
        connection.execute(pg_sql.SQL("REVOKE {} FROM CURRENT_USER").format(pg_sql.Identifier(name)))


def _names(connection: setup.Connection, statement: str, names: Sequence[str]) -> list[str]:
    rows: list[Row] = connection.execute(for_psycopg(statement).encode(), {"names": list(names)}).fetchall()
    return [name for (name,) in rows]


def _refused(store: str) -> RolesRefused:
    return RolesRefused(
        f"{store}: this login may not make roles, or hand the store to its owner",
        "let a superuser of the server run 'caretrail init --roles' on it; an existing store keeps its events",
    )
