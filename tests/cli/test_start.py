"""Starting is quick: imports inside functions of the command line are those that a measured start-up needs."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

HEAVY = {
    "pydantic": 54,
    "rich": 42,
    "eventsourcing": 46,
    "psycopg": 120,
    "cryptography": 15,
    "jinja2": 47,
    "importlib.metadata": 34,
    "shutil": 3,
    "difflib": 1,
    "click.shell_completion": 1,
}
"""What is slow to import: milliseconds of processor time on the machine of `docs/evidence/bench.md`, the least of five.

The models of events, which need pydantic, take 222 in all. `caretrail --help` takes 59, `click` included.
"""

LATE = {
    "main": "--version alone needs the metadata of the package",
    "setup": "every command imports it, and --help opens no store",
    "session": "worklist --help",
    "params": "every command imports it, and only a typo needs the nearest name",
    "groups": "every command imports it, and only a shell completes words",
    "episodes": "completion of case numbers, and --help of what takes one",
    "what_if": "commands without --pack read no pack themselves",
    "terminal.tables": "only a terminal has colors",
    "terminal.columns": "only characters that are not one column wide need rich, and words that fit no line",
    "enter.append": "append --help, and completion of a file name",
    "enter.record": "completion of commands: the events are made into commands only when one is named",
    "operate.projection": "its commands need different parts of the read models",
    "enter.init": "init --help",
    "enter.demo": "demo --help",
    "enter.schema": "schema --help",
    "enter.simulate": "simulate --help",
    "operate.log": "log --help",
    "operate.clock": "clock --help",
    "operate.copy": "copy --help",
    "operate.doctor": "doctor --help",
    "operate.upgrade": "upgrade --help",
    "audit.access": "audit access --help",
    "audit.amendments": "audit amendments --help",
    "audit.archive": "audit archive --help",
    "audit.disclose": "audit disclose --help",
    "audit.diff": "audit diff --help",
    "audit.replay": "audit replay --help",
    "audit.reviews": "audit reviews --help",
    "audit.verify": "audit verify --help",
    "audit.checkpoint": "audit checkpoint --help",
    "audit.key": "audit key --help",
    "audit.prove": "audit prove --help",
    "audit.cosign": "audit cosign --help",
    "audit.timestamp": "audit timestamp --help",
    "audit.inspect": "audit inspect --help",
    "audit.packet": "audit packet --help",
    "read.worklist": "worklist --help",
    "read.findings": "findings --help",
    "read.show": "show --help",
    "read.timeline": "timeline --help",
    "read.eligibility": "eligibility --help",
    "read.why": "why --help",
    "read.census": "census --help",
    "read.rules": "rules --help",
}
"""The modules of the command line that import inside functions, and what would be slower otherwise."""


@cache
def modules() -> dict[str, ast.Module]:
    """The source of each module of ours, parsed when the first test asks."""
    found: dict[str, ast.Module] = {}
    for root in ("domain", "projections", "cli"):
        for path in (ROOT / root).rglob("*.py"):
            parts = path.relative_to(ROOT / root).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = ast.parse(path.read_text())
    return found


def imports(tree: ast.Module, *, inside: bool) -> Iterator[str]:
    """What a module imports when it is imported, or `inside` its functions; not what only type checkers read."""
    todo: list[tuple[ast.AST, bool]] = [(tree, False)]
    while todo:
        node, late = todo.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.Import) and late is inside:
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom) and late is inside:
            named = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name in modules() else str(node.module) for name in named)
        todo.extend((child, late or isinstance(node, ast.FunctionDef)) for child in ast.iter_child_nodes(node))


@cache
def top_level(module: str) -> frozenset[str]:
    return frozenset(imports(modules()[module], inside=False))


def is_heavy(name: str) -> bool:
    """Whether importing a module imports something slow."""
    seen: set[str] = set()
    todo = {name}
    while todo:
        module = todo.pop()
        seen.add(module)
        if any(module == slow or module.startswith(f"{slow}.") for slow in HEAVY):
            return True
        parts = module.split(".")
        packages = {".".join(parts[:end]) for end in range(1, len(parts) + 1)} & modules().keys()
        todo |= packages.union(*(top_level(package) for package in packages)) - seen
    return False


def test_only_listed_modules_import_inside_functions() -> None:
    prefix = "caretrail.cli."
    found = {
        module.removeprefix(prefix)
        for module, tree in modules().items()
        if module.startswith(prefix) and any(imports(tree, inside=True))
    }
    assert found == LATE.keys()


@pytest.mark.parametrize("module", LATE)
def test_what_is_imported_late_is_slow_to_import(module: str) -> None:
    light = [name for name in imports(modules()[f"caretrail.cli.{module}"], inside=True) if not is_heavy(name)]
    assert light == []


def test_a_light_import_inside_a_function_would_be_seen() -> None:
    assert not is_heavy("caretrail.text")
    assert is_heavy("caretrail.events.catalog")
    tree = ast.parse("import os\ndef f():\n    from caretrail.text import visible\n")
    assert list(imports(tree, inside=True)) == ["caretrail.text"]


@pytest.mark.parametrize(
    "module", ["main", "setup", "session", "enter.append", "enter.record", "read.worklist", "audit"]
)
def test_commands_that_start_often_import_nothing_slow(module: str) -> None:
    assert not is_heavy(f"caretrail.cli.{module}")
