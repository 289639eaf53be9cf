"""The report of the fault runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import report
from tests.faults.catalog import FAULTS, Place
from tests.faults.counts import Counts


def test_every_test_the_report_names_is_there() -> None:
    tests = Path(__file__).parent.parent
    source = "".join(path.read_text() for path in tests.rglob("test_*.py"))
    named = {name for pair in report.ELSEWHERE.values() for name in pair if name}
    assert [name for name in named if f"def {name}(" not in source] == []


def test_a_run_replaces_its_own_section_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "REPORT", tmp_path / "faults.md")
    counts = Counts.of("lost")
    with Place() as place:
        for cycles in (7, 8):
            for name in ("power-cuts", "killed-projectors"):
                counts.done["cycles"] = cycles if name == "power-cuts" else 5
                report.write(name, {"SQLite": counts}, (1, 1), place, 1.0)
    text = (tmp_path / "faults.md").read_text()
    assert text.count("| cycles | 8 |") == text.count("| cycles | 5 |") == 1
    assert text.index(FAULTS["power-cuts"].title) < text.index(FAULTS["killed-projectors"].title)
    assert text.count("| must be 0: lost | 0 |") == 2


def test_counts_add_up_but_the_worst_stays_the_worst() -> None:
    one, other = Counts.of("lost", "lost at worst"), Counts.of("lost", "lost at worst")
    one.wrong.update({"lost": 3, "lost at worst": 3})
    other.wrong.update({"lost": 2, "lost at worst": 2})
    one.add(other)
    assert one.wrong == {"lost": 5, "lost at worst": 3}
    assert not one.holds
