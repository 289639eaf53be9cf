"""`simulate`: lines that `append` takes, the same each time, or a demo store."""

from __future__ import annotations

import json
import subprocess
from datetime import date
from pathlib import Path

import pytest

from caretrail.simulation import nation, simulate
from tests.support.program import PROGRAM, Caretrail

EPISODES = ("--episodes", "20")


def test_the_lines_are_events_in_the_order_of_their_recording(caretrail: Caretrail) -> None:
    ended = caretrail("simulate", *EPISODES)
    assert (ended.status, ended.err) == (0, "")
    assert ended.out == "".join(one.line() for one in simulate(nation(20, date(2025, 12, 31)), 20, 1))
    entered = [line["entered_at"] for line in ended.rows]
    assert entered == sorted(entered)
    assert entered[-1].startswith("2025-12-31") or entered[-1] < "2026-01-01T12"


def test_the_same_numbers_give_the_same_bytes_in_every_process() -> None:
    """Then neither the process, its seed of hashes, the zone of the machine nor the day changes anything."""
    made = {
        subprocess.run(
            [PROGRAM, "simulate", *EPISODES, "--seed", "7", "--through", "2024-02-29"],
            env={"PYTHONHASHSEED": seed, "TZ": zone},
            capture_output=True,
            check=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    }
    assert len(made) == 1


def test_append_takes_all_of_it(caretrail: Caretrail) -> None:
    lines = caretrail("simulate", *EPISODES).out
    caretrail("init")
    ended = caretrail("append", "--imported", input=lines)
    assert ended.status == 0
    assert ended.out.startswith(f"{len(lines.splitlines()):,} events recorded, @2 to @")
    assert "refused" not in ended.out


def test_a_demo_store_is_filled_and_answers(caretrail: Caretrail, tmp_path: Path) -> None:
    place = str(tmp_path / "year.db")
    ended = caretrail("simulate", *EPISODES, "--to", place)
    assert (ended.status, ended.out) == (0, "")
    assert "events from 2025-01-01 to 2025-12-31" in ended.err
    assert caretrail("--db", place, "projection", "catch-up").status == 0
    census = caretrail("--db", place, "census", "--as-of", "2025-12-31", "--json").listed
    assert 0 < len(census) <= 20
    again = caretrail("simulate", *EPISODES, "--to", place)
    assert again.status == 4
    assert "is not an empty demo store" in again.err


def test_a_real_store_is_left_alone(caretrail: Caretrail) -> None:
    """Given CARETRAIL_DB names a store, then lines are printed; named by --to, it is refused and stays as it was."""
    caretrail("init")
    assert caretrail("simulate", *EPISODES).out
    ended = caretrail("simulate", *EPISODES, "--to", caretrail.url)
    assert ended.status == 4
    assert caretrail("log").out == ""


@pytest.mark.parametrize("day", ["2199-12-31", "1900-06-01"])
def test_a_year_that_no_store_can_have_seen_is_wrong_usage(caretrail: Caretrail, tmp_path: Path, day: str) -> None:
    ended = caretrail("simulate", *EPISODES, "--through", day, "--to", str(tmp_path / "year.db"))
    assert ended.status == 2
    assert not (tmp_path / "year.db").exists()


def test_a_reader_that_stops_early_stops_it() -> None:
    with subprocess.Popen([PROGRAM, "simulate", "--episodes", "2000"], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())
        process.stdout.close()
        assert process.wait(timeout=60) == 3
