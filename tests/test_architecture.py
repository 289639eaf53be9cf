"""The shape of the code: one import name, imports one way, small rooms, and the clock read only at the edge."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCE_ROOTS = ("domain", "projections", "cli")
MODULES = sorted(path for root in SOURCE_ROOTS for path in (ROOT / root).rglob("*.py"))
READS_THE_CLOCK = ("cli/caretrail/cli", "projections/caretrail/service.py", "domain/caretrail/log")
"""The edges: the command line, the API of services, and the recorders, whose stamp is the store's own."""
OWN_DAYS = ("self.", "episode.")


def test_caretrail_is_a_namespace_and_typed_once() -> None:
    assert MODULES
    for root in SOURCE_ROOTS:
        assert not (ROOT / root / "caretrail" / "__init__.py").exists(), (
            "a namespace package has no __init__.py at its top"
        )
    assert [p.parts[-3] for p in ROOT.glob("*/caretrail/py.typed")] == ["domain"]


def test_each_module_has_one_home() -> None:
    names = [
        path.name
        for root in SOURCE_ROOTS
        for path in (ROOT / root / "caretrail").iterdir()
        if path.name != "__pycache__"
    ]
    assert len(names) == len(set(names))


def test_imports_go_one_way() -> None:
    lint_imports = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([lint_imports, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


BESIDE_THE_GATE = {
    "unrecorded", "view_of", "StoredSnapshot", "Snapshot", "WhatIfSnapshot", "computed_rows", "read_rows",
}  # fmt: skip  # two lines
"""What reads episodes without a record of the access: for the reader itself, and for tests."""


def test_no_command_and_no_service_reads_beside_the_gate() -> None:
    edges = [path for path in MODULES if "cli/caretrail" in str(path) or path.name == "service.py"]
    assert len(edges) > 30
    for path in edges:
        tree = ast.parse(path.read_text())
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        names |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
        assert names.isdisjoint(BESIDE_THE_GATE), path


HANDED_OUT = ROOT / "projections" / "caretrail" / "evidence" / "packet" / "verify.py"
"""Of a packet: one file, so that a stranger needs no other."""


def test_a_module_opens_with_a_sentence_and_stays_small() -> None:
    silent = [path for path in MODULES if not ast.get_docstring(ast.parse(path.read_text()))]
    assert not silent, "the first line of every module says what it is"
    large = [path for path in MODULES if path.read_text().count("\n") > (1100 if path == HANDED_OUT else 400)]
    assert not large, "two rooms in one?"


def test_only_the_edge_asks_the_clock() -> None:
    inside = [path for path in MODULES if not str(path.relative_to(ROOT)).startswith(READS_THE_CLOCK)]
    assert len(inside) > 100
    assert not {str(path): calls for path in inside if (calls := clock_calls(path.read_text()))}


def clock_calls(source: str) -> list[str]:
    """The calls that read the machine's clock; `self.today()` and an episode's own day read none."""
    calls = (
        ast.unparse(node.func)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    )
    return [
        call
        for call in calls
        if call == "time.time" or (call.endswith((".now", ".today", ".utcnow")) and not call.startswith(OWN_DAYS))
    ]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("datetime.now(UTC)", ["datetime.now"]),
        ("date.today()", ["date.today"]),
        ("x = time.time()", ["time.time"]),
        ("self.today()\nepisode.today(now)\nnow", []),
    ],
)
def test_a_read_of_the_clock_is_seen(source: str, found: list[str]) -> None:
    assert clock_calls(source) == found


def test_nothing_outside_the_repository_is_named() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    tracked = [ROOT / name for name in listed.stdout.splitlines() if not name.startswith("tests/test_architecture")]
    if not tracked:
        pytest.skip("not a git checkout: nothing to list")
    outside = "../" + "shared"
    for path in tracked:
        if path.is_file():
            assert outside not in path.read_text(errors="replace"), path
