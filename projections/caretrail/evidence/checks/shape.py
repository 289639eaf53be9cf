"""The shape of a store: its objects and rights as the database describes them, and as `init` makes them."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from functools import lru_cache
from typing import NamedTuple

from caretrail.log.database import Database
from caretrail.log.location import Dialect
from caretrail.log.sql import for_sqlite, load_sql, read_package_file
from caretrail.log.sqlite.setup import split_script
from caretrail.readmodel.schema import VERSION, version_sql

PACKAGE = __package__ or ""
GOLDEN = "postgresql_shape.json"
"""What a fresh store on PostgreSQL says of itself; `tests.ledger.golden_shape` writes it, and a test compares them."""

_OF_BUILD = re.compile(r"_v(\d+)[ab](?=_|\.|$)")
_COMMENT = re.compile(r"--[^\n]*")


class Item(NamedTuple):
    """An object: its kind, the table it is on, its name, and its definition as the database gives it."""

    kind: str
    table: str
    name: str
    definition: str

    @property
    def key(self) -> tuple[str, str, str]:
        """What it is called."""
        return self[:3]

    @property
    def words(self) -> str:
        """What it is called, in words."""
        if self.kind == "table":
            return f"the table {self.table}"
        return f"the {self.kind} {self.name}{f' of {self.table}' if self.table else ''}"


class Right(NamedTuple):
    """Who owns an object, or has been granted something on it; `what` is empty for its owner."""

    sort: str
    kind: str
    name: str
    role: str
    what: str

    @property
    def words(self) -> str:
        """The right in words."""
        if self.sort == "owner":
            return f"{self.role} owns the {self.kind} {self.name}"
        return f"{self.role} has {self.what} on the {self.kind} {self.name}"


# --- as it is ---------------------------------------------------------------------------------------------------


def shape_of(database: Database) -> set[Item]:
    """The objects of a store."""
    return _items(database.dialect, database.query(load_sql(PACKAGE, "shape.sql")[database.dialect]))


def rights_of(database: Database) -> set[Right]:
    """The owners and rights of a store on PostgreSQL."""
    rows = database.query(load_sql(PACKAGE, "shape.sql")["rights_postgresql"])
    return {Right(*(str(value) for value in row)) for row in rows}


def has_roles(database: Database) -> bool:
    """Whether a store on PostgreSQL was given roles."""
    return bool(database.query(load_sql(PACKAGE, "shape.sql")["roles_postgresql"])[0][0])


def _items(dialect: Dialect, rows: Iterable[tuple[object, ...]]) -> set[Item]:
    if dialect == "postgresql":
        return {Item(*(str(value or "") for value in row)) for row in rows}
    found: set[Item] = set()
    for kind, name, table, sql in rows:
        text = " ".join(_COMMENT.sub("", str(sql or "")).split())
        found.add(Item(str(kind), str(table), "" if kind == "table" else str(name), text))
    return found


# --- as it is made ----------------------------------------------------------------------------------------------


def made_shape(dialect: Dialect) -> set[Item]:
    """The objects that `init` of this release makes."""
    return set(_made_sqlite()) if dialect == "sqlite" else {Item(*item) for item in _golden()["shape"]}


def made_rights() -> set[Right]:
    """The owners and rights that `init --roles` of this release makes."""
    return {Right(*right) for right in _golden()["rights"]}


@lru_cache(maxsize=1)
def _made_sqlite() -> frozenset[Item]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as file:
        scripts = (read_package_file("caretrail.log.sqlite", "schema.sql"), for_sqlite(version_sql("sqlite")))
        for statement in (one for script in scripts for one in split_script(script)):
            file.execute(statement)
        return frozenset(_items("sqlite", file.execute(load_sql(PACKAGE, "shape.sql")["sqlite"]).fetchall()))


@lru_cache(maxsize=1)
def _golden() -> dict[str, list[list[str]]]:
    found: dict[str, list[list[str]]] = json.loads(read_package_file(PACKAGE, GOLDEN))
    return found


# --- what may be there or not -----------------------------------------------------------------------------------

CODE = ("trigger", "rule", "policy", "view")
"""What runs or hides something by itself: nothing of the kind belongs on the tables of any read model."""


def has_read_models(names: Iterable[str]) -> bool:
    """Whether a store has the read models of this release, by the names of its tables; not every login reads them."""
    return any((found := _OF_BUILD.search(name)) is not None and int(found[1]) == VERSION for name in names)


def is_of_read_models(name: str) -> bool:
    """Whether a table belongs to the read models, or what is named so."""
    return name.partition(".")[0] in ("build", "lease") or _OF_BUILD.search(name) is not None


def is_of_another_release(name: str) -> bool:
    """Whether a table belongs to the read models of another release, whose shape this one does not know."""
    found = _OF_BUILD.search(name)
    return found is not None and int(found[1]) != VERSION
