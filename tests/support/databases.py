"""Databases for tests on PostgreSQL, one each: emptied after a test and used again, unless more than rows changed.

To make a store takes a server several times as long as to empty one. A database that is used again has another name, so
nothing that a test has left running finds it, and the tables of that test have new files and no statistics.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, Self

import psycopg
from psycopg.sql import SQL, Composed, Identifier

from tests.support.stores import WRITING, database_url

Connection = psycopg.Connection[tuple[Any, ...]]
Table = tuple[str, str]
"""Its schema and its name."""
Rows = dict[Table, bytes]
"""The rows of tables that have any, as COPY writes them."""

OURS = "oid >= 16384"
"""Told of an object of a database: the system's own have smaller numbers."""
CATALOGS = {
    **dict.fromkeys(("pg_class", "pg_attrdef", "pg_constraint", "pg_trigger", "pg_rewrite", "pg_policy"), OURS),
    **dict.fromkeys(("pg_proc", "pg_type", "pg_operator", "pg_cast"), OURS),
    **{"pg_attribute": "attrelid >= 16384", "pg_index": "indexrelid >= 16384", "pg_inherits": "inhrelid >= 16384"},
    **dict.fromkeys(("pg_namespace", "pg_sequences", "pg_extension", "pg_event_trigger", "pg_publication"), "true"),
    **dict.fromkeys(("pg_default_acl", "pg_statistic_ext"), "true"),
    "pg_stats": "schemaname NOT IN ('pg_catalog', 'information_schema')",
    "pg_database": "datname = current_database()",
    "pg_db_role_setting": "setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())",
}
"""What says how a database is made and how its tables were seen to be filled, with the rows that do."""
PASSING = [
    *("relfilenode", "relpages", "reltuples", "relallvisible", "relallfrozen", "relfrozenxid", "relminmxid"),
    *("oid", "datname", "datfrozenxid", "datminmxid", "setdatabase"),
]
"""Columns that change when a table is emptied, or differ between two databases made alike."""


class Databases:
    """The databases of a session on one server, all copies of one that `make` fills, given its url."""

    def __init__(self, server: str, make: Callable[[str], object]) -> None:
        self.server = server
        self.template = self._new_name()
        self._run("CREATE DATABASE {}", self.template)
        url = database_url(server, self.template)
        make(url)
        with psycopg.connect(url) as connection:
            self.digest, self.rows = digest(connection), rows_of(connection)
        self.spare: list[str] = []

    @contextmanager
    def one(self) -> Generator[str]:
        """The name of a database that is as `make` makes it, for one test: kept if it can be made what it was."""
        name = self._new_name()
        if self.spare:
            self._run("ALTER DATABASE {} RENAME TO {}", self.spare.pop(), name)
        else:
            self._run("CREATE DATABASE {} TEMPLATE {} STRATEGY wal_log", name, self.template)
        try:
            yield name
        finally:
            if self._emptied(name):
                self.spare.append(name)
            else:
                self._drop(name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for name in (*self.spare, self.template):
            self._drop(name)

    def _drop(self, name: str) -> None:
        self._run("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def _new_name(self) -> str:
        return f"caretrail_test_{secrets.token_hex(6)}"

    def _run(self, statement: str, *names: str) -> None:
        with psycopg.connect(self.server, autocommit=True) as connection:
            connection.execute(_with_names(statement, *names))

    def _emptied(self, name: str) -> bool:
        try:
            with psycopg.connect(f"{database_url(self.server, name)}&{WRITING}") as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
                empty(connection, self.rows)
                return digest(connection) == self.digest and rows_of(connection) == self.rows
        except psycopg.Error:
            return False  # a test may have broken anything


def _with_names(statement: str, *names: str) -> Composed:
    return SQL(statement).format(*map(Identifier, names))  # pyright: ignore[reportArgumentType]  # our own text


def digest(connection: Connection) -> str:
    """What a database is but its rows: two with one digest take and refuse the same."""
    lines = " UNION ALL ".join(
        f"SELECT '{catalog}' || (to_jsonb(c) - %(passing)s::text[])::text AS line FROM {catalog} c WHERE {which}"
        for catalog, which in CATALOGS.items()
    )
    query = f"SELECT md5(string_agg(line, ' ' ORDER BY line)) FROM ({lines}) AS lines"
    [(found,)] = connection.execute(query.encode(), {"passing": PASSING})
    return str(found)


def rows_of(connection: Connection) -> Rows:
    """The rows of every table that has some."""
    found = {table: _copied(connection, table) for table in _filled(connection)}
    return {table: rows for table, rows in found.items() if rows}


def empty(connection: Connection, rows: Rows) -> None:
    """Let tables have these rows and no others."""
    changed = [table for table in _filled(connection) if table not in rows or _copied(connection, table) != rows[table]]
    if not changed:
        return
    guards = [
        (*table, name)
        for table in changed
        for (name,) in connection.execute(
            "SELECT tgname FROM pg_trigger WHERE tgrelid = format('%%I.%%I', %s::text, %s::text)::regclass"
            " AND tgenabled = 'A' AND NOT tgisinternal",
            table,
        )
    ]
    for guard in guards:
        connection.execute(_with_names("ALTER TABLE {}.{} DISABLE TRIGGER {}", *guard))
    names = SQL(", ").join(Identifier(*table) for table in changed)
    connection.execute(SQL("TRUNCATE {} RESTART IDENTITY").format(names))
    for guard in guards:
        connection.execute(_with_names("ALTER TABLE {}.{} ENABLE ALWAYS TRIGGER {}", *guard))
    for table in changed:
        with connection.cursor().copy(_with_names("COPY {}.{} FROM STDIN", *table)) as copy:
            copy.write(rows.get(table, b""))


def _filled(connection: Connection) -> list[Table]:
    """The tables that may have rows: those whose files are not empty."""
    found = connection.execute(
        "SELECT nspname, relname FROM pg_class JOIN pg_namespace AS n ON n.oid = relnamespace"
        " WHERE relkind = 'r' AND nspname !~ '^pg_' AND nspname <> 'information_schema'"
        "   AND pg_relation_size(pg_class.oid) > 0"
    )
    return [(str(schema), str(table)) for schema, table in found]


def _copied(connection: Connection, table: Table) -> bytes:
    with connection.cursor().copy(_with_names("COPY {}.{} TO STDOUT", *table)) as copy:
        return b"".join(bytes(part) for part in copy)
