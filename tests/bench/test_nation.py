"""The benchmark of a nation, whole, on a very small one."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path

import pytest

from tests.bench.nation import __main__ as nation
from tests.bench.nation.goals import GOALS, Goal
from tests.bench.nation.report import number

TINY = ("--episodes", "30", "--scales", "6", "--seconds", "0.5", "--store", "sqlite")


def run(monkeypatch: pytest.MonkeyPatch, folder: Path, *arguments: str) -> str:
    """Run the benchmark; the page that it wrote."""
    asked = ["nation", *arguments, "--folder", str(folder), "--report", str(folder)]
    monkeypatch.setattr(sys, "argv", asked)
    nation.main()
    return (folder / "nation.md").read_text()


@pytest.mark.slow
def test_every_goal_is_measured_and_a_phase_can_be_measured_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a run that was stopped after two phases, when it goes on, then those are kept and all goals are told."""
    page = run(monkeypatch, tmp_path, *TINY, "--only", "fill")
    assert page.count("not measured") == len(GOALS)
    run(monkeypatch, tmp_path, *TINY, "--only", "rebuild")
    first = json.loads((tmp_path / "figures.json").read_text())["stores"]["sqlite"]
    page = run(monkeypatch, tmp_path, *TINY)
    figures = json.loads((tmp_path / "figures.json").read_text())["stores"]["sqlite"]
    assert list(figures) == list(nation.phases(0, []))
    assert {name: figures[name] for name in first} == first
    assert "not measured" not in page
    assert all(goal.name in page for goal in GOALS)
    assert "**30 episodes**" in page
    assert figures["fill"]["events"] == figures["rebuild"]["events"] > 200
    assert figures["live"]["appended"] > 0 == figures["live"]["failed"]
    assert figures["known"]["touched"] > 0
    [point] = figures["scale"]["points"]
    assert point["events"] < figures["fill"]["events"]
    again = run(monkeypatch, tmp_path, *TINY, "--only", "rebuild", "--again", "rebuild")
    assert json.loads((tmp_path / "figures.json").read_text())["stores"]["sqlite"]["rebuild"] != first["rebuild"]
    assert again != page
    with pytest.raises(SystemExit, match="another population"):
        run(monkeypatch, tmp_path, "--episodes", "13")


def test_a_goal_tells_by_how_much_it_is_missed() -> None:
    fast, slow = (Goal("", "", 100, bound, lambda _: 0.0) for bound in ("at least", "at most"))
    assert [fast.misses(value) for value in (50, 100, 200, 0)] == [1.0, 0.0, 0.0, math.inf]
    assert [slow.misses(value) for value in (50, 100, 150)] == [0.0, 0.0, 0.5]


@pytest.mark.parametrize(
    ("value", "shown"), [(11_800_000, "11,800,000"), (7, "7"), (123.4, "123"), (12.34, "12.3"), (0.1234, "0.123")]
)
def test_figures_have_the_digits_that_tell_something(value: float, shown: str) -> None:
    assert number(value) == shown
