"""The tables of the read models: their version, their columns, and how far each build has come."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple

from caretrail.errors import StoreError
from caretrail.findings import FINDING_FIELDS, Eligibility
from caretrail.log.sql import load_sql
from caretrail.readmodel.placed import Placed
from caretrail.readmodel.rows import EpisodeRows, GroupRecord, Quarantined, Span, UnderPolicy

if TYPE_CHECKING:
    from caretrail.log.database import Database

VERSION = 1
"""The version of the rows and their tables: raise it by one when either changes, so that all are made again."""

PACKAGE = "caretrail.readmodel"
PAGE = 200
"""Episodes folded and written at a time; bounds the memory."""

_TYPES = {
    **dict.fromkeys(("start", "until"), "date NOT NULL"),
    **dict.fromkeys(("due_on", "anchor"), "date"),
    **dict.fromkeys(("owner", "signer", "doubt"), "text"),
    **dict.fromkeys(("quiet", "explained"), "boolean NOT NULL"),
}
"""The type of the column of a field of a finding, if not `text NOT NULL`; `until` may be FOREVER."""

_RENAMED = {"start": "start_on", "until": "until_on", "first": "first_on", "end": "end_on", "group": "in_group"}
"""Columns named otherwise than their field: SQL keeps some words for itself."""


def _columns_of(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(_RENAMED.get(name, name) for name in names)


EPISODE_COLUMNS = tuple(takewhile(lambda name: name != "findings", EpisodeRows.__slots__))
"""Fields of an episode that are one value each."""
FINDING_COLUMNS = _columns_of(FINDING_FIELDS)
PLACED_COLUMNS = _columns_of((*Placed._fields[1:], *FINDING_FIELDS))

COLUMNS: dict[str, tuple[str, ...]] = {
    "episode_view": ("build", *EPISODE_COLUMNS, "calm"),
    "span": ("build", "stream", *_columns_of(Span._fields)),
    "finding": ("build", "stream", "number", "live_until", "in_group", *FINDING_COLUMNS),
    "placed": ("build", "number", *PLACED_COLUMNS),
    "eligibility_span": ("build", "stream", *_columns_of(Eligibility._fields)),
    "quarantine": ("build", *Quarantined._fields),
    "under_policy": ("build", "stream", *_columns_of(UnderPolicy._fields)),
    "group_record": ("build", "stream", *GroupRecord._fields),
}
"""Tables of rows that belong to one episode, with their columns."""

ALL_TABLES = ("read_model", *COLUMNS, "pack")

_LISTS = {"finding": FINDING_COLUMNS, "placed": PLACED_COLUMNS, "quarantine": Quarantined._fields}


@lru_cache
def statements(package: str = PACKAGE, file: str = "statements.sql") -> Mapping[str, str]:
    """SQL with the columns of findings filled in: `{finding}` and `{placed}`, `{finding of f}` with an alias."""
    return {name: _COLUMN_LIST.sub(_column_list, sql) for name, sql in load_sql(package, file).items()}


_COLUMN_LIST = re.compile(rf"\{{({'|'.join(_LISTS)})(?: of (\w+))?\}}")


def _column_list(match: re.Match[str]) -> str:
    prefix = f"{match[2]}." if match[2] else ""
    return ", ".join(prefix + name for name in _LISTS[match[1]])


class State(NamedTuple):
    """How far rows have been made: their build, the position of the log, and a digest of the packs installed then."""

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
                    f"{database.store}: the read models need new tables, and this role cannot create them",
                    "ask the store's owner or an administrator to run 'caretrail init'",
                )
        for table in ALL_TABLES:
            database.execute(f"DROP TABLE IF EXISTS caretrail.{table}")
        types = (_TYPES.get(name, "text NOT NULL") for name in FINDING_FIELDS)
        columns = "\n".join(f"    {name} {kind}," for name, kind in zip(FINDING_COLUMNS, types, strict=True))
        database.script(sql["create"].replace("{finding}", columns))
        if database.dialect == "postgresql":
            database.script(roles_sql())
        database.execute(sql["start"], {"version": VERSION})


def roles_sql() -> str:
    """What `init --roles` grants on the read models."""
    tables = ", ".join(f"caretrail.{table}" for table in ALL_TABLES)
    return load_sql(PACKAGE, "tables.sql")["grant_postgresql"].replace("{tables}", tables)


def tables_exist(database: Database) -> bool:
    """Whether there are read models, of any version."""
    return bool(database.query(load_sql(PACKAGE, "tables.sql")[f"exists_{database.dialect}"]))


def _version(database: Database) -> int | None:
    if not tables_exist(database):
        return None
    rows = database.query(load_sql(PACKAGE, "tables.sql")["version"])
    return int(rows[0][0]) if rows else None


def read_state(database: Database, name: str = "live") -> State | None:
    """Read the state of `live` or `rebuild`; None if there are no rows of that name in today's version."""
    rows = database.query(statements()["state"], {"name": name, "version": VERSION})
    return State._make(rows[0]) if rows else None
