"""A section measured by itself goes into its place in the report, and the rest stays as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench import paper
from tests.bench.plain import find_pgbench

REPORT = "# Measurements\n\nMade by hand.\n\n## One\n\n| old |\n\n### Part of one\n\n| old |\n\n## Two\n\n| two |\n"


def test_a_section_takes_the_place_of_the_one_with_its_title(tmp_path: Path) -> None:
    report = tmp_path / "bench.md"
    report.write_text(REPORT)
    paper.put(report, ["", "## One", "", "| new |"])
    assert report.read_text() == "# Measurements\n\nMade by hand.\n\n## One\n\n| new |\n\n## Two\n\n| two |\n"


def test_a_section_that_is_new_comes_last_and_a_report_may_begin_with_it(tmp_path: Path) -> None:
    report = tmp_path / "bench.md"
    paper.put(report, ["", "## Two", "", "| two |"])
    paper.put(report, ["", "## Three", "", "| three |", "", "## Four", "", "| four |"])
    assert report.read_text() == (
        "# Measurements\n\n## Two\n\n| two |\n\n## Three\n\n| three |\n\n## Four\n\n| four |\n"
    )


def test_where_there_is_no_pgbench_none_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_pgbench(tmp_path) is None
    program = tmp_path / "pgbench"
    program.touch(mode=0o755)
    assert find_pgbench(None) == str(program)
