"""Every question a list asks of its tables is found by an index: the plan of each statement, on both stores."""

from __future__ import annotations

import json
import re
from datetime import date
from uuid import UUID

from caretrail.log.database import Database
from caretrail.log.sql import load_sql
from caretrail.readmodel.schema import COLUMNS, KEYS, PACKAGE, statements
from tests.support.care import Care

READING = "caretrail.reading"
STATEMENTS = [
    *((PACKAGE, "statements.sql", name) for name in load_sql(PACKAGE, "statements.sql")),
    *((READING, "queries.sql", name) for name in load_sql(READING, "queries.sql")),
]
WHOLE = {
    "judged_by": "asked only after a pack has changed; an index holds all it needs",
    "groups_that_differ": "asked only by a rebuild, and after a pack has changed",
    "in_treatment": "asked only by another pack",
    **dict.fromkeys(
        ("parts", "written", "held", "versions_of_rows", "versions_of_log"), "a rebuild compares all of it with the log"
    ),
    **dict.fromkeys(("quarantined", "streams_quarantined"), "an index of the few"),
    "read_packs": "one row a pack",
}
"""Statements that read a whole table or index, and why they may."""
NO_SEARCH = ("empty", "empty_postgresql", "drop", "lock_stays_postgresql")
"""Statements about whole tables."""
SMALL = ("caretrail.build", "caretrail.lease")
"""Tables of a few rows."""
VALUES: dict[str, object] = {
    **dict.fromkeys(("low", "last", "held_on", "first_day", "start_on"), date(2026, 1, 1)),
    **dict.fromkeys(("stream", "first", "last_stream", "after"), UUID(int=1)),
    **dict.fromkeys(("limit", "epoch", "version", "number", "position", "above", "upto", "known"), 1),
    **dict.fromkeys(("part", "episodes", "findings", "numbers", "bits"), 1),
    "needle": b"x",
    "streams": [UUID(int=1)],
    "positions": [1],
    "kinds": ["x"],
    "quarantined": False,
    "whole": b"",
    "live_end": date(2026, 1, 1),
}
"""A value for each parameter that is no text."""


def plan(database: Database, sql: str) -> list[str]:
    """The steps of a plan, each with its table, and how rows are found."""
    names = set(re.findall(r"(?<!:):(\w+)", sql))
    params = {name: VALUES.get(name, "x") for name in names}
    if database.dialect == "sqlite":
        params |= {"streams": UUID(int=1).bytes}
        return [str(row[3]) for row in database.query(f"EXPLAIN QUERY PLAN {sql}", params)]
    with database.transaction():
        # small tables are read whole; the question is whether an index could be used
        database.query("SELECT set_config('enable_seqscan', 'off', true)")
        [(found,)] = database.query(f"EXPLAIN (FORMAT JSON) {sql}", params)
    [explained] = json.loads(json.dumps(found))  # psycopg has read it already
    return steps(explained["Plan"])


def steps(node: dict[str, object]) -> list[str]:
    """Nodes that read a table: their kind, with the condition that the index looks for."""
    kind = str(node["Node Type"])
    own = [f"{kind} {node.get('Relation Name', node.get('Index Name', ''))} {node.get('Index Cond', '')}"]
    inner = [step for child in node.get("Plans", []) for step in steps(child)]  # type: ignore[attr-defined]
    return (own if "Scan" in kind else []) + inner


def reads_whole(step: str) -> bool:
    """Whether a step reads a table, or an index, from end to end."""
    if "Seq Scan" in step:
        return True
    return " SCAN " in f" {step}" and "_v" in step


def plans(database: Database, package: str, file: str, name: str) -> list[str]:
    """The steps of a statement, on each table that it may be asked of; none for one that finds no rows of a build."""
    sql = statements("v1a", package, file)[name]
    elsewhere = "postgresql" if database.dialect == "sqlite" else "sqlite"
    of_another = name.endswith(elsewhere) or ("ANY(" in sql and database.dialect == "sqlite")
    if of_another or "INSERT" in sql or name in NO_SEARCH or any(table in sql for table in SMALL):
        return []
    if "{table}" not in sql:
        return plan(database, sql)
    return [
        f"{table}: {step}"
        for table, columns in COLUMNS.items()
        for step in plan(
            database,
            sql.replace("{table}", table)
            .replace("{column}", "program")
            .replace("{columns}", ", ".join(columns))
            .replace("{key}", " AND ".join(f"{column} = :{column}" for column in KEYS[table])),
        )
    ]


def test_every_statement_is_answered_by_an_index(care: Care) -> None:
    found = {name: plans(care.recorder.database, package, file, name) for package, file, name in STATEMENTS}
    assert sum(map(bool, found.values())) > 25
    whole = {name: steps for name, steps in found.items() if any(map(reads_whole, steps))}
    assert not {name: steps for name, steps in whole.items() if name not in WHOLE}


def test_a_search_without_an_index_is_noticed(care: Care) -> None:
    """The control."""
    assert any(
        reads_whole(step)
        for step in plan(care.recorder.database, "SELECT * FROM caretrail.finding_v1a WHERE message = :message")
    )
