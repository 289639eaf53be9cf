"""A disk that fails: what was acknowledged is there, and what could not be kept is not acknowledged.

For PostgreSQL see the killed servers.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.faults import io_errors, killed_server
from tests.faults.tape import library
from tests.support.example import EXAMPLE
from tests.support.program import Caretrail

pytestmark = pytest.mark.slow

reaches_sqlite = pytest.mark.skipif(library() is None, reason="the functions of this Python's SQLite cannot be reached")
traces = pytest.mark.skipif(
    not killed_server.can_fail_syncs(), reason="strace, by which a sync is made to fail, is not here or not allowed"
)


@reaches_sqlite
def test_whichever_step_fails_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    counts = io_errors.run(tmp_path, seed=1, failures=150)
    assert counts.holds, counts
    assert counts.done["calls told that the disk fails"] > 100
    assert all(counts.done[f"of a disk that fails: {how}"] for how in io_errors.HOW)


@reaches_sqlite
def test_a_failed_sync_that_is_concealed_loses(tmp_path: Path) -> None:
    """The control: an implementation that ignores the result of a sync."""
    counts = io_errors.run(tmp_path, seed=1, failures=12, concealed=True)
    assert counts.wrong["acknowledged, then lost"], counts


@traces
@pytest.mark.parametrize(("number", "status"), [(1, 4), (3, 4), (99, 0)])
def test_the_program_prints_no_receipt_for_what_could_not_be_synced(
    sqlite_url: str, tmp_path: Path, number: int, status: int
) -> None:
    """The real program on the real file system; the second sync is of the folder, which SQLite may do without."""
    caretrail = Caretrail(sqlite_url, tmp_path)
    command = [*killed_server.failing_sync(number), "-f", "-o", str(tmp_path / "trace"), str(caretrail.program)]
    ended = subprocess.run(
        [*command, "append", "--json", str(EXAMPLE)],
        env=caretrail.environment(), capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert ((tmp_path / "trace").read_text().count("INJECTED") > 0) == (status != 0)
    assert (ended.returncode, len(ended.stdout.splitlines())) == (status, 0 if status else 65), ended.stderr
    assert ("reading or writing the file failed" in ended.stderr) == (status == 4)
    again = caretrail("append", "--json", str(EXAMPLE)).rows
    assert [row["position"] for row in again] == list(range(2, 67))
    assert [json.loads(line) for line in ended.stdout.splitlines()] in ([], again)
