"""Verifying rows that no append would have made, of any type and shape: a result, never a traceback."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from caretrail.errors import StoreError
from caretrail.evidence.result import Tampering
from caretrail.evidence.verification import verify
from caretrail.log import open_recorder
from caretrail.log.leaf import LogColumns, leaf_of
from tests.ledger.superuser import project, rewrite, rows_of
from tests.ledger.test_attacks import changed
from tests.ledger.verifying import append, found, signed, verified
from tests.support.stores import run_sql

# --- a log that is not ----------------------------------------------------------------------------------------------


def gap(rows: list[LogColumns]) -> list[LogColumns]:
    return [row for row in rows if not 5 <= row[0] <= 7]


def below(rows: list[LogColumns]) -> list[LogColumns]:
    return [*rows, changed(rows[0], position=0, stream=bytes(16), command_id="more")]


def same_time(rows: list[LogColumns]) -> list[LogColumns]:
    return [changed(row, at=rows[6][5]) if row[0] == 8 else row for row in rows]


def version_left_out(rows: list[LogColumns]) -> list[LogColumns]:
    return [changed(row, position=row[0] - 1) if row[0] > 6 else row for row in rows if row[0] != 6]


def end_gone(rows: list[LogColumns]) -> list[LogColumns]:
    return rows[:15]


@pytest.mark.parametrize(
    ("change", "kind", "first"),
    [
        (gap, Tampering.DELETED, 5),
        (same_time, Tampering.BACK_DATED, 8),
        (version_left_out, Tampering.DELETED, 6),
        (end_gone, Tampering.TRUNCATED, 16),
    ],
)
def test_what_is_wrong_by_itself_needs_no_checkpoint(
    store_url: str, change: Callable[[list[LogColumns]], list[LogColumns]], kind: Tampering, first: int
) -> None:
    """Given read models that stand on the last event there was."""
    rows = append(store_url, 20)
    project(store_url)
    rewrite(store_url, change(rows))
    assert found(verified(store_url))[0] == (kind, first)


@pytest.mark.parametrize("value", ["NULL", "'text'", "7", "1.5", "x'00'", "x'" + "ff" * 16 + "'"])
@pytest.mark.parametrize("column", ["stream", "version", "name", "payload", "recorded_at", "recorded_by", "salt"])
def test_columns_of_any_type_get_a_result(sqlite_url: str, column: str, value: str) -> None:
    """Given a log that somebody made again without its types, and a column with something else in it."""
    rows = append(sqlite_url, 9)
    run_sql(
        sqlite_url,
        "CREATE TABLE other AS SELECT * FROM log",
        "PRAGMA legacy_alter_table=ON",
        "DROP TABLE log",
        "ALTER TABLE other RENAME TO log",
        f"UPDATE log SET {column} = {value} WHERE position = 4",
    )
    verification = verified(sqlite_url, signed(sqlite_url, rows))
    assert not verification.ok
    assert verification.first_bad in (4, 5, 1)  # 1: what any event might hold, so that only the checkpoint tells


@pytest.mark.parametrize("value", ["NULL", "'text'", "7"])
def test_an_edit_beside_rows_of_any_type_is_still_an_edit(sqlite_url: str, value: str) -> None:
    """Given tiles of the true rows, one row edited, and the next ones with something in them that is no payload."""
    append(sqlite_url, 300)
    project(sqlite_url)
    run_sql(
        sqlite_url,
        "CREATE TABLE other AS SELECT * FROM log",
        "PRAGMA legacy_alter_table=ON",
        "DROP TABLE log",
        "ALTER TABLE other RENAME TO log",
        "UPDATE log SET payload = x'00' WHERE position = 4",
        f"UPDATE log SET payload = {value} WHERE position IN (5, 7)",
    )
    assert found(verified(sqlite_url))[0] == (Tampering.EDITED, 4)


@pytest.mark.parametrize("value", ["NULL", "'text'", "1.5", "x'00'", "-3", "4"])
def test_a_position_of_any_type_gets_a_result(sqlite_url: str, value: str) -> None:
    append(sqlite_url, 9)
    run_sql(
        sqlite_url,
        "CREATE TABLE other AS SELECT * FROM log",
        "PRAGMA legacy_alter_table=ON",
        "DROP TABLE log",
        "ALTER TABLE other RENAME TO log",
        f"UPDATE log SET position = {value} WHERE position = 9",
    )
    verification = verified(sqlite_url, signed(sqlite_url, []))
    assert not verification.ok


def test_half_a_character_in_a_text_gets_a_result(sqlite_url: str) -> None:
    append(sqlite_url, 9)
    run_sql(
        sqlite_url,
        "DROP TRIGGER log_refuses_update",
        "UPDATE log SET name = CAST(x'c3' AS TEXT) WHERE position = 4",
    )
    verification = verified(sqlite_url)
    assert found(verification)[0] == (Tampering.UNREADABLE, 4)
    assert verification.unreadable


def test_a_time_without_end_gets_a_result(postgres_url: str) -> None:
    append(postgres_url, 9)
    run_sql(
        postgres_url,
        "ALTER TABLE caretrail.log DISABLE TRIGGER ALL",
        "UPDATE caretrail.log SET recorded_at = 'infinity' WHERE position = 4",
    )
    assert (Tampering.UNREADABLE, 4) in found(verified(postgres_url))


@pytest.mark.parametrize("kind", ["text", "NULL"])
def test_columns_of_another_type_on_postgresql_get_a_result(postgres_url: str, kind: str) -> None:
    append(postgres_url, 9)
    run_sql(postgres_url, "ALTER TABLE caretrail.log DISABLE TRIGGER ALL")
    if kind == "text":
        run_sql(postgres_url, "ALTER TABLE caretrail.log ALTER COLUMN payload TYPE text USING 'x'")
        assert found(verified(postgres_url))[0] == (Tampering.EDITED, 1)
    else:
        run_sql(
            postgres_url,
            "ALTER TABLE caretrail.log ALTER COLUMN payload DROP NOT NULL",
            "UPDATE caretrail.log SET payload = NULL WHERE position = 3",
        )
        assert found(verified(postgres_url))[0] == (Tampering.EDITED, 3)


@pytest.mark.parametrize("page", range(2, 25, 4))
def test_damaged_pages_get_a_result_or_a_word(sqlite_url: str, page: int) -> None:
    """Given one page of the file overwritten: a result, or an error that says so; never a traceback, never green."""
    rows = append(sqlite_url, 300)
    kept = signed(sqlite_url, rows)
    file = Path(sqlite_url.removeprefix("sqlite://"))
    with closing(sqlite3.connect(file)) as shell:
        shell.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        size = shell.execute("PRAGMA page_size").fetchone()[0]
        assert page < shell.execute("PRAGMA page_count").fetchone()[0]
    with file.open("r+b") as raw:
        raw.seek(page * size)
        raw.write(b"\xa5" * size)
    try:
        with open_recorder(sqlite_url) as recorder:
            verification = verify(recorder, kept)
    except StoreError:
        return
    if verification.ok:  # a page of an index, which the log is not read by
        assert [leaf_of(row) for row in rows_of(sqlite_url)] == [leaf_of(row) for row in rows]


def test_a_command_that_is_there_twice(store_url: str) -> None:
    rows = append(store_url, 5)
    if store_url.startswith("sqlite"):
        run_sql(
            store_url,
            "CREATE TABLE other AS SELECT * FROM log",
            "PRAGMA legacy_alter_table=ON",
            "DROP TABLE log",
            "ALTER TABLE other RENAME TO log",
        )
        run_sql(store_url, f"UPDATE log SET command_id = '{rows[0][9]}' WHERE position = 3")
    else:
        [(name,)] = run_sql(
            store_url,
            "SELECT conname FROM pg_constraint WHERE conrelid = 'caretrail.log'::regclass AND contype = 'u'"
            " AND pg_get_constraintdef(oid) LIKE '%command_id%'",
        )
        run_sql(
            store_url,
            f'ALTER TABLE caretrail.log DROP CONSTRAINT "{name}"',
            "ALTER TABLE caretrail.log DISABLE TRIGGER ALL",
            f"UPDATE caretrail.log SET command_id = '{rows[0][9]}' WHERE position = 3",
        )
    assert Tampering.INSERTED in [found.tampering for found in verified(store_url).discrepancies]


def test_a_position_below_the_first(sqlite_url: str) -> None:
    append(sqlite_url, 5)
    run_sql(
        sqlite_url,
        "CREATE TABLE other AS SELECT * FROM log",
        "PRAGMA legacy_alter_table=ON",
        "DROP TABLE log",
        "ALTER TABLE other RENAME TO log",
        "INSERT INTO log SELECT -7, stream, 9, name, payload, 1, 'me', '', source, 'more', salt FROM log LIMIT 1",
    )
    assert (Tampering.INSERTED, -7) in found(verified(sqlite_url))
