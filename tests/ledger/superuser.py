"""Somebody who may rewrite everything in the database: guards, rows, positions, times, salts, read models, tiles."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from uuid import UUID

import psycopg

from caretrail.ledger.tiles import make_tiles_again
from caretrail.log import open_recorder
from caretrail.log.leaf import LogColumns
from caretrail.log.recorder import TABLES
from caretrail.log.records import Log
from caretrail.readmodel.upkeep import catch_up
from tests.support.builds import drop_read_models

COLUMNS = "position, stream, version, name, payload, recorded_at, recorded_by, asserted_by, source, command_id, salt"


def rows_of(url: str, log: Log = Log.EVENTS) -> list[LogColumns]:
    """A whole log as it is stored."""
    with open_recorder(url) as recorder:
        return recorder.read_columns(0, 1_000_000, log)


def rewrite(url: str, rows: Sequence[LogColumns], log: Log = Log.EVENTS) -> None:
    """Take the guards away, put these rows in the place of all there are in a log, and put the guards back."""
    table = TABLES[log]
    if url.startswith("sqlite:"):
        with closing(sqlite3.connect(url.removeprefix("sqlite://"), isolation_level=None)) as file:
            guards = file.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
            for name, _ in guards:
                file.execute(f'DROP TRIGGER "{name}"')
            file.execute("BEGIN")
            name = table.removeprefix("caretrail.")
            file.execute(f"DELETE FROM {name}")
            file.executemany(f"INSERT INTO {name} ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
            file.execute("COMMIT")
            for _, sql in guards:
                file.execute(sql)
        return
    values = "%s, %s, %s, %s, %s, 'epoch'::timestamptz + %s * interval '1 microsecond', %s, %s, %s, %s, %s"
    with psycopg.connect(url) as server, server.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL".encode())
        cursor.execute(f"DELETE FROM {table}".encode())
        cursor.executemany(
            f"INSERT INTO {table} ({COLUMNS}) VALUES ({values})".encode(),
            [(row[0], UUID(bytes=row[1]), *row[2:]) for row in rows],
        )
        for guard in ("refuse_change", "refuse_row_change"):
            cursor.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {guard}".encode())


def altered(url: str, change: Callable[[list[LogColumns]], list[LogColumns]], *, recompute: bool = True) -> None:
    """Rewrite the log by a function, and make everything that is derived from it fit, tiles and all."""
    rewrite(url, change(rows_of(url)))
    if recompute:
        make_all_anew(url)


def make_all_anew(url: str) -> None:
    """Drop read models and tiles, and make them again from the log as it now is."""
    with open_recorder(url) as recorder:
        drop_read_models(recorder.database)
        make_tiles_again(recorder)
        catch_up(recorder)


def project(url: str) -> None:
    """Bring read models and tiles up to the end of the log."""
    with open_recorder(url) as recorder:
        catch_up(recorder)


def fitted(rows: Sequence[LogColumns]) -> list[LogColumns]:
    """These rows as if they had been recorded so: positions and versions without gaps, times that rise."""
    versions: dict[bytes, int] = {}
    found: list[LogColumns] = []
    for place, row in enumerate(rows, start=1):
        versions[row[1]] = versions.get(row[1], 0) + 1
        moment = row[5] if not found else max(row[5], found[-1][5] + 1)
        found.append((place, row[1], versions[row[1]], row[3], row[4], moment, *row[6:]))
    return found
