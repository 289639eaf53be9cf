"""Every byte of every column of a small log is changed, one after the other, and each change is seen.

The change is put into the stored row by SQL, with no guard in its way, and read back by `verify` as any row is.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from typing import Any
from uuid import UUID, uuid4

import psycopg

from caretrail.evidence.external import ExternalEvidence, KeptCheckpoint
from caretrail.evidence.result import Verification
from caretrail.evidence.verification import verify
from caretrail.ledger.checkpoint import Checkpoint, origin_of
from caretrail.ledger.tree import root_of
from caretrail.log import open_recorder
from caretrail.log.leaf import leaf_of
from tests.ledger.superuser import rows_of
from tests.support.stores import pending

COLUMNS = (
    "position", "stream", "version", "name", "payload", "recorded_at", "recorded_by", "asserted_by", "source",
    "command_id", "salt",
)  # fmt: skip  # in the order of the columns
EVENTS = 3

Change = Callable[[str, object], None]


def others(value: object) -> Iterator[object]:
    """The value with each of its bytes another, in turn."""
    if isinstance(value, int):
        for byte in range(8):
            flipped = value ^ (1 << (8 * byte))
            yield flipped - 2**64 if flipped >= 2**63 else flipped
    elif isinstance(value, str):
        for place in range(len(value)):
            yield value[:place] + chr(ord(value[place]) ^ 1) + value[place + 1 :]
    elif isinstance(value, bytes):
        for place in range(len(value)):
            yield value[:place] + bytes([value[place] ^ 1]) + value[place + 1 :]


@contextmanager
def editing(url: str, position: int) -> Generator[Change]:
    """Put values into columns of one row, with the guards away."""
    if url.startswith("sqlite:"):
        with closing(sqlite3.connect(url.removeprefix("sqlite://"), isolation_level=None)) as file:
            for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                file.execute(f'DROP TRIGGER "{name}"')
            file.execute("PRAGMA ignore_check_constraints = ON")
            moved = position

            def change(column: str, value: object) -> None:
                nonlocal moved
                file.execute(f"UPDATE log SET {column} = ? WHERE position = ?", (value, moved))
                moved = int(str(value)) if column == "position" else moved

            yield change
        return
    with psycopg.connect(url, autocommit=True) as server:
        server.execute("ALTER TABLE caretrail.log DISABLE TRIGGER ALL")
        for (name,) in server.execute(
            "SELECT conname FROM pg_constraint WHERE conrelid = 'caretrail.log'::regclass AND contype = 'c'"
        ).fetchall():
            server.execute(f'ALTER TABLE caretrail.log DROP CONSTRAINT "{name}"'.encode())
        place = server.execute("SELECT ctid FROM caretrail.log WHERE position = %s", (position,)).fetchone()
        assert place is not None
        at: list[Any] = [place[0]]

        def set_column(column: str, value: object) -> None:
            given = "'epoch'::timestamptz + %s * interval '1 microsecond'" if column == "recorded_at" else "%s"
            stored = UUID(bytes=value) if column == "stream" and isinstance(value, bytes) else value
            sql = f"UPDATE caretrail.log SET {column} = {given} WHERE ctid = %s RETURNING ctid"
            row = server.execute(sql.encode(), (stored, at[0])).fetchone()
            assert row is not None
            at[0] = row[0]

        yield set_column


def test_every_changed_byte_of_every_column_is_seen(store_url: str) -> None:
    stream = uuid4()
    with open_recorder(store_url) as recorder:
        recorder.append([pending(stream, version, payload=b"{}", command_id=f"c{version}") for version in (1, 2, 3)])
        rows = rows_of(store_url)
        signed = Checkpoint(origin_of(recorder.namespace), EVENTS, root_of(map(leaf_of, rows)))
        kept = ExternalEvidence((KeptCheckpoint("kept", signed, ()),))
        assert verify(recorder, kept).ok
        tried = 0
        with editing(store_url, 2) as change:
            for column, value in zip(COLUMNS, rows[1], strict=True):
                for other in others(value):
                    try:
                        change(column, other)
                    except (psycopg.errors.DatetimeFieldOverflow, psycopg.errors.IntervalFieldOverflow):
                        continue  # a time that PostgreSQL cannot hold
                    except (sqlite3.IntegrityError, psycopg.errors.UniqueViolation):
                        continue  # the key of another row
                    tried += 1
                    verification: Verification = verify(recorder, kept)
                    assert verification.discrepancies, f"{column}: {other!r}"
                    assert verification.first_bad is not None
                    change(column, value)
        assert tried > 75
        assert verify(recorder, kept).discrepancies == (), "everything was put back"
