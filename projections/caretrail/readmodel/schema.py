"""The tables of the read models: their version, their columns, and where each build stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from caretrail.errors import StoreError
from caretrail.findings import FINDING_FIELDS
from caretrail.log.sql import load_sql
from caretrail.readmodel.placed import Placed

if TYPE_CHECKING:
    from caretrail.log.database import Database

T = TypeVar("T")

VERSION = 1
"""The version of the rows and their tables: raise it by one when either changes, so that all are made again."""

PACKAGE = "caretrail.readmodel"
PAGE = 200
"""Episodes folded and written at a time; bounds the memory."""

TABLES = ("episode_view", "span", "finding", "placed", "eligibility_span", "quarantine", "under_policy")
"""Tables of rows that belong to one episode."""
OTHER_TABLES = ("pack", "tile")
ALL_TABLES = ("read_model", *TABLES, *OTHER_TABLES)

_FINDING_TYPES = {
    "rule": "text NOT NULL",
    "pack": "text NOT NULL",
    "subject": "text NOT NULL",
    "start": "date NOT NULL",
    "until": "date NOT NULL",
    "quiet": "boolean NOT NULL",
    "verdict": "text NOT NULL",
    "message": "text NOT NULL",
    "arithmetic": "text NOT NULL",
    "evidence": "text NOT NULL",
    "due_on": "date",
    "cause": "text NOT NULL",
    "owner": "text",
    "anchor": "date",
    "signer": "text",
}
"""The type of the column of each field of a finding; `evidence` is JSON, `until` may be FOREVER."""

PLACE_FIELDS = tuple(name for name in Placed._fields if name != "finding")
_RENAMED = {"start": "start_on", "until": "until_on", "first": "first_on", "end": "end_on", "group": "in_group"}
"""Columns named otherwise than their field: SQL keeps some words for itself."""


def columns_of(names: Iterable[str]) -> tuple[str, ...]:
    """The columns of fields."""
    return tuple(_RENAMED.get(name, name) for name in names)


FINDING_COLUMNS = columns_of(FINDING_FIELDS)
PLACED_COLUMNS = columns_of((*PLACE_FIELDS, *FINDING_FIELDS))

COLUMNS: dict[str, tuple[str, ...]] = {
    "episode_view": (
        "build", "stream", "episode", "client", "zone", "policy", "first_day", "admitted_on", "ended_on",
        "version", "position", "packs", "quiet",
    ),
    "span": ("build", "stream", "start_on", "until_on", "program", "level", "clinician", "status"),
    "finding": ("build", "stream", "number", "live_until", "in_group", *FINDING_COLUMNS),
    "placed": ("build", "number", *PLACED_COLUMNS),
    "eligibility_span": (
        "build", "stream", "start_on", "until_on", "verdict", "basis", "holds_through", "reasons", "evidence",
    ),
    "quarantine": ("build", "stream", "episode", "position", "version", "reason_code", "since"),
    "under_policy": ("build", "stream", "start_on", "until_on", "program", "policy", "zone"),
}  # fmt: skip  # a table a line


@lru_cache
def statements(package: str = PACKAGE, file: str = "statements.sql") -> Mapping[str, str]:
    """SQL with the columns of findings filled in: `{finding}` and `{placed}`, `{finding of f}` with an alias."""
    return {name: _COLUMN_LIST.sub(_column_list, sql) for name, sql in load_sql(package, file).items()}


_COLUMN_LIST = re.compile(r"\{(finding|placed)(?: of (\w+))?\}")


def _column_list(match: re.Match[str]) -> str:
    prefix = f"{match[2]}." if match[2] else ""
    return ", ".join(prefix + name for name in (FINDING_COLUMNS if match[1] == "finding" else PLACED_COLUMNS))


class State(NamedTuple):
    """Where a projection stands: its build, the log position that is in the rows, and the packs installed then."""

    build: int
    position: int
    packs: str = ""


def create_tables(database: Database) -> None:
    """Make the tables of the read models unless they are there in today's version; safe to repeat.

    Raises StoreError if they are of another version and this role may not make tables.
    """
    if _version(database) == VERSION:
        return
    sql = load_sql(PACKAGE, "tables.sql")
    with database.transaction():
        if database.dialect == "postgresql":
            database.query(sql["lock_postgresql"])
            database.query(sql["act_postgresql"])
            if _version(database) == VERSION:
                return  # another process was quicker
            if not database.query(sql["maker_postgresql"]):
                raise StoreError(
                    f"{database.store}: the read models need other tables, which this role may not make",
                    "let the owner of the store, or an administrator, run 'caretrail init' on it",
                )
        for table in ALL_TABLES:
            database.execute(f"DROP TABLE IF EXISTS caretrail.{table}")
        database.script(_create(sql))
        if database.dialect == "postgresql":
            database.script(roles_sql())
        database.execute(sql["start"], {"version": VERSION})


def _create(sql: Mapping[str, str]) -> str:
    columns = "\n".join(f"    {_RENAMED.get(name, name)} {_FINDING_TYPES[name]}," for name in FINDING_FIELDS)
    return sql["create"].replace("{finding}", columns)


def roles_sql() -> str:
    """What `init --roles` has to grant on the read models."""
    tables = ", ".join(f"caretrail.{table}" for table in ALL_TABLES)
    return load_sql(PACKAGE, "tables.sql")["grant_postgresql"].replace("{tables}", tables)


def tables_exist(database: Database) -> bool:
    """Whether there are read models, of whatever version."""
    return bool(database.query(load_sql(PACKAGE, "tables.sql")[f"exists_{database.dialect}"]))


def _version(database: Database) -> int | None:
    if not tables_exist(database):
        return None
    rows = database.query(load_sql(PACKAGE, "tables.sql")["version"])
    return int(rows[0][0]) if rows else None


def read_state(database: Database, name: str = "live") -> State | None:
    """Read where a projection stands; None if there is none of that name in today's version."""
    rows = database.query(statements()["state"], {"name": name, "version": VERSION})
    return State._make(rows[0]) if rows else None
