"""Somebody who can write the read models, and forges rows so that they look right."""

from __future__ import annotations

from tests.support.stores import run_sql


def forge_when_written(url: str, *tables: str, old: str = "overdue", new: str = "met") -> None:
    """Make a trigger on each of some tables of findings: whatever is written there with one verdict has another."""
    for place, table in enumerate(tables):
        name = f"forging_{place}"
        if url.startswith("sqlite:"):
            plain = table.removeprefix("caretrail.")
            run_sql(
                url,
                f"CREATE TRIGGER {name} AFTER INSERT ON {plain} WHEN new.verdict = '{old}' "
                f"BEGIN UPDATE {plain} SET verdict = '{new}' WHERE rowid = new.rowid; END",
            )
        else:
            run_sql(
                url,
                f"CREATE FUNCTION caretrail.{name}() RETURNS trigger LANGUAGE plpgsql AS "
                f"$$ BEGIN new.verdict := '{new}'; RETURN new; END $$",
                f"CREATE TRIGGER {name} BEFORE INSERT ON {table} FOR EACH ROW WHEN (new.verdict = '{old}') "
                f"EXECUTE FUNCTION caretrail.{name}()",
            )
