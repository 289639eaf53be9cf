"""Tidying up under writers and a reader: nothing is lost, skipped, changed or moved, and the guards stay."""

from __future__ import annotations

import stat
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from caretrail.log import open_recorder
from tests.faults import killed_writers, vacuuming
from tests.support.stores import run_sql

pytestmark = pytest.mark.slow


def test_tidying_up_under_writers_and_a_reader_does_no_harm(store_url: str) -> None:
    counts = vacuuming.run(store_url, seed=1, rounds=1)
    assert counts.holds, counts
    assert counts.done["readings during a chore"] > 0
    with pytest.raises(Exception, match="append-only"):
        run_sql(store_url, "DELETE FROM caretrail.log")
    if store_url.startswith("sqlite"):
        path = Path(urlsplit(store_url).path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        with open_recorder(store_url) as recorder:
            assert recorder.database.query("PRAGMA integrity_check") == [("ok",)]


def test_what_is_lost_or_torn_meanwhile_would_be_seen(sqlite_url: str) -> None:
    """The control: writers that acknowledge before they have kept anything, and keep it one by one."""
    counts = vacuuming.run(sqlite_url, seed=1, rounds=1, kinds=killed_writers.TORN)
    assert counts.wrong["lost"] + counts.wrong["partial"], counts


def test_a_chore_that_changes_rows_would_be_seen(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: the guard is away, and a chore changes one column of one row."""
    guard = (
        "DROP TRIGGER log_refuses_update"
        if store_url.startswith("sqlite")
        else "ALTER TABLE caretrail.log DISABLE TRIGGER USER"
    )
    run_sql(store_url, guard)
    chores = dict.fromkeys(vacuuming.CHORES, ("UPDATE caretrail.log SET version = version + 1000 WHERE position = 1",))
    monkeypatch.setattr(vacuuming, "CHORES", chores)
    assert vacuuming.run(store_url, seed=1, rounds=1).wrong["rows changed"] == 1
