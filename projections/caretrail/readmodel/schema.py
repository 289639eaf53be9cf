"""The tables of the read models: their version, their columns, and the builds that hold them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from caretrail.errors import StoreError
from caretrail.findings import FINDING_FIELDS
from caretrail.log.sql import load_sql
from caretrail.readmodel.placed import Placed
from caretrail.readmodel.rows import GroupRecord, Span, UnderPolicy

if TYPE_CHECKING:
    from caretrail.log.database import Database
    from caretrail.log.location import Dialect

VERSION = 1
"""The version of the rows and their tables: raise it by one when either changes, so that all are made again.

Each release reads and follows the builds of its own version, so two releases can run side by side on one store.
"""

PACKAGE = "caretrail.readmodel"
PAGE = 200
"""Episodes folded and written at a time; bounds the memory."""

LETTERS: Final = ("a", "b")
"""A version has two builds: one that is read, and one to make the rows again beside it."""

_TYPES = {
    **dict.fromkeys(("start", "until", "first", "end"), "date NOT NULL"),
    **dict.fromkeys(("due_on", "anchor"), "date"),
    **dict.fromkeys(("episode", "client", "zone", "program", "level", "clinician", "owner"), "{id}"),
    **dict.fromkeys(("signer", "doubt", "group"), "text"),
    **dict.fromkeys(("quiet", "explained", "closed"), "boolean NOT NULL"),
}
"""The type of the column of a field of a placed finding, if not `text NOT NULL`; `until` may be FOREVER."""

_RENAMED = {"start": "start_on", "until": "until_on", "first": "first_on", "end": "end_on", "group": "in_group"}
"""Columns named otherwise than their field: SQL keeps some words for itself."""

PLACED_FIELDS = (*(name for name in Placed._fields if name not in ("finding", "stream")), *FINDING_FIELDS)
"""Fields of a placed finding but its stream: its own, then those of the finding."""


def columns_of(names: Iterable[str]) -> tuple[str, ...]:
    """The columns of some fields."""
    return tuple(_RENAMED.get(name, name) for name in names)


PLACED_COLUMNS = ("stream", *columns_of(PLACED_FIELDS))

COLUMNS: dict[str, tuple[str, ...]] = {
    "span": ("stream", *columns_of(Span._fields), "episode", "client", "zone", "admitted_on"),
    "finding": ("stream", "number", *PLACED_COLUMNS[1:]),
    "under_policy": ("stream", *columns_of(UnderPolicy._fields)),
    "group_record": ("stream", *columns_of(GroupRecord._fields)),
}
"""Tables of rows that belong to one episode, beside its own, with their columns."""

KEYS: dict[str, tuple[str, ...]] = {
    "span": ("stream", "start_on"),
    "finding": ("stream", "number"),
    "under_policy": ("stream", "program", "start_on"),
    "group_record": ("stream", "held_on", "version"),
}

EPISODE_COLUMNS: tuple[str, ...] = (
    "stream", "episode", "client", "zone", "policy", "packs", "first_day", "live_end", "version", "quarantined",
    "whole",
)  # fmt: skip  # in the order of the table

TABLES = ("episode", *COLUMNS, "program_finding", "pack", "part", "mark")
"""The tables of a build."""


class State(NamedTuple):
    """How far the rows of a build have been made, and by which packs: a digest of all installed then.

    `epoch` differs each time the build is filled anew. `position` is one of the log. `swept_at`, UTC as text, is empty
    until every episode was compared with the log.
    """

    build: str
    epoch: int
    position: int
    packs: str = ""
    swept_at: str = ""

    @property
    def filling(self) -> str:
        """Which filling of which build: no two have the same name."""
        return f"{self.build}.{self.epoch}"


class Build(NamedTuple):
    """One build: the version of its rows, whether it is `live`, `filling` or `spare`, and how far it has come."""

    build: str
    version: int
    state: str
    epoch: int
    position: int
    packs: str


@lru_cache(maxsize=32)
def statements(build: str, package: str = PACKAGE, file: str = "statements.sql") -> Mapping[str, str]:
    """SQL for the tables of a build; `{placed}` becomes the columns of placed findings, `{span}` those of spans."""
    names = {"build": _checked(build), "placed": ", ".join(PLACED_COLUMNS), "span": ", ".join(COLUMNS["span"])}
    return {name: _filled(sql, names) for name, sql in load_sql(package, file).items()}


REGISTRY: Final = "v0a"
"""A build for statements that name none: those about the builds themselves."""


def _checked(build: str) -> str:
    """The name of a build, which becomes part of SQL: nothing else must."""
    if re.fullmatch(r"v\d{1,6}[ab]", build) is None:
        raise StoreError("the registry of read models names a build that no program makes", "run 'caretrail init'")
    return build


def _filled(sql: str, names: Mapping[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda match: names.get(match[1], match[0]), sql)


# --- making and dropping --------------------------------------------------------------------------------------------


def create_tables(database: Database) -> None:
    """Make the builds of today's version unless they are there; safe to repeat. Other versions keep theirs.

    Raises StoreError if there are none and this role may not make tables.
    """
    if _has_version(database):
        return
    sql = load_sql(PACKAGE, "tables.sql")
    with database.transaction():
        if database.dialect == "postgresql":
            database.query(sql["lock_postgresql"])
            database.query(sql["act_postgresql"])
            if _has_version(database):
                return  # another process was quicker
            if not database.query(sql["maker_postgresql"]):
                raise StoreError(
                    f"{database.store}: the read models need new tables, and this role cannot create them",
                    "ask the store's owner or an administrator to run 'caretrail upgrade'",
                )
        database.script(sql["registry"])
        epoch = 1 + max((build.epoch for build in builds(database)), default=0)
        for letter, state in zip(LETTERS, ("live", "spare"), strict=True):
            build = f"v{VERSION}{letter}"
            database.script(_tables_sql(database.dialect, build))
            values = {"build": build, "version": VERSION, "state": state, "epoch": epoch}
            database.execute(sql["enter_build"], values)
            database.execute(statements(build)["mark"], {"epoch": epoch})
        database.execute(sql["enter_lease"], {"version": VERSION})
        if database.dialect == "postgresql":
            database.script(roles_sql())


def version_sql(dialect: Dialect) -> str:
    """The SQL that makes the registry and both builds of today's version."""
    made = (_tables_sql(dialect, f"v{VERSION}{letter}") for letter in LETTERS)
    return "\n".join((load_sql(PACKAGE, "tables.sql")["registry"], *(f"{sql}\n;" for sql in made)))


def _tables_sql(dialect: Dialect, build: str) -> str:
    types = (_TYPES.get(field, "text NOT NULL") for field in PLACED_FIELDS)
    lines = (f"{name} {kind}," for name, kind in zip(columns_of(PLACED_FIELDS), types, strict=True))
    placed = "\n    ".join(lines)
    # case numbers are looked up by how they begin, which an index can do only by the order of bytes
    kind = 'text COLLATE "C"' if dialect == "postgresql" else "text"
    sql = _filled(load_sql(PACKAGE, "tables.sql")["tables"], {"build": _checked(build), "placed": placed})
    return _filled(sql, {"id": kind})


def drop_version(database: Database, version: int) -> None:
    """Drop the builds of another version than today's. Raises StoreError if this role may not."""
    if version == VERSION:
        raise ValueError("the builds of today's version are in use")
    sql = load_sql(PACKAGE, "tables.sql")
    with database.transaction():
        if database.dialect == "postgresql":
            database.query(sql["lock_postgresql"])
            database.query(sql["act_postgresql"])
        for build in builds(database):
            if build.version == version:
                for table in TABLES:
                    database.execute(statements(build.build)["drop"].format(table=table))
                database.execute(sql["forget_build"], {"build": build.build})
        database.execute(sql["forget_lease"], {"version": version})


def roles_sql() -> str:
    """What `init --roles` grants on the read models."""
    names = (f"caretrail.{table}_v{VERSION}{letter}" for letter in LETTERS for table in TABLES)
    return load_sql(PACKAGE, "tables.sql")["grant_postgresql"].replace(
        "{tables}", ", ".join(("caretrail.build", "caretrail.lease", *names))
    )


def tables_exist(database: Database) -> bool:
    """Whether there are read models, of any version."""
    return bool(database.query(load_sql(PACKAGE, "tables.sql")[f"exists_{database.dialect}"]))


def who_projects(database: Database) -> str:
    """Who may write the rows, in words."""
    return "a user who may write the file" if database.dialect == "sqlite" else "the role caretrail_projector"


def existing_state(database: Database) -> State | None:
    """The position of the read models; None if they were never made."""
    return read_state(database) if tables_exist(database) else None


def builds(database: Database) -> list[Build]:
    """The builds there are, of all versions."""
    return [Build._make(row) for row in database.query(load_sql(PACKAGE, "tables.sql")["builds"])]


def _has_version(database: Database) -> bool:
    return tables_exist(database) and any(build.version == VERSION for build in builds(database))


def read_state(database: Database, state: str = "live") -> State | None:
    """Read the state of the `live` build, or of the one that is `filling`; None if today's version has none."""
    rows = database.query(statements(REGISTRY)["state"], {"version": VERSION, "state": state})
    return State._make(rows[0]) if rows else None
