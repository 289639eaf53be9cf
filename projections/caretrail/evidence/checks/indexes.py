"""Whether every index leads to every row of its table: what an index misses, no answer shows."""

from __future__ import annotations

import re
from collections.abc import Iterator

from caretrail.evidence.checks.check import Check, checked
from caretrail.log.database import Database
from caretrail.log.recorder import over
from caretrail.log.records import Log
from caretrail.log.sql import load_sql

ABOUT = "every index leads to every row of its table"
HINT = (
    "the rows themselves may be whole: keep a copy of the database as it is, find out what damaged the index (a disk, "
    "a crash without durable writes, or somebody), then REINDEX and verify again"
)

_MISSES = re.compile(r"(?:row \d+ missing from|wrong # of entries in|non-unique entry in) index (\w+)")
_OF_LOG = ("position", "stream and version", "source and command_id")
_OF_STAY = ("stream", "client and program")


def check_indexes(database: Database) -> Check:
    """Compare the indexes with their tables; on PostgreSQL those of both logs and of the stays."""
    found = _sqlite(database) if database.dialect == "sqlite" else database.at_once(lambda: [*_postgresql(database)])
    return checked("indexes", ABOUT, found, HINT)


def _sqlite(database: Database) -> list[str]:
    told = [str(row[0]) for row in database.query(load_sql(__package__ or "", "indexes.sql")["whole_sqlite"])]
    names = {match[1] for line in told if (match := _MISSES.search(line))}
    found = [f"the index {name} does not lead to every row of its table, or to one too often" for name in sorted(names)]
    if any(line != "ok" and not _MISSES.search(line) for line in told):
        found.append("the database finds its own pages damaged")
    return found


def _postgresql(database: Database) -> Iterator[str]:
    sql = load_sql(__package__ or "", "indexes.sql")
    database.query(sql["settings_postgresql"])
    asked = [
        (over(log, sql["log_postgresql"]), _OF_LOG, name) for log, name in zip(Log, ("log", "access"), strict=True)
    ]
    for statement, columns, table in (*asked, (sql["stay_postgresql"], _OF_STAY, "stay")):
        for column, missed in zip(columns, database.query(statement)[0], strict=True):
            if missed:
                yield f"the index by {column} of the table {table} does not lead to every row"
