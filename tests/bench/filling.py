"""Logs of millions of events made in a minute: the example episode over and over, written by the database itself."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID, uuid5

import psycopg

from caretrail.events import parse_event
from caretrail.events.codec import payload_of, stored_name
from caretrail.log import init_store, open_recorder
from tests.bench.appends import LENGTH, LINES
from tests.bench.place import say

OPEN_AT_ONCE = 166
"""Episodes that run side by side, event by event, as in a clinic: about ten thousand events to a part."""

CASE, CLIENT = "LNK-2026-0001", "cl-7f3a"
"""Of the example: each filled episode has its own instead."""

PART = """
INSERT INTO caretrail.log
SELECT %(before)s::bigint + (t.number - 1) * %(wide)s + c.place AS position,
       c.stream, t.number, t.name,
       convert_to(replace(replace(t.payload, %(case)s, c.name), %(client)s, c.client), 'UTF8'),
       now() - interval '300 days' + (%(before)s::bigint + (t.number - 1) * %(wide)s + c.place) * interval '1 second',
       session_user, 'ehr', c.name || '/' || t.number, uuid_send(gen_random_uuid())
  FROM template AS t CROSS JOIN unnest(%(names)s::text[], %(clients)s::text[], %(streams)s::uuid[])
       WITH ORDINALITY AS c (name, client, stream, place)
 ORDER BY position
"""
STAYS = """
INSERT INTO caretrail.stay SELECT c.stream, c.client, 'lincoln-iop', date '2026-01-05', NULL
  FROM unnest(%(clients)s::text[], %(streams)s::uuid[]) AS c (client, stream)
"""


def fill(url: str, events: int) -> list[str]:
    """Make a store of about so many events; the case numbers of the newest episodes, which are open and can go on.

    The rows are what `append` would have stored: the owner inserts them, past the function, but not past the table's
    constraints, indexes and guards. Afterward the table is as after a VACUUM (ANALYZE).
    """
    init_store(url)
    with open_recorder(url) as recorder:
        namespace = recorder.namespace
    names: list[str] = []
    parts = max(1, round(events / (OPEN_AT_ONCE * LENGTH)))
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        _make_template(connection)
        for part in range(parts):
            names = [f"F-{part * OPEN_AT_ONCE + number:07}" for number in range(OPEN_AT_ONCE)]
            _fill_part(connection, part, names, [uuid5(namespace, name) for name in names])
            if part % 50 == 49:
                say(f"filled {(part + 1) * OPEN_AT_ONCE * LENGTH:,} events")
        connection.execute("VACUUM (ANALYZE) caretrail.log, caretrail.stay")
        connection.execute("CHECKPOINT")
    return names


def _make_template(connection: psycopg.Connection) -> None:
    connection.execute("CREATE TEMP TABLE template (number bigint, name text, payload text)")
    for number, line in enumerate(LINES, start=1):
        event = parse_event(line)
        row = (number, stored_name(event, imported=True), payload_of(event).decode())
        connection.execute("INSERT INTO template VALUES (%s, %s, %s)", row)


def _fill_part(connection: psycopg.Connection, part: int, names: Sequence[str], streams: Sequence[UUID]) -> None:
    values = {
        "before": part * OPEN_AT_ONCE * LENGTH, "wide": OPEN_AT_ONCE, "case": CASE, "client": CLIENT,
        "names": list(names), "clients": [f"cl-{name}" for name in names], "streams": list(streams),
    }  # fmt: skip
    connection.execute(PART, values)
    connection.execute(STAYS, values)
