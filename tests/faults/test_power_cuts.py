"""Power cuts: SQLite's own writes are recorded, and the disk loses what was not synced."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from tests.faults import power_cuts
from tests.faults.disk import Disk
from tests.faults.tape import Step, library, recording
from tests.support.stores import run_sql

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(library() is None, reason="the functions of this Python's SQLite cannot be reached"),
]


def test_what_was_acknowledged_survives_every_power_cut(tmp_path: Path) -> None:
    counts = power_cuts.run(tmp_path, seed=1, images=600)
    assert counts.holds, counts


@pytest.mark.parametrize("synchronous", [0, 1])
def test_without_the_setting_the_same_cuts_lose(tmp_path: Path, synchronous: power_cuts.Synchronous) -> None:
    """The controls: OFF loses and may corrupt the file, NORMAL loses."""
    counts = power_cuts.run(tmp_path, seed=1, images=200, synchronous=synchronous)
    assert counts.wrong["images that lost an acknowledged event"] > 50, counts
    assert (counts.wrong["corrupt"] > 0) == (synchronous == 0)


def test_the_tape_played_back_makes_the_same_file(tmp_path: Path) -> None:
    """Nothing is written past the recording layer."""
    with recording() as tape:
        run_sql(f"sqlite://{tmp_path}/a.db", "CREATE TABLE t (x)", "INSERT INTO t VALUES (randomblob(9999))")
    disk = Disk({})
    for step in [*tape, Step("sync", "a.db")]:
        disk.do(step)
    assert disk.after_power_cut("everything kept", Random(0)) == {"a.db": (tmp_path / "a.db").read_bytes()}
