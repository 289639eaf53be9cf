"""The version of the read models: a number raised by hand, and where a field of a finding has to be said."""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from pathlib import Path

import caretrail.findings
import caretrail.reading
import caretrail.readmodel
from caretrail.findings import FINDING_FIELDS, Finding, Ruling
from caretrail.log.sql import load_sql
from caretrail.readmodel.schema import COLUMNS, EPISODE_COLUMNS, PACKAGE, PLACED_COLUMNS, VERSION, columns_of
from caretrail.readmodel.upkeep import catch_up
from caretrail.readmodel.whole import FIELDS
from tests.support.builds import live_table
from tests.support.care import Care
from tests.support.example import example

DIGESTS = {1: "fd3b61d1b5ad7fde"}
"""By version, the digest of the tables and of the rows of the example."""

SAYS = (
    "the rows or tables of the read models have changed: raise VERSION in the schema of the read models and put the "
    "new digest here (until the first release: the digest alone)"
)
UNLIKE = frozenset({"stream", "packs", "number", "whole"})
"""Columns that differ between two stores of the same events, or with the text of a pack, or compressed otherwise."""


def rows_digest(care: Care) -> str:
    """One digest of how the tables are made and of all rows in them."""
    database = care.recorder.database
    sql = load_sql(PACKAGE, "tables.sql")
    tables = {"episode": EPISODE_COLUMNS, "program_finding": PLACED_COLUMNS, **COLUMNS}
    lines = [sql["registry"], sql["tables"], *map(repr, sorted(tables.items()))]
    for table, columns in sorted(tables.items()):
        kept = [name for name in columns if name not in UNLIKE]
        found = database.query(f"SELECT {', '.join(kept)} FROM {live_table(database, table)}")
        lines += sorted(json.dumps([table, *map(str, row)]) for row in found)
    for (value,) in database.query(f"SELECT whole FROM {live_table(database, 'episode')}"):
        whole = json.loads(zlib.decompress(value))
        lines.append(json.dumps([part for name, part in zip(FIELDS, whole, strict=True) if name not in UNLIKE]))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def test_rows_that_change_have_another_version(care: Care) -> None:
    care.record(example())
    catch_up(care.recorder)
    if care.recorder.database.dialect == "sqlite":
        assert rows_digest(care) == DIGESTS.get(VERSION), SAYS


def test_a_field_of_a_finding_is_said_once_and_everything_else_follows() -> None:
    """Given the fields of a finding and of its ruling, then values and columns are theirs, in their order."""
    own = [name for name in Finding._fields if name != "ruling"]
    assert [*own, *Ruling._fields] == list(FINDING_FIELDS)
    assert PLACED_COLUMNS[-len(FINDING_FIELDS) :] == columns_of(FINDING_FIELDS)


MOST_MODULES = 8
"""Between the rule that gives a field and the question and screen that show it; a review that was due has its own."""


def test_a_field_touches_few_modules_between_its_rule_and_the_screen() -> None:
    """A new field is added where `arithmetic` is named: with its rule, a question and a screen about eight places."""
    packages = (caretrail.findings, caretrail.readmodel, caretrail.reading)
    modules = [path for package in packages for path in Path(package.__path__[0]).rglob("*.py")]
    between = [path for path in modules if path.parent.name not in ("rules", "questions")]
    named = [path.name for path in between if re.search(r"\barithmetic\b", path.read_text(encoding="utf-8"))]
    assert 0 < len(named) <= MOST_MODULES, named
