"""Stores that released versions made are kept as SQL: they open, every leaf is what it was, and they go on."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import cast

import pytest

from caretrail.facts.codec import parse_fact
from caretrail.recording import leaf_hash, open_recorder
from caretrail.recording.application import Records
from stores import Clock, run_sql

KEPT = Path(__file__).parent / "kept"
FACTS = (Path(__file__).parent.parent / "data" / "one-episode.jsonl").read_text().splitlines()
LEAVES = {
    "sqlite": "9336ecde85d8633f195badd19fe5aa07585d0e86b726e705899db2148b76b5cf",
    "postgresql": "010c59f3d36fa5c9917248fe15dd39fb6ee3c038035eaf13a897f2eeef04aa00",
}
"""SHA-256 over the leaves in order, as computed when the stores were made."""


@pytest.fixture(params=LEAVES)
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    """A store of schema 1 and the digest over its leaves."""
    kind = cast(str, request.param)
    script = (KEPT / f"schema-1.{kind}.sql").read_text()
    if kind == "sqlite":
        url = f"sqlite://{tmp_path}/kept.db"
        with closing(sqlite3.connect(tmp_path / "kept.db")) as file:
            file.executescript(script)
    else:
        url = cast(str, request.getfixturevalue("empty_postgres_url"))
        run_sql(url, script)
    return url, LEAVES[kind]


def test_a_store_of_schema_1_is_read_and_goes_on(kept: tuple[str, str]) -> None:
    url, leaves = kept
    clock = Clock(datetime(2026, 6, 2, 12, tzinfo=UTC))
    with open_recorder(url, clock=clock) as recorder:
        events = recorder.read_log()
        assert sha256(b"".join(map(leaf_hash, events))).hexdigest() == leaves
        assert [event.topic for event in events[-2:]] == ["session_missed/1;imported"] * 2
        records = Records(recorder, clock)
        again = records.append([parse_fact(line) for line in FACTS[:12]])
        assert [receipt.position for receipt in again] == list(range(1, 13))
        [receipt] = records.append([parse_fact(FACTS[12])])
        assert (receipt.position, receipt.version) == (13, 13)
        assert len(records.episode("LNK-2026-0001").history) == 13
